"""A series as people read it: one line for each column of a row, periods across.

What every door shows of a series is laid out here once: the answer to a program, the page, the
workbook and the console.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from forms.canvas import CanvasTable, Layer
from forms.definition import Column, OverTime
from forms.evaluating import BoolArray
from forms.growth import PERCENT_DIGITS, REASONS, Growth
from forms.period import Period
from forms.returns import RowName, State
from forms.time_series import Series, year_before


class Block(StrEnum):
    """What stands under one part of the header."""

    FIGURES = "figures"
    LAST_YEAR = "last_year"
    CHANGE = "change"
    PERCENT = "percent"


class Look(StrEnum):
    """What a cell is; only a figure has a value."""

    FIGURE = "figure"
    BLANK = "blank"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASKED = "not_asked"
    MISSING = "missing"  # of this period nothing is there
    NONE = "none"  # there can be no such figure; `reason` may say why


_LOOKS = {
    State.BLANK: Look.BLANK,
    State.NOT_APPLICABLE: Look.NOT_APPLICABLE,
    State.NOT_ASKED: Look.NOT_ASKED,
}


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of the laid out series: a period, or the year to date where `to_date` is set."""

    block: Block
    period: Period
    to_date: bool = False


@dataclass(frozen=True, slots=True)
class SeriesCell:
    """One cell. `partial` marks a year to date that some of its periods did not ask."""

    look: Look
    value: Decimal | None = None
    digits: int = 0
    partial: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """One column of one row, with its cell under each heading."""

    row: RowName
    column: Column
    way: OverTime
    cells: Sequence[SeriesCell]


def headings(series: Series) -> tuple[Heading, ...]:
    """What stands across: the periods and the year to date, then the same of the year before.

    Of the year before nothing stands there where nothing of it is there, or was asked for.
    """
    plain = [Heading(Block.FIGURES, period) for period in series.asked]
    now, before = series.to_date, series.to_date_before
    if now is not None:
        plain.append(Heading(Block.FIGURES, now.until, to_date=True))
    known = series.canvas.periods
    is_there = before or any(year_before(one.period) in known for one in plain)
    if not (series.growths and is_there):
        return tuple(plain)
    found = list(plain)
    for one in plain:
        if not one.to_date or before is not None:
            found.append(Heading(Block.LAST_YEAR, year_before(one.period), one.to_date))
    for block in (Block.CHANGE, Block.PERCENT):
        found += [
            Heading(block, one.period, one.to_date)
            for one in plain
            if not one.to_date or before is not None
        ]
    return tuple(found)


def rows_named(series: Series, key: str, row: str) -> list[int] | None:
    """Where a row stands in a table by its path; nowhere, or None for all rows where none is named.

    `total` is the total.
    """
    if not row:
        return None
    return [at for at, name in enumerate(series.canvas.tables[key].lines) if name.path == row]


def lines_of(series: Series, key: str, rows: Sequence[int] | None = None) -> Iterator[SeriesLine]:
    """The lines of one table, row by row, the total last; only some rows, where these are named."""
    table = series.canvas.tables[key]
    names = table.lines
    across = [_Strip.of(series, key, heading) for heading in headings(series)]
    for row in range(len(names)) if rows is None else rows:
        for at, column in enumerate(table.table.figures):
            cells = [strip.cell(row, at, column) for strip in across]
            yield SeriesLine(names[row], column, table.ways[column.id], cells)


@dataclass(frozen=True, eq=False)
class _Strip:
    """All cells of one table under one heading."""

    heading: Heading
    table: CanvasTable
    layer: Layer | None = None
    partial: BoolArray | None = None
    growth: Growth | None = None

    @classmethod
    def of(cls, series: Series, key: str, heading: Heading) -> _Strip:
        table = series.canvas.tables[key]
        if heading.block in (Block.CHANGE, Block.PERCENT):
            found = series.growth_to_date
            if not heading.to_date:
                found = series.growths.get(heading.period.code, {})
            return cls(heading, table, growth=found.get(key))
        if not heading.to_date:
            return cls(heading, table, table.layers.get(heading.period.code))
        year = series.to_date if heading.block is Block.FIGURES else series.to_date_before
        assert year is not None
        return cls(heading, table, year.tables[key], year.partial[key])

    def cell(self, row: int, at: int, column: Column) -> SeriesCell:
        if self.heading.block in (Block.CHANGE, Block.PERCENT):
            return self._grown(row, at, column)
        if self.layer is None:
            return SeriesCell(Look.MISSING)
        state = State(int(self.layer.states[row, at]))
        if state is not State.VALUE:
            is_none = self.heading.to_date and self.table.ways[column.id] is OverTime.NONE
            return SeriesCell(Look.NONE if is_none and state is State.BLANK else _LOOKS[state])
        value = Decimal(int(self.layer.values[row, at])).scaleb(-column.digits)
        partial = self.partial is not None and bool(self.partial[row, at])
        return SeriesCell(Look.FIGURE, value, column.digits, partial)

    def _grown(self, row: int, at: int, column: Column) -> SeriesCell:
        if self.growth is None:
            return SeriesCell(Look.NONE, reason="not_comparable")
        reason = str(REASONS[int(self.growth.reason[row, at])])
        if self.heading.block is Block.CHANGE:
            if not self.growth.known[row, at]:
                return SeriesCell(Look.NONE, reason=reason)
            value = Decimal(int(self.growth.absolute[row, at])).scaleb(-column.digits)
            return SeriesCell(Look.FIGURE, value, column.digits)
        if reason:
            return SeriesCell(Look.NONE, reason=reason)
        value = Decimal(int(self.growth.percent[row, at])).scaleb(-PERCENT_DIGITS)
        return SeriesCell(Look.FIGURE, value, PERCENT_DIGITS)
