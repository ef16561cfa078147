"""What someone could do who has got hold of the database: change what only the owner can."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from reporting.services.audit import Entry, record
from reporting.services.keys import trusted_keys
from reporting.services.sealing import seal
from reporting.services.signing import Signer
from reporting.services.verifying import Verified, verify
from tests.builders import IN_Q3, SIGNER, SYSTEM

TABLES = ("audit_line", "audit_link", "audit_head")
GUARDS = {
    "sqlite": ("no_update", "no_delete", "no_replace"),
    "postgresql": ("only_added",),
}


def let_tamper(session: Session) -> None:
    """Take away the triggers by which the database refuses changes."""
    dialect = session.get_bind().dialect.name
    for table in TABLES:
        for name in GUARDS[dialect]:
            on = f" ON {table}" if dialect == "postgresql" else ""
            session.execute(text(f"DROP TRIGGER {table}_{name}{on}"))


def tamper(session: Session, statement: str, **values: Any) -> None:
    """Run a statement that the application never would."""
    session.flush()
    session.execute(text(statement), values)
    session.expire_all()


def some_lines(session: Session, count: int, *, sealed: bool = True) -> list[int]:
    """Write so many lines, and seal them; gives their ids."""
    ids = [
        record(session, SYSTEM, Entry(act="test.done", subject=f"test/{number}"), now=IN_Q3)
        for number in range(count)
    ]
    if sealed:
        seal(session, SIGNER, now=IN_Q3)
    return ids


def checked(session: Session, signer: Signer = SIGNER, **more: Any) -> Verified:
    """The check of the whole, as the operator runs it who has the key."""
    session.flush()
    return verify(session, trusted=trusted_keys(session, signer), **more)


def told(session: Session, signer: Signer = SIGNER, **more: Any) -> list[str]:
    """What the check finds, but for the triggers that the test itself has taken away."""
    found = checked(session, signer, **more)
    return [fault.what for fault in found.faults if "trigger" not in fault.what]
