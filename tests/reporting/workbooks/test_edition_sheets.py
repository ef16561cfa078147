"""The sheets beside the figures: coverage, sources, and rules that do not hold."""

from __future__ import annotations

from reporting.workbooks.consolidated_table import write_consolidated
from reporting.workbooks.edition_facts import EditionFacts
from tests.reporting.workbooks.editions import (
    a_form,
    a_national_report,
    an_edition,
    lines,
    read_back,
)

FORM = a_form("II.9g/VPCP/KSTT")


def sheets(edition: EditionFacts) -> dict[str, list[list[object]]]:
    """The lines of every sheet of a small workbook."""
    content = write_consolidated(FORM, a_national_report(["Một"]), edition=edition)
    return {name: lines(sheet) for name, sheet in read_back(content).items()}


def test_sheets_stand_in_the_order_in_which_they_are_read() -> None:
    """The form itself comes first."""
    assert list(sheets(an_edition())) == ["II.9g", "Mức độ đầy đủ", "Nguồn", "Cần giải trình"]


def test_coverage_tells_how_many_and_who_is_missing() -> None:
    """n of N, on time, late, and every missing unit by code and name."""
    rows = sheets(an_edition())["Mức độ đầy đủ"]
    facts = {str(row[0]).strip(): row[2] for row in rows if len(row) == 3}
    assert facts == {
        "Số báo cáo phải nhận": 3,
        "Số báo cáo đã tổng hợp": 2,
        "gửi đúng hạn": 1,
        "gửi quá hạn": 1,
        "Chưa báo cáo": 1,
        "Bị trả lại, chưa gửi lại": 0,
    }
    assert rows[-2:] == [
        ["STT", "Mã đơn vị", "Tên đơn vị", "Tình trạng"],
        [1, "H26.101", "Ủy ban nhân dân phường Ba Đình", "Chưa báo cáo"],
    ]


def test_full_coverage_is_said_in_words() -> None:
    """Nobody has to guess from an empty list."""
    coverage = {
        "expected": 2,
        "received": 2,
        "on_time": 2,
        "late": 0,
        "missing": [],
        "returned": [],
    }
    found = sheets(an_edition(coverage=coverage))
    assert found["Mức độ đầy đủ"][-1] == [
        "Tất cả các đơn vị phải báo cáo đều có số liệu trong biểu."
    ]
    assert found["II.9g"][5][0].endswith("; đủ 2/2 báo cáo")  # type: ignore[attr-defined]


def test_nil_and_returned_reports_are_listed_where_they_are_known() -> None:
    """A report of nothing is in the figures, a returned one is not; both are named."""
    coverage = {
        "expected": 3,
        "received": 2,
        "nil": [{"unit": "H26.1", "name": "Sở Một"}],
        "returned": [{"unit": "H26.2", "name": "Sở Hai"}],
    }
    rows = sheets(an_edition(coverage=coverage))["Mức độ đầy đủ"]
    assert rows[-2:] == [
        [1, "H26.2", "Sở Hai", "Bị trả lại, chưa gửi lại"],
        [2, "H26.1", "Sở Một", "Báo cáo không phát sinh"],
    ]


def test_every_input_is_named_with_its_hash() -> None:
    """Each number can be followed to the revision that it came from."""
    rows = sheets(an_edition())["Nguồn"]
    assert rows[-1] == [2, "H26.2", "Sở Y tế", 12, 3, "cd" * 32, "17:05 ngày 22/9/2026"]
    assert len([row for row in rows if len(row) == 7]) == 3


def test_broken_rules_are_shown() -> None:
    """What does not add up stands in the workbook, with room for an explanation."""
    issue = {
        "code": "rule_broken",
        "severity": "warning",
        "label": "Đất đai",
        "rule": "(3) = (7) + (11)",
        "rule_id": "a.can_doi",
        "given": "12",
        "expected": "13",
    }
    found = sheets(an_edition(issues=[issue]))
    assert found["Cần giải trình"][-1] == [
        1, "Đất đai", "(3) = (7) + (11)", "12", "13", "a.can_doi"
    ]  # fmt: skip
    assert "1 điểm cần giải trình" in str(found["II.9g"][5][0])


def test_figures_that_hold_are_said_to_hold() -> None:
    """The absence of issues is a statement too."""
    last = sheets(an_edition())["Cần giải trình"][-1]
    assert last == ["Số liệu tổng hợp thỏa mọi quy tắc của biểu."]
