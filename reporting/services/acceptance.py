"""What becomes of a report that was received: accepted, returned, withdrawn, let be corrected.

Each act is done to the revision in force while its obligation is locked, and leaves an event and a
line of the audit. Whoever comes second is told who did what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, PeriodClosed, Stale
from reporting.models import (
    CellComment,
    Notice,
    NoticeKind,
    ObligationChange,
    ObligationEvent,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.services.actors import Act
from reporting.services.audit import Entry, record
from reporting.services.cell_comments import Comment, known_cells
from reporting.services.cross_checks import rerun_dependents
from reporting.services.explanations import explanations_of, open_issues, unexplained
from reporting.services.held import Held, hold_submission
from reporting.services.obligation_acts import Circumstances
from reporting.services.receipts import issue_for_people
from reporting.services.telling import ask_digest

_DONE: Mapping[SubmissionStatus, tuple[ObligationChange, str, str]] = {
    SubmissionStatus.ACCEPTED: (ObligationChange.ACCEPTED, "tiếp nhận chính thức", "accepted"),
    SubmissionStatus.RETURNED: (ObligationChange.RETURNED, "trả lại", "returned"),
    SubmissionStatus.WITHDRAWN: (ObligationChange.WITHDRAWN, "rút", "withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Which:
    """Which revision is meant; `if_match` names it as the one who acts has seen it, if he says."""

    submission_id: int
    if_match: str = ""


def tag_of_submission(submission: Submission, *, is_in_force: bool) -> str:
    """What names a revision as it stands now: the inside of its ETag."""
    return f"{submission.id}.{submission.status.value}.{'1' if is_in_force else '0'}"


def accept(session: Session, at: Circumstances, which: Which) -> Submission:
    """Accept the revision in force: it is settled. The caller commits.

    Raises NotFound, NotAllowed, Stale, Conflict where it was settled otherwise, or where a warning
    or a rule across reports stands against it and is not explained.
    """
    held = _held(session, at, which, (Act.RECEIVE,))
    submission = _waiting(session, at, held)
    said = explanations_of(session, [submission.id]).get(submission.id, [])
    standing = unexplained(open_issues(session, submission), (one.warned for one in said))
    if standing:
        raise Conflict(
            vi=f"Chưa tiếp nhận được: còn {len(standing)} điểm chưa khớp hoặc chưa giải trình.",
            en=f"It cannot be accepted: {len(standing)} points do not agree or are not explained.",
            issues=[issue_for_people(issue) for issue in standing],
        )
    submission.status = SubmissionStatus.ACCEPTED
    _note(session, at, held, ObligationChange.ACCEPTED)
    return submission


def return_report(
    session: Session, at: Circumstances, which: Which, *, comments: Sequence[Comment] = ()
) -> Submission:
    """Send the revision in force back, with a reason and comments on cells; its persons are told.

    The caller commits. Raises NotFound, NotAllowed, Stale, Conflict.
    """
    held = _held(session, at, which, (Act.RECEIVE,))
    submission = _waiting(session, at, held)
    reason = _reason(at)
    for comment in known_cells(at.catalogue, submission, comments):
        session.add(
            CellComment(
                submission_id=submission.id,
                cell=comment.cell,
                text=comment.text,
                at=at.now,
                actor=at.actor.name,
            )
        )
    submission.status = SubmissionStatus.RETURNED
    if held.owed.stand is not Stand.WAIVED:
        held.owed.stand = Stand.RETURNED
    session.add(
        Notice(
            kind=NoticeKind.RETURNED,
            unit_id=held.owed.unit_id,
            obligation_id=held.owed.id,
            created_at=at.now,
        )
    )
    told = [{"cell": comment.cell, "text": comment.text} for comment in comments]
    _note(session, at, held, ObligationChange.RETURNED, reason=reason, comments=told)
    ask_digest(session, zone=at.zone, now=at.now)
    return submission


def withdraw(session: Session, at: Circumstances, which: Which) -> Submission:
    """Take the revision in force back, by the one who signs for the sender: nothing is in then.

    After the due instant the report is late at once. The caller commits. Raises NotFound,
    NotAllowed, Stale, PeriodClosed where another could not be sent any more, Conflict.
    """
    held = _held(session, at, which, (Act.APPROVE,))
    submission, owed = _waiting(session, at, held), held.owed
    reason = _reason(at)
    if owed.closes_at is not None and at.now > owed.closes_at:
        raise PeriodClosed(
            vi="Kỳ đã khóa; rút bây giờ thì không gửi lại được. Hãy đề nghị mở lại trước.",
            en="The period is closed: what is withdrawn now could not be sent again. Ask for it "
            "to be reopened first.",
        )
    submission.status = SubmissionStatus.WITHDRAWN
    owed.in_force_id = None
    if owed.stand is not Stand.WAIVED:
        owed.stand = Stand.MISSING
        if owed.sent_otherwise_at is not None:
            owed.stand = Stand.ON_TIME if owed.sent_otherwise_at <= owed.due_at else Stand.LATE
    _mark_late(session, at, held)
    _note(session, at, held, ObligationChange.WITHDRAWN, reason=reason)
    rerun_dependents(
        session,
        catalogue=at.catalogue,
        form_code=owed.form_code,
        period=owed.period,
        unit_id=owed.unit_id,
        now=at.now,
    )
    return submission


def allow_amendment(session: Session, at: Circumstances, which: Which) -> Submission:
    """Let the sender correct once what was accepted. The caller commits.

    Raises NotFound, NotAllowed, Stale, Conflict where it is not accepted, or allowed already.
    """
    held = _held(session, at, which, (Act.RECEIVE,))
    submission, owed = held.submission, held.owed
    if not held.is_in_force or submission.status is not SubmissionStatus.ACCEPTED:
        raise Conflict(
            vi="Báo cáo chưa được tiếp nhận chính thức; đơn vị vẫn sửa được.",
            en="The report is not accepted; the unit may still amend it.",
        )
    if owed.amendable_at is not None:
        raise _done_by(session, at, held, ObligationChange.AMENDABLE, "cho đính chính", "amendable")
    owed.amendable_at = at.now
    _note(session, at, held, ObligationChange.AMENDABLE, reason=_reason(at))
    return submission


def _held(session: Session, at: Circumstances, which: Which, acts: tuple[Act, ...]) -> Held:
    held = hold_submission(session, actor=at.actor, acts=acts, submission_id=which.submission_id)
    now = tag_of_submission(held.submission, is_in_force=held.is_in_force)
    if which.if_match and which.if_match != now:
        said = _last_event(session, held)
        raise Stale(
            vi=f"Báo cáo đã thay đổi sau khi bạn mở: {_told(at, said)}.",
            en=f"The report changed after you opened it: {_told(at, said, is_english=True)}.",
            version=now,
        )
    return held


def _waiting(session: Session, at: Circumstances, held: Held) -> Submission:
    """The revision, where it is in force and nobody has settled it. Raises Conflict."""
    submission = held.submission
    if submission.status in _DONE:
        raise _done_by(session, at, held, *_DONE[submission.status])
    if not held.is_in_force:
        raise Conflict(
            vi="Đã có bản sửa đổi mới hơn của báo cáo này.",
            en="There is a newer revision of this report.",
        )
    return submission


def _done_by(
    session: Session, at: Circumstances, held: Held, change: ObligationChange, vi: str, en: str
) -> Conflict:
    event = _last_event(session, held, change)
    who = f"{event.actor}, {event.at.astimezone(at.zone):%H:%M %d/%m/%Y}" if event else "?"
    return Conflict(
        vi=f"Báo cáo này đã được {vi} ({who}).", en=f"The report is {en} already ({who})."
    )


def _told(at: Circumstances, event: ObligationEvent | None, *, is_english: bool = False) -> str:
    if event is None:
        return "a newer revision" if is_english else "đã có bản sửa đổi mới"
    words = {change: (vi, en) for change, vi, en in _DONE.values()}
    vi, en = words.get(event.change, (event.change.value, event.change.value))
    return (
        f"{en if is_english else vi}, {event.actor}, {event.at.astimezone(at.zone):%H:%M %d/%m/%Y}"
    )


def _last_event(
    session: Session, held: Held, change: ObligationChange | None = None
) -> ObligationEvent | None:
    """The last thing that befell this revision."""
    query = select(ObligationEvent).where(ObligationEvent.obligation_id == held.owed.id)
    if change is not None:
        query = query.where(ObligationEvent.change == change)
    events = session.scalars(query.order_by(ObligationEvent.id.desc()))
    of_this = (one for one in events if one.details.get("submission") == held.submission.id)
    return next(of_this, None)


def _reason(at: Circumstances) -> str:
    reason = at.reason.replace("\x00", "").strip()[:1_000]
    if not reason:
        raise Conflict(vi="Cần nêu lý do.", en="A reason is needed.")
    return reason


def _mark_late(session: Session, at: Circumstances, held: Held) -> None:
    """The clock has rung for this due instant already, and will not ring again."""
    owed = held.owed
    if owed.stand is Stand.MISSING and at.now > owed.due_at and owed.late_at is None:
        owed.late_at = owed.due_at
        details = {"submission": held.submission.id}
        session.add(_event(at, held, ObligationChange.MARKED_LATE, "", details))


def _note(
    session: Session,
    at: Circumstances,
    held: Held,
    change: ObligationChange,
    *,
    reason: str = "",
    **more: Any,
) -> None:
    """Leave the event and the line of the audit of an act."""
    details = {"submission": held.submission.id, "revision": held.submission.revision}
    session.add(_event(at, held, change, reason, details))
    session.flush()
    entry = Entry(
        act=f"submission.{change}",
        subject=f"submission/{held.submission.id}",
        unit_id=held.owed.unit_id,
        details={
            "obligation": held.owed.id,
            "revision": held.submission.revision,
            "form": held.owed.form_code,
            "period": held.owed.period,
            "content_sha256": held.submission.content_sha256,
            "reason": reason,
        }
        | more,
    )
    record(session, at.actor, entry, now=at.now)


def _event(
    at: Circumstances, held: Held, change: ObligationChange, reason: str, details: dict[str, Any]
) -> ObligationEvent:
    return ObligationEvent(
        obligation_id=held.owed.id,
        change=change,
        at=at.now,
        actor=at.actor.name,
        reason=reason,
        details=details,
    )
