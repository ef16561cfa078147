"""Lines of the audit: who did what to what, from where, written in the transaction of the act.

A line is hashed here; the sealer chains it afterwards (reporting.services.sealing), because one
row that every writer waits for would make them queue. A receipt and an approval are lines with a
signature.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forms.canonical import canonical_json, sha256
from reporting.models import AuditLine, ReportingUnit
from reporting.models.base import table_of
from reporting.services.actors import Act, Actor
from reporting.services.rights import reaches
from reporting.services.signing import Signer, is_good

#: What a receipt is called among the lines.
RECEIVED = "submission.received"
APPROVED = "draft.approved"
#: A key that begins to sign, and vouches for those before it.
TAKEN_UP = "key.taken-up"
#: Lines that are worth nothing without their signature.
SIGNED = (RECEIVED, APPROVED, TAKEN_UP)

INSERT_LINE = insert(table_of(AuditLine))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written: an act such as `obligation.extended`, to what, of which unit."""

    act: str
    subject: str
    unit_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def line_of(
    actor: Actor, entry: Entry, *, at: datetime, signer: Signer | None = None
) -> dict[str, Any]:
    """The row of a line, for INSERT_LINE: its body in canonical JSON, hashed, perhaps signed."""
    body = canonical_json(
        {
            "account": actor.account_id,
            "act": entry.act,
            "actor": actor.name,
            "address": actor.address,
            "at": instant_text(at),
            "client": actor.client_id,
            "details": entry.details,
            "subject": entry.subject,
            "unit": entry.unit_id,
        }
    )
    return {
        "at": at,
        "act": entry.act,
        "actor": actor.name,
        "account_id": actor.account_id,
        "client_id": actor.client_id,
        "unit_id": entry.unit_id,
        "subject": entry.subject,
        "body": body,
        "sha256": sha256(body),
        "key_id": signer.key_id if signer else "",
        "signature": signer.sign(body) if signer else "",
    }


def record(
    session: Session,
    actor: Actor,
    entry: Entry,
    *,
    now: datetime,
    signer: Signer | None = None,
) -> int:
    """Write a line beside an act; gives its id. The caller commits."""
    row = line_of(actor, entry, at=now, signer=signer)
    written = session.connection().execute(INSERT_LINE.returning(AuditLine.id), row)
    number: int = written.scalar_one()
    return number


def record_all(session: Session, actor: Actor, entries: Iterable[Entry], *, now: datetime) -> None:
    """Write a line for each of many entries at once. The caller commits."""
    rows = [line_of(actor, entry, at=now) for entry in entries]
    if rows:
        session.connection().execute(INSERT_LINE, rows)


def find_signed(session: Session, subject: str, act: str) -> AuditLine | None:
    """The signed line of an act upon something: such as the receipt of `submission/12`.

    The first, should there be several: a receipt is given once.
    """
    query = select(AuditLine).where(
        AuditLine.subject == subject, AuditLine.act == act, AuditLine.signature != ""
    )
    return session.scalars(query.order_by(AuditLine.id).limit(1)).one_or_none()


def signed_as(act: str, public_pem: str, body: bytes, signature: str) -> dict[str, Any] | None:
    """What a line says if this key has signed it for this act.

    The column that names its act may have been altered, so that a signed line of another kind, or
    an end of the chain, stands in its place.
    """
    if not is_good(public_pem, body, signature):
        return None
    said: dict[str, Any] = json.loads(body)
    return said if said.get("act") == act else None


def list_lines(
    session: Session,
    *,
    actor: Actor,
    unit_id: int | None = None,
    subject: str = "",
    act: str = "",
    before: int = 0,
    limit: int = 100,
) -> list[tuple[AuditLine, str]]:
    """Lines of the units that the actor administers, the newest first, with the unit's code.

    A line of no unit is for the centre alone. One statement.
    """
    query = (
        select(AuditLine, ReportingUnit.code)
        .outerjoin(ReportingUnit, ReportingUnit.id == AuditLine.unit_id)
        .where(reaches(actor, Act.ADMINISTER, AuditLine.unit_id))
        .order_by(AuditLine.id.desc())
        .limit(limit)
    )
    if unit_id is not None:
        query = query.where(AuditLine.unit_id == unit_id)
    if subject:
        query = query.where(AuditLine.subject == subject)
    if act:
        query = query.where(AuditLine.act == act)
    if before:
        query = query.where(AuditLine.id < before)
    return [(line, code or "") for line, code in session.execute(query)]


@lru_cache(maxsize=1024)  # Due instants are those of all.
def instant_text(instant: datetime) -> str:
    """An instant as it stands in what is hashed: UTC, six decimals, a Z."""
    text = instant.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
