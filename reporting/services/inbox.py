"""What has been received and waits to be accepted or returned, for the one who receives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.issues import Issue
from reporting.models import ReportingObligation, ReportingUnit, Submission, SubmissionStatus
from reporting.services.acceptance import tag_of_submission
from reporting.services.actors import Act, Actor
from reporting.services.cross_checks import outcomes_of
from reporting.services.explanations import explanations_of, open_among, unexplained
from reporting.services.receipts import receipt_number
from reporting.services.rights import may_do


@dataclass(frozen=True, slots=True)
class Waiting:
    """One report that waits; `standing` is what keeps it from being accepted."""

    submission: Submission
    owed: ReportingObligation
    unit: ReportingUnit
    standing: Sequence[Issue]
    explained: int

    @property
    def number(self) -> str:
        """The number on its receipt."""
        return receipt_number(self.submission.id, self.submission.received_at)

    @property
    def tag(self) -> str:
        """What names it as it stands now."""
        return tag_of_submission(self.submission, is_in_force=True)


def list_waiting(
    session: Session,
    *,
    actor: Actor,
    period: str = "",
    form_code: str = "",
    after: int = 0,
    limit: int = 100,
) -> list[Waiting]:
    """Reports in force that wait to be accepted by the actor, oldest first: three statements."""
    query = (
        select(Submission, ReportingObligation, ReportingUnit)
        .join(ReportingObligation, ReportingObligation.in_force_id == Submission.id)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .where(
            Submission.status == SubmissionStatus.RECEIVED,
            Submission.id > after,
            may_do(actor, Act.RECEIVE),
        )
        .order_by(Submission.id)
        .limit(limit)
    )
    if period:
        query = query.where(Submission.period == period)
    if form_code:
        query = query.where(Submission.form_code == form_code)
    rows = session.execute(query).all()
    ids = [submission.id for submission, _, _ in rows]
    said, checks = explanations_of(session, ids), outcomes_of(session, ids)
    found = []
    for submission, owed, unit in rows:
        words = said.get(submission.id, [])
        issues = open_among(submission, checks.get(submission.id, []))
        standing = unexplained(issues, (one.warned for one in words))
        found.append(Waiting(submission, owed, unit, standing, len(words)))
    return found
