"""Who has reported and who has not, unit by form, for one period: a workbook to print and to sort.

The counts under each form are live, so they follow whoever filters or corrects the sheet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from typing import Any, BinaryIO

from forms.excel_formulas import range_name
from forms.form_heading import period_text, put
from forms.period import Period, Window
from forms.sheet_styles import AMBER, COMPUTED_FILL, GREEN, RED
from reporting.workbooks.plain_sheet import PlainSheet
from reporting.workbooks.writing import instant_text, writing_workbook

SHEET = "Tiến độ báo cáo"


class Standing(StrEnum):
    """How one unit stands with one form, in the words that the sheet shows."""

    ON_TIME = "Đúng hạn"
    LATE = "Quá hạn"
    MISSING = "Chưa gửi"
    RETURNED = "Trả lại"
    NOT_OWED = "-"


_COLOURS: Mapping[Standing, Mapping[str, str]] = {
    Standing.ON_TIME: GREEN,
    Standing.LATE: AMBER,
    Standing.MISSING: RED,
    Standing.RETURNED: AMBER,
    Standing.NOT_OWED: {"font_color": "#808080"},
}

#: What is counted below the units, and which standings each line counts.
_COUNTS: tuple[tuple[str, tuple[Standing, ...]], ...] = (
    ("Phải gửi", (Standing.ON_TIME, Standing.LATE, Standing.MISSING, Standing.RETURNED)),
    ("Đã nhận", (Standing.ON_TIME, Standing.LATE)),
    ("  trong đó quá hạn", (Standing.LATE,)),
    ("Chưa gửi", (Standing.MISSING,)),
    ("Trả lại, chưa gửi lại", (Standing.RETURNED,)),
)

_SIDE_WIDTHS = (6.0, 16.0, 52.0)
_FORM_WIDTH = 17.0


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """One unit with how it stands, by form code; a form that is not named is not owed."""

    unit_code: str
    unit_name: str
    standings: Mapping[str, Standing]


def write_completeness(
    units: Sequence[UnitStanding],
    *,
    forms: Sequence[str],
    agency: str,
    period: Period,
    window: Window,
    at: datetime,
    out: BinaryIO | None = None,
) -> bytes:
    """The workbook of one period as it stands `at` an instant; b"" where `out` takes it."""
    buffer = BytesIO()
    title = f"Tiến độ báo cáo {period.label_vi}"
    with writing_workbook(out or buffer, made_at=at, title=title) as workbook:
        widths = (*_SIDE_WIDTHS, *(_FORM_WIDTH for _ in forms))
        sheet = PlainSheet(workbook, SHEET, widths, footer=title)
        sheet.line(agency.upper(), bold=True)
        sheet.title(title)
        sheet.line(period_text(period, window), align="center", italic=True)
        sheet.line(f"Tính đến {instant_text(at)}", align="center", italic=True)
        sheet.gap()
        sheet.head(("STT", "Mã đơn vị", "Đơn vị", *forms))
        first = sheet.row
        sheet.sheet.freeze_panes(first, 3)
        for number, unit in enumerate(units, 1):
            _write_unit(sheet, number, unit, forms)
        if units:
            sheet.sheet.autofilter(first - 1, 0, sheet.row - 1, len(widths) - 1)
        _write_counts(sheet, units, forms, first=first)
        sheet.finish()
    return buffer.getvalue()


def _write_unit(sheet: PlainSheet, number: int, unit: UnitStanding, forms: Sequence[str]) -> None:
    row = sheet.row
    standings = [unit.standings.get(code, Standing.NOT_OWED) for code in forms]
    sheet.cells((number, unit.unit_code, unit.unit_name))
    for col, standing in enumerate(standings, len(_SIDE_WIDTHS)):
        style = sheet.styles.of(border=1, align="center", **_COLOURS[standing])
        sheet.sheet.write_string(row, col, standing.value, style)


def _write_counts(
    sheet: PlainSheet, units: Sequence[UnitStanding], forms: Sequence[str], *, first: int
) -> None:
    last = sheet.row - 1
    look: dict[str, Any] = {"border": 1, "bold": True, "bg_color": COMPUTED_FILL}
    for label, counted in _COUNTS:
        put(sheet.sheet, sheet.row, (0, len(_SIDE_WIDTHS) - 1), label, sheet.styles.of(**look))
        style = sheet.styles.of(align="center", num_format="#,##0", **look)
        for col, code in enumerate(forms, len(_SIDE_WIDTHS)):
            there = [unit.standings.get(code, Standing.NOT_OWED) for unit in units]
            count = sum(standing in counted for standing in there)
            cells = range_name(first, col, last, col)
            formula = "+".join(f'COUNTIF({cells},"{standing}")' for standing in counted)
            if units:
                sheet.sheet.write_formula(sheet.row, col, f"={formula}", style, count)
            else:
                sheet.sheet.write_number(sheet.row, col, count, style)
        sheet.row += 1
