"""The consolidated workbook, written and read back by another library."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from io import BytesIO

import numpy as np

from forms.returns import Report, State
from reporting.workbooks.consolidated_table import write_consolidated
from tests.reporting.workbooks.editions import (
    a_form,
    a_national_report,
    a_province_report,
    a_report,
    an_edition,
    dossiers,
    lines,
    named,
    read_back,
)

PROVINCE = a_form("II.06c/VPCP/KSTT")
NATIONAL = a_form("II.9g/VPCP/KSTT")


def a_small_province_report() -> Report:
    """A II.06c with one row of departments and two of communes."""
    cells = {"c4": 3, "c5": 4, "c6": 5, "c8": 6, "c9": 2, "c10": 0, "c12": 3, "c13": 1}
    rows = [
        {"key": "Đất đai", "section": "tinh", "cells": cells},
        {"key": "Hộ tịch", "section": "xa", "cells": cells},
        {"key": "Chứng thực", "section": "xa", "cells": cells | {"c4": 1000, "c8": 1003}},
    ]
    return a_report(PROVINCE, {"a": {"rows": rows}}, period="2026-Q3")


def test_a_consolidated_table_reads_as_the_official_form() -> None:
    """Heading, title, days, header, number row, sections, rows and total, line by line."""
    edition = an_edition()
    content = write_consolidated(PROVINCE, a_small_province_report(), edition=edition)
    read = lines(read_back(content, values=True)["II.06c"])
    row = [12, 3, 4, 5, 8, 6, 2, 0, 4, 3, 1]
    other = [1009, 1000, 4, 5, 1005, 1003, 2, 0, 4, 3, 1]
    assert read[0][0] == "ỦY BAN NHÂN DÂN THÀNH PHỐ HÀ NỘI"
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in read[0]
    assert read[1][0] == "Biểu số II.06c/VPCP/KSTT"
    assert read[3] == ["TỔNG HỢP TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT TTHC CỦA UBND CẤP TỈNH"]
    assert read[4] == ["Kỳ báo cáo: Quý III năm 2026 (từ ngày 15/6/2026 đến ngày 14/9/2026)"]
    assert read[5] == [
        "Bản tổng hợp số 1, chốt số liệu lúc 17:05 ngày 22/9/2026; mới có 2/3 báo cáo"
    ]
    assert read[6][-1] == "Đơn vị tính: hồ sơ TTHC"
    assert read[7][:3] == ["STT", "Lĩnh vực giải quyết", "Số lượng hồ sơ tiếp nhận"]
    assert read[10][:4] == ["(1)", "(2)", "(3)=(4)+(5)+(6)", "(4)"]
    assert read[11:18] == [
        ["I. Thuộc thẩm quyền UBND cấp tỉnh"],
        [1, "Đất đai", *row],
        ["III. Tổng hợp thuộc thẩm quyền các UBND cấp xã"],
        [1, "Hộ tịch", *row],
        [2, "Chứng thực", *other],
        ["TỔNG CỘNG", None, *(2 * a + b for a, b in zip(row, other, strict=True))],
        [],
    ]
    assert read[18] == ["Ghi chú:"]
    assert "NGƯỜI LẬP BIỂU" in read[21]
    assert "THỦ TRƯỞNG ĐƠN VỊ" in read[21]


def test_sums_and_totals_are_live() -> None:
    """Who clicks on a sum sees what the form prints: (3) = (4) + (5) + (6)."""
    content = write_consolidated(PROVINCE, a_small_province_report(), edition=an_edition())
    sheet = read_back(content)["II.06c"]
    assert [sheet[cell].value for cell in ("C13", "G13", "K13")] == [
        "=SUM(D13:F13)",
        "=SUM(H13:J13)",
        "=SUM(L13:M13)",
    ]
    assert sheet["D17"].value == '=IF(COUNT(D12:D16)=0,"",SUM(D12:D16))'


def test_the_header_tree_is_merged_as_on_the_form() -> None:
    """A group spans its columns, a leaf reaches down to the number row."""
    content = write_consolidated(PROVINCE, a_small_province_report(), edition=an_edition())
    merged = {str(cells) for cells in read_back(content)["II.06c"].merged_cells.ranges}
    assert {"A8:A10", "B8:B10", "C8:F8", "D9:E9", "C9:C10", "F9:F10", "G8:J8", "K8:M8"} <= merged


def test_it_prints_on_landscape_a4_one_page_wide() -> None:
    """The header stands on every page, and only the form is printed."""
    content = write_consolidated(PROVINCE, a_province_report(), edition=an_edition())
    for sheet in read_back(content).values():
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr is not None
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # One page wide is what a file means that does not say how many.
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.oddFooter is not None
        assert "Trang &P/&N" in str(sheet.oddFooter.right.text)
        assert sheet.print_area
    sheet = read_back(content)["II.06c"]
    assert sheet.print_title_rows == "$8:$11"
    assert sheet.print_area == "'II.06c'!$A$1:$M$44"


def test_the_same_edition_gives_the_same_bytes() -> None:
    """A workbook can be made again and compared with the one that was signed."""
    report, edition = a_province_report(), an_edition()
    content = write_consolidated(PROVINCE, report, edition=edition)
    assert write_consolidated(PROVINCE, report, edition=edition) == content
    other = replace(edition, number=2)
    assert write_consolidated(PROVINCE, report, edition=other) != content


def test_a_stream_takes_the_same_bytes() -> None:
    """A large workbook goes to a file and is not held in memory."""
    report, edition, out = a_province_report(), an_edition(), BytesIO()
    assert write_consolidated(PROVINCE, report, edition=edition, out=out) == b""
    assert out.getvalue() == write_consolidated(PROVINCE, report, edition=edition)


def test_names_never_become_formulas() -> None:
    """A unit called =1+1 keeps its name on every sheet."""
    evil = '=HYPERLINK("http://example.test")'
    edition = an_edition(
        unit_name="=1+1",
        coverage={"expected": 1, "received": 0, "missing": [{"unit": "@x", "name": evil}]},
        issues=[{"label": evil, "rule": "+1"}],
    )
    content = write_consolidated(NATIONAL, a_national_report([evil, "-2"]), edition=edition)
    texts = [
        cell
        for sheet in read_back(content).values()
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value[:1] in "=+-@"
    ]
    assert {cell.value for cell in texts if cell.data_type == "s"} >= {evil, "-2", "=1+1", "+1"}
    live = [str(cell.value) for cell in texts if cell.data_type == "f"]
    assert all(value.startswith(("=SUM(", "=IF(COUNT(")) for value in live)
    assert not any(cell.hyperlink for cell in texts)


def test_a_cell_without_a_figure_says_why() -> None:
    """Blank stays blank, not applicable is KAD, not asked is x; none of them is a zero."""
    report = a_national_report(["Một", "Hai"])
    table = report.tables["a"]
    values, states = table.values.copy(), table.states.copy()
    values[0, 1:4] = 0
    states[0, 1:4] = (State.BLANK, State.NOT_APPLICABLE, State.NOT_ASKED)
    changed = replace(report, tables={"a": replace(table, values=values, states=states)})
    sheet = read_back(write_consolidated(NATIONAL, changed, edition=an_edition()))["II.9g"]
    row = [cell.value for cell in sheet[12]]
    assert row[2:6] == [int(table.values[0, 0]), None, "KAD", "x"]
    grey = {sheet["E12"].fill.fgColor.rgb, sheet["F12"].fill.fgColor.rgb}
    assert grey == {"FFEDEDED"}


def test_figures_that_excel_would_round_are_written_as_text() -> None:
    """A number of Excel keeps 15 digits; a longer figure is told whole."""
    report = a_national_report(["Một"])
    table = report.tables["a"]
    values = table.values.copy()
    values[0, 1] = 1_234_567_890_123_456
    changed = replace(report, tables={"a": replace(table, values=values)})
    sheet = read_back(write_consolidated(NATIONAL, changed, edition=an_edition()))["II.9g"]
    assert (sheet["D12"].value, sheet["D12"].data_type) == ("1234567890123456", "s")
    assert sheet.column_dimensions["D"].width > 16


def test_columns_are_wide_enough_for_the_longest_figure() -> None:
    """A sum over the country is not printed as #####."""
    report = a_national_report(["Một", "Hai"])
    table = report.tables["a"]
    totals = table.total_values.copy()
    totals[:] = 123_456_789_012
    changed = replace(report, tables={"a": replace(table, total_values=totals)})
    sheet = read_back(write_consolidated(NATIONAL, changed, edition=an_edition()))["II.9g"]
    figures = [group for group in sheet.column_dimensions.values() if (group.min or 0) >= 3]
    assert figures
    assert all(group.width > 15 for group in figures)


def test_a_table_with_declared_rows_keeps_their_numbers_and_leaves_out_what_is_gone() -> None:
    """III.01c has no row of districts after 30/6/2025; the row of communes stays number 3."""
    form = a_form("III.01c/VPCP/KSTT")
    cells = {"c4": 24, "c5": 110, "c6": 31, "c7": 120, "c8": 45}
    rows = [{"key": key, "cells": cells} for key in ("tinh", "xa")]
    report = a_report(form, {"a": {"rows": rows}}, period="2026")
    read = lines(
        read_back(write_consolidated(form, report, edition=an_edition("2026")), values=True)[
            "III.01c"
        ]
    )
    assert [1, "UBND cấp tỉnh", 165, 24, 110, 31, 120, 45] in read
    assert [3, "UBND cấp xã", 165, 24, 110, 31, 120, 45] in read
    assert ["TỔNG CỘNG", None, 330, 48, 220, 62, 240, 90] in read


def test_a_total_without_the_row_that_is_typed_says_so() -> None:
    """The edition of III.01c has what communes sent; its total names the row that it lacks."""
    form = a_form("III.01c/VPCP/KSTT")
    cells = {"c4": 24, "c5": 110, "c6": 31, "c7": 120, "c8": 45}
    rows = [{"key": "tinh", "cells": dict.fromkeys(cells, 0)}, {"key": "xa", "cells": cells}]
    report = a_report(form, {"a": {"rows": rows}}, period="2026")
    report.tables["a"].states[0] = State.BLANK
    read = lines(
        read_back(write_consolidated(form, report, edition=an_edition("2026")), values=True)[
            "III.01c"
        ]
    )
    total = next(line for line in read if "TỔNG CỘNG" in str(line))
    assert total == ["TỔNG CỘNG (chưa gồm: UBND cấp tỉnh)", None, 165, 24, 110, 31, 120, 45]


def test_a_stack_with_a_list_keeps_texts_and_dates() -> None:
    """I.02 of all agencies: figures by agency, and below the late tasks with their agency."""
    form = a_form("I.02/VPCP/TH~TH")
    cells = {"c2": 9, "c3": 1, "c4": 5, "c5": 2, "c6": 1, "c7": 2}
    task = {
        "don_vi": "Bộ Một",
        "van_ban_giao": "=2+3",
        "noi_dung": "Xây dựng đề án",
        "thoi_han": "2026-06-30",
        "giai_trinh": "Chờ ý kiến " * 12,
    }
    report = a_report(
        form,
        {"a": {"rows": [{"key": "G01", "cells": cells}]}, "part2": {"rows": [{"cells": task}]}},
        period="2026",
    )
    content = write_consolidated(form, named(report, {"G01": "Bộ Một"}), edition=an_edition("2026"))
    sheet = read_back(content, values=True)["I.02"]
    read = lines(sheet)
    assert read[1][0] == "Biểu số I.02/VPCP/TH"
    assert [1, "Bộ Một", 10, 9, 1, 5, 2, 1, 2] in read
    row = read.index(next(line for line in read if len(line) > 2 and line[2] == "=2+3"))
    assert read[row][:4] == [1, "Bộ Một", "=2+3", "Xây dựng đề án"]
    assert isinstance(read[row][4], datetime)
    assert read[row][4].date() == date(2026, 6, 30)
    assert sheet.row_dimensions[row + 1].height > 45


def test_decimals_stand_at_their_place() -> None:
    """A percentage is computed, 12,5 is twelve and a half, and where nothing is, KAD."""
    form = a_form("MAU.03/TYLE")
    rows = [
        {"key": "H26.1", "cells": {"c1": 8, "c2": 1, "c4": 5, "c5": "1899-12-31"}},
        {"key": "H26.2", "cells": {"c1": 0, "c2": 0, "c4": 0, "c5": "2026-09-01"}},
    ]
    report = a_report(form, {"a": {"rows": rows}}, period="2026-09")
    content = write_consolidated(form, report, edition=an_edition("2026-09"))
    sheet = next(iter(read_back(content, values=True).values()))
    read = lines(sheet)
    assert [1, "H26.1", 8, 1, 12.5, 5, "1899-12-31"] in read
    first = next(at for at, line in enumerate(read, 1) if line[:2] == [1, "H26.1"])
    formula = next(iter(read_back(content).values())).cell(first, 5).value
    assert formula == f'=IF(N(C{first})=0,"",ROUND((N(D{first}))*100/(N(C{first})),1))'
    assert sheet.cell(first, 5).number_format == "#,##0.0"


def test_a_long_table_is_written_chunk_by_chunk() -> None:
    """Rows beyond the first chunk stand where they belong, each with its own formula."""
    report = a_national_report(["Đơn vị"])
    table = report.tables["a"]
    count = 4_321
    chosen = np.zeros(count, np.int64)
    values = table.values[chosen].copy()
    values[:, 9] += np.arange(count)
    values[:, 8] += np.arange(count)
    values[:, 0] += np.arange(count)
    values[:, 1] += np.arange(count)
    names = tuple(table.names[0]._replace(key=f"U{n}", label=f"Đơn vị {n}") for n in range(count))
    long = replace(
        table,
        names=names,
        values=values,
        states=table.states[chosen],
        texts=(),
        total_values=values.sum(axis=0),
    )
    content = write_consolidated(
        NATIONAL, replace(report, tables={"a": long}), edition=an_edition()
    )
    sheet = read_back(content)["II.9g"]
    first, last = 12, 12 + count - 1
    assert sheet.cell(last, 2).value == f"Đơn vị {count - 1}"
    assert sheet.cell(last, 3).value == f"=SUM(D{last}:F{last})"
    assert sheet.cell(first + 2_500, 12).value == values[2_500, 9]
    shown = read_back(content, values=True)["II.9g"]
    assert shown.cell(last + 1, 12).value == values[:, 9].sum()


def test_a_nil_table_says_so() -> None:
    """Nothing to report is a statement, and not an empty sheet."""
    report = a_report(PROVINCE, {"a": {"nil": True, "rows": []}}, period="2026-Q3")
    read = lines(read_back(write_consolidated(PROVINCE, report, edition=an_edition()))["II.06c"])
    assert read[6][0] == "Không phát sinh"


def test_a_note_stands_below_the_table() -> None:
    """The note of the consolidating unit is part of the form."""
    report = replace(a_small_province_report(), note="=Số liệu chưa gồm 1 phường.")
    sheet = read_back(write_consolidated(PROVINCE, report, edition=an_edition()))["II.06c"]
    note = next(row for row in lines(sheet) if row[:1] == ["Ghi chú:"])
    assert note[-1] == "=Số liệu chưa gồm 1 phường."


def test_who_signs_is_told_by_the_edition() -> None:
    """Each agency signs under its own titles."""
    edition = an_edition(signer_title="BỘ TRƯỞNG, CHỦ NHIỆM", prepared_title="VỤ TRƯỞNG")
    report = a_national_report(["Một"])
    read = lines(read_back(write_consolidated(NATIONAL, report, edition=edition))["II.9g"])
    titles = next(row for row in read if row[:1] == ["VỤ TRƯỞNG"])
    assert titles[-1] == "BỘ TRƯỞNG, CHỦ NHIỆM"


def test_figures_of_the_example_add_up() -> None:
    """The rows that these tests write satisfy the balance of the form."""
    row = dossiers(17)
    received = row["c4"] + row["c5"] + row["c6"]
    assert received == sum(row[key] for key in ("c8", "c9", "c10", "c12", "c13"))
