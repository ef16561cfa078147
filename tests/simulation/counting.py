"""Counts what years of ringing did, from its effects in the store, not from the ledger alone.

What should have happened is worked out here anew: from regimes, calendar and units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forms.period import Period
from forms.timetable import timetable
from forms.working_days import WorkingCalendar
from reporting.models import (
    Edition,
    JobAction,
    Notice,
    NoticeKind,
    ObligationChange,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    Stand,
)
from reporting.services.calendar import shipped_changes
from reporting.services.ledger import Action
from tests.builders import ZONE, shipped_forms
from tests.simulation.playing import Size

_MIDNIGHT = timedelta(hours=24) - timedelta(seconds=1)


@dataclass
class Tally:
    """How many deadlines there were, and what happened twice or not at all."""

    deadlines: int = 0
    twice: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def hold(self, what: str, *, expected: int, found: int) -> None:
        """Count one deadline, and whether its effect is there so many times."""
        self.deadlines += 1
        if found > expected:
            self.twice.append(f"{what}: {found}, not {expected}")
        elif found < expected:
            self.missed.append(f"{what}: {found}, not {expected}")


def count(session: Session, size: Size) -> Tally:
    """Hold every expected effect against those that are in the store."""
    tally = Tally()
    _count_openings(session, size, tally)
    _count_marks(session, size, tally)
    _count_reminders(session, tally)
    _count_editions(session, tally)
    return tally


def _count_openings(session: Session, size: Size, tally: Tally) -> None:
    """Every unit that owes a form for a period that opened meanwhile has one obligation."""
    owed = ReportingObligation
    rows = session.execute(
        sa.select(owed.form_code, owed.period, sa.func.count()).group_by(
            owed.form_code, owed.period
        )
    )
    found = {(form, period): number for form, period, number in rows}
    kinds = Counter(map(str, session.scalars(sa.select(ReportingUnit.kind))))
    expected = dict(_openings(size, kinds))
    for key in expected.keys() | found.keys():
        tally.hold(f"open {key}", expected=expected.get(key, 0), found=found.get(key, 0))


def _openings(size: Size, kinds: Counter[str]) -> Iterator[tuple[tuple[str, str], int]]:
    catalogue, calendar = shipped_forms(), WorkingCalendar(shipped_changes())
    years = range(size.first.year - 1, size.last.year + 2)
    for form in catalogue.forms:
        regime = catalogue.regime(form.regime)
        units = sum(kinds[kind] for kind in form.reporter_kinds)
        for period in (Period(year, kind) for year in years for kind in form.periods):
            days = timetable(regime, period, calendar)
            opens = datetime.combine(days.opens, datetime.min.time(), ZONE)
            last = max((days.due[kind] for kind in form.reporter_kinds), default=None)
            if last is None or not units or opens > size.last:
                continue
            if datetime.combine(last, datetime.min.time(), ZONE) + _MIDNIGHT >= size.first:
                yield (form.code, period.code), units


def _count_marks(session: Session, size: Size, tally: Tally) -> None:
    """Who had not reported is marked late once, and told of once; who had, never.

    Escalations go to the unit above, once for each day that the regime declares.
    """
    marks = _per_obligation(session, ObligationEvent.obligation_id, _is(ObligationEvent))
    overdue = _per_obligation(session, Notice.obligation_id, Notice.kind == NoticeKind.OVERDUE)
    told = _per_obligation(session, Notice.obligation_id, Notice.kind == NoticeKind.ESCALATION)
    regimes = shipped_forms().regimes
    rows = session.scalars(
        sa.select(ReportingObligation).where(ReportingObligation.due_at < size.last)
    )
    for row in rows:
        is_missing = row.stand is Stand.MISSING
        what = f"{row.form_code} {row.period} {row.unit_id}"
        tally.hold(f"late {what}", expected=int(is_missing), found=marks[row.id])
        tally.hold(f"overdue {what}", expected=int(is_missing), found=overdue[row.id])
        days = regimes[row.regime_code].clockwork.escalate
        past = [day for day in days if row.due_at + timedelta(days=day) < size.last]
        has_above = row.receiver_id is not None
        expected = len(past) if is_missing and has_above else 0
        tally.hold(f"escalate {what}", expected=expected, found=told[row.id])


def _is(event: type[ObligationEvent]) -> sa.ColumnElement[bool]:
    return event.change == ObligationChange.MARKED_LATE


def _per_obligation(
    session: Session, column: sa.orm.InstrumentedAttribute[int], which: sa.ColumnElement[bool]
) -> Counter[int]:
    rows = session.execute(sa.select(column, sa.func.count()).where(which).group_by(column))
    return Counter(dict(iter(rows)))


def _count_reminders(session: Session, tally: Tally) -> None:
    """A reminder is told at most once to each, and left out only where it came too late."""
    told = _per_action(session)
    rows = session.scalars(sa.select(JobAction).where(JobAction.action == Action.REMIND)).all()
    leads: dict[tuple[str, str, str], list[JobAction]] = {}
    for row in rows:
        due = row.occurrence.partition(" ")[0]
        leads.setdefault((row.form_code, row.period, due), []).append(row)
    for (_, _, due), group in leads.items():
        for row in group:
            if row.done_at is None:
                continue
            what = f"remind {row.form_code} {row.period} {row.occurrence}"
            each = told.get(row.id, Counter())
            tally.hold(what, expected=1, found=max(each.values(), default=1))
            was_late = row.done_at > datetime.fromisoformat(due)
            was_passed = any(row.due_at < other.due_at <= row.done_at for other in group)
            if each and (was_late or was_passed):
                tally.twice.append(f"{what}: told though it was old")
            if "skipped" in row.outcome and not (was_late or was_passed):
                tally.missed.append(f"{what}: left out though it was in time")


def _per_action(session: Session) -> dict[int, Counter[int]]:
    rows = session.execute(
        sa.select(Notice.action_id, Notice.obligation_id, sa.func.count())
        .where(Notice.kind == NoticeKind.REMINDER)
        .group_by(Notice.action_id, Notice.obligation_id)
    )
    found: dict[int, Counter[int]] = {}
    for action, obligation, number in rows:
        if action is None:
            continue
        found.setdefault(action, Counter())[obligation] = number
    return found


def _count_editions(session: Session, tally: Tally) -> None:
    """One edition for each list of inputs, numbered without a gap."""
    rows = session.scalars(sa.select(Edition).order_by(Edition.number)).all()
    groups: dict[tuple[str, str, int], list[Edition]] = {}
    for row in rows:
        groups.setdefault((row.form_code, row.period, row.unit_id), []).append(row)
    for key, editions in groups.items():
        inputs = {edition.input_sha256 for edition in editions}
        tally.hold(f"edition {key}", expected=len(inputs), found=len(editions))
