"""What the clock will do in the days to come, for whom, and why, before it does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from forms.timetable import Reason
from reporting.models import JobAction, ReportingUnit, UnitTerm
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

    What has been asked already stands as frozen; what is not open yet is worked out from regimes
    and calendar as they are now, and may change with them until it opens.
    """
    until = now + span
    with bell.sessions() as session:
        lines = [_asked(row) for row in in_order(session.scalars(waiting(until)).all())]
        planned = planned_openings(
            session, catalogue=bell.catalogue, zone=bell.zone, now=now, until=until
        )
        counts = _units_by_kind(session, now)
        for one in planned:
            lines += _planned(bell, one, counts, until)
        session.rollback()
    rank = {action: number for number, action in enumerate(Action)}
    return sorted(lines, key=lambda line: (line.at, rank[Action(line.action)], line.form_code))


def _asked(row: JobAction) -> Ahead:
    reason = Reason(
        "Đã chốt khi mở kỳ; sửa lịch hay chế độ không làm thay đổi.",
        "Frozen when the period was opened; editing calendar or regime does not change it.",
    )
    return Ahead(row.due_at, row.action, row.form_code, row.period, row.unit_code, {}, (reason,))


def _planned(
    bell: Bell, one: PlannedOpening, counts: Mapping[str, int], until: datetime
) -> Iterator[Ahead]:
    units = {kind: counts[kind] for kind in one.form.reporter_kinds if kind in counts}
    code, period = one.form.code, one.period.code
    yield Ahead(one.opens_at, Action.OPEN, code, period, "", units, one.days.reasons)
    for ask in follow_ups_of(one, bell.catalogue, bell.zone):
        if ask.due_at <= until:
            who = {kind: units[kind] for kind in units if ask.occurrence.startswith(one.due(kind))}
            yield Ahead(ask.due_at, ask.action, ask.form_code, period, "", who)


def _units_by_kind(session: Session, now: datetime) -> Mapping[str, int]:
    on = now.date()
    query = (
        select(ReportingUnit.kind, func.count())
        .join(UnitTerm, UnitTerm.unit_id == ReportingUnit.id)
        .where(UnitTerm.valid_from <= on, or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= on))
        .group_by(ReportingUnit.kind)
    )
    return {str(kind): count for kind, count in session.execute(query)}
