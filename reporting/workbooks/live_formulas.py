"""Which cells of a consolidated table are written as live formulas, and which as figures.

A formula is written only where Excel, recalculating, comes to the very figure of the report. Where
the figure stands for itself (a part was not applicable, a unit reported the sum alone) the figure
is written: a recalculated workbook and the store never differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forms.checking import batch_of
from forms.compiling import CompiledTable, compile_form
from forms.definition import FormVersion, Table
from forms.evaluating import Batch, BoolArray, Figures, compute_columns, compute_rows, sum_rows
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


def _cells(compiled: CompiledTable, batch: Batch) -> BoolArray:
    """Work each computed column and row out from what stands beside it, and compare."""
    figures = batch.figures[compiled.table.key]
    live = np.zeros(figures.values.shape, np.bool_)
    if not live.size:
        return live
    for formula in compiled.column_formulas:
        position = compiled.table.figure_index[formula.target]
        alone = replace(compiled, column_formulas=(formula,))
        trial = _trial(figures, position)
        compute_columns(alone, _with(batch, compiled.table, trial))
        live[:, position] = _agrees(figures, trial, position)
    for formula in compiled.row_formulas:
        where = figures.row_at.get(formula.target)
        if where is None or where[0] < 0:
            continue
        row = int(where[0])
        trial = _trial(figures)
        trial.values[row], trial.states[row] = 0, State.BLANK
        compute_rows(
            replace(compiled, row_formulas=(formula,)), _with(batch, compiled.table, trial)
        )
        live[row] = (trial.values[row] == figures.values[row]) & _same_state(
            figures.states[row], trial.states[row]
        )
    # Figures too long for Excel are written as text, which no formula can read.
    live[_too_long(figures.values).any(axis=1)] = False
    return live


def _totals(compiled: CompiledTable, batch: Batch) -> BoolArray:
    figures = batch.figures[compiled.table.key]
    live = np.zeros(len(compiled.table.figures), np.bool_)
    if compiled.table.total is None:
        return live
    values, states = figures.total_values[0], figures.total_states[0]
    sums, seen = sum_rows(figures, compiled.sums)
    there = states[compiled.sums] == State.VALUE
    live[compiled.sums] = (there == seen[0]) & (~there | (values[compiled.sums] == sums[0]))
    for formula in compiled.column_formulas:
        if formula.percent is None:
            continue
        position = compiled.table.figure_index[formula.target]
        trial = _trial(_totals_as_rows(figures), position)
        alone = replace(compiled, column_formulas=(formula,))
        compute_columns(alone, _with(batch, compiled.table, trial))
        live[position] = _agrees(_totals_as_rows(figures), trial, position)[0]
    live[_too_long(figures.values).any(axis=0) | _too_long(values)] = False
    return live


def _trial(figures: Figures, position: int | None = None) -> Figures:
    """The figures again, one column of them blank, for working that column out."""
    trial = replace(figures, values=figures.values.copy(), states=figures.states.copy())
    if position is not None:
        trial.values[:, position] = 0
        trial.states[:, position] = State.BLANK
    return trial


def _totals_as_rows(figures: Figures) -> Figures:
    """The total row standing in for the only data row."""
    one = np.ones(1, np.int64)
    return Figures(
        figures.total_values, figures.total_states, one - 1, one, figures.total_values,
        figures.total_states,
    )  # fmt: skip


def _with(batch: Batch, table: Table, figures: Figures) -> Batch:
    return replace(batch, figures={**batch.figures, table.key: figures})


def _agrees(figures: Figures, trial: Figures, position: int) -> BoolArray:
    same = _same_state(figures.states[:, position], trial.states[:, position])
    return np.asarray(same & (figures.values[:, position] == trial.values[:, position]), np.bool_)


def _same_state(given: StateArray, computed: StateArray) -> BoolArray:
    """Whether a cell has a figure or is blank in both; KAD and "not asked" have no formula."""
    plain = (given == State.VALUE) | (given == State.BLANK)
    return np.asarray(plain & (given == computed), np.bool_)


def _too_long(values: Int64Array) -> BoolArray:
    return np.asarray(np.abs(values) >= FIGURE_BOUND, np.bool_)
