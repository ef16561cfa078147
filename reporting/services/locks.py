"""The locks of the product: receiving shares a form, period, receiver; consolidating has it alone.

An instant stamped inside the lock is therefore a true cut-off: nothing stamped before it can
appear after the edition was read. Editions of two receivers keep nobody but their own senders out,
so that workers make them side by side. On PostgreSQL these are advisory locks of the transaction;
on SQLite a writing transaction already has the database to itself (reporting.db).
Consolidating waits for no row, so the locks of receiving cannot stand in a circle with it. An
import of units or persons locks its table against other writers, and nothing besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Function, String, bindparam, func, select, text
from sqlalchemy.orm import Session

from reporting.models.base import Base, table_of


def is_needed(session: Session) -> bool:
    """Whether locks have to be taken one by one: not where a writer has the database to itself."""
    return session.get_bind().dialect.name == "postgresql"


def shared(receiver_id: ColumnElement[Any]) -> Function[Any]:
    """Let others receive for the same form, period and receiver, and keep consolidating out.

    An expression, selected together with the obligations that receiving locks: one statement for
    both. It takes the parameter that `named` gives.
    """
    name = func.concat(bindparam("lock_name", type_=String()), receiver_id)
    return func.pg_advisory_xact_lock_shared(func.hashtextextended(name, 0))


def named(form: str, period: str) -> dict[str, str]:
    """The parameter of `shared`."""
    return {"lock_name": f"{form}|{period}|"}


def keep_other_writers_out(session: Session, model: type[Base]) -> None:
    """Keep a table to oneself for writing until the commit; others read it and refer to it.

    Two imports could each be right alone and contradict each other together.
    """
    if is_needed(session):
        session.execute(text(f"LOCK TABLE {table_of(model).name} IN SHARE ROW EXCLUSIVE MODE"))


_ALONE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) "
    "FROM unnest(CAST(:names AS text[])) AS name"
)


def exclude(
    session: Session, *, forms: Iterable[str], period: str, receivers: Iterable[int]
) -> None:
    """Wait until nothing that is owed to some receivers is being received, and keep it out.

    Locked in one order, so that two who consolidate for the same receivers are in no circle.
    """
    if is_needed(session):
        wanted = sorted(set(receivers))
        prefixes = [named(form, period)["lock_name"] for form in sorted(set(forms))]
        names = [f"{prefix}{receiver}" for prefix in prefixes for receiver in wanted]
        session.execute(_ALONE, {"names": names})


def take_turn(session: Session, name: str) -> None:
    """Wait until nobody else does what is called by this name, and keep it until the commit."""
    if is_needed(session):
        alone = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("turn"), 0)))
        session.execute(alone, {"turn": name})
