"""Periods side by side: what is summed, what is taken, what is worked out again, what is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.canvas import Layer, PeriodFigures
from forms.catalogue import load_forms
from forms.definition import FormVersion, OverTime
from forms.growth import REASONS, NoPercent
from forms.issues import sentence
from forms.over_time import ways_over_time
from forms.period import Period
from forms.returns import State
from forms.time_series import Series, make_series, needed
from tests.forms.declaring import SHAPES
from tests.forms.trial_forms import a_trial, rows, send

QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3")

#: What TT01 has: carried over, of the period, in all; settled; open at the end, in two parts.
DOSSIERS = """\
- key: a
  title: Hồ sơ
  rows: {model: open, heading: {label: Lĩnh vực}}
  total: Tổng
  cells: {type: integer, min: 0}
  columns:
    - {id: c1, label: Tổng số, formula: c2 + c3}
    - {id: c2, label: Trong kỳ}
    - {id: c3, label: Từ kỳ trước}
    - {id: c4, label: Đã giải quyết}
    - {id: c5, label: Đang giải quyết, formula: c6 + c7}
    - {id: c6, label: Trong hạn}
    - {id: c7, label: Quá hạn}
    - {id: c8, label: Tỷ lệ, type: percent, digits: 2, not_applicable: true,
       formula: "percent(c4, c1)"}
  rules:
    - {id: ky_truoc, check: c3 == previous(c5)}
"""
#: The same with a column more, one less, and a digit more.
NEWER = (
    DOSSIERS.replace(
        "    - {id: c5,", "    - {id: c9, label: Chi, type: decimal, digits: 1}\n    - {id: c5,"
    )
    .replace("    - {id: c7, label: Quá hạn}\n", "")
    .replace("formula: c6 + c7", "formula: c6")
)

FORM, SECOND = (
    replace(a_trial(said, version=version), periods=("Q1", "Q2", "Q3", "Y"))
    for version, said in enumerate((DOSSIERS, NEWER), 1)
)


def _of(
    period: str, *cells: Mapping[str, Any], keys: str = "abc", form: FormVersion = FORM
) -> PeriodFigures:
    checked = send(form, {"a": rows(*cells, keys=keys)}, period=period)
    assert not checked.is_refused, checked.issues
    at = Period.parse(period)
    return PeriodFigures(at, at.window(), form, checked.report.tables)


def _dossiers(new: int, carried: int, settled: int, left: int, late: int = 0) -> dict[str, int]:
    return {"c2": new, "c3": carried, "c4": settled, "c6": left, "c7": late}


def _series(reports: Sequence[PeriodFigures], *asked: str, **more: Any) -> Series:
    return make_series(reports, [Period.parse(code) for code in asked or QUARTERS], **more)


def _cell(series: Series, layer: Layer, row: str, column: str) -> Decimal | State:
    table = series.canvas.tables["a"]
    line = [name.path for name in table.lines].index(row)
    at = table.table.figure_index[column]
    state = State(int(layer.states[line, at]))
    value = Decimal(int(layer.values[line, at])).scaleb(-table.table.figures[at].digits)
    return value if state is State.VALUE else state


def _to_date(series: Series, row: str, column: str) -> Decimal | State:
    assert series.to_date is not None
    return _cell(series, series.to_date.tables["a"], row, column)


def test_columns_are_known_by_what_carries_over() -> None:
    """Opening and closing by the rule, the parts of the closing, and what adds both up."""
    assert ways_over_time(FORM, {})["a"] == {
        "c1": OverTime.BALANCE, "c2": OverTime.FLOW, "c3": OverTime.OPENING, "c4": OverTime.FLOW,
        "c5": OverTime.STOCK, "c6": OverTime.STOCK, "c7": OverTime.STOCK, "c8": OverTime.RATIO,
    }  # fmt: skip


def test_a_consolidated_form_has_it_from_its_sources() -> None:
    """II.9g prints no rule on the last period; II.06c, whose totals it stacks, does."""
    catalogue = load_forms([SHAPES])
    known = {form.code: form for form in (*catalogue.forms, *catalogue.consolidated_layouts())}
    ways = ways_over_time(known["II.9g/VPCP/KSTT"], known)["a"]
    assert (ways["c6"], ways["c11"], ways["c13"]) == ("opening", "stock", "stock")
    assert (ways["c3"], ways["c4"]) == ("balance", "flow")
    assert ways_over_time(known["MAU.02/VON"], known)["a"]["c4"] == "stock"
    assert ways_over_time(known["MAU.03/TYLE"], known)["a"] == {
        "c1": "flow", "c2": "flow", "c3": "ratio", "c4": "stock",
    }  # fmt: skip


def test_a_column_says_what_it_is_where_that_cannot_be_seen() -> None:
    """Said once, it holds, and its parts follow."""
    said = DOSSIERS.replace(
        "{id: c4, label: Đã giải quyết}", "{id: c4, label: X, over_time: stock}"
    )
    assert ways_over_time(a_trial(said), {})["a"]["c4"] is OverTime.STOCK


def test_two_columns_that_make_each_other_are_flows() -> None:
    """A printed circle does not go round for ever."""
    circle = DOSSIERS.replace("  rules:\n", "  rules:\n    - {id: tron, check: c2 == c1 - c3}\n")
    assert ways_over_time(a_trial(circle), {})["a"]["c2"] is OverTime.FLOW


def test_a_year_to_date_sums_takes_and_works_out() -> None:
    """Flows are summed, what stood is taken from the first or last period, the rest follows."""
    series = _series(
        [
            _of("2026-Q1", _dossiers(10, 4, 8, 5, 1)),
            _of("2026-Q2", _dossiers(20, 6, 16, 8, 2)),
            _of("2026-Q3", _dossiers(30, 10, 39, 1)),
        ]
    )
    assert series.to_date is not None
    assert [period.code for period in series.to_date.periods] == list(QUARTERS)
    for row in ("a", "total"):
        found = {column: _to_date(series, row, column) for column in ("c1", "c2", "c3", "c4", "c5")}
        assert found == {"c1": 64, "c2": 60, "c3": 4, "c4": 63, "c5": 1}
        assert _to_date(series, row, "c8") == Decimal("98.44")  # 63 of 64, not a mean of three


def test_a_gap_is_told() -> None:
    """The second quarter is not there: the figures say which periods are in them."""
    series = _series([_of("2026-Q1", _dossiers(1, 0, 1, 0)), _of("2026-Q3", _dossiers(5, 0, 5, 0))])
    assert series.to_date is not None
    assert [period.code for period in series.to_date.missing] == ["2026-Q2"]
    assert [period.code for period in series.missing] == ["2026-Q2"]
    assert _to_date(series, "a", "c2") == 6


def test_a_row_that_comes_later_has_nothing_from_before() -> None:
    """What it had at the beginning of the year stays blank, and is added as nothing."""
    first = _of("2026-Q1", _dossiers(1, 0, 1, 0))
    later = _of("2026-Q2", _dossiers(1, 0, 1, 0), _dossiers(7, 0, 5, 2), keys="ab")
    series = _series([first, later], "2026-Q1", "2026-Q2")
    assert _to_date(series, "b", "c3") is State.BLANK
    assert _to_date(series, "b", "c1") == 7
    assert _to_date(series, "b", "c5") == 2
    assert _cell(series, series.canvas.tables["a"].layers["2026-Q1"], "b", "c2") is State.BLANK


def test_what_a_version_does_not_ask_is_marked() -> None:
    """A column that came, and one that went: neither 0 nor blank where it was not asked."""
    series = _series(
        [
            _of("2026-Q1", _dossiers(10, 4, 8, 5, 1)),
            _of("2026-Q2", {"c2": 1, "c3": 6, "c4": 2, "c6": 5, "c9": "1,5"}, form=SECOND),
        ],
        "2026-Q1",
        "2026-Q2",
    )
    table = series.canvas.tables["a"]
    assert [column.id for column in table.table.figures] == [
        "c1", "c2", "c3", "c4", "c9", "c5", "c6", "c7", "c8",
    ]  # fmt: skip
    first, second = table.layers["2026-Q1"], table.layers["2026-Q2"]
    assert _cell(series, first, "a", "c9") is State.NOT_ASKED
    assert _cell(series, second, "a", "c7") is State.NOT_ASKED
    assert _cell(series, second, "a", "c9") == Decimal("1.5")
    assert _cell(series, first, "total", "c9") is State.NOT_ASKED
    assert series.to_date is not None
    assert _to_date(series, "a", "c9") == Decimal("1.5")
    at = table.table.figure_index
    partial = series.to_date.partial["a"][0]
    assert (bool(partial[at["c9"]]), bool(partial[at["c2"]])) == (True, False)
    assert _to_date(series, "a", "c7") is State.NOT_ASKED


def test_a_row_outside_its_days_is_not_asked() -> None:
    """Cấp huyện ended on 30/6/2025: in 2026 it is not asked, which is not the same as 0."""
    declared = """\
    - key: a
      title: Chỉ tiêu
      rows:
        model: fixed
        rows:
          - {key: tinh, label: Tỉnh}
          - {key: huyen, label: Huyện, valid_to: 2025-06-30}
      cells: {type: integer, min: 0}
      columns:
        - {id: c1, label: Số}
    """
    form = a_trial(declared)
    before = _of("2025-Q1", {"c1": 1}, {"c1": 2}, keys=("tinh", "huyen"), form=form)  # type: ignore[arg-type]
    now = _of("2026-Q1", {"c1": 3}, keys=("tinh",), form=form)  # type: ignore[arg-type]
    series = _series([now, before], "2026-Q1")
    layers = series.canvas.tables["a"].layers
    assert _cell(series, layers["2026-Q1"], "huyen", "c1") is State.NOT_ASKED
    assert _cell(series, layers["2025-Q1"], "huyen", "c1") == 2
    grown = series.growths["2026-Q1"]["a"]
    assert REASONS[grown.reason[1, 0]] is NoPercent.NO_FIGURE


@pytest.mark.parametrize(
    ("now", "base", "absolute", "percent", "reason"),
    [
        (15, 10, 5, "50.00", ""),
        (10, 15, -5, "-33.33", ""),
        (1001, 800, 201, "25.13", ""),  # 25.125: half up
        (799, 800, -1, "-0.13", ""),  # away from zero
        (3, 0, 3, None, NoPercent.ZERO_BASE),
        (3, None, None, None, NoPercent.NO_BASE),
        (None, 3, None, None, NoPercent.NO_FIGURE),
    ],
)
def test_growth(
    now: int | None, base: int | None, absolute: int | None, percent: str | None, reason: str
) -> None:
    """By how much, by how many percent, or why by none."""
    this = _of("2026-Q1", {"c2": now, "c4": 1} if now is not None else {"c4": 1})
    last = _of("2025-Q1", {"c2": base, "c4": 1} if base is not None else {"c4": 1})
    found = _series([this, last], "2026-Q1").growths["2026-Q1"]["a"]
    at = FORM.tables[0].figure_index["c2"]
    assert (int(found.absolute[0, at]) if found.known[0, at] else None) == absolute
    assert REASONS[found.reason[0, at]] == reason
    if percent is not None:
        assert Decimal(int(found.percent[0, at])).scaleb(-2) == Decimal(percent)


def test_a_ratio_grows_by_points() -> None:
    """62.50 % after 50.00 % is 12.50 points, and no percentage of a percentage."""
    this, last = _of("2026-Q1", _dossiers(8, 0, 5, 3)), _of("2025-Q1", _dossiers(8, 0, 4, 4))
    found = _series([this, last], "2026-Q1").growths["2026-Q1"]["a"]
    assert (int(found.absolute[0, -1]), REASONS[found.reason[0, -1]]) == (1250, NoPercent.RATIO)


def test_years_to_date_are_compared_where_they_have_the_same_periods() -> None:
    """A year to date of two quarters is not held against one of three."""
    now = [_of(code, _dossiers(10, 0, 10, 0)) for code in ("2026-Q1", "2026-Q2")]
    before = [_of(code, _dossiers(8, 0, 8, 0)) for code in ("2025-Q1", "2025-Q2")]
    alike = _series([*now, *before], "2026-Q2")
    at = FORM.tables[0].figure_index["c2"]
    assert int(alike.growth_to_date["a"].absolute[0, at]) == 4
    assert _series([*now, before[1]], "2026-Q2").growth_to_date == {}


def test_a_year_below_its_quarters_is_a_warning() -> None:
    """What happened in a year is no less than in three of its quarters; more is as it should be."""
    quarters = [_of(code, _dossiers(10, 4, 8, 6)) for code in QUARTERS]
    series = _series([*quarters, _of("2026", _dossiers(29, 3, 40, 2))], "2026")
    (check,) = series.checks
    assert check.is_done
    found = {(one.row.path, one.column.id): one for one in check.differences}
    below = found["a", "c2"]
    assert (below.year, below.parts, below.difference) == (29, 30, -1)
    assert below.issue is not None
    assert "29, nhỏ hơn tổng các kỳ trong năm (2026-Q1, 2026-Q2, 2026-Q3): 30" in sentence(
        below.issue
    )
    assert found["a", "c4"].issue is None  # 40 in the year, 24 in its quarters
    opening = found["a", "c3"].issue
    assert opening is not None
    assert opening.code == "year_differs"
    assert found["a", "c6"].issue is None  # the year ends later than the third quarter


def test_a_year_that_cannot_be_held_against_its_quarters_says_so() -> None:
    """A quarter is not there: nothing is compared, and it is named."""
    series = _series(
        [_of("2026-Q1", _dossiers(1, 0, 1, 0)), _of("2026", _dossiers(1, 0, 1, 0))], "2026"
    )
    (check,) = series.checks
    assert not check.is_done
    assert [period.code for period in check.missing] == ["2026-Q2", "2026-Q3"]


def test_what_a_series_reads() -> None:
    """The quarters before the one asked for, the quarters of a year, and all of it a year ago."""
    asked = [Period.parse("2026-Q2"), Period.parse("2025")]
    form = load_forms().latest("II.06c/VPCP/KSTT")
    assert [period.code for period in needed(form, asked, compare=False)] == [
        "2025-Q1", "2025-Q2", "2025-Q3", "2025", "2026-Q1", "2026-Q2",
    ]  # fmt: skip
    assert "2024-Q3" in [period.code for period in needed(form, asked, compare=True)]


FIGURE = st.integers(min_value=0, max_value=10**12)
DRAWN = st.builds(_dossiers, FIGURE, FIGURE, FIGURE, FIGURE, FIGURE)


@given(st.lists(DRAWN, min_size=3, max_size=3))
def test_the_year_to_date_of_a_flow_is_the_sum(drawn: list[dict[str, int]]) -> None:
    """Whatever the figures; the ratio is that of the sums, rounded half up."""
    series = _series([_of(code, cells) for code, cells in zip(QUARTERS, drawn, strict=True)])
    new, settled = (sum(cells[column] for cells in drawn) for column in ("c2", "c4"))
    whole = new + drawn[0]["c3"]
    for row in ("a", "total"):
        assert _to_date(series, row, "c2") == new
        assert _to_date(series, row, "c4") == settled
        assert _to_date(series, row, "c3") == drawn[0]["c3"]
        assert _to_date(series, row, "c5") == drawn[2]["c6"] + drawn[2]["c7"]
        assert _to_date(series, row, "c1") == whole
        if whole:
            exact = Decimal(settled * 100) / Decimal(whole)
            assert _to_date(series, row, "c8") == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        else:
            assert _to_date(series, row, "c8") is State.NOT_APPLICABLE


@given(st.lists(st.lists(DRAWN, min_size=1, max_size=3), min_size=3, max_size=3), st.randoms())
def test_the_order_of_periods_changes_nothing(
    drawn: list[list[dict[str, int]]], random: Any
) -> None:
    """The same periods in any order, of two versions, make the same series to the byte."""
    reports = [
        _of(code, *cells, keys="xyz"[at:] + "abc")
        for at, (code, cells) in enumerate(zip(QUARTERS, drawn, strict=True))
    ]
    newer = [{key: cell for key, cell in row.items() if key != "c7"} for row in drawn[0]]
    reports.append(_of("2025-Q3", *newer, form=SECOND))
    shuffled = list(reports)
    random.shuffle(shuffled)
    one, other = _series(reports), _series(shuffled, *reversed(QUARTERS))
    assert one.canvas.tables["a"].rows == other.canvas.tables["a"].rows
    assert one.asked == other.asked
    for code, layer in one.canvas.tables["a"].layers.items():
        assert layer.values.tolist() == other.canvas.tables["a"].layers[code].values.tolist()
        assert layer.states.tolist() == other.canvas.tables["a"].layers[code].states.tolist()
    assert one.to_date is not None
    assert other.to_date is not None
    assert one.to_date.tables["a"].values.tolist() == other.to_date.tables["a"].values.tolist()
