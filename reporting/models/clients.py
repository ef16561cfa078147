"""Machine clients: programs and offices that speak to the API with a token."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class Client(Base):
    """One holder of a token. The token itself is never kept, only its SHA-256 and its prefix.

    A client of a unit acts for that unit and for those below it; one without a unit belongs to
    the central office and acts for all. What it may do is in `acts` (reporting.services.actors):
    with `approve` what it sends is received at once, as signed by `signer`; with `enter` alone it
    becomes a draft. `networks` are those it may come from; empty: any.
    """

    __tablename__ = "client"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("reporting_unit.id"))
    token_prefix: Mapped[str] = mapped_column(String(16))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    acts: Mapped[list[str]] = mapped_column(
        JSON,
        server_default='["administer", "approve", "check", "enter", "read", "receive", "ring"]',
    )
    forms: Mapped[list[str]] = mapped_column(
        JSON, default=list, server_default="[]"
    )  # empty: every form
    networks: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    signer: Mapped[str] = mapped_column(String(200), default="", server_default="")
    expires_at: Mapped[datetime | None]
    #: The client whose token this one's replaced, and which is good until it is revoked.
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("client.id"))
