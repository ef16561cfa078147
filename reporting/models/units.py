"""Reporting units, what they were called and under whom, their codes, and who came from whom.

Everything but the stable code carries dates, because codes are used again: GSO code 82 is Tiền
Giang until 2025-06-30 and Đồng Tháp from 2025-07-01.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key, enum_text


class UnitKind(StrEnum):
    """What a unit is. The kind never changes: a unit of another kind is another unit."""

    GOVERNMENT = "government"
    MINISTRY = "ministry"
    MINISTERIAL_AGENCY = "ministerial_agency"
    GOVERNMENT_AGENCY = "government_agency"
    OTHER_LEVEL1 = "other_level1"
    PROVINCE = "province"
    COMMUNE = "commune"
    DEPARTMENT = "department"
    SUBORDINATE = "subordinate"
    DISTRICT = "district"  # Cấp huyện ended on 2025-06-30.


class IdentifierScheme(StrEnum):
    """Who gave the code: mã định danh điện tử, the statistics office, or this system."""

    MDD = "mdd"
    GSO = "gso"
    LOCAL = "local"


class LineageKind(StrEnum):
    """How one unit came out of another."""

    MERGE = "merge"
    SPLIT = "split"
    RENAME = "rename"


class LineageExtent(StrEnum):
    """Whether all of the predecessor went into the successor (Nhập toàn bộ) or a part of it."""

    WHOLE = "whole"
    PART = "part"


class ReportingUnit(Base):
    """A body that reports. `code` is its stable code for good; the names are its newest ones.

    What it was called and under whom on a day stands in its terms; `valid_from` and `valid_to`
    are the first day of the first term and the last day of the last.
    """

    __tablename__ = "reporting_unit"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="valid_to_after_valid_from"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[UnitKind] = mapped_column(enum_text(UnitKind), index=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    def is_valid(self, on: date) -> bool:
        """Whether the unit exists on this day."""
        return self.valid_from <= on and (self.valid_to is None or self.valid_to >= on)


class UnitTerm(Base):
    """From one day to another: what a unit was called and which unit it stood under.

    Terms of one unit never overlap; the service that writes them sees to it, on every database.
    """

    __tablename__ = "unit_term"
    __table_args__ = (
        UniqueConstraint("unit_id", "valid_from"),
        CheckConstraint("valid_to >= valid_from", name="valid_to_after_valid_from"),
        CheckConstraint("parent_id <> unit_id", name="not_under_itself"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("reporting_unit.id"), index=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]


class UnitIdentifier(Base):
    """A code that a unit carried from one day to another. One code names one unit on one day."""

    __tablename__ = "unit_identifier"
    __table_args__ = (
        UniqueConstraint("scheme", "value", "valid_from"),
        CheckConstraint("valid_to >= valid_from", name="valid_to_after_valid_from"),
        Index(None, "unit_id", "scheme"),
        Index(None, "value"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    scheme: Mapped[IdentifierScheme] = mapped_column(enum_text(IdentifierScheme))
    value: Mapped[str] = mapped_column(String(40))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class UnitLineage(Base):
    """One unit went into another on a day: the map by which old figures are carried over.

    A unit that keeps its code through a merger goes on, and has no edge to itself. The share of a
    partial predecessor, where one is known, is a fraction of two integers.
    """

    __tablename__ = "unit_lineage"
    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id", "on_date"),
        CheckConstraint("predecessor_id <> successor_id", name="not_its_own_predecessor"),
        CheckConstraint(
            "(share_numerator IS NULL) = (share_denominator IS NULL)", name="share_is_whole"
        ),
        CheckConstraint(
            "share_numerator >= 0 AND share_denominator > 0 "
            "AND share_numerator <= share_denominator",
            name="share_is_a_fraction",
        ),
    )

    id: Mapped[Key]
    predecessor_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"))
    successor_id: Mapped[int] = mapped_column(ForeignKey("reporting_unit.id"), index=True)
    on_date: Mapped[date]
    kind: Mapped[LineageKind] = mapped_column(enum_text(LineageKind))
    extent: Mapped[LineageExtent] = mapped_column(enum_text(LineageExtent))
    share_numerator: Mapped[int | None]
    share_denominator: Mapped[int | None]
