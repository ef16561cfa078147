"""Reading filled templates: as filled, as saved by other programs, and as people leave them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from forms.checking import check
from forms.issues import EN, sentence
from forms.opening_xlsx import OpenedXlsx, open_workbook
from forms.reading_xlsx import read_xlsx
from forms.returns import Mark, RawReturn, RawRow, Unreadable
from forms.sheet_formulas import own_formula, scan_sheet
from forms.sheet_rows import cell_value
from tests.forms.consistent import catalogue, circumstances_of
from tests.forms.templates import blank, filled, good_row, saved
from tests.libreoffice import recalculate_all

OWN = Mark.OWN_FORMULA
GOOD = {
    "c3": OWN, "c4": 120, "c5": 14, "c6": 9, "c7": OWN, "c8": 101, "c9": 20, "c10": 2,
    "c11": OWN, "c12": 19, "c13": 1,
}  # fmt: skip


def rows(raw: RawReturn, table: str = "a") -> list[RawRow]:
    """The rows of one table of a return that could be read."""
    assert raw.issues == []
    return raw.tables[table].rows


def quarterly(cells: dict[str, Any]) -> RawReturn:
    """II.06a with some cells filled in."""
    return read_xlsx(filled(blank(), cells))


def test_a_filled_row_with_its_places() -> None:
    """Own formulas are left out, every cell says where it stands."""
    (row,) = rows(quarterly(good_row(12)))
    assert (row.key, row.cells) == ("Đất đai", GOOD)
    assert row.places["c4"] == "II.06a!D12"
    assert row.places["key"] == "II.06a!B12"


def test_typed_over_cells_and_foreign_formulas() -> None:
    """A typed total is given; a formula of someone else's is not taken for its value."""
    cells = good_row(12) | {"C12": 143, "D12": "=100+20", "G12": "=SUM(H12:I12)", "C24": 143}
    raw = quarterly(cells)
    found = rows(raw)[0].cells
    assert found["c3"] == 143
    assert found["c4"] == Unreadable("foreign_formula", "=100+20")
    assert found["c7"] == Unreadable("foreign_formula", "=SUM(H12:I12)")
    total = raw.tables["a"].total
    assert total is not None
    assert total.cells == {"c3": 143}
    assert total.places["c3"] == "II.06a!C24"


def test_values_come_as_they_are() -> None:
    """Whole numbers as int, others as Decimal of 15 digits, text as text, blanks not at all."""
    found = rows(quarterly(good_row(12) | {"D12": 0.1 + 0.2, "E12": "1.234", "F12": None}))[0].cells
    assert found["c4"] == Decimal("0.3")
    assert found["c5"] == "1.234"
    assert "c6" not in found


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (3.0, 3),
        (-0.0, 0),
        (1e15, Decimal("1e15")),
        (8.5, Decimal("8.5")),
        (True, True),
        (datetime(2026, 9, 14), "2026-09-14"),  # noqa: DTZ001 - Excel knows no time zones
        ("", None),
        (float("inf"), Decimal("Infinity")),
    ],
)
def test_one_value(value: Any, raw: Any) -> None:
    """No float ever leaves the reader."""
    found = cell_value(value)
    assert (found, type(found)) == (raw, type(raw))


def test_excel_errors_are_told_from_blanks() -> None:
    """An error typed or pasted as a value is one; calamine shows both as an empty text."""
    cell = b'<c r="D12" t="e"><v>#DIV/0!</v></c>'
    found = scan_sheet(cell, columns=["D"])
    assert found.errors == {"D": {11: "#DIV/0!"}}
    template = patched(filled(blank(), good_row(12)), r'<c r="D12"[^>]*>.*?</c>', cell)
    assert rows(read_xlsx(template))[0].cells["c4"] == Unreadable("excel_error", "#DIV/0!")


#: Formats of a number cell, and whether they show 0.8 as 80 %.
FORMATS = {
    "0%": True,
    "0.00%": True,
    "#,##0.0%": True,
    "0.0 %;[Red]-0.0 %": True,
    "General": False,
    "#,##0.0": False,
    '0.0" %"': False,
    "0.0\\%": False,
}


@pytest.mark.parametrize("number_format", FORMATS)
def test_a_number_shown_as_a_percentage_is_not_guessed(number_format: str) -> None:
    """0.8 that is shown as 80 % can be read in two ways, in any column of figures; 0 cannot."""
    book = openpyxl.load_workbook(
        io.BytesIO(filled(blank(), good_row(12) | {"D12": 0.8, "E12": 0}))
    )
    for letters in "BCDE":
        book.worksheets[0][f"{letters}12"].number_format = number_format
    raw = read_xlsx(saved(book))
    cells = rows(raw)[0].cells
    percent = Unreadable("ambiguous_figure", "80% = 0.8", "80 / 0.8")
    assert cells["c4"] == (percent if FORMATS[number_format] else Decimal("0.8"))
    assert cells["c5"] == 0
    assert cells["c3"] is OWN
    form = catalogue().latest("II.06a/VPCP/KSTT")
    issues = check(form, raw, circumstances_of(form, raw.period, raw.unit)).issues
    told = [(issue.code, issue.place, issue.given) for issue in issues if "/c4" in issue.cell]
    assert told[0] == (
        ("ambiguous_figure", "II.06a!D12", "80% = 0.8")
        if FORMATS[number_format]
        else ("too_many_decimals", "II.06a!D12", "0.8")
    )


def test_a_foreign_formula_is_told_as_it_stands() -> None:
    """The clerk is shown the formula that the issue is about."""
    raw = quarterly(good_row(12) | {"D12": "=IF(A1<5,100,20)&1"})
    form = catalogue().latest("II.06a/VPCP/KSTT")
    (issue,) = check(form, raw, circumstances_of(form, raw.period, raw.unit)).issues
    assert (issue.code, issue.given) == ("foreign_formula", "=IF(A1<5,100,20)&1")
    assert "=IF(A1<5,100,20)&1" in sentence(issue, EN)


def patched(data: bytes, pattern: str, cell: bytes) -> bytes:
    """The file with the first match in its first sheet replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content, count = re.subn(pattern.encode(), cell, content, count=1)
                assert count == 1
            target.writestr(name, content)
    return buffer.getvalue()


def test_shared_formulas_of_excel_are_ours_too() -> None:
    """Excel writes a filled-down formula once and refers to it below."""
    part = (
        b'<c r="C12"><f t="shared" ref="C12:C14" si="0">IF(COUNT(D12:F12)&lt;3,"",SUM(D12:F12))'
        b'</f><v/></c><c r="C13"><f t="shared" si="0"/><v/></c>'
        b'<c r="D13"><f t="array" ref="D13">SUM(E13)</f></c><c r="E13"><f t="shared" si="9"/></c>'
    )
    found = scan_sheet(part, columns=["C", "D", "E"])
    own = own_formula('IF(COUNT(D12:F12)<3,"",SUM(D12:F12))', 11)
    assert own.is_in(found.formulas["C"][11], 11, {}, range(0))
    assert own.is_in(found.formulas["C"][12], 12, {}, range(0))
    assert found.formulas["D"][12] == found.formulas["E"][12] == "?"


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ('IF( COUNT(D13:F13) &lt; 3, "", SUM($D13:F13) )', True),
        ('if(count(D13:F13)&lt;3,"",sum(D13:F13))', True),
        ('IF(COUNT(D12:F12)&lt;3,"",SUM(D12:F12))', False),
        ('IF(COUNT(D13:E13)&lt;3,"",SUM(D13:E13))', False),
        ('IF(COUNT(D13:F13)&lt;2,"",SUM(D13:F13))', False),
    ],
)
def test_what_is_the_same_formula(text: str, is_own: bool) -> None:
    """Blanks, dollars and case make no difference; other cells do."""
    own = own_formula('IF(COUNT(D12:F12)<3,"",SUM(D12:F12))', 11)
    assert own.is_in(text, 12, {}, range(11, 30)) is is_own


def test_inserted_and_deleted_rows_are_followed() -> None:
    """Five rows above the table, two of its own, a renamed sheet: the same return."""
    book = openpyxl.load_workbook(io.BytesIO(filled(blank(), good_row(12) | good_row(20, "Y tế"))))
    sheet = book.worksheets[0]
    sheet.title = "Quý 3 bản sửa"
    sheet.delete_rows(13, 2)
    sheet.insert_rows(1, 5)
    for row in range(16, 40):
        for letters, parts in {"C": "D{0}:F{0}", "G": "H{0}:J{0}", "K": "L{0}:M{0}"}.items():
            cell = sheet[f"{letters}{row}"]
            if isinstance(cell.value, str) and cell.value.startswith("=IF(COUNT") and row < 27:
                count = 2 if letters == "K" else 3
                span = parts.format(row)
                cell.value = f'=IF(COUNT({span})<{count},"",SUM({span}))'
    raw = read_xlsx(saved(book))
    found = rows(raw)
    assert [row.key for row in found] == ["Đất đai", "Y tế"]
    assert found[0].cells == found[1].cells == GOOD
    assert found[1].places["c4"] == "Quý 3 bản sửa!D23"


def test_sections_travel_with_their_rows() -> None:
    """II.06c: a row belongs to the heading above it."""
    data = filled(blank("II.06c/VPCP/KSTT"), good_row(13) | good_row(27))
    assert [(r.section, r.key) for r in rows(read_xlsx(data))] == [
        ("tinh", "Đất đai"),
        ("xa", "Đất đai"),
    ]


def test_two_tables_a_date_and_a_note() -> None:
    """I.02: one row of figures, a list of tasks with a date cell of Excel."""
    blank_data = blank("I.02/VPCP/TH")
    sheet = openpyxl.load_workbook(io.BytesIO(blank_data)).worksheets[0]
    listed = next(c.row for c in sheet["B"] if c.value == "(1)") + 1
    single = next(c.row for c in sheet["B"] if c.value == "(2)") + 1
    cells: dict[str, Any] = {f"{letters}{single}": 1 for letters in "BCDEFG"}
    cells |= {f"B{listed}": "CV 1", f"D{listed}": datetime(2026, 6, 30)}  # noqa: DTZ001
    raw = read_xlsx(filled(blank_data, cells))
    assert rows(raw)[0].cells["c2"] == 1
    assert rows(raw)[0].cells["c1"] is OWN
    assert rows(raw, "part2")[0].cells == {"van_ban_giao": "CV 1", "thoi_han": "2026-06-30"}


def test_the_nil_mark_and_the_note() -> None:
    """Nothing to report is said by an x, not by an empty sheet."""
    raw = quarterly({"D7": "x", "C26": "Số liệu ước tính"})
    assert raw.tables["a"].nil
    assert raw.tables["a"].rows == []
    assert raw.note == "Số liệu ước tính"
    assert not quarterly({"D7": "không"}).tables["a"].nil


def test_printed_rows_are_known_by_their_labels() -> None:
    """The vertical list: every row keeps its key when its place has moved."""
    book = openpyxl.load_workbook(io.BytesIO(blank("MAU.01/KTXH")))
    plain = read_xlsx(saved(book))
    book.worksheets[0].insert_rows(14, 2)
    moved = read_xlsx(saved(book))
    assert [row.key for row in rows(moved)] == [row.key for row in rows(plain)]
    assert len(rows(plain)) == 121


def test_a_name_that_is_a_formula_is_an_issue() -> None:
    """What a row is about must be written down."""
    raw = quarterly(good_row(12) | {"B12": "=A1"})
    assert [(issue.code, issue.place) for issue in raw.issues] == [
        ("foreign_formula", "II.06a!B12")
    ]
    assert raw.tables["a"].rows[0].key == ""


def test_a_workbook_of_someone_elses_is_refused() -> None:
    """Without the record of the template nobody knows what it is for."""
    raw = read_xlsx(saved(openpyxl.Workbook()))
    assert [issue.code for issue in raw.issues] == ["not_this_template"]
    book = openpyxl.load_workbook(io.BytesIO(blank()))
    book.worksheets[0]["C11"] = "gone"
    assert [issue.code for issue in read_xlsx(saved(book)).issues] == ["not_this_template"]
    book["_mau"]["B1"] = "99"
    assert "đã bị sửa" in read_xlsx(saved(book)).issues[0].given


def test_hidden_helper_cells_never_reach_the_library() -> None:
    """They are most of a sheet, and nothing is read from them."""
    opened = open_workbook(blank())
    assert isinstance(opened, OpenedXlsx)
    assert b'<c r="O12"' in opened.parts["xl/worksheets/sheet1.xml"]
    assert rows(read_xlsx(filled(blank(), good_row(12) | {"O12": 5})))[0].cells == GOOD


@pytest.mark.usefixtures("libreoffice")
def test_a_file_saved_by_libreoffice_reads_the_same(tmp_path: Path) -> None:
    """Its own spelling of formulas, of styles and of texts makes no difference."""
    paths = []
    for code in ("II.06a/VPCP/KSTT", "II.06c/VPCP/KSTT", "I.02/VPCP/TH", "MAU.01/KTXH"):
        cells = good_row(13) | {"D14": "=1+1"} if code.startswith("II") else {}
        paths.append(tmp_path / f"{code.replace('/', '-')}.xlsx")
        paths[-1].write_bytes(filled(blank(code), cells))
    for path, resaved in zip(paths, recalculate_all(paths), strict=True):
        before, after = read_xlsx(path.read_bytes()), read_xlsx(resaved.read_bytes())
        assert before == after
        assert before.issues == []
