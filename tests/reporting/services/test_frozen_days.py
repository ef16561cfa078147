"""What was frozen when a period opened stays, whatever is edited while it is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from forms.regime import Roll
from forms.working_days import DayChange
from reporting.models import JobAction, ReportingObligation, ReportingUnit
from reporting.services.calendar import change_day
from reporting.services.periods import open_regime_period
from tests.builders import LEAF_FORM, Q3, SYSTEM, ZONE, a_province, a_unit, shipped_forms
from tests.reporting.services.towers import Tower, at

MONDAY, TUESDAY = (datetime(2026, 9, day, 23, 59, 59, tzinfo=ZONE) for day in (21, 22))


def days_of(session: Session) -> dict[str, tuple[datetime, datetime]]:
    """The due instants, declared and holding, of every unit for the form and period."""
    owed = ReportingObligation
    rows = session.execute(
        select(ReportingUnit.code, owed.declared_due_at, owed.due_at)
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .where(owed.form_code == LEAF_FORM, owed.period == Q3.code)
    )
    return {code: (declared, due) for code, declared, due in rows}


def marks(session: Session) -> set[str]:
    """For which instants a late mark stands in the ledger."""
    query = select(JobAction.occurrence).where(
        JobAction.action == "mark_late",
        JobAction.form_code == LEAF_FORM,
        JobAction.period == Q3.code,
    )
    return {occurrence[:10] for occurrence in session.scalars(query)}


def test_an_edit_of_the_calendar_leaves_frozen_days_alone(
    session: Session, session_factory: sessionmaker[Session]
) -> None:
    """19/9/2026 rolls to Monday; Monday is then made free: only who comes to owe later has Tuesday.

    Neither ringing nor opening the period again moves what was frozen.
    """
    forms = shipped_forms()
    rolling = replace(forms.regime("TT01-II"), roll=Roll.NEXT_WORKING_DAY)
    forms = replace(forms, regimes={**forms.regimes, "TT01-II": rolling})
    province = a_province(session)
    a_unit(session, "X1", parent=province)
    session.commit()
    tower = Tower(session_factory)
    tower.bell = replace(tower.bell, catalogue=forms)
    tower.ring(at(16, month=6))
    assert (days_of(session), marks(session)) == ({"X1": (MONDAY, MONDAY)}, {"2026-09-21"})
    free = DayChange(is_working=False, name="Nghỉ bù")
    change_day(session, actor=SYSTEM, day=date(2026, 9, 21), change=free, now=at(1))
    a_unit(session, "X2", parent=province)
    session.commit()
    tower.ring(at(1))
    open_regime_period(
        session,
        actor=SYSTEM,
        forms=[forms.latest(LEAF_FORM)],
        catalogue=forms,
        period=Q3,
        zone=ZONE,
        now=at(2),
    )
    assert days_of(session) == {"X1": (MONDAY, MONDAY), "X2": (TUESDAY, TUESDAY)}
    assert marks(session) == {"2026-09-21", "2026-09-22"}
