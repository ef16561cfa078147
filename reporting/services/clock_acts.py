"""What the clock does to obligations: remind, mark late, escalate, close. One statement each.

Everything here happens inside the transaction of its line in the ledger, and looks at how things
stand now: who has reported meanwhile, was waived or is suspended, is left alone. So is every
obligation on which the act was done for the same instant by an earlier line.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, exists, insert, literal, select, update
from sqlalchemy.orm import Session

from reporting.models import (
    JobAction,
    Notice,
    NoticeKind,
    ObligationChange,
    ObligationEvent,
    ReportingObligation,
    Stand,
)
from reporting.models.base import table_of
from reporting.services.ledger import Action, Ask, instant_text, is_first, of_same_instant

_owed = table_of(ReportingObligation)


def remind(session: Session, action: JobAction, *, now: datetime) -> dict[str, Any]:
    """Write a reminder to each unit that still owes. The caller commits.

    A reminder that comes too late (the system was down) is left out where the due instant has
    passed or a nearer reminder is due as well: an old one is never told as if it were new.
    """
    due_at = due_of(action)
    if now > due_at:
        return {"skipped": "the due instant has passed"}
    if _has_nearer(session, action, now):
        return {"skipped": "a nearer reminder is due as well"}
    return {"told": _notify(session, action, NoticeKind.REMINDER, left_by(action), now)}


def mark_late(session: Session, action: JobAction, *, now: datetime) -> dict[str, Any]:
    """Mark who has not reported by the due instant, and tell them. The caller commits."""
    missing = left_by(action)
    _note(session, action, ObligationChange.MARKED_LATE, missing, now)
    untold = and_(missing, ~_is_told(action, NoticeKind.OVERDUE))
    told = _notify(session, action, NoticeKind.OVERDUE, untold, now)
    marked = _change(session, missing, late_at=due_of(action))
    return {"late": marked, "told": told}


def escalate(session: Session, action: JobAction, *, now: datetime) -> dict[str, Any]:
    """Tell the units above who below them is still missing. The caller commits."""
    return {"told": _notify(session, action, NoticeKind.ESCALATION, left_by(action), now)}


def close(session: Session, action: JobAction, *, now: datetime) -> dict[str, Any]:
    """Lock what was to close at this instant; a unit that was reopened closes at its own."""
    closing = left_by(action)
    _note(session, action, ObligationChange.CLOSED, closing, now)
    return {"closed": _change(session, closing, closed_at=due_of(action))}


def left_by(action: JobAction | Ask) -> ColumnElement[bool]:
    """The obligations that a line is for and that no line has dealt with for the same instant.

    It decides both what a line does and whether a further one is needed. Reports that were sent
    back are for the first line alone: one that was sent back after it had been there in time.
    """
    if action.action == Action.CLOSE:
        return and_(
            _of_period(action), _owed.c.closes_at == due_of(action), _owed.c.closed_at.is_(None)
        )
    not_there = (Stand.MISSING, Stand.RETURNED) if is_first(action.occurrence) else (Stand.MISSING,)
    missing = and_(
        _of_period(action),
        _owed.c.due_at == due_of(action),
        _owed.c.stand.in_(not_there),
        _owed.c.sent_otherwise_at.is_(None),
    )
    if action.action == Action.MARK_LATE:
        return and_(missing, _owed.c.late_at.is_(None))
    if action.action == Action.REMIND:
        return and_(missing, ~_is_told(action, NoticeKind.REMINDER))
    untold = ~_is_told(action, NoticeKind.ESCALATION)
    return and_(missing, _owed.c.receiver_id.is_not(None), untold)


def due_of(action: JobAction | Ask) -> datetime:
    """The instant, due or closing, for which an action was asked."""
    return datetime.fromisoformat(action.occurrence.partition(" ")[0])


def _of_period(action: JobAction | Ask) -> ColumnElement[bool]:
    return and_(
        _owed.c.form_code == action.form_code,
        _owed.c.period == action.period,
        _owed.c.suspended_at.is_(None),
    )


def _is_told(action: JobAction | Ask, kind: NoticeKind) -> ColumnElement[bool]:
    """Whether a notice of this kind was written for the same obligation, instant and lead."""
    notice, line = table_of(Notice).c, table_of(JobAction).c
    return exists().where(
        notice.obligation_id == _owed.c.id,
        notice.kind == kind.value,
        line.id == notice.action_id,
        of_same_instant(line.occurrence, action.occurrence),
    )


def _has_nearer(session: Session, action: JobAction, now: datetime) -> bool:
    """Whether a reminder for the same due instant with a shorter lead is due by now too."""
    other = table_of(JobAction).c
    instant = instant_text(due_of(action))
    nearer = exists().where(
        other.action == Action.REMIND,
        other.form_code == action.form_code,
        other.period == action.period,
        other.occurrence.like(f"{instant} %"),
        other.due_at > action.due_at,
        other.due_at <= now,
    )
    return bool(session.scalar(select(nearer)))


def _notify(
    session: Session,
    action: JobAction,
    kind: NoticeKind,
    which: ColumnElement[bool],
    now: datetime,
) -> int:
    to_unit = _owed.c.receiver_id if kind is NoticeKind.ESCALATION else _owed.c.unit_id
    rows = select(
        literal(kind.value), to_unit, _owed.c.id, literal(action.id), literal(now, _NOTICE_AT)
    ).where(which)
    columns = ["kind", "unit_id", "obligation_id", "action_id", "created_at"]
    return _count(session, insert(table_of(Notice)).from_select(columns, rows))


_NOTICE_AT = table_of(Notice).c.created_at.type


def _note(
    session: Session,
    action: JobAction,
    change: ObligationChange,
    which: ColumnElement[bool],
    now: datetime,
) -> None:
    event = table_of(ObligationEvent)
    rows = select(
        _owed.c.id,
        literal(change.value),
        literal(now, event.c.at.type),
        literal("clock"),
        literal({}, event.c.details.type),
        literal(action.id),
    ).where(which)
    columns = ["obligation_id", "change", "at", "actor", "details", "action_id"]
    session.execute(insert(event).from_select(columns, rows))


def _change(session: Session, which: ColumnElement[bool], **values: datetime) -> int:
    return _count(session, update(_owed).where(which).values(**values))


def _count(session: Session, statement: Any) -> int:
    done: CursorResult[Any] = session.connection().execute(
        statement, execution_options={"preserve_rowcount": True}
    )
    return done.rowcount
