"""Machine clients: programs and offices that speak to the API with a token."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class Client(Base):
    """One holder of a token. The token itself is never kept, only its SHA-256 and its prefix.

    A client of a unit acts for that unit and for those directly below it; one without a unit
    belongs to the central office and acts for all.
    """

    __tablename__ = "client"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("reporting_unit.id"))
    token_prefix: Mapped[str] = mapped_column(String(16))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
