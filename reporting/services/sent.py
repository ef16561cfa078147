"""What was sent: the revisions that an actor may see."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models import ReportingObligation, ReportingUnit, Submission
from reporting.services.actors import Act, Actor
from reporting.services.rights import may_do


def list_submissions(
    session: Session,
    *,
    actor: Actor,
    form_code: str = "",
    period: str = "",
    unit_code: str = "",
    after: int = 0,
    limit: int = 100,
) -> list[tuple[Submission, ReportingUnit]]:
    """Revisions that the actor may see, oldest first, from after a number on: one statement."""
    query = (
        select(Submission, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .join(ReportingObligation, ReportingObligation.id == Submission.obligation_id)
        .where(Submission.id > after, may_do(actor, Act.READ))
        .order_by(Submission.id)
        .limit(limit)
    )
    if form_code:
        query = query.where(Submission.form_code == form_code)
    if period:
        query = query.where(Submission.period == period)
    if unit_code:
        query = query.where(ReportingUnit.code == unit_code)
    return [(submission, unit) for submission, unit in session.execute(query)]
