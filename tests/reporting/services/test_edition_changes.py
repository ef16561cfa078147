"""What changed between two editions: by unit, by cell, by cause; and it adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotFound
from reporting.models import Edition, ReportingUnit, UnitKind
from reporting.services.actors import of_unit
from reporting.services.change_record import CAUSES_IN_WORDS, Cause, CellChange, Changes
from reporting.services.edition_changes import changes_between
from reporting.services.key_mapping import map_key
from reporting.services.unit_choices import choose_unit
from tests.builders import IN_Q3, SYSTEM, a_unit, an_open_period, shipped_forms
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    PROVINCE_FORM,
    RETURN,
    WITHDRAW,
    Country,
    a_country,
    edition_of,
    report,
    settle,
)
from tests.reporting.services.receiving import counted_statements
from tests.reporting.services.test_lineage import own_report

HOURS = [IN_Q3 + timedelta(hours=number) for number in range(20)]


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def changes(session: Session, edition: Edition, since: Edition | None = None) -> Changes:
    """What changed since another edition, or since the one before."""
    return changes_between(
        session,
        actor=SYSTEM,
        catalogue=shipped_forms(),
        edition_id=edition.id,
        since=since.id if since is not None else None,
    )


def of(found: Changes, cell: str) -> CellChange:
    """What changed in one cell."""
    return next(one for one in found.cells if one.cell == cell)


def causes(found: Changes, cell: str) -> list[tuple[Cause, str, int]]:
    """Why a cell is not what it was."""
    return [(one.cause, one.unit_code, one.delta) for one in of(found, cell).causes]


def leave_out(session: Session, country: Country, unit: str, *, enters: bool, number: int) -> None:
    """Let H55 leave a commune out, or take it in again."""
    choose_unit(
        session, actor=SYSTEM, form=shipped_forms().latest(PROVINCE_FORM), period="2026-Q3",
        receiver=country.provinces["H55"], unit=country.communes[unit], enters=enters,
        reason="vì thử", catalogue=shipped_forms(), now=HOURS[number],
    )  # fmt: skip


def a_mapping(session: Session, text: str, number: int) -> None:
    """Let a text stand for land."""
    map_key(
        session, actor=SYSTEM, catalogue=shipped_forms(), code_list="linh_vuc", text=text,
        code="dat_dai", reason="là đất đai", now=HOURS[number],
    )  # fmt: skip


def test_late_arrivals_and_amendments_are_told_apart(session: Session, country: Country) -> None:
    """One unit came since, another sent again; each with its own delta, in rows and total."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    edition_of(session, h55)
    report(session, "X05501", 3, at=HOURS[1])
    report(session, "X05502", 2, at=HOURS[1])
    found = changes(session, edition_of(session, h55, at=HOURS[2]))
    assert [(one.cause, one.unit_code) for one in found.units] == [
        (Cause.AMENDMENT, "X05501"),
        (Cause.LATE_ARRIVAL, "X05502"),
    ]
    total = of(found, "a/total/c4")
    assert (total.old, total.new, total.delta_text) == ("120", "600", "480")
    assert causes(found, "a/total/c4") == [
        (Cause.AMENDMENT, "X05501", 240),
        (Cause.LATE_ARRIVAL, "X05502", 240),
    ]
    assert causes(found, "a/xa:dat_dai/c3") == [
        (Cause.AMENDMENT, "X05501", 286),
        (Cause.LATE_ARRIVAL, "X05502", 286),
    ]
    assert found.basis == []


def test_returned_withdrawn_left_out(session: Session, country: Country) -> None:
    """Three ways in which a report that was in is not any more, and the way back."""
    h55 = country.provinces["H55"]
    numbers = {unit: report(session, unit) for unit in ("X05501", "X05502")}
    edition_of(session, h55)
    told = []
    settle(session, RETURN, numbers["X05501"], at=HOURS[1])
    told.append(changes(session, edition_of(session, h55, at=HOURS[1])))
    report(session, "X05501", 2, at=HOURS[2])
    told.append(changes(session, edition_of(session, h55, at=HOURS[2])))
    settle(session, WITHDRAW, numbers["X05502"], at=HOURS[3])
    told.append(changes(session, edition_of(session, h55, at=HOURS[3])))
    leave_out(session, country, "X05501", enters=False, number=4)
    told.append(changes(session, edition_of(session, h55, at=HOURS[4])))
    leave_out(session, country, "X05501", enters=True, number=5)
    told.append(changes(session, edition_of(session, h55, at=HOURS[5])))
    assert [[one.cause for one in each.units] for each in told] == [
        [Cause.RETURN],
        [Cause.AMENDMENT],
        [Cause.WITHDRAWAL],
        [Cause.CHOICE],
        [Cause.CHOICE],
    ]
    assert [of(each, "a/total/c4").delta for each in told] == [-120, 240, -120, -240, 240]
    assert ("choice", "X05501") in [(one.what, one.name) for one in told[3].basis]


def test_a_mapping_moves_figures_from_row_to_row(session: Session, country: Country) -> None:
    """The total stays; one row lost what the other gained, and the mapping is named."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1, field="Việc lạ")
    edition_of(session, h55)
    a_mapping(session, "Việc lạ", 1)
    found = changes(session, edition_of(session, h55, at=HOURS[2]))
    assert causes(found, "a/xa:dat_dai/c4") == [(Cause.BASIS, "X05501", 120)]
    assert causes(found, "a/xa:việc lạ/c4") == [(Cause.BASIS, "X05501", -120)]
    assert "a/total/c4" not in {one.cell for one in found.cells}
    assert [(one.what, one.name, one.new) for one in found.basis] == [
        ("mapping", "việc lạ", "dat_dai")
    ]
    assert found.units == []


def test_a_report_in_the_place_of_an_estimate(session: Session, country: Country) -> None:
    """An edition began to stand in, another one did, and then the province's own report came."""
    report(session, "X05501", 1)
    edition_of(session, country.provinces["H55"])
    edition_of(session, country.centre, form=NATIONAL_FORM)
    made = []
    for number in (1, 2):
        at = HOURS[number]
        made.append(
            edition_of(session, country.centre, form=NATIONAL_FORM, at=at, with_estimates=True)
        )
        report(session, "X05502", number, at=at)
        edition_of(session, country.provinces["H55"], at=at)
    own_report(session, "H55", 5)
    made.append(edition_of(session, country.centre, form=NATIONAL_FORM, at=HOURS[3]))
    told = [causes(changes(session, one), "a/H55/c4") for one in made]
    assert told == [
        [(Cause.ESTIMATE, "H55", 120)],
        [(Cause.ESTIMATE, "H55", 120)],
        [(Cause.ESTIMATE_REPLACED, "H55", 360)],
    ]


def test_a_rename_changes_no_figure(session: Session, country: Country) -> None:
    """Where rows are units, the new name stands among what decides, with the old one."""
    own_report(session, "H55", 1)
    first = edition_of(session, country.centre, form=NATIONAL_FORM, at=HOURS[1])
    session.execute(
        update(ReportingUnit).where(ReportingUnit.code == "H55").values(name_vi="Tỉnh Mới")
    )
    session.expire_all()
    second = edition_of(session, country.centre, form=NATIONAL_FORM, at=HOURS[2])
    found = changes(session, second, since=first)
    assert found.cells == []
    assert [(one.what, one.name, one.new) for one in found.basis] == [("name", "H55", "Tỉnh Mới")]


def test_what_can_not_be_compared_is_said(session: Session, country: Country) -> None:
    """None before, one of another unit, a later one, one of before bases, one of someone else's."""
    report(session, "X05501")
    first = edition_of(session, country.provinces["H55"])
    other = edition_of(session, country.provinces["H01"])
    with pytest.raises(NotFound, match="earlier edition"):
        changes(session, first)
    with pytest.raises(NotFound, match="earlier edition"):
        changes(session, first, since=other)
    report(session, "X05502")
    later = edition_of(session, country.provinces["H55"])
    with pytest.raises(Conflict, match="Edition 1 is earlier than edition 2") as refused:
        changes(session, first, since=later)
    assert f"thay đổi của bản số {later.id} so với bản số {first.id}" in refused.value.vi
    stranger = of_unit("c", country.provinces["H01"].id)
    with pytest.raises(NotFound, match="no edition"):
        changes_between(session, actor=stranger, catalogue=shipped_forms(), edition_id=first.id)
    report(session, "X05502", at=HOURS[1])
    second = edition_of(session, country.provinces["H55"], at=HOURS[1])
    first.basis = None
    session.flush()
    with pytest.raises(Conflict, match="before its basis"):
        changes(session, second)


def test_every_cause_has_words() -> None:
    """In both languages."""
    assert set(CAUSES_IN_WORDS) == set(Cause)


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["send", "return", "withdraw", "leave out", "let in", "map"]),
        st.sampled_from(["X05501", "X05502"]),
        st.sampled_from(["Đất đai", "Hộ tịch", "Việc lạ"]),
        st.integers(0, 10**5),
    ),
    max_size=7,
)


def play(
    session: Session, country: Country, acts: list[tuple[str, str, str, int]], hour: int
) -> None:
    """Do what can be done of a story."""
    sent: dict[str, int] = {}
    doing: dict[str, Callable[[str, str, int], object]] = {
        "return": lambda unit, _f, _t: settle(session, RETURN, sent.pop(unit), at=HOURS[hour]),
        "withdraw": lambda unit, _f, _t: settle(session, WITHDRAW, sent.pop(unit), at=HOURS[hour]),
        "leave out": lambda unit, _f, _t: leave_out(
            session, country, unit, enters=False, number=hour
        ),
        "let in": lambda unit, _f, _t: leave_out(session, country, unit, enters=True, number=hour),
        "map": lambda _u, _f, _t: a_mapping(session, "Việc lạ", hour),
    }
    for act, unit, field, times in acts:
        if act == "send":
            sent[unit] = report(session, unit, times, at=HOURS[hour], field=field)
        elif act not in ("return", "withdraw") or unit in sent:
            doing[act](unit, field, times)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=_ACTS, since=_ACTS)
def test_the_deltas_of_causes_add_up_to_the_delta_of_every_cell(
    session: Session,
    country: Country,
    before: list[tuple[str, str, str, int]],
    since: list[tuple[str, str, str, int]],
) -> None:
    """Whatever befell the reports, and nothing is left unexplained."""
    with session.begin_nested() as savepoint:
        play(session, country, before, 1)
        first = edition_of(session, country.provinces["H55"], at=HOURS[2])
        play(session, country, since, 3)
        second = edition_of(session, country.provinces["H55"], at=HOURS[4])
        if second.id != first.id:
            found = changes(session, second, since=first)
            for one in found.cells:
                assert sum(each.delta for each in one.causes) == (one.delta or 0), one
                assert Cause.UNEXPLAINED not in {each.cause for each in one.causes}
                assert all(each.unit_code for each in one.causes)
        savepoint.rollback()


def test_changes_take_the_same_statements_for_one_and_for_many(
    session: Session, country: Country, engine: Engine
) -> None:
    """However many units are in, and however many changed."""
    above = a_unit(session, "H77", kind=UnitKind.PROVINCE, parent=country.centre)
    communes = [a_unit(session, f"X77{number:03d}", parent=above) for number in range(20)]
    an_open_period(session, units=communes)
    edition_of(session, above)
    counts = []
    for number, upto in enumerate((1, 20), 1):
        for unit in communes[:upto]:
            report(session, unit.code, 3 + number, at=HOURS[number])
        edition = edition_of(session, above, at=HOURS[number])
        with counted_statements(engine) as statements:
            found = changes(session, edition)
        assert len(found.units) == upto
        counts.append(len(statements))
    assert counts[0] == counts[1]
