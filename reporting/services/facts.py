"""Facts: what the reports in force say, by indicator, unit and period, whichever form asked.

Read from the packed cells, a page at a time; the number of statements does not grow with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, case, null, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.indicator_figures import Look, figures_of
from forms.indicators import AskedCell, Dictionary, Indicator
from forms.returns import State
from reporting.errors import NotFound
from reporting.models import (
    PackedRowName,
    PackedTable,
    ReportingObligation,
    ReportingUnit,
    Submission,
)
from reporting.services.actors import Act, Actor
from reporting.services.expected import COUNTS
from reporting.services.packing import CELLS, ROW_IDS
from reporting.services.rights import may_do

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure: of which indicator, unit and period, and which report says it.

    `value` is None where the question does not arise for the unit.
    """

    indicator: Indicator
    unit_code: str
    unit_name: str
    period: str
    value: Decimal | None
    form_code: str
    form_version: int
    cell: str  # '' where it is worked out from other cells
    submission_id: int
    revision: int
    status: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class FactsPage:
    """The facts of some reports; `next` is where the following page begins, None at the end."""

    facts: tuple[Fact, ...]
    next: int | None


def indicator_named(dictionary: Dictionary, code: str) -> Indicator:
    """An indicator by its code. Raises NotFound."""
    found = dictionary.indicators.get(code)
    if found is None:
        shown = code[:_LONGEST_SHOWN]
        raise NotFound(
            vi=f"Không có chỉ tiêu {shown} trong từ điển.",
            en=f"There is no indicator {shown} in the dictionary.",
        )
    return found


def list_facts(
    session: Session,
    *,
    actor: Actor,
    catalogue: Catalogue,
    indicator: str = "",
    unit_id: int | None = None,
    period: str = "",
    after: int = 0,
    limit: int = 100,
) -> FactsPage:
    """The facts of the reports in force that the actor may see, of at most `limit` reports.

    In the order of obligations, from after the id of one on; returned and withdrawn reports say
    nothing, nor do those of a version that has not the table: a page may be empty and not the last.
    One statement, and one more where a declared row gives an indicator.
    """
    dictionary = catalogue.dictionary
    cells = _cells(dictionary, indicator)
    owed, sent = ReportingObligation, Submission
    where = [
        owed.id > after,
        owed.form_code.in_({cell.form for cell in cells}),
        sent.status.in_(COUNTS),
        may_do(actor, Act.READ),
    ]
    if unit_id is not None:
        where.append(owed.unit_id == unit_id)
    if period:
        where.append(owed.period == period)
    reports = (
        select(owed.id)
        .join(sent, sent.id == owed.in_force_id)
        .where(*where)
        .order_by(owed.id)
        .limit(limit)
        .subquery()
    )
    rows = session.execute(_packed(cells).join(reports, reports.c.id == owed.id)).all()
    ids = _row_ids(session, cells)
    found: dict[int, list[Any]] = {}
    for row in rows:
        tables = found.setdefault(row.obligation, [])
        if row.table_key is not None:
            tables.append(row)
    facts = [
        fact
        for tables in found.values()
        if tables
        for fact in _facts(catalogue, tables, ids, only=indicator)
    ]
    return FactsPage(tuple(facts), max(found) if len(found) == limit else None)


def _cells(dictionary: Dictionary, code: str) -> Collection[AskedCell]:
    """The cells that are needed for one indicator, or for all of them."""
    if not code:
        return dictionary.cells
    wanted = dictionary.indicators[code]
    return [cell for cell in dictionary.cells if cell.indicator in (code, wanted.of, wanted.to)]


def _packed(cells: Collection[AskedCell]) -> Any:
    """The packed tables that have some cells; rows only where a declared row is looked up.

    A report without any of them has one line without a table: it counts for the page.
    """
    owed, sent, packed = ReportingObligation, Submission, PackedTable
    asked = {cell.table for cell in cells}
    with_rows = {cell.form for cell in cells if not cell.is_of_the_report}

    def rows_of(column: InstrumentedAttribute[bytes]) -> ColumnElement[bytes | None]:
        return case((owed.form_code.in_(with_rows), column), else_=null())

    return (
        select(
            owed.id.label("obligation"),
            ReportingUnit.code.label("unit_code"),
            ReportingUnit.name_vi.label("unit_name"),
            sent.period,
            sent.form_code,
            sent.form_version,
            sent.id.label("submission"),
            sent.revision,
            sent.status,
            sent.received_at,
            packed.table_key,
            packed.total_cells,
            packed.total_states,
            rows_of(packed.row_ids).label("row_ids"),
            rows_of(packed.cells).label("cells"),
            rows_of(packed.states).label("states"),
        )
        .select_from(owed)
        .join(sent, sent.id == owed.in_force_id)
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .outerjoin(packed, and_(packed.submission_id == sent.id, packed.table_key.in_(asked)))
        .order_by(owed.id, packed.table_key)
    )


def _row_ids(session: Session, cells: Collection[AskedCell]) -> Mapping[str, frozenset[int]]:
    """The numbers under which declared rows are packed; their labels may have changed in time."""
    keys = {cell.row for cell in cells if not cell.is_of_the_report}
    if not keys:
        return {}
    query = select(PackedRowName.key, PackedRowName.id).where(PackedRowName.key.in_(keys))
    found: dict[str, set[int]] = {}
    for key, number in session.execute(query):
        found.setdefault(key, set()).add(number)
    return {key: frozenset(numbers) for key, numbers in found.items()}


def _facts(
    catalogue: Catalogue, tables: list[Any], ids: Mapping[str, frozenset[int]], *, only: str
) -> Iterator[Fact]:
    """The facts of one report, from its packed tables."""
    first = tables[0]
    form = catalogue.form(first.form_code, first.form_version)
    look = _look_in_packed(form, {row.table_key: row for row in tables}, ids)
    for figure in figures_of(catalogue.dictionary, form, look, only=only):
        yield Fact(
            figure.indicator,
            first.unit_code,
            first.unit_name,
            first.period,
            figure.value,
            form.code,
            form.version,
            "" if figure.cell is None else _cell_id(figure.cell),
            first.submission,
            first.revision,
            str(first.status),
            first.received_at,
        )


def _cell_id(cell: AskedCell) -> str:
    return f"{cell.table}/{cell.row}/{cell.column}"


def _look_in_packed(
    form: FormVersion, tables: Mapping[str, Any], ids: Mapping[str, frozenset[int]]
) -> Look:
    def look(cell: AskedCell) -> tuple[int, State]:
        row = tables.get(cell.table)
        table = form.table_by_key[cell.table]
        at, width = table.figure_index[cell.column], len(table.figures)
        if row is None:
            return 0, State.BLANK
        if cell.is_of_the_report:
            values, states = row.total_cells, row.total_states
        else:
            numbers = np.frombuffer(row.row_ids or b"", ROW_IDS).tolist()
            wanted = ids.get(cell.row, frozenset())
            place = next((at for at, number in enumerate(numbers) if number in wanted), None)
            if place is None:
                return 0, State.BLANK
            at += place * width
            values, states = row.cells, row.states
        value = np.frombuffer(values, CELLS, 1, at * CELLS.itemsize)[0]
        return int(value), State(states[at])

    return look
