"""The consolidated workbook: one edition in the official layout, ready to be printed and signed.

Figures are live where Excel comes to the same figure, with their cached values. The same edition
gives the same bytes.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

from forms.blank_workbook import sheet_name
from forms.definition import FormVersion
from forms.derived import SUFFIX
from forms.form_heading import put, set_up_page, write_heading
from forms.returns import Report
from forms.sheet_styles import Styles
from forms.workbook_layout import FormLayout
from reporting.workbooks.edition_facts import EditionFacts
from reporting.workbooks.edition_sheets import (
    remark,
    write_coverage,
    write_explained,
    write_issues,
    write_sources,
)
from reporting.workbooks.figure_rows import TableRows
from reporting.workbooks.fitted_layout import lay_out_report
from reporting.workbooks.live_formulas import live_cells
from reporting.workbooks.restated_sheet import mark_estimates, write_restated
from reporting.workbooks.table_frame import write_note, write_signatures, write_table_top
from reporting.workbooks.target_sheet import write_target_lines, write_targets
from reporting.workbooks.writing import StreamedSheet, writing_workbook


def write_consolidated(
    form: FormVersion, report: Report, *, edition: EditionFacts, out: BinaryIO | None = None
) -> bytes:
    """The workbook of an edition as the bytes of an .xlsx file.

    With `out` the file is written there instead, and b"" comes back: a large one is never held
    in memory whole.
    """
    buffer = BytesIO()
    # A derived layout is known by a code of ours; on paper it bears the code of its form.
    printed = replace(form, code=form.code.removesuffix(SUFFIX))
    about = f"Biểu số {printed.code}, {edition.period.label_vi}"
    report = mark_estimates(report, edition.restated)
    layout = lay_out_report(printed, report, window=edition.window)
    title = f"{about}, bản tổng hợp số {edition.number}"
    if edition.restated is not None:
        title += f", quy đổi theo bản đồ đơn vị ngày {edition.restated.on:%d/%m/%Y}"
    with writing_workbook(out or buffer, made_at=edition.cut_off_at, title=title) as workbook:
        sheet = workbook.add_sheet(sheet_name(printed))
        _write_figures(sheet, workbook.styles, layout, form=form, report=report, edition=edition)
        write_targets(workbook, edition, about=about)
        write_restated(workbook, edition, about=about)
        write_coverage(workbook, edition, about=about)
        write_sources(workbook, edition, about=about)
        write_issues(workbook, edition, about=about)
        write_explained(workbook, edition, about=about)
    return buffer.getvalue()


def _write_figures(
    sheet: StreamedSheet,
    styles: Styles,
    layout: FormLayout,
    *,
    form: FormVersion,
    report: Report,
    edition: EditionFacts,
) -> None:
    live = live_cells(form, report)
    estimated = edition.restated.estimated if edition.restated else {}
    write_heading(
        sheet,
        styles,
        layout,
        agency=edition.unit_name,
        period=edition.period,
        window=edition.window,
    )
    style = styles.of(italic=True, align="center", font_size=10)
    put(sheet, layout.remark_row, (0, layout.last_col), remark(edition), style)
    for table in layout.tables:
        data = report.tables[table.table.key]
        write_table_top(sheet, styles, layout, table, nil=data.nil)
        TableRows(
            sheet,
            styles,
            layout,
            table,
            data=data,
            live=live[table.table.key],
            estimated=estimated.get(table.table.key, frozenset()),
        ).write()
    write_target_lines(sheet, styles, layout, edition)
    write_note(sheet, styles, layout, report.note)
    write_signatures(sheet, styles, layout, edition)
    _finish(sheet, layout, edition)


def _finish(sheet: StreamedSheet, layout: FormLayout, edition: EditionFacts) -> None:
    set_up_page(sheet, layout)
    # In a footer & begins a command, and && is the sign itself.
    code, number = layout.form.code.replace("&", "&&"), str(edition.number)
    if edition.restated is not None:
        number += f", quy đổi {edition.restated.on:%d/%m/%Y}"
    sheet.set_footer(
        f"&L&8Biểu số {code}, bản số {number}&C&8Mã kiểm {edition.sha256[:16]}&R&8Trang &P/&N"
    )
    first = layout.tables[0]
    if len(layout.tables) == 1:
        cols = 0 if first.heading_col is None else first.heading_col + 1
        sheet.freeze_panes(first.first_row, cols)
    # Excel would mark a sum beside cells that it leaves out, as every partial sum here does.
    sheet.ignore_errors({"formula_range": "A1:XFD1048576", "formula_differs": "A1:XFD1048576"})
