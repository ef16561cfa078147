"""Mergers from a file: every contradiction with its line, what they touch, and only edges added."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import NotAllowed
from reporting.models import (
    AuditLine,
    IdentifierScheme,
    ReportingUnit,
    UnitIdentifier,
    UnitKind,
    UnitLineage,
)
from reporting.services.actors import Actor
from reporting.services.import_files import ImportResult
from reporting.services.lineage_files import read_lineage_file
from reporting.services.lineage_imports import MAX_LINES, import_lineage
from reporting.services.touched_units import touched_by
from reporting.services.unit_map import unit_map
from tests.builders import SYSTEM, ZONE, a_unit, an_open_period, shipped_forms
from tests.reporting.services.mergers import became, ends
from tests.reporting.services.receiving import counted_statements

HEADING = "predecessor,successor,on_date,kind,extent,share,predecessor_parent,successor_parent"
OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 9, 20, tzinfo=UTC)


@pytest.fixture
def registry(session: Session) -> Session:
    """Two provinces; communes X1 to X3 that end in September, N1 and N2 that begin in October."""
    centre = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
    first, second = (
        a_unit(session, code, kind=UnitKind.PROVINCE, parent=centre) for code in ("H01", "H02")
    )
    for code in ("X1", "X2", "X3"):
        ends(session, a_unit(session, code, parent=first), before=OCTOBER)
    a_unit(session, "X9", parent=first)
    a_unit(session, "N1", parent=first, valid_from=OCTOBER)
    a_unit(session, "N2", parent=second, valid_from=OCTOBER)
    carried(session, "X1", "00001", date(2020, 1, 1), date(2026, 9, 30))
    carried(session, "N1", "00001", OCTOBER, None)
    return session


def carried(session: Session, unit: str, code: str, first: date, last: date | None) -> None:
    """Let a unit carry a statistics code for some days."""
    owner = session.scalars(select(ReportingUnit).where(ReportingUnit.code == unit)).one()
    session.add(
        UnitIdentifier(
            unit_id=owner.id,
            scheme=IdentifierScheme.GSO,
            value=code,
            valid_from=first,
            valid_to=last,
        )
    )
    session.flush()


def take(session: Session, *lines: str, dry_run: bool = False) -> ImportResult:
    """Import these lines; the first of them is line 2, as in a file with its heading."""
    file = read_lineage_file("\n".join([HEADING, *lines]).encode())
    assert file.faults == ()
    return import_lineage(session, file.rows, dry_run=dry_run, actor=SYSTEM, now=NOW)


def told(result: ImportResult) -> list[tuple[int, str, str]]:
    """The faults as line, column, code."""
    return [(fault.line, fault.column, fault.code) for fault in result.faults]


WRONG: list[tuple[list[str], list[tuple[int, str, str]]]] = [
    (["X8,N1,2026-10-01,merge"], [(2, "predecessor", "unknown_unit")]),
    (["X1,N8,2026-10-01,merge"], [(2, "successor", "unknown_unit")]),
    (["X1,N1,2026-11-01,merge"], [(2, "predecessor", "ended_already")]),
    (["X9,N1,2026-09-01,merge"], [(2, "successor", "not_yet")]),
    (["00001,N2,2027-10-01,merge"], [(2, "predecessor", "goes_on")]),
    (
        ["X2,00001,2019-01-01,merge"],
        [(2, "predecessor", "not_yet"), (2, "successor", "code_of_other")],
    ),
    (["X9,N1,2026-10-01,merge"], [(2, "predecessor", "goes_on")]),
    (["X1,N1,2026-10-01,merge,,,H02"], [(2, "predecessor_parent", "not_under")]),
    (["X1,N1,2026-10-01,merge,,,H01,H02"], [(2, "successor_parent", "not_under")]),
    (["X1,N1,2026-10-01,merge,whole,2/3"], [(2, "share", "share_of_whole")]),
    (["X1,N1,2026-10-01,merge,whole,5/3"], [(2, "share", "bad_share")]),
    (["X1,N1,2026-10-01,join"], [(2, "kind", "unknown_word")]),
    (["X1,N1,2026-10-01,merge,all"], [(2, "extent", "unknown_word")]),
    (["X1,N1,2026-02-30,merge"], [(2, "on_date", "bad_date")]),
    (["X1,N1,0001-01-01,merge"], [(2, "on_date", "bad_date")]),  # It has no day before.
    (["X1,N1,9999-12-31,merge"], [(2, "on_date", "bad_date")]),
    (
        ["X1,N1,2026-10-01,merge", "X1,N2,2026-10-01,merge"],
        [(2, "predecessor", "whole_twice"), (3, "predecessor", "whole_twice")],
    ),
    (
        ["X1,N1,2026-10-01,split,,1/3", "X1,N2,2026-10-01,split,,1/3"],
        [(2, "share", "shares_not_one"), (3, "share", "shares_not_one")],
    ),
    (
        ["X1,N1,2026-10-01,split,,1/3", "X1,N2,2026-10-01,split"],
        [(3, "share", "share_missing")],
    ),
    (
        ["X9,N1,2026-10-01,split,,2/3", "X9,N2,2026-10-01,split,,2/3"],
        [(2, "share", "shares_not_one"), (3, "share", "shares_not_one")],
    ),
    (
        ["X1,N1,2026-10-01,merge", "X1,N1,2026-10-01,merge"],
        [(3, "predecessor", "duplicate_edge")],
    ),
    (["X9,X9,2026-10-01,split,,1/3"], [(2, "successor", "same_unit")]),
    (
        ["X1,N1,2026-10-01,rename", "X2,N1,2026-10-01,rename"],
        [(2, "kind", "rename_of_many"), (3, "kind", "rename_of_many")],
    ),
    (["X1,X9,2026-10-01,rename"], [(2, "kind", "rename_of_many")]),
    (
        ["X9,H01,2026-10-01,split", "H01,H02,2026-10-01,split", "H02,X9,2026-10-01,split"],
        [
            (2, "successor", "lineage_circle"),
            (3, "successor", "lineage_circle"),
            (4, "successor", "lineage_circle"),
        ],
    ),
]


@pytest.mark.parametrize(("lines", "faults"), WRONG)
def test_each_contradiction_has_its_line_and_column(
    registry: Session, lines: list[str], faults: list[tuple[int, str, str]]
) -> None:
    """It is a sentence in both languages, and nothing is taken."""
    result = take(registry, *lines)
    assert told(result) == faults
    for fault in result.faults:
        assert fault.sentence("vi").startswith(f"Dòng {fault.line}")
        assert "{" not in fault.sentence("vi") + fault.sentence("en")
    assert registry.scalars(select(UnitLineage)).all() == []


def test_all_contradictions_are_told_at_once(registry: Session) -> None:
    """A file of four bad lines has four faults, in the order of lines."""
    result = take(
        registry,
        "X8,N1,2026-10-01,merge",
        "X1,N1,2026-10-01,merge,,,H02",
        "X2,N2,2026-10-01,split,,1/3",
        "X9,N1,2026-10-01,merge",
    )
    assert [line for line, _, _ in told(result)] == [2, 3, 4, 5]


def test_edges_are_added_once_and_a_share_may_be_declared_later(registry: Session) -> None:
    """The same file again changes nothing; what is on record stays but for its share."""
    lines = ["X1,N1,2026-10-01,merge", "X2,N1,2026-10-01,split", "X2,N2,2026-10-01,split"]
    tried = take(registry, *lines, dry_run=True)
    assert (tried.created, tried.is_dry_run) == (3, True)
    assert registry.scalars(select(UnitLineage)).all() == []
    assert [effect.restating for effect in tried.effects] == ["exact", "refused", "refused"]
    assert take(registry, *lines).created == 3
    again = take(registry, *lines)
    assert (again.created, again.changed, again.unchanged, again.effects) == (0, 0, 3, ())
    shares = ["X2,N1,2026-10-01,split,,1/4", "X2,N2,2026-10-01,split,,3/4"]
    declared = take(registry, *shares)
    assert (declared.created, declared.changed) == (0, 2)
    assert [effect.restating for effect in declared.effects] == ["estimated"] * 2
    registry.expire_all()
    moves = unit_map(registry, since=date(2026, 9, 30), on=OCTOBER)
    assert {old: [str(part.share) for part in parts] for old, parts in moves.items()} == {
        "X1": ["1"],
        "X2": ["1/4", "3/4"],
    }
    assert told(take(registry, "X1,N1,2026-10-01,split")) == [(2, "kind", "edge_differs")]
    acts = registry.scalars(
        select(AuditLine.act).where(AuditLine.act == "unit.lineage_imported")
    ).all()
    assert len(acts) == 2


def test_a_code_names_a_unit_only_with_its_day(registry: Session) -> None:
    """00001 was that of X1 and is that of N1: one line may say both, and is asked about it."""
    result = take(registry, "00001,00001,2026-10-01,rename", dry_run=True)
    assert result.faults == ()
    assert [effect.unit for effect in result.effects] == ["X1"]
    assert [doubt.code for doubt in result.doubts] == ["code_had_others"] * 2
    assert "is taken for N1" in result.doubts[1].sentence("en")


def test_a_commune_in_another_province_than_its_own_became_is_a_doubt(registry: Session) -> None:
    """X3 of H01 became N2 of H02, and H01 did not become H02: look again."""
    result = take(registry, "X3,N2,2026-10-01,rename", dry_run=True)
    assert [(doubt.line, doubt.code) for doubt in result.doubts] == [(2, "other_province")]
    units = {unit.code: unit for unit in registry.scalars(select(ReportingUnit))}
    became(registry, units["H01"], units["H02"], on=OCTOBER)
    assert take(registry, "X3,N2,2026-10-01,rename", dry_run=True).doubts == ()


def test_the_preview_counts_open_periods_and_coming_openings(registry: Session) -> None:
    """Two of three merging communes owe II.06a; from the next opening on, none of them does."""
    units = {unit.code: unit for unit in registry.scalars(select(ReportingUnit))}
    an_open_period(registry, units=[units["X1"], units["X2"], units["X9"]])
    lines = [f"X{number},N1,2026-10-01,merge" for number in (1, 2, 3)]
    result = take(registry, *lines, dry_run=True)
    touched = touched_by(registry, result.effects, catalogue=shipped_forms(), zone=ZONE, now=NOW)
    (period,) = touched.periods
    assert (period.form, period.period) == ("II.06a/VPCP/KSTT", "2026-Q3")
    assert (period.owed, period.missing, period.received) == (2, 2, 0)
    coming = [one for one in touched.openings if one.form == period.form]
    assert [one.period for one in coming] == ["2026", "2027", "2027-Q1"]
    assert all((one.asked, one.no_more) == (0, 3) for one in coming)
    nothing = touched_by(registry, [], catalogue=shipped_forms(), zone=ZONE, now=NOW)
    assert (nothing.periods, nothing.openings) == ((), ())


def test_only_the_central_office_adds_lineage(registry: Session) -> None:
    """A unit does not say what it became."""
    file = read_lineage_file(f"{HEADING}\nX1,N1,2026-10-01,merge".encode())
    with pytest.raises(NotAllowed):
        import_lineage(registry, file.rows, actor=Actor(name="x"), now=NOW)


def test_more_lines_than_any_merger_has_are_refused_whole(registry: Session) -> None:
    """Nobody waits for a wrong file to be looked through."""
    result = take(registry, *["X1,N1,2026-10-01,merge"] * (MAX_LINES + 1))
    assert told(result) == [(0, "", "too_many_rows")]


def test_statements_do_not_grow_with_lines(registry: Session) -> None:
    """One line or three of one day: the same number of statements."""
    engine = registry.get_bind().engine
    lines = [f"X{number},N1,2026-10-01,merge" for number in (1, 2, 3)]
    with counted_statements(engine) as one:
        take(registry, lines[0], dry_run=True)
    with counted_statements(engine) as three:
        take(registry, *lines, dry_run=True)
    assert len(three) == len(one)
