"""Obligations and revisions held for one act: locked, looked at anew, and the right asked.

Whoever comes second waits here, and then sees what the first has done.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, undefer

from reporting.errors import NotAllowed, NotFound
from reporting.models import ReportingObligation, ReportingUnit, Submission
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.actors import Act, Actor
from reporting.services.rights import may_do, may_do_to, may_see_draft, not_allowed

_owed, _unit = table_of(ReportingObligation), table_of(ReportingUnit)
# The same rows in the same order as receiving takes them, and in one statement with its lock of
# the form and period: taken one after the other they could stand in a circle.
_ALONE = (
    select(_owed.c.id)
    .join_from(_owed, _unit, _unit.c.id == _owed.c.unit_id)
    .with_for_update(of=[_owed, _unit], key_share=True)
)


class Held(NamedTuple):
    """One revision, with the obligation that it fulfils, which is locked, and whose it is."""

    submission: Submission
    owed: ReportingObligation
    unit: ReportingUnit

    @property
    def is_in_force(self) -> bool:
        """Whether this is the revision that counts now."""
        return self.owed.in_force_id == self.submission.id


def hold_obligation(
    session: Session,
    *,
    actor: Actor,
    acts: tuple[Act, ...],
    obligation_id: int,
    is_receiving: bool = False,
) -> ReportingObligation:
    """An obligation, locked, upon whose draft the actor may do one of some acts.

    `is_receiving` also keeps consolidating out, for an act that changes what it reads. Raises
    NotFound for what the actor may not see, NotAllowed.
    """
    where = [ReportingObligation.id == obligation_id, may_see_draft(actor)]
    owed = session.scalars(select(ReportingObligation).where(*where)).one_or_none()
    if owed is None:
        raise NotFound(
            vi=f"Không có nghĩa vụ báo cáo số {obligation_id}.",
            en=f"There is no obligation {obligation_id}.",
        )
    _lock(session, owed, is_receiving=is_receiving)
    if not any(may_do_to(session, actor, act, owed) for act in acts):
        raise not_allowed()
    return owed


def hold_submission(
    session: Session, *, actor: Actor, acts: tuple[Act, ...], submission_id: int
) -> Held:
    """A revision whose obligation is locked, to which the actor may do one of some acts.

    Consolidating is kept out meanwhile. Raises NotFound for what the actor may not see, NotAllowed.
    """
    may = or_(*(may_do(actor, act) for act in acts))
    owed = session.scalars(
        select(ReportingObligation)
        .join(Submission, Submission.obligation_id == ReportingObligation.id)
        .where(Submission.id == submission_id, or_(may_do(actor, Act.READ), may))
    ).one_or_none()
    if owed is None:
        raise NotFound(
            vi=f"Không có báo cáo số {submission_id}.",
            en=f"There is no submission {submission_id}.",
        )
    _lock(session, owed, is_receiving=True)
    if not any(may_do_to(session, actor, act, owed) for act in acts):
        raise _not_for_the_other_side(acts)
    submission = session.scalars(
        select(Submission)
        .where(Submission.id == submission_id)
        .options(undefer(Submission.canonical))
        .execution_options(populate_existing=True)
    ).one()
    return Held(submission, owed, session.get_one(ReportingUnit, owed.unit_id))


def _not_for_the_other_side(acts: tuple[Act, ...]) -> NotAllowed:
    """What is said to a sender who would receive, and to a receiver who would send."""
    if Act.RECEIVE in acts:
        return NotAllowed(
            vi="Việc này do cơ quan nhận báo cáo làm, không phải đơn vị gửi.",
            en="This is for the receiving unit to do, not for the one that reports.",
        )
    return not_allowed()


def _lock(session: Session, owed: ReportingObligation, *, is_receiving: bool) -> None:
    """Keep the row until the commit, and see it as whoever came before has left it.

    On SQLite a writer has the database to itself.
    """
    if locks.is_needed(session):
        held = _ALONE.add_columns(locks.shared(_owed.c.receiver_id)) if is_receiving else _ALONE
        named = locks.named(owed.form_code, owed.period) if is_receiving else {}
        session.execute(held.where(_owed.c.id == owed.id), named)
    session.refresh(owed)
