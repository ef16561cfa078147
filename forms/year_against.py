"""The Year is a report of its own, not the sum of its quarters: where the two differ, and what of
it is a warning.

What happened in a year is at least what happened in some of its quarters; where the regime has all
four, or twelve months, the two are the same. What stood at its beginning is what stood before its
first quarter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from forms.canvas import Canvas
from forms.cumulating import YearToDate
from forms.definition import Column, OverTime, Severity
from forms.issues import Issue
from forms.period import Period
from forms.returns import RowName, State
from forms.values import write_figure


@dataclass(frozen=True, slots=True)
class YearDifference:
    """One cell in which the report of a year is not what its periods come to.

    Figures are scaled by the digits of the column. `issue` is None where nothing is wrong with it:
    the year goes on after the third quarter.
    """

    table: str
    row: RowName
    column: Column
    way: OverTime
    year: int
    parts: int
    issue: Issue | None

    @property
    def difference(self) -> int:
        """The year less its periods."""
        return self.year - self.parts


def year_differences(canvas: Canvas, parts: YearToDate) -> list[YearDifference]:
    """Every cell in which the year says otherwise than its periods, all of which are there."""
    year = Period(parts.until.year, "Y")
    found: list[YearDifference] = []
    for key, table in canvas.tables.items():
        own, gathered = table.layers[year.code], parts.tables[key]
        both = (own.states == State.VALUE) & (gathered.states == State.VALUE)
        lines = table.lines
        unlike = both & (own.values != gathered.values)
        places = zip(*(axis.tolist() for axis in unlike.nonzero()), strict=True)
        # The total, which is the last line, is read first.
        for row, position in sorted(places, key=lambda at: (at[0] != len(lines) - 1, at)):
            column = table.table.figures[position]
            said, came_to = (int(layer.values[row, position]) for layer in (own, gathered))
            way = table.ways[column.id]
            line = YearDifference(key, lines[row], column, way, said, came_to, None)
            is_exact = not bool(parts.partial[key][row, position])
            found.append(_judged(line, parts, is_exact=is_exact))
    return found


def _judged(line: YearDifference, parts: YearToDate, *, is_exact: bool) -> YearDifference:
    code = next(_codes(line, is_whole=parts.is_whole_year and is_exact), "")
    if not code:
        return line
    column = line.column
    issue = Issue(
        code,
        Severity.WARNING,
        cell=f"{line.table}/{line.row.path}/{column.id}",
        address=f"{line.row.label or line.row.path}, ({column.number or column.id})",
        given=write_figure(line.year, column.digits),
        expected=write_figure(line.parts, column.digits),
        label=column.label,
        rule_id=f"{line.table}.year",
        rule=", ".join(period.code for period in parts.periods),
    )
    return replace(line, issue=issue)


def _codes(line: YearDifference, *, is_whole: bool) -> Iterator[str]:
    """What of a difference wants an explanation."""
    if line.way is OverTime.FLOW and line.year < line.parts:
        yield "year_below_parts"
    if line.way is OverTime.OPENING or is_whole:
        yield "year_differs"
