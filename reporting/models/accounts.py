"""People who sign in, what they may do where, and their sittings at the pages.

A role is what TT01 Điều 17(1)a names: nhập liệu, kiểm tra, duyệt, quản trị; with those of the
receiver and of who only reads.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key, enum_text


class Role(StrEnum):
    """What someone is there for; which acts it allows stands in reporting.services.actors."""

    ENTER = "enter"  # nhập liệu
    CHECK = "check"  # kiểm tra
    APPROVE = "approve"  # duyệt, ký
    RECEIVE = "receive"  # tiếp nhận báo cáo của cấp dưới
    READ = "read"  # xem
    ADMINISTER = "administer"  # quản trị


class Account(Base):
    """Someone who signs in. `login` is in small letters and NFC; the password is kept as argon2id.

    `unit_id` is where the person sits and who administers the account; what it may do is said by
    its RoleGrants alone. NULL is the central office.
    """

    __tablename__ = "account"

    id: Mapped[Key]
    login: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("reporting_unit.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool]
    password_changed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]


class RoleGrant(Base):
    """One role, for a unit (or for all, where it is NULL), for some forms, from a day to a day.

    Given by hand, taken back by `revoked_at`, never deleted. `title` is in what capacity the
    holder acts, as it stands on what he signs: "Phó Giám đốc, ký thay".
    """

    __tablename__ = "role_grant"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_text(Role))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("reporting_unit.id"), index=True)
    below: Mapped[bool]  # the units under it too
    forms: Mapped[list[str]] = mapped_column(JSON)  # empty: every form
    title: Mapped[str] = mapped_column(String(200), default="", server_default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="valid_to_after_valid_from"),)


class SignIn(Base):
    """One sitting: from signing in until it is left, forgotten for too long, or taken away.

    The browser holds a random token, the store its SHA-256.
    """

    __tablename__ = "sign_in"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]


class SignInFailure(Base):
    """One failed attempt to sign in: under which name, from where. Old ones are cleaned up.

    `login` need not be anyone's, so that a lock tells nobody which names there are.
    """

    __tablename__ = "sign_in_failure"

    id: Mapped[Key]
    login: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_sign_in_failure_login", "login", "at"),
        Index("ix_sign_in_failure_address", "address", "at"),
    )
