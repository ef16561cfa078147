"""What changed between two editions, as a workbook."""

from __future__ import annotations

from dataclasses import replace

from forms.period import Period
from reporting.workbooks.changes_workbook import ChangesFacts, EditionSide, write_changes
from tests.reporting.workbooks.editions import CUT_OFF, lines, read_back

FACTS = ChangesFacts(
    form_code="II.06c/VPCP/KSTT",
    unit_name="Tỉnh Một",
    period=Period.parse("2026-Q3"),
    old=EditionSide(1, CUT_OFF, "ab" * 32),
    new=EditionSide(3, CUT_OFF, "cd" * 32),
    causes=[("Sửa đổi báo cáo", 1, 2)],
    units=[("X1", "=1+1", "Sửa đổi báo cáo", "bản số 1", "bản số 2")],
    basis=[("Quy đổi tên dòng", "việc lạ", "", "dat_dai")],
    shares=[("Sửa đổi báo cáo", "X1", "Phường Một", "Đất đai", "(4) Trực tuyến", -12)],
    cells=[
        ("Đất đai", "(4) Trực tuyến", 120, 108, -12, "a/dat_dai/c4"),
        ("Đất đai", "(5) Tỷ lệ", "8,50", "", "-8,50", "a/dat_dai/c5"),
    ],
    note="Đính chính số 1",
)


def test_three_sheets_tell_it_in_short_by_cause_and_by_cell() -> None:
    """Words and figures as they were given, the note first."""
    sheets = {name: lines(sheet) for name, sheet in read_back(write_changes(FACTS)).items()}
    assert list(sheets) == ["Tóm tắt", "Theo nguyên nhân", "Theo ô"]
    short = sheets["Tóm tắt"]
    assert ["Đính chính số 1"] in short
    assert [1, 1, "Sửa đổi báo cáo", 2] in short
    assert [1, *FACTS.units[0]] in short
    assert [1, *FACTS.basis[0]] in short
    assert sheets["Theo nguyên nhân"][-1] == [1, *FACTS.shares[0]]
    assert sheets["Theo ô"][-2:] == [[number, *row] for number, row in enumerate(FACTS.cells, 1)]


def test_no_change_is_said_in_words() -> None:
    """Two editions of the same figures."""
    nothing = replace(FACTS, causes=[], units=[], basis=[], shares=[], cells=[], note="")
    sheets = read_back(write_changes(nothing))
    for name in ("Theo nguyên nhân", "Theo ô"):
        assert lines(sheets[name])[-1] == ["Không có thay đổi nào."]


def test_the_same_changes_give_the_same_bytes() -> None:
    """A folder that is made again is the same."""
    assert write_changes(FACTS) == write_changes(FACTS)
