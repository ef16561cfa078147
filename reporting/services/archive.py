"""Revisions as they are kept: one of them whole, with its file and what came of it.

A revision that the actor may not see is answered like one that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from reporting.errors import NotFound
from reporting.models import CrossCheck, ReportingObligation, ReportingUnit, Submission
from reporting.services.actors import Act, Actor
from reporting.services.cross_checks import outcomes_of
from reporting.services.downloads import NamedFile
from reporting.services.rights import may_do


@dataclass(frozen=True, slots=True)
class Kept:
    """One revision with the unit that sent it and the obligation that it fulfils."""

    submission: Submission
    unit: ReportingUnit
    obligation: ReportingObligation
    cross_checks: Sequence[CrossCheck] = ()

    @property
    def is_in_force(self) -> bool:
        """Whether this is the revision that counts now."""
        return self.obligation.in_force_id == self.submission.id


def find_kept(
    session: Session, *, actor: Actor, submission_id: int, with_file: bool = False
) -> Kept:
    """One revision with what it says, or with its file, and its outcomes. Raises NotFound."""
    query = (
        select(Submission, ReportingUnit, ReportingObligation)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .join(ReportingObligation, ReportingObligation.id == Submission.obligation_id)
        .where(Submission.id == submission_id, may_do(actor, Act.READ))
        .options(undefer(Submission.file if with_file else Submission.canonical))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            vi=f"Không có báo cáo số {submission_id}.",
            en=f"There is no submission {submission_id}.",
        )
    outcomes = outcomes_of(session, [submission_id]).get(submission_id, [])
    return Kept(row[0], row[1], row[2], outcomes)


def kept_file(session: Session, *, actor: Actor, submission_id: int) -> NamedFile:
    """The body of a revision exactly as it came in. Raises NotFound."""
    sent = find_kept(session, actor=actor, submission_id=submission_id, with_file=True).submission
    return NamedFile(sent.file, sent.file_name, f"submission/{sent.id}", sent.unit_id)
