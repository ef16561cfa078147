"""The year to date: what happened is summed, what stood is taken, ratios are worked out again.

Never hides a gap: it says which periods of the year are in it, which are not there, and which of
its figures were not asked in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forms.aggregating import FigureOverflow, group_sums
from forms.canvas import Canvas, CanvasTable, Layer
from forms.compiling import INT64_BOUND, at_digits, scale
from forms.definition import (
    ONLY_ROW,
    Column,
    Consolidate,
    FormVersion,
    OverTime,
    RowModel,
    Table,
)
from forms.evaluating import Batch, BoolArray, Figures, Integers, evaluate, percentages, spread
from forms.expressions import TOTAL, Ref
from forms.over_time import ratio_of, sum_of
from forms.period import Period
from forms.returns import Int64Array, State, StateArray

_QUARTERS = ("Q1", "Q2", "Q3", "Q4")
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, eq=False)
class YearToDate:
    """The figures of a year up to one of its periods, by table, laid out as the canvas.

    `missing` are the periods of which nothing is there: the figures are without them.
    `partial` marks the cells that some of the periods in it did not ask.
    """

    until: Period
    periods: tuple[Period, ...]
    missing: tuple[Period, ...]
    tables: Mapping[str, Layer]
    partial: Mapping[str, BoolArray]

    @property
    def is_whole_year(self) -> bool:
        """Whether the periods in it make up the year."""
        whole = len(_QUARTERS) if self.until.kind in _QUARTERS else _MONTHS_OF_A_YEAR
        return len(self.periods) == whole


def parts_of_year(form: FormVersion, year: int) -> tuple[Period, ...]:
    """The quarters of a year that a form is reported for, else its months; a year may lack Q4."""
    quarters = [kind for kind in _QUARTERS if kind in form.periods]
    if quarters:
        return tuple(Period(year, kind) for kind in quarters)
    return tuple(Period.of_kind("M", year)) if "M" in form.periods else ()


def parts_until(period: Period) -> tuple[Period, ...]:
    """The quarters, or months, of a year up to one of them; none for any other period."""
    if period.kind in _QUARTERS:
        kinds = _QUARTERS[: _QUARTERS.index(period.kind) + 1]
        return tuple(Period(period.year, kind) for kind in kinds)
    if period.kind == "M":
        return tuple(Period.of_kind("M", period.year)[: period.month])
    return ()


def year_to_date(canvas: Canvas, until: Period) -> YearToDate | None:
    """The year up to a quarter or month, from what of it is on the canvas; None where nothing is.

    Raises FigureOverflow.
    """
    parts = parts_until(until)
    there = tuple(part for part in parts if part in canvas.periods)
    if not there:
        return None
    tables: dict[str, Layer] = {}
    partial: dict[str, BoolArray] = {}
    for key, table in canvas.tables.items():
        tables[key], partial[key] = _gathered(table, [table.layers[part.code] for part in there])
    _work_out(canvas, tables, partial)
    missing = tuple(part for part in parts if part not in there)
    return YearToDate(until, there, missing, tables, partial)


def _gathered(table: CanvasTable, layers: Sequence[Layer]) -> tuple[Layer, BoolArray]:
    """Flows summed, what stood taken from the first or the last; the rest is left blank."""
    lines, width = layers[0].values.shape
    groups = np.tile(np.arange(lines, dtype=np.int64), len(layers))
    stacked = np.concatenate([layer.states for layer in layers])
    sums, merged = group_sums(
        np.concatenate([layer.values for layer in layers]), stacked, groups, lines
    )
    values, states = np.zeros((lines, width), np.int64), np.zeros((lines, width), np.uint8)
    taken = {OverTime.STOCK: layers[-1], OverTime.OPENING: layers[0]}
    is_flow = np.zeros(width, np.bool_)
    for position, column in enumerate(table.table.figures):
        way = table.ways[column.id]
        if way is OverTime.FLOW:
            values[:, position], states[:, position] = sums[:, position], merged[:, position]
            is_flow[position] = True
        elif way in taken:
            values[:, position] = taken[way].values[:, position]
            states[:, position] = taken[way].states[:, position]
        else:
            unasked = merged[:, position] == State.NOT_ASKED
            states[unasked, position] = State.NOT_ASKED
    _leave_out_ratios(table, values, states)
    some = np.maximum.reduce([layer.states == State.NOT_ASKED for layer in layers])
    return Layer(values, states), np.asarray(some & is_flow & (states == State.VALUE), np.bool_)


def _leave_out_ratios(table: CanvasTable, values: Int64Array, states: StateArray) -> None:
    """A declared row that is no sum over units, such as a rate, is none over periods either."""
    declared = table.table.row_by_key
    for at, name in enumerate(table.rows):
        row = declared.get(name.key)
        if row is not None and row.consolidate is Consolidate.NONE:
            values[at], states[at] = 0, State.BLANK


def _work_out(
    canvas: Canvas, tables: Mapping[str, Layer], partial: Mapping[str, BoolArray]
) -> None:
    """Work balances and ratios out of what was gathered: in the rows, then in the total."""
    rows = Batch(canvas.form, {key: _rows_of(canvas, key, tables[key]) for key in tables}, 1)
    for key, table in canvas.tables.items():
        total = Batch(canvas.form, {**rows.figures, key: _total_of(tables[key])}, 1)
        for column in _after_their_parts(table):
            position = table.table.figure_index[column.id]
            parts = _parts(table.table, column)
            for batch in (rows, total):
                home = batch.figures[key]
                # A total is worked out as if it were a row; a formula that names a row is of rows.
                if batch is rows or all(ref.row in ("", TOTAL) for ref in parts):
                    _fill(home, position, _worked_out(table, column, batch))
            at = [table.table.figure_index[ref.column] for ref in parts if _is_here(table, ref)]
            there = tables[key].states[:, position] == State.VALUE
            partial[key][:, position] = partial[key][:, at].any(axis=1) & there


def _rows_of(canvas: Canvas, key: str, layer: Layer) -> Figures:
    """The rows of a layer as those of one report, and its last line as the total."""
    table = canvas.tables[key]
    count = len(layer.values) - 1
    at = {name.key: np.array([index]) for index, name in enumerate(table.rows)}
    declared = {row.key: at.get(row.key, np.array([-1])) for row in table.table.rows}
    if table.table.model is RowModel.SINGLE:
        declared = {ONLY_ROW: at.get(ONLY_ROW, np.array([-1]))}
    return Figures(
        layer.values[:-1],
        layer.states[:-1],
        np.zeros(1, np.int64),
        np.array([count]),
        layer.values[-1:],
        layer.states[-1:],
        declared,
    )


def _total_of(layer: Layer) -> Figures:
    """The total as the only row of a report."""
    values, states = layer.values[-1:], layer.states[-1:]
    return Figures(values, states, np.zeros(1, np.int64), np.ones(1, np.int64), values, states)


def _after_their_parts(table: CanvasTable) -> list[Column]:
    """The columns to be worked out, each after those that it is worked out of."""
    waiting = {
        column.id
        for column in table.table.figures
        if table.ways[column.id] in (OverTime.BALANCE, OverTime.RATIO)
    }
    ordered: list[Column] = []

    def visit(name: str) -> None:
        if name in waiting:
            waiting.remove(name)
            column = table.table.by_id[name]
            for ref in _parts(table.table, column):
                visit(ref.column)
            ordered.append(column)

    for column in table.table.figures:
        visit(column.id)
    return ordered


def _parts(table: Table, column: Column) -> tuple[Ref, ...]:
    """What a column is worked out of."""
    ratio = ratio_of(table, column)
    if ratio is not None:
        return ratio.refs
    linear = sum_of(table, column)
    return linear.refs if linear is not None else ()


def _worked_out(
    table: CanvasTable, column: Column, batch: Batch
) -> tuple[Integers, BoolArray, BoolArray]:
    """The figures of a column in every row, where they are known, and where there can be none.

    A part of a balance that is blank adds nothing, such as what a new row had before it was there.
    """
    ratio = ratio_of(table.table, column)
    if ratio is not None:
        part, whole = (scale(side, batch.form, table.table) for side in (ratio.part, ratio.whole))
        digits = max(part.digits, whole.digits)
        sides = [
            evaluate(at_digits(side, digits), batch, table.table, blank_is_zero=False)
            for side in (part, whole)
        ]
        above, below = spread(batch.figures[table.table.key], *sides)
        values, known, zero = percentages(above, below, digits=column.digits)
        return values, known & ~zero, known & zero
    linear = sum_of(table.table, column)
    home = batch.figures[table.table.key]
    nowhere = np.zeros(len(home.values), np.bool_)
    if linear is None or scale(linear, batch.form, table.table).digits > column.digits:
        return home.values[:, 0], nowhere, nowhere
    scaled = at_digits(scale(linear, batch.form, table.table), column.digits)
    found = evaluate(scaled, batch, table.table, blank_is_zero=True)
    own = [table.table.figure_index[ref.column] for ref in linear.refs if _is_here(table, ref)]
    known = np.asarray((home.states[:, own] == State.VALUE).any(axis=1), np.bool_)
    return found.values, known, nowhere


def _is_here(table: CanvasTable, ref: Ref) -> bool:
    return ref.table in ("", table.table.key) and ref.column in table.table.figure_index


def _fill(home: Figures, position: int, found: tuple[Integers, BoolArray, BoolArray]) -> None:
    """Write what was worked out where nothing stands yet."""
    values, known, never = (np.broadcast_to(one, len(home.values)) for one in found)
    blank = home.states[:, position] == State.BLANK
    here = blank & known
    if any(abs(int(value)) > INT64_BOUND for value in values[here].tolist()):
        raise FigureOverflow(int(np.flatnonzero(here)[0]), position)
    home.values[here, position] = values[here].astype(np.int64)
    home.states[here, position] = State.VALUE
    home.states[blank & never, position] = State.NOT_APPLICABLE
