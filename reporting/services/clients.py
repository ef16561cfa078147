"""Machine clients and their tokens: making one, telling who holds one, taking it back.

A token is shown once, when it is made; the store has only its SHA-256, so that whoever reads the
store cannot act for anybody.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import unicodedata
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import Client, ReportingUnit
from reporting.services.actors import Actor

TOKEN_START = "rpt_"  # noqa: S105 - so that a leaked token is found by a search for it
_PREFIX_LENGTH = len(TOKEN_START) + 6
_LONGEST_NAME = 200
_MOST_KNOWN = 10_000


def create_client(
    session: Session, *, actor: Actor, name: str, unit_id: int | None, now: datetime
) -> tuple[Client, str]:
    """Make a client and its token; the token is never to be had again.

    A client without a unit belongs to the central office and acts for all. Flushes; the caller
    commits. Raises NotAllowed, NotFound, Conflict.
    """
    _require_centre(actor)
    shown = unicodedata.normalize("NFC", name).strip()
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise Conflict(
            vi=f"Tên phải có từ 1 đến {_LONGEST_NAME} ký tự, trên một dòng.",
            en=f"A name has 1 to {_LONGEST_NAME} characters, on one line.",
        )
    if unit_id is not None and session.get(ReportingUnit, unit_id) is None:
        raise NotFound(vi="Không có đơn vị này.", en="There is no such unit.")
    token = TOKEN_START + secrets.token_urlsafe(32)
    client = Client(
        name=shown,
        unit_id=unit_id,
        token_prefix=token[:_PREFIX_LENGTH],
        token_sha256=_hash(token),
        created_at=now,
        revoked_at=None,
    )
    session.add(client)
    session.flush()
    return client, token


def authenticate(session: Session, token: str) -> Actor | None:
    """Who holds this token; None for one that was never made or is revoked. One statement.

    The store is asked for the hash, so that how long the answer takes says nothing of the token.
    """
    found = session.execute(
        select(Client.id, Client.name, Client.unit_id).where(
            Client.token_sha256 == _hash(token), Client.revoked_at.is_(None)
        )
    ).one_or_none()
    if found is None:
        return None
    return Actor(client_id=found[0], name=found[1], unit_id=found[2])


class KnownTokens:
    """The tokens that one process has looked up a moment ago.

    A program sends hundreds of returns with one token; asking the store for each costs a
    transaction. A token that is taken back is refused everywhere within `MOMENT` seconds.
    """

    MOMENT = 5.0

    def __init__(self) -> None:
        self._known: dict[str, tuple[Actor, float]] = {}

    def actor_of(self, token: str, look_up: Callable[[str], Actor | None]) -> Actor | None:
        """Who holds a token. Only tokens that are good are remembered, by their hash."""
        digest, now = _hash(token), time.monotonic()
        actor, until = self._known.get(digest, (None, 0.0))
        if actor is not None and now < until:
            return actor
        actor = look_up(token)
        if actor is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[digest] = (actor, now + self.MOMENT)
        return actor


def revoke(session: Session, *, actor: Actor, client_id: int, now: datetime) -> Client:
    """Take a token back for good; a second time changes nothing. Raises NotAllowed, NotFound."""
    _require_centre(actor)
    client = session.get(Client, client_id)
    if client is None:
        raise NotFound(
            vi=f"Không có tài khoản số {client_id}.", en=f"There is no client {client_id}."
        )
    if client.revoked_at is None:
        client.revoked_at = now
        session.flush()
    return client


def list_clients(session: Session, *, actor: Actor) -> list[tuple[Client, str]]:
    """Every client with the code of its unit, '' for the central office. Raises NotAllowed."""
    _require_centre(actor)
    query = (
        select(Client, ReportingUnit.code)
        .outerjoin(ReportingUnit, ReportingUnit.id == Client.unit_id)
        .order_by(Client.id)
    )
    return [(client, code or "") for client, code in session.execute(query)]


def _hash(token: str) -> str:
    # The token is 32 random bytes, so that a slow hash would protect nothing more.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _require_centre(actor: Actor) -> None:
    if not actor.may_administer:
        raise NotAllowed(
            vi="Chỉ cơ quan trung ương được quản lý tài khoản máy.",
            en="Only the central office may manage clients.",
        )
