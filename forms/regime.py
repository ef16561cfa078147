"""Reporting regimes (chế độ báo cáo): who reports what, to whom, how often, and when.

A regime has the eleven components of Điều 7 of Nghị định 09/2019/NĐ-CP. Reading one from its file
is the matter of forms.reading_regimes; its days in one period that of forms.timetable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from forms.period import Period, Window, WindowRule


class RegimeKind(StrEnum):
    """Điều 4: repeated, on one theme, or on something unforeseen."""

    PERIODIC = "định kỳ"
    THEMATIC = "chuyên đề"
    AD_HOC = "đột xuất"


class Issuer(StrEnum):
    """Who may issue a regime at all (Điều 6)."""

    GOVERNMENT = "government"
    MINISTRY = "ministry"
    GOVERNMENT_AGENCY = "government_agency"
    PROVINCE = "province"
    COMMUNE = "commune"
    CHAIR = "chair"


class LegalForm(StrEnum):
    """The kind of document: văn bản quy phạm pháp luật, or văn bản hành chính."""

    NORMATIVE = "normative"
    ADMINISTRATIVE = "administrative"


class Opens(StrEnum):
    """When sending may begin: with the data window, on its last day, or on the day after it."""

    WINDOW_FIRST = "window_first"
    WINDOW_LAST = "window_last"
    AFTER_WINDOW = "after_window"


class Roll(StrEnum):
    """What becomes of a due day on which nobody works."""

    NONE = "none"
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True, slots=True)
class LegalText:
    """The document in which a regime stands. `valid_from` is the first day it is in force."""

    number: str
    issuer: str
    issued_by: Issuer
    form: LegalForm
    issued_on: date | None = None
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day of the month in which the period ends, or of a month after that one."""

    day: int
    months_after: int = 0

    def on(self, period: Period) -> date:
        """The day of the calendar in one period."""
        months = period.months[1] - 1 + self.months_after
        return date(period.year + months // 12, months % 12 + 1, self.day)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time that a thematic or ad hoc report is asked for; its days are free (Điều 8(5)c)."""

    period: str
    window: Window
    opens: date
    due: date


@dataclass(frozen=True, slots=True)
class Clockwork:
    """What the clock does of itself, in whole days.

    `remind` counts back from the due day, the others on from it. Without `close` a period stays
    open for late reports.
    """

    remind: tuple[int, ...] = ()
    escalate: tuple[int, ...] = ()
    consolidate: tuple[int, ...] = ()
    close: int | None = None


@dataclass(frozen=True)
class Regime:
    """One regime. `due` is by kind of unit; occasions take its place in what is not periodic.

    `predecessors` says which kind of period `previous(...)` reads for each kind; where it is
    empty, nothing is carried over. A secret regime is listed and takes no data (Điều 1(2)).
    `approver_differs` says that who signs may have entered nothing (TT01 Điều 17(1)a). An edition
    with fewer reports than `publish_from` in a hundred of those expected is not handed over.
    `text` is the declaration to the byte.
    """

    code: str
    name: str
    source: str
    kind: RegimeKind
    legal: LegalText
    content: tuple[str, ...]
    about: str
    reporters: str
    receiver: str
    methods: tuple[str, ...]
    periods: tuple[str, ...]
    window: WindowRule
    opens: Opens
    due: Mapping[str, DueDay]
    roll: Roll
    clockwork: Clockwork
    predecessors: Mapping[str, str]
    occasions: tuple[Occasion, ...] = ()
    forms: tuple[str, ...] = ()
    outline: tuple[str, ...] = ()
    guidance: str = ""
    is_secret: bool = False
    publish_from: int = 0
    approver_differs: bool = False
    note: str = ""
    text: str = ""

    def occasion(self, period: str) -> Occasion | None:
        """The occasion of this code, if the regime asks for it."""
        return next((found for found in self.occasions if found.period == period), None)
