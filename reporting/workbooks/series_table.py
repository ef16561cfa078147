"""The workbook of a series: periods side by side, the year to date, the year before, the growth.

Each row of the form is a heading, and each of its columns a line below it, so that many periods
still fit one page across. The same series gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import groupby
from typing import Any

from forms.definition import FormVersion, OverTime
from forms.form_heading import put
from forms.header_layout import lines_needed
from forms.series_lines import Block, Heading, Look, SeriesCell, SeriesLine, headings, lines_of
from forms.sheet_styles import AMBER, SECTION_FILL, figure_format
from forms.time_series import Series
from forms.values import FIGURE_BOUND
from reporting.workbooks.plain_sheet import PlainSheet
from reporting.workbooks.series_sheets import SourceFacts, write_series_sources, write_years
from reporting.workbooks.writing import OpenWorkbook, StreamedSheet, writing_workbook

SHEET = "Chuỗi số liệu"

BLOCKS: Mapping[Block, str] = {
    Block.FIGURES: "Số liệu các kỳ",
    Block.LAST_YEAR: "Cùng kỳ năm trước",
    Block.CHANGE: "Tăng (+), giảm (-)",
    Block.PERCENT: "Tỷ lệ tăng, giảm (%)",
}
WAYS: Mapping[OverTime, str] = {
    OverTime.FLOW: "phát sinh",
    OverTime.STOCK: "cuối kỳ",
    OverTime.OPENING: "đầu kỳ",
    OverTime.BALANCE: "tính lại",
    OverTime.RATIO: "tỷ lệ",
    OverTime.NONE: "không cộng",
}
#: What stands in a cell without a figure, and why there is no percentage.
WORDS: Mapping[Look, str] = {
    Look.NOT_APPLICABLE: "KAD",
    Look.NOT_ASKED: "không hỏi",
    Look.MISSING: "chưa có",
    Look.NONE: "–",
}
REASON_WORDS: Mapping[str, str] = {"zero_base": "gốc 0", "negative_base": "gốc âm"}

LEGEND = (
    "Lũy kế: số phát sinh cộng qua các kỳ; số đầu kỳ lấy kỳ đầu, số cuối kỳ lấy kỳ cuối; số tổng "
    "và tỷ lệ tính lại từ các số đã cộng. “không hỏi”: biểu mẫu của kỳ đó không hỏi ô này. “chưa "
    "có”: kỳ đó chưa có số liệu. Dấu *: có kỳ không hỏi ô này. “gốc 0”: cùng kỳ năm trước bằng 0 "
    "nên không có tỷ lệ. Tỷ lệ tăng, giảm theo điểm phần trăm."
)

_LEAD = (("Chỉ tiêu", 46.0), ("Cột", 5.5), ("Cách tính", 9.0))
_WIDTH = 10.0
_LINE_POINTS = 15.0
_HATCHED = {"pattern": 14, "fg_color": "#B8B8B8", "bg_color": "#F6F6F6"}
_GREY = {"font_color": "#606060", "font_size": 10, "italic": True}


@dataclass(frozen=True, eq=False)
class SeriesFacts:
    """What a workbook of a series says beside its figures."""

    form: FormVersion
    unit_name: str
    series: Series
    sources: Sequence[SourceFacts]
    made_at: datetime


def write_series(facts: SeriesFacts) -> bytes:
    """The workbook of a series as the bytes of an .xlsx file."""
    buffer = BytesIO()
    about = f"Biểu số {facts.form.code.removesuffix('~TH')} - {facts.unit_name}"
    with writing_workbook(buffer, made_at=facts.made_at, title=f"{SHEET}: {about}") as workbook:
        across = headings(facts.series)
        widths = (*(width for _, width in _LEAD), *(_WIDTH for _ in across))
        sheet = PlainSheet(workbook, SHEET, widths, footer=about)
        _write_title(sheet, facts, about)
        for key, table in facts.series.canvas.tables.items():
            sheet.gap()
            if len(facts.series.canvas.tables) > 1:
                sheet.line(table.table.title, bold=True)
            _Lines(workbook, sheet, facts.series, across).write(key)
        sheet.gap()
        sheet.line(LEGEND, italic=True, font_size=10, valign="top")
        sheet.finish()
        write_years(workbook, facts.series, about=about)
        write_series_sources(workbook, facts.sources, about=about)
    return buffer.getvalue()


def to_date_text(series: Series) -> str:
    """Which periods the year to date is made of, and which are not there."""
    year = series.to_date
    if year is None:
        return ""
    there = ", ".join(period.label_vi for period in year.periods)
    text = f"Lũy kế đến hết {_lower(year.until.label_vi)} gồm: {there}"
    if year.missing:
        text += f". CHƯA CÓ: {', '.join(period.label_vi for period in year.missing)}"
    return text


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _write_title(sheet: PlainSheet, facts: SeriesFacts, about: str) -> None:
    sheet.line(facts.unit_name.upper(), bold=True)
    sheet.title(facts.form.title_vi.removeprefix("Tổng hợp: "))
    sheet.line(f"Số liệu qua các kỳ - {about}", align="center", italic=True)
    if text := to_date_text(facts.series):
        sheet.line(text, align="center", italic=True)
    if missing := facts.series.missing:
        named = ", ".join(period.label_vi for period in missing)
        sheet.line(f"Chưa có số liệu: {named}", align="center", italic=True)
    unit = f"Đơn vị tính: {facts.form.unit}"
    sheet.line(unit, align="right", italic=True)


class _Lines:
    """Writes the header and the lines of one table."""

    def __init__(
        self,
        workbook: OpenWorkbook,
        sheet: PlainSheet,
        series: Series,
        across: Sequence[Heading],
    ) -> None:
        self._plain, self._sheet = sheet, sheet.sheet
        self._styles, self._series, self._across = workbook.styles, series, across
        self._made: dict[tuple[Look, int, bool, Heading], Any] = {}
        self._last = len(_LEAD) + len(across) - 1

    def write(self, key: str) -> None:
        """The header, then row by row; the total first, as what is read first."""
        self._head()
        count = len(self._series.canvas.tables[key].rows)
        found = lines_of(self._series, key, [count, *range(count)])
        for at, (_, members) in enumerate(groupby(found, key=lambda line: line.row.path)):
            lines = list(members)
            # A table without a total has one all the same, which says nothing.
            if at or any(cell.look is Look.FIGURE for line in lines for cell in line.cells):
                self._row(lines)

    def _head(self) -> None:
        top = self._plain.row
        style = self._styles.header()
        self._sheet.set_row(top, 18)
        self._sheet.set_row(top + 1, 62)
        for col, (label, _) in enumerate(_LEAD):
            self._sheet.merge_cells(top, col, top + 1, col)
            self._sheet.write_string(top, col, label, style)
        col = len(_LEAD)
        for block, members in groupby(self._across, key=lambda heading: heading.block):
            last = col + len(list(members)) - 1
            put(self._sheet, top, (col, last), BLOCKS[block], style)
            col = last + 1
        for col in range(len(_LEAD)):
            self._sheet.write_blank(top + 1, col, None, style)
        for col, heading in enumerate(self._across, len(_LEAD)):
            self._sheet.write_string(top + 1, col, heading_text(heading), style)
        self._sheet.freeze_panes(top + 2, len(_LEAD))
        self._sheet.repeat_rows(top, top + 1)
        self._plain.row = top + 2

    def _row(self, lines: Sequence[SeriesLine]) -> None:
        name = lines[0].row
        style = self._styles.of(border=1, bold=True, bg_color=SECTION_FILL)
        put(self._sheet, self._plain.row, (0, self._last), name.label or name.path, style)
        self._plain.row += 1
        for line in lines:
            row = self._plain.row
            label = line.column.label
            needed = lines_needed(label, _LEAD[0][1] - 2, breadth=0.82)
            if needed > 1:
                self._sheet.set_row(row, needed * _LINE_POINTS + 2)
            self._sheet.write_string(row, 0, label, self._styles.label(indent=1))
            number = f"({line.column.number})" if line.column.number else ""
            self._sheet.write_string(row, 1, number, self._styles.of(border=1, align="center"))
            way = self._styles.of(border=1, align="center", **_GREY)
            self._sheet.write_string(row, 2, WAYS[line.way], way)
            for col, (heading, cell) in enumerate(
                zip(self._across, line.cells, strict=True), len(_LEAD)
            ):
                _write_cell(self._sheet, (row, col), cell, self._style(cell, heading))
            self._plain.row += 1

    def _style(self, cell: SeriesCell, heading: Heading) -> Any:
        # Looking a format up by its properties costs more than writing the cell.
        key = cell.look, cell.digits, cell.partial, heading
        if key not in self._made:
            self._made[key] = self._new_style(cell, heading)
        return self._made[key]

    def _new_style(self, cell: SeriesCell, heading: Heading) -> Any:
        if cell.look is Look.NOT_ASKED:
            return self._styles.of(border=1, align="center", **_GREY, **_HATCHED)
        if cell.look is Look.MISSING:
            return self._styles.of(border=1, align="center", **{**_GREY, **AMBER})
        if cell.look is not Look.FIGURE:
            return self._styles.of(border=1, align="center", **_GREY)
        plain = figure_format(cell.digits) + ('"*"' if cell.partial else "")
        is_grown = heading.block in (Block.CHANGE, Block.PERCENT)
        look: dict[str, Any] = {"num_format": f"+{plain};-{plain};{plain}" if is_grown else plain}
        if heading.to_date:
            look["bold"] = True
        return self._styles.of(border=1, **look)


def heading_text(heading: Heading) -> str:
    """What stands above a column of the series."""
    label = heading.period.label_vi
    return f"Lũy kế đến hết {_lower(label)}" if heading.to_date else label


def word_of(cell: SeriesCell) -> str:
    """What stands in a cell without a figure."""
    return REASON_WORDS.get(cell.reason) or WORDS.get(cell.look, "")


def _write_cell(sheet: StreamedSheet, at: tuple[int, int], cell: SeriesCell, style: Any) -> None:
    if cell.value is None:
        if word := word_of(cell):
            sheet.write_string(*at, word, style)
        else:
            sheet.write_blank(*at, None, style)
    elif abs(int(cell.value.scaleb(cell.digits))) >= FIGURE_BOUND:
        # A number of Excel keeps 15 digits; the figure is told whole, as text.
        sheet.write_string(*at, f"{cell.value:f}", style)
    else:
        whole = int(cell.value) if not cell.digits else cell.value
        sheet.write_number(*at, whole, style)
