"""Columns are wide enough for what stands in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forms.form_heading import split_col
from forms.period import Period
from forms.returns import Report
from reporting.workbooks.fitted_layout import FittedLayout, lay_out_report
from tests.reporting.workbooks.editions import a_form, a_national_report, an_indicator_report


def laid_out(code: str, report: Report) -> FittedLayout:
    """The layout of a report in the days of its period."""
    return lay_out_report(a_form(code), report, window=Period.parse(report.period).window())


@pytest.mark.parametrize("largest", [1_234_567_890, -1_234_567_890])
def test_a_longer_figure_widens_its_column_only(largest: int) -> None:
    """The longest figure counts, wherever it stands and whatever its sign."""
    report = a_national_report(["Một", "Hai"])
    table = report.tables["a"]
    values = table.values.copy()
    values[1, 3] = largest
    before = laid_out("II.9g/VPCP/KSTT", report).widths
    changed = replace(report, tables={"a": replace(table, values=values)})
    after = laid_out("II.9g/VPCP/KSTT", changed).widths
    assert after[5] > len(f"{largest:,}")
    assert (*after[:5], *after[6:]) == (*before[:5], *before[6:])


def test_the_national_heading_fits_on_a_narrow_form() -> None:
    """A form of few columns is stretched, in proportion, until the heading is not cut."""
    layout = laid_out("MAU.01/KTXH", an_indicator_report())
    assert sum(layout.widths[split_col(layout) :]) >= 46.9


def test_a_table_without_rows_has_the_widths_of_its_form() -> None:
    """Nothing reported is no reason for a narrow sheet."""
    report = a_national_report(["Một"])
    table = report.tables["a"]
    empty = replace(
        table,
        names=(),
        values=table.values[:0],
        states=table.states[:0],
        texts=(),
        total_values=np.zeros_like(table.total_values),
    )
    layout = laid_out("II.9g/VPCP/KSTT", replace(report, tables={"a": empty}))
    assert min(layout.widths[2:]) >= 9
