"""All that a unit ever entered: complete, with true hashes, of nobody else, under safe names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.period import Period
from reporting.errors import NotAllowed
from reporting.models import (
    AuditLine,
    CellComment,
    Draft,
    DraftAct,
    DraftChange,
    DraftState,
    Explanation,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    Submission,
)
from reporting.services.actors import Act, Actor, Grant, of_unit
from reporting.services.clients import create_client
from reporting.services.obligation_acts import Circumstances, Letter, extend, mark_sent_otherwise
from reporting.services.persons import add_person
from reporting.services.sealing import seal
from reporting.services.unit_archive import find_unit_by_code, write_archive
from reporting.services.zip_writing import safe_part
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    SIGNER,
    SYSTEM,
    ZONE,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    as_json,
    shipped_forms,
)
from tests.reporting.services.receiving import send

HOSTILE = "../../etc/\x00pass\u202ewd\\C:evil\r\nX: y" + "ă" * 300 + ".xlsx"


def filled(session: Session) -> tuple[ReportingUnit, ReportingUnit]:
    """Two communes with revisions, refusals, a draft, a letter, comments and persons each."""
    province = a_province(session)
    units = [a_unit(session, code, parent=province) for code in ("X01840", "X01843")]
    an_open_period(session)
    an_open_period(session, period=Period.parse("2026-Q2"))
    for unit in units:
        me = of_unit(f"máy của {unit.code}", unit.id)
        first = send(session, a_return(unit.code), actor=me)
        rows = {"Đất đai": dict(GOOD_CELLS) | {"c4": 121, "c8": 102}}
        send(session, a_return(unit.code, rows=rows), actor=me)
        send(session, a_return(unit.code, rows={"Đất đai": {"c4": "nhiều"}}), actor=me)
        said = {"submission_id": first.submission_id, "at": IN_Q3, "actor": me.name}
        session.add(Explanation(code="x", cell="", rule_id="", text=f"vì {unit.code}", **said))
        session.add(CellComment(cell="a/đất đai/c4", text=f"xem lại {unit.code}", **said))
        owed = session.scalars(
            select(ReportingObligation).where(
                ReportingObligation.unit_id == unit.id,
                ReportingObligation.period == "2026-Q2",
            )
        ).one()
        at = Circumstances(SYSTEM, "bão", shipped_forms(), ZONE, IN_Q3)
        extend(session, at, obligation_id=owed.id, due_on=date(2026, 10, 30))
        scan_name = HOSTILE.replace("\x00", "")
        letter = Letter("45/BC", date(2026, 9, 1), f"bản chụp {unit.code}".encode(), scan_name)
        mark_sent_otherwise(session, at, obligation_id=owed.id, letter=letter)
        a_draft(session, unit, owed.id)
        mail = f"{unit.code}@x.gov.vn"
        add_person(
            session, actor=SYSTEM, unit=unit, name="Bình", mail=mail, on=IN_Q3.date(), now=IN_Q3
        )
    seal(session, SIGNER, now=IN_Q3)
    return units[0], units[1]


def a_draft(session: Session, unit: ReportingUnit, obligation_id: int) -> None:
    """What the unit is preparing, under a file name that its clerk has made up."""
    draft = Draft(
        obligation_id=obligation_id,
        version=1,
        state=DraftState.ENTERED,
        body=as_json(a_return(unit.code)),
        file_name=HOSTILE[:200].replace("\x00", ""),
        is_workbook=False,
        content_sha256="",
        explanations=[],
        created_at=IN_Q3,
        changed_at=IN_Q3,
        changed_by=unit.code,
        changed_by_account=None,
        approval_id=None,
    )
    session.add(draft)
    session.flush()
    change = DraftChange(
        draft_id=draft.id,
        version=1,
        at=IN_Q3,
        actor=unit.code,
        account_id=None,
        act=DraftAct.ENTERED,
        voided_approval=False,
        cells=[],
        cells_changed=0,
    )
    session.add(change)
    session.flush()


def archive(session: Session, unit: ReportingUnit, actor: Actor = SYSTEM) -> dict[str, bytes]:
    """The files of an archive, by name."""
    written = io.BytesIO()
    session.flush()
    write_archive(session, written, actor=actor, unit=unit, now=IN_Q3)
    with ZipFile(written) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert len(names) == len(set(names))
        return {name: opened.read(name) for name in names}


def parts(files: Mapping[str, bytes], first: str, last: str) -> list[Any]:
    """The JSON files of one kind."""
    return [
        json.loads(content)
        for name, content in files.items()
        if name.startswith(first) and name.endswith(last)
    ]


def test_the_archive_is_complete(session: Session) -> None:
    """Every row of the store that is of the unit is in it, byte for byte."""
    unit, _ = filled(session)
    files = archive(session, unit)
    revisions = list(session.scalars(select(Submission).where(Submission.unit_id == unit.id)))
    assert len(revisions) == 2
    for sent in revisions:
        place = f"reports/II.06a-VPCP-KSTT/2026-Q3/{sent.revision:03}-{sent.id}"
        assert files[f"{place}/report.json"] == sent.canonical
        assert files[f"{place}/file-{sent.file_name}"] == sent.file
        (receipt,) = parts(files, f"{place}/receipt-", ".json")
        assert receipt["body"]["subject"] == f"submission/{sent.id}"
    assert [one["text"] for (one,) in parts(files, "reports/", "explanations.json")] == [
        "vì X01840"
    ]
    assert [one["text"] for (one,) in parts(files, "reports/", "comments.json")] == [
        "xem lại X01840"
    ]
    assert len(parts(files, "refused/", "about.json")) == 1
    assert len(parts(files, "drafts/", "changes.json")) == 1
    (letter,) = parts(files, "letters/", "about.json")
    assert letter["document_number"] == "45/BC"
    assert [one["mail"] for one in json.loads(files["persons.json"])] == ["X01840@x.gov.vn"]
    owed = list(csv.DictReader(io.StringIO(files["obligations.csv"].decode("utf-8-sig"))))
    assert len(owed) == 2
    events = files["obligation_events.jsonl"].splitlines()
    mine = select(func.count()).select_from(ObligationEvent).join(
        ReportingObligation, ReportingObligation.id == ObligationEvent.obligation_id
    ).where(ReportingObligation.unit_id == unit.id)  # fmt: skip
    assert len(events) == session.scalar(mine) == 2
    lines = select(func.count()).select_from(AuditLine).where(AuditLine.unit_id == unit.id)
    audit = [json.loads(line) for line in files["audit.jsonl"].splitlines()]
    assert len(audit) == session.scalar(lines)
    assert all(line["link"] for line in audit)
    counts = json.loads(files["MANIFEST.json"])["counts"]
    assert counts == {
        "revisions": 2, "refused": 1, "drafts": 1, "letters": 1, "obligations": 2, "persons": 1,
        "audit": len(audit),
    }  # fmt: skip


def test_the_manifest_names_every_file_with_its_hash(session: Session) -> None:
    """Whoever has the manifest can tell that nothing was altered or left out."""
    unit, _ = filled(session)
    files = archive(session, unit)
    named = json.loads(files.pop("MANIFEST.json"))["files"]
    assert {one["name"]: (one["bytes"], one["sha256"]) for one in named} == {
        name: (len(content), sha256(content)) for name, content in files.items()
    }
    assert {"README.txt", "verify_receipt.py", f"keys/{SIGNER.key_id}.pem"} <= set(files)


def test_nothing_of_another_unit_is_in_it(session: Session) -> None:
    """Neither its code, nor its figures, nor what was said to it."""
    unit, other = filled(session)
    for mine, theirs in ((unit, other), (other, unit)):
        code = theirs.code.encode()
        files = archive(session, mine)
        assert [name for name, content in files.items() if code in content] == []


def test_what_a_neighbour_sent_under_this_code_is_not_of_this_unit(session: Session) -> None:
    """A wrong code on his own figures makes them nobody else's."""
    unit, other = filled(session)
    before = len(parts(archive(session, unit), "refused/", "about.json"))
    neighbour = of_unit("hàng xóm", other.id)
    client, _ = create_client(session, actor=SYSTEM, name="x", unit_id=other.id, now=IN_Q3)
    wrong = a_return(unit.code, form="KHONG.CO", rows={"Đất đai": {"c4": 987654}})
    send(session, wrong, actor=replace(neighbour, client_id=client.id))
    assert len(parts(archive(session, unit), "refused/", "about.json")) == before


def test_names_stay_in_the_folder_and_fit_every_disk(session: Session) -> None:
    """Whatever a sender has called his file."""
    unit, _ = filled(session)
    for name in archive(session, unit):
        path = PurePosixPath(name)
        assert not path.is_absolute()
        for part in path.parts:
            assert part not in ("..", ".")
            assert len(part.encode()) <= 255
            assert part.isprintable()
            assert not set(part) & set('\\:*?"<>|')
            assert part == part.strip(" .")


@pytest.mark.parametrize(
    "hostile",
    ["", "..", "/", "../..", "\x00", "CON", "a" * 500, "😀" * 300, " . ", "C:\\x\\..", HOSTILE],
)
def test_a_part_of_a_path_is_made_safe(hostile: str) -> None:
    """One part, never empty, that leads nowhere."""
    part = safe_part(hostile)
    assert part
    assert not set(part) & set("/\\\x00")
    assert part not in (".", "..")
    assert len(f"file-{part}".encode()) <= 255


def test_the_same_store_gives_the_same_bytes(session: Session) -> None:
    """No date of the machine and no order of chance is in it."""
    unit, _ = filled(session)
    one, two = io.BytesIO(), io.BytesIO()
    for written in (one, two):
        write_archive(session, written, actor=SYSTEM, unit=unit, now=IN_Q3)
    assert one.getvalue() == two.getvalue()


def test_who_may_not_read_the_unit_may_not_take_it_out(session: Session) -> None:
    """Nor who may read some of its forms only: an archive with gaps would not be one."""
    unit, other = filled(session)
    grant = Grant(acts=frozenset(Act), unit_id=unit.id, forms=frozenset({"II.06a/VPCP/KSTT"}))
    for actor in (of_unit("x", other.id), Actor(name="y"), Actor(name="z", grants=(grant,))):
        with pytest.raises(NotAllowed):
            archive(session, unit, actor)


def test_the_audit_is_only_for_those_who_administer(session: Session) -> None:
    """Who reads gets what was entered, and not who did what from where."""
    unit, _ = filled(session)
    reader = of_unit("người xem", unit.id, {Act.READ})
    files = archive(session, unit, reader)
    assert "audit.jsonl" not in files
    assert "audit" not in json.loads(files["MANIFEST.json"])["counts"]
    assert len(parts(files, "reports/", "about.json")) == 2


@pytest.mark.parametrize(
    ("acts", "drafts"),
    [
        ({Act.READ}, 0),
        ({Act.READ, Act.RECEIVE}, 0),
        ({Act.READ, Act.ENTER}, 1),
        ({Act.READ, Act.APPROVE}, 1),
        ({Act.READ, Act.ADMINISTER}, 1),
    ],
)
def test_what_is_not_sent_yet_is_not_for_those_who_only_read(
    session: Session, acts: set[Act], drafts: int
) -> None:
    """The receiver, who may read all below him, learns nothing here that no page tells him."""
    unit, _ = filled(session)
    files = archive(session, unit, of_unit("ai đó", unit.id, acts))
    assert len(parts(files, "drafts/", "about.json")) == drafts
    assert json.loads(files["MANIFEST.json"])["counts"]["drafts"] == drafts


def test_a_unit_that_is_no_more_is_still_found(session: Session) -> None:
    """What it entered can be taken out after it was merged."""
    gone = a_unit(session, "H06", valid_to=date(2025, 6, 30))
    assert find_unit_by_code(session, " h06 ").id == gone.id
    assert "README.txt" in archive(session, gone)


def test_what_is_no_text_does_not_break_it(session: Session) -> None:
    """A file as received may hold any bytes at all."""
    unit, _ = filled(session)
    junk = bytes(range(256)) * 20
    send(session, junk, actor=of_unit("x", unit.id))
    # It names no unit, so that it is nobody's.
    assert len(parts(archive(session, unit), "refused/", "about.json")) == 1
