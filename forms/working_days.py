"""The calendar of working days in Viet Nam: the holidays of the law, the swaps, and our changes.

Holidays come from the `holidays` library. It cannot know a swap that the Government decides late
(2/1/2026 was made free and 10/1/2026 worked on 25/12/2025), so that changes stand above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from holidays import HolidayBase, country_holidays

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day that was made free, or worked, against the ordinary calendar."""

    is_working: bool
    name: str = ""


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are worked. A change goes before a holiday, and that before the day of the week.

    The days of Tết in years for which the Government has not decided yet are the library's
    estimate; an obligation keeps the due instant that was worked out when its period opened.
    """

    changes: Mapping[date, DayChange] = field(default_factory=lambda: MappingProxyType({}))
    _holidays: HolidayBase = field(
        default_factory=lambda: country_holidays("VN", language="vi"), repr=False
    )

    def is_working(self, day: date) -> bool:
        """Whether people work on this day."""
        change = self.changes.get(day)
        return change.is_working if change else bool(self._holidays.is_working_day(day))

    def name_of(self, day: date) -> str:
        """What a day is called that is out of the ordinary; '' for any other."""
        change = self.changes.get(day)
        return change.name if change else str(self._holidays.get(day) or "")

    def roll(self, day: date) -> date:
        """The day itself if it is worked, else the next one that is."""
        while not self.is_working(day):
            day += _ONE_DAY
        return day

    def working_days_between(self, after: date, before: date) -> int:
        """How many working days lie between two days, neither of them counted."""
        days = (after + timedelta(days=number) for number in range(1, (before - after).days))
        return sum(map(self.is_working, days))
