"""The sheets beside a series: years held against their periods, and where the figures come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forms.period import Period
from forms.sheet_styles import AMBER, figure_format
from forms.time_series import Series, YearCheck
from forms.year_against import YearDifference
from reporting.workbooks.figure_cells import plain
from reporting.workbooks.plain_sheet import PlainSheet
from reporting.workbooks.writing import OpenWorkbook, instant_text

YEAR_SHEET = "Năm và các kỳ"
SOURCE_SHEET = "Nguồn"

#: What a warning about a year says, where both figures stand beside it.
WARNED: Mapping[str, str] = {
    "year_below_parts": "năm thấp hơn các kỳ",
    "year_differs": "năm phải bằng các kỳ",
}

_YEAR_WIDTHS = (6, 36, 52, 7, 15, 15, 15, 28)
_SOURCE_WIDTHS = (6, 26, 34, 14, 20, 28)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Where the figures of one period come from; `coverage` is '' for a report."""

    period: Period
    what: str
    version: int
    coverage: str
    at: datetime


def write_years(workbook: OpenWorkbook, series: Series, *, about: str) -> None:
    """Where a Year report is not what its periods come to; no sheet where no year was asked for."""
    if not series.checks:
        return
    sheet = PlainSheet(workbook, YEAR_SHEET, _YEAR_WIDTHS, footer=about)
    sheet.title("Báo cáo năm so với các kỳ trong năm")
    sheet.line(about, align="center", italic=True)
    for check in series.checks:
        sheet.gap()
        sheet.line(check_text(check), bold=True)
        if check.differences:
            sheet.head(
                ("STT", "Dòng", "Cột", "Số", "Báo cáo năm", "Các kỳ", "Chênh lệch", "Cảnh báo"),
                centred=(0, 3),
            )
        for number, line in enumerate(check.differences, 1):
            _write_difference(sheet, number, line)
    sheet.finish()


def check_text(check: YearCheck) -> str:
    """What came of holding one year against its periods, in a sentence."""
    label = check.year.label_vi
    if not check.is_done:
        missing = ", ".join(period.label_vi for period in check.missing)
        return f"{label}: chưa so được, chưa có {missing}."
    parts = ", ".join(period.code for period in check.parts)
    if not check.differences:
        return f"{label}: khớp với các kỳ {parts}."
    warned = sum(1 for line in check.differences if line.issue is not None)
    told = f", {warned} ô cần giải trình" if warned else ", không ô nào cần giải trình"
    return f"{label} so với {parts}: {len(check.differences)} ô khác nhau{told}."


def _write_difference(sheet: PlainSheet, number: int, line: YearDifference) -> None:
    row = sheet.row
    column = line.column
    said = WARNED[line.issue.code] if line.issue is not None else None
    figures = (line.year, line.parts, line.difference)
    sheet.cells(
        (
            number,
            line.row.label or line.row.path,
            column.label,
            column.number,
            None,
            None,
            None,
            said,
        )
    )
    look = AMBER if line.issue is not None else {}
    style = sheet.styles.of(border=1, num_format=figure_format(column.digits), **look)
    for col, figure in enumerate(figures, 4):
        sheet.sheet.write_number(row, col, plain(figure, column.digits), style)


def write_series_sources(
    workbook: OpenWorkbook, sources: Sequence[SourceFacts], *, about: str
) -> None:
    """The edition or report behind every period, so that each figure can be found again."""
    sheet = PlainSheet(workbook, SOURCE_SHEET, _SOURCE_WIDTHS, footer=about)
    sheet.title("Nguồn số liệu")
    sheet.line(about, align="center", italic=True)
    sheet.gap()
    sheet.head(
        ("STT", "Kỳ", "Lấy từ", "Phiên bản biểu", "Số báo cáo có trong biểu", "Chốt, nhận lúc"),
        centred=(0, 3, 4, 5),
    )
    for number, one in enumerate(sources, 1):
        sheet.cells(
            (number, one.period.label_vi, one.what, one.version, one.coverage, instant_text(one.at))
        )
    sheet.finish()
