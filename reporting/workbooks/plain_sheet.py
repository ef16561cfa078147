"""A printable sheet of lines and one table, for what is told beside the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forms.form_heading import put
from forms.header_layout import lines_needed
from forms.sheet_styles import Styles
from reporting.workbooks.writing import OpenWorkbook, StreamedSheet

Value = str | int | None

_LINE_POINTS = 15.0


class PlainSheet:
    """Lines from the top down; `widths` are the columns in characters."""

    def __init__(
        self, workbook: OpenWorkbook, name: str, widths: Sequence[float], *, footer: str
    ) -> None:
        self.styles: Styles = workbook.styles
        self.sheet: StreamedSheet = workbook.add_sheet(name)
        self.row = 0
        self._widths = widths
        self._centred: frozenset[int] = frozenset({0})
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.center_horizontally()
        self.sheet.set_footer(f"&L&8{footer}&R&8Trang &P/&N")
        for col, width in enumerate(widths):
            self.sheet.set_column(col, col, width)

    def title(self, text: str) -> None:
        """The name of the sheet, over all columns."""
        self._line(text.upper(), 20, bold=True, font_size=14, align="center", text_wrap=True)

    def line(self, text: str, **look: Any) -> None:
        """A line of text over all columns."""
        self._line(text, _LINE_POINTS, **({"text_wrap": True} | look))

    def gap(self) -> None:
        """An empty line."""
        self.row += 1

    def fact(self, label: str, value: Value, *, width: int = 2) -> None:
        """A label over the first columns and what is so in the next ones."""
        put(self.sheet, self.row, (0, width - 1), label, self.styles.of(border=1))
        style = self.styles.of(border=1, bold=True, align="left", num_format="#,##0")
        if isinstance(value, int):
            self.sheet.write_number(self.row, width, value, style)
        else:
            self.sheet.write_string(self.row, width, value or "", style)
        self.row += 1

    def head(self, labels: Sequence[str], *, centred: Sequence[int] = (0,)) -> None:
        """The header of the table, repeated on every page; which columns stand in the middle."""
        self._centred = frozenset(centred)
        self._set_height(labels, bold=True)
        for col, label in enumerate(labels):
            self.sheet.write_string(self.row, col, label, self.styles.header())
        self.sheet.repeat_rows(self.row)
        self.row += 1

    def cells(self, values: Sequence[Value]) -> None:
        """One row of the table, or its first cells; the caller writes those that follow."""
        self._set_height(values)
        for col, value in enumerate(values):
            align = "center" if col in self._centred else "left"
            style = self.styles.label(align=align)
            if value is None:
                self.sheet.write_blank(self.row, col, None, style)
            elif isinstance(value, int):
                self.sheet.write_number(self.row, col, value, style)
            else:
                self.sheet.write_string(self.row, col, value, style)
        self.row += 1

    def finish(self) -> None:
        """Fix what is printed: everything written so far."""
        self.sheet.print_area(0, 0, max(0, self.row - 1), len(self._widths) - 1)

    def _line(self, text: str, points: float, **look: Any) -> None:
        needed = lines_needed(text, sum(self._widths), breadth=points / _LINE_POINTS)
        self.sheet.set_row(self.row, needed * points + 3)
        put(self.sheet, self.row, (0, len(self._widths) - 1), text, self.styles.of(**look))
        self.row += 1

    def _set_height(self, values: Sequence[Value], *, bold: bool = False) -> None:
        breadth = 1.1 if bold else 0.9
        needed = max(
            lines_needed(value, width - 1, breadth=breadth) if isinstance(value, str) else 1
            for value, width in zip(values, self._widths, strict=False)
        )
        if needed > 1:
            self.sheet.set_row(self.row, needed * _LINE_POINTS + 3)
