"""What befalls an obligation after it was frozen: more time, a waiver, a pause, another way.

Each act names one unit's obligation or the obligations of a period, gives a reason, and leaves an
event. The due instant as declared is never rewritten; the one that holds now moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.catalogue import Catalogue
from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import (
    NoticeKind,
    ObligationChange,
    ReportingObligation,
    SentDocument,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.models.base import table_of
from reporting.services.actors import Act, Actor
from reporting.services.audit import instant_text
from reporting.services.following import follow_again
from reporting.services.named import filters_named
from reporting.services.obligation_notes import note, note_all
from reporting.services.opening import end_of_day
from reporting.services.rights import may_do, require_centre
from reporting.services.telling import tell

_owed = table_of(ReportingObligation)
_NOT_THERE = (Stand.MISSING, Stand.RETURNED)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What every act is done with."""

    actor: Actor
    reason: str
    catalogue: Catalogue
    zone: ZoneInfo
    now: datetime


def extend(
    session: Session, at: Circumstances, *, obligation_id: int, due_on: date
) -> ReportingObligation:
    """Give one unit until the end of a day; its closing, if it has one, moves by as much.

    The caller commits. Raises NotFound, NotAllowed, Conflict for a day that is no later.
    """
    owed = _taken(session, at, obligation_id)
    due_at = end_of_day(due_on, at.zone)
    if due_at <= owed.due_at:
        raise Conflict(
            vi=f"Hạn mới {due_on:%d/%m/%Y} không muộn hơn hạn đang áp dụng.",
            en=f"The new due day {due_on} is no later than the one that holds.",
        )
    details = {"from": instant_text(owed.due_at), "to": instant_text(due_at)}
    if owed.closes_at is not None:
        owed.closes_at, owed.closed_at = owed.closes_at + (due_at - owed.due_at), None
    owed.due_at, owed.late_at = due_at, None
    _judge_again(session, owed)
    note(session, at, owed, ObligationChange.EXTENDED, details)
    if owed.stand in _NOT_THERE:
        _tell_more_time(session, at, [(owed.id, owed.unit_id)])
    _ask_again(session, at, {(owed.regime_code, owed.form_code, owed.period)})
    return owed


def waive(session: Session, at: Circumstances, *, obligation_id: int) -> ReportingObligation:
    """Let one unit off, once; it leaves the counts. Raises NotFound, NotAllowed, Conflict."""
    owed = _taken(session, at, obligation_id)
    if owed.stand is Stand.WAIVED:
        raise Conflict(
            vi="Đơn vị đã được miễn báo cáo này.", en="The unit is let off this report already."
        )
    owed.stand = Stand.WAIVED
    note(session, at, owed, ObligationChange.WAIVED, {})
    return owed


def owe_again(session: Session, at: Circumstances, *, obligation_id: int) -> ReportingObligation:
    """Take a waiver back. The caller commits. NotFound, NotAllowed, Conflict."""
    owed = _taken(session, at, obligation_id)
    if owed.stand is not Stand.WAIVED:
        raise Conflict(
            vi="Đơn vị chưa được miễn báo cáo này.", en="The unit was not let off this report."
        )
    owed.stand = Stand.MISSING
    _judge_again(session, owed)
    note(session, at, owed, ObligationChange.OWED_AGAIN, {})
    _ask_again(session, at, {(owed.regime_code, owed.form_code, owed.period)})
    return owed


def reopen(
    session: Session, at: Circumstances, *, obligation_id: int, closes_on: date
) -> ReportingObligation:
    """Let one unit correct after closing, until the end of a day; it closes again by itself.

    Whether it was on time is not changed by it. The caller commits. NotFound, NotAllowed, Conflict.
    """
    owed = _taken(session, at, obligation_id)
    closes_at = end_of_day(closes_on, at.zone)
    if owed.closes_at is None:
        raise Conflict(
            vi="Kỳ này không khóa, đơn vị vẫn gửi được.",
            en="This period does not close; the unit may still send.",
        )
    if closes_at <= max(owed.closes_at, at.now):
        raise Conflict(
            vi=f"Ngày khóa mới {closes_on:%d/%m/%Y} phải muộn hơn hiện tại và ngày khóa cũ.",
            en=f"The new closing day {closes_on} must be later than now and the old one.",
        )
    details = {"from": instant_text(owed.closes_at), "to": instant_text(closes_at)}
    owed.closes_at, owed.closed_at = closes_at, None
    note(session, at, owed, ObligationChange.REOPENED, details)
    _ask_again(session, at, {(owed.regime_code, owed.form_code, owed.period)})
    return owed


@dataclass(frozen=True, slots=True)
class Letter:
    """The document by which a report went while the system could not be used."""

    number: str
    sent_on: date
    scan: bytes
    scan_name: str


def mark_sent_otherwise(
    session: Session, at: Circumstances, *, obligation_id: int, letter: Letter
) -> ReportingObligation:
    """Count a report by the date of its document (TT01 Điều 6(2)); figures may follow later.

    The caller commits. Raises NotFound, NotAllowed, Conflict for a day to come, one before the data
    window, or an empty scan.
    """
    owed = _taken(session, at, obligation_id)
    if letter.sent_on > at.now.astimezone(at.zone).date():
        raise Conflict(
            vi="Ngày văn bản ở trong tương lai.", en="The date of the document is still to come."
        )
    if letter.sent_on < owed.window_first:
        raise Conflict(
            vi=f"Ngày văn bản {letter.sent_on:%d/%m/%Y} trước thời gian chốt số liệu, bắt đầu từ "
            f"{owed.window_first:%d/%m/%Y}.",
            en=f"The date of the document, {letter.sent_on}, is before the data window, which "
            f"begins on {owed.window_first}.",
        )
    if not letter.number.strip() or not letter.scan:
        raise Conflict(
            vi="Cần số văn bản và bản chụp của văn bản.",
            en="The number of the document and its scan are needed.",
        )
    if session.get(SentDocument, owed.id) is not None:
        raise Conflict(
            vi="Báo cáo này đã được ghi nhận gửi bằng hình thức khác.",
            en="This report is already marked as sent by other means.",
        )
    session.add(
        SentDocument(
            obligation_id=owed.id,
            document_number=letter.number.strip()[:100],
            document_date=letter.sent_on,
            scan=letter.scan,
            scan_name=letter.scan_name[:200],
            scan_sha256=sha256(letter.scan),
            recorded_at=at.now,
            actor=at.actor.name,
        )
    )
    owed.sent_otherwise_at = end_of_day(letter.sent_on, at.zone)
    if owed.in_force_id is None and owed.stand is not Stand.WAIVED:
        is_on_time = owed.sent_otherwise_at <= owed.due_at
        owed.stand = Stand.ON_TIME if is_on_time else Stand.LATE
        owed.late_at = None if is_on_time else owed.late_at
    details = {
        "number": letter.number.strip()[:100],
        "sent_on": letter.sent_on.isoformat(),
        "scan_sha256": sha256(letter.scan),
    }
    note(session, at, owed, ObligationChange.SENT_OTHERWISE, details)
    return owed


def suspend(
    session: Session,
    at: Circumstances,
    *,
    period: str,
    forms: Sequence[str] = (),
    units: Sequence[int] = (),
) -> int:
    """Stop the clock for a period (TT01 Điều 17(2)d): for some forms or units, or for all.

    Gives how many obligations rest. Few statements. The caller commits. Raises NotAllowed,
    NotFound.
    """
    require_centre(at.actor, Act.RECEIVE)
    resting = [*_of_period(at, period, forms, units), _owed.c.suspended_at.is_(None)]
    ids = _locked(session, resting)
    if ids:
        session.execute(update(_owed).where(*resting).values(suspended_at=at.now))
        note_all(session, at, ids, ObligationChange.SUSPENDED, period)
    return len(ids)


def resume(
    session: Session,
    at: Circumstances,
    *,
    period: str,
    forms: Sequence[str] = (),
    units: Sequence[int] = (),
) -> int:
    """Let the clock go on: what was due after the pause began is due so much later.

    The new due instant is the end of its local day. Gives how many go on. Statements grow with the
    different due instants, not with units. The caller commits. Raises NotAllowed, NotFound.
    """
    require_centre(at.actor, Act.RECEIVE)
    resting = [*_of_period(at, period, forms, units), _owed.c.suspended_at.is_not(None)]
    ids = _locked(session, resting)
    groups = session.execute(
        select(
            _owed.c.regime_code,
            _owed.c.form_code,
            _owed.c.suspended_at,
            _owed.c.due_at,
            _owed.c.closes_at,
        )
        .where(*resting)
        .distinct()
    ).all()
    moving = [*resting, _owed.c.due_at >= _owed.c.suspended_at, _owed.c.stand.in_(_NOT_THERE)]
    told = [(number, unit) for number, unit in session.execute(_whose(moving))]
    for _, form_code, since, due_at, closes_at in groups:
        pause = at.now - since
        values: dict[str, Any] = {"suspended_at": None}
        if due_at >= since:
            moved = _end_of_local_day(due_at + pause, at.zone)
            values |= {"due_at": moved, "late_at": None}
            if closes_at is not None:
                values |= {"closes_at": closes_at + (moved - due_at), "closed_at": None}
        same = {"form_code": form_code, "suspended_at": since, "due_at": due_at}
        which = [*resting, *(_owed.c[name] == value for name, value in same.items())]
        which.append(_owed.c.closes_at.is_not_distinct_from(closes_at))
        session.execute(update(_owed).where(*which).values(values))
    note_all(session, at, ids, ObligationChange.RESUMED, period)
    _tell_more_time(session, at, told)
    _ask_again(session, at, {(regime, form, period) for regime, form, *_ in groups})
    return len(ids)


def _taken(session: Session, at: Circumstances, obligation_id: int) -> ReportingObligation:
    """The obligation, locked: for its receiver to act upon, and for the centre."""
    query = select(ReportingObligation).where(ReportingObligation.id == obligation_id)
    owed = session.scalars(
        query.where(may_do(at.actor, Act.READ))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if owed is None:
        raise NotFound(
            vi=f"Không có nghĩa vụ báo cáo số {obligation_id}.",
            en=f"There is no obligation {obligation_id}.",
        )
    if session.scalars(query.where(may_do(at.actor, Act.RECEIVE))).one_or_none() is None:
        raise NotAllowed(
            vi="Việc này do cơ quan nhận báo cáo làm, không phải đơn vị gửi.",
            en="This is for the receiving unit to do, not for the one that reports.",
        )
    if not at.reason.strip():
        raise Conflict(vi="Cần nêu lý do.", en="A reason is needed.")
    return owed


def _judge_again(session: Session, owed: ReportingObligation) -> None:
    """Whether what came in is on time by the due instant that holds now."""
    if owed.stand is Stand.WAIVED:
        return
    came_at = owed.sent_otherwise_at
    if owed.in_force_id is not None:
        sent = session.get_one(Submission, owed.in_force_id)
        if sent.status is SubmissionStatus.RETURNED:
            owed.stand = Stand.RETURNED
            return
        came_at = min(filter(None, (sent.received_at, came_at)))
    if came_at is not None:
        owed.stand = Stand.ON_TIME if came_at <= owed.due_at else Stand.LATE


def _of_period(
    at: Circumstances, period: str, forms: Sequence[str], units: Sequence[int]
) -> list[ColumnElement[bool]]:
    """The obligations of a period; a form or period that cannot be must not pass for none."""
    named = [filters_named(at.catalogue, form=form, period=period) for form in forms or [""]]
    which = [_owed.c.period == named[0][1]]
    if forms:
        which.append(_owed.c.form_code.in_([code for code, _ in named]))
    if units:
        which.append(_owed.c.unit_id.in_(units))
    return which


def _whose(which: Sequence[ColumnElement[bool]]) -> Select[int, int]:
    return select(_owed.c.id, _owed.c.unit_id).where(*which)


def _locked(session: Session, which: Sequence[ColumnElement[bool]]) -> list[int]:
    query = select(_owed.c.id).where(*which).order_by(_owed.c.id).with_for_update()
    return list(session.scalars(query))


def _end_of_local_day(instant: datetime, zone: ZoneInfo) -> datetime:
    return end_of_day(instant.astimezone(zone).date(), zone)


def _tell_more_time(session: Session, at: Circumstances, owed: Sequence[tuple[int, int]]) -> None:
    tell(session, kind=NoticeKind.EXTENDED, owed=owed, zone=at.zone, now=at.now)


def _ask_again(session: Session, at: Circumstances, which: set[tuple[str, str, str]]) -> None:
    """Ask the ledger for what the new instants bring with them."""
    follow_again(session, which, catalogue=at.catalogue, zone=at.zone, now=at.now)
