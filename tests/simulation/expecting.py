"""What should have happened, worked out anew from regimes, calendar, cast, rings and reports.

Nothing here asks the ledger or the services: the days come from `forms`, everything else from the
rules of docs/decisions/0010, so that a fault of the clock cannot hide in its own arithmetic.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import NamedTuple

from forms.definition import FormVersion
from forms.period import Period
from forms.regime import Clockwork
from forms.timetable import timetable
from forms.working_days import WorkingCalendar
from reporting.services.calendar import shipped_changes
from tests.builders import ZONE
from tests.simulation.staging import CAST, Member, staged_forms

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
#: Editions with an older cut-off are not looked after by the clock.
_KEPT_FRESH = timedelta(days=100)
_MORNING = time(8)


class Effect(NamedTuple):
    """One thing that the clock did or should have done; a period is opened at no instant told."""

    what: str
    form: str
    period: str
    unit: str
    at: datetime | None = None


class Heard(NamedTuple):
    """One ring: the instant that the clock showed, and the step of the play to which it belongs."""

    instant: datetime
    step: datetime


#: When a unit sent a form for a period: (form, period, unit).
Reports = Mapping[tuple[str, str, str], datetime]


@dataclass(frozen=True, slots=True)
class Owed:
    """One unit owes one form for one period; `opened` is the number of the ring that opened it."""

    form: FormVersion
    period: str
    unit: Member
    due_at: datetime
    opens_at: datetime
    opened: int
    clockwork: Clockwork


class Rings:
    """The rings in their order, and which of them was the first to see an instant pass."""

    def __init__(self, heard: Sequence[Heard]) -> None:
        self.heard = [Heard(ring.instant.astimezone(UTC), ring.step) for ring in heard]
        self._reached = list(accumulate((ring.instant for ring in self.heard), max))
        #: The rings that were the first in an hour of their clocks.
        hours: dict[datetime, int] = {}
        for number, ring in enumerate(self.heard):
            hour = ring.instant.replace(minute=0, second=0, microsecond=0)
            hours.setdefault(hour, number)
        self.new_hours = frozenset(hours.values())

    def first(self, at: datetime, since: int = 0) -> int | None:
        """The number of the first ring, from one on, whose clock showed the instant or later."""
        for number in range(max(bisect_left(self._reached, at), since), len(self.heard)):
            if self.heard[number].instant >= at:
                return number
        return None


def expected(heard: Sequence[Heard], reports: Reports) -> Counter[Effect]:
    """Every effect that the rings should have had, each so many times: once."""
    rings = Rings(heard)
    found: Counter[Effect] = Counter()
    owed = list(_obligations(rings))
    for one in owed:
        found.update(_of_obligation(one, rings, reports))
    found.update(_editions(owed, rings, reports))
    return found


def _obligations(rings: Rings) -> Iterator[Owed]:
    """Every unit of the cast and every period that opened before the last ring."""
    catalogue, calendar = staged_forms(), WorkingCalendar(shipped_changes())
    first, last = rings.heard[0].instant, max(ring.instant for ring in rings.heard)
    for form in catalogue.forms:
        regime = catalogue.regime(form.regime)
        years = range(first.year - 1, last.year + 2)
        for period in (Period(year, kind) for year in years for kind in form.periods):
            days = timetable(regime, period, calendar)
            opens_at = _at(days.opens, time(0))
            opened = rings.first(opens_at)
            due = {kind: _end_of(days.due[kind]) for kind in form.reporter_kinds}
            if opened is None or max(due.values(), default=first - _DAY) < first:
                continue
            for unit in CAST:
                if unit.kind in due:
                    at = due[unit.kind]
                    yield Owed(form, period.code, unit, at, opens_at, opened, regime.clockwork)


def _of_obligation(one: Owed, rings: Rings, reports: Reports) -> Iterator[Effect]:
    """What befalls one obligation: opened, reminded, marked and told, escalated, closed."""

    def effect(what: str, number: int | None = None) -> Effect:
        at = None if number is None else rings.heard[number].instant
        return Effect(what, one.form.code, one.period, one.unit.code, at)

    yield effect("open")
    for number in _reminders(one, rings):
        if _is_missing(one, rings, number, reports):
            yield effect(f"reminder to {one.unit.code}", number)
    late = rings.first(one.due_at + _SECOND, one.opened)
    if late is not None and _is_missing(one, rings, late, reports):
        yield effect("marked_late", late)
        yield effect(f"overdue to {one.unit.code}", late)
    for days in one.clockwork.escalate:
        at = max(_morning(one.due_at, days), one.due_at + _SECOND)
        told = rings.first(at, one.opened)
        if told is not None and one.unit.parent and _is_missing(one, rings, told, reports):
            yield effect(f"escalation to {one.unit.parent}", told)
    if one.clockwork.close is not None:
        closed = rings.first(one.due_at + one.clockwork.close * _DAY + _SECOND, one.opened)
        if closed is not None:
            yield effect("closed", closed)


def _reminders(one: Owed, rings: Rings) -> Iterator[int]:
    """The rings at which a reminder is in time: not yet due, and no nearer one due as well."""
    mornings = [_morning(one.due_at, -days) for days in one.clockwork.remind]
    asked = [at for at in mornings if at >= one.opens_at]
    for at in asked:
        number = rings.first(at, one.opened)
        if number is None:
            continue
        now = rings.heard[number].instant
        if now <= one.due_at and not any(at < other <= now for other in asked):
            yield number


def _is_missing(one: Owed, rings: Rings, number: int, reports: Reports) -> bool:
    sent_at = reports.get((one.form.code, one.period, one.unit.code))
    return sent_at is None or sent_at > rings.heard[number].step


def _editions(owed: Sequence[Owed], rings: Rings, reports: Reports) -> Iterator[Effect]:
    """One edition for each list of inputs that a consolidation found; one on top is handed over."""
    catalogue = staged_forms()
    units = {unit.code: unit for unit in CAST}
    for target in (*catalogue.forms, *catalogue.consolidated_layouts()):
        sources = {source.form for source in target.sources}
        groups: dict[tuple[str, str], list[Owed]] = {}
        for one in owed:
            if one.form.code in sources and _makes(target, units.get(one.unit.parent), one):
                groups.setdefault((one.period, one.unit.parent), []).append(one)
        for (period, receiver), group in groups.items():
            for number in _new_inputs(group, rings, reports):
                at = rings.heard[number].instant
                yield Effect("edition", target.code, period, receiver, at)
                if not units[receiver].parent:
                    yield Effect("hand_over", target.code, period, receiver, at)


def _makes(target: FormVersion, receiver: Member | None, one: Owed) -> bool:
    """Whether a receiver makes the form: a form of provinces is no ministry's."""
    if receiver is None:
        return False
    is_stack_of_itself = target.code == one.form.code
    return is_stack_of_itself or receiver.kind in (target.reporter_kinds or (receiver.kind,))


def _new_inputs(group: Sequence[Owed], rings: Rings, reports: Reports) -> Iterator[int]:
    """The rings that consolidated what no ring before them had: by what had come in by then."""
    numbers = {
        rings.first(one.due_at + days * _DAY + _SECOND, one.opened)
        for one in group
        for days in one.clockwork.consolidate
    }
    last: frozenset[tuple[str, str]] = frozenset()
    made_at: datetime | None = None
    asked = {number for number in numbers if number is not None}
    for number in sorted(asked | rings.new_hours):
        now = rings.heard[number].instant
        if number not in asked and (made_at is None or made_at < now - _KEPT_FRESH):
            continue  # The clock looks each hour for editions that are stale, and not too old.
        inputs = frozenset(
            (one.form.code, one.unit.code)
            for one in group
            if not _is_missing(one, rings, number, reports)
        )
        if inputs and inputs != last:
            made_at = now
            yield number
        last = inputs or last


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, ZONE).astimezone(UTC)


def _end_of(day: date) -> datetime:
    return _at(day + _DAY, time(0)) - _SECOND


def _morning(due_at: datetime, days: int) -> datetime:
    return _at(due_at.astimezone(ZONE).date() + days * _DAY, _MORNING)
