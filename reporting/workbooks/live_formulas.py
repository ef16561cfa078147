"""Which cells of a consolidated table are live formulas, and which are figures.

A formula is written only where Excel, recalculating, comes to the very figure of the report. Where
the figure stands for itself (a part was not applicable, a unit reported the sum alone) the figure
is written: a recalculated workbook and the store never differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forms.checking import batch_of
from forms.compiling import CompiledTable, compile_form
from forms.definition import FormVersion, Table
from forms.evaluating import Batch, BoolArray, Figures, compute_columns, compute_rows
from forms.returns import Int64Array, Report, State, StateArray
from forms.values import FIGURE_BOUND


@dataclass(frozen=True, slots=True)
class LiveCells:
    """Where formulas give the figures: (rows, figure columns), and the figure columns of totals."""

    cells: BoolArray
    totals: BoolArray


def live_cells(form: FormVersion, report: Report) -> dict[str, LiveCells]:
    """The live cells of every table of a report, by table key."""
    batch = batch_of(form, [report.tables])
    return {
        compiled.table.key: LiveCells(_cells(compiled, batch), _totals(compiled, batch))
        for compiled in compile_form(form).tables
    }


def without_guard(formula: str | None) -> str:
    """A formula of a template without its question whether all parts are there; '' for none.

    `=IF(COUNT(D12:F12)<3,"",SUM(D12:F12))` becomes `=SUM(D12:F12)`. In a consolidated table they
    are there wherever a cell is live, and who clicks on the cell reads what the form prints.
    """
    if formula is None:
        return ""
    _, guard, rest = formula.partition(',"",')
    return f"={rest[:-1]}" if guard else formula


def _cells(compiled: CompiledTable, batch: Batch) -> BoolArray:
    """Work each computed column and row out from what stands beside it, and compare."""
    figures = batch.figures[compiled.table.key]
    live = np.zeros(figures.values.shape, np.bool_)
    if not len(live):
        return live
    trial = replace(figures, values=figures.values.copy(), states=figures.states.copy())
    other = _with(batch, compiled.table, trial)
    for formula in compiled.column_formulas:
        at = compiled.table.figure_index[formula.target]
        trial.values[:, at], trial.states[:, at] = 0, State.BLANK
        compute_columns(replace(compiled, column_formulas=(formula,)), other)
        live[:, at] = _agree(figures.values[:, at], figures.states[:, at], trial, (..., at))
        trial.values[:, at], trial.states[:, at] = figures.values[:, at], figures.states[:, at]
    for formula in compiled.row_formulas:
        row = figures.row_at[formula.target].item(0)
        if row >= 0:
            trial.values[row], trial.states[row] = 0, State.BLANK
            compute_rows(replace(compiled, row_formulas=(formula,)), other)
            live[row] = _agree(figures.values[row], figures.states[row], trial, (row,))
            trial.values[row], trial.states[row] = figures.values[row], figures.states[row]
    # Figures too long for Excel are written as text, which no formula can read.
    for at in range(len(compiled.table.figures)):
        live[_is_too_long(figures.values[:, at])] = False
    return live


def _totals(compiled: CompiledTable, batch: Batch) -> BoolArray:
    """Add every column up and work the percentages of the total row out, and compare."""
    figures = batch.figures[compiled.table.key]
    live = np.zeros(len(compiled.table.figures), np.bool_)
    if compiled.table.total is None:
        return live
    values, states = figures.total_values[0], figures.total_states[0]
    for at in compiled.sums.tolist():
        column = figures.values[:, at]
        filled = bool((figures.states[:, at] == State.VALUE).any())
        agrees = states[at] == (State.VALUE if filled else State.BLANK)
        is_short = not _is_too_long(column).any()
        live[at] = agrees and is_short and int(values[at]) == _sum(column)
    totals = _totals_as_rows(figures)
    for formula in compiled.column_formulas:
        if formula.percent is not None:
            at = compiled.table.figure_index[formula.target]
            trial = replace(totals, values=totals.values.copy(), states=totals.states.copy())
            trial.values[:, at], trial.states[:, at] = 0, State.BLANK
            alone = replace(compiled, column_formulas=(formula,))
            compute_columns(alone, _with(batch, compiled.table, trial))
            live[at] = _agree(values[at : at + 1], states[at : at + 1], trial, (..., at))[0]
    live[_is_too_long(values)] = False
    return live


def _sum(column: Int64Array) -> int:
    """The exact sum of a column. Halves are added apart, because int64 wraps silently."""
    return (int((column >> 32).sum()) << 32) + int((column & 0xFFFF_FFFF).sum())


def _totals_as_rows(figures: Figures) -> Figures:
    """The total row standing in for the only data row."""
    one = np.ones(1, np.int64)
    return Figures(
        figures.total_values, figures.total_states, one - 1, one, figures.total_values,
        figures.total_states,
    )  # fmt: skip


def _with(batch: Batch, table: Table, figures: Figures) -> Batch:
    return replace(batch, figures={**batch.figures, table.key: figures})


def _agree(values: Int64Array, states: StateArray, trial: Figures, where: Any) -> BoolArray:
    """Where a cell has the same figure in both."""
    both = (states == State.VALUE) & (trial.states[where] == State.VALUE)
    return np.asarray(both & (values == trial.values[where]), np.bool_)


def _is_too_long(values: Int64Array) -> BoolArray:
    return np.asarray(np.abs(values) >= FIGURE_BOUND, np.bool_)
