"""The blank template of one unit, form and period: official layout, live checks, its own record.

The same arguments give the same bytes. The sheet is protected without a password so that nobody
overwrites a header by mistake; every cell that a reporter may want to change is unlocked, the
computed ones too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from forms.canonical import ENGINE
from forms.code_lists import CodeList
from forms.definition import CellType, FormVersion, RowModel
from forms.form_heading import put, set_up_page, write_heading, write_signatures
from forms.locating_tables import NOTE_LABEL
from forms.period import Period, Window
from forms.prefilled_figures import PrefilledFigures
from forms.prior_figures import PriorFigures, prefilled_names
from forms.returns import RowName, TableData
from forms.sheet_styles import AMBER, GREEN, RED, Styles, open_workbook_for_writing
from forms.template_checks import ALL_WELL, NOTHING_YET, HelperColumns, TableChecks, status_formula
from forms.template_record import RECORD_SHEET, TableRecord, TemplateRecord, record_cells
from forms.template_table import Sources, TableWriter, nil_cell
from forms.workbook_layout import FormLayout, lay_out

#: The hidden sheet with the names of the dropdowns.
LIST_SHEET = "_danh_muc"

#: Blank lines offered under every heading; more can be inserted.
BLANK_ROWS = {RowModel.OPEN: 12, RowModel.UNITS: 10, RowModel.LIST: 8}

_NO_PRIOR: Mapping[str, TableData] = {}
_NO_NAMES: Mapping[str, Sequence[RowName]] = {}
_NO_LISTS: Mapping[str, CodeList] = {}


def blank_workbook(
    form: FormVersion,
    *,
    unit_code: str,
    unit_name: str,
    period: Period,
    window: Window,
    made_at: datetime,
    prior: Mapping[str, TableData] | None = None,
    row_names: Mapping[str, Sequence[RowName]] | None = None,
    taken: Mapping[str, TableData] | None = None,
    lists: Mapping[str, CodeList] | None = None,
    blanks: Mapping[RowModel, int] = BLANK_ROWS,
) -> bytes:
    """The template as the bytes of an .xlsx file.

    `prior` are the tables of the preceding period's report: their row names are printed, and
    every column that a rule ties to the last period starts with its figure. `row_names` names
    rows that are printed whether or not they stood there before. `taken` are tables of an edition
    whose figures the form takes from other reports: their rows are printed and filled in.
    """
    taken = taken or _NO_PRIOR
    names = _row_names(
        form,
        unit=RowName(unit_code, label=unit_name),
        given={key: data.names for key, data in taken.items()} | dict(row_names or _NO_NAMES),
        prior=prior or _NO_PRIOR,
    )
    layout = lay_out(form, window=window, rows=names, blanks=blanks)
    buffer = BytesIO()
    workbook = open_workbook_for_writing(buffer, made_at=made_at)
    sheet = workbook.add_worksheet(sheet_name(form))
    sources = _write_lists(workbook, layout, lists or _NO_LISTS, window)
    styles = Styles(workbook)
    write_heading(sheet, styles, layout, agency=unit_name, period=period, window=window)
    figures = {
        table.key: PrefilledFigures(
            table, (prior or _NO_PRIOR).get(table.key), taken.get(table.key)
        )
        for table in form.tables
    }
    records = _write_tables(sheet, styles, layout, figures=figures, sources=sources)
    _write_note(sheet, styles, layout)
    write_signatures(sheet, styles, layout)
    _finish(sheet, layout)
    record = TemplateRecord(
        form=form.code,
        version=form.version,
        unit=unit_code,
        period=period.code,
        engine=str(ENGINE),
        sheet=sheet.get_name(),
        note_row=-1 if layout.note_row is None else layout.note_row,
        note_col=layout.note_col,
        helper_col=HelperColumns.after(layout.last_col).started,
        tables=records,
    )
    _write_record(workbook, record)
    workbook.close()
    return buffer.getvalue()


def _row_names(
    form: FormVersion,
    *,
    unit: RowName,
    given: Mapping[str, Sequence[RowName]],
    prior: Mapping[str, TableData],
) -> dict[str, list[RowName]]:
    """The rows that each table prints."""
    return {
        table.key: prefilled_names(
            table, unit=unit, given=given.get(table.key, ()), prior=prior.get(table.key)
        )
        for table in form.tables
    }


def sheet_name(form: FormVersion) -> str:
    """The name of the sheet: the number of the form, without what Excel refuses in names."""
    return form.code.split("/VPCP")[0].translate({ord(sign): "-" for sign in "[]:*?/\\'"})[:31]


def _write_tables(
    sheet: Worksheet,
    styles: Styles,
    layout: FormLayout,
    *,
    figures: Mapping[str, PriorFigures],
    sources: Sources,
) -> list[TableRecord]:
    helpers = HelperColumns.after(layout.last_col)
    records: list[TableRecord] = []
    nils: list[tuple[int, int]] = []
    for table in layout.tables:
        nil = nil_cell(layout, table)
        checks = TableChecks(layout, table, helpers, nil, figures[table.table.key])
        records.append(TableWriter(sheet, styles, checks, sources).write())
        nils.append(nil)
    _write_status(sheet, styles, layout, helpers, nils)
    return records


def _write_status(
    sheet: Worksheet,
    styles: Styles,
    layout: FormLayout,
    helpers: HelperColumns,
    nils: Sequence[tuple[int, int]],
) -> None:
    row = layout.remark_row
    style = styles.of(bold=True, border=1, align="center", text_wrap=True)
    put(sheet, row, (0, layout.last_col), "", style)
    formula = status_formula(layout, helpers, nils)
    sheet.write_formula(row, 0, formula, style, NOTHING_YET)
    sheet.set_row(row, 34)
    cell = f"$A${row + 1}"
    for criteria, colours in (
        (f'=LEFT({cell},2)="CÓ"', RED),
        (f'={cell}="{ALL_WELL}"', GREEN),
        (f"=LEN({cell})>0", AMBER),
    ):
        rule = {"type": "formula", "criteria": criteria, "format": styles.mark(colours)}
        sheet.conditional_format(row, 0, row, layout.last_col, rule | {"stop_if_true": True})


def _write_note(sheet: Worksheet, styles: Styles, layout: FormLayout) -> None:
    row = layout.note_row
    if row is None:
        return
    put(sheet, row, (0, layout.note_col - 1), NOTE_LABEL, styles.of(bold=True, valign="top"))
    style = styles.of(text_wrap=True, locked=False, valign="top", bottom=4)
    put(sheet, row, (layout.note_col, layout.last_col), "", style)
    sheet.set_row(row, 34)


def _finish(sheet: Worksheet, layout: FormLayout) -> None:
    set_up_page(sheet, layout)
    helpers = HelperColumns.after(layout.last_col)
    sheet.set_column(helpers.started, helpers.waiting, 3, None, {"hidden": True})
    first = layout.tables[0]
    if len(layout.tables) == 1:
        sheet.freeze_panes(
            first.first_row, 0 if first.heading_col is None else first.heading_col + 1
        )
    else:
        sheet.freeze_panes(layout.remark_row + 1, 0)
    sheet.ignore_errors({"formula_differs": "A1:XFD1048576", "formula_unlocked": "A1:XFD1048576"})
    allowed = ("format_columns", "format_rows", "insert_rows", "delete_rows")
    sheet.protect("", dict.fromkeys(allowed, True))
    input_row = first.first_row
    sheet.set_selection(input_row, first.first_col, input_row, first.first_col)


def _write_lists(
    workbook: Workbook, layout: FormLayout, lists: Mapping[str, CodeList], window: Window
) -> Sources:
    """The names of the dropdowns in a hidden sheet; which range serves which list."""
    wanted: dict[str, None] = {}
    for table in layout.tables:
        wanted[table.table.heading.code_list] = None
        wanted |= dict.fromkeys(c.code_list for c in table.columns if c.type is CellType.CODE)
    known = [name for name in wanted if name in lists and lists[name].in_force(window.last)]
    sources: dict[str, str] = {}
    if not known:
        return sources
    sheet = workbook.add_worksheet(LIST_SHEET)
    sheet.very_hidden()
    for col, name in enumerate(known):
        entries = lists[name].in_force(window.last)
        for row, entry in enumerate(entries):
            sheet.write_string(row, col, entry.label)
        letters = chr(ord("A") + col) if col < 26 else f"A{chr(ord('A') + col - 26)}"
        sources[name] = f"='{LIST_SHEET}'!${letters}$1:${letters}${len(entries)}"
    return sources


def _write_record(workbook: Workbook, record: TemplateRecord) -> None:
    sheet = workbook.add_worksheet(RECORD_SHEET)
    sheet.very_hidden()
    for row, cells in enumerate(record_cells(record)):
        for col, text in enumerate(cells):
            sheet.write_string(row, col, text)
    sheet.protect()
