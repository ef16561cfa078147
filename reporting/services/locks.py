"""The one lock of the product: receiving shares a (form, period), consolidating has it alone.

An instant stamped inside the lock is therefore a true cut-off: nothing stamped before it can
appear after the edition was read. On PostgreSQL these are advisory locks of the transaction; on
SQLite a writing transaction already has the database to itself (reporting.db).
Lock order: (form, period) in sorted order, then the row of the obligation, then row names.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def share(session: Session, *, form: str, period: str) -> None:
    """Let others receive for the same form and period, and keep consolidating out."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_SHARED, {"name": f"{form}|{period}"})


def exclude(session: Session, *, forms: Iterable[str], period: str) -> None:
    """Wait for receiving of these forms and this period to finish, and keep it out."""
    if session.get_bind().dialect.name == "postgresql":
        for form in sorted(set(forms)):
            session.execute(_ALONE, {"name": f"{form}|{period}"})
