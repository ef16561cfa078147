"""What units that change owe, lack and are owed, in open periods and in those that will open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from reporting.models import ReportingObligation, ReportingUnit, Stand
from reporting.services.import_effects import Effect, Touched, TouchedOpening, TouchedPeriod, What
from reporting.services.planning import HORIZON, planned_openings


def touched_by(
    session: Session,
    effects: Collection[Effect],
    *,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
) -> Touched:
    """Open periods and coming openings that a change of units touches: a few statements.

    Obligations are not changed by a change of units: they are frozen, and the clock follows
    mergers on the first day on which a unit is no more.
    """
    if not effects:
        return Touched()
    codes = sorted({effect.unit for effect in effects})
    return Touched(_periods(session, codes, now), _openings(session, effects, catalogue, zone, now))


def _periods(session: Session, codes: Sequence[str], now: datetime) -> list[TouchedPeriod]:
    owed = ReportingObligation
    ids = select(ReportingUnit.id).where(ReportingUnit.code.in_(codes)).scalar_subquery()
    own = owed.unit_id.in_(ids)
    missing = and_(own, owed.stand == Stand.MISSING)
    is_open = or_(owed.closes_at.is_(None), owed.closes_at > now)

    def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    query = (
        select(
            owed.form_code,
            owed.period,
            counted(own),
            counted(missing),
            counted(owed.receiver_id.in_(ids)),
        )
        .where(
            or_(own, owed.receiver_id.in_(ids)),
            or_(owed.due_at >= now, and_(owed.stand == Stand.MISSING, is_open)),
            owed.stand != Stand.WAIVED,
        )
        .group_by(owed.form_code, owed.period)
        .order_by(owed.period, owed.form_code)
    )
    return [TouchedPeriod(*row) for row in session.execute(query)]


def _openings(
    session: Session,
    effects: Collection[Effect],
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
) -> list[TouchedOpening]:
    units = {effect.unit: effect for effect in effects}
    new = {effect.unit: effect.on for effect in effects if effect.what is What.NEW}
    planned = planned_openings(
        session, catalogue=catalogue, zone=zone, now=now, until=now + HORIZON
    )
    found: list[TouchedOpening] = []
    for one in planned:
        last = one.days.window.last
        mine = [unit for unit in units.values() if unit.kind in one.form.reporter_kinds]
        gone = [unit for unit in mine if unit.until is not None and unit.until <= last]
        early = [unit for unit in mine if new.get(unit.unit, last) > last]
        if mine:
            asked = len(mine) - len(gone) - len(early)
            found.append(
                TouchedOpening(one.form.code, one.period.code, one.opens_at, asked, len(gone))
            )
    return found
