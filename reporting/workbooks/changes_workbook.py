"""What changed between two editions, as a workbook: in short, by unit and cause, by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from forms.period import Period
from reporting.workbooks.plain_sheet import PlainSheet, Value
from reporting.workbooks.writing import OpenWorkbook, instant_text, writing_workbook

SUMMARY_SHEET = "Tóm tắt"
CAUSES_SHEET = "Theo nguyên nhân"
CELLS_SHEET = "Theo ô"

#: Beyond so many lines the rest stands in the JSON alone; a sheet has little more.
_MOST_LINES = 200_000

_SUMMARY_WIDTHS = (6, 24, 68, 40, 24, 24)
_CAUSES_WIDTHS = (6, 34, 16, 40, 40, 40, 18)
_CELLS_WIDTHS = (6, 44, 46, 18, 18, 18, 40)


@dataclass(frozen=True, slots=True)
class EditionSide:
    """One of the two editions."""

    number: int
    cut_off_at: datetime
    sha256: str


@dataclass(frozen=True)
class ChangesFacts:
    """What changed, as plain values and words.

    `causes` are (cause, units, cells); `units` (code, name, cause, before, now); `basis` (what,
    name, before, now); `shares` (cause, unit code, unit name, row, column, delta); `cells` (row,
    column, before, now, delta, cell id). A note is what the whole says as an erratum.
    """

    form_code: str
    unit_name: str
    period: Period
    old: EditionSide
    new: EditionSide
    causes: Sequence[tuple[str, int, int]]
    units: Sequence[tuple[str, str, str, str, str]]
    basis: Sequence[tuple[str, str, str, str]]
    shares: Sequence[tuple[str, str, str, str, str, Value]]
    cells: Sequence[tuple[str, str, Value, Value, Value, str]]
    note: str = ""


def write_changes(facts: ChangesFacts) -> bytes:
    """The workbook as the bytes of an .xlsx file: the same for the same two editions."""
    buffer = BytesIO()
    old, new = facts.old.number, facts.new.number
    about = f"Biểu số {facts.form_code}, {facts.period.label_vi}, bản số {old} và bản số {new}"
    with writing_workbook(buffer, made_at=facts.new.cut_off_at, title=about) as workbook:
        _write_summary(workbook, facts, about)
        _write_causes(workbook, facts, about)
        _write_cells(workbook, facts, about)
    return buffer.getvalue()


def _write_summary(workbook: OpenWorkbook, facts: ChangesFacts, about: str) -> None:
    sheet = PlainSheet(workbook, SUMMARY_SHEET, _SUMMARY_WIDTHS, footer=about)
    _write_title(sheet, "Thay đổi giữa hai bản tổng hợp", facts)
    if facts.note:
        sheet.line(facts.note, bold=True, align="center")
    sheet.gap()
    for name, side in (("Bản trước", facts.old), ("Bản sau", facts.new)):
        sheet.fact(name, f"số {side.number}, chốt lúc {instant_text(side.cut_off_at)}")
        sheet.fact("    Mã kiểm (SHA-256)", side.sha256)
    sheet.fact("Số đơn vị thay đổi", len(facts.units))
    sheet.fact("Số ô thay đổi", len(facts.cells))
    sheet.gap()
    sheet.head(("STT", "Số đơn vị", "Nguyên nhân", "Số ô thay đổi"), centred=(0, 1, 3))
    for number, (cause, units, cells) in enumerate(facts.causes, 1):
        sheet.cells((number, units, cause, cells))
    sheet.gap()
    sheet.head(("STT", "Mã đơn vị", "Tên đơn vị", "Nguyên nhân", "Bản trước", "Bản sau"))
    for number, row in enumerate(facts.units, 1):
        sheet.cells((number, *row))
    if facts.basis:
        sheet.gap()
        sheet.head(("STT", "Căn cứ tổng hợp", "Của", "Bản trước", "Bản sau"))
        for number, what in enumerate(facts.basis, 1):
            sheet.cells((number, *what))
    sheet.finish()


def _write_causes(workbook: OpenWorkbook, facts: ChangesFacts, about: str) -> None:
    sheet = PlainSheet(workbook, CAUSES_SHEET, _CAUSES_WIDTHS, footer=about)
    _write_title(sheet, "Chênh lệch theo nguyên nhân và đơn vị", facts)
    sheet.gap()
    sheet.head(("STT", "Nguyên nhân", "Mã đơn vị", "Tên đơn vị", "Dòng", "Cột", "Chênh lệch"))
    first = sheet.row
    sheet.sheet.freeze_panes(first, 0)
    for number, row in enumerate(facts.shares[:_MOST_LINES], 1):
        sheet.cells((number, *row[:-1]))
        _write_figures(sheet, len(row), row[-1:])
    if facts.shares:
        sheet.sheet.autofilter(first - 1, 0, sheet.row - 1, len(_CAUSES_WIDTHS) - 1)
    _write_rest(sheet, len(facts.shares))
    sheet.finish()


def _write_cells(workbook: OpenWorkbook, facts: ChangesFacts, about: str) -> None:
    sheet = PlainSheet(workbook, CELLS_SHEET, _CELLS_WIDTHS, footer=about)
    _write_title(sheet, "Chênh lệch theo ô", facts)
    sheet.gap()
    sheet.head(("STT", "Dòng", "Cột", "Bản trước", "Bản sau", "Chênh lệch", "Mã ô"))
    first = sheet.row
    sheet.sheet.freeze_panes(first, 0)
    for number, row in enumerate(facts.cells[:_MOST_LINES], 1):
        sheet.cells((number, *row[:2]))
        _write_figures(sheet, 3, row[2:5])
        style = sheet.styles.label(align="left")
        sheet.sheet.write_string(sheet.row - 1, 6, row[5], style)
    if facts.cells:
        sheet.sheet.autofilter(first - 1, 0, sheet.row - 1, len(_CELLS_WIDTHS) - 1)
    _write_rest(sheet, len(facts.cells))
    sheet.finish()


def _write_figures(sheet: PlainSheet, col: int, values: Sequence[Value]) -> None:
    """Figures at the end of the row that was begun last."""
    style = sheet.styles.of(border=1, align="right", valign="vcenter", num_format="#,##0")
    for at, value in enumerate(values, col):
        if isinstance(value, int):
            sheet.sheet.write_number(sheet.row - 1, at, value, style)
        else:
            sheet.sheet.write_string(sheet.row - 1, at, value or "", style)


def _write_rest(sheet: PlainSheet, count: int) -> None:
    if count == 0:
        sheet.line("Không có thay đổi nào.", italic=True)
    elif count > _MOST_LINES:
        sheet.line(f"… và {count - _MOST_LINES} dòng nữa, có trong tệp JSON.", italic=True)


def _write_title(sheet: PlainSheet, title: str, facts: ChangesFacts) -> None:
    sheet.title(title)
    about = f"Biểu số {facts.form_code}, {facts.period.label_vi} - {facts.unit_name}"
    sheet.line(about, align="center", italic=True)
    numbers = f"Bản số {facts.old.number} so với bản số {facts.new.number}"
    sheet.line(numbers, align="center", italic=True)
