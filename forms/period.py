"""Reporting periods: their codes, their order, and the days whose figures they cover.

A period is written `2026-09`, `2026-Q3`, `2026-H1`, `2026-9M` or `2026`; `2026-10-05` is one
occasion (đợt) of a thematic or ad hoc report. The data window is a rule of the regime; `decree` is
Điều 12 of Nghị định 09/2019/NĐ-CP (the 15th to the 14th).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_CODE = re.compile(
    r"(?P<year>(?:19|20|21)[0-9]{2})"
    r"(?:-(?P<kind>Q[1-4]|H[12]|9M|0[1-9]|1[0-2])(?:-(?P<day>[0-9]{2}))?)?"
)

#: The days that there are here: those of the years that a code may name. Beyond the last of them
#: the calendar of the computer ends, and with it any arithmetic on due days.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

#: Kind -> first and last month of the period.
_MONTHS: Mapping[str, tuple[int, int]] = {
    "Q1": (1, 3),
    "Q2": (4, 6),
    "Q3": (7, 9),
    "Q4": (10, 12),
    "H1": (1, 6),
    "H2": (7, 12),
    "9M": (1, 9),
    "Y": (1, 12),
}

#: Every kind that a declaration may name; `M` stands for each month.
KINDS = ("M", *_MONTHS)

_LABELS_VI: Mapping[str, str] = {
    "Q1": "Quý I năm {year}",
    "Q2": "Quý II năm {year}",
    "Q3": "Quý III năm {year}",
    "Q4": "Quý IV năm {year}",
    "H1": "6 tháng đầu năm {year}",
    "H2": "6 tháng cuối năm {year}",
    "9M": "9 tháng năm {year}",
    "Y": "Năm {year}",
}


class BadPeriod(ValueError):
    """The text is not the code of a period."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days whose figures a period covers, both included (thời gian chốt số liệu)."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class WindowRule:
    """From which day of the month before to which day of the last month figures are counted.

    The first day of a calendar month is `first_day` 1, its end `last_day` 0. A rule that keeps
    within the year counts January from the 1st and December to the 31st.
    """

    first_day: int
    last_day: int
    within_year: bool = False


#: Điều 12 of Nghị định 09/2019/NĐ-CP: the 15th of the month before to the 14th.
DECREE = WindowRule(15, 14)

#: Whole months of the calendar, as statistical reports have it (Nghị định 60/2018/NĐ-CP).
CALENDAR = WindowRule(1, 0)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One reference period. `month` is 0 unless it is a month or a day, `day` unless a day."""

    year: int
    kind: str
    month: int = 0
    day: int = 0

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a code such as `2026-Q3`. Raises BadPeriod."""
        match = _CODE.fullmatch(code)
        if match is None:
            raise BadPeriod(f"{code!r} is not a period; expected such as 2026-09, 2026-Q3 or 2026")
        kind = match["kind"] or "Y"
        year, day = int(match["year"]), match["day"]
        if day is None:
            return cls(year, "M", int(kind)) if kind.isdigit() else cls(year, kind)
        try:
            on = date(year, int(kind), int(day))
        except ValueError:
            raise BadPeriod(f"{code!r} is no day; expected such as 2026-10-05") from None
        return cls(on.year, "D", on.month, on.day)

    @classmethod
    def of_kind(cls, kind: str, year: int) -> list[Self]:
        """The periods of a kind in a year: one, or each month."""
        if kind == "M":
            return [cls(year, kind, month) for month in range(1, 13)]
        return [cls(year, kind)]

    @property
    def code(self) -> str:
        """The code as it is written everywhere."""
        if self.kind == "Y":
            return str(self.year)
        if self.kind == "D":
            return f"{self.year}-{self.month:02d}-{self.day:02d}"
        return f"{self.year}-{self.month:02d}" if self.kind == "M" else f"{self.year}-{self.kind}"

    def __str__(self) -> str:
        return self.code

    @property
    def label_vi(self) -> str:
        """The period in words, as forms print it: `Quý III năm 2026`."""
        if self.kind == "M":
            return f"Tháng {self.month} năm {self.year}"
        if self.kind == "D":
            return f"Đợt ngày {self.day:02d}/{self.month:02d}/{self.year}"
        return _LABELS_VI[self.kind].format(year=self.year)

    @property
    def months(self) -> tuple[int, int]:
        """The first and last month of the period."""
        return (self.month, self.month) if self.kind in "MD" else _MONTHS[self.kind]

    def window(self, rule: WindowRule = DECREE) -> Window:
        """The data window under a rule of the regime; a day is its own window."""
        if self.kind == "D":
            on = date(self.year, self.month, self.day)
            return Window(on, on)
        first_month, last_month = self.months
        return Window(self._first(rule, first_month), self._last(rule, last_month))

    def _first(self, rule: WindowRule, month: int) -> date:
        first = date(self.year, month, 1)
        if rule.first_day == 1 or (rule.within_year and month == 1):
            return first
        return (first - timedelta(days=1)).replace(day=rule.first_day)

    def _last(self, rule: WindowRule, month: int) -> date:
        if rule.last_day and not (rule.within_year and month == 12):  # noqa: PLR2004 - December
            return date(self.year, month, rule.last_day)
        after = date(self.year, month, 28) + timedelta(days=4)
        return after - timedelta(days=after.day)

    def predecessor(self, predecessors: Mapping[str, str]) -> Period | None:
        """The period that `previous(...)` reads, by the regime's own map; None if it has none.

        The map says which kind precedes which (`Q1: Y`). The predecessor is the latest period
        of that kind that ends before this one does: Q1 of a year follows the Year before it,
        because the Year report restarts on 15/12.
        """
        kind = predecessors.get(self.kind)
        if kind is None:
            return None
        if kind == "M":
            month = self.months[1] - 1 if self.kind == "M" else self.months[1]
            return Period(self.year, "M", month) if month else Period(self.year - 1, "M", 12)
        ends_earlier = _MONTHS[kind][1] < self.months[1]
        return Period(self.year if ends_earlier else self.year - 1, kind)

    def next(self) -> Period:
        """The period of the same kind that follows: 2026-12 -> 2027-01, 2026-Q3 of 2027."""
        if self.kind == "M" and self.month < 12:  # noqa: PLR2004 - December
            return Period(self.year, "M", self.month + 1)
        return Period(self.year + 1, self.kind, 1 if self.kind == "M" else 0)
