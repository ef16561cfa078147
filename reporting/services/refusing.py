"""A return as it was delivered, and refusing one: the attempt is kept, with all its issues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.issues import Issue
from forms.returns import RawReturn
from reporting.models import Door, RefusedAttempt
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.receipts import Receipt, Verdict, issues_as_data


@dataclass(frozen=True, slots=True)
class Delivery:
    """A return as a door hands it in. `received_at` is when the whole body had been read.

    `begun_at` is when its request began, where the door knows. `reason` is why it takes the place
    of an earlier one; `signer` who has signed it, `approval_id` the line with the signature.
    """

    raw: RawReturn
    body: bytes
    file_name: str
    door: Door
    received_at: datetime
    begun_at: datetime | None = None
    reason: str = ""
    signer: str = ""
    approval_id: int | None = None


def refuse(
    session: Session, *, actor: Actor, delivery: Delivery, issues: tuple[Issue, ...]
) -> Receipt:
    """Refuse a return for what was found, and keep the attempt as it came. The caller commits."""
    raw = delivery.raw
    attempt_id = session.execute(
        insert(RefusedAttempt).returning(RefusedAttempt.id),
        {
            "received_at": delivery.received_at,
            "door": delivery.door,
            "client_id": actor.client_id,
            "actor": actor.name,
            "form_code": short(raw.form, 60),
            "unit_code": short(raw.unit, 60),
            "period": short(raw.period, 20),
            "file": delivery.body,
            "file_name": short(delivery.file_name, 200),
            "file_sha256": sha256(delivery.body),
            "issues": issues_as_data(issues),
        },
    ).scalar_one()
    _record(session, actor, delivery, attempt_id, issues)
    return Receipt(
        Verdict.REFUSED,
        short(raw.form, 60),
        short(raw.unit, 60),
        short(raw.period, 20),
        issues,
        received_at=delivery.received_at,
        attempt_id=attempt_id,
    )


def refused_beforehand(raw: RawReturn, issues: tuple[Issue, ...]) -> Receipt:
    """The answer of `refuse` to a return that is only tried: nothing is kept."""
    named = short(raw.form, 60), short(raw.unit, 60), short(raw.period, 20)
    return Receipt(Verdict.REFUSED, *named, issues)


def _record(
    session: Session,
    actor: Actor,
    delivery: Delivery,
    attempt_id: int,
    issues: tuple[Issue, ...],
) -> None:
    """Who tried, of whatever unit he is: what the return names may be anybody's."""
    units = {grant.unit_id for grant in actor.grants}
    raw = delivery.raw
    details = {
        "form": short(raw.form, 60),
        "unit": short(raw.unit, 60),
        "period": short(raw.period, 20),
        "file_sha256": sha256(delivery.body),
        "issues": len(issues),
    }
    entry = Entry(
        act="submission.refused",
        subject=f"attempt/{attempt_id}",
        unit_id=next(iter(units)) if len(units) == 1 else None,
        details=details,
    )
    record(session, actor, entry, now=delivery.received_at)


def short(text: str, length: int) -> str:
    """What a sender wrote, cut to what a column holds; no NUL, which PostgreSQL refuses."""
    return text.replace("\x00", "").strip()[:length]
