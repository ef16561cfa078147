"""The lines of a consolidated table, streamed: section headings, rows of figures, the total.

A row whose cells are all ordinary figures goes a short way; any other goes cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from forms.definition import CellType, Column, RowModel
from forms.excel_formulas import Spot, column_formula, linear_formula, total_formula
from forms.form_heading import put
from forms.header_layout import lines_needed
from forms.returns import State, TableData
from forms.sheet_styles import COMPUTED_FILL, SECTION_FILL, Styles
from forms.template_table import row_digits
from forms.values import FIGURE_BOUND, write_figure
from forms.workbook_layout import FormLayout, Line, LineKind, TableLayout
from reporting.workbooks.live_formulas import LiveCells
from reporting.workbooks.writing import StreamedSheet

NOT_APPLICABLE = "KAD"
NOT_ASKED = "x"
GREY = "#808080"
UNASKED_FILL = "#EDEDED"

_LINE_POINTS = 15.0
_CHUNK = 2_000
_BLANK, _VALUE = int(State.BLANK), int(State.VALUE)

#: Stands for the row number in a formula that is the same in every row.
_ANY_ROW = 987_654_321
_ANY_ROW_TEXT = str(_ANY_ROW)


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the ordinary rows. `at` is its place among the figures, -1 for a text."""

    column: Column
    col: int
    at: int
    style: Any
    formula: str  # with _ANY_ROW for the number of the row; '' where the cell is no formula


class TableRows:
    """Writes the lines of one table below its number row."""

    def __init__(
        self,
        sheet: StreamedSheet,
        styles: Styles,
        layout: FormLayout,
        table: TableLayout,
        *,
        data: TableData,
        live: LiveCells,
    ) -> None:
        self._sheet, self._styles = sheet, styles
        self._layout, self._table = layout, table
        self._data, self._live = data, live
        self._cells = [self._plan(column) for column in table.columns]
        self._ordinal = styles.of(border=1, align="center")
        self._label = styles.label()
        self._positions = {name.path: at for at, name in enumerate(data.names)}
        self._formulas = np.zeros(data.values.shape[1], np.bool_)
        for cell in self._cells:
            self._formulas[cell.at] |= bool(cell.formula) and cell.at >= 0
        self._first = self._end = 0
        self._load(0)

    def write(self) -> None:
        """Every line, top down."""
        for line in self._table.lines():
            if line.kind is LineKind.SECTION:
                style = self._styles.of(border=1, bold=True, bg_color=SECTION_FILL, indent=1)
                put(self._sheet, line.row, (0, self._table.last_col), line.label, style)
            elif line.kind is LineKind.DATA:
                self._write_data(line)
            else:
                self._write_total(line)

    def _plan(self, column: Column) -> Cell:
        col = self._table.col_of[column.id]
        if not column.is_figure:
            return Cell(column, col, -1, self._text_style(column), "")
        spot = Spot(self._layout, self._table, _ANY_ROW - 1, column.id)
        return Cell(
            column,
            col,
            self._table.table.figure_index[column.id],
            self._styles.figure(column.digits),
            column_formula(column, spot) or "",
        )

    def _text_style(self, column: Column) -> Any:
        if column.type is CellType.DATE:
            return self._styles.label(align="center", num_format="dd/mm/yyyy")
        return self._styles.label()

    def _load(self, first: int) -> None:
        """Bring the rows around one into Python's own numbers, a chunk at a time."""
        first -= first % _CHUNK
        end = first + _CHUNK
        self._first, self._end = first, end
        values, states = self._data.values[first:end], self._data.states[first:end]
        live = self._live.cells[first:end]
        short = np.abs(values) < FIGURE_BOUND
        ordinary = (states == State.VALUE) & short & (live == self._formulas)
        self._values: list[list[int]] = values.tolist()
        self._states: list[list[int]] = states.tolist()
        self._is_ordinary: list[bool] = ordinary.all(axis=1).tolist()

    def _write_data(self, line: Line) -> None:
        at = self._position(line)
        self._write_sides(line)
        if at < 0:
            for cell in self._cells:
                self._sheet.write_blank(line.row, cell.col, None, cell.style)
            return
        if not self._first <= at < self._end:
            self._load(at)
        if line.declared is None and self._is_ordinary[at - self._first]:
            self._write_ordinary(line.row, at)
        else:
            self._write_each(line, at)
        if self._table.table.texts:
            self._grow(line.row, at)

    def _position(self, line: Line) -> int:
        """Where the figures of a line stand; -1 where the report has no such row."""
        if line.declared is None and self._table.grows:
            return line.index
        return self._positions.get(line.name.path, -1) if line.name else -1

    def _write_sides(self, line: Line) -> None:
        sheet, table, row = self._sheet, self._table, line.row
        if table.ordinal_col is not None:
            if line.ordinal.isdecimal():
                sheet.write_number(row, table.ordinal_col, int(line.ordinal), self._ordinal)
            else:
                sheet.write_string(row, table.ordinal_col, line.ordinal, self._ordinal)
        if table.heading_col is not None:
            sheet.write_string(row, table.heading_col, line.label, self._label)
            room = self._layout.widths[table.heading_col]
            if len(line.label) > room - 2:
                self._set_height(row, lines_needed(line.label, room - 1, breadth=0.92))
        if table.unit_col is not None:
            unit = line.declared.unit if line.declared else ""
            sheet.write_string(row, table.unit_col, unit, self._styles.label(align="center"))

    def _write_ordinary(self, row: int, at: int) -> None:
        sheet, values = self._sheet, self._values[at - self._first]
        row_text = str(row + 1)
        for cell in self._cells:
            if cell.at < 0:
                self._write_text(row, cell, at)
                continue
            value: int | Decimal = values[cell.at]
            if cell.column.digits:
                value = Decimal(value).scaleb(-cell.column.digits)
            if cell.formula:
                formula = cell.formula.replace(_ANY_ROW_TEXT, row_text)
                sheet.write_formula(row, cell.col, formula, cell.style, value)
            else:
                sheet.write_number(row, cell.col, value, cell.style)

    def _write_each(self, line: Line, at: int) -> None:
        values, states = self._values[at - self._first], self._states[at - self._first]
        for cell in self._cells:
            if cell.at < 0:
                self._write_text(line.row, cell, at)
                continue
            formula = self._formula(line, cell) if self._live.cells[at, cell.at] else ""
            digits = row_digits(cell.column, line.declared)
            style = self._styles.figure(digits)
            value = (values[cell.at], states[cell.at])
            self._write_figure(line.row, cell, value, formula, style)

    def _formula(self, line: Line, cell: Cell) -> str:
        """The live formula of a cell, the row's own before the column's."""
        if line.declared is not None and line.declared.formula is not None:
            spot = Spot(self._layout, self._table, line.row, cell.column.id)
            digits = row_digits(cell.column, line.declared)
            return linear_formula(line.declared.formula.left, spot, digits=digits) or ""
        return cell.formula.replace(_ANY_ROW_TEXT, str(line.row + 1))

    def _write_figure(
        self, row: int, cell: Cell, figure: tuple[int, int], formula: str, style: Any
    ) -> None:
        """One cell in whatever state it is; `figure` is its scaled value and its state."""
        value, state = figure
        digits = cell.column.digits
        if formula and state in (_BLANK, _VALUE):
            cached = Decimal(value).scaleb(-digits) if state == _VALUE else ""
            self._sheet.write_formula(row, cell.col, formula, style, cached)
        elif state == _BLANK:
            self._sheet.write_blank(row, cell.col, None, style)
        elif state != _VALUE:
            text = NOT_APPLICABLE if state == State.NOT_APPLICABLE else NOT_ASKED
            grey = self._styles.of(border=1, align="center", font_color=GREY, bg_color=UNASKED_FILL)
            self._sheet.write_string(row, cell.col, text, grey)
        elif abs(value) >= FIGURE_BOUND:
            # A number of Excel keeps 15 digits; the figure is told whole, as text.
            right = self._styles.of(border=1, align="right", shrink=True)
            self._sheet.write_string(row, cell.col, write_figure(value, digits), right)
        else:
            self._sheet.write_number(row, cell.col, Decimal(value).scaleb(-digits), style)

    def _write_text(self, row: int, cell: Cell, at: int) -> None:
        texts = self._data.texts
        text = texts[at].get(cell.column.id, "") if at < len(texts) else ""
        if not text:
            self._sheet.write_blank(row, cell.col, None, cell.style)
        elif cell.column.type is CellType.DATE and (day := _as_date(text)):
            self._sheet.write_datetime(row, cell.col, day, cell.style)
        else:
            self._sheet.write_string(row, cell.col, text, cell.style)

    def _grow(self, row: int, at: int) -> None:
        """Make the row as high as its longest text; Excel does not for the reader."""
        texts = self._data.texts[at] if at < len(self._data.texts) else {}
        needed = [
            lines_needed(text, self._layout.widths[cell.col] - 1, breadth=0.92)
            for cell in self._cells
            if cell.at < 0 and (text := texts.get(cell.column.id, ""))
        ]
        self._set_height(row, max(needed, default=1))

    def _set_height(self, row: int, lines: int) -> None:
        known = self._sheet.row_info.get(row)
        wanted = lines * _LINE_POINTS + 3
        if lines > 1 and (known is None or known.height * 0.75 < wanted):
            self._sheet.set_row(row, min(wanted, 400))

    def _write_total(self, line: Line) -> None:
        table, look = self._table, {"bold": True, "bg_color": COMPUTED_FILL}
        style = self._styles.of(border=1, align="center", **look)
        if table.first_col:
            put(self._sheet, line.row, (0, table.first_col - 1), line.label, style)
        for cell in self._cells:
            if cell.at < 0:
                self._sheet.write_blank(line.row, cell.col, None, style)
                continue
            formula = ""
            if self._live.totals[cell.at]:
                if self._is_percent(cell.column):
                    spot = Spot(self._layout, table, line.row, cell.column.id)
                    formula = column_formula(cell.column, spot) or ""
                else:
                    formula = total_formula(cell.column, table) or ""
            figure = self._styles.figure(cell.column.digits, **look)
            data = self._data
            value = (int(data.total_values[cell.at]), int(data.total_states[cell.at]))
            self._write_figure(line.row, cell, value, formula, figure)

    def _is_percent(self, column: Column) -> bool:
        return column.type is CellType.PERCENT and column.formula is not None


def _as_date(text: str) -> date | None:
    """The day that a text in ISO writes; None where Excel, which begins in 1900, has none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year > 1900 else None


def is_narrative(table: TableLayout) -> bool:
    """Whether the rows of a table are paragraphs."""
    return table.table.model is RowModel.OUTLINE
