"""Running compiled rules and formulas on arrays: one report is an array of one.

A `Batch` holds the figures of any number of reports of one form version, table by table, rows of
all reports below each other. Whatever is evaluated gives a vector over rows or over reports and a
mask of where it is known. Where a proved bound does not fit int64, the same arithmetic runs on
Python's own integers (dtype object), slower and as exact.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from forms.compiling import INT64_BOUND, CompiledTable, Formula, Scaled
from forms.definition import FormVersion, Table
from forms.expressions import TOTAL, Ref
from forms.returns import Int64Array, State, StateArray
from forms.values import FIGURE_BOUND

# Plain integers: looking a member up costs more than the comparison it is for.
_BLANK, _VALUE = int(State.BLANK), int(State.VALUE)
_NOT_APPLICABLE, _NOT_ASKED = int(State.NOT_APPLICABLE), int(State.NOT_ASKED)

BoolArray = npt.NDArray[np.bool_]
#: int64, or Python integers where int64 could wrap.
Integers = npt.NDArray[Any]


@dataclass(slots=True)
class Figures:
    """The figures of one table in many reports.

    `values` and `states` are (rows of all reports, figure columns); `starts` and `counts` are
    (reports,). Totals are (reports, figure columns). `row_at` tells for a declared row where it
    stands in each report, or -1. The last `left_out` rows are not rows of the only report: another
    report has them (see forms.aligning), and they are not counted.
    """

    values: Int64Array
    states: StateArray
    starts: Int64Array
    counts: Int64Array
    total_values: Int64Array
    total_states: StateArray
    row_at: dict[str, Int64Array] = field(default_factory=dict)
    left_out: int = 0


@dataclass(slots=True)
class Batch:
    """Reports of one form version side by side; `aligned` holds the other side of external rules.

    `aligned[source]` has the rows of the other report in the order of ours, so that the same row
    number is the same row key; `once[source]` are the other reports as they are.
    """

    form: FormVersion
    figures: dict[str, Figures]
    reports: int
    aligned: dict[tuple[str, str], Figures] = field(default_factory=dict)
    once: dict[str, Batch] = field(default_factory=dict)


@dataclass(slots=True)
class Evaluated:
    """A vector over rows (or over reports, where `per_row` is False) with where it is known."""

    values: Integers
    known: BoolArray
    per_row: bool


def evaluate(
    scaled: Scaled, batch: Batch, table: Table, *, blank_is_zero: bool, column: int | None = None
) -> Evaluated:
    """Work out one linear form over a batch.

    `column` is the figure column that a column-scope rule runs down. A cell that is blank or not
    applicable makes the result unknown, unless `blank_is_zero`.
    """
    home = batch.figures[table.key]
    parts = [
        (coefficient, _figure(ref, batch, table, home, column)) for ref, coefficient in scaled.terms
    ]
    per_row = any(part.per_row for _, part in parts)
    peak = max((_peak(part.values) for _, part in parts), default=0)
    kind: Any = np.int64 if scaled.fits(peak) else object
    length = len(home.values) if per_row else batch.reports
    total = np.full(length, scaled.constant, dtype=kind)
    known = np.ones(length, np.bool_)
    for coefficient, part in parts:
        values, sure = part.values, part.known
        if per_row and not part.per_row:
            values, sure = np.repeat(values, home.counts), np.repeat(sure, home.counts)
        total = total + values.astype(kind, copy=False) * coefficient
        if not blank_is_zero:
            known &= sure
    return Evaluated(total, known, per_row)


def compute_columns(compiled: CompiledTable, batch: Batch) -> bool:
    """Fill the computed cells that were left out and whose parts are all there."""
    filled = False
    table, figures = compiled.table, batch.figures[compiled.table.key]
    for formula in compiled.column_formulas:
        position = table.figure_index[formula.target]
        gap = figures.states[:, position] == _BLANK
        if gap.any():
            values, known, never = _formula_values(formula, batch, table)
            here = gap & known
            figures.values[here, position] = _storable(values[here])
            figures.states[here, position] = _VALUE
            figures.states[gap & never, position] = _NOT_APPLICABLE
            filled = True
    return filled


def compute_rows(compiled: CompiledTable, batch: Batch) -> bool:
    """Fill the computed rows of a fixed table that were left out, column by column."""
    any_filled = False
    figures = batch.figures[compiled.table.key]
    for formula in compiled.row_formulas:
        where = figures.row_at.get(formula.target)
        if where is None or not (where >= 0).any():
            continue
        for column, scaled in enumerate(formula.scaled):
            gap = where >= 0
            gap[gap] = figures.states[where[gap], column] == _BLANK
            if gap.any():
                result = evaluate(scaled, batch, compiled.table, blank_is_zero=False, column=column)
                gap &= result.known
                filled = where[gap]
                figures.values[filled, column] = _storable(result.values[gap])
                figures.states[filled, column] = _VALUE
                any_filled = True
    return any_filled


def sum_rows(figures: Figures, columns: Int64Array) -> tuple[Integers, BoolArray]:
    """The sums of the data rows of each report, (reports, columns), and where any row had one."""
    reports = len(figures.starts)
    values = figures.values[:, columns]
    there = figures.states[:, columns] == _VALUE
    if not len(values):
        return np.zeros((reports, len(columns)), np.int64), np.zeros(
            (reports, len(columns)), np.bool_
        )
    if FIGURE_BOUND * int(figures.counts.max()) > INT64_BOUND:
        values = values.astype(object)
    if reports == 1:
        return values.sum(axis=0, keepdims=True), there.any(axis=0, keepdims=True)
    has = there.astype(np.int64)
    # reduceat gives some row's own value for an empty stretch, so it gets none of these.
    filled = figures.counts > 0
    starts = figures.starts[filled]
    sums = np.zeros((reports, len(columns)), values.dtype)
    seen = np.zeros((reports, len(columns)), np.int64)
    sums[filled] = np.add.reduceat(values, starts, axis=0)
    seen[filled] = np.add.reduceat(has, starts, axis=0)
    return sums, seen > 0


def spread(figures: Figures, *parts: Evaluated) -> list[Evaluated]:
    """The same vectors, all over rows as soon as one of them is."""
    if not any(part.per_row for part in parts):
        return list(parts)
    return [
        part
        if part.per_row
        else Evaluated(
            np.repeat(part.values, figures.counts), np.repeat(part.known, figures.counts), True
        )
        for part in parts
    ]


def round_half_up(numerator: Integers, denominator: Integers) -> Integers:
    """numerator / denominator to the nearest whole number, halves away from zero."""
    sign = np.where((numerator < 0) != (denominator < 0), -1, 1)
    top, bottom = np.abs(numerator), np.abs(denominator)
    rounded: Integers = sign * ((2 * top + bottom) // (2 * bottom))
    return rounded


def percentages(
    part: Evaluated, whole: Evaluated, *, digits: int
) -> tuple[Integers, BoolArray, BoolArray]:
    """percent(part, whole) at `digits`: values, where known, and where the whole is 0."""
    # part * 100 * 10**digits passes int64 long before a figure passes its own bound.
    top = part.values.astype(object) * 100 * 10**digits
    bottom = whole.values.astype(object)
    zero = np.asarray(bottom == 0, np.bool_)
    values = round_half_up(top, np.where(zero, 1, bottom))
    return values, part.known & whole.known, zero


def _formula_values(
    formula: Formula, batch: Batch, table: Table
) -> tuple[Integers, BoolArray, BoolArray]:
    """What a computed column comes to, where that is known, and where there can be no such."""
    if formula.percent is None:
        (scaled,) = formula.scaled
        result = evaluate(scaled, batch, table, blank_is_zero=False)
        return result.values, result.known, np.zeros(len(result.known), np.bool_)
    part, whole = (evaluate(side, batch, table, blank_is_zero=False) for side in formula.percent)
    values, known, zero = percentages(part, whole, digits=formula.digits)
    return values, known & ~zero, known & zero


def _storable(computed: Integers) -> Int64Array:
    """Figures as int64; one too large for that becomes one that is still too large to be kept."""
    if computed.dtype == object:
        computed = np.clip(computed, -INT64_BOUND, INT64_BOUND)
    return computed.astype(np.int64, copy=False)


def _figure(ref: Ref, batch: Batch, table: Table, home: Figures, column: int | None) -> Evaluated:
    """What one ref names: over rows where it means "the row at hand", else over reports."""
    if ref.source:
        return _external(ref, batch, table, column)
    where = batch.figures[ref.table] if ref.table else home
    target = (batch.form.table_by_key[ref.table] if ref.table else table).figure_index
    if ref.kind == "rows":
        counts = where.counts - where.left_out
        return Evaluated(counts, np.ones(batch.reports, np.bool_), False)
    position = target[ref.column] if ref.column else column
    assert position is not None
    if ref.kind == "sum":
        sums, seen = sum_rows(where, np.array([position], np.int64))
        return Evaluated(sums[:, 0], seen[:, 0] | (where.counts == where.left_out), False)
    if ref.row == TOTAL:
        return _vector(where.total_values[:, position], where.total_states[:, position], False)
    if ref.row:
        return _declared_row(where, ref.row, position)
    return _vector(where.values[:, position], where.states[:, position], not ref.table)


def _declared_row(figures: Figures, key: str, position: int) -> Evaluated:
    """A cell of a declared row in every report; not asked, and 0, where the row is not there."""
    rows = figures.row_at[key]
    there = rows >= 0
    values = np.zeros(len(rows), np.int64)
    states = np.full(len(rows), _NOT_ASKED, np.uint8)
    values[there] = figures.values[rows[there], position]
    states[there] = figures.states[rows[there], position]
    return _vector(values, states, False)


def _external(ref: Ref, batch: Batch, table: Table, column: int | None) -> Evaluated:
    if not ref.row and ref.kind == "cell" and not ref.table:
        aligned = batch.aligned[(ref.source, table.key)]
        other = batch.once[ref.source].form
        home = table if ref.source == "previous" else other.tables[0]
        position = home.figure_index[ref.column] if ref.column else column
        assert position is not None
        return _vector(aligned.values[:, position], aligned.states[:, position], True)
    there = batch.once[ref.source]
    home = there.form.table_by_key[ref.table] if ref.table else _same_table(there.form, ref, table)
    inner = Ref(column=ref.column, row=ref.row, table=home.key, kind=ref.kind)
    return _figure(inner, there, home, there.figures[home.key], column)


def _same_table(form: FormVersion, ref: Ref, table: Table) -> Table:
    return form.table_by_key[table.key] if ref.source == "previous" else form.tables[0]


def _vector(values: Int64Array, states: StateArray, per_row: bool) -> Evaluated:
    return Evaluated(values, np.asarray(states == _VALUE), per_row)


def _peak(values: Integers) -> int:
    return max(int(values.max()), -int(values.min())) if values.size else 0


def empty_aligned(table: Table, rows: int) -> tuple[Int64Array, StateArray]:
    """Room for the other side of a rule, blank until filled."""
    shape = (rows, len(table.figures))
    return np.zeros(shape, np.int64), np.zeros(shape, np.uint8)


#: Comparison -> where `difference <comparison> 0` does not hold.
_FAILS: Mapping[str, Callable[[Any, int], Any]] = {
    "==": operator.ne,
    "!=": operator.eq,
    "<=": operator.gt,
    ">=": operator.lt,
    "<": operator.ge,
    ">": operator.le,
}


def fails(difference: Integers, comparison: str) -> BoolArray:
    """Where `difference <comparison> 0` does not hold."""
    return np.asarray(_FAILS[comparison](difference, 0), np.bool_)
