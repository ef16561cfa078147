"""The receipt-status board (tổng hợp tình hình tiếp nhận báo cáo, Điều 17(8) NĐ09).

Counts obligations as they stand, never submissions, so that no rate can pass 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, ColumnElement, case, func, literal, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from reporting.models import ReportingObligation, ReportingUnit, Stand
from reporting.services.actors import Act, Actor
from reporting.services.rights import may_do


class By(StrEnum):
    """Whose line a line of the board is."""

    FORM = "form"
    RECEIVER = "receiver"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class BoardLine:
    """How one form of one period stands, for all, for one receiving unit, or for one unit.

    `expected` leaves out who was waived; `received` is on time or late, also by other means.
    """

    period: str
    form_code: str
    unit_code: str
    unit_name: str
    expected: int
    on_time: int
    late: int
    missing: int
    returned: int
    waived: int

    @property
    def received(self) -> int:
        """How many are there."""
        return self.on_time + self.late

    @property
    def completeness(self) -> Decimal:
        """Received of expected in per cent, cut to one decimal; 100 only where all are there."""
        return _per_cent(self.received, self.expected)

    @property
    def timeliness(self) -> Decimal:
        """Received on time of expected in per cent, cut to one decimal."""
        return _per_cent(self.on_time, self.expected)


def board(
    session: Session,
    *,
    actor: Actor,
    period: str,
    by: By = By.RECEIVER,
    form_code: str = "",
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[BoardLine]:
    """The board of a period that the actor may see, by form and then by unit: one statement.

    Read from an index alone, however many units there are. The next page begins `after` the last
    form and unit.
    """
    owed = ReportingObligation
    whose = {By.FORM: None, By.RECEIVER: owed.receiver_id, By.UNIT: owed.unit_id}[by]
    groups: list[Any] = [owed.form_code] if whose is None else [owed.form_code, whose]
    counts = (
        select(
            owed.form_code,
            (literal(0) if whose is None else whose).label("unit_id"),
            *(_how_many(stand) for stand in Stand),
        )
        .where(owed.period == period, may_do(actor, Act.READ))
        .group_by(*groups)
    )
    if form_code:
        counts = counts.where(owed.form_code == form_code)
    found = counts.subquery()
    unit = aliased(ReportingUnit)
    code = func.coalesce(unit.code, "")
    query = (
        select(found, code, unit.name_vi)
        .outerjoin(unit, unit.id == found.c.unit_id)
        .order_by(found.c.form_code, code)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(found.c.form_code, code) > after)
    return [_line(period, row) for row in session.execute(query)]


def board_periods(session: Session, *, actor: Actor) -> dict[str, datetime]:
    """The periods of which the actor may see a board, newest data first, each with a due instant.

    One obligation that the actor may see stands for its period: forms of one period end within a
    few days of each other. So the index is read from period to period, not row by row: one
    statement, and as many steps as there are periods, whatever the number of obligations.
    """
    owed, shown = ReportingObligation, aliased(ReportingObligation)
    known = _periods()
    one = (
        select(owed.id)
        .where(owed.period == known.c.period, may_do(actor, Act.READ))
        .order_by(owed.period, owed.receiver_id)
        .limit(_ONE)
        .scalar_subquery()
    )
    query = (
        select(shown.period, shown.declared_due_at)
        .select_from(known)
        .join(shown, shown.id == one)
        .order_by(shown.window_last.desc(), shown.period.desc())
    )
    return dict(iter(session.execute(query)))


#: Written out: with a parameter PostgreSQL plans for a tenth of the table, and sorts it.
_ONE: ColumnElement[int] = literal_column("1")


def _periods() -> CTE:
    """Every period that has obligations: the least, and from each the next greater one."""
    owed, later = ReportingObligation, aliased(ReportingObligation)
    known = select(func.min(owed.period).label("period")).cte("known", recursive=True)
    greater = select(func.min(later.period)).where(later.period > known.c.period)
    following = select(greater.scalar_subquery()).where(known.c.period.is_not(None))
    return known.union_all(following)


def _line(period: str, row: Sequence[Any]) -> BoardLine:
    form_code, _, missing, on_time, late, returned, waived, code, name = row
    return BoardLine(
        period,
        form_code,
        code or "",
        name or "",
        expected=missing + on_time + late + returned,
        on_time=on_time,
        late=late,
        missing=missing,
        returned=returned,
        waived=waived,
    )


def _how_many(stand: Stand) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((ReportingObligation.stand == stand, 1), else_=0)), 0).label(
        stand.value
    )


def _per_cent(part: int, whole: int) -> Decimal:
    if not whole:
        return Decimal("0.0")
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_DOWN)
