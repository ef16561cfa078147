"""What a unit owes: which form for which period, by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models import ReportingObligation


@dataclass(frozen=True, slots=True)
class OwedForm:
    """One line of what a unit owes."""

    form_code: str
    form_version: int
    period: str
    opens_at: datetime
    due_at: datetime
    is_received: bool


def list_owed(
    session: Session, *, unit_id: int, form_code: str = "", period: str = ""
) -> list[OwedForm]:
    """What a unit owes, the soonest due first; of one form or period only, where one is named."""
    query = (
        select(ReportingObligation)
        .where(ReportingObligation.unit_id == unit_id)
        .order_by(ReportingObligation.due_at, ReportingObligation.form_code)
        .limit(500)
    )
    if form_code:
        query = query.where(ReportingObligation.form_code == form_code)
    if period:
        query = query.where(ReportingObligation.period == period)
    return [
        OwedForm(
            row.form_code,
            row.form_version,
            row.period,
            row.opens_at,
            row.due_at,
            row.in_force_id is not None,
        )
        for row in session.scalars(query)
    ]
