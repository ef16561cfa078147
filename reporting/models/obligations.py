"""Reporting obligations: who owes which form for which period, frozen when the period opens."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class ReportingObligation(Base):
    """One unit owes one form version for one period to one receiver.

    Everything here was worked out when the period opened and stays, whatever happens later to
    the calendar, the regime or the map of units. `in_force_id` is the revision that counts now;
    receiving moves it while it holds the lock on this row.
    """

    __tablename__ = "reporting_obligation"

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("reporting_unit.id"))
    form_code: Mapped[str] = mapped_column(String(60))
    form_version: Mapped[int]
    period: Mapped[str] = mapped_column(String(10))
    window_first: Mapped[date]
    window_last: Mapped[date]
    opens_at: Mapped[datetime]
    due_at: Mapped[datetime]
    revisions: Mapped[int] = mapped_column(default=0, server_default="0")
    in_force_id: Mapped[int | None] = mapped_column(
        ForeignKey("submission.id", use_alter=True, name="fk_obligation_in_force")
    )

    __table_args__ = (
        UniqueConstraint("unit_id", "form_code", "period"),
        Index("ix_obligation_board", "form_code", "period", "receiver_id"),
        CheckConstraint("window_first <= window_last", name="window_in_order"),
        CheckConstraint("opens_at <= due_at", name="opens_before_due"),
    )
