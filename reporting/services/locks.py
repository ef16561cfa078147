"""The one lock of the product: receiving shares a (form, period), consolidating has it alone.

An instant stamped inside the lock is therefore a true cut-off: nothing stamped before it can
appear after the edition was read. On PostgreSQL these are advisory locks of the transaction; on
SQLite a writing transaction already has the database to itself (reporting.db).
Consolidating waits for no row, so the locks of receiving cannot stand in a circle with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Function, func, select
from sqlalchemy.orm import Session


def is_needed(session: Session) -> bool:
    """Whether locks have to be taken one by one: not where a writer has the database to itself."""
    return session.get_bind().dialect.name == "postgresql"


def shared(*, form: str, period: str) -> Function[Any]:
    """Let others receive for the same form and period, and keep consolidating out.

    An expression, selected together with the rows that receiving locks: one statement for both.
    """
    return func.pg_advisory_xact_lock_shared(_number(form, period))


def exclude(session: Session, *, forms: Iterable[str], period: str) -> None:
    """Wait for receiving of these forms and this period to finish, and keep it out."""
    if is_needed(session):
        for form in sorted(set(forms)):
            session.execute(select(func.pg_advisory_xact_lock(_number(form, period))))


def _number(form: str, period: str) -> Function[Any]:
    return func.hashtextextended(f"{form}|{period}", 0)
