"""The days of a period, by the three declared rules, and the sentence that explains each."""

from __future__ import annotations

from datetime import date

import pytest

from forms.catalogue import load_forms
from forms.period import Period
from forms.reading_regimes import read_regime
from forms.timetable import Timetable, timetable
from forms.working_days import WorkingCalendar
from tests.forms.test_regime import AD_HOC, GOOD

CALENDAR = WorkingCalendar()
SHIPPED = load_forms().regimes


def days_of(regime: str, period: str) -> Timetable:
    """The timetable of a shipped regime."""
    return timetable(SHIPPED[regime], Period.parse(period), CALENDAR)


@pytest.mark.parametrize(
    ("regime", "period", "kind", "due"),
    [
        ("TT01-II", "2026-Q3", "commune", "2026-09-19"),
        ("TT01-II", "2026-Q3", "province", "2026-09-22"),
        ("TT01-II", "2026", "province", "2026-12-22"),
        ("TT06-2025", "2026-9M", "department", "2026-09-17"),
        ("TT06-2025", "2026-H1", "ministry", "2026-06-20"),
        ("TT01-I", "2026-H1", "province", "2026-06-25"),
    ],
)
def test_due_days_go_by_level(regime: str, period: str, kind: str, due: str) -> None:
    """19 and 22 by TT01-II, 25 by TT01-I, 17 and 20 by TT06, whatever day of the week it is."""
    assert days_of(regime, period).due[kind] == date.fromisoformat(due)


@pytest.mark.parametrize("regime", ["TT01-II", "TT01-III"])
def test_steps_that_nobody_owes_a_form_for_are_told_in_the_guidance(regime: str) -> None:
    """docs/decisions/0016: the 25th is the Government Office's own; ngành dọc have theirs told."""
    told = SHIPPED[regime]
    assert {due.day for due in told.due.values()} == {19, 22}
    assert "Văn phòng Chính phủ báo cáo Chính phủ ngày 25" in told.guidance
    assert ("17, 18, 19, 20" in told.guidance) == (regime == "TT01-II")


def test_a_due_day_in_the_weekend_rolls_where_the_regime_says_so() -> None:
    """18/12/2027 is a Saturday; TT01 says nothing of holidays, so its day stays."""
    rolled = days_of("ND09-DC", "2027")
    assert rolled.due["department"] == date(2027, 12, 20)
    assert any("20/12/2027" in reason.vi for reason in rolled.reasons)
    assert days_of("TT01-II", "2027-Q2").due["commune"] == date(2027, 6, 19)


def test_a_period_without_a_working_day_before_the_due_day_is_warned_of() -> None:
    """Điều 8(5)b and 17/3/2025: said as a warning, in both languages, and not refused."""
    warned = [reason for reason in days_of("TT06-2025", "2025-Q1").reasons if reason.is_warning]
    assert len(warned) == 1
    assert "17/03/2025" in warned[0].vi
    assert "2025-03-17" in warned[0].en
    assert not [reason for reason in days_of("TT06-2025", "2026-Q3").reasons if reason.is_warning]


def test_a_deadline_in_tet() -> None:
    """A monthly report due on 17/2/2026 rolls past Tết when its regime rolls."""
    text = GOOD.replace("periods: [Q1, Q2]", "periods: [M]").replace("predecessors: {Q2: Q1}\n", "")
    regime = read_regime(text.replace("roll: none", "roll: next_working_day").encode(), file="r")
    days = timetable(regime, Period.parse("2026-02"), CALENDAR)
    assert days.due["commune"] == date(2026, 2, 23)
    assert days.opens == date(2026, 1, 15)


def test_the_leap_day_is_in_a_window() -> None:
    """29/2/2028 is within the calendar month, and is the last day of it."""
    text = GOOD.replace("periods: [Q1, Q2]", "periods: [M]").replace("predecessors: {Q2: Q1}\n", "")
    text = text.replace("window: decree", "window: calendar")
    text = text.replace("{commune: 17}", "{commune: {day: 5, months_after: 1}}")
    regime = read_regime((text + "opens: window_last\n").encode(), file="r.yaml")
    days = timetable(regime, Period.parse("2028-02"), CALENDAR)
    assert days.window.last == days.opens == date(2028, 2, 29)
    assert days.due["commune"] == date(2028, 3, 5)


def test_an_occasion_goes_by_its_own_days() -> None:
    """Điều 8(5)c: for every kind of unit alike."""
    days = timetable(
        read_regime(AD_HOC.encode(), file="r.yaml"), Period.parse("2026-10-05"), CALENDAR
    )
    assert days.due["commune"] == days.due["province"] == date(2026, 10, 7)
    assert days.window.first == date(2026, 10, 1)


def test_a_period_that_is_not_reported_has_no_days() -> None:
    """TT01 has no fourth quarter."""
    with pytest.raises(KeyError):
        days_of("TT01-II", "2026-Q4")
