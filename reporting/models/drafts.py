"""A report before it is sent, and what is said about it before and after."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key, enum_text


class DraftState(StrEnum):
    """How far a draft has come on its way to the receiver."""

    ENTERED = "entered"
    CHECKED = "checked"
    APPROVED = "approved"


class DraftAct(StrEnum):
    """What was done to a draft at one of its versions."""

    ENTERED = "entered"
    EXPLAINED = "explained"
    CHECKED = "checked"
    APPROVED = "approved"
    VOIDED = "voided"


class Draft(Base):
    """The report that a unit prepares for one obligation, until it is sent or thrown away.

    `body` is the return as it was handed in last, `version` counts every change and is what an
    ETag is made from. A change of the body takes `state` back to entered and with it every
    approval; `approval_id` is the line of the audit with the signature.
    """

    __tablename__ = "draft"

    id: Mapped[Key]
    obligation_id: Mapped[int] = mapped_column(ForeignKey("reporting_obligation.id"), unique=True)
    version: Mapped[int]
    state: Mapped[DraftState] = mapped_column(enum_text(DraftState))
    body: Mapped[bytes] = mapped_column(deferred=True)
    file_name: Mapped[str] = mapped_column(String(200))
    is_workbook: Mapped[bool]
    content_sha256: Mapped[str] = mapped_column(String(64))  # '' while it has errors
    reason: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    explanations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    #: The edition from which the body was made, while nobody has put another in its place.
    edition_id: Mapped[int | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_by_account: Mapped[int | None]
    checked_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    approval_id: Mapped[int | None]  # audit_line

    # A number that was used before would let an old version of another draft pass for this one.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - as SQLAlchemy has it


class DraftChange(Base):
    """What was done to a draft at one version: who, when, and each cell old and new as typed.

    `cells` has the first of them, `cells_changed` says how many there were.
    """

    __tablename__ = "draft_change"

    id: Mapped[Key]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    version: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None]
    act: Mapped[DraftAct] = mapped_column(enum_text(DraftAct))
    voided_approval: Mapped[bool]
    cells: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # {"cell", "old", "new"}
    cells_changed: Mapped[int]

    __table_args__ = (Index("ix_draft_change_draft", "draft_id", "version"),)


class Explanation(Base):
    """Why a warning of one revision is as it should be: said by the sender, and travels on."""

    __tablename__ = "explanation"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(60))
    cell: Mapped[str] = mapped_column(String(600))
    rule_id: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_explanation_submission", "submission_id"),)


class CellComment(Base):
    """What the receiver says about one cell of a revision, or about the whole ('' as the cell)."""

    __tablename__ = "cell_comment"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id", ondelete="CASCADE"))
    cell: Mapped[str] = mapped_column(String(600))
    text: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_cell_comment_submission", "submission_id"),)
