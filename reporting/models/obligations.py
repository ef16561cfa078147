"""Reporting obligations: who owes which form for which period, frozen when the period opens."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key, enum_text


class Stand(StrEnum):
    """What has come of one obligation. Missing: nothing that counts has come (yet)."""

    MISSING = "missing"
    ON_TIME = "on_time"
    LATE = "late"
    RETURNED = "returned"
    WAIVED = "waived"


class ObligationChange(StrEnum):
    """What may befall an obligation after it was frozen."""

    EXTENDED = "extended"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    WAIVED = "waived"
    OWED_AGAIN = "owed_again"
    REOPENED = "reopened"
    CLOSED = "closed"
    MARKED_LATE = "marked_late"
    SENT_OTHERWISE = "sent_otherwise"
    SUCCEEDED = "succeeded"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    AMENDABLE = "amendable"


class ReportingObligation(Base):
    """One unit owes one form version for one period to one receiver.

    Window, opening and `declared_due_at` were worked out when the period opened and stay, whatever
    happens later to the calendar, the regime or the map of units. `due_at` and `closes_at` are the
    instants that hold now: only an act for this very row moves them, and each act leaves an
    ObligationEvent. Late is not locked: after `due_at` a report is late, after `closes_at` it is
    not taken; without `closes_at` the period never closes.

    `in_force_id` is the revision that counts now, and `stand` what has come of the obligation;
    receiving moves both while it holds the lock on this row. While `suspended_at` is set the clock
    does nothing to it. `sent_otherwise_at` is when it was sent by other means than this system.
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
    declared_due_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    sent_otherwise_at: Mapped[datetime | None]
    #: Since when an accepted report may be corrected once more; who allowed it is in the event.
    amendable_at: Mapped[datetime | None]
    regime_code: Mapped[str] = mapped_column(String(60), default="", server_default="")
    stand: Mapped[Stand] = mapped_column(
        enum_text(Stand), default=Stand.MISSING, server_default=Stand.MISSING.value
    )
    revisions: Mapped[int] = mapped_column(default=0, server_default="0")
    in_force_id: Mapped[int | None] = mapped_column(
        ForeignKey("submission.id", use_alter=True, name="fk_obligation_in_force")
    )

    __table_args__ = (
        UniqueConstraint("unit_id", "form_code", "period"),
        Index("ix_obligation_board", "form_code", "period", "receiver_id"),
        # The board of a period and the list of a unit are read from the indexes alone.
        Index("ix_obligation_stand", "period", "receiver_id", "form_code", "stand"),
        Index("ix_obligation_owed", "unit_id", "due_at"),
        CheckConstraint("window_first <= window_last", name="window_in_order"),
        CheckConstraint("opens_at <= due_at", name="opens_before_due"),
    )


class ObligationEvent(Base):
    """One thing that befell an obligation, with its reason: appended, never changed.

    `action_id` is the line of the ledger whose effect it is, where the clock did it.
    """

    __tablename__ = "obligation_event"

    id: Mapped[Key]
    obligation_id: Mapped[int] = mapped_column(ForeignKey("reporting_obligation.id"))
    change: Mapped[ObligationChange] = mapped_column(enum_text(ObligationChange))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    action_id: Mapped[int | None] = mapped_column(ForeignKey("job_action.id"))

    __table_args__ = (Index("ix_obligation_event", "obligation_id", "change"),)


class SentDocument(Base):
    """The document by which a report was sent while the system could not be used.

    Thông tư 01/2020/TT-VPCP, Điều 6(2). The figures are entered later; it counts by its date.
    """

    __tablename__ = "sent_document"

    obligation_id: Mapped[int] = mapped_column(
        ForeignKey("reporting_obligation.id"), primary_key=True
    )
    document_number: Mapped[str] = mapped_column(String(100))
    document_date: Mapped[date]
    scan: Mapped[bytes] = mapped_column(deferred=True)
    scan_name: Mapped[str] = mapped_column(String(200))
    scan_sha256: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
