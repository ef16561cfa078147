"""What a unit owes: which form for which period, by when, and how it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from forms.period import Window
from reporting.models import ReportingObligation, ReportingUnit, Stand
from reporting.services.actors import Act, Actor
from reporting.services.rights import may_do

PAGE_SIZE = 200

_Lines = Select[ReportingObligation, str, str, str]


class State(StrEnum):
    """What is to be done about an obligation, for whoever owes it."""

    OVERDUE = "overdue"
    DUE = "due"
    RETURNED = "returned"
    NOT_OPEN = "not_open"
    SUSPENDED = "suspended"
    DONE = "done"
    WAIVED = "waived"


#: Nothing is left to do.
SETTLED = (State.DONE, State.WAIVED)
UNSETTLED = tuple(state for state in State if state not in SETTLED)


@dataclass(frozen=True, slots=True)
class OwedForm:
    """One line of what a unit owes. `declared_due_at` differs where it got more time."""

    id: int
    form_code: str
    form_version: int
    period: str
    window: Window
    opens_at: datetime
    due_at: datetime
    declared_due_at: datetime
    closes_at: datetime | None
    stand: Stand
    is_received: bool
    unit_code: str
    unit_name: str
    state: State

    @property
    def is_extended(self) -> bool:
        """Whether it is due later than the regime declared."""
        return self.due_at > self.declared_due_at

    def days_left(self, now: datetime, zone: ZoneInfo) -> int:
        """How many days there are until the due day where it is a day; negative once it is over."""
        return (self.due_at.astimezone(zone).date() - now.astimezone(zone).date()).days


def list_owed(
    session: Session,
    *,
    actor: Actor,
    unit_id: int,
    now: datetime,
    of_subordinates: bool = False,
    form_code: str = "",
    period: str = "",
    states: Collection[State] = (),
    after: int = 0,
    limit: int = PAGE_SIZE,
    newest_first: bool = False,
) -> list[OwedForm]:
    """What a unit owes, or what is owed to it, as far as the actor may see it: one statement.

    The soonest due first. Of one form, one period or some states only, where they are named.
    `after` is the id of the last line of the page before.
    """
    owed = ReportingObligation
    query = (
        select(owed, ReportingUnit.code, ReportingUnit.name_vi, _state(now))
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .where(
            (owed.receiver_id if of_subordinates else owed.unit_id) == unit_id,
            may_do(actor, Act.READ),
        )
        .limit(limit)
    )
    if form_code:
        query = query.where(owed.form_code == form_code)
    if period:
        query = query.where(owed.period == period)
    if states:
        query = query.where(_state(now).in_([state.value for state in states]))
    query = _paged(query, after, newest_first=newest_first)
    return [_line(row, code, name, state) for row, code, name, state in session.execute(query)]


def count_states(
    session: Session,
    *,
    actor: Actor,
    unit_id: int,
    now: datetime,
    of_subordinates: bool = False,
) -> Mapping[State, int]:
    """How many obligations of a unit, or owed to it, are in which state: one statement."""
    owed = ReportingObligation
    state = _state(now).label("state")
    query = (
        select(state, func.count())
        .where(
            (owed.receiver_id if of_subordinates else owed.unit_id) == unit_id,
            may_do(actor, Act.READ),
        )
        .group_by(state)
    )
    found = {State(name): count for name, count in session.execute(query)}
    return {state: found[state] for state in State if state in found}


def _paged(query: _Lines, after: int, *, newest_first: bool) -> _Lines:
    owed, last = ReportingObligation, aliased(ReportingObligation)
    place = tuple_(owed.due_at, owed.id)
    if after:
        due_at = select(last.due_at).where(last.id == after).scalar_subquery()
        there = tuple_(due_at, literal(after))
        query = query.where(place < there if newest_first else place > there)
    if newest_first:
        return query.order_by(owed.due_at.desc(), owed.id.desc())
    return query.order_by(owed.due_at, owed.id)


def _state(now: datetime) -> ColumnElement[str]:
    owed = ReportingObligation
    return case(
        (owed.stand.in_([Stand.ON_TIME, Stand.LATE]), State.DONE.value),
        (owed.stand == Stand.RETURNED, State.RETURNED.value),
        (owed.stand == Stand.WAIVED, State.WAIVED.value),
        (owed.suspended_at.is_not(None), State.SUSPENDED.value),
        (owed.opens_at > now, State.NOT_OPEN.value),
        (owed.due_at < now, State.OVERDUE.value),
        else_=State.DUE.value,
    )


def _line(row: ReportingObligation, code: str, name: str, state: str) -> OwedForm:
    return OwedForm(
        row.id,
        row.form_code,
        row.form_version,
        row.period,
        Window(row.window_first, row.window_last),
        row.opens_at,
        row.due_at,
        row.declared_due_at,
        row.closes_at,
        row.stand,
        row.in_force_id is not None,
        code,
        name,
        State(state),
    )
