"""The way workbooks are written: rows once, texts as texts, one instant only."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from reporting.workbooks.writing import StreamedSheet, instant_text, writing_workbook
from tests.reporting.workbooks.editions import read_back

MADE_AT = datetime(2026, 9, 22, 10, 5, tzinfo=UTC)


def a_workbook() -> bytes:
    """One sheet with a merged header of two rows, a text like a formula, and a formula."""
    buffer = BytesIO()
    with writing_workbook(buffer, made_at=MADE_AT, title="Thử") as workbook:
        sheet = workbook.add_sheet("Biểu")
        style = workbook.styles.header()
        for row in range(2):
            for col in range(3):
                sheet.write_blank(row, col, None, style)
            sheet.write_string(row, row, f"={row}+1", style)
        sheet.merge_cells(0, 0, 1, 0)
        sheet.merge_cells(0, 1, 0, 2)
        sheet.merge_cells(2, 2, 2, 2)
        sheet.write_number(2, 0, 7)
        sheet.write_formula(2, 1, "=SUM(A3:A3)", None, 7)
    return buffer.getvalue()


def test_merged_ranges_over_rows_survive_streaming() -> None:
    """A header cell that spans two rows is one cell, though its rows are written one by one."""
    sheet = read_back(a_workbook())["Biểu"]
    assert {str(merged) for merged in sheet.merged_cells.ranges} == {"A1:A2", "B1:C1"}


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    """Nothing that a sender typed is ever run by the reader's Excel."""
    sheet = read_back(a_workbook())["Biểu"]
    assert (sheet["A1"].value, sheet["A1"].data_type) == ("=0+1", "s")


def test_a_formula_is_live_and_has_its_value() -> None:
    """A reader that does not calculate sees the figure all the same."""
    content = a_workbook()
    assert read_back(content)["Biểu"]["B3"].value == "=SUM(A3:A3)"
    assert read_back(content, values=True)["Biểu"]["B3"].value == 7


def test_the_same_values_give_the_same_bytes() -> None:
    """No clock and no folder of the machine gets into the file."""
    assert a_workbook() == a_workbook()
    with zipfile.ZipFile(BytesIO(a_workbook())) as archive:
        core = archive.read("docProps/core.xml").decode()
        assert {part.date_time[0] for part in archive.infolist()} == {1980}
    assert core.count("2026-09-22T10:05:00Z") == 2


@pytest.mark.parametrize("instant", [MADE_AT, MADE_AT.replace(tzinfo=None)])
def test_an_instant_is_printed_as_the_clocks_of_the_units_show_it(instant: datetime) -> None:
    """10:05 in UTC is 17:05 in Hà Nội; an instant without a zone is in UTC."""
    assert instant_text(instant) == "17:05 ngày 22/9/2026"


@pytest.mark.parametrize("value", [0, 7, -7, 10**15 - 1, 12.5, 0.1, -0.001])
def test_a_cell_is_written_as_xlsxwriter_itself_would(value: float) -> None:
    """The quick way for numbers and formulas gives the same markup as the general one."""
    sheets = []
    for sheet_class in (StreamedSheet, Worksheet):
        buffer = BytesIO()
        workbook = Workbook(buffer, {"constant_memory": True})
        sheet = workbook.add_worksheet("Biểu", sheet_class)
        style = workbook.add_format({"border": 1})
        sheet.write_number(0, 0, value, style)
        sheet.write_number(0, 1, value)
        sheet.write_formula(0, 2, '=IF(COUNT(A1:B1)<2,"",A1&B1)', style, value)
        sheet.write_formula(0, 3, "=SUM(A1:B1)", None, value)
        workbook.close()
        with zipfile.ZipFile(buffer) as archive:
            sheets.append(archive.read("xl/worksheets/sheet1.xml"))
    assert sheets[0] == sheets[1]
