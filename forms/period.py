"""Reporting periods: their codes, their order, and the days whose figures they cover.

A period is written `2026-09`, `2026-Q3`, `2026-H1`, `2026-9M` or `2026`. The data window is a
rule of the regime; `decree` is Điều 12 of Nghị định 09/2019/NĐ-CP (the 15th to the 14th).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_CODE = re.compile(r"(?P<year>(?:19|20|21)[0-9]{2})(?:-(?P<kind>Q[1-4]|H[12]|9M|0[1-9]|1[0-2]))?")

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


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One reference period. `month` is 0 unless the period is a month."""

    year: int
    kind: str
    month: int = 0

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a code such as `2026-Q3`. Raises BadPeriod."""
        match = _CODE.fullmatch(code)
        if match is None:
            raise BadPeriod(f"{code!r} is not a period; expected such as 2026-09, 2026-Q3 or 2026")
        kind = match["kind"] or "Y"
        if kind.isdigit():
            return cls(int(match["year"]), "M", int(kind))
        return cls(int(match["year"]), kind)

    @property
    def code(self) -> str:
        """The code as it is written everywhere."""
        if self.kind == "Y":
            return str(self.year)
        return f"{self.year}-{self.month:02d}" if self.kind == "M" else f"{self.year}-{self.kind}"

    def __str__(self) -> str:
        return self.code

    @property
    def label_vi(self) -> str:
        """The period in words, as forms print it: `Quý III năm 2026`."""
        if self.kind == "M":
            return f"Tháng {self.month} năm {self.year}"
        return _LABELS_VI[self.kind].format(year=self.year)

    @property
    def months(self) -> tuple[int, int]:
        """The first and last month of the period."""
        return (self.month, self.month) if self.kind == "M" else _MONTHS[self.kind]

    def window(self, rule: str = "decree") -> Window:
        """The data window under a rule of the regime: `decree` or `calendar`."""
        first_month, last_month = self.months
        if rule == "calendar":
            next_month = date(self.year, last_month, 28) + timedelta(days=4)
            return Window(
                date(self.year, first_month, 1), next_month - timedelta(days=next_month.day)
            )
        if rule != "decree":
            raise ValueError(f"unknown data window rule {rule!r}; expected decree or calendar")
        before = date(self.year, first_month, 1) - timedelta(days=1)
        return Window(before.replace(day=15), date(self.year, last_month, 14))

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
