"""What an act upon obligations leaves behind: an event of each, and one line of the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reporting.models import ObligationChange, ObligationEvent, ReportingObligation
from reporting.models.base import table_of
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record

_LONGEST_REASON = 1_000


class By(Protocol):
    """Who did it, why, and when."""

    @property
    def actor(self) -> Actor:
        """Who."""

    @property
    def reason(self) -> str:
        """Why, as it was given."""

    @property
    def now(self) -> datetime:
        """When."""


def note(
    session: Session,
    by: By,
    owed: ReportingObligation,
    change: ObligationChange,
    details: Mapping[str, Any],
) -> None:
    """An event of one obligation, and its line of the audit."""
    _write_events(session, by, [owed.id], change, details)
    named: dict[str, Any] = {
        "form": owed.form_code,
        "period": owed.period,
        "reason": _reason(by),
    }
    entry = Entry(
        act=f"obligation.{change.value.replace('_', '-')}",
        subject=f"obligation/{owed.id}",
        unit_id=owed.unit_id,
        details=named | dict(details),
    )
    record(session, by.actor, entry, now=by.now)


def note_all(
    session: Session, by: By, ids: Sequence[int], change: ObligationChange, period: str
) -> None:
    """An event for each obligation, and one line of the audit that names them all."""
    if not ids:
        return
    _write_events(session, by, ids, change, {})
    entry = Entry(
        act=f"obligation.{change.value.replace('_', '-')}",
        subject=f"period/{period}",
        details={"reason": _reason(by), "obligations": list(ids)},
    )
    record(session, by.actor, entry, now=by.now)


def _write_events(
    session: Session,
    by: By,
    ids: Sequence[int],
    change: ObligationChange,
    details: Mapping[str, Any],
) -> None:
    line = {
        "change": change,
        "at": by.now,
        "actor": by.actor.name,
        "reason": _reason(by),
        "details": dict(details),
    }
    session.flush()
    session.connection().execute(
        insert(table_of(ObligationEvent)), [line | {"obligation_id": number} for number in ids]
    )


def _reason(by: By) -> str:
    return by.reason.strip()[:_LONGEST_REASON]
