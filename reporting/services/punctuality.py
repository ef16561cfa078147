"""On time or late: what decides it, and what is said of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from forms.definition import Severity
from forms.issues import Issue
from reporting.models import Stand
from reporting.services.owed import Owed

#: A request that began before the due instant may take this long to come in.
GRACE = timedelta(minutes=10)


def is_on_time(owed: Owed, begun_at: datetime | None, received_at: datetime) -> bool:
    """Judged by the document where it went by other means first, else by the door's instants.

    Who began to send before the due instant is on time if it was done within ten minutes.
    """
    if owed.sent_otherwise_at is not None and owed.sent_otherwise_at <= owed.due_at:
        return True
    has_begun = (begun_at or received_at) <= owed.due_at
    return received_at <= (owed.due_at + GRACE if has_begun else owed.due_at)


def notes_on_time(
    owed: Owed, begun_at: datetime | None, received_at: datetime
) -> tuple[Issue, ...]:
    """That a return came in after the due instant, and is on time because it began before."""
    if owed.sent_otherwise_at is not None or received_at <= owed.due_at:
        return ()
    if not is_on_time(owed, begun_at, received_at):
        return ()
    shown = [f"{at:%d/%m/%Y %H:%M:%S} UTC" for at in (received_at, owed.due_at)]
    return (Issue("begun_in_time", Severity.WARNING, given=shown[0], expected=shown[1]),)


def stand_with(owed: Owed, *, is_on_time: bool) -> Stand:
    """What has come of an obligation with a new revision; a waived one stays waived."""
    if owed.stand is Stand.WAIVED:
        return Stand.WAIVED
    return Stand.ON_TIME if is_on_time else Stand.LATE
