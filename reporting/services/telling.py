"""Telling the persons of a unit something: a notice now, and the mail of the day gathers it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from reporting.models import JobAction, Notice, NoticeKind
from reporting.models.base import table_of
from reporting.services.ledger import Action, Ask, ask

#: When the mails of a day are made, by the clock where due dates are dates.
_DIGESTS = time(8, 30)


def tell(
    session: Session,
    *,
    kind: NoticeKind,
    owed: Iterable[tuple[int, int]],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Write a notice of what befell obligations, each with its unit; asks for the mails.

    Two or three statements, whatever the number of obligations. The caller commits.
    """
    rows = [
        {"kind": kind, "unit_id": unit_id, "obligation_id": number, "created_at": now}
        for number, unit_id in owed
    ]
    if rows:
        session.connection().execute(insert(table_of(Notice)), rows)
        ask_digest(session, zone=zone, now=now)


def ask_digest(session: Session, *, zone: ZoneInfo, now: datetime) -> None:
    """Ask for the mails of this day, or of the next where this day's have been made."""
    day = now.astimezone(zone).date()
    made = select(JobAction.id).where(
        JobAction.action == Action.DIGEST,
        JobAction.period == day.isoformat(),
        JobAction.done_at.is_not(None),
    )
    if session.scalars(made).one_or_none() is not None:
        day += timedelta(days=1)
    ask(session, [digest_on(day, zone)], now=now)


def digest_on(day: date, zone: ZoneInfo) -> Ask:
    """The action that makes the mails of a day."""
    return Ask(Action.DIGEST, datetime.combine(day, _DIGESTS, zone), period=day.isoformat())
