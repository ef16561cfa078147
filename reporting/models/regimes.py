"""Regimes as they were when a period opened, and those that were made at run time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base


class KeptRegime(Base):
    """The declaration of a regime, to the byte, by its checksum.

    Files can be edited while a period is open; what was frozen then can still be explained.
    `is_run_time` tells those that were not read from a file but made here (đột xuất); of these the
    one with the latest `kept_at` is in force.
    """

    __tablename__ = "kept_regime"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    declaration: Mapped[str] = mapped_column(Text)
    is_run_time: Mapped[bool]
    kept_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
