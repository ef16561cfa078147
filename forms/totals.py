"""The total row: worked out where it was left out, compared where it was typed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forms.addresses import Places
from forms.compiling import CompiledTable, compile_form
from forms.definition import Table
from forms.evaluating import Batch, Figures, compute_columns, sum_rows
from forms.expressions import TOTAL
from forms.issues import Issue
from forms.returns import RowName, State
from forms.values import FIGURE_BOUND, write_figure

# Plain integers: looking a member up costs more than the comparison it is for.
_BLANK, _VALUE, _NOT_ASKED = int(State.BLANK), int(State.VALUE), int(State.NOT_ASKED)


def check_totals(batch: Batch, places: Places) -> list[Issue]:
    """Compare typed totals of the one report of a batch with the sums, and fill the others in."""
    issues: list[Issue] = []
    for compiled in compile_form(batch.form).tables:
        table = compiled.table
        if table.total is None or not len(compiled.sums):
            _only_row(compiled, batch)
            continue
        given = (batch.figures[table.key].total_states[0] == _VALUE).tolist()
        typed = batch.figures[table.key].total_values[0].copy()
        issues.extend(fill_totals(compiled, batch))
        figures = batch.figures[table.key]
        compared = [*compiled.sums.tolist(), *_ratios(compiled, figures)]
        for position in compared if any(given) else ():
            total = int(figures.total_values[0, position])
            # Where no row has a figure there is no total, and 0 says the same.
            if given[position] and typed[position] != total:
                issues.append(_differs(table, position, int(typed[position]), total, places))
    return issues


def fill_totals(compiled: CompiledTable, batch: Batch) -> list[Issue]:
    """Write the sums of the data rows into the total rows of every report of a batch.

    A column that is no sum has no total; a percentage is worked out again from the summed
    counts. A sum beyond what a figure can hold is an issue and is left blank.
    """
    figures = batch.figures[compiled.table.key]
    sums, seen = sum_rows(figures, compiled.sums)
    issues: list[Issue] = []
    too_large = np.asarray(np.abs(sums) >= FIGURE_BOUND, np.bool_)
    if too_large.any():
        for report, index in zip(*np.nonzero(too_large), strict=True):
            column = compiled.table.figures[int(compiled.sums[index])]
            given = write_figure(int(sums[report, index]), column.digits)
            issues.append(Issue("overflow", label=column.label, given=given))
    fits = seen & ~too_large
    figures.total_values[:] = 0
    figures.total_states[:] = _NOT_ASKED
    figures.total_values[:, compiled.sums] = np.where(fits, sums, 0).astype(np.int64)
    figures.total_states[:, compiled.sums] = np.where(fits, _VALUE, _BLANK)
    _recompute(compiled, batch)
    return issues


def _ratios(compiled: CompiledTable, figures: Figures) -> list[int]:
    """The computed percentages that the total row of the one report of a batch has."""
    positions = [
        compiled.table.figure_index[formula.target]
        for formula in compiled.column_formulas
        if formula.percent
    ]
    return [at for at in positions if figures.total_states[0, at] == _VALUE]


def _recompute(compiled: CompiledTable, batch: Batch) -> None:
    """Work the computed percentages of the total rows out from their own counts."""
    percents = tuple(formula for formula in compiled.column_formulas if formula.percent)
    if not percents:
        return
    key = compiled.table.key
    figures = batch.figures[key]
    for formula in percents:
        figures.total_states[:, compiled.table.figure_index[formula.target]] = _BLANK
    # The total rows stand in for data rows, one to a report, and are filled in place.
    totals = Figures(
        figures.total_values,
        figures.total_states,
        np.arange(batch.reports),
        np.ones(batch.reports, np.int64),
        figures.total_values,
        figures.total_states,
    )
    stand_in = Batch(batch.form, {**batch.figures, key: totals}, batch.reports)
    compute_columns(replace(compiled, column_formulas=percents), stand_in)


def _only_row(compiled: CompiledTable, batch: Batch) -> None:
    """Where a table has no total row but just one row, that row speaks for the report."""
    figures = batch.figures[compiled.table.key]
    one = figures.counts == 1
    where = figures.starts[one]
    figures.total_values[one] = figures.values[where]
    figures.total_states[one] = figures.states[where]


def _differs(table: Table, position: int, typed: int, total: int, places: Places) -> Issue:
    column = table.figures[position]
    name = RowName(TOTAL, label=table.total.label if table.total else "")
    return Issue(
        "total_differs",
        cell=f"{table.key}/{TOTAL}/{column.id}",
        address=places.address(table, name, column),
        place=places.place(table, name, column),
        given=write_figure(typed, column.digits),
        expected=write_figure(total, column.digits),
        rule_id=f"{table.key}.{TOTAL}",
        label=column.label,
    )
