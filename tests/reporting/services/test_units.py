"""The registry that is shipped, and what it answers about a day."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporting.errors import Conflict
from reporting.models import (
    LineageExtent,
    LineageKind,
    ReportingUnit,
    UnitIdentifier,
    UnitKind,
    UnitLineage,
    UnitTerm,
)
from reporting.services.actors import Actor
from reporting.services.import_files import ImportRow
from reporting.services.registry_loading import SAMPLE, read_shipped
from reporting.services.units import (
    Predecessor,
    ancestors,
    find_unit,
    find_units,
    import_units,
    list_units,
    load_shipped_registry,
    predecessors,
    predecessors_by_unit,
    read_unit_file,
    subordinates,
    views,
)

ACTOR = Actor(name="test", is_system=True)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
OLD, NEW = date(2025, 6, 30), date(2025, 7, 1)
TODAY = date(2026, 9, 14)


@pytest.fixture
def registry(session: Session) -> Session:
    """A store with the shipped registry and the sample in it."""
    load_shipped_registry(session, actor=ACTOR, now=NOW)
    sample = read_unit_file(read_shipped(SAMPLE))
    result = import_units(session, sample.rows, actor=ACTOR, now=NOW)
    assert (sample.faults, result.faults) == ((), ())
    return session


def unit_id(session: Session, code: str) -> int:
    """The id of a unit by its stable code."""
    return session.scalars(select(ReportingUnit.id).where(ReportingUnit.code == code)).one()


def test_the_shipped_registry_counts_what_the_law_counts(registry: Session) -> None:
    """63 provinces until 2025-06-30, 34 from the day after, 14 ministries and 3 of their rank."""
    assert len(list_units(registry, on=OLD, kind=UnitKind.PROVINCE)) == 63
    kinds = Counter(unit.kind for unit in list_units(registry, on=TODAY))
    assert kinds[UnitKind.PROVINCE] == 34
    assert kinds[UnitKind.MINISTRY] == 14
    assert kinds[UnitKind.MINISTERIAL_AGENCY] == 3
    assert kinds[UnitKind.GOVERNMENT] == 1
    others = {unit.code for unit in list_units(registry, on=TODAY, kind=UnitKind.OTHER_LEVEL1)}
    assert {"BHXHVN", "NHCSXH", "NHPTVN"} <= others


def test_each_old_province_goes_on_or_goes_into_one_that_does(registry: Session) -> None:
    """The lineage leads from each of the 63 to one of the 34, and from 29 of them by an edge."""
    old = {unit.id for unit in list_units(registry, on=OLD, kind=UnitKind.PROVINCE)}
    new = {unit.id for unit in list_units(registry, on=NEW, kind=UnitKind.PROVINCE)}
    edges = {
        edge.predecessor_id: edge.successor_id for edge in registry.scalars(select(UnitLineage))
    }
    assert len(edges) == 29
    assert {edges.get(unit, unit) for unit in old} == new
    assert new <= old
    assert not new & edges.keys()


def test_loading_the_registry_again_changes_nothing(registry: Session) -> None:
    """A second load makes no unit, no term, no edge."""
    before = registry.scalar(select(func.count()).select_from(UnitTerm))
    again = load_shipped_registry(registry, actor=ACTOR, now=NOW)
    assert (again.created, again.changed, again.edges) == (0, 0, 0)
    assert registry.scalar(select(func.count()).select_from(UnitTerm)) == before


def test_loading_again_keeps_what_an_operator_has_corrected(registry: Session) -> None:
    """A renaming that came later than the list is not taken back by the list."""
    cells = {
        "code": "G17",
        "kind": "ministry",
        "name_vi": "Bộ Hạ tầng",
        "parent": "CP",
        "valid_from": "2026-08-01",
    }
    result = import_units(registry, [ImportRow(2, cells)], actor=ACTOR, now=NOW)
    assert result.changed == 1
    load_shipped_registry(registry, actor=ACTOR, now=NOW)
    found = find_unit(registry, "G17", on=TODAY)
    assert found is not None
    assert found.name_vi == "Bộ Hạ tầng"


def test_a_registry_that_contradicts_the_store_is_a_conflict(session: Session) -> None:
    """A code of ours that someone gave to a unit of another kind is told, not overwritten."""
    session.add(
        ReportingUnit(code="G01", kind=UnitKind.PROVINCE, name_vi="x", name_en="x", valid_from=OLD)
    )
    with pytest.raises(Conflict) as conflict:
        load_shipped_registry(session, actor=ACTOR, now=NOW)
    assert "G01" in conflict.value.en or "ministry" in conflict.value.en


#: A code as someone wrote it, a day, and the unit that carried it on that day.
CARRIED: list[tuple[str, date, str | None]] = [
    ("82", OLD, "H58"),
    ("82", NEW, "H20"),
    ("87", OLD, "H20"),
    ("87", NEW, None),
    ("15", OLD, "H63"),
    ("15", NEW, "H38"),
    ("H20", OLD, "H20"),
    ("H20", NEW, "H20"),
    ("H03", OLD, "H03"),
    ("H03", NEW, None),
    ("000-00-00-H61", NEW, "H61"),
    ("ｈ６１", NEW, "H61"),
    ("05443", NEW, "X05443"),
    ("x05443", NEW, "X05443"),
    ("05443", OLD, None),
    ("H55.SNV", NEW, "H55.SNV"),
    ("nhcsxh", NEW, "NHCSXH"),
    ("", NEW, None),
    ("999", NEW, None),
]


def test_a_code_names_the_unit_that_carried_it_on_that_day(registry: Session) -> None:
    """GSO 82 is Tiền Giang on one day and Đồng Tháp on the next."""
    for identifier, on, code in CARRIED:
        unit = find_unit(registry, identifier, on=on)
        assert (identifier, on, unit.code if unit else None) == (identifier, on, code)


def test_many_codes_are_found_in_two_questions(registry: Session) -> None:
    """A whole file of codes asks the store twice, and unknown codes are simply not there."""
    given = ["82", "000.00.00.H55", "no such", "X05443"]
    found = find_units(registry, given, on=TODAY)
    assert {text: unit.code for text, unit in found.items()} == {
        "82": "H20",
        "000.00.00.H55": "H55",
        "X05443": "X05443",
    }


def test_no_code_names_two_units_on_one_day(registry: Session) -> None:
    """On each day on which anything changes, a scheme gives a code to one unit only."""
    rows = registry.scalars(select(UnitIdentifier)).all()
    for day in sorted({row.valid_from for row in rows}):
        carried = Counter(
            (row.scheme, row.value)
            for row in rows
            if row.valid_from <= day and (row.valid_to is None or row.valid_to >= day)
        )
        assert max(carried.values()) == 1


def test_a_unit_bears_the_name_of_the_day(registry: Session) -> None:
    """Đồng Nai is a province until 2026-04-29 and a city from the day after."""
    unit = unit_id(registry, "H19")
    names = [
        views(registry, [unit], on=on)[unit].name_vi
        for on in (OLD, NEW, date(2026, 4, 29), date(2026, 4, 30))
    ]
    assert names == ["Tỉnh Đồng Nai"] * 3 + ["Thành phố Đồng Nai"]
    hue = unit_id(registry, "H57")
    assert views(registry, [hue], on=date(2024, 12, 31))[hue].name_vi == "Tỉnh Thừa Thiên Huế"
    newest = registry.get_one(ReportingUnit, hue)
    assert (newest.name_vi, newest.valid_to) == ("Thành phố Huế", None)


def test_what_stands_under_a_province(registry: Session) -> None:
    """Communes and departments stand under the province, and all of it under the Government."""
    province, root = unit_id(registry, "H20"), unit_id(registry, "CP")
    assert len(subordinates(registry, province, on=TODAY)) == 18
    departments = subordinates(registry, province, on=TODAY, kinds=[UnitKind.DEPARTMENT])
    assert len(departments) == 8
    assert [unit.code for unit in departments] == sorted(unit.code for unit in departments)
    assert subordinates(registry, province, on=OLD) == ()
    below = subordinates(registry, root, on=TODAY, whole_subtree=True)
    assert len(below) == 34 + 28 + 54
    assert root not in {unit.id for unit in below}


def test_what_stands_above_a_commune(registry: Session) -> None:
    """The nearest comes first; nothing stands above the Government."""
    commune = unit_id(registry, "X05443")
    assert [unit.code for unit in ancestors(registry, commune, on=TODAY)] == ["H55", "CP"]
    assert ancestors(registry, unit_id(registry, "CP"), on=TODAY) == ()
    assert ancestors(registry, commune, on=OLD) == ()


def test_a_circle_written_by_hand_ends(registry: Session) -> None:
    """Even a store that someone has broken gives an answer."""
    root, province = unit_id(registry, "CP"), unit_id(registry, "H20")
    term = registry.scalars(select(UnitTerm).where(UnitTerm.unit_id == root)).one()
    term.parent_id = province
    registry.flush()
    assert [unit.code for unit in ancestors(registry, province, on=TODAY)] == ["CP", "H20"]
    assert len(subordinates(registry, root, on=TODAY, whole_subtree=True)) == 34 + 28 + 54 + 1


def test_a_list_comes_in_pages(registry: Session) -> None:
    """The next page begins after the last code of the page before."""
    pages, after = [], ""
    while page := list_units(registry, on=TODAY, kind=UnitKind.PROVINCE, after=after, limit=10):
        pages.append(len(page))
        after = page[-1].code
    assert pages == [10, 10, 10, 4]
    children = list_units(registry, on=TODAY, parent=unit_id(registry, "H17"), limit=None)
    assert len(children) == 18
    assert {child.parent_code for child in children} == {"H17"}


def test_a_merged_unit_knows_who_went_into_it(registry: Session) -> None:
    """Carry-over from Q2 to Q3/2025 takes in the predecessors; from Q3 to the next it does not."""
    unit = unit_id(registry, "H44")
    expected = tuple(
        Predecessor(unit_id(registry, code), NEW, LineageExtent.WHOLE) for code in ("H28", "H62")
    )
    q2, q3 = date(2025, 6, 14), date(2025, 9, 14)
    assert predecessors(registry, unit, on=q3, since=q2) == expected
    assert predecessors(registry, unit, on=TODAY) == expected
    assert predecessors(registry, unit, on=TODAY, since=q3) == ()
    assert predecessors(registry, unit, on=q2) == ()
    hanoi = unit_id(registry, "H26")
    assert predecessors_by_unit(registry, [unit, hanoi], on=q3) == {unit: expected, hanoi: ()}


def test_predecessors_of_predecessors_count_when_both_fall_inside(registry: Session) -> None:
    """Two mergers between two reports: the figures of the first body are not lost."""
    ids = [unit_id(registry, code) for code in ("H26", "H14", "H60")]
    for earlier, later, day in [(ids[0], ids[1], 1), (ids[1], ids[2], 2)]:
        registry.add(
            UnitLineage(
                predecessor_id=earlier,
                successor_id=later,
                on_date=date(2026, 3, day),
                kind=LineageKind.MERGE,
                extent=LineageExtent.PART,
                share_numerator=1,
                share_denominator=3,
            )
        )
    registry.flush()
    found = predecessors(registry, ids[2], on=TODAY, since=date(2026, 1, 1))
    assert [edge.unit_id for edge in found] == [ids[1], ids[0]]
    assert {edge.share for edge in found} == {(1, 3)}
