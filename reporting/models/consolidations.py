"""Editions of consolidated forms: what was made, from what, by what, and how complete it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class Edition(Base):
    """One consolidation of one form for one period and unit, numbered and never changed.

    `canonical` are the canonical bytes of the consolidated report, `basis` what decided it beside
    its inputs (services.edition_basis; none where it was made before bases were kept).
    `input_sha256` is over the basis and every revision that went in, so the same basis and inputs
    are found again instead of being made again. `issues` are the rules that the totals break:
    shown, never hidden.
    """

    __tablename__ = "edition"

    id: Mapped[Key]
    form_code: Mapped[str] = mapped_column(String(60))
    form_version: Mapped[int]
    period: Mapped[str] = mapped_column(String(10))
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    number: Mapped[int]
    engine: Mapped[int]
    cut_off_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    basis: Mapped[bytes | None] = mapped_column(deferred=True)
    canonical: Mapped[bytes] = mapped_column(deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    input_sha256: Mapped[str] = mapped_column(String(64))
    coverage: Mapped[dict[str, Any]] = mapped_column(JSON)
    issues: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("form_code", "period", "unit_id", "number"),)


class EditionInput(Base):
    """One revision that went into an edition."""

    __tablename__ = "edition_input"

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    revision: Mapped[int]
    content_sha256: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_edition_input_submission", "submission_id"),)


class EditionPart(Base):
    """One edition that stands in for a report that has not come: its figures are an estimate."""

    __tablename__ = "edition_part"

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    part_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)

    __table_args__ = (Index("ix_edition_part_part", "part_id"),)


class UnitChoice(Base):
    """The receiver's word on whether a unit enters its consolidation: appended, never changed.

    The newest line for a unit holds; without a line it enters.
    """

    __tablename__ = "unit_choice"

    id: Mapped[Key]
    form_code: Mapped[str] = mapped_column(String(60))  # of the consolidated form
    period: Mapped[str] = mapped_column(String(10))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    enters: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(1000))
    chosen_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_unit_choice_of", "form_code", "period", "receiver_id", "unit_id", "chosen_at"),
    )
