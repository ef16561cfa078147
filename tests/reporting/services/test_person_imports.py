"""Importing persons: every fault by line and column, nothing half-taken, a few statements."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from reporting.models import Person, ReportingUnit, UnitIdentifier
from reporting.models.units import IdentifierScheme
from reporting.services import person_imports
from reporting.services.actors import Actor, of_unit
from reporting.services.import_files import ImportResult
from reporting.services.person_imports import import_persons, read_person_file
from reporting.services.persons import end_person, list_persons
from tests.builders import SYSTEM, ZONE, a_province, a_unit
from tests.reporting.services.receiving import counted_statements

NOW = datetime(2026, 9, 10, 9, tzinfo=ZONE)
DAY = date(2026, 9, 10)


@pytest.fixture
def province(session: Session) -> ReportingUnit:
    """A province with two communes, of which one has a second code; and another province."""
    unit = a_province(session)
    first = a_unit(session, "X1", parent=unit)
    a_unit(session, "X2", parent=unit)
    a_province(session, "H20")
    session.add(
        UnitIdentifier(
            unit_id=first.id,
            scheme=IdentifierScheme.GSO,
            value="01840",
            valid_from=first.valid_from,
            valid_to=None,
        )
    )
    session.flush()
    return unit


def take(
    session: Session, *lines: str, actor: Actor = SYSTEM, dry_run: bool = False
) -> ImportResult:
    """Import these lines; the first of them is line 2."""
    file = read_person_file("\n".join(["unit,name,mail", *lines]).encode())
    assert file.faults == ()
    return import_persons(session, file.rows, actor=actor, on=DAY, now=NOW, dry_run=dry_run)


def persons(session: Session) -> dict[str, tuple[str, bool]]:
    """Everyone by mail: the name, and whether messages are sent."""
    return {one.mail: (one.name, one.ended_at is None) for one in session.scalars(select(Person))}


def test_a_list_is_taken_and_taken_again(session: Session, province: ReportingUnit) -> None:
    """New ones are made, a new name is taken over, an ended one taken up; nobody is ended."""
    lines = ("H55,Trần Thị  Bình,binh@h55.vn", "X1,Nguyễn Đạt,dat@x1.vn", "h55,Lê An,an@h55.vn")
    tried = take(session, *lines, dry_run=True)
    assert (tried.created, tried.changed, tried.unchanged, tried.is_dry_run) == (3, 0, 0, True)
    assert persons(session) == {}
    assert take(session, *lines).created == 3
    assert persons(session)["binh@h55.vn"] == ("Trần Thị Bình", True)
    again = take(session, *lines)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)
    known = session.scalars(select(Person).where(Person.mail == "dat@x1.vn")).one()
    end_person(session, actor=SYSTEM, person_id=known.id, on=DAY, now=NOW)
    session.flush()
    third = take(session, "X1,Nguyễn Đạt,dat@x1.vn", "H55,Lê Thị An,an@h55.vn")
    assert (third.created, third.changed, third.unchanged) == (0, 2, 0)
    session.expire_all()
    assert persons(session) == {
        "binh@h55.vn": ("Trần Thị Bình", True),
        "dat@x1.vn": ("Nguyễn Đạt", True),
        "an@h55.vn": ("Lê Thị An", True),
    }
    assert province.code == "H55"


def test_every_fault_is_told_by_line_and_column(session: Session, province: ReportingUnit) -> None:
    """With one fault anywhere nothing is taken."""
    done = take(
        session,
        "X1,Nguyễn Đạt,dat@x1.vn",
        ",A,",
        "X9,A,a@b.vn",
        "X1,B\x07,b@b",
        "01840,Đạt,DAT@x1.vn",
        f"X2,{'N' * 201},n@x2.vn",
        'X2,C,"c@x2.vn\nBcc: d@e.vn"',
    )
    assert [(fault.line, fault.column, fault.code) for fault in done.faults] == [
        (3, "unit", "blank"),
        (3, "mail", "blank"),
        (4, "unit", "unknown_unit"),
        (5, "name", "bad_character"),
        (5, "mail", "bad_mail"),
        (6, "mail", "duplicate_person"),
        (7, "name", "too_long"),
        (8, "mail", "bad_mail"),
    ]
    assert persons(session) == {}
    assert province.code == "H55"


def test_a_province_sees_to_itself_and_to_its_communes(
    session: Session, province: ReportingUnit
) -> None:
    """Another province's persons are neither taken nor listed."""
    own = of_unit("tỉnh", province.id)
    refused = take(session, "H20,A,a@b.vn", "X1,B,b@b.vn", actor=own)
    assert [(fault.line, fault.code) for fault in refused.faults] == [(2, "not_below")]
    assert take(session, "H55,A,a@b.vn", "X1,B,b@b.vn", actor=own).created == 2
    assert take(session, "H20,C,c@b.vn").created == 1
    assert [unit.code for _, unit in list_persons(session, actor=own, on=DAY)] == ["H55", "X1"]
    assert len(list_persons(session, actor=SYSTEM, on=DAY)) == 3
    commune = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "X2")).one()
    below = of_unit("xã", commune.id)
    assert list_persons(session, actor=below, on=DAY) == []
    assert take(session, "H55,A,a@b.vn", actor=below).faults[0].code == "not_below"


def test_a_few_statements_for_any_number_of_lines(
    session: Session, engine: Engine, province: ReportingUnit
) -> None:
    """A hundred persons cost what one costs."""
    counts = []
    for lines in (["X1,A,a@x1.vn"], [f"X{n % 2 + 1},P{n},p{n}@x.vn" for n in range(100)]):
        with counted_statements(engine) as statements:
            assert not take(session, *lines).faults
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert province.code == "H55"


def test_a_list_that_is_too_long_is_refused(
    session: Session, province: ReportingUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is asked of the store."""
    monkeypatch.setattr(person_imports, "MAX_LINES", 1)
    done = take(session, "X1,A,a@x1.vn", "X1,B,b@x1.vn")
    assert [(fault.line, fault.code) for fault in done.faults] == [(0, "too_many_rows")]
    assert province.code == "H55"


def test_pages_of_persons_follow_one_another(session: Session, province: ReportingUnit) -> None:
    """By unit, each once."""
    take(session, "X1,A,a@x1.vn", "H55,B,b@h55.vn", "X1,C,c@x1.vn")
    seen: list[str] = []
    after = 0
    while page := list_persons(session, actor=SYSTEM, on=DAY, after=after, limit=1):
        seen += [person.mail for person, _ in page]
        after = page[-1][0].id
    assert seen == ["b@h55.vn", "a@x1.vn", "c@x1.vn"]
    assert province.code == "H55"
