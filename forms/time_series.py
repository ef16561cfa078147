"""Periods of one unit side by side, with the year to date, the year before, and the growth.

Pure: what is there of each period goes in, in any order; what is asked for comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from forms.canvas import Canvas, Layer, PeriodFigures, in_order, lay_out
from forms.cumulating import YearToDate, parts_of_year, parts_until, year_to_date
from forms.definition import FormVersion
from forms.growth import Growth, growth
from forms.period import Period
from forms.year_against import YearDifference, year_differences


@dataclass(frozen=True, eq=False)
class YearCheck:
    """One year held against its periods; `missing` are those that are not there to compare."""

    year: Period
    parts: tuple[Period, ...]
    missing: tuple[Period, ...]
    differences: Sequence[YearDifference] = ()

    @property
    def is_done(self) -> bool:
        """Whether the year and all its periods are there."""
        return not self.missing


@dataclass(frozen=True, eq=False)
class Series:
    """Periods of one unit side by side.

    `growths` are by the code of the later period and by table; that of the year to date is
    `growth_to_date`, empty where the two years to date are not made of the same periods.
    """

    canvas: Canvas
    asked: tuple[Period, ...]
    to_date: YearToDate | None
    to_date_before: YearToDate | None
    growths: Mapping[str, Mapping[str, Growth]]
    growth_to_date: Mapping[str, Growth]
    checks: Sequence[YearCheck]

    @property
    def missing(self) -> tuple[Period, ...]:
        """The periods that were asked for and of which nothing is there."""
        return tuple(period for period in self.asked if period not in self.canvas.periods)


def year_before(period: Period) -> Period:
    """The same period last year; of a leap day, which has none, the day before."""
    day = 28 if (period.month, period.day) == (2, 29) else period.day
    return replace(period, year=period.year - 1, day=day)


def needed(form: FormVersion, asked: Iterable[Period], *, compare: bool) -> tuple[Period, ...]:
    """Every period that a series reads: those asked for, their year to date, the year before."""
    wanted = set(asked)
    last = _last_part(wanted)
    if last is not None:
        wanted |= set(parts_until(last))
    for year in {period.year for period in wanted if period.kind == "Y"}:
        wanted |= set(parts_of_year(form, year))
    if compare:
        wanted |= {year_before(period) for period in wanted}
    return tuple(sorted(wanted, key=in_order))


def make_series(
    reports: Iterable[PeriodFigures],
    asked: Iterable[Period],
    *,
    compare: bool = True,
    sources: Mapping[str, FormVersion] | None = None,
) -> Series:
    """Lay what is there side by side, and work out what follows. Raises FigureOverflow.

    At least one report is given.
    """
    canvas = lay_out(reports, sources=sources)
    wanted = tuple(sorted(set(asked), key=in_order))
    last = _last_part(wanted)
    now = year_to_date(canvas, last) if last else None
    before = year_to_date(canvas, year_before(last)) if last and compare else None
    comparable = (
        now
        and before
        and [_place(one) for one in now.periods] == [_place(one) for one in before.periods]
    )
    return Series(
        canvas,
        wanted,
        now,
        before,
        {period.code: _growths(canvas, period) for period in wanted} if compare else {},
        _between(canvas, now.tables, before.tables) if comparable and now and before else {},
        [_check(canvas, period) for period in wanted if period.kind == "Y"],
    )


def _last_part(periods: Iterable[Period]) -> Period | None:
    parts = [period for period in periods if parts_until(period)]
    return max(parts, key=in_order, default=None)


def _place(period: Period) -> tuple[str, int]:
    """Which part of its year a period is."""
    return period.kind, period.month


def _growths(canvas: Canvas, period: Period) -> Mapping[str, Growth]:
    before = year_before(period)
    if period not in canvas.periods or before not in canvas.periods:
        return {}
    return _between(
        canvas,
        {key: table.layers[period.code] for key, table in canvas.tables.items()},
        {key: table.layers[before.code] for key, table in canvas.tables.items()},
    )


def _between(
    canvas: Canvas, now: Mapping[str, Layer], base: Mapping[str, Layer]
) -> Mapping[str, Growth]:
    return {key: growth(table, now[key], base[key]) for key, table in canvas.tables.items()}


def _check(canvas: Canvas, year: Period) -> YearCheck:
    """A year held against its quarters, or months, where all of them are there."""
    parts = parts_of_year(canvas.form, year.year)
    missing = tuple(period for period in (*parts, year) if period not in canvas.periods)
    if missing or not parts:
        return YearCheck(year, parts, missing or (year,))
    gathered = year_to_date(canvas, parts[-1])
    assert gathered is not None
    return YearCheck(year, parts, (), year_differences(canvas, gathered))
