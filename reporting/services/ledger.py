"""The ledger of the clock: asking for an action, and finding what is due.

An action is asked in the transaction of its cause; asking twice for the same is asking once.
Whatever has to be done later stands here, and here it is decided whether it is done. Heavy lines
are handed to workers in the same transaction where there are any (reporting.work_queue).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from reporting.models import JobAction
from reporting.models.base import table_of
from reporting.work_queue import carry


class Action(StrEnum):
    """What the clock can do, in the order in which things due at one instant are done."""

    OPEN = "open"
    FOLLOW_MERGERS = "follow_mergers"
    REMIND = "remind"
    MARK_LATE = "mark_late"
    CLOSE = "close"
    ESCALATE = "escalate"
    REFRESH = "refresh"
    CONSOLIDATE = "consolidate"
    HAND_OVER = "hand_over"
    DIGEST = "digest"
    CLEAN_UP = "clean_up"
    #: No work of its own: the first ring that saw a regime, from which on its periods count.
    ADOPT = "adopt"


#: What takes long, so that reminders need not wait for it.
HEAVY = frozenset({Action.CONSOLIDATE, Action.HAND_OVER})


@dataclass(frozen=True, slots=True)
class Ask:
    """One action to be done at an instant; everything but the instant is its key."""

    action: Action
    due_at: datetime
    form_code: str = ""
    period: str = ""
    unit_code: str = ""
    occurrence: str = ""


_actions = table_of(JobAction)
_WRITTEN = (_actions.c.id, _actions.c.due_at, _actions.c.action)
_KEY = ("action", "form_code", "period", "unit_code", "occurrence")
_AGAIN = " again "


def ask(session: Session, asked: Iterable[Ask], *, now: datetime) -> None:
    """Write actions into the ledger; those that stand there already stay as they are.

    Two who ask at once ask once: the unique key lets the second one pass by. The caller commits.
    """
    rows = [
        asdict(one) | {"asked_at": now, "done_at": done_at_once(one, now), "outcome": {}}
        for one in asked
    ]
    if rows:
        make = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        write = make.insert(_actions).on_conflict_do_nothing(index_elements=_KEY)
        new = session.connection().execute(write.returning(*_WRITTEN), rows)
        heavy = [(number, due_at) for number, due_at, action in new if action in HEAVY]
        carry(session, heavy, now=now)


def done_at_once(one: Ask, now: datetime) -> datetime | None:
    """Adopting is done by being written down."""
    return now if one.action is Action.ADOPT else None


def waiting(now: datetime) -> Select[JobAction]:
    """Actions that are due and not done, and whose time to be tried again has come."""
    return (
        select(JobAction)
        .where(
            JobAction.done_at.is_(None),
            JobAction.due_at <= now,
            or_(JobAction.next_try_at.is_(None), JobAction.next_try_at <= now),
        )
        .order_by(JobAction.due_at, JobAction.id)
    )


def in_order(actions: Sequence[JobAction]) -> list[JobAction]:
    """By due instant; at one instant as the actions follow from each other."""
    rank = {action: number for number, action in enumerate(Action)}
    return sorted(actions, key=lambda row: (row.due_at, rank[Action(row.action)], row.id))


def again(occurrence: str, number: int) -> str:
    """What a further line for the same instant is called: `2026-09-19T16:59:59Z again 2`."""
    return f"{first_of(occurrence)}{_AGAIN}{number}"


def first_of(occurrence: str) -> str:
    """The occurrence of the first line for the same instant."""
    return occurrence.partition(_AGAIN)[0]


def is_first(occurrence: str) -> bool:
    """Whether a line is the first one for its instant."""
    return _AGAIN not in occurrence


def of_same_instant(
    column: ColumnElement[str] | InstrumentedAttribute[str], occurrence: str
) -> ColumnElement[bool]:
    """Whether an occurrence is the first line or a further one for the instant of another."""
    first = first_of(occurrence)
    return or_(column == first, column.like(f"{first}{_AGAIN}%"))


def instant_text(instant: datetime) -> str:
    """An instant as part of an occurrence: `2026-09-19T16:59:59Z`."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
