"""What a row was called, and which entry of a list it is: said once, by the centre."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from reporting.models.base import Base, Key


class KeyMapping(Base):
    """One text that senders wrote for a row, and the code of the list that it stands for.

    `key` is the normalized text. Lines are only added: the newest counts, an empty `code` keeps
    the text apart again, and an edition is made with what stood there at its cut-off.
    """

    __tablename__ = "key_mapping"

    id: Mapped[Key]
    code_list: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(400))
    code: Mapped[str] = mapped_column(String(400))
    reason: Mapped[str] = mapped_column(String(1000))
    mapped_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_key_mapping_list_key", "code_list", "key", "mapped_at"),)
