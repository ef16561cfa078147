"""What is owed after a merger falls on the successor, also where the period was open already.

Opening looks at the units of the last day of the window. A unit that ends between that day and the
due day, or of whose end the registry learns later, is followed here: what it had not sent is let
go, and its successor owes it; what is owed to it is owed to its successor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, insert, or_, select, type_coerce, update
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
    """Move to successors what ended units owe and are owed; once, however often.

    Only what is due after the last day of the ended unit, and only once that day is over. A few
    statements, whatever the number of units. The caller commits.
    """
    when = _When(actor, zone, now, action_id)
    owed = _move_senders(session, when)
    received = _move_receivers(session, when)
    follow_again(session, owed.changed | received.changed, catalogue=catalogue, zone=zone, now=now)
    return {"moved": owed.moved, "created": owed.created, "receivers": received.moved}


@dataclass(frozen=True, slots=True)
class _When:
    """By whom and when mergers are followed, and the line of the ledger that asks for it."""

    actor: str
    zone: ZoneInfo
    now: datetime
    action_id: int | None

    @property
    def today(self) -> date:
        """The day it is where due dates are dates."""
        return self.now.astimezone(self.zone).date()

    def is_due_after(self, due_at: datetime, last_day: date | None) -> bool:
        """Whether something is due on a day after the last one of a unit."""
        return last_day is not None and due_at.astimezone(self.zone).date() > last_day


@dataclass(frozen=True, slots=True)
class _Moved:
    """How many obligations were moved and made; of which regimes, forms and periods."""

    moved: int
    created: int
    changed: set[tuple[str, str, str]]


def _move_senders(session: Session, when: _When) -> _Moved:
    """Let successors owe; not one of another kind, nor anything that they owe already."""
    ended, into = aliased(ReportingUnit), aliased(ReportingUnit)
    rows = session.execute(
        select(ReportingObligation, ended.valid_to, into.id, into.code, UnitTerm.parent_id)
        .join(ended, ended.id == ReportingObligation.unit_id)
        .join(UnitLineage, UnitLineage.predecessor_id == ended.id)
        .join(into, (into.id == UnitLineage.successor_id) & (into.kind == ended.kind))
        .join(UnitTerm, (UnitTerm.unit_id == into.id) & UnitTerm.valid_to.is_(None))
        .where(
            *_ended_before_due(ended, when),
            ReportingObligation.stand == Stand.MISSING,
            ReportingObligation.sent_otherwise_at.is_(None),
        )
        .order_by(ReportingObligation.id, into.id)
    ).all()
    rows = [row for row in rows if when.is_due_after(row[0].due_at, row[1])]
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
        _let_go(session, successors, when)
    changed = {(one["regime_code"], one["form_code"], one["period"]) for one in made}
    return _Moved(len(successors), len(made), changed)


def _ended_before_due(
    ended: type[ReportingUnit], when: _When
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """A first choice by the instants of the store; the day where due dates are dates decides."""
    due_at = type_coerce(ReportingObligation.due_at, Date)
    return ended.valid_to < when.today, ended.valid_to < due_at


def _move_receivers(session: Session, when: _When) -> _Moved:
    """Let what is owed to an ended unit be owed to the one under which the sender stands now.

    Whatever has come of it: an edition of the successor adds up what was sent before the merger.
    """
    ended, above = aliased(ReportingUnit), aliased(ReportingUnit)
    owed, today = ReportingObligation, when.today
    rows = session.execute(
        select(owed, ended.id, ended.code, ended.valid_to, above.id, above.code)
        .join(ended, ended.id == owed.receiver_id)
        .outerjoin(UnitTerm, (UnitTerm.unit_id == owed.unit_id) & _holds(UnitTerm, today))
        .outerjoin(above, (above.id == UnitTerm.parent_id) & _holds(above, today))
        .where(*_ended_before_due(ended, when), owed.stand != Stand.WAIVED)
        .order_by(owed.id)
    ).all()
    rows = [row for row in rows if when.is_due_after(row[0].due_at, row[3])]
    successors = _only_successors(session, {row[1] for row in rows}, today)
    moved: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    changed: set[tuple[str, str, str]] = set()
    for row, old_id, old_code, _, parent_id, parent_code in rows:
        new = (parent_id, parent_code) if parent_id else successors.get(old_id)
        if new is not None:
            moved[old_code, *new].append(row.id)
            changed.add((row.regime_code, row.form_code, row.period))
    for (old_code, new_id, new_code), ids in sorted(moved.items()):
        session.execute(update(_owed).where(_owed.c.id.in_(ids)).values(receiver_id=new_id))
        details = {"from": old_code, "receiver": new_code}
        reason = f"receiver {old_code} merged into {new_code}"
        _note(session, when, dict.fromkeys(ids, (reason, details)))
    return _Moved(sum(map(len, moved.values())), 0, changed)


def _holds(dated: type[UnitTerm] | type[ReportingUnit], on: date) -> ColumnElement[bool]:
    return and_(dated.valid_from <= on, or_(dated.valid_to.is_(None), dated.valid_to >= on))


def _only_successors(session: Session, units: set[int], on: date) -> dict[int, tuple[int, str]]:
    """Of each ended unit the one unit of its kind into which it went, where there is just one."""
    ended, into = aliased(ReportingUnit), aliased(ReportingUnit)
    rows = session.execute(
        select(ended.id, into.id, into.code)
        .join(UnitLineage, UnitLineage.predecessor_id == ended.id)
        .join(into, (into.id == UnitLineage.successor_id) & (into.kind == ended.kind))
        .where(ended.id.in_(units), _holds(into, on))
        .distinct()
    ).all()
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for old, new, code in rows:
        found[old].append((new, code))
    return {old: into[0] for old, into in found.items() if len(into) == 1}


def _taken(session: Session, units: set[int]) -> set[tuple[int, str, str]]:
    rows = session.execute(
        select(_owed.c.unit_id, _owed.c.form_code, _owed.c.period).where(_owed.c.unit_id.in_(units))
    )
    return {(unit, form, period) for unit, form, period in rows}


def _let_go(session: Session, successors: dict[int, list[str]], when: _When) -> None:
    session.execute(
        update(_owed).where(_owed.c.id.in_(successors)).values(stand=Stand.WAIVED.value)
    )
    told = {
        number: ("merged into " + ", ".join(codes), {"successors": codes})
        for number, codes in successors.items()
    }
    _note(session, when, told)


def _note(session: Session, when: _When, told: Mapping[int, tuple[str, dict[str, Any]]]) -> None:
    events = [
        {
            "obligation_id": number,
            "change": ObligationChange.SUCCEEDED,
            "at": when.now,
            "actor": when.actor,
            "reason": reason,
            "details": details,
            "action_id": when.action_id,
        }
        for number, (reason, details) in sorted(told.items())
    ]
    session.connection().execute(insert(table_of(ObligationEvent)), events)
