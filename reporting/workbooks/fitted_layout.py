"""The layout of a form with columns wide enough for its heading and the figures of one report.

A template does not know its figures; a sum over the whole country may be longer than any of them,
and Excel prints a number that does not fit as #####.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from forms.definition import Column, FormVersion
from forms.form_heading import split_col
from forms.period import Window
from forms.returns import Int64Array, Report, TableData
from forms.workbook_layout import FormLayout, TableLayout, lay_out

#: Characters that a figure takes beside its digits: the frame, and the breadth of bold type.
_AROUND = 1.6

#: Room for the national heading, which takes the right part of the sheet in bold capitals.
_NATIONAL_HEADING = 47.0


@dataclass(frozen=True)
class FittedLayout(FormLayout):
    """A layout whose columns have at least the `needed` widths, in characters."""

    needed: tuple[float, ...] = ()

    @cached_property
    def widths(self) -> tuple[float, ...]:
        """The width of each column: what the form asks for, or more where a figure is longer."""
        asked = super().widths
        needed = self.needed + (0.0,) * (len(asked) - len(self.needed))
        return tuple(map(max, asked, needed))


def lay_out_report(form: FormVersion, report: Report, *, window: Window) -> FittedLayout:
    """Place every table of a report."""
    rows = {key: data.names for key, data in report.tables.items()}
    layout = lay_out(form, window=window, rows=rows)
    needed = [0.0] * (layout.last_col + 1)
    for table in layout.tables:
        for col, width in _figure_widths(table, report.tables[table.table.key]):
            needed[col] = max(needed[col], width)
    return _roomy(FittedLayout(layout.form, layout.tables, needed=tuple(needed)))


def _roomy(layout: FittedLayout) -> FittedLayout:
    """The layout with all columns in proportion, wide enough for the national heading."""
    right = sum(layout.widths[split_col(layout) :])
    if right >= _NATIONAL_HEADING:
        return layout
    stretched = tuple(width * _NATIONAL_HEADING / right for width in layout.widths)
    return replace(layout, needed=stretched)


def _figure_widths(table: TableLayout, data: TableData) -> list[tuple[int, float]]:
    return [
        (table.col_of[column.id], _width(column, data, table.table.figure_index[column.id]))
        for column in table.columns
        if column.is_figure
    ]


def _width(column: Column, data: TableData, at: int) -> float:
    """The characters of the longest figure of a column, as it is printed: -1.234.567,89."""
    return max(_length(data.values[:, at], column), _length(data.total_values[at : at + 1], column))


def _length(values: Int64Array, column: Column) -> float:
    if not values.size:
        return 0.0
    extremes = (int(np.max(values)), int(np.min(values)))
    mark = 1 if column.digits else 0
    whole = (f"{value // 10**column.digits:,}" for value in extremes)
    return max(map(len, whole)) + mark + column.digits + _AROUND
