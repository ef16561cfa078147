"""What the clock will do in the days to come, for whom, and why, before it does it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from forms.asked_twice import AskedTwice, asked_twice, reasons_of
from forms.catalogue import Catalogue
from forms.timetable import Reason
from reporting.models import JobAction, ReportingObligation, ReportingUnit, Stand, UnitTerm
from reporting.services.explaining import FROZEN, read_occurrence, why
from reporting.services.following import follow_ups_of
from reporting.services.ledger import Action, in_order, waiting
from reporting.services.planning import HORIZON, PlannedOpening, planned_openings
from reporting.services.ringing import Bell


@dataclass(frozen=True, slots=True)
class Ahead:
    """One thing that will fire: when, what, for how many units of which kinds, and why."""

    at: datetime
    action: str
    form_code: str
    period: str
    unit_code: str
    units: Mapping[str, int]
    reasons: tuple[Reason, ...] = ()


def look_ahead(bell: Bell, *, now: datetime, span: timedelta = HORIZON) -> list[Ahead]:
    """Everything that falls due within a span, in order; nothing is written.

    What has been asked already stands as frozen, for whom it would concern as things stand now;
    what is not open yet is worked out from regimes and calendar as they are now, and may change
    with them until it opens. A few statements, whatever the number of units.
    """
    until = now + span
    with bell.sessions() as session:
        asked = in_order(session.scalars(waiting(until)).all())
        groups = _groups(session, {row.period for row in asked if row.form_code})
        lines = [_asked(bell, row, groups) for row in asked]
        planned = planned_openings(
            session, catalogue=bell.catalogue, zone=bell.zone, now=now, until=until
        )
        counts = _units_by_kind(session, now)
        twice = asked_twice(bell.catalogue)
        for one in planned:
            lines += _planned(bell, one, counts, until, twice)
        session.rollback()
    rank = {action: number for number, action in enumerate(Action)}
    return sorted(lines, key=lambda line: (line.at, rank[Action(line.action)], line.form_code))


class _Group(NamedTuple):
    """So many obligations of one form, period, due instant, receiver and kind of unit."""

    form_code: str
    period: str
    due_at: datetime
    closes_at: datetime | None
    receiver: str | None
    kind: str
    regime_code: str
    is_missing: int
    units: int


#: Groups by form and period.
_Groups = Mapping[tuple[str, str], Sequence[_Group]]


def _groups(session: Session, periods: set[str]) -> _Groups:
    """The obligations of open periods that neither rest nor were waived: one statement."""
    if not periods:
        return {}
    owed, receiver = ReportingObligation, aliased(ReportingUnit)
    is_missing = and_(
        owed.stand.in_((Stand.MISSING, Stand.RETURNED)), owed.sent_otherwise_at.is_(None)
    )
    groups = (
        owed.form_code,
        owed.period,
        owed.due_at,
        owed.closes_at,
        receiver.code,
        ReportingUnit.kind,
        owed.regime_code,
        case((is_missing, 1), else_=0),
    )
    query = (
        select(*groups, func.count())
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .outerjoin(receiver, receiver.id == owed.receiver_id)
        .where(owed.period.in_(periods), owed.suspended_at.is_(None), owed.stand != Stand.WAIVED)
        .group_by(*groups)
    )
    found: dict[tuple[str, str], list[_Group]] = defaultdict(list)
    for group in (_Group(*row) for row in session.execute(query)):
        found[group.form_code, group.period].append(group)
    return found


def _asked(bell: Bell, row: JobAction, groups: _Groups) -> Ahead:
    concerned = _concerned(bell.catalogue, row, groups)
    units: Counter[str] = Counter()
    for group in concerned:
        units[str(group.kind)] += group.units
    regime = concerned[0].regime_code if concerned else "-"
    reasons = why(row.action, row.occurrence, regime=regime, zone=bell.zone)
    if row.form_code:
        reasons = (*reasons, FROZEN)
    return Ahead(
        row.due_at, row.action, row.form_code, row.period, row.unit_code, dict(units), reasons
    )


def _concerned(catalogue: Catalogue, row: JobAction, groups: _Groups) -> list[_Group]:
    """The obligations that an action is about, as they stand now."""
    asked = read_occurrence(row.occurrence)
    if asked is None:
        return []
    if row.action == Action.CONSOLIDATE:
        sources = {source.form for source in catalogue.latest(row.form_code).sources}
        owed = [group for form in sources for group in groups.get((form, row.period), ())]
        return [group for group in owed if group.receiver == row.unit_code]
    owed = list(groups.get((row.form_code, row.period), ()))
    if row.action == Action.CLOSE:
        return [group for group in owed if group.closes_at == asked.instant]
    return [group for group in owed if group.is_missing and group.due_at == asked.instant]


def _planned(
    bell: Bell,
    one: PlannedOpening,
    counts: Mapping[str, int],
    until: datetime,
    twice: Sequence[AskedTwice],
) -> Iterator[Ahead]:
    units = {kind: counts[kind] for kind in one.form.reporter_kinds if kind in counts}
    code, period = one.form.code, one.period.code
    why_open = (*one.days.reasons, *reasons_of(twice, code, one.period.kind))
    yield Ahead(one.opens_at, Action.OPEN, code, period, "", units, why_open)
    for ask in follow_ups_of(one, bell.catalogue, bell.zone):
        if ask.due_at <= until:
            who = {kind: units[kind] for kind in units if _falls_on(ask.occurrence, one, kind)}
            reasons = why(ask.action, ask.occurrence, regime=one.regime.code, zone=bell.zone)
            yield Ahead(ask.due_at, ask.action, ask.form_code, period, "", who, reasons)


def _falls_on(occurrence: str, one: PlannedOpening, kind: str) -> bool:
    """Whether an action counts from the due instant of this kind of unit, or from its closing."""
    asked, due = read_occurrence(occurrence), read_occurrence(one.due(kind))
    if asked is None or due is None:
        return False
    close = one.regime.clockwork.close
    closing = None if close is None else due.instant + timedelta(days=close)
    return asked.instant in (due.instant, closing)


def _units_by_kind(session: Session, now: datetime) -> Mapping[str, int]:
    on = now.date()
    query = (
        select(ReportingUnit.kind, func.count())
        .join(UnitTerm, UnitTerm.unit_id == ReportingUnit.id)
        .where(UnitTerm.valid_from <= on, or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= on))
        .group_by(ReportingUnit.kind)
    )
    return {str(kind): count for kind, count in session.execute(query)}
