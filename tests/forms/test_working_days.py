"""The calendar of working days: Tết, swaps, and the changes that stand above the library."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.working_days import DayChange, WorkingCalendar

ORDINARY = WorkingCalendar()
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("day", "rolled"),
    [
        ("2026-02-17", "2026-02-23"),
        ("2026-02-19", "2026-02-23"),
        ("2026-02-20", "2026-02-23"),
        ("2026-03-17", "2026-03-17"),
        ("2026-04-25", "2026-04-28"),
        ("2026-06-20", "2026-06-22"),
        ("2026-08-22", "2026-08-22"),
        ("2026-09-19", "2026-09-21"),
        ("2026-10-17", "2026-10-19"),
        ("2026-11-22", "2026-11-23"),
        ("2026-12-19", "2026-12-21"),
    ],
)
def test_a_due_day_rolls_to_the_next_working_day(day: str, rolled: str) -> None:
    """Tết, a holiday with its compensation, a Saturday that is worked, and ordinary weekends."""
    assert ORDINARY.roll(date.fromisoformat(day)) == date.fromisoformat(rolled)


def test_a_late_decision_stands_above_the_library() -> None:
    """2/1/2026 was made free and 10/1/2026 worked only on 25/12/2025."""
    free, worked = date(2026, 1, 2), date(2026, 1, 10)
    calendar = WorkingCalendar({free: DayChange(False, "Nghỉ bù"), worked: DayChange(True)})
    assert (ORDINARY.is_working(free), ORDINARY.is_working(worked)) == (True, False)
    assert (calendar.is_working(free), calendar.is_working(worked)) == (False, True)
    assert calendar.name_of(free) == "Nghỉ bù"


def test_a_weekend_alone_is_no_working_day_between() -> None:
    """Figures to Friday 14/3/2025, due on Monday 17/3/2025: nothing lies between."""
    assert ORDINARY.working_days_between(date(2025, 3, 14), date(2025, 3, 17)) == 0
    assert ORDINARY.working_days_between(date(2026, 9, 14), date(2026, 9, 17)) == 2


@given(DAYS)
def test_rolling_never_goes_back_and_ends_on_a_working_day(day: date) -> None:
    """Whatever the day: never earlier, never skipping a working day, and stable."""
    rolled = ORDINARY.roll(day)
    assert rolled >= day
    assert ORDINARY.is_working(rolled)
    assert ORDINARY.roll(rolled) == rolled
    assert ORDINARY.working_days_between(day - timedelta(days=1), rolled) == 0
