"""Reports of several periods, and of several versions of a form, on one canvas.

The canvas has every column and row that any of the versions asks. What a version does not ask, or
does not ask in those days, is marked so there: it is neither 0 nor blank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from forms.aggregating import FigureOverflow
from forms.compiling import INT64_BOUND
from forms.definition import FormVersion, OverTime, RowModel, Table, Validity
from forms.expressions import TOTAL
from forms.over_time import ways_over_time
from forms.period import Period, Window
from forms.returns import Int64Array, RowName, State, StateArray, TableData

_Named = TypeVar("_Named")

#: Tables of these models have no figures to lay beside each other.
_WORDS = frozenset({RowModel.LIST, RowModel.OUTLINE})


@dataclass(frozen=True)
class PeriodFigures:
    """What there is of one period: its days, the form version, and its tables."""

    period: Period
    window: Window
    form: FormVersion
    tables: Mapping[str, TableData]


@dataclass(frozen=True, eq=False)
class Layer:
    """The figures of one table for one period: (rows, columns) of the canvas, the total last."""

    values: Int64Array
    states: StateArray


@dataclass(frozen=True, eq=False)
class CanvasTable:
    """One table of the canvas. `layers` are by the code of the period, and only what is there.

    `ways` says of each column what several periods make of it.
    """

    table: Table
    rows: tuple[RowName, ...]  # without the total
    ways: Mapping[str, OverTime]
    layers: Mapping[str, Layer]

    @property
    def lines(self) -> tuple[RowName, ...]:
        """The rows of a layer: those of the table, then the total."""
        label = self.table.total.label if self.table.total else ""
        return (*self.rows, RowName(TOTAL, label=label))


@dataclass(frozen=True, eq=False)
class Canvas:
    """All tables with figures. `form` has the columns and rows of all versions in it."""

    form: FormVersion
    tables: Mapping[str, CanvasTable]
    periods: tuple[Period, ...]  # those that are there, in order


def in_order(period: Period) -> tuple[int, int, int, int]:
    """Where a period stands among others: by its end, the shorter one first."""
    first, last = period.months
    return period.year, last, -first, period.day


def lay_out(
    reports: Iterable[PeriodFigures], *, sources: Mapping[str, FormVersion] | None = None
) -> Canvas:
    """Lay reports of one unit on one canvas; the order in which they are given changes nothing.

    Raises FigureOverflow where a figure does not fit at the digits of a newer version.
    """
    ordered = sorted(reports, key=lambda report: in_order(report.period))
    newest_first = sorted(
        {report.form.version: report.form for report in ordered}.items(), reverse=True
    )
    form = merged([version for _, version in newest_first])
    ways: dict[str, dict[str, OverTime]] = {}
    for _, version in reversed(newest_first):
        # A column that the newest version dropped is what the last one to have it makes of it.
        for key, found in ways_over_time(version, sources or {}).items():
            ways.setdefault(key, {}).update(found)
    tables = {
        table.key: _table(table, ordered, ways[table.key])
        for table in form.tables
        if table.model not in _WORDS and table.figures
    }
    return Canvas(form, tables, tuple(report.period for report in ordered))


def merged(versions: Sequence[FormVersion]) -> FormVersion:
    """One form with all that some versions of it ask, as the newest, which is first, says it."""
    newest = versions[0]
    if len(versions) == 1:
        return newest
    keys = _merged([[table.key for table in version.tables] for version in versions])
    tables = [
        _merged_table(
            [version.table_by_key[key] for version in versions if key in version.table_by_key]
        )
        for key in keys
    ]
    return replace(newest, tables=tuple(tables))


def _merged_table(versions: Sequence[Table]) -> Table:
    newest = versions[0]
    digits: dict[str, int] = {}
    for version in versions:
        for column in version.columns:
            digits[column.id] = max(column.digits, digits.get(column.id, 0))
    columns = [
        replace(column, digits=digits[column.id])
        for column in _union([version.columns for version in versions], lambda column: column.id)
    ]
    rules = list(newest.rules)
    known = set(newest.by_id)
    for version in versions[1:]:
        # Rules that the newest version has dropped say nothing but of columns that it dropped.
        rules += [
            rule
            for rule in version.rules
            if any(ref.column in set(version.by_id) - known for ref in rule.expression.refs)
        ]
        known |= set(version.by_id)
    rows = _union([version.rows for version in versions], lambda row: row.key)
    sections = _union([version.sections for version in versions], lambda section: section.key)
    return replace(
        newest,
        columns=tuple(columns),
        rules=tuple(rules),
        rows=tuple(rows),
        sections=tuple(sections),
        total=next((version.total for version in versions if version.total), None),
    )


def _union(lists: Sequence[Sequence[_Named]], name: Callable[[_Named], str]) -> list[_Named]:
    """What stands in any of some lists, each as the first list that has it says it."""
    found = {name(one): one for members in reversed(lists) for one in members}
    return [found[key] for key in _merged([[name(one) for one in members] for members in lists])]


def _merged(lists: Sequence[Sequence[str]]) -> list[str]:
    """One order out of several: what only a later list has stands after what precedes it there."""
    followers: dict[str, list[str]] = {"": []}
    for members in lists:
        before = ""
        for one in members:
            if one not in followers:
                followers[before].insert(0, one)
                followers[one] = []
            before = one
    ordered: list[str] = []
    waiting = list(reversed(followers[""]))
    while waiting:
        one = waiting.pop()
        ordered.append(one)
        waiting += reversed(followers[one])
    return ordered


def _table(
    table: Table, reports: Sequence[PeriodFigures], ways: Mapping[str, OverTime]
) -> CanvasTable:
    rows = _rows(table, reports)
    at = {name.path: index for index, name in enumerate(rows)}
    layers = {
        report.period.code: _layer(table, rows, at, report) for report in reports if report.tables
    }
    return CanvasTable(table, rows, ways, layers)


def _rows(table: Table, reports: Sequence[PeriodFigures]) -> tuple[RowName, ...]:
    """Every row of any period, the newest period first to say its place and its label."""
    names = [
        report.tables[table.key].names for report in reversed(reports) if table.key in report.tables
    ]
    rows = _union(names, lambda name: name.path)
    declared = {row.key: at for at, row in enumerate(table.rows)}
    rank = {section.key: at for at, section in enumerate(table.sections)}
    return tuple(
        sorted(rows, key=lambda name: (rank.get(name.section, -1), declared.get(name.key, -1)))
    )


def _layer(
    table: Table, rows: Sequence[RowName], at: Mapping[str, int], report: PeriodFigures
) -> Layer:
    """One period on the canvas: its own cells where it has them, else whether they were asked."""
    shape = (len(rows) + 1, len(table.figures))
    values = np.zeros(shape, np.int64)
    states = np.full(shape, State.NOT_ASKED, np.uint8)
    own = report.form.table_by_key.get(table.key)
    if own is None:
        return Layer(values, states)
    data = report.tables[table.key]
    asked = np.array([_asks_row(own, name, report.window) for name in rows] + [True], np.bool_)
    places = np.array([at[name.path] for name in data.names] + [len(rows)], np.int64)
    for target, column in enumerate(table.figures):
        source = own.figure_index.get(column.id)
        if source is None or not _is_asked(own.by_id[column.id].validity, report.window):
            continue
        states[asked, target] = State.BLANK
        figures = np.append(data.values[:, source], data.total_values[source])
        factor = 10 ** (column.digits - own.figures[source].digits)
        largest = int(np.abs(figures).argmax()) if len(figures) else 0
        if abs(int(figures[largest])) * factor > INT64_BOUND:
            raise FigureOverflow(int(places[largest]), target)
        values[places, target] = figures * factor
        states[places, target] = np.append(data.states[:, source], _total_state(data, source))
    return Layer(values, states)


def _total_state(data: TableData, column: int) -> int:
    """A column that has no total is asked all the same: its total is blank."""
    state = int(data.total_states[column])
    return State.BLANK if state == State.NOT_ASKED else state


def _asks_row(table: Table, name: RowName, window: Window) -> bool:
    """Whether a version asks a row in these days: a declared one, or one under a section."""
    if table.rows:
        row = table.row_by_key.get(name.key)
        return row is not None and _is_asked(row.validity, window)
    section = table.section_by_key.get(name.section)
    if section is None:
        return name.section == "" and not table.sections
    return _is_asked(section.validity, window)


def _is_asked(validity: Validity, window: Window) -> bool:
    return validity.overlaps(window.first, window.last)
