"""A series as people read it: one line for each column of a row, periods across.

What every door shows of a series is laid out here once: the answer to a program, the page, the
workbook and the console.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from forms.definition import Column, OverTime
from forms.growth import PERCENT_DIGITS, REASONS
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


_VALUE = int(State.VALUE)
_LOOKS = {
    int(State.BLANK): Look.BLANK,
    int(State.NOT_APPLICABLE): Look.NOT_APPLICABLE,
    int(State.NOT_ASKED): Look.NOT_ASKED,
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
    """The lines of one table, row by row, the total last; some rows alone, in the order given."""
    table = series.canvas.tables[key]
    names = table.lines
    across = [_Strip(series, key, heading) for heading in headings(series)]
    for row in range(len(names)) if rows is None else rows:
        for at, column in enumerate(table.table.figures):
            cells = [strip.cell(row, at) for strip in across]
            yield SeriesLine(names[row], column, table.ways[column.id], cells)


class _Strip:
    """All cells of one table under one heading, as Python's own numbers."""

    def __init__(self, series: Series, key: str, heading: Heading) -> None:
        table = series.canvas.tables[key]
        self._table, self._heading = table, heading
        self._columns = table.table.figures
        self._layer: tuple[list[list[int]], list[list[int]]] | None = None
        self._partial: list[list[bool]] | None = None
        self._growth: tuple[list[list[int]], list[list[bool]], list[list[int]]] | None = None
        if heading.block in (Block.CHANGE, Block.PERCENT):
            found = series.growth_to_date
            if not heading.to_date:
                found = series.growths.get(heading.period.code, {})
            if (growth := found.get(key)) is not None:
                values = growth.absolute if heading.block is Block.CHANGE else growth.percent
                self._growth = values.tolist(), growth.known.tolist(), growth.reason.tolist()
            return
        layer = table.layers.get(heading.period.code)
        if heading.to_date:
            year = series.to_date if heading.block is Block.FIGURES else series.to_date_before
            assert year is not None
            layer, self._partial = year.tables[key], year.partial[key].tolist()
        if layer is not None:
            self._layer = layer.values.tolist(), layer.states.tolist()

    def cell(self, row: int, at: int) -> SeriesCell:
        """The cell of a row and a column."""
        if self._heading.block in (Block.CHANGE, Block.PERCENT):
            return self._grown(row, at)
        if self._layer is None:
            return SeriesCell(Look.MISSING)
        values, states = self._layer
        column = self._columns[at]
        if states[row][at] != _VALUE:
            look = _LOOKS[states[row][at]]
            is_none = self._heading.to_date and self._table.ways[column.id] is OverTime.NONE
            return SeriesCell(Look.NONE if is_none and look is Look.BLANK else look)
        value = Decimal(values[row][at]).scaleb(-column.digits)
        partial = self._partial is not None and self._partial[row][at]
        return SeriesCell(Look.FIGURE, value, column.digits, partial)

    def _grown(self, row: int, at: int) -> SeriesCell:
        if self._growth is None:
            return SeriesCell(Look.NONE, reason="not_comparable")
        values, known, reasons = self._growth
        reason = str(REASONS[reasons[row][at]])
        if self._heading.block is Block.CHANGE:
            digits, is_there = self._columns[at].digits, known[row][at]
        else:
            digits, is_there = PERCENT_DIGITS, not reason
        if not is_there:
            return SeriesCell(Look.NONE, reason=reason)
        return SeriesCell(Look.FIGURE, Decimal(values[row][at]).scaleb(-digits), digits)
