"""One cell of a consolidated table in whatever state it is: figure, formula, blank, KAD, text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from forms.definition import CellType, Column
from forms.returns import State
from forms.sheet_styles import Styles
from forms.values import FIGURE_BOUND, write_figure
from reporting.workbooks.writing import StreamedSheet

#: What stands in a cell that has no figure, as forms print it.
NOT_APPLICABLE = "KAD"
NOT_ASKED = "x"

_GREY = {"font_color": "#808080", "bg_color": "#EDEDED"}


class CellWriter:
    """Writes single cells of one sheet."""

    def __init__(self, sheet: StreamedSheet, styles: Styles) -> None:
        self._sheet, self._styles = sheet, styles

    def figure(
        self,
        row: int,
        col: int,
        *,
        value: int,
        state: int,
        digits: int,
        style: Any,
        formula: str = "",
    ) -> None:
        """A figure cell; `value` is scaled by `digits`, `formula` is '' where it is no formula."""
        if state == State.NOT_APPLICABLE:
            self._sheet.write_string(row, col, NOT_APPLICABLE, self._grey())
        elif state == State.NOT_ASKED:
            self._sheet.write_string(row, col, NOT_ASKED, self._grey())
        elif formula:
            cached = plain(value, digits) if state == State.VALUE else ""
            self._sheet.write_formula(row, col, formula, style, cached)
        elif state == State.BLANK:
            self._sheet.write_blank(row, col, None, style)
        elif abs(value) >= FIGURE_BOUND:
            # A number of Excel keeps 15 digits; the figure is told whole, as text.
            text = write_figure(value, digits)
            right = self._styles.of(border=1, align="right", shrink=True)
            self._sheet.write_string(row, col, text, right)
        else:
            self._sheet.write_number(row, col, plain(value, digits), style)

    def text(self, row: int, col: int, text: str, *, column: Column, style: Any) -> None:
        """A text cell; a date is a date of Excel, so that it can be sorted by."""
        if not text:
            self._sheet.write_blank(row, col, None, style)
        elif column.type is CellType.DATE and (day := _as_date(text)):
            self._sheet.write_datetime(row, col, day, style)
        else:
            self._sheet.write_string(row, col, text, style)

    def _grey(self) -> Any:
        return self._styles.of(border=1, align="center", **_GREY)


def plain(value: int, digits: int) -> int | Decimal:
    """A scaled figure as Excel shows it: 1500 at three digits is 1.500."""
    return Decimal(value).scaleb(-digits) if digits else value


def _as_date(text: str) -> date | None:
    """The day that an ISO text names; None where Excel, which begins in 1900, has none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year > 1900 else None
