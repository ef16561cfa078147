"""The calendar of working days: what the library knows, what is shipped, and what people changed.

A change of today touches no obligation that is frozen already.
"""

from __future__ import annotations

import csv
import importlib.resources
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from forms.working_days import DayChange, WorkingCalendar
from reporting.errors import NotFound
from reporting.models import CalendarDay
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.rights import require_centre

_SHIPPED = "working_days.csv"


def working_calendar(session: Session) -> WorkingCalendar:
    """The calendar as it is now: the changes of the store above those that are shipped."""
    kept = {
        row.day: DayChange(row.is_working, row.name) for row in session.scalars(select(CalendarDay))
    }
    return WorkingCalendar({**shipped_changes(), **kept})


def list_changes(session: Session) -> list[tuple[date, DayChange, str]]:
    """Every changed day in order, with who changed it ('' for what is shipped)."""
    lines = {day: (change, "") for day, change in shipped_changes().items()}
    for row in session.scalars(select(CalendarDay)):
        lines[row.day] = (DayChange(row.is_working, row.name), row.actor)
    return [(day, change, actor) for day, (change, actor) in sorted(lines.items())]


def change_day(
    session: Session, *, actor: Actor, day: date, change: DayChange, now: datetime
) -> None:
    """Make a day free or worked. The caller commits. Raises NotAllowed."""
    require_centre(actor)
    before = _taken_out(session, day)
    session.execute(
        insert(CalendarDay),
        {
            "day": day,
            "is_working": change.is_working,
            "name": change.name,
            "recorded_at": now,
            "actor": actor.name,
        },
    )
    new = {"is_working": change.is_working, "name": change.name}
    _record(session, actor, "calendar.changed", day, {"from": before, "to": new}, now=now)


def forget_change(session: Session, *, actor: Actor, day: date, now: datetime) -> None:
    """Let a day be ordinary again. The caller commits. Raises NotAllowed, NotFound."""
    require_centre(actor)
    gone = _taken_out(session, day)
    if gone is None:
        raise NotFound(
            vi=f"Ngày {day:%d/%m/%Y} không có thay đổi nào được ghi ở đây.",
            en=f"No change of {day} is recorded here.",
        )

    _record(session, actor, "calendar.changed", day, {"from": gone, "to": None}, now=now)


def _taken_out(session: Session, day: date) -> dict[str, Any] | None:
    """What was recorded of a day, which is no longer; None where nothing was."""
    columns = (CalendarDay.is_working, CalendarDay.name)
    gone = session.execute(
        delete(CalendarDay).where(CalendarDay.day == day).returning(*columns)
    ).one_or_none()
    return None if gone is None else {"is_working": gone.is_working, "name": gone.name}


def _record(
    session: Session, actor: Actor, act: str, day: date, details: dict[str, Any], *, now: datetime
) -> None:
    entry = Entry(act=act, subject=f"calendar/{day.isoformat()}", details=details)
    record(session, actor, entry, now=now)


@cache
def shipped_changes() -> Mapping[date, DayChange]:
    """The swaps that the library lacks, with the software."""
    file = importlib.resources.files("reporting") / "registry" / _SHIPPED
    lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {
        date.fromisoformat(row["day"]): DayChange(row["is_working"] == "true", row["name"])
        for row in csv.DictReader(lines)
    }
