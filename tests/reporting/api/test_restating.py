"""Editions on another map over the API: JSON, workbook, refusals."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from openpyxl import load_workbook

from reporting.models import LineageExtent, ReportingUnit, UnitKind
from tests.builders import a_return, a_unit
from tests.reporting.doors import Doors
from tests.reporting.services.mergers import became, ends

ASKED = {"form": "II.06c-VPCP-KSTT", "period": "2026-Q3", "unit": "H55"}
OCTOBER = date(2026, 10, 1)


def an_edition(doors: Doors) -> str:
    """The path of an edition of H55 with one report in it."""
    doors.send(a_return("X01840"))
    made = doors.send(ASKED, "centre", to="/consolidations")
    return str(made.headers["Location"]).removeprefix("/api/v1")


def became_new(doors: Doors, *shares: tuple[int, int] | None) -> None:
    """Let H55 end in October and go into N1, or into N1, N2 in shares."""
    with doors.sessions.begin() as session:
        old = session.get_one(ReportingUnit, doors.province.id)
        ends(session, old, before=OCTOBER)
        for number, share in enumerate(shares, 1):
            new = a_unit(session, f"N{number}", kind=UnitKind.PROVINCE, valid_from=OCTOBER)
            whole = LineageExtent.WHOLE if len(shares) == 1 else LineageExtent.PART
            became(session, old, new, on=OCTOBER, share=share, extent=whole)


def test_an_edition_of_a_merged_unit_is_that_of_its_successor(doors: Doors) -> None:
    """As reported H55, restated N1; on its own day it is what it was, hash and all."""
    path = an_edition(doors)
    became_new(doors, None)
    told = doors.get(path, "centre").get_json()
    found = doors.get(f"{path}/restated?on=2026-10-01", "centre").get_json()
    assert (found["unit"], found["moves"]) == (
        "N1",
        [{"unit": "H55", "into": "N1", "share": "1"}],
    )
    assert found["report"]["tables"] == told["report"]["tables"]
    same = doors.get(f"{path}/restated?on=2026-09-30", "centre").get_json()
    assert (same["sha256"], same["report"]) == (told["sha256"], told["report"])
    assert same["editions"][0]["sha256"] == told["sha256"]


def test_a_divided_unit_is_refused_or_an_estimate(doors: Doors) -> None:
    """409 in words without shares; with them each part is an estimate."""
    path = an_edition(doors)
    became_new(doors, None, None)
    refused = doors.get(f"{path}/restated?on=2026-10-01&unit=N1", "centre")
    assert refused.status_code == 409
    assert "chưa khai báo tỷ lệ" in refused.get_data(as_text=True)


def test_the_workbook_says_on_which_map_it_is_and_marks_estimates(doors: Doors) -> None:
    """The remark names the day, the rows of a divided unit bear a sign and are in italics."""
    path = an_edition(doors)
    became_new(doors, (1, 4), (3, 4))
    question = "restated/workbook?on=2026-10-01&unit=N2"
    first, again = (
        doors.get(f"{path}/{question}", "centre"),
        doors.get(f"{path}/{question}", "centre"),
    )
    assert first.data == again.data
    assert "_N2_2026-Q3_1_ban-do-2026-10-01.xlsx" in first.headers["Content-Disposition"]
    book = load_workbook(BytesIO(first.data), data_only=True)
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    texts = [str(cell.value) for cell in cells]
    assert any(
        text.startswith(
            "Quy đổi theo bản đồ đơn vị ngày 01/10/2026 từ bản tổng hợp số 1 (H55), chốt số liệu"
        )
        and "1 dòng ước tính" in text
        for text in texts
    )
    assert "Đất đai (*)" in texts
    row = next(cell.row for cell in cells if cell.value == "Đất đai (*)")
    figures = [cell for cell in cells if cell.row == row and isinstance(cell.value, int)][1:]
    assert figures
    assert all(cell.font.italic for cell in figures)
    moved = [[cell.value for cell in row] for row in book["Quy đổi"].iter_rows()]
    assert [1, "H55", "Tỉnh H55", "N1", "Đơn vị N1", "1/4"] in moved


def test_anothers_edition_is_not_there_on_any_map(doors: Doors) -> None:
    """A commune does not see its province's edition, nor a day that is none."""
    path = an_edition(doors)
    for question in ("restated", "restated/workbook"):
        assert doors.get(f"{path}/{question}?on=2026-10-01", "commune").status_code == 404
        assert doors.get(f"{path}/{question}?on=2026-13-01", "centre").status_code == 422
