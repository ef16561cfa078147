"""What a unit owes and what is owed to it: states, days, pages, counts; and what is next."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from forms.period import Window
from reporting.models import ReportingObligation, ReportingUnit, Stand, UnitKind
from reporting.services.coming import list_coming
from reporting.services.obligations import OwedForm, State, count_states, list_owed
from tests.builders import (
    LEAF_FORM,
    SYSTEM,
    ZONE,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import counted_statements, send

#: Due on 19/9 at 23:59:59; open since 15/6.
NOON = datetime(2026, 9, 19, 12, tzinfo=ZONE)


def owed(session: Session, unit: ReportingUnit, at: datetime = NOON, **more: Any) -> list[OwedForm]:
    """What a unit owes at an instant."""
    return list_owed(session, actor=SYSTEM, unit_id=unit.id, now=at, **more)


@pytest.fixture
def province(session: Session) -> ReportingUnit:
    """A province with three communes that owe II.06a for 2026-Q3."""
    unit = a_province(session)
    for code in ("X1", "X2", "X3"):
        a_unit(session, code, parent=unit)
    an_open_period(session)
    return unit


def _set(session: Session, code: str, **values: Any) -> ReportingUnit:
    unit = session.scalars(select(ReportingUnit).where(ReportingUnit.code == code)).one()
    line = session.scalars(
        select(ReportingObligation).where(ReportingObligation.unit_id == unit.id)
    ).one()
    for name, value in values.items():
        setattr(line, name, value)
    session.flush()
    return unit


@pytest.mark.parametrize(
    ("values", "at", "state", "days"),
    [
        ({}, NOON, "due", 0),
        ({}, NOON - timedelta(days=5), "due", 5),
        ({}, NOON + timedelta(hours=11, minutes=59, seconds=59), "due", 0),
        ({}, NOON + timedelta(hours=12), "overdue", -1),
        ({}, datetime(2026, 6, 14, 23, 59, tzinfo=ZONE), "not_open", 97),
        ({"suspended_at": NOON}, NOON + timedelta(days=3), "suspended", -3),
        ({"stand": Stand.WAIVED}, NOON + timedelta(days=3), "waived", -3),
        ({"stand": Stand.RETURNED}, NOON, "returned", 0),
        ({"stand": Stand.ON_TIME}, NOON + timedelta(days=3), "done", -3),
        ({"stand": Stand.LATE, "suspended_at": NOON}, NOON, "done", 0),
    ],
)
def test_every_state_at_its_instant(
    session: Session,
    province: ReportingUnit,
    values: dict[str, Any],
    at: datetime,
    state: str,
    days: int,
) -> None:
    """The last second of the due day is in time; days are those of the calendar in Hà Nội."""
    (line,) = owed(session, _set(session, "X1", **values), at)
    assert (line.state, line.days_left(at, ZONE)) == (state, days)
    assert owed(session, province, at, of_subordinates=True, states=[State(state)])
    other = [one for one in State if one is not line.state]
    unit = _set(session, "X1")
    assert owed(session, unit, at, states=other) == []


def test_a_line_says_it_all(session: Session, province: ReportingUnit) -> None:
    """Its window, and that it is due on another day than declared."""
    unit = _set(session, "X1", due_at=NOON + timedelta(days=10))
    (line,) = owed(session, unit)
    assert line.window == Window(date(2026, 6, 15), date(2026, 9, 14))
    assert (line.is_extended, line.days_left(NOON, ZONE)) == (True, 10)
    (other,) = owed(session, _set(session, "X2"))
    assert not other.is_extended
    assert (line.unit_code, line.unit_name) == ("X1", "Đơn vị X1")
    assert province.code == "H55"


def test_pages_follow_one_another_without_gap_or_repetition(
    session: Session, province: ReportingUnit
) -> None:
    """Lines that are due at one instant are parted by a page as well."""
    _set(session, "X1", due_at=NOON + timedelta(days=10))
    whole = owed(session, province, of_subordinates=True)
    assert [line.unit_code for line in whole] == ["X2", "X3", "X1"]
    paged: list[OwedForm] = []
    while page := owed(
        session,
        province,
        of_subordinates=True,
        after=paged[-1].id if paged else 0,
        limit=1,
    ):
        paged += page
    assert paged == whole


def test_what_is_owed_to_a_unit_is_counted_by_state(
    session: Session, engine: Engine, province: ReportingUnit
) -> None:
    """In one statement however many units there are."""
    send(session, a_return("X1"))
    _set(session, "X2", stand=Stand.WAIVED)
    with counted_statements(engine) as statements:
        counts = count_states(
            session, actor=SYSTEM, unit_id=province.id, now=NOON, of_subordinates=True
        )
    assert len(statements) == 1
    assert counts == {State.DUE: 1, State.DONE: 1, State.WAIVED: 1}


def test_what_is_next_comes_from_regimes_and_calendar(
    session: Session, engine: Engine, province: ReportingUnit
) -> None:
    """A commune sees its coming periods; its province how many units below will owe each."""

    def coming(of: ReportingUnit, *, below: bool) -> dict[tuple[str, str], int]:
        lines = list_coming(
            session,
            unit=of,
            of_subordinates=below,
            catalogue=shipped_forms(),
            zone=ZONE,
            now=NOON,
        )
        assert [line.opens_at for line in lines] == sorted(line.opens_at for line in lines)
        return {(line.form_code, line.period): line.units for line in lines}

    commune = _set(session, "X1")
    own = coming(commune, below=False)
    assert own[LEAF_FORM, "2026"] == 1
    # Opened by hand already, so that it is owed and not next.
    assert (LEAF_FORM, "2026-Q3") not in own
    with counted_statements(engine) as statements:
        below = coming(province, below=True)
    assert below[LEAF_FORM, "2026"] == 3
    for code in ("X4", "X5"):
        a_unit(session, code, parent=province)
    with counted_statements(engine) as more:
        below = coming(province, below=True)
    assert (len(more), below[LEAF_FORM, "2026"]) == (len(statements), 5)
    # Two came after the period was opened, and would be added when the clock opens it.
    assert below[LEAF_FORM, "2026-Q3"] == 2
    ended = a_unit(session, "X9", parent=province, valid_to=date(2026, 10, 1))
    assert (LEAF_FORM, "2026") not in coming(ended, below=False)
    ministry = a_unit(session, "G01", kind=UnitKind.MINISTRY)
    assert LEAF_FORM not in {form for form, _ in coming(ministry, below=False)}
