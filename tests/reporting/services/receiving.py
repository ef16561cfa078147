"""Sending returns to the service in tests, as a door would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.reading_json import read_json
from reporting.models import Door
from reporting.services.actors import Actor
from reporting.services.receipts import Receipt
from reporting.services.refusing import Delivery
from reporting.services.submissions import receive
from tests.builders import IN_Q3, SIGNER, SYSTEM, as_json, shipped_forms


def send(
    session: Session,
    sent: Mapping[str, Any] | bytes,
    *,
    actor: Actor = SYSTEM,
    at: datetime = IN_Q3,
    catalogue: Catalogue | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Receipt:
    """Receive one JSON return at an instant."""
    body = sent if isinstance(sent, bytes) else as_json(sent)
    delivery = Delivery(read_json(body), body, "return.json", Door.API, at)
    return receive(
        session,
        actor=actor,
        delivery=delivery,
        catalogue=catalogue or shipped_forms(),
        clock=clock or (lambda: at),
        signer=SIGNER,
    )


@contextmanager
def counted_statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that the engine runs meanwhile."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)
