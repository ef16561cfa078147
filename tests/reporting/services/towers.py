"""A bell over a store whose clock a test turns by hand."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.services.ringing import Bell, ring
from tests.builders import ZONE, shipped_forms


def at(day: int, hour: int = 9, *, month: int = 9, year: int = 2026) -> datetime:
    """An instant of the quarter, by the clock of Viet Nam."""
    return datetime(year, month, day, hour, tzinfo=ZONE)


class Tower:
    """A bell over a store, whose clock a test turns by hand."""

    def __init__(self, sessions: sessionmaker[Session], folder: Path | None = None) -> None:
        self.now = at(15, month=6)
        self.sessions = sessions
        self.bell = Bell(sessions, shipped_forms(), ZONE, lambda: self.now, folder)

    def ring(self, now: datetime) -> Counter[str]:
        """Ring at an instant; fails the test where an action failed."""
        self.now = now
        rung = ring(self.bell, now=now)
        assert rung.failed == []
        return rung.done

    def count(self, model: Any, **where: Any) -> int:
        """How many rows there are."""
        with self.sessions() as session:
            query = select(func.count()).select_from(model).filter_by(**where)
            return session.scalar(query) or 0
