"""The blank template: official layout, what it brings along, and its live checks in LibreOffice."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from forms.blank_workbook import blank_workbook
from forms.checking import check
from forms.definition import FormVersion, Severity
from forms.naming_rows import Circumstances
from forms.reading_xlsx import read_xlsx
from forms.returns import RowName, TableData
from tests.forms.templates import (
    UNIT_CODE,
    UNIT_NAME,
    blank,
    catalogue,
    filled,
    good_row,
    period_of,
    sheet_of,
)
from tests.libreoffice import recalculate_all, to_png

FORMS = pytest.mark.parametrize("form", catalogue().forms, ids=lambda form: form.code)

#: The status line of II.06a, and the row of its first line.
STATUS, FIRST = "A6", 12


def prior(**figures: int) -> dict[str, TableData]:
    """The last period's II.06a: one row a name, with its c11."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    width = len(form.tables[0].figures)
    values = np.zeros((len(figures), width), np.int64)
    values[:, form.tables[0].figure_index["c11"]] = list(figures.values())
    names = tuple(RowName(key, label=key) for key in figures)
    states = np.ones(values.shape, np.uint8)
    zero = np.zeros(width, np.int64)
    return {"a": TableData(names, values, states, ({},) * len(names), zero, states[0])}


@FORMS
def test_the_same_arguments_give_the_same_bytes(form: FormVersion) -> None:
    """A template can be made again and compared by its hash."""
    assert blank(form.code) == blank(form.code)


@FORMS
def test_a_blank_template_reads_as_what_it_is_for(form: FormVersion) -> None:
    """Form, version, unit and period come back; nobody has reported anything yet."""
    raw = read_xlsx(blank(form.code))
    assert raw.issues == []
    assert (raw.form, raw.version, raw.unit) == (form.code, form.version, UNIT_CODE)
    assert raw.period == period_of(form).code
    assert list(raw.tables) == [table.key for table in form.tables]
    assert not any(table.nil for table in raw.tables.values())


def test_the_official_heading() -> None:
    """Agency left, nation right, symbol, title, the days of the period, the unit of measure."""
    sheet = sheet_of(blank())
    texts = {cell.value for row in sheet["A1:M7"] for cell in row if cell.value}
    assert UNIT_NAME.upper() in texts
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in texts
    assert "Độc lập - Tự do - Hạnh phúc" in texts
    assert "Biểu số II.06a/VPCP/KSTT" in texts
    assert "Kỳ báo cáo: Quý III năm 2026 (từ ngày 15/6/2026 đến ngày 14/9/2026)" in texts
    assert "Đơn vị tính: hồ sơ TTHC" in texts
    assert sheet["C11"].value == "(3)=(4)+(5)+(6)"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows == "$8:$11"


def test_a_sheet_of_two_tables_repeats_the_header_of_the_last() -> None:
    """The list part goes on for pages; a sheet repeats one header, from where it stands on."""
    sheet = sheet_of(blank("I.02/VPCP/TH"))
    first, last = (int(row) for row in str(sheet.print_title_rows).replace("$", "").split(":"))
    titles = {cell.value for row in sheet.iter_rows(first, last) for cell in row if cell.value}
    assert "Nội dung nhiệm vụ" in titles
    assert "(1)" in titles


def test_what_the_last_period_left_open_is_brought_along() -> None:
    """Row names are printed, and c6 starts with the c11 of the same row."""
    sheet = sheet_of(blank(prior=prior(dat_dai=5, ho_tich=0)))
    assert [sheet["B12"].value, sheet["F12"].value] == ["dat_dai", 5]
    assert [sheet["B13"].value, sheet["F13"].value] == ["ho_tich", 0]
    assert sheet["B14"].value is None
    assert sheet["F12"].protection.locked is False


def test_a_carried_zero_left_alone_is_no_row() -> None:
    """A row that carries something is read, and so is missed if it is not filled in."""
    raw = read_xlsx(blank(prior=prior(dat_dai=5, ho_tich=0)))
    assert [row.key for row in raw.tables["a"].rows] == ["dat_dai"]


def test_only_headers_are_locked() -> None:
    """People type over computed cells, and may."""
    sheet = sheet_of(blank())
    assert sheet.protection.sheet
    assert not sheet.protection.password
    assert sheet["C9"].protection.locked
    assert not sheet["C12"].protection.locked
    assert not sheet["D12"].protection.locked


def test_text_never_becomes_a_formula() -> None:
    """A unit whose name begins with = is a text like any other."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    period = period_of(form)
    data = blank_workbook(
        form,
        unit_code="X",
        unit_name='=HYPERLINK("http://example.test")',
        period=period,
        window=period.window(),
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert sheet_of(data)["A1"].data_type == "s"


def test_formulas_need_nothing_newer_than_excel_2016() -> None:
    """No function that asks for a prefix, no array to be entered with three keys."""
    for form in catalogue().forms:
        with zipfile.ZipFile(io.BytesIO(blank(form.code))) as archive:
            text = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "_xlfn" not in text
        assert 't="array"' not in text
        assert not any(name in text for name in ("TEXTJOIN(", "LET(", "FILTER(", "XLOOKUP("))


def test_known_fields_can_be_picked() -> None:
    """The dropdown of row names takes the list as it stands on the last day of the window."""
    book = openpyxl.load_workbook(io.BytesIO(blank()))
    labels = [cell.value for cell in book["_danh_muc"]["A"]]
    assert "Đất đai" in labels
    rules = [r for r in book.worksheets[0].data_validations.dataValidation if r.type == "list"]
    assert any("_danh_muc" in (rule.formula1 or "") for rule in rules)


def worked_out(path: Path) -> Any:
    """The first sheet of a workbook with the values that LibreOffice has worked out."""
    return openpyxl.load_workbook(path, data_only=True).worksheets[0]


def carrying_row(row: int, carried: int) -> dict[str, Any]:
    """A row that adds up, with so many dossiers from the last period."""
    name = {12: "dat_dai", 13: "y_te"}.get(row, "Đất đai")
    return good_row(row, name) | {f"F{row}": carried, f"D{row}": 129 - carried}


#: Name -> cells filled in, and the status line that they give or how it begins.
FILLED: dict[str, tuple[dict[str, Any], str]] = {
    "blank": ({}, "CHƯA NHẬP SỐ LIỆU"),
    "nil": ({"D7": "x", "F12": 0}, "SỐ LIỆU KHỚP, SẴN SÀNG GỬI"),
    "nil of open ones": ({"D7": "x"}, "CÓ 1 LỖI: dòng 11: vừa đánh dấu không phát sinh vừa có số"),
    "both": (good_row(14) | {"D7": "x"}, "CÓ 1 LỖI: dòng 11: vừa đánh dấu không phát sinh"),
    "waiting": (good_row(14), "CÒN 1 DÒNG CHƯA NHẬP"),
    "good": (carrying_row(12, 5) | carrying_row(14, 0), "SỐ LIỆU KHỚP, SẴN SÀNG GỬI"),
    "carried over wrongly": (
        carrying_row(12, 6) | carrying_row(14, 1),
        "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 12: (6)=(11)củakỳtrước; dòng 14: (6)=(11)củakỳtrước",
    ),
    "wrong": (
        good_row(12) | {"C12": 7, "G26": 1},
        "CÓ 2 LỖI: dòng 12: (3)=(4)+(5)+(6); dòng 26: dòng tổng khác",
    ),
    "doubt": (
        carrying_row(12, 5) | {"L12": 1},
        "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 12: (3)=(7)+(11)",
    ),
}


@pytest.mark.usefixtures("libreoffice")
def test_the_status_line_says_what_to_do_next(tmp_path: Path) -> None:
    """Nothing yet; still rows to fill in; what does not add up and where; all well."""
    template = blank(prior=prior(dat_dai=5, y_te=0))
    paths = [tmp_path / f"{name}.xlsx" for name in FILLED]
    for path in paths:
        path.write_bytes(filled(template, FILLED[path.stem][0]))
    sheets = dict(zip(FILLED, map(worked_out, recalculate_all(paths)), strict=True))
    for name, (_, status) in FILLED.items():
        assert sheets[name][STATUS].value.startswith(status), name
    good = sheets["good"]
    assert [good[f"{letters}12"].value for letters in "CGK"] == [143, 123, 20]
    assert good["C15"].value in (None, "")
    assert good["C26"].value == 286


#: Rows of II.06a, each a way in which people go wrong or do not.
CASES: list[dict[str, Any]] = [
    {},
    {"C": 143, "G": 123, "K": 20},
    {"C": 144},
    {"G": 122},
    {"K": 0},
    {"D": None},
    {"M": None},
    {"J": "hai"},
    {"J": -2, "I": 24},
    {"C": 0, "D": None},
    {"B": None},
    {"D": 0, "E": 0, "F": 0, "H": 0, "I": 0, "J": 0, "L": 0, "M": 0},
    # Texts that the server reads as figures, and some that it does not.
    {"D": "1.234", "C": 1257},
    {"D": " 12 "},
    {"D": "１２０", "C": 143},
    {"D": "1 234"},
    {"D": "1\u00a0234\u202f567\u3000"},
    {"D": "1,234,567", "H": "2.345"},
    {"D": "8,00"},
    {"D": "8.00", "E": "0"},
    {"D": "+12"},
    {"D": "0", "E": "0", "F": "0", "C": "0"},
    {"D": " "},
    {"D": "\u00a0"},
    {"D": "-"},
    {"D": "."},
    {"D": "-5"},
    {"D": "12 hồ sơ"},
    {"D": "1e5"},
    {"D": "(5)"},
    {"D": "12."},
    {"D": "12%"},
    {"D": "KAD"},
    {"D": "1/2"},
]


#: So many rows of a template are there to be filled in.
LINES = 12


def _refused_rows(path: Path) -> set[str]:
    """The rows in which the server finds an error, such as `r01` and `total`."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    around = Circumstances(period_of(form).window(), catalogue().lists, UNIT_CODE)
    checked = check(form, read_xlsx(path.read_bytes()), around)
    errors = [issue for issue in checked.issues if issue.severity is Severity.ERROR]
    return {issue.address.split(".")[0] for issue in errors}


@pytest.mark.usefixtures("libreoffice")
def test_excel_and_the_server_agree_row_by_row(tmp_path: Path) -> None:
    """A row has words of error in the sheet exactly where the server finds an error in it."""
    pages = [CASES[at : at + LINES] for at in range(0, len(CASES), LINES)]
    paths = [tmp_path / f"cases{number}.xlsx" for number in range(len(pages))]
    for path, page in zip(paths, pages, strict=True):
        cells: dict[str, Any] = {}
        for row, case in enumerate(page, FIRST):
            changed = {f"{letters}{row}": value for letters, value in case.items()}
            cells |= good_row(row, f"Lĩnh vực {row}") | changed
        path.write_bytes(filled(blank(), cells))
    for path, recalculated, page in zip(paths, recalculate_all(paths), pages, strict=True):
        sheet, refused = worked_out(recalculated), _refused_rows(path)
        for at, case in enumerate(page):
            words = sheet[f"P{FIRST + at}"].value
            assert bool(words) == (f"r{at + 1:02d}" in refused), (case, words)


@pytest.mark.usefixtures("libreoffice")
def test_every_template_prints(tmp_path: Path, pdftoppm: str) -> None:
    """No formula of any form is refused, and the sheet comes out as pages."""
    paths = [tmp_path / f"{form.file_code}.xlsx" for form in catalogue().forms]
    for path, form in zip(paths, catalogue().forms, strict=True):
        path.write_bytes(blank(form.code))
    for path in recalculate_all(paths):
        sheet = worked_out(path)
        assert sheet[STATUS].value == "CHƯA NHẬP SỐ LIỆU", path.name
        assert not any(cell.data_type == "e" for row in sheet.iter_rows() for cell in row), path
    assert pdftoppm
    assert to_png(tmp_path / "II.06a-VPCP-KSTT.xlsx")
