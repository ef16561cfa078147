"""Editions: numbered consolidations with the list of what went into them. Never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class Edition(Base):
    """One edition of one consolidated form, for one period and one consolidating unit.

    A pure function of its form version, its period and its inputs; `input_sha256` is the hash of
    the input list, `sha256` that of `canonical`. `cut_off_at` is stamped inside the lock that
    keeps receiving out.
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
