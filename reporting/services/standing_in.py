"""Editions that stand in for reports which have not come, so that a country can be looked at.

Before a province has signed its own report, its newest edition says what that will probably be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from reporting.models import Edition, ReportingUnit
from reporting.services.expected import Expected


class StandIn(NamedTuple):
    """One edition that stands in: whose, of which form, its number and hash, and its id."""

    unit_code: str
    form_code: str
    number: int
    sha256: str
    edition_id: int


def newest_editions(period: str, forms: Collection[str], units: Collection[int]) -> Subquery:
    """The ids of the newest edition of each form and unit for a period."""
    place = func.row_number().over(
        partition_by=(Edition.form_code, Edition.unit_id), order_by=Edition.number.desc()
    )
    placed = (
        select(Edition.id, place.label("place"))
        .where(
            Edition.period == period,
            Edition.form_code.in_(sorted(forms)),
            Edition.unit_id.in_(sorted(units)),
        )
        .subquery()
    )
    return select(placed.c.id).where(placed.c.place == 1).subquery()


def standing_in(
    session: Session, *, period: str, wanted: Sequence[Expected]
) -> Mapping[tuple[int, str], StandIn]:
    """The newest edition of each unit and form that is wanted, where there is one: one statement.

    Only of the form version that the unit owes.
    """
    versions = {(row.unit_id, row.form_code): row.form_version for row in wanted}
    newest = newest_editions(period, {form for _, form in versions}, {unit for unit, _ in versions})
    query = (
        select(
            ReportingUnit.code,
            Edition.form_code,
            Edition.number,
            Edition.sha256,
            Edition.id,
            Edition.unit_id,
            Edition.form_version,
        )
        .join(newest, newest.c.id == Edition.id)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
    )
    return {
        (row[5], row[1]): StandIn(*row[:5])
        for row in session.execute(query)
        if versions.get((row[5], row[1])) == row[6]
    }
