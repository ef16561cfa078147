"""Units that become other units, as tests of mergers need them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models import LineageExtent, LineageKind, ReportingUnit, UnitLineage, UnitTerm


def became(
    session: Session,
    old: ReportingUnit,
    new: ReportingUnit,
    *,
    on: date,
    share: tuple[int, int] | None = None,
    extent: LineageExtent | None = None,
) -> None:
    """Let one unit go into another: whole, or a part of it, with its share perhaps."""
    own = extent or (LineageExtent.PART if share else LineageExtent.WHOLE)
    session.add(
        UnitLineage(
            predecessor_id=old.id,
            successor_id=new.id,
            on_date=on,
            kind=LineageKind.SPLIT if own is LineageExtent.PART else LineageKind.MERGE,
            extent=own,
            share_numerator=share[0] if share else None,
            share_denominator=share[1] if share else None,
        )
    )
    session.flush()


def ends(session: Session, unit: ReportingUnit, *, before: date) -> None:
    """Let a unit and its term end on the day before."""
    last = before - timedelta(days=1)
    unit.valid_to = last
    for term in session.scalars(select(UnitTerm).where(UnitTerm.unit_id == unit.id)):
        term.valid_to = last
    session.flush()
