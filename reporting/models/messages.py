"""Messages to persons: what there is to tell, and the mails that tell it, one a day at most.

A notice is written with its cause; a digest gathers the notices of one person into one mail; the
mail waits in the outbox until a server of SMTP has taken it.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key, enum_text


class NoticeKind(StrEnum):
    """What a notice is about."""

    REMINDER = "reminder"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    RETURNED = "returned"
    EXTENDED = "extended"


class Person(Base):
    """Someone in a unit who gets its messages."""

    __tablename__ = "person"

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    name: Mapped[str] = mapped_column(String(200))
    mail: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("unit_id", "mail"),)


class Notice(Base):
    """One thing to tell the persons of a unit about one obligation.

    An escalation goes to the unit above, so `unit_id` need not be the one that owes.
    """

    __tablename__ = "notice"

    id: Mapped[Key]
    kind: Mapped[NoticeKind] = mapped_column(enum_text(NoticeKind))
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    obligation_id: Mapped[int] = mapped_column(ForeignKey("reporting_obligation.id"))
    action_id: Mapped[int | None] = mapped_column(ForeignKey("job_action.id"))
    created_at: Mapped[datetime]
    digested_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_notice_waiting", "digested_at", "unit_id"),
        Index("ix_notice_obligation", "obligation_id"),
    )


class OutboxMail(Base):
    """One mail of one day to one person. `message_id` stays the same however often it is tried."""

    __tablename__ = "outbox_mail"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    day: Mapped[date]
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        Index("ix_outbox_mail_waiting", "sent_at", "next_try_at"),
    )
