"""Rows of another report beside the rows of ours, by row key; also those that ours leaves out.

A row that the other report has and ours has not is a row of blanks here: a dossier that was open
last period does not end by being left out. Which rows could have been reported at all depends on
the row model, on what is asked in the days of the report, and on whose rows they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from forms.definition import FormVersion, RowModel, Rule, Table
from forms.evaluating import Batch, Figures, empty_aligned
from forms.naming_rows import asked_rows
from forms.period import Window
from forms.returns import Report, RowName, State, TableData

Others = Mapping[str, Mapping[str, TableData]]  # source -> tables


def row_sources(rule: Rule) -> frozenset[str]:
    """The other reports in which a rule reads the same row as ours."""
    return frozenset(
        ref.source
        for ref in rule.expression.refs
        if ref.source and ref.kind == "cell" and ref.column and not ref.row and not ref.table
    )


def home_table(table: Table, source: str, other: FormVersion) -> Table:
    """The table of the other form whose rows are those of ours."""
    return other.table_by_key[table.key] if source == "previous" else other.tables[0]


def rows_left_out(
    table: Table, report: Report, others: Mapping[str, Batch], there: Others, window: Window
) -> tuple[RowName, ...]:
    """The rows that a rule reads in another report and that ours could have, and has not."""
    own = {name.path for name in report.tables[table.key].names}
    found: dict[str, RowName] = {}
    for source in sorted({source for rule in table.rules for source in row_sources(rule)}):
        if source in there:
            home = home_table(table, source, others[source].form)
            for name in _could_stand(table, home, there[source][home.key], report.unit, window):
                if name.path not in own:
                    found.setdefault(name.path, name)
    return tuple(found.values())


def has_row(
    table: Table,
    source: str,
    other: FormVersion,
    there: Mapping[str, TableData] | None,
    path: str,
) -> bool:
    """Whether the other report has the row of this path."""
    data = there[home_table(table, source, other).key] if there is not None else None
    return data is not None and any(name.path == path for name in data.names)


def with_blank_rows(table: Table, data: TableData, names: tuple[RowName, ...]) -> TableData:
    """The same table with rows of blanks below."""
    if not names:
        return data
    values, states = empty_aligned(table, len(names))
    return replace(
        data,
        names=(*data.names, *names),
        values=np.vstack([data.values, values]),
        states=np.vstack([data.states, states]),
    )


def align(
    batch: Batch, table: Table, names: tuple[RowName, ...], source: str, there: Others
) -> None:
    """Bring the other report's rows into the order of ours; blank where it has none."""
    home = home_table(table, source, batch.once[source].form)
    other = there[source][home.key]
    values, states = empty_aligned(home, len(names))
    at = {name.path: index for index, name in enumerate(other.names)}
    for index, name in enumerate(names):
        row = at.get(name.path, -1)
        if row >= 0:
            values[index], states[index] = other.values[row], other.states[row]
    figures = batch.figures[table.key]
    batch.aligned[(source, table.key)] = Figures(
        values,
        states,
        figures.starts,
        figures.counts,
        np.zeros((1, values.shape[1]), np.int64),
        np.full((1, values.shape[1]), State.BLANK, np.uint8),
    )


def _could_stand(
    table: Table, home: Table, data: TableData, unit: str, window: Window
) -> Iterator[RowName]:
    """The rows of the other table that a report of this unit for these days may have.

    A row that is no longer asked, or whose section has ended, cannot be given. Of rows of units
    only the own one is sure: another unit may have ended since, which only the registry knows.
    """
    if home.model is not table.model:
        return
    declared = {row.key for row in asked_rows(table, window)}
    sections = {
        section.key
        for section in table.sections
        if section.validity.overlaps(window.first, window.last)
    } or {""}
    for name in data.names:
        if table.rows and name.key not in declared:
            continue
        if table.model is RowModel.UNITS and name.key != unit:
            continue
        if name.section in sections or table.rows:
            yield name
