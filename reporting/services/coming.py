"""What is next: the periods that a unit, or those below it, will owe once they are opened.

Worked out from regimes and calendar as they are now; frozen only when the period opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.period import Window
from reporting.models import ReportingObligation, ReportingUnit, UnitTerm
from reporting.services.opening import end_of_day
from reporting.services.planning import HORIZON, PlannedOpening, planned_openings


@dataclass(frozen=True, slots=True)
class Coming:
    """One form of one period that is not open yet, for so many units with the same due day."""

    form_code: str
    period: str
    window: Window
    opens_at: datetime
    due_at: datetime
    units: int


def list_coming(
    session: Session,
    *,
    unit: ReportingUnit,
    of_subordinates: bool = False,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    span: timedelta = HORIZON,
) -> list[Coming]:
    """What opens within a span for a unit, or for the units below it, the soonest first.

    Units are counted as they stand today. A few statements, however many units there are.
    """
    planned = planned_openings(session, catalogue=catalogue, zone=zone, now=now, until=now + span)
    today = now.astimezone(zone).date()
    kinds = _subordinate_kinds(session, unit.id, today) if of_subordinates else {str(unit.kind): 1}
    opened = _opened(session, unit.id, of_subordinates=of_subordinates, since=now)
    lines: list[Coming] = []
    for one in planned:
        by_due: dict[date, int] = {}
        for kind in one.form.reporter_kinds:
            left = kinds.get(kind, 0) - opened.get((one.form.code, one.period.code, kind), 0)
            if left > 0 and (of_subordinates or unit.is_valid(one.days.window.last)):
                by_due[one.days.due[kind]] = by_due.get(one.days.due[kind], 0) + left
        lines += [_line(one, due, units, zone) for due, units in sorted(by_due.items())]
    ahead = [line for line in lines if line.due_at >= now]
    return sorted(ahead, key=lambda line: (line.opens_at, line.due_at, line.form_code))


def _line(one: PlannedOpening, due: date, units: int, zone: ZoneInfo) -> Coming:
    due_at = end_of_day(due, zone)
    return Coming(one.form.code, one.period.code, one.days.window, one.opens_at, due_at, units)


def _subordinate_kinds(session: Session, unit_id: int, on: date) -> Mapping[str, int]:
    query = (
        select(ReportingUnit.kind, func.count())
        .join(UnitTerm, UnitTerm.unit_id == ReportingUnit.id)
        .where(
            UnitTerm.parent_id == unit_id,
            UnitTerm.valid_from <= on,
            or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= on),
        )
        .group_by(ReportingUnit.kind)
    )
    return {str(kind): count for kind, count in session.execute(query)}


def _opened(
    session: Session, unit_id: int, *, of_subordinates: bool, since: datetime
) -> Mapping[tuple[str, str, str], int]:
    """What was opened by hand already, which the ledger does not know, by form, period, kind."""
    owed = ReportingObligation
    query = (
        select(owed.form_code, owed.period, ReportingUnit.kind, func.count())
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .where(
            (owed.receiver_id if of_subordinates else owed.unit_id) == unit_id,
            owed.declared_due_at >= since,
        )
        .group_by(owed.form_code, owed.period, ReportingUnit.kind)
    )
    return {
        (form, period, str(kind)): count for form, period, kind, count in session.execute(query)
    }
