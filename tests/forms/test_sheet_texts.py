"""Figures that stand in a sheet as texts: the live checks and the server agree on them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forms.blank_workbook import blank_workbook
from forms.checking import Checked, check
from forms.definition import FormVersion
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_xlsx import read_xlsx
from tests.forms.templates import UNIT_CODE, blank, catalogue, filled, good_row, period_of, sheet_of
from tests.forms.test_blank_workbook import STATUS, worked_out
from tests.forms.trial_forms import a_trial
from tests.libreoffice import recalculate_all

pytestmark = pytest.mark.usefixtures("libreoffice")


def _checked(form: FormVersion, period: Period, path: Path) -> Checked:
    around = Circumstances(period.window(), catalogue().lists, UNIT_CODE)
    return check(form, read_xlsx(path.read_bytes()), around)


#: Cells of two rows and the total row, and what the status line begins with.
TYPED: dict[str, tuple[dict[str, Any], str]] = {
    "doubt": ({"D12": "1.234"}, "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 12: số ghi dạng chữ"),
    "total": ({"D12": "1.234", "D24": 1354}, "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 12: số ghi"),
    "text total": ({"D24": "240"}, "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 24: số ghi dạng chữ"),
    "wrong": ({"D24": 241}, "CÓ 1 LỖI: dòng 24: dòng tổng khác cộng các dòng"),
    "words": ({"D12": "12 hồ sơ"}, "CÓ 1 LỖI: dòng 12: chữ ở ô số"),
}


def test_a_figure_written_as_text_is_a_doubt_and_no_wrong_sum(tmp_path: Path) -> None:
    """The sheet cannot add it up, so it says that it is text, and nothing of sums with it."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    paths = [tmp_path / f"{name}.xlsx" for name in TYPED]
    for path in paths:
        path.write_bytes(
            filled(blank(), good_row(12) | good_row(13, "Hộ tịch") | TYPED[path.stem][0])
        )
    for (name, (_, status)), path in zip(TYPED.items(), recalculate_all(paths), strict=True):
        assert worked_out(path)[STATUS].value.startswith(status), name
        assert (
            status.startswith("CÓ")
            == _checked(form, period_of(form), tmp_path / f"{name}.xlsx").is_refused
        ), name


#: Rules over totals, sums and blanks, none of which the sheet may claim to be broken by a text.
SUMS = """\
- key: a
  title: A
  rows: {model: open, heading: {label: Việc}}
  total: Tổng
  cells: {type: decimal, digits: 1, min: 0}
  columns:
    - {id: c2, label: Một}
    - {id: c3, label: Hai}
    - {id: c4, label: Tỷ trọng, type: percent, digits: 1, not_applicable: true}
  rules:
    - {id: tong, check: total.c2 == 10}
    - {id: cong, check: sum(c2) == 10}
    - {id: khong, check: c2 >= c3, blank: zero}
    - {id: ty_trong, check: "c4 == percent(c2, total.c2)"}
"""


#: The cells of a row that has 8, 7.5 and 80 otherwise, and whether the server takes it.
SUMMED: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"C": "8,0"}, True),
    ({"C": "8"}, True),
    ({"D": "7,5"}, True),
    ({"E": "80%"}, True),
    ({"E": "kad"}, True),
    ({"C": 7}, False),
    ({"E": 79}, False),
    ({"E": "80 phần"}, False),
    ({"D": "nhiều"}, False),
]


def test_rules_over_sums_wait_where_a_figure_is_text(tmp_path: Path) -> None:
    """Totals, sums, blanks as 0 and shares: what the server accepts the sheet calls no error."""
    form, period = a_trial(SUMS), Period.parse("2026-Q1")
    template = blank_workbook(
        form,
        unit_code=UNIT_CODE,
        unit_name="Một đơn vị",
        period=period,
        window=period.window(),
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    numbers = [row[2].value for row in sheet_of(template).iter_rows()]
    first = numbers.index("(2)") + 2
    paths = [tmp_path / f"sums{number}.xlsx" for number in range(len(SUMMED))]
    for path, (cells, _) in zip(paths, SUMMED, strict=True):
        one = {"B": "x", "C": 8, "D": 7.5, "E": 80} | cells
        two = {"B": "y", "C": 2, "D": 1, "E": 20}
        sent = {f"{letters}{first}": value for letters, value in one.items()}
        sent |= {f"{letters}{first + 1}": value for letters, value in two.items()}
        path.write_bytes(filled(template, sent))
    for path, recalculated, (cells, accepted) in zip(
        paths, recalculate_all(paths), SUMMED, strict=True
    ):
        verdict = _checked(form, period, path)
        assert verdict.is_refused is not accepted, (cells, verdict.issues)
        status = str(worked_out(recalculated)[STATUS].value)
        assert ("LỖI" in status) is not accepted, (cells, status)
