"""Proof: lines of the audit, the chain that they are sealed into, and the keys that sign.

`audit_line`, `audit_link` and `audit_head` are only ever added to; the database itself refuses
changes (migration 0005).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class AuditLine(Base):
    """One thing that someone did, or that was given: who, what, to what, from where.

    `body` is the whole of it as canonical JSON (RFC 8785) and `sha256` its hash, both made in the
    transaction of the act; the other columns repeat what the body says, to be found by. A receipt
    and an approval are lines that carry a signature over `body`. No foreign keys: a line outlives
    what it speaks of.
    """

    __tablename__ = "audit_line"

    id: Mapped[Key]
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None]
    client_id: Mapped[int | None]
    unit_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(120))  # "submission/12"
    body: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16), default="", server_default="")
    signature: Mapped[str] = mapped_column(String(88), default="", server_default="")

    __table_args__ = (
        Index("ix_audit_line_subject", "subject"),
        Index("ix_audit_line_unit", "unit_id", "id"),
    )


class AuditLink(Base):
    """The place of a line in the chain: SHA-256 over the link before and the hash of the line.

    Numbers run from 1 without a gap. Whoever commits first is not sealed first for certain, but
    every line is sealed once.
    """

    __tablename__ = "audit_link"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[int] = mapped_column(unique=True)
    chain_sha256: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the chain as it was after one sealing, signed."""

    __tablename__ = "audit_head"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chain_sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(88))


class SigningKey(Base):
    """A public key that has signed here; kept for good, so that what it signed can be checked.

    `id` is the beginning of the SHA-256 of the raw key.
    """

    __tablename__ = "signing_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    public_pem: Mapped[str] = mapped_column(String(400))
    first_used_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
