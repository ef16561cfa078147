"""What stands around the figures of a consolidated table: caption, header tree, note, signatures.

The same look as forms.form_heading gives the template, written strictly from the top down.
"""

from __future__ import annotations

from collections import defaultdict

from forms.form_heading import put, split_col
from forms.header_layout import HeaderCell, fold_number, lines_needed
from forms.locating_tables import DATED, NOTE_LABEL
from forms.sheet_styles import Styles
from forms.workbook_layout import FormLayout, TableLayout
from reporting.workbooks.edition_facts import EditionFacts
from reporting.workbooks.writing import StreamedSheet

NIL = "Không phát sinh"

_LINE_POINTS = 15.0
_TITLE_POINTS = 21.0


def write_table_top(
    sheet: StreamedSheet, styles: Styles, layout: FormLayout, table: TableLayout, *, nil: bool
) -> None:
    """The title where a form has several tables, the unit of measure, header tree, number row."""
    if table.title_row is not None:
        sheet.set_row(table.title_row, _TITLE_POINTS)
        style = styles.of(bold=True, text_wrap=True)
        put(sheet, table.title_row, (0, layout.last_col), table.table.title, style)
    _write_caption(sheet, styles, layout, table, nil=nil)
    _write_header(sheet, styles, layout, table)
    sheet.set_row(table.number_row, layout.header_heights(table)[-1])
    for col, text in enumerate(table.numbers):
        folded = fold_number(text, layout.widths[col])
        sheet.write_string(table.number_row, col, folded, styles.number())


def _write_caption(
    sheet: StreamedSheet, styles: Styles, layout: FormLayout, table: TableLayout, *, nil: bool
) -> None:
    row, split = table.caption_row, split_col(layout)
    if nil:
        put(sheet, row, (0, split - 1), NIL, styles.of(bold=True))
    if layout.form.unit and any(column.is_figure for column in table.columns):
        unit = f"Đơn vị tính: {layout.form.unit}"
        last = max(table.last_col, split)
        style = styles.of(italic=True, align="right", font_size=10)
        put(sheet, row, (split, last), unit, style)
    sheet.set_row(row, 18)


def _write_header(
    sheet: StreamedSheet, styles: Styles, layout: FormLayout, table: TableLayout
) -> None:
    """The header tree, each row from left to right, its merged ranges noted as they begin."""
    style = styles.header()
    starts: dict[int, list[HeaderCell]] = defaultdict(list)
    for cell in table.header:
        starts[cell.first_row].append(cell)
    heights = layout.header_heights(table)
    for at in range(table.header_depth):
        row = table.header_row + at
        sheet.set_row(row, heights[at])
        for col in range(table.last_col + 1):
            sheet.write_blank(row, col, None, style)
        for cell in starts[row]:
            sheet.write_string(row, cell.first_col, cell.text, style)
            sheet.merge_cells(cell.first_row, cell.first_col, cell.last_row, cell.last_col)


def write_note(sheet: StreamedSheet, styles: Styles, layout: FormLayout, note: str) -> None:
    """The note line (Ghi chú), where the form has one."""
    row = layout.note_row
    if row is None:
        return
    room = sum(layout.widths[layout.note_col :])
    sheet.set_row(row, max(1, lines_needed(note, room, breadth=0.95)) * _LINE_POINTS + 4)
    label = styles.of(bold=True, italic=True, valign="top")
    put(sheet, row, (0, layout.note_col - 1), NOTE_LABEL, label)
    if note:
        style = styles.of(text_wrap=True, valign="top")
        put(sheet, row, (layout.note_col, layout.last_col), note, style)


def write_signatures(
    sheet: StreamedSheet, styles: Styles, layout: FormLayout, edition: EditionFacts
) -> None:
    """Place and date, who drew the table up, who signs it, with room to sign."""
    row, split, last = layout.signature_row, split_col(layout), layout.last_col
    halves = ((0, split - 1), (split, last))
    put(sheet, row, halves[1], DATED, styles.of(italic=True, align="center"))
    bold = styles.of(bold=True, align="center", valign="top", text_wrap=True)
    titles = (edition.prepared_title, edition.signer_title)
    lines = max(
        lines_needed(title, sum(layout.widths[first : end + 1]), breadth=1.25)
        for title, (first, end) in zip(titles, halves, strict=True)
    )
    sheet.set_row(row + 1, lines * _LINE_POINTS + 2)
    small = styles.of(italic=True, align="center")
    for title, half in zip(titles, halves, strict=True):
        put(sheet, row + 1, half, title, bold)
    put(sheet, row + 2, halves[0], "(Ký, ghi rõ họ tên)", small)
    put(sheet, row + 2, halves[1], "(Ký, ghi rõ họ tên, đóng dấu)", small)
