"""Published form versions, kept whole, so that old editions rebuild without the files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base


class PublishedForm(Base):
    """The declaration of one published version, to the byte."""

    __tablename__ = "published_form"

    form_code: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    checksum: Mapped[str] = mapped_column(String(64))
    declaration: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]


class PublishedList(Base):
    """A list of codes as an edition was made with it, by the hash of its content."""

    __tablename__ = "published_list"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes]
    published_at: Mapped[datetime]
