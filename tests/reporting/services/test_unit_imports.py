"""Importing units: every fault by line and column, nothing half-loaded, a few statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from reporting.models import ReportingUnit, UnitIdentifier, UnitTerm
from reporting.services.actors import Actor
from reporting.services.import_files import ImportResult
from reporting.services.units import (
    find_unit,
    import_units,
    load_shipped_registry,
    read_unit_file,
)

ACTOR = Actor(name="test", is_system=True)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
TODAY = date(2026, 9, 14)
HEADING = "code,kind,name_vi,parent,valid_from,valid_to,gso,mdd,local"


@pytest.fixture
def registry(session: Session) -> Session:
    """A store with the shipped registry in it."""
    load_shipped_registry(session, actor=ACTOR, now=NOW)
    return session


def take(session: Session, *lines: str, dry_run: bool = False) -> ImportResult:
    """Import these lines; the first of them is line 2, as in a file with its heading."""
    file = read_unit_file("\n".join([HEADING, *lines]).encode())
    assert file.faults == ()
    return import_units(session, file.rows, dry_run=dry_run, actor=ACTOR, now=NOW)


def found(result: ImportResult) -> list[tuple[int, str, str]]:
    """The faults as line, column, code."""
    return [(fault.line, fault.column, fault.code) for fault in result.faults]


def counts(session: Session) -> tuple[int, ...]:
    """How much stands in the three tables."""
    return tuple(
        session.scalar(select(func.count()).select_from(table)) or 0
        for table in (ReportingUnit, UnitTerm, UnitIdentifier)
    )


#: One line of a file, and its faults.
WRONG_LINES: list[tuple[str, list[tuple[int, str, str]]]] = [
    ("X1,commune,A,H99,2025-07-01", [(2, "parent", "unknown_parent")]),
    ("X1,commune,A,G01,2025-07-01", [(2, "parent", "wrong_parent_kind")]),
    ("X1,province,A,H20,2025-07-01", [(2, "parent", "wrong_parent_kind")]),
    ("X1,government,A,H20,2025-07-01", [(2, "parent", "wrong_parent_kind")]),
    ("X1,commune,A,,2025-07-01", [(2, "parent", "blank")]),
    ("X1,commune,A,H03,2025-07-01", [(2, "parent", "parent_not_valid")]),
    ("X1,commune,A,H03,2025-06-01", [(2, "parent", "parent_not_valid")]),
    ("X1,hamlet,A,H20,2025-07-01", [(2, "kind", "unknown_kind")]),
    ("X1,,A,H20,2025-07-01", [(2, "kind", "blank")]),
    ("G01,province,A,CP,2026-07-01", [(2, "kind", "kind_changed")]),
    (",commune,A,H20,2025-07-01", [(2, "code", "blank")]),
    ("X/1,commune,A,H20,2025-07-01", [(2, "code", "bad_code")]),
    ("X1,commune, ,H20,2025-07-01", [(2, "name_vi", "blank")]),
    (f"X1,commune,{'A' * 301},H20,2025-07-01", [(2, "name_vi", "too_long")]),
    ("X1,commune,A\x07,H20,2025-07-01", [(2, "name_vi", "bad_character")]),
    ("X1,commune,A,H20,", [(2, "valid_from", "blank")]),
    ("X1,commune,A,H20,2026-02-29", [(2, "valid_from", "bad_date")]),
    ("X1,commune,A,H20,07/2025", [(2, "valid_from", "bad_date")]),
    ("X1,commune,A,H20,45839", [(2, "valid_from", "bad_date")]),
    ("X1,commune,A,H20,2025-07-02,2025-07-01", [(2, "valid_to", "ends_before_start")]),
    ("X1,commune,A,H20,2025-07-01,,4", [(2, "gso", "bad_code")]),
    ("X1,commune,A,H20,2025-07-01,,,H26", [(2, "mdd", "duplicate_identifier")]),
    ("X1,commune,A,H20,2025-07-01,,,,H26", [(2, "local", "duplicate_identifier")]),
    # One fault of a line hides no other.
    ("X1,commune,,H99,2025-07-01", [(2, "name_vi", "blank"), (2, "parent", "unknown_parent")]),
    ("X1,hamlet,A,H99,2025-07-01,,01", [
        (2, "kind", "unknown_kind"), (2, "parent", "unknown_parent"),
        (2, "gso", "duplicate_identifier")]),
    ("X1,hamlet,A,H03,2025-07-01", [
        (2, "kind", "unknown_kind"), (2, "parent", "parent_not_valid")]),
    ("X1,commune,A,G01,2025-07-01,someday,,H26", [
        (2, "parent", "wrong_parent_kind"), (2, "mdd", "duplicate_identifier"),
        (2, "valid_to", "bad_date")]),
    ("X1,commune,A,H20,2025-07-02,2025-07-01,,H26", [
        (2, "mdd", "duplicate_identifier"), (2, "valid_to", "ends_before_start")]),
    ("H20,provinc,A,CP,2010-01-01,,,H26", [
        (2, "code", "duplicate_code"), (2, "kind", "unknown_kind"),
        (2, "mdd", "duplicate_identifier")]),
    ("H20,province,A,CP,2010-01-01,,,H26", [
        (2, "code", "duplicate_code"), (2, "mdd", "duplicate_identifier")]),
    ("G01,province,A,H99,someday", [
        (2, "kind", "kind_changed"), (2, "parent", "unknown_parent"),
        (2, "valid_from", "bad_date")]),
    ("H20,province,A,CP,2010-01-01", [(2, "code", "duplicate_code")]),
    ("H03,province,A,CP,2025-06-30", [(2, "code", "duplicate_code")]),
]  # fmt: skip


def test_what_is_wrong_with_a_line(registry: Session) -> None:
    """Each fault has its line, its column and its code; and nothing is stored."""
    before = counts(registry)
    results = {line: found(take(registry, line)) for line, _ in WRONG_LINES}
    assert results == dict(WRONG_LINES)
    assert counts(registry) == before


def test_all_faults_come_at_once_and_nothing_is_half_loaded(registry: Session) -> None:
    """One bad line among good ones, and the good ones are not stored either."""
    before = counts(registry)
    result = take(
        registry,
        "X1,commune,A,H20,2025-07-01,,00001",
        "X2,hamlet,,H99,31/02/2026",
        "X3,commune,C,H20,2025-07-01,,00001",
        "X1,commune,D,H20,2026-01-01",
    )
    assert found(result) == [
        (3, "kind", "unknown_kind"),
        (3, "name_vi", "blank"),
        (3, "parent", "unknown_parent"),
        (3, "valid_from", "bad_date"),
        (4, "gso", "duplicate_identifier"),
        (5, "code", "duplicate_code"),
    ]
    assert (result.created, result.changed) == (0, 0)
    assert counts(registry) == before


def test_a_line_with_a_cell_too_many_hides_no_other_fault(registry: Session) -> None:
    """Each line is told what is wrong with it; two that are refused may clash with each other."""
    before = counts(registry)
    result = take(
        registry,
        "X1,commune,A, B,H20,2025-07-01,,00001,,more",
        "X2,commune,B,H99,2025-07-01",
        "X3,hamlet,C,X1,2025-07-01,,00001",
        "X4,hamlet,D,H20,2025-07-01,,00001",
    )
    assert found(result) == [
        (2, "", "too_many_cells"),
        (3, "parent", "unknown_parent"),
        (4, "kind", "unknown_kind"),
        (5, "kind", "unknown_kind"),
        (5, "gso", "duplicate_identifier"),
    ]
    assert counts(registry) == before


def test_children_of_a_faulty_line_are_not_reported_as_orphans(registry: Session) -> None:
    """One wrong date of a province does not make a fault for each of its communes."""
    result = take(registry, "H90,province,A,CP,someday", "X1,commune,B,H90,2025-07-01")
    assert found(result) == [(2, "valid_from", "bad_date")]


def test_a_parent_may_come_later_in_the_file(registry: Session) -> None:
    """The order of lines does not matter."""
    result = take(
        registry,
        "H20.SNV.1,subordinate,Chi cục,H20.SNV,2025-07-01",
        "H20.SNV,department,Sở Nội vụ,000.00.00.H20,1/7/2025",
    )
    assert (result.faults, result.created) == ((), 2)


def test_a_name_is_stored_composed_and_with_single_spaces(registry: Session) -> None:
    """Names pasted from elsewhere come with loose accents and stray spaces."""
    take(registry, "x1,commune,  Xa\u0303   \u0110o\u0302\u0300ng  ,h20,2025-07-01")
    unit = find_unit(registry, "X1", on=TODAY)
    assert unit is not None
    assert (unit.name_vi, unit.name_en) == ("Xã Đồng", "Xã Đồng")


def test_a_dry_run_says_the_same_and_stores_nothing(registry: Session) -> None:
    """What the trial promises is what the import does."""
    before = counts(registry)
    line = "X1,commune,A,H20,2025-07-01,,00001"
    trial = take(registry, line, dry_run=True)
    assert counts(registry) == before
    real = take(registry, line)
    assert (trial.created, trial.is_dry_run) == (1, True)
    assert (real.created, real.is_dry_run) == (1, False)
    assert counts(registry) == tuple(count + 1 for count in before)


def test_the_same_file_again_changes_nothing(registry: Session) -> None:
    """Importing twice is importing once."""
    lines = ["X1,commune,A,H20,2025-07-01,,00001", "X2,commune,B,H20,2025-07-01,2025-12-31"]
    take(registry, *lines)
    before = counts(registry)
    again = take(registry, *lines)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert counts(registry) == before


def test_a_later_line_closes_the_open_term_on_its_eve(registry: Session) -> None:
    """A commune that moves to another province and is renamed stays the same unit."""
    take(registry, "X1,commune,Xã A,H20,2025-07-01,,00001")
    result = take(registry, "X1,commune,Phường A,H53,2026-04-30")
    assert (result.changed, result.created) == (1, 0)
    unit = find_unit(registry, "00001", on=TODAY)
    assert unit is not None
    terms = registry.scalars(
        select(UnitTerm).where(UnitTerm.unit_id == unit.id).order_by(UnitTerm.valid_from)
    ).all()
    assert [(term.name_vi, term.valid_to) for term in terms] == [
        ("Xã A", date(2026, 4, 29)),
        ("Phường A", None),
    ]
    assert unit.name_vi == "Phường A"
    assert {term.recorded_by for term in terms} == {"test"}
    assert terms[0].recorded_at == NOW


def test_a_closed_unit_gives_its_code_free(registry: Session) -> None:
    """The statistics code of a unit that has ended may go to another from the next day."""
    take(registry, "X1,commune,A,H20,2025-07-01,,00001")
    refused = take(registry, "X2,commune,B,H20,2026-01-01,,00001")
    assert found(refused) == [(2, "gso", "duplicate_identifier")]
    result = take(
        registry,
        "X1,commune,A,H20,2025-07-01,2025-12-31",
        "X2,commune,B,H20,2026-01-01,,00001",
    )
    assert result.faults == ()
    by_day = [find_unit(registry, "00001", on=on) for on in (date(2025, 12, 31), TODAY)]
    assert [unit.code if unit else None for unit in by_day] == ["X1", "X2"]


def test_a_parent_cannot_end_before_its_children(registry: Session) -> None:
    """Closing a province with communes in it is refused at the line of the province."""
    take(registry, "X1,commune,A,H20,2025-07-01")
    result = take(registry, "H20,province,Tỉnh Đồng Tháp,CP,2025-07-01,2026-06-30")
    assert found(result) == [(2, "valid_to", "children_left")]
    moved = take(
        registry,
        "H20,province,Tỉnh Đồng Tháp,CP,2025-07-01,2026-06-30",
        "X1,commune,A,H53,2026-07-01",
    )
    assert moved.faults == ()


def test_a_unit_never_stands_under_itself(registry: Session) -> None:
    """A circle is found in the file, and between the file and the store."""
    alone = take(registry, "A1,subordinate,A,A1,2025-07-01")
    assert found(alone) == [(2, "parent", "circle")]
    pair = take(registry, "A1,subordinate,A,A2,2025-07-01", "A2,subordinate,B,A1,2025-07-01")
    assert found(pair) == [(2, "parent", "circle"), (3, "parent", "circle")]
    take(registry, "A1,subordinate,A,H20,2025-07-01", "A2,subordinate,B,A1,2025-07-01")
    later = take(registry, "A1,subordinate,A,A2,2026-01-01")
    assert ("parent", "circle") in {(column, code) for _, column, code in found(later)}
    assert {line for line, _, _ in found(later)} == {2}


def test_the_whole_country_takes_a_few_statements(registry: Session, engine: Engine) -> None:
    """3,321 communes are read, checked and stored by as many statements as thirty are."""
    seen: list[str] = []

    def record(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    ends = ["", "2026-06-30"]
    lines = [f"X{n:05},commune,Xã {n},H20,2025-07-01,{ends[n % 2]},{n:05}" for n in range(3321)]
    event.listen(engine, "before_cursor_execute", record)
    try:
        result = take(registry, *lines)
    finally:
        event.remove(engine, "before_cursor_execute", record)
    assert result.created == 3321
    assert len(seen) <= 10, seen


#: Mostly good lines, so that files get in and meet what others have left in the store.
LINES = st.tuples(
    st.sampled_from(["X1", "X2", "X3"]),
    st.just("commune"),
    st.just("Tên"),
    st.sampled_from(["H20", "H53", "H20", "H03"]),
    st.sampled_from(["2025-07-01", "2026-01-01", "2026-07-01"]),
    st.sampled_from(["", "2025-12-31", "2026-06-30", ""]),
    st.sampled_from(["", "00001", "00002"]),
).map(",".join)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(LINES, min_size=1, max_size=2), min_size=1, max_size=5))
def test_whatever_is_imported_the_registry_stays_sound(
    registry: Session, files: list[list[str]]
) -> None:
    """After any files no unit has two terms on a day and no code names two units on a day."""
    savepoint = registry.begin_nested()
    for lines in files:
        take(registry, *lines)
    terms = [
        (term.unit_id, term.valid_from, term.valid_to)
        for term in registry.scalars(select(UnitTerm))
    ]
    codes = [
        ((code.scheme, code.value), code.valid_from, code.valid_to)
        for code in registry.scalars(select(UnitIdentifier))
    ]
    for rows in (terms, codes):
        rows.sort()
        for (one, _, last), (other, first, _) in zip(rows, rows[1:], strict=False):
            assert one != other or (last is not None and last < first)
    savepoint.rollback()


def test_what_a_file_does_to_whom_is_told_before_it_is_done(registry: Session) -> None:
    """Made, renamed, moved, ended, changed; and nothing of a unit that stays as it is."""
    lines = [f"X{number},commune,Xã {number},H20,2025-07-01" for number in range(1, 6)]
    assert [one.what for one in take(registry, *lines).effects] == ["new"] * 5
    tried = take(
        registry,
        "X1,commune,Xã Mới,H20,2026-10-01",
        "X2,commune,Xã 2,H01,2026-10-01",
        "X3,commune,Xã 3,H20,2025-07-01,2026-09-30",
        "X4,commune,Xã 4,H20,2025-07-01,,00004",
        "X5,commune,Xã 5,H20,2025-07-01",
        dry_run=True,
    )
    told = [(one.line, one.what, one.unit, one.before, one.after) for one in tried.effects]
    assert told == [
        (2, "renamed", "X1", "Xã 1", "Xã Mới"),
        (3, "moved", "X2", "H20", "H01"),
        (4, "ended", "X3", "", "2026-09-30"),
        (5, "changed", "X4", "", ""),
    ]
    assert [one.on for one in tried.effects][:3] == [date(2026, 10, 1)] * 3
    assert [(doubt.line, doubt.code) for doubt in tried.doubts] == [(3, "other_province")]


def test_a_commune_that_goes_with_its_province_is_no_doubt(registry: Session) -> None:
    """H58 became H20 on 1 July 2025, and so did what stood under it; under H01 it is told."""
    take(
        registry, "X1,commune,A,H58,2020-01-01,2025-06-30", "X2,commune,B,H58,2020-01-01,2025-06-30"
    )
    moved = take(
        registry, "X1,commune,A,H20,2025-07-01", "X2,commune,B,H01,2025-07-01", dry_run=True
    )
    assert moved.faults == ()
    assert [(doubt.line, doubt.expected) for doubt in moved.doubts] == [(3, "H20")]
