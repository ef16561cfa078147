"""Editions on the map of another day: sums of what was reported, and nothing stored is changed."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import (
    Base,
    Edition,
    LineageExtent,
    ReportingObligation,
    ReportingUnit,
    UnitKind,
    UnitLineage,
)
from reporting.services.actors import Act, Actor, Grant
from reporting.services.rebuilding import rebuild_editions
from reporting.services.restating import Restated, restate
from tests.builders import IN_Q3, SYSTEM, a_return, a_unit, shipped_forms
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    Country,
    a_country,
    cells,
    edition_of,
    report,
)
from tests.reporting.services.mergers import became, ends
from tests.reporting.services.receiving import counted_statements, send

OCTOBER, TODAY = date(2026, 10, 1), date(2026, 10, 2)
LATER = IN_Q3 + timedelta(hours=1)


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def seen(
    session: Session, edition: Edition, *, on: date = TODAY, unit: str = "", actor: Actor = SYSTEM
) -> Restated:
    """An edition on the map of a day."""
    return restate(
        session,
        actor=actor,
        catalogue=shipped_forms(),
        edition_id=edition.id,
        on=on,
        unit=unit,
    )


def c4(found: Restated) -> dict[str, str]:
    """The fourth column by row, with its total."""
    table = json.loads(found.canonical)["tables"]["a"]
    rows = {row["key"]: row["cells"]["c4"] for row in table["rows"]}
    return rows | {"total": table["total"]["c4"]}


def provinces_report(session: Session) -> None:
    """Both provinces send II.06c: 240 and 360 in the fourth column."""
    for unit, times in (("H01", 2), ("H55", 3)):
        sent = a_return(unit, form="II.06c/VPCP/KSTT", rows={"Đất đai": cells(times)})
        sent["tables"]["a"]["rows"][0]["section"] = "tinh"
        assert send(session, sent).verdict == "received"


def merge(session: Session, country: Country) -> None:
    """H55 goes into H01, which keeps its code."""
    ends(session, country.provinces["H55"], before=OCTOBER)
    became(session, country.provinces["H55"], country.provinces["H01"], on=OCTOBER)


def test_rows_of_merged_provinces_are_one_row_and_the_total_stays(
    session: Session, country: Country
) -> None:
    """As reported two rows, restated one; on the day before the merger it is as reported."""
    provinces_report(session)
    edition = edition_of(session, country.centre, form=NATIONAL_FORM)
    merge(session, country)
    assert c4(seen(session, edition)) == {"H01": "600", "total": "600"}
    before = seen(session, edition, on=date(2026, 9, 30))
    assert c4(before) == {"H01": "240", "H55": "360", "total": "600"}
    assert (before.canonical, before.sha256) == (edition.canonical, edition.sha256)


def test_the_report_of_a_new_province_is_the_sum_of_its_predecessors(
    session: Session, country: Country
) -> None:
    """II.06c of two provinces and the one that they became, asked for from either side."""
    report(session, "X00101", 1)
    report(session, "X05501", 2)
    report(session, "X05502", 4, field="Nghề cá")
    editions = [edition_of(session, country.provinces[code]) for code in ("H01", "H55")]
    new = a_unit(session, "N1", kind=UnitKind.PROVINCE, parent=country.centre, valid_from=OCTOBER)
    for old in country.provinces.values():
        ends(session, old, before=OCTOBER)
        became(session, old, new, on=OCTOBER)
    found = [seen(session, edition) for edition in editions]
    assert c4(found[0]) == {"dat_dai": "360", "nghề cá": "480", "total": "840"}
    assert found[0].canonical == found[1].canonical
    assert (found[0].sources.unit_code, found[0].unit_name) == ("N1", "Đơn vị N1")
    used = [(one.unit_code, one.edition.id) for one in found[0].sources.contributors]
    assert used == [("H01", editions[0].id), ("H55", editions[1].id)]


def test_a_predecessor_without_an_edition_is_named(session: Session, country: Country) -> None:
    """The sum is of those that are there, and says who is not."""
    report(session, "X00101", 1)
    edition = edition_of(session, country.provinces["H01"])
    merge(session, country)
    found = seen(session, edition)
    assert (c4(found)["total"], found.sources.without) == ("120", ["H55"])


def test_the_newest_edition_of_the_others_counts(session: Session, country: Country) -> None:
    """Of the unit that is asked for it is the very edition; of its companions the last."""
    report(session, "X00101", 1)
    report(session, "X05501", 1)
    first = edition_of(session, country.provinces["H01"])
    edition_of(session, country.provinces["H55"])
    report(session, "X00102", 5, at=LATER)
    report(session, "X05502", 1, at=LATER)
    for code in ("H01", "H55"):
        edition_of(session, country.provinces[code], at=LATER)
    merge(session, country)
    assert c4(seen(session, first))["total"] == "360"


def test_one_into_two_is_refused_until_shares_are_declared(
    session: Session, country: Country
) -> None:
    """Without shares a sentence names the unit; with them its rows are estimates that add up."""
    provinces_report(session)
    edition = edition_of(session, country.centre, form=NATIONAL_FORM)
    old = country.provinces["H55"]
    parts = [
        a_unit(session, code, kind=UnitKind.PROVINCE, parent=country.centre, valid_from=OCTOBER)
        for code in ("N1", "N2")
    ]
    ends(session, old, before=OCTOBER)
    for part in parts:
        became(session, old, part, on=OCTOBER, extent=LineageExtent.PART)
    with pytest.raises(Conflict, match="The figures of H55 would be divided among N1, N2") as said:
        seen(session, edition)
    assert "Số liệu của H55 phải chia cho N1, N2" in said.value.vi
    declare(session, {"N1": (1, 7), "N2": (5, 7)})
    with pytest.raises(Conflict, match="add to 6/7 and must add to 1"):
        seen(session, edition)
    declare(session, {"N1": (2, 7)})
    found = seen(session, edition)
    assert c4(found) == {"H01": "240", "N1": "103", "N2": "257", "total": "600"}
    assert found.estimated == {"a": {"N1", "N2"}}


def declare(session: Session, shares: dict[str, tuple[int, int]]) -> None:
    """Say which share of its predecessor a unit has."""
    for code, (top, bottom) in shares.items():
        unit = session.scalars(select(ReportingUnit.id).where(ReportingUnit.code == code)).one()
        session.execute(
            update(UnitLineage)
            .where(UnitLineage.successor_id == unit)
            .values(share_numerator=top, share_denominator=bottom)
        )
    session.expire_all()


def test_a_part_of_a_province_is_asked_for_by_name(session: Session, country: Country) -> None:
    """A third of H55 went to H01: each of the two is a report of its own, and they add up."""
    report(session, "X00101", 1)
    report(session, "X05501", 2)
    for code in ("H01", "H55"):
        edition = edition_of(session, country.provinces[code])
    became(session, country.provinces["H55"], country.provinces["H01"], on=OCTOBER, share=(1, 3))
    with pytest.raises(Conflict, match="is H01, H55. Name one"):
        seen(session, edition)
    with pytest.raises(Conflict, match="Name one"):
        seen(session, edition, unit="H99")
    found = {code: seen(session, edition, unit=code) for code in ("H01", "H55")}
    assert {code: c4(one)["total"] for code, one in found.items()} == {"H01": "200", "H55": "160"}
    assert found["H55"].estimated == {"a": {"xa:dat_dai"}}


def test_a_report_that_the_successor_has_already_is_not_counted_twice(
    session: Session, country: Country
) -> None:
    """What was owed to the old province is owed to the new one: its edition has it."""
    report(session, "X00101", 1)
    report(session, "X05501", 2)
    old = edition_of(session, country.provinces["H55"])
    merge(session, country)
    session.execute(
        update(ReportingObligation)
        .where(ReportingObligation.receiver_id == country.provinces["H55"].id)
        .values(receiver_id=country.provinces["H01"].id)
    )
    new = edition_of(session, country.provinces["H01"], at=LATER)
    found = seen(session, new)
    assert (c4(found)["total"], found.sources.taken_over) == ("360", ["H55"])
    assert seen(session, old).canonical == found.canonical


def test_a_report_that_is_half_taken_over_is_refused(session: Session, country: Country) -> None:
    """One commune of two is in both editions: neither sum nor choice would be right."""
    report(session, "X05501", 1)
    report(session, "X05502", 2)
    edition_of(session, country.provinces["H55"])
    merge(session, country)
    session.execute(
        update(ReportingObligation)
        .where(ReportingObligation.unit_id == country.communes["X05501"].id)
        .values(receiver_id=country.provinces["H01"].id)
    )
    new = edition_of(session, country.provinces["H01"], at=LATER)
    with pytest.raises(Conflict, match="would be counted twice"):
        seen(session, new)


def test_what_was_merged_cannot_be_taken_apart(session: Session, country: Country) -> None:
    """On the map of before, the figures of H01 would be those of H01 and H55."""
    provinces_report(session)
    became(session, country.provinces["H55"], country.provinces["H01"], on=date(2026, 1, 1))
    edition = edition_of(session, country.centre, form=NATIONAL_FORM)
    with pytest.raises(Conflict, match="figures of H01 would be divided among H01, H55"):
        seen(session, edition, on=date(2025, 12, 31))


def test_a_unit_that_ended_without_a_successor_keeps_its_row(
    session: Session, country: Country
) -> None:
    """Its figures are in the total, and it is named."""
    provinces_report(session)
    edition = edition_of(session, country.centre, form=NATIONAL_FORM)
    ends(session, country.provinces["H55"], before=OCTOBER)
    found = seen(session, edition)
    assert c4(found) == {"H01": "240", "H55": "360", "total": "600"}
    assert found.gone == ["H55"]


def test_nobody_sees_more_restated_than_reported(session: Session, country: Country) -> None:
    """Who reads the old province does not read the new one; of another's edition there is none."""
    report(session, "X05501", 1)
    report(session, "X00101", 1)
    edition_of(session, country.provinces["H01"])
    edition = edition_of(session, country.provinces["H55"])
    merge(session, country)

    def reader(code: str) -> Actor:
        grant = Grant(acts=frozenset({Act.READ}), unit_id=country.provinces[code].id)
        return Actor(name="x", grants=(grant,), today=TODAY)

    with pytest.raises(NotAllowed):
        seen(session, edition, actor=reader("H55"))
    assert c4(seen(session, edition, actor=reader("H01")))["total"] == "240"
    with pytest.raises(NotFound):
        seen(session, edition, actor=Actor(name="x", today=TODAY))


def _stored(session: Session) -> dict[str, list[object]]:
    """All that is stored, but for the registry of units."""
    registry = {"reporting_unit", "unit_term", "unit_lineage", "unit_identifier"}
    return {
        table.name: [tuple(row) for row in session.execute(select(table))]
        for table in Base.metadata.sorted_tables
        if table.name not in registry
    }


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE"), st.integers(1, 3)).filter(
            lambda edge: edge[0] < edge[1]
        ),
        unique_by=lambda edge: edge[:2],
        max_size=6,
    )
)
def test_adding_edges_changes_no_stored_value(
    session: Session, edges: list[tuple[str, str, int]]
) -> None:
    """Submissions, editions and all else are the same to the byte; every edition is made again."""
    with session.begin_nested() as undone:
        country = a_country(session)
        report(session, "X00101", 1)
        report(session, "X05501", 2)
        for unit in country.provinces.values():
            edition_of(session, unit)
        edition = edition_of(session, country.centre, form=NATIONAL_FORM)
        units = dict(zip("ABCDE", country.communes.values(), strict=True))
        before = _stored(session)
        for old, new, share in edges:
            became(session, units[old], units[new], on=OCTOBER, share=(share, 20))
        became(session, country.provinces["H55"], country.provinces["H01"], on=OCTOBER)
        seen(session, edition)
        made = list(rebuild_editions(session, actor=SYSTEM, catalogue=shipped_forms()))
        assert [one.faults for one in made] == [()] * 3
        assert _stored(session) == before
        undone.rollback()


def test_statements_do_not_grow_with_units(session: Session, country: Country) -> None:
    """One province or two with rows in the edition: the same number of statements."""
    provinces_report(session)
    edition = edition_of(session, country.centre, form=NATIONAL_FORM)
    session.expire_all()
    with counted_statements(session.get_bind().engine) as one:
        seen(session, edition)
    merge(session, country)
    session.expire_all()
    with counted_statements(session.get_bind().engine) as two:
        seen(session, edition)
    assert len(two) == len(one)
