"""The chain: lines of the audit put into one order for good, and the whole of it checked.

Each link is the SHA-256 of the link before and the hash of its line; the end of the chain is
signed at every sealing. So whoever alters, removes, inserts or moves a line must make every later
link anew, and cannot sign the end of it without the key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.orm import Session

from forms.canonical import canonical_json
from reporting.models import AuditHead, AuditLine, AuditLink, SigningKey
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.audit import instant_text
from reporting.services.signing import Signer, is_good, register_key

#: What the first link is chained to.
GENESIS = "0" * 64
_MOST_AT_ONCE = 5_000
_PAGE = 5_000

_line, _link = table_of(AuditLine).c, table_of(AuditLink).c


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not fit: where in the chain, and what is wrong."""

    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole chain found."""

    links: int
    unsealed: int
    faults: Sequence[Fault]


def link(before: str, line_sha256: str) -> str:
    """The next link after one: SHA-256 over both hashes as bytes."""
    return sha256(bytes.fromhex(before) + bytes.fromhex(line_sha256)).hexdigest()


def head_bytes(number: int, chain_sha256: str, at: datetime) -> bytes:
    """What is signed at a sealing."""
    return canonical_json({"at": instant_text(at), "chain": chain_sha256, "number": number})


def seal(session: Session, signer: Signer, *, now: datetime) -> int:
    """Put committed lines that have no place yet into the chain; gives how many.

    One sealer at a time: the others wait. A few statements, however many lines. Caller commits.
    """
    register_key(session, signer, now=now)
    locks.keep_other_writers_out(session, AuditLink)
    number, chain = _end(session)
    waiting = session.execute(
        select(_line.id, _line.sha256)
        .where(~select(_link.number).where(_link.line_id == _line.id).exists())
        .order_by(_line.id)
        .limit(_MOST_AT_ONCE)
    ).all()
    rows = []
    for line_id, line_sha256 in waiting:
        number, chain = number + 1, link(chain, line_sha256)
        rows.append({"number": number, "line_id": line_id, "chain_sha256": chain})
    if rows:
        session.connection().execute(insert(table_of(AuditLink)), rows)
        session.add(
            AuditHead(
                number=number,
                chain_sha256=chain,
                at=now,
                key_id=signer.key_id,
                signature=signer.sign(head_bytes(number, chain, now)),
            )
        )
        session.flush()
    return len(rows)


def verify(session: Session) -> Verified:
    """Check every line, every link and every signed end; reads the store in pages."""
    faults: list[Fault] = []
    number, chain = 0, GENESIS
    ends = {head.number: head for head in session.scalars(select(AuditHead))}
    keys = {key.id: key.public_pem for key in session.scalars(select(SigningKey))}
    for row in _linked(session):
        number += 1
        if row.number != number:
            faults.append(Fault(number, f"links {number} to {row.number - 1} are gone"))
            number = row.number
        faults += [Fault(number, what) for what in _faults_of_line(row, keys)]
        expected = link(chain, row.sha256 or GENESIS)
        if row.chain_sha256 != expected:
            faults.append(Fault(number, "the link does not follow from the one before"))
        chain = row.chain_sha256
        head = ends.pop(number, None)
        if head is not None:
            faults += _faults_of_head(head, chain, keys)
    faults += [Fault(gone, "a signed end lies beyond the chain") for gone in sorted(ends)]
    unsealed = session.scalar(
        select(func.count())
        .select_from(table_of(AuditLine))
        .where(~select(_link.number).where(_link.line_id == _line.id).exists())
    )
    return Verified(number, unsealed or 0, faults)


def _end(session: Session) -> tuple[int, str]:
    last = session.execute(
        select(_link.number, _link.chain_sha256).order_by(_link.number.desc()).limit(1)
    ).one_or_none()
    return (last[0], last[1]) if last else (0, GENESIS)


def _linked(session: Session) -> Iterator[Row[Any]]:
    """The links in order, each with its line, or with nothing where the line is gone."""
    after = 0
    while True:
        rows = session.execute(
            select(_link.number, _link.chain_sha256, *_line)
            .outerjoin_from(table_of(AuditLink), table_of(AuditLine), _line.id == _link.line_id)
            .where(_link.number > after)
            .order_by(_link.number)
            .limit(_PAGE)
        ).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].number


def _faults_of_line(row: Row[Any], keys: dict[str, str]) -> Iterator[str]:
    if row.id is None:
        yield "its line is gone"
        return
    if sha256(row.body).hexdigest() != row.sha256:
        yield f"line {row.id} was altered: its body is not what was hashed"
        return
    said = json.loads(row.body)
    shown = {
        "account": row.account_id, "act": row.act, "actor": row.actor, "at": instant_text(row.at),
        "client": row.client_id, "subject": row.subject, "unit": row.unit_id,
    }  # fmt: skip
    if any(said[name] != value for name, value in shown.items()):
        yield f"line {row.id} was altered: what it is found by is not what its body says"
    if row.signature and not is_good(keys.get(row.key_id, ""), row.body, row.signature):
        yield f"line {row.id}: the signature is not that of key {row.key_id or '(none)'}"


def _faults_of_head(head: AuditHead, chain: str, keys: dict[str, str]) -> Iterator[Fault]:
    signed = head_bytes(head.number, head.chain_sha256, head.at)
    if head.chain_sha256 != chain:
        yield Fault(head.number, "the signed end is not the end of the chain")
    elif not is_good(keys.get(head.key_id, ""), signed, head.signature):
        yield Fault(head.number, f"the end is not signed by key {head.key_id}")
