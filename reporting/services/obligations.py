"""What a unit owes: which form for which period, by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models import ReportingObligation, ReportingUnit, Stand


@dataclass(frozen=True, slots=True)
class OwedForm:
    """One line of what a unit owes."""

    id: int
    form_code: str
    form_version: int
    period: str
    opens_at: datetime
    due_at: datetime
    is_received: bool
    declared_due_at: datetime
    closes_at: datetime | None
    suspended_at: datetime | None
    stand: Stand
    unit_code: str
    unit_name: str

    def state(self, now: datetime) -> str:
        """In one word: done, returned, waived, suspended, not_open, due or overdue."""
        if self.stand in (Stand.ON_TIME, Stand.LATE):
            return "done"
        if self.stand in (Stand.RETURNED, Stand.WAIVED):
            return self.stand.value
        if self.suspended_at is not None:
            return "suspended"
        if now < self.opens_at:
            return "not_open"
        return "overdue" if now > self.due_at else "due"


def list_owed(
    session: Session,
    *,
    unit_id: int,
    of_subordinates: bool = False,
    form_code: str = "",
    period: str = "",
    limit: int = 500,
) -> list[OwedForm]:
    """What a unit owes, or what is owed to it, the soonest due first: one statement.

    Of one form or period only, where one is named.
    """
    owed = ReportingObligation
    query = (
        select(owed, ReportingUnit.code, ReportingUnit.name_vi)
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .where((owed.receiver_id if of_subordinates else owed.unit_id) == unit_id)
        .order_by(owed.due_at, owed.form_code, owed.id)
        .limit(limit)
    )
    if form_code:
        query = query.where(owed.form_code == form_code)
    if period:
        query = query.where(owed.period == period)
    return [
        OwedForm(
            row.id,
            row.form_code,
            row.form_version,
            row.period,
            row.opens_at,
            row.due_at,
            row.in_force_id is not None,
            row.declared_due_at,
            row.closes_at,
            row.suspended_at,
            row.stand,
            code,
            name,
        )
        for row, code, name in session.execute(query)
    ]
