"""Each act that changes something leaves its line: who, to what, from what to what, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.working_days import DayChange
from reporting.models import AuditLine, ReportingObligation, ReportingUnit
from reporting.services import obligation_acts as acts
from reporting.services.calendar import change_day, forget_change
from reporting.services.changed_cells import changed_between
from reporting.services.consolidation import consolidate
from reporting.services.handing_over import hand_over
from reporting.services.key_mapping import map_key
from reporting.services.person_imports import import_persons, read_person_file
from reporting.services.persons import add_person, end_person
from reporting.services.unit_files import read_unit_file
from reporting.services.unit_imports import import_units
from tests.builders import (
    IN_Q3,
    Q3,
    SYSTEM,
    ZONE,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import send


@pytest.fixture
def unit(session: Session) -> ReportingUnit:
    """A commune that owes II.06a for 2026-Q3, as does its neighbour."""
    province = a_province(session)
    commune = a_unit(session, "X01840", parent=province)
    a_unit(session, "X01843", parent=province)
    an_open_period(session)
    return commune


def said(session: Session, act: str) -> Mapping[str, Any]:
    """What the only line of an act says."""
    session.flush()
    (line,) = session.scalars(select(AuditLine).where(AuditLine.act == act))
    body: Mapping[str, Any] = json.loads(line.body)
    assert body["actor"] == SYSTEM.name
    return body


def owed_by(session: Session, unit: ReportingUnit) -> ReportingObligation:
    """What the commune owes."""
    return session.scalars(
        select(ReportingObligation).where(ReportingObligation.unit_id == unit.id)
    ).one()


AT = acts.Circumstances(SYSTEM, "mất điện do bão", shipped_forms(), ZONE, IN_Q3)


def test_more_time_says_from_when_to_when(session: Session, unit: ReportingUnit) -> None:
    """And of which unit, so that its administrator reads it."""
    owed = owed_by(session, unit)
    acts.extend(session, AT, obligation_id=owed.id, due_on=date(2026, 9, 25))
    line = said(session, "obligation.extended")
    assert (line["subject"], line["unit"]) == (f"obligation/{owed.id}", unit.id)
    assert line["details"]["to"] == "2026-09-25T16:59:59.000000Z"
    assert line["details"]["from"] < line["details"]["to"]
    assert line["details"]["reason"] == "mất điện do bão"
    assert line["details"]["form"] == "II.06a/VPCP/KSTT"


def test_a_waiver_and_its_taking_back(session: Session, unit: ReportingUnit) -> None:
    """Both acts stand there."""
    owed = owed_by(session, unit)
    acts.waive(session, AT, obligation_id=owed.id)
    acts.owe_again(session, AT, obligation_id=owed.id)
    for act in ("obligation.waived", "obligation.owed-again"):
        assert said(session, act)["unit"] == unit.id


def test_a_letter_is_named_with_the_hash_of_its_scan(session: Session, unit: ReportingUnit) -> None:
    """So that the scan cannot be exchanged."""
    letter = acts.Letter("45/BC", date(2026, 9, 9), b"scan", "scan.pdf")
    acts.mark_sent_otherwise(session, AT, obligation_id=owed_by(session, unit).id, letter=letter)
    details = said(session, "obligation.sent-otherwise")["details"]
    assert (details["number"], len(details["scan_sha256"])) == ("45/BC", 64)


def test_a_bulk_act_leaves_one_line_that_names_all(session: Session, unit: ReportingUnit) -> None:
    """Also where it touches thousands of units."""
    assert acts.suspend(session, AT, period="2026-Q3") == 2
    later = acts.Circumstances(SYSTEM, "xong", shipped_forms(), ZONE, IN_Q3 + timedelta(days=2))
    assert acts.resume(session, later, period="2026-Q3") == 2
    for act in ("obligation.suspended", "obligation.resumed"):
        line = said(session, act)
        assert line["subject"] == "period/2026-Q3"
        assert owed_by(session, unit).id in line["details"]["obligations"]
        assert len(line["details"]["obligations"]) == 2


def test_opening_names_who_owes_and_until_when(session: Session, unit: ReportingUnit) -> None:
    """Opened again, nothing happens and nothing is written."""
    an_open_period(session)
    line = said(session, "period.opened")
    assert line["subject"] == "period/II.06a/VPCP/KSTT/2026-Q3"
    assert unit.id in line["details"]["units"]
    assert len(line["details"]["units"]) == 2
    assert line["details"]["due"]


def test_a_day_of_the_calendar_says_what_it_was(session: Session) -> None:
    """Both when it is changed, and when it is let go."""
    day = date(2027, 1, 2)
    for is_working, name in ((False, "Hoán đổi"), (True, "Làm bù")):
        change = DayChange(is_working, name)
        change_day(session, actor=SYSTEM, day=day, change=change, now=IN_Q3)
    forget_change(session, actor=SYSTEM, day=day, now=IN_Q3)
    lines = session.scalars(
        select(AuditLine).where(AuditLine.subject == "calendar/2027-01-02").order_by(AuditLine.id)
    )
    first, second = (
        {"is_working": False, "name": "Hoán đổi"},
        {"is_working": True, "name": "Làm bù"},
    )
    assert [json.loads(line.body)["details"] for line in lines] == [
        {"from": None, "to": first},
        {"from": first, "to": second},
        {"from": second, "to": None},
    ]


def test_a_mapping_says_what_the_text_stood_for(session: Session) -> None:
    """Nothing before, and then the code."""
    catalogue = shipped_forms()
    code_list, listed = next(iter(catalogue.lists.items()))
    code = next(iter(listed.by_code))
    map_key(
        session,
        actor=SYSTEM,
        catalogue=catalogue,
        code_list=code_list,
        text="tên lạ hoắc",
        code=code,
        reason="cùng một việc",
        now=IN_Q3,
    )
    details = said(session, "mapping.made")["details"]
    assert (details["from"], details["to"], details["reason"]) == ("", code, "cùng một việc")


def test_who_gets_messages_is_on_the_audit_of_the_unit(
    session: Session, unit: ReportingUnit
) -> None:
    """Added, ended, and taken from a file with one line for all of it."""
    person = add_person(
        session, actor=SYSTEM, unit=unit, name="Bình", mail="b@x.vn", on=IN_Q3.date(), now=IN_Q3
    )
    end_person(session, actor=SYSTEM, person_id=person.id, on=IN_Q3.date(), now=IN_Q3)
    for act in ("person.added", "person.ended"):
        line = said(session, act)
        assert (line["unit"], line["details"]["mail"]) == (unit.id, "b@x.vn")
    content = read_person_file("unit,name,mail\nX01840,Cường,b@x.vn\nX01843,Dung,d@x.vn\n".encode())
    for _ in range(2):  # The second time nothing changes, and nothing is written.
        import_persons(session, content.rows, actor=SYSTEM, on=IN_Q3.date(), now=IN_Q3)
    persons = said(session, "person.imported")["details"]["persons"]
    assert [(one["mail"], one.get("before")) for one in persons] == [
        ("b@x.vn", "Bình"),
        ("d@x.vn", None),
    ]


UNITS = (
    "code,kind,name_vi,parent,valid_from\n"
    "C00,government,Chính phủ,,1945-09-02\n"
    "G99,ministry,Bộ Thử,C00,2020-01-01\n"
)


def test_an_import_of_units_names_them(session: Session) -> None:
    """A trial leaves no line, nor does a file that changes nothing."""
    rows = read_unit_file(UNITS.encode()).rows
    for dry_run in (True, False, False):
        done = import_units(session, rows, dry_run=dry_run, actor=SYSTEM, now=IN_Q3)
        assert done.faults == ()
    assert said(session, "unit.imported")["details"] == {
        "created": 2, "changed": 0, "units": ["C00", "G99"],
    }  # fmt: skip


def test_an_edition_and_its_handing_over(
    session: Session, unit: ReportingUnit, tmp_path: Path
) -> None:
    """With the hashes of what was made and of the files that left; once, however often asked."""
    catalogue = shipped_forms()
    send(session, a_return("X01840"))
    province = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "H55")).one()
    for _ in range(2):
        edition, _ = consolidate(
            session,
            actor=SYSTEM,
            form=catalogue.latest("II.06c/VPCP/KSTT"),
            period=Q3,
            unit=province,
            catalogue=catalogue,
            clock=lambda: IN_Q3,
        )
        hand_over(
            session,
            actor=SYSTEM,
            edition_id=edition.id,
            catalogue=catalogue,
            folder=tmp_path,
            now=IN_Q3,
        )
    made = said(session, "edition.made")
    assert (made["unit"], made["details"]["sha256"]) == (province.id, edition.sha256)
    handed = said(session, "edition.handed-over")["details"]
    assert (tmp_path / handed["folder"]).is_dir()
    assert all(len(digest) == 64 for digest in handed["files"].values())


def test_a_refusal_says_who_tried(session: Session, unit: ReportingUnit) -> None:
    """Under the unit of who sent it, whichever unit he named."""
    refused = send(session, a_return("X01840", rows={"Đất đai": {"c4": "nhiều"}}))
    line = said(session, "submission.refused")
    assert line["subject"] == f"attempt/{refused.attempt_id}"
    assert line["details"]["unit"] == "X01840"
    assert line["unit"] is None


def report(rows: Mapping[str, Mapping[str, str]], **more: Any) -> bytes:
    """Canonical bytes of a report with one table, as far as differences are told from them."""
    table = {
        "rows": [{"key": key, "label": key, "cells": dict(cells)} for key, cells in rows.items()],
        "total": {"c1": str(sum(int(cells.get("c1", "0")) for cells in rows.values()))},
    }
    return json.dumps({"note": "", "tables": {"a": table | more}}).encode()


def test_differences_are_told_by_cell_whatever_the_order_of_rows() -> None:
    """A row more, a row less, a cell that is blank now; order alone is no difference."""
    one = report({"x": {"c1": "1", "c2": "5"}, "y": {"c1": "2"}})
    assert changed_between(one, report({"y": {"c1": "2"}, "x": {"c2": "5", "c1": "1"}})) == {
        "count": 0, "cells": [],
    }  # fmt: skip
    assert changed_between(one, report({"x": {"c1": "1"}, "z": {"c1": "2"}}))["cells"] == [
        {"cell": "a/x/c2", "old": "5", "new": None},
        {"cell": "a/y/c1", "old": "2", "new": None},
        {"cell": "a/z/c1", "old": None, "new": "2"},
    ]
    nil = changed_between(one, report({}, nil=True))
    assert {"cell": "a/nil", "old": None, "new": "true"} in nil["cells"]


def test_very_many_differences_are_counted_and_long_texts_cut() -> None:
    """A receipt stays small."""
    many = {f"r{number:04}": {"c1": "1", "c2": "ă" * 5_000} for number in range(300)}
    changed = changed_between(report({}), report(many))
    assert changed["count"] == 601
    assert len(changed["cells"]) == 200
    assert max(len(cell["new"]) for cell in changed["cells"]) == 201
