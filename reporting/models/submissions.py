"""Submissions: immutable revisions with their evidence, and the cells packed beside them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key, enum_text


class SubmissionStatus(StrEnum):
    """Received: checks passed, receipt given. Accepted and returned: acts of the receiver."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Door(StrEnum):
    """The way by which a return came in."""

    API = "api"
    PAGE = "page"
    COMMAND = "command"


class Submission(Base):
    """One revision of one report. Nothing in it changes but its status.

    `canonical` is what was said (RFC 8785, see forms.canonical) and `content_sha256` its hash;
    `file` is the body as it came in. `received_at` is when the door had read the whole body, and
    decides lateness; `recorded_at` is stamped inside the lock, and decides editions.
    """

    __tablename__ = "submission"

    id: Mapped[Key]
    obligation_id: Mapped[int] = mapped_column(ForeignKey("reporting_obligation.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    form_code: Mapped[str] = mapped_column(String(60))
    form_version: Mapped[int]
    period: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    status: Mapped[SubmissionStatus] = mapped_column(enum_text(SubmissionStatus, name="status"))
    engine: Mapped[int]
    content_sha256: Mapped[str] = mapped_column(String(64))
    canonical: Mapped[bytes] = mapped_column(deferred=True)
    file: Mapped[bytes] = mapped_column(deferred=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    is_on_time: Mapped[bool]
    door: Mapped[Door] = mapped_column(enum_text(Door, name="door"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    actor: Mapped[str] = mapped_column(String(200))
    issues: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    #: Who signed it and in what capacity; the line of the audit with the signature, if one is kept.
    signer: Mapped[str] = mapped_column(String(400), default="", server_default="")
    approval_id: Mapped[int | None]
    #: Why it takes the place of the revision before.
    reason: Mapped[str] = mapped_column(String(1000), default="", server_default="")

    __table_args__ = (
        UniqueConstraint("obligation_id", "revision"),
        Index("ix_submission_form_period", "form_code", "period", "recorded_at"),
    )


class PackedTable(Base):
    """The figures of one table of one revision as consolidation reads them.

    Derived from `Submission.canonical` and rebuilt from it by `reporting repack`. Little-endian:
    `row_ids` int32 (rows), `cells` int64 (rows x figure columns), `states` uint8 of the same
    shape; `total_cells` and `total_states` one row of the same width.
    """

    __tablename__ = "packed_table"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submission.id", ondelete="CASCADE"), primary_key=True
    )
    table_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    row_ids: Mapped[bytes]
    cells: Mapped[bytes]
    states: Mapped[bytes]
    total_cells: Mapped[bytes]
    total_states: Mapped[bytes]
    is_nil: Mapped[bool]


class PackedRowName(Base):
    """A row name met in any report, so that packed rows carry a number instead of a text."""

    __tablename__ = "packed_row_name"

    id: Mapped[Key]
    section: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(400))
    label: Mapped[str] = mapped_column(String(400))

    __table_args__ = (UniqueConstraint("section", "key", "label"),)


class RefusedAttempt(Base):
    """A return that was refused, kept as it came in. It is no revision."""

    __tablename__ = "refused_attempt"

    id: Mapped[Key]
    received_at: Mapped[datetime]
    door: Mapped[Door] = mapped_column(enum_text(Door, name="door"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
    actor: Mapped[str] = mapped_column(String(200))
    form_code: Mapped[str] = mapped_column(String(60))
    unit_code: Mapped[str] = mapped_column(String(60))
    period: Mapped[str] = mapped_column(String(20))
    file: Mapped[bytes] = mapped_column(deferred=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    issues: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    __table_args__ = (Index("ix_refused_attempt_unit", "unit_code", "period", "form_code"),)


class CrossCheckOutcome(StrEnum):
    """What came of a rule whose other side is another report."""

    PENDING = "pending"
    MET = "met"
    FAILED = "failed"
    EXEMPT = "exempt"


class CrossCheck(Base):
    """One external rule of one revision, and the revisions it was last compared with.

    A failed or pending one blocks acceptance, never receipt, so that the order in which reports
    arrive changes nothing.
    """

    __tablename__ = "cross_check"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submission.id", ondelete="CASCADE"), primary_key=True
    )
    rule_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    other_form: Mapped[str] = mapped_column(String(60))
    other_period: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[CrossCheckOutcome] = mapped_column(enum_text(CrossCheckOutcome, name="outcome"))
    compared_with: Mapped[list[int]] = mapped_column(JSON)
    issues: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    checked_at: Mapped[datetime]

    __table_args__ = (Index("ix_cross_check_other", "other_form", "other_period", "unit_id"),)
