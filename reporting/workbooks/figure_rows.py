"""The lines of a consolidated table, streamed: section headings, rows of figures, the total.

A row whose cells are all ordinary figures goes a short way; any other goes cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forms.definition import CellType, Column
from forms.excel_formulas import Spot, column_formula, linear_formula, total_formula
from forms.form_heading import put
from forms.header_layout import lines_needed
from forms.returns import State, TableData
from forms.sheet_styles import COMPUTED_FILL, SECTION_FILL, Styles
from forms.template_table import row_digits
from forms.typed_rows import rows_left_to_type
from forms.values import FIGURE_BOUND
from forms.workbook_layout import FormLayout, Line, LineKind, TableLayout
from reporting.workbooks.figure_cells import CellWriter, plain
from reporting.workbooks.live_formulas import LiveCells, without_guard
from reporting.workbooks.writing import StreamedSheet

_LINE_POINTS = 15.0
_TALLEST = 400.0

#: How broad a letter of ordinary text is against a digit, by which Excel measures columns.
_BREADTH = 0.84

#: How many rows are Python's own numbers at a time.
_CHUNK = 2_000

#: Stands for the row number in a formula that is the same in every row.
_ANY_ROW = 987_654_321
_ANY_ROW_TEXT = str(_ANY_ROW)


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the ordinary rows. `at` is its place among the figures, -1 for a text."""

    column: Column
    col: int
    at: int
    digits: int
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
        estimated: frozenset[str] = frozenset(),
    ) -> None:
        self._sheet, self._styles = sheet, styles
        self._layout, self._table = layout, table
        self._data, self._live = data, live
        self._writer = CellWriter(sheet, styles)
        self._ordinal, self._label = styles.of(border=1, align="center"), styles.label()
        self._cells = [self._plan(column) for column in table.columns]
        self._texts = [cell for cell in self._cells if cell.at < 0]
        self._figures = [
            (cell.at, cell.col, cell.digits, cell.style, cell.formula)
            for cell in self._cells
            if cell.at >= 0
        ]
        self._computed = np.zeros(data.values.shape[1], np.bool_)
        for cell in self._cells:
            if cell.formula:
                self._computed[cell.at] = True
        self._estimated = np.array([name.path in estimated for name in data.names], np.bool_)
        self._grows = table.grows
        self._positions = (
            {} if self._grows else {name.key: at for at, name in enumerate(data.names)}
        )
        self._load(0)

    def write(self) -> None:
        """Every line, top down."""
        for line in self._table.lines():
            if line.kind is LineKind.DATA:
                self._write_data(line)
            elif line.kind is LineKind.SECTION:
                style = self._styles.of(border=1, bold=True, bg_color=SECTION_FILL, indent=1)
                put(self._sheet, line.row, (0, self._table.last_col), line.label, style)
            else:
                self._write_total(line)

    def _plan(self, column: Column) -> Cell:
        col = self._table.col_of[column.id]
        if not column.is_figure:
            is_date = column.type is CellType.DATE
            more = {"num_format": "dd/mm/yyyy", "align": "center"} if is_date else {}
            return Cell(column, col, -1, 0, self._styles.label(**more), "")
        at = self._table.table.figure_index[column.id]
        spot = Spot(self._layout, self._table, _ANY_ROW - 1, column.id)
        formula = without_guard(column_formula(column, spot))
        return Cell(column, col, at, column.digits, self._styles.figure(column.digits), formula)

    def _load(self, at: int) -> None:
        """Bring the rows around one into Python's own numbers, a chunk at a time."""
        first = at - at % _CHUNK
        chunk = slice(first, first + _CHUNK)
        values, states = self._data.values[chunk], self._data.states[chunk]
        ordinary = (
            (states == State.VALUE)
            & (np.abs(values) < FIGURE_BOUND)
            & (self._live.cells[chunk] == self._computed)
        )
        self._first = first
        self._values: list[list[int]] = values.tolist()
        self._states: list[list[int]] = states.tolist()
        ordinary = ordinary.all(axis=1) & ~self._estimated[chunk]
        self._is_ordinary: list[bool] = ordinary.tolist()

    def _write_data(self, line: Line) -> None:
        at = line.index if self._grows else self._position(line)
        self._set_height(line, at)
        self._write_sides(line)
        if at < 0:
            for cell in self._cells:
                self._sheet.write_blank(line.row, cell.col, None, cell.style)
            return
        if not 0 <= at - self._first < _CHUNK:
            self._load(at)
        if line.declared is None and self._is_ordinary[at - self._first]:
            self._write_ordinary(line.row, at)
        else:
            self._write_each(line, at)

    def _position(self, line: Line) -> int:
        """Where the figures of a declared row stand; -1 where the report has no such row."""
        return self._positions.get(line.name.key, -1) if line.name else -1

    def _write_sides(self, line: Line) -> None:
        sheet, table, row = self._sheet, self._table, line.row
        if table.ordinal_col is not None:
            if line.ordinal.isdecimal():
                sheet.write_number(row, table.ordinal_col, int(line.ordinal), self._ordinal)
            else:
                sheet.write_string(row, table.ordinal_col, line.ordinal, self._ordinal)
        if table.heading_col is not None:
            sheet.write_string(row, table.heading_col, line.label, self._label)
        if table.unit_col is not None:
            unit = line.declared.unit if line.declared else ""
            sheet.write_string(row, table.unit_col, unit, self._styles.label(align="center"))

    def _write_ordinary(self, row: int, at: int) -> None:
        """The short way; a big table is written by these lines alone, so they do little."""
        write_number, write_formula = self._sheet.write_number, self._sheet.write_formula
        values = self._values[at - self._first]
        number = str(row + 1)
        for position, col, digits, style, formula in self._figures:
            value = plain(values[position], digits) if digits else values[position]
            if formula:
                text = formula.replace(_ANY_ROW_TEXT, number)
                write_formula(row, col, text, style, value)
            else:
                write_number(row, col, value, style)
        for cell in self._texts:
            self._write_text(row, cell, at)

    def _write_each(self, line: Line, at: int) -> None:
        values, states = self._values[at - self._first], self._states[at - self._first]
        look = {"italic": True} if self._estimated[at] else {}
        for cell in self._cells:
            if cell.at < 0:
                self._write_text(line.row, cell, at)
                continue
            self._writer.figure(
                line.row,
                cell.col,
                value=values[cell.at],
                state=states[cell.at],
                digits=cell.digits,
                style=self._styles.figure(row_digits(cell.column, line.declared), **look),
                formula=self._formula(line, cell) if self._live.cells[at, cell.at] else "",
            )

    def _formula(self, line: Line, cell: Cell) -> str:
        """The live formula of a cell, the row's own before the column's."""
        if line.declared is not None and line.declared.formula is not None:
            spot = Spot(self._layout, self._table, line.row, cell.column.id)
            digits = row_digits(cell.column, line.declared)
            return without_guard(linear_formula(line.declared.formula.left, spot, digits=digits))
        return cell.formula.replace(_ANY_ROW_TEXT, str(line.row + 1))

    def _write_text(self, row: int, cell: Cell, at: int) -> None:
        text = self._text(cell, at)
        self._writer.text(row, cell.col, text, column=cell.column, style=cell.style)

    def _text(self, cell: Cell, at: int) -> str:
        texts = self._data.texts
        return texts[at].get(cell.column.id, "") if 0 <= at < len(texts) else ""

    def _set_height(self, line: Line, at: int) -> None:
        """Make a row as high as its longest text, which has to be known before it is written."""
        widths, heading = self._layout.widths, self._table.heading_col
        lines = 1
        if heading is not None and len(line.label) > widths[heading] - 2:
            lines = lines_needed(line.label, widths[heading] - 1, breadth=_BREADTH)
        for cell in self._texts:
            text = self._text(cell, at)
            if text:
                lines = max(lines, lines_needed(text, widths[cell.col] - 1, breadth=_BREADTH))
        if lines > 1:
            self._sheet.set_row(line.row, min(_TALLEST, lines * _LINE_POINTS + 3))

    def _write_total(self, line: Line) -> None:
        look = {"bold": True, "bg_color": COMPUTED_FILL}
        style = self._styles.of(border=1, align="center", **look)
        if self._table.first_col:
            label = self._total_label(line)
            if label != line.label:
                style = self._styles.of(border=1, align="center", text_wrap=True, **look)
                room = sum(self._layout.widths[: self._table.first_col])
                needed = lines_needed(label, room, breadth=1)
                self._sheet.set_row(line.row, needed * _LINE_POINTS + 3)
            put(self._sheet, line.row, (0, self._table.first_col - 1), label, style)
        for cell in self._cells:
            if cell.at < 0:
                self._sheet.write_blank(line.row, cell.col, None, style)
                continue
            self._writer.figure(
                line.row,
                cell.col,
                value=int(self._data.total_values[cell.at]),
                state=int(self._data.total_states[cell.at]),
                digits=cell.digits,
                style=self._styles.figure(cell.digits, **look),
                formula=self._total_formula(line, cell) if self._live.totals[cell.at] else "",
            )

    def _total_label(self, line: Line) -> str:
        """The label of the total, which names the rows that it is still without."""
        missing = rows_left_to_type(self._table.table, self._data)
        if not missing:
            return line.label
        return f"{line.label} (chưa gồm: {', '.join(row.label for row in missing)})"

    def _total_formula(self, line: Line, cell: Cell) -> str:
        if cell.formula and cell.column.type is CellType.PERCENT:
            return cell.formula.replace(_ANY_ROW_TEXT, str(line.row + 1))
        return total_formula(cell.column, self._table) or ""
