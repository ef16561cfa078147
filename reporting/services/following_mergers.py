"""What is owed after a merger falls on the successor, also where the period was open already.

Opening looks at the units of the last day of the window. A merger that the registry learns of
later is followed here: what the ended unit had not sent is let go, and its successor owes it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, aliased

from forms.catalogue import Catalogue
from reporting.models import (
    ObligationChange,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    Stand,
    UnitLineage,
    UnitTerm,
)
from reporting.models.base import table_of
from reporting.services.following import follow_again

_owed = table_of(ReportingObligation)

#: What a successor takes over from the obligation of its predecessor, to the instant.
_SAME = (
    "form_code", "form_version", "regime_code", "period", "window_first", "window_last",
    "opens_at", "declared_due_at", "due_at", "closes_at",
)  # fmt: skip


def follow_mergers(
    session: Session,
    *,
    actor: str,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    action_id: int | None = None,
) -> dict[str, int]:
    """Move what ended units have not sent to their successors; once, however often.

    A successor of another kind, or one that owes the form already, takes nothing more over. A few
    statements, whatever the number of units. The caller commits.
    """
    ended, into = ReportingUnit, aliased(ReportingUnit)
    rows = session.execute(
        select(
            ReportingObligation,
            ended.code,
            into.id,
            into.code,
            UnitTerm.parent_id,
        )
        .join(ended, ended.id == ReportingObligation.unit_id)
        .join(UnitLineage, UnitLineage.predecessor_id == ended.id)
        .join(into, (into.id == UnitLineage.successor_id) & (into.kind == ended.kind))
        .join(UnitTerm, (UnitTerm.unit_id == into.id) & UnitTerm.valid_to.is_(None))
        .where(
            ended.valid_to < ReportingObligation.window_last,
            ReportingObligation.stand == Stand.MISSING,
            ReportingObligation.sent_otherwise_at.is_(None),
        )
        .order_by(ReportingObligation.id, into.id)
    ).all()
    taken = _taken(session, {row[2] for row in rows})
    successors: dict[int, list[str]] = defaultdict(list)
    made: list[dict[str, Any]] = []
    for owed, _, unit_id, code, parent_id in rows:
        successors[owed.id].append(code)
        key = (unit_id, owed.form_code, owed.period)
        if key not in taken:
            taken.add(key)
            same = {name: getattr(owed, name) for name in _SAME}
            made.append(same | {"unit_id": unit_id, "receiver_id": parent_id})
    if made:
        session.connection().execute(insert(_owed), made)
    if successors:
        _let_go(session, successors, actor, now, action_id)
    changed = {(one["regime_code"], one["form_code"], one["period"]) for one in made}
    follow_again(session, changed, catalogue=catalogue, zone=zone, now=now)
    return {"moved": len(successors), "created": len(made)}


def _taken(session: Session, units: set[int]) -> set[tuple[int, str, str]]:
    rows = session.execute(
        select(_owed.c.unit_id, _owed.c.form_code, _owed.c.period).where(_owed.c.unit_id.in_(units))
    )
    return {(unit, form, period) for unit, form, period in rows}


def _let_go(
    session: Session,
    successors: dict[int, list[str]],
    actor: str,
    now: datetime,
    action_id: int | None,
) -> None:
    session.execute(
        update(_owed).where(_owed.c.id.in_(successors)).values(stand=Stand.WAIVED.value)
    )
    events = [
        {
            "obligation_id": number,
            "change": ObligationChange.SUCCEEDED,
            "at": now,
            "actor": actor,
            "reason": "merged into " + ", ".join(codes),
            "details": {"successors": codes},
            "action_id": action_id,
        }
        for number, codes in sorted(successors.items())
    ]
    session.connection().execute(insert(table_of(ObligationEvent)), events)
