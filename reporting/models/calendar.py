"""Days on which the calendar of working days is other than the holidays of the law say."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base


class CalendarDay(Base):
    """One day that was declared free or worked: a swap that the Government decided on."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
