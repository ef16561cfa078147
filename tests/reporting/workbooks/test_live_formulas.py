"""A cell is a formula only where Excel comes to the figure of the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forms.returns import Report, State, TableData
from reporting.workbooks.live_formulas import live_cells, without_guard
from tests.reporting.workbooks.editions import (
    a_form,
    a_national_report,
    a_report,
    an_indicator_report,
)

FORM = a_form("II.9g/VPCP/KSTT")


def with_cell(report: Report, row: int, column: int, *, value: int, state: State) -> Report:
    """The report with one figure changed and everything else as it was."""
    table = report.tables["a"]
    values, states = table.values.copy(), table.states.copy()
    values[row, column], states[row, column] = value, state
    return replace(report, tables={"a": replace(table, values=values, states=states)})


def test_every_identity_that_holds_is_live() -> None:
    """The three sums of each row and all totals of a II.9g are formulas."""
    live = live_cells(FORM, a_national_report(["Một", "Hai", "Ba"]))["a"]
    computed = [FORM.tables[0].figure_index[column] for column in ("c3", "c7", "c11")]
    assert np.flatnonzero(live.cells.all(axis=0)).tolist() == computed
    assert live.cells.sum() == 9
    assert live.totals.all()


def test_a_sum_that_stands_for_itself_is_a_figure() -> None:
    """Where the parts do not give the sum, recalculating must not change the workbook."""
    report = a_national_report(["Một", "Hai"])
    given = int(report.tables["a"].values[1, 0]) + 1
    live = live_cells(FORM, with_cell(report, 1, 0, value=given, state=State.VALUE))["a"]
    assert live.cells[:, 0].tolist() == [True, False]
    assert not live.totals[0]
    assert live.totals[1:].all()


def test_a_sum_over_a_cell_that_is_not_applicable_is_a_figure() -> None:
    """A formula would be wrong or blank where one of its parts says KAD."""
    report = a_national_report(["Một", "Hai"])
    changed = with_cell(report, 0, 1, value=0, state=State.NOT_APPLICABLE)
    live = live_cells(FORM, changed)["a"]
    assert live.cells[:, 0].tolist() == [False, True]


def test_figures_beyond_fifteen_digits_are_no_part_of_a_formula() -> None:
    """They are written as text, which a sum in Excel passes over."""
    report = a_national_report(["Một", "Hai"])
    long = with_cell(report, 0, 1, value=10**15, state=State.VALUE)
    live = live_cells(FORM, long)["a"]
    assert not live.cells[0].any()
    assert live.cells[1, 0]
    assert not live.totals[1]


def test_totals_are_added_exactly_beyond_64_bits() -> None:
    """A sum that would wrap around in 64 bits is not taken for right."""
    report = a_national_report(["Một", "Hai"])
    table = report.tables["a"]
    values = np.full_like(table.values, 2**62)
    wrapped = TableData(
        table.names,
        values,
        table.states,
        table.texts,
        values.sum(axis=0),
        table.total_states,
    )
    assert not live_cells(FORM, replace(report, tables={"a": wrapped}))["a"].totals.any()


def test_a_computed_row_is_live() -> None:
    """A line of the vertical list that adds other lines up is a formula over them."""
    form, report = a_form("MAU.01/KTXH"), an_indicator_report()
    table = form.tables[0]
    computed = [at for at, row in enumerate(table.rows) if row.formula is not None]
    live = live_cells(form, report)["a"].cells
    assert computed
    for at in computed:
        assert live[at].all()


def test_a_percentage_of_the_total_row_is_live() -> None:
    """It is worked out from the summed counts, in the sheet as in the store."""
    form = a_form("MAU.03/TYLE")
    cells = ({"c1": 40, "c2": 10, "c4": 1}, {"c1": 60, "c2": 25, "c4": 2})
    rows = [{"key": f"H26.{n}", "cells": row} for n, row in enumerate(cells)]
    report = a_report(form, {"a": {"rows": rows}}, period="2026-09")
    at = form.tables[0].figure_index["c3"]
    assert report.tables["a"].total_values[at] == 350
    assert live_cells(form, report)["a"].totals[at]


def test_the_guard_of_a_template_is_taken_off() -> None:
    """In a consolidated table the parts are there, and a reader sees just the sum."""
    assert without_guard('=IF(COUNT(D12:F12)<3,"",SUM(D12:F12))') == "=SUM(D12:F12)"
    assert without_guard("=SUM(A1:A2)") == "=SUM(A1:A2)"
    assert without_guard(None) == ""
