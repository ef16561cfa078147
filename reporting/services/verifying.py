"""Checking the whole audit: every line, every link, every signed end, and what revisions say now.

Whoever can write to the store may have altered anything in it, so nothing read here is relied on:
what does not fit is a fault to be told, never an exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    LargeBinary,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from reporting.models import AuditHead, AuditLine, AuditLink, SigningKey
from reporting.models.base import table_of
from reporting.services.audit import SIGNED
from reporting.services.sealing import GENESIS, instant_column, is_end_good, link
from reporting.services.signing import is_good

_PAGE = 2_000
_MOST_TOLD = 1_000
#: A line that lies so long before a sealing was there to be sealed by it.
GRACE = timedelta(hours=1)
#: Tables of which the database refuses every change, and the triggers by which (migration 0005).
_GUARDS = {
    "sqlite": ("no_update", "no_delete", "no_replace"),
    "postgresql": ("only_added",),
}
_ONLY_ADDED = ("audit_line", "audit_link", "audit_head")

_line, _link, _head = (table_of(model).c for model in (AuditLine, AuditLink, AuditHead))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not fit: where in the chain (0 for outside of it), and what is wrong."""

    number: int
    what: str


@dataclass
class Verified:
    """What a check found. `late` are lines that say they are older than their place allows.

    A late line is no fault: its transaction may have been long, or run as of an earlier day. It
    is how a line that someone put in afterwards and dated back looks, too. Of very many faults
    the first are told and the others counted.
    """

    links: int = 0
    unsealed: int = 0
    revisions: int = 0
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    late: list[Fault] = field(default_factory=list)

    def blame(self, number: int, what: str) -> None:
        """Note what is wrong."""
        self.count += 1
        if len(self.faults) < _MOST_TOLD:
            self.faults.append(Fault(number, what))


Progress = Callable[[int], None]


def verify(
    session: Session,
    *,
    trusted: Mapping[str, str],
    known_heads: Mapping[int, str] | None = None,
    progress: Progress = lambda _count: None,
) -> Verified:
    """Check the chain from its first link; reads the store in pages, and calls back with counts.

    `trusted` are public keys by id (reporting.services.keys). `known_heads` are ends that were
    kept elsewhere: without them a chain that was cut off and sealed anew cannot be told.
    """
    found = Verified()
    chain, sealed_at = GENESIS, ""
    heads = _heads(session)
    head = next(heads, None)
    elsewhere = dict(known_heads or {})
    for row in _linked(session):
        expected = found.links + 1
        if row.number != expected:
            found.blame(expected, f"links {expected} to {row.number - 1} are gone")
        found.links = number = row.number
        _check_line(found, row, trusted, sealed_at)
        if row.chain_sha256 != link(chain, row.sha256 or GENESIS):
            found.blame(number, "the link does not follow from the one before")
        chain = row.chain_sha256
        if elsewhere.pop(number, chain) != chain:
            found.blame(number, "the link is another than the end that was kept elsewhere")
        while head is not None and head.number <= number:
            _check_head(found, head, chain, trusted)
            sealed_at, head = head.at or "", next(heads, None)
        progress(1)
    while head is not None:
        found.blame(head.number, "a signed end lies beyond the chain")
        head = next(heads, None)
    for gone in sorted(elsewhere):
        found.blame(gone, "the chain ends before an end that was kept elsewhere")
    _check_tail(session, found)
    _check_keys(session, found, trusted)
    for missing in _missing_guards(session):
        found.blame(0, f"the database no longer refuses changes: trigger {missing} is gone")
    return found


def count_links(session: Session) -> int:
    """How many links there are to check."""
    return session.scalar(select(func.count()).select_from(table_of(AuditLink))) or 0


def _linked(session: Session) -> Iterator[Any]:
    """The links in order, each with its line, or with nothing where the line is gone."""
    shown = [_line[name] for name in ("act", "actor", "subject", "sha256", "key_id", "signature")]
    ids = [_line[name] for name in ("id", "account_id", "client_id", "unit_id")]
    at = instant_column(session, _line.at).label("at")
    body = cast(_line.body, LargeBinary).label("body")
    query = (
        select(_link.number, _link.chain_sha256, *ids, *shown, at, body)
        .outerjoin_from(table_of(AuditLink), table_of(AuditLine), _line.id == _link.line_id)
        .order_by(_link.number)
        .limit(_PAGE)
    )
    after: int | None = None
    while True:
        page = query if after is None else query.where(_link.number > after)
        rows: Sequence[Any] = session.execute(page).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].number


def _heads(session: Session) -> Iterator[Any]:
    columns = (_head.number, _head.chain_sha256, _head.key_id, _head.signature)
    query = select(*columns, instant_column(session, _head.at).label("at")).order_by(_head.number)
    after: int | None = None
    while True:
        page = query if after is None else query.where(_head.number > after)
        rows: Sequence[Any] = session.execute(page.limit(_PAGE)).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].number


def _check_line(found: Verified, row: Any, trusted: Mapping[str, str], sealed_at: str) -> None:
    number = row.number
    if row.id is None:
        found.blame(number, "its line is gone")
        return
    if sha256(row.body).hexdigest() != row.sha256:
        found.blame(number, f"line {row.id} was altered: its body is not what was hashed")
        return
    if not _repeats(row):
        found.blame(number, f"line {row.id} was altered: a column is not what its body says")
    is_signed = bool(row.signature or row.key_id) or row.act in SIGNED
    if is_signed and not is_good(trusted.get(row.key_id, ""), row.body, row.signature):
        found.blame(number, f"line {row.id}: not signed by a key that is trusted")
    if _is_late(row.at, sealed_at) and len(found.late) < _MOST_TOLD:
        found.late.append(
            Fault(number, f"line {row.id} says {row.at}, and was not there at {sealed_at}")
        )


def _repeats(row: Any) -> bool:
    """Whether the columns that a line is found by repeat what its body says."""
    try:
        said = json.loads(row.body)
    except (ValueError, RecursionError):
        return False
    shown = {
        "account": row.account_id, "act": row.act, "actor": row.actor, "at": row.at,
        "client": row.client_id, "subject": row.subject, "unit": row.unit_id,
    }  # fmt: skip
    return isinstance(said, dict) and all(
        name in said and said[name] == value for name, value in shown.items()
    )


def _is_late(at: str, sealed_at: str) -> bool:
    try:
        return datetime.fromisoformat(at) + GRACE < datetime.fromisoformat(sealed_at)
    except (ValueError, OverflowError, TypeError):
        return False  # The first sealing of all; what is no instant is a fault by itself.


def _check_head(found: Verified, head: Any, chain: str, trusted: Mapping[str, str]) -> None:
    if head.number != found.links:
        found.blame(head.number, "a signed end lies where no link is")
        return
    if head.chain_sha256 != chain:
        found.blame(head.number, "the signed end is not the end of the chain")
    if not is_end_good(head, trusted):
        found.blame(head.number, "the end is not signed by a key that is trusted")


def _check_tail(session: Session, found: Verified) -> None:
    """What lies after the last signed end, and what was never sealed although later lines were."""
    last = session.execute(
        select(func.max(_head.number), func.max(_link.number)).select_from(
            table_of(AuditLink).outerjoin(table_of(AuditHead), _head.number == _link.number)
        )
    ).one()
    if last[1] is not None and last[0] != last[1]:
        found.blame(last[1], f"links after {last[0] or 0} are under no signed end")
    unsealed = ~select(_link.number).where(_link.line_id == _line.id).exists()
    query = select(func.count()).select_from(table_of(AuditLine)).where(unsealed)
    found.unsealed = session.scalar(query) or 0


def _check_keys(session: Session, found: Verified, trusted: Mapping[str, str]) -> None:
    for key_id, pem in session.execute(select(SigningKey.id, SigningKey.public_pem)):
        if trusted.get(key_id) != pem:
            found.blame(0, f"key {key_id} in the store is not vouched for by the key that signs")


def _missing_guards(session: Session) -> list[str]:
    """The triggers that refuse changes and are gone, or switched off."""
    dialect = session.get_bind().dialect.name
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') "
        "AND tgrelid IN (SELECT oid FROM pg_class "
        "WHERE relnamespace = current_schema()::regnamespace)",
    }[dialect]
    there = set(session.scalars(text(asked)))
    wanted = [f"{table}_{name}" for table in _ONLY_ADDED for name in _GUARDS[dialect]]
    return [name for name in wanted if name not in there]
