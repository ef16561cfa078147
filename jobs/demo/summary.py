"""What is shown at the end, and the proof that the national total is the sum of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from jobs.demo.amounts import Cell
from jobs.demo.cast import Part
from jobs.demo.centre import DOSSIER_FORMS
from jobs.demo.consolidations import Consolidated
from jobs.demo.stage import CONSOLE, QUARTER, Stage, Wrong
from reporting.services.standing import list_periods

_SHOWN_MISSING = 3


def show_coverage(stage: Stage, title: str, made: Sequence[Consolidated]) -> None:
    """Each edition with n of N, and who is missing."""
    rows = []
    for edition in made:
        data = edition.data
        coverage = data["coverage"]
        missing = edition.missing
        names = "; ".join(missing[:_SHOWN_MISSING])
        if len(missing) > _SHOWN_MISSING:
            names += f"; and {len(missing) - _SHOWN_MISSING} more"
        in_it = f"{coverage['received']} of {coverage['expected']}"
        what = f"{edition.form.code} {data['period']}"
        rows.append((what, data["unit_name"], data["number"], in_it, coverage["late"], names))
    columns = ["form", "for", "#edition", "#in it", "#late", "missing"]
    stage.tell.table(title, columns, rows)


def show_standing(stage: Stage) -> None:
    """Every form and period: expected, received, late, missing."""
    with stage.sessions() as session:
        lines = list_periods(session, actor=CONSOLE)
    rows = [
        (line.period, line.form_code, line.expected, line.received, line.late, line.missing)
        for line in lines
    ]
    columns = ["period", "form", "#expected", "#received", "#late", "#missing"]
    stage.tell.table("Received and missing", columns, rows)


def show_editions(stage: Stage) -> None:
    """The workbooks that were left in the folder."""
    rows = [
        (line.file, line.rows, f"{line.received} of {line.expected}", line.sha256[:12])
        for line in stage.editions
    ]
    stage.tell.table("Workbooks", ["file", "#rows", "#in it", "hash of the edition"], rows)


def prove_national_total(stage: Stage, national: Consolidated) -> None:
    """Hold the total row of II.9g against the figures that were sent. Raises Wrong."""
    missing = {line["unit"] for line in national.data["coverage"]["missing"]}
    parts = [part for part in stage.cast.central if part.unit.code not in missing]
    found: list[str] = []
    for column in ("c3", "c7", "c11"):
        sent = sum((_sent_by(stage, part, column) for part in parts), Decimal(0))
        stated = national.total("a", column)
        if sent != stated:
            raise Wrong(f"II.9g says {stated} in {column}; {sent} were sent")
        found.append(f"{stated:,}".replace(",", "."))
    received, done, open_ = found
    stage.tell.say(
        f"II.9g edition {national.data['number']}: {received} dossiers received, {done} settled, "
        f"{open_} under way: exactly the sum of what {national.data['coverage']['received']} "
        f"agencies sent."
    )


def _sent_by(stage: Stage, part: Part, column: str) -> Decimal:
    for code in DOSSIER_FORMS:
        if part.unit.kind in stage.catalogue.latest(code).reporter_kinds:
            made = stage.book.of(code, part.unit, QUARTER)
            cells = [Cell("a", path, column) for path in made.paths("a")]
            return sum((made.figure(cell) or Decimal(0) for cell in cells), Decimal(0))
    return Decimal(0)
