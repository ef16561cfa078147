"""How a period stands: what is open, how much of it has come in, and who is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from reporting.models import ReportingObligation, ReportingUnit, Stand, Submission, SubmissionStatus
from reporting.services.actors import Actor

_COUNTS = (SubmissionStatus.RECEIVED, SubmissionStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """One form of one period: how many reports are expected and how many are there."""

    form_code: str
    form_version: int
    period: str
    opens_at: datetime
    first_due_at: datetime
    last_due_at: datetime
    expected: int
    received: int
    on_time: int

    @property
    def missing(self) -> int:
        """How many have not come in, or were sent back."""
        return self.expected - self.received

    @property
    def late(self) -> int:
        """How many came in after they were due."""
        return self.received - self.on_time


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
    counts = Submission.status.in_(_COUNTS)
    query = (
        select(
            ReportingObligation.form_code,
            func.max(ReportingObligation.form_version),
            ReportingObligation.period,
            func.min(ReportingObligation.opens_at),
            func.min(ReportingObligation.due_at),
            func.max(ReportingObligation.due_at),
            func.count(),
            _how_many(counts),
            _how_many(and_(counts, Submission.is_on_time)),
        )
        .select_from(ReportingObligation)
        .outerjoin(Submission, Submission.id == ReportingObligation.in_force_id)
        .where(_is_seen_by(actor))
        .group_by(ReportingObligation.form_code, ReportingObligation.period)
        .order_by(ReportingObligation.period.desc(), ReportingObligation.form_code)
    )
    if form_code:
        query = query.where(ReportingObligation.form_code == form_code)
    if period:
        query = query.where(ReportingObligation.period == period)
    return [PeriodLine(*row) for row in session.execute(query)]


def list_standing(session: Session, *, actor: Actor, form_code: str, period: str) -> list[UnitLine]:
    """Every unit that owes a form for a period, the missing ones first: one statement."""
    query = (
        select(
            ReportingUnit.code,
            ReportingUnit.name_vi,
            ReportingObligation.due_at,
            Submission.status,
            Submission.is_on_time,
            Submission.id,
            Submission.received_at,
        )
        .select_from(ReportingObligation)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .outerjoin(Submission, Submission.id == ReportingObligation.in_force_id)
        .where(
            ReportingObligation.form_code == form_code,
            ReportingObligation.period == period,
            _is_seen_by(actor),
        )
    )
    lines = [
        UnitLine(code, name, due_at, _stand(status, is_on_time), number, received_at)
        for code, name, due_at, status, is_on_time, number, received_at in session.execute(query)
    ]
    order = (Stand.MISSING, Stand.RETURNED, Stand.LATE, Stand.ON_TIME)
    return sorted(lines, key=lambda line: (order.index(line.stand), line.unit_code))


def _stand(status: SubmissionStatus | None, is_on_time: bool | None) -> Stand:
    if status is None:
        return Stand.MISSING
    if status not in _COUNTS:
        return Stand.RETURNED
    return Stand.ON_TIME if is_on_time else Stand.LATE


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _is_seen_by(actor: Actor) -> ColumnElement[bool]:
    if actor.unit_id is None:
        return true()
    return or_(
        ReportingObligation.unit_id == actor.unit_id,
        ReportingObligation.receiver_id == actor.unit_id,
    )
