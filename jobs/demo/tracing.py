"""What a national figure is made of, what changed between editions, and that all can be remade."""

from __future__ import annotations

from typing import Any

from jobs.demo.cast import CENTRE
from jobs.demo.consolidations import Consolidated
from jobs.demo.stage import CONSOLE, Stage, Wrong
from reporting.services.rebuilding import rebuild_editions

_PATH = "/api/v1/consolidations"
_CELL = "a/total/c3"
_MOST_PARTS = 6


def trace_total(stage: Stage, edition: Consolidated) -> None:
    """Take the national total apart, and one province's part again. Raises Wrong where it is not.

    The parts are added here once more, so that nobody need believe the server.
    """
    number = edition.data["id"]
    found = stage.sender(CENTRE).get(f"{_PATH}/{number}/lineage", cell=_CELL).data
    addition = found["additions"][0]
    if sum(int(part["value"]) for part in addition["parts"]) != int(addition["value"]):
        raise Wrong(f"the parts of {_CELL} do not add to {addition['value']}")
    largest = sorted(addition["parts"], key=lambda part: -int(part["value"]))
    rows = [_row(part) for part in largest[:_MOST_PARTS]]
    title = f"{_CELL} = {addition['value']}: the largest of {len(largest)} parts, which add to it"
    stage.tell.table(title, ["unit", "#value", "receipt", "#revision", "content"], rows)


def _row(part: dict[str, Any]) -> tuple[Any, ...]:
    sent = part["submission"] or {}
    digest = sent.get("content_sha256", "")[:12]
    return (
        part["unit_name"],
        part["value"],
        sent.get("number", ""),
        sent.get("revision", ""),
        digest,
    )


def show_changes(stage: Stage, edition: Consolidated) -> None:
    """What came between two national editions, unit by unit, and its workbook beside the others."""
    number = edition.data["id"]
    centre = stage.sender(CENTRE)
    found = centre.get(f"{_PATH}/{number}/changes").data
    rows = [(unit["unit"], unit["unit_name"], unit["cause"]) for unit in found["units"]]
    title = f"Edition {edition.data['number']} against the one before: {len(found['cells'])} cells"
    stage.tell.table(title, ["unit", "name", "cause"], rows)
    folder = stage.folder / "changes"
    folder.mkdir()
    name = f"{edition.form.file_code}_{edition.data['period']}_ed{edition.data['number']}.xlsx"
    (folder / name).write_bytes(centre.get(f"{_PATH}/{number}/changes/workbook").body)


def remake_editions(stage: Stage) -> int:
    """Make every edition again from the evidence of its inputs. Raises Wrong where one differs."""
    with stage.sessions() as session:
        made = list(rebuild_editions(session, actor=CONSOLE, catalogue=stage.catalogue))
    faults = [f"{one.about}: {fault}" for one in made for fault in one.faults]
    stage.tell.say(f"{len(made)} editions rebuilt, {len(faults)} differ")
    if faults:
        raise Wrong("; ".join(faults))
    return len(made)
