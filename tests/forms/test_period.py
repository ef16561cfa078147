"""Periods: their codes, the days they cover by Điều 12, and which one came before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.catalogue import load_forms
from forms.period import CALENDAR, DECREE, KINDS, BadPeriod, Period, Window, WindowRule

PERIODS = st.builds(
    lambda year, kind, month: Period(year, kind, month if kind == "M" else 0),
    st.integers(1901, 2199),
    st.sampled_from(KINDS),
    st.integers(1, 12),
)


@given(PERIODS)
def test_a_code_is_read_back_as_the_period_it_was_written_for(period: Period) -> None:
    """Parse and code are each other's inverse."""
    assert Period.parse(period.code) == period
    assert Period.parse(period.code).code == str(period)
    assert str(period.year) in period.label_vi


@pytest.mark.parametrize(
    "code",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-9",
        "2026-Q5",
        "2026-Q0",
        "2026-q3",
        "2026-H3",
        "2026-6M",
        "2026-Y",
        "26-Q1",
        "1899",
        "2200",
        "2026-Q3 ",
        "2026-Q3\n",
        " 2026",
        "2026/Q3",
        "２０２６",
        "٢٠٢٦",
        "2026-Q33",
    ],
)
def test_what_is_no_code_is_refused(code: str) -> None:
    """Only the codes themselves are periods, with nothing around them."""
    with pytest.raises(BadPeriod):
        Period.parse(code)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-01", "2025-12-15", "2026-01-14"),
        ("2026-02", "2026-01-15", "2026-02-14"),
        ("2026-03", "2026-02-15", "2026-03-14"),
        ("2028-02", "2028-01-15", "2028-02-14"),
        ("2028-03", "2028-02-15", "2028-03-14"),
        ("2026-12", "2026-11-15", "2026-12-14"),
        ("2026-Q1", "2025-12-15", "2026-03-14"),
        ("2026-Q2", "2026-03-15", "2026-06-14"),
        ("2026-Q3", "2026-06-15", "2026-09-14"),
        ("2026-Q4", "2026-09-15", "2026-12-14"),
        ("2026-H1", "2025-12-15", "2026-06-14"),
        ("2026-H2", "2026-06-15", "2026-12-14"),
        ("2026-9M", "2025-12-15", "2026-09-14"),
        ("2026", "2025-12-15", "2026-12-14"),
    ],
)
def test_the_decree_counts_from_the_fifteenth_to_the_fourteenth(
    code: str, first: str, last: str
) -> None:
    """Điều 12 of Nghị định 09/2019: the 15th before the period to the 14th of its last month."""
    window = Period.parse(code).window(DECREE)
    assert (window.first.isoformat(), window.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-01", "2026-01-01", "2026-01-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2100-02", "2100-02-01", "2100-02-28"),
        ("2026-04", "2026-04-01", "2026-04-30"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-H1", "2026-01-01", "2026-06-30"),
        ("2026-9M", "2026-01-01", "2026-09-30"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_the_calendar_counts_whole_months(code: str, first: str, last: str) -> None:
    """The calendar rule takes months from their first to their last day, leap years included."""
    window = Period.parse(code).window(CALENDAR)
    assert (window.first.isoformat(), window.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-01", "2026-01-01", "2026-01-25"),
        ("2026-02", "2026-01-26", "2026-02-25"),
        ("2026-12", "2026-11-26", "2026-12-31"),
        ("2026-Q2", "2026-03-26", "2026-06-25"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_rule_may_keep_within_the_year(code: str, first: str, last: str) -> None:
    """From the 26th to the 25th, December to the 31st and January from the 1st."""
    window = Period.parse(code).window(WindowRule(26, 25, within_year=True))
    assert (window.first.isoformat(), window.last.isoformat()) == (first, last)


def test_an_occasion_is_a_day() -> None:
    """A thematic or ad hoc report is asked for on a day, which is its own window."""
    occasion = Period.parse("2028-02-29")
    assert (occasion.code, occasion.kind) == ("2028-02-29", "D")
    assert occasion.window() == Window(date(2028, 2, 29), date(2028, 2, 29))
    assert occasion.label_vi == "Đợt ngày 29/02/2028"
    for code in ("2026-02-29", "2026-13-01", "2026-Q3-01", "2026-9M-01", "2026-1-05"):
        with pytest.raises(BadPeriod):
            Period.parse(code)


@given(PERIODS)
def test_periods_of_a_kind_follow_each_other_without_a_gap(period: Period) -> None:
    """The next period of a kind is later, and that of a month begins when the month ends."""
    following = period.next()
    assert following > period
    assert following.kind == period.kind
    if period.kind == "M":
        assert following.window().first == period.window().last + timedelta(days=1)


@given(PERIODS.filter(lambda period: period.kind == "M"), st.sampled_from([DECREE, CALENDAR]))
def test_months_follow_each_other_without_gap_or_overlap(period: Period, rule: WindowRule) -> None:
    """The day after one month's window is the first day of the next one's."""
    before = period.predecessor({"M": "M"})
    assert before is not None
    assert before.window(rule).last + timedelta(days=1) == period.window(rule).first


@pytest.mark.parametrize("rule", [DECREE, CALENDAR])
def test_the_parts_of_a_year_cover_it(rule: WindowRule) -> None:
    """Four quarters, or two halves, cover exactly the days of the year's window."""
    year = Period.parse("2028").window(rule)
    for kinds in (["Q1", "Q2", "Q3", "Q4"], ["H1", "H2"], ["9M", "Q4"]):
        windows = [Period(2028, kind).window(rule) for kind in kinds]
        assert (windows[0].first, windows[-1].last) == (year.first, year.last)
        for one, two in zip(windows, windows[1:], strict=False):
            assert one.last + timedelta(days=1) == two.first
    assert (year.last - year.first).days + 1 == 366


@pytest.mark.parametrize(
    ("code", "before"),
    [("2026-Q1", "2025"), ("2026-Q2", "2026-Q1"), ("2026-Q3", "2026-Q2"), ("2026", "2025")],
)
def test_procedures_are_carried_over_by_their_own_map(code: str, before: str) -> None:
    """TT01-II: quarter I follows the year before it, and the year follows the year."""
    predecessors = load_forms().regime("TT01-II").predecessors
    found = Period.parse(code).predecessor(predecessors)
    assert found == Period.parse(before)
    assert found.window().last < Period.parse(code).window().last


@pytest.mark.parametrize(
    ("code", "predecessors", "before"),
    [
        ("2026-Q3", {}, None),
        ("2026-Q3", {"Q1": "Y"}, None),
        ("2026-01", {"M": "M"}, "2025-12"),
        ("2026-09", {"M": "M"}, "2026-08"),
        ("2026-H1", {"H1": "H2"}, "2025-H2"),
        ("2026-H2", {"H2": "H1"}, "2026-H1"),
        ("2026-Q1", {"Q1": "Q4"}, "2025-Q4"),
        ("2026-Q1", {"Q1": "Q1"}, "2025-Q1"),
        ("2026", {"Y": "9M"}, "2026-9M"),
    ],
)
def test_the_predecessor_is_the_latest_that_ends_earlier(
    code: str, predecessors: dict[str, str], before: str | None
) -> None:
    """Whatever kind precedes, it is the last of its kind to end before this period does."""
    found = Period.parse(code).predecessor(predecessors)
    assert (found and found.code) == before


def test_labels_are_those_of_the_forms() -> None:
    """The words that stand under the title of a form."""
    labels = [Period.parse(code).label_vi for code in ("2026-09", "2026-Q3", "2026-9M", "2026")]
    assert labels == ["Tháng 9 năm 2026", "Quý III năm 2026", "9 tháng năm 2026", "Năm 2026"]
    assert Period.parse("2026-H1").window().first == date(2025, 12, 15)
