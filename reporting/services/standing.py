"""How a period stands: what is open, how much of it has come in, and who is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from reporting.models import ReportingObligation, ReportingUnit, Stand, Submission
from reporting.services.actors import Act, Actor
from reporting.services.rights import may_do


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """One form of one period: how many reports are expected and how many are there."""

    form_code: str
    form_version: int
    period: str
    opens_at: datetime
    first_due_at: datetime
    last_due_at: datetime
    on_time: int
    late: int
    not_in: int
    returned: int

    @property
    def expected(self) -> int:
        """How many are owed; who was waived is not."""
        return self.received + self.missing

    @property
    def received(self) -> int:
        """How many are there, also by other means."""
        return self.on_time + self.late

    @property
    def missing(self) -> int:
        """How many have not come in, or were sent back."""
        return self.not_in + self.returned


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit and what has come of its obligation."""

    unit_code: str
    unit_name: str
    due_at: datetime
    stand: Stand
    submission_id: int | None
    received_at: datetime | None


def list_periods(
    session: Session, *, actor: Actor, form_code: str = "", period: str = ""
) -> list[PeriodLine]:
    """Every form and period with obligations that the actor may see: one statement."""
    query = (
        select(
            ReportingObligation.form_code,
            func.max(ReportingObligation.form_version),
            ReportingObligation.period,
            func.min(ReportingObligation.opens_at),
            func.min(ReportingObligation.due_at),
            func.max(ReportingObligation.due_at),
            *map(_how_many, (Stand.ON_TIME, Stand.LATE, Stand.MISSING, Stand.RETURNED)),
        )
        .where(may_do(actor, Act.READ))
        .group_by(ReportingObligation.form_code, ReportingObligation.period)
        .order_by(ReportingObligation.period.desc(), ReportingObligation.form_code)
    )
    if form_code:
        query = query.where(ReportingObligation.form_code == form_code)
    if period:
        query = query.where(ReportingObligation.period == period)
    return [PeriodLine(*tuple(row)) for row in session.execute(query)]


def list_standing(session: Session, *, actor: Actor, form_code: str, period: str) -> list[UnitLine]:
    """Every unit that owes a form for a period, the missing ones first: one statement."""
    query = (
        select(
            ReportingUnit.code,
            ReportingUnit.name_vi,
            ReportingObligation.due_at,
            ReportingObligation.stand,
            Submission.id,
            Submission.received_at,
        )
        .select_from(ReportingObligation)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .outerjoin(Submission, Submission.id == ReportingObligation.in_force_id)
        .where(
            ReportingObligation.form_code == form_code,
            ReportingObligation.period == period,
            may_do(actor, Act.READ),
        )
    )
    lines = [UnitLine(*row) for row in session.execute(query)]
    order = (Stand.MISSING, Stand.RETURNED, Stand.LATE, Stand.ON_TIME, Stand.WAIVED)
    return sorted(lines, key=lambda line: (order.index(line.stand), line.unit_code))


def _how_many(stand: Stand) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((ReportingObligation.stand == stand, 1), else_=0)), 0)
