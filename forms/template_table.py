"""One table of a template, drawn from its caption to its last line, with what the record keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xlsxwriter.worksheet import Worksheet

from forms.definition import CellType, Column, Row, RowModel
from forms.excel_formulas import Spot, column_formula, linear_formula, total_formula
from forms.form_heading import put, write_table_head
from forms.header_layout import lines_needed
from forms.locating_tables import FENCE
from forms.sheet_styles import CARRIED_FILL, COMPUTED_FILL, SECTION_FILL, Styles
from forms.template_checks import TableChecks
from forms.template_input import column_validation, heading_validation, mark_table, name_validation
from forms.template_record import TableRecord
from forms.workbook_layout import FormLayout, Line, LineKind, TableLayout

NIL_LABEL = "Không phát sinh (đánh dấu x vào ô bên):"

_NIL_ROOM = 38.0
_LINE_POINTS = 15.0

#: List code -> the range of a dropdown.
Sources = Mapping[str, str]


def nil_cell(layout: FormLayout, table: TableLayout) -> tuple[int, int]:
    """The cell for the mark that there is nothing to report: right of its label."""
    used = 0.0
    for col, width in enumerate(layout.widths):
        used += width
        if used >= _NIL_ROOM:
            return table.caption_row, min(col + 1, layout.last_col)
    return table.caption_row, layout.last_col


@dataclass
class TableWriter:
    """Draws one table and keeps what the reader will have to know."""

    sheet: Worksheet
    styles: Styles
    checks: TableChecks
    sources: Sources

    def write(self) -> TableRecord:
        """Draw the table; give back its record."""
        table = self.checks.table
        self._record = self._new_record()
        self._carried: dict[str, Decimal] = {}  # column id -> sum of what was brought along
        write_table_head(self.sheet, self.styles, self.checks.layout, table)
        self._write_caption()
        lines = list(table.lines())
        data = [line for line in lines if line.kind is LineKind.DATA]
        for line in lines:
            if line.kind is LineKind.SECTION:
                self._write_section(line)
            elif line.kind is LineKind.DATA:
                self._write_data(line)
            else:
                self._write_total(line)
        if table.fence_row is not None:
            style = self.styles.of(italic=True, font_size=9, font_color="#808080", top=1)
            put(self.sheet, table.fence_row, (0, table.last_col), FENCE, style)
        self._help(self.checks.of_table(), table.number_row)
        self._validate(data)
        mark_table(self.sheet, self.styles, self.checks, data)
        return self._record

    def _new_record(self) -> TableRecord:
        table = self.checks.table
        return TableRecord(
            key=table.table.key,
            model=table.table.model.value,
            number_row=table.number_row,
            first_row=table.first_row,
            last_row=table.last_row,
            total_row=_or_none(table.total_row),
            fence_row=_or_none(table.fence_row),
            nil_row=self.checks.nil[0],
            nil_col=self.checks.nil[1],
            heading_col=_or_none(table.heading_col),
            numbers=list(table.numbers),
            columns=dict(table.col_of),
            kinds={column.id: column.type.value for column in table.columns},
            total_label=table.table.total.label if table.table.total else "",
            carried=sorted(self.checks.carried),
        )

    def _write_caption(self) -> None:
        layout, table = self.checks.layout, self.checks.table
        row, col = self.checks.nil
        style = self.styles.of(italic=True, align="right", font_size=10)
        put(self.sheet, row, (0, col - 1), NIL_LABEL, style)
        box = self.styles.of(border=1, bold=True, align="center", locked=False)
        self.sheet.write_blank(row, col, None, box)
        choices: dict[str, Any] = {"validate": "list", "source": ["x"], "error_type": "warning"}
        self.sheet.data_validation(row, col, row, col, choices)
        if layout.form.unit and col < layout.last_col and any(c.is_figure for c in table.columns):
            unit = f"Đơn vị tính: {layout.form.unit}"
            put(self.sheet, row, (col + 1, layout.last_col), unit, style)
        self.sheet.set_row(row, 18)

    def _write_section(self, line: Line) -> None:
        style = self.styles.of(border=1, bold=True, bg_color=SECTION_FILL, text_wrap=True, indent=1)
        put(self.sheet, line.row, (0, self.checks.table.last_col), line.label, style)
        self._record.sections.append((line.row, line.section, line.label))

    def _write_data(self, line: Line) -> None:
        self._write_sides(line)
        for column in self.checks.table.columns:
            self._write_cell(line, column)
        self._help(self.checks.of_line(line, waits=self._waits(line)), line.row)

    def _write_sides(self, line: Line) -> None:
        table, row = self.checks.table, line.row
        is_free = table.grows and table.table.model is not RowModel.UNITS
        if table.ordinal_col is not None:
            style = self.styles.of(border=1, align="center", locked=not table.grows)
            self.sheet.write_string(row, table.ordinal_col, line.ordinal, style)
        if table.heading_col is None:
            return
        style = self.styles.label(locked=not is_free and line.name is not None)
        if line.name is None:
            self.sheet.write_blank(row, table.heading_col, None, style)
        else:
            self.sheet.write_string(row, table.heading_col, line.label, style)
            if line.declared is None:
                self._record.names[line.label] = line.name.key
            else:
                declared = (row, line.name.key, line.label, line.ordinal)
                self._record.declared.append(declared)
            self._grow_row(row, line.label, table.heading_col)
        if table.unit_col is not None:
            unit = line.declared.unit if line.declared else ""
            style = self.styles.label(align="center")
            self.sheet.write_string(row, table.unit_col, unit, style)

    def _grow_row(self, row: int, label: str, col: int) -> None:
        needed = lines_needed(label, self.checks.layout.widths[col] - 1, breadth=0.92)
        if self.checks.table.table.model is RowModel.OUTLINE:
            needed = max(needed, 4)
        if needed > 1:
            self.sheet.set_row(row, needed * _LINE_POINTS + 2)

    def _write_cell(self, line: Line, column: Column) -> None:
        row, col = line.row, self.checks.table.col_of[column.id]
        if not column.is_figure:
            is_date = column.type is CellType.DATE
            more = {"num_format": "dd/mm/yyyy", "align": "center"} if is_date else {}
            self.sheet.write_blank(row, col, None, self.styles.label(locked=False, **more))
            return
        digits = row_digits(column, line.declared)
        formula = self._formula(line, column)
        carried = self.checks.prior.figure(line.name, column) if line.name else None
        if formula:
            style = self.styles.figure(digits, locked=False, bg_color=COMPUTED_FILL)
            self.sheet.write_formula(row, col, formula, style, "")
        elif carried is not None:
            style = self.styles.figure(digits, locked=False, bg_color=CARRIED_FILL)
            # A figure has at most 15 digits, which is what a number of Excel holds exactly.
            self.sheet.write_number(row, col, carried, style)
            self._carried[column.id] = self._carried.get(column.id, Decimal(0)) + carried
        else:
            self.sheet.write_blank(row, col, None, self.styles.figure(digits, locked=False))

    def _formula(self, line: Line, column: Column) -> str | None:
        """The live formula of a cell, the row's own before the column's, kept in the record."""
        spot = Spot(self.checks.layout, self.checks.table, line.row, column.id)
        declared = line.declared
        if declared is not None and declared.formula is not None:
            text = linear_formula(declared.formula.left, spot, digits=row_digits(column, declared))
            if text:
                self._record.row_formulas.setdefault(declared.key, {})[column.id] = text[1:]
            return text
        text = column_formula(column, spot)
        if text and declared is not None:
            self._record.row_formulas.setdefault(declared.key, {})[column.id] = text[1:]
        elif text and column.id not in self._record.formulas:
            # The record keeps formulas as they stand in the first line below the number row.
            first = Spot(self.checks.layout, self.checks.table, self.checks.table.first_row)
            self._record.formulas[column.id] = (column_formula(column, first) or "")[1:]
        return text

    def _waits(self, line: Line) -> bool:
        """Whether the template should not be sent before the row is filled in."""
        if line.declared is not None or self.checks.table.table.model is RowModel.SINGLE:
            return any(column.compulsory for column in self.checks.table.columns)
        return line.name is not None and self.checks.prior.has(line.name)

    def _write_total(self, line: Line) -> None:
        table = self.checks.table
        style = self.styles.of(border=1, bold=True, align="center", bg_color=COMPUTED_FILL)
        put(self.sheet, line.row, (0, table.first_col - 1), line.label, style)
        summed = {column.id for column in self.checks.summed}
        spot = Spot(self.checks.layout, table, line.row)
        for column in table.columns:
            text = None
            if column.id in summed:
                text = total_formula(column, table)
            elif column.type is CellType.PERCENT:
                text = column_formula(column, spot)
            style = self.styles.figure(
                column.digits, bold=True, bg_color=COMPUTED_FILL, locked=False
            )
            if text:
                self._record.total_formulas[column.id] = text[1:]
                # LibreOffice shows cached values until something is typed.
                cached = self._carried.get(column.id, "") if column.id in summed else ""
                self.sheet.write_formula(line.row, table.col_of[column.id], text, style, cached)
            else:
                self.sheet.write_blank(line.row, table.col_of[column.id], None, style)
        self._help(self.checks.of_total(), line.row)

    def _help(self, formulas: Any, row: int) -> None:
        style = self.styles.of(locked=False)
        for col, formula in formulas:
            blank = 0 if col in (self.checks.helpers.started, self.checks.helpers.waiting) else ""
            self.sheet.write_formula(row, col, formula, style, blank)

    def _validate(self, data: list[Line]) -> None:
        """Lay validation over the cells, in runs of rows that take the same digits."""
        table = self.checks.table
        if not data:
            return
        first, last = table.first_row, table.last_row
        for column in table.columns:
            col = table.col_of[column.id]
            source = self.sources.get(column.code_list, "")
            for top, bottom, digits in _runs(data, column, first, last):
                carried = self.checks.prior.carried.get(column.id, "")
                rule = column_validation(
                    column, digits=digits, first=(top, col), source=source, carried=carried
                )
                self.sheet.data_validation(top, col, bottom, col, rule)
        if table.heading_col is not None and table.grows:
            source = self.sources.get(table.table.heading.code_list, "")
            label = table.table.heading.label
            rule = heading_validation(label, source) if source else name_validation()
            self.sheet.data_validation(first, table.heading_col, last, table.heading_col, rule)


def row_digits(column: Column, row: Row | None) -> int:
    """The digits of a cell: the row may take fewer than its column."""
    return column.digits if row is None or row.digits is None else min(row.digits, column.digits)


def _runs(data: list[Line], column: Column, first: int, last: int) -> list[tuple[int, int, int]]:
    """First row, last row, digits: one run for a table without declared rows."""
    if data[0].declared is None:
        return [(first, last, column.digits)]
    runs: list[tuple[int, int, int]] = []
    for line in data:
        digits = row_digits(column, line.declared)
        if runs and runs[-1][2] == digits and runs[-1][1] == line.row - 1:
            runs[-1] = (runs[-1][0], line.row, digits)
        else:
            runs.append((line.row, line.row, digits))
    return runs


def _or_none(row: int | None) -> int:
    return -1 if row is None else row
