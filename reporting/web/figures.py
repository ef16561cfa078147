"""The figures of a return as they were typed, laid out as the form has its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forms.definition import Column, FormVersion, Severity, Table
from forms.issues import Issue
from forms.returns import RawReturn, RawRow
from reporting.services.typed_cells import typed

#: A page with more rows is read by nobody; the file has all of them.
MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell as it was typed, and whether something was found about it."""

    text: str
    mark: str = ""  # "", "bad" or "warn"


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row under its name."""

    name: str
    cells: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class FigureTable:
    """One table of a form with what was typed into it."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[FigureRow]
    is_nil: bool
    left_out: int


def figure_tables(form: FormVersion, raw: RawReturn, issues: Iterable[Issue]) -> list[FigureTable]:
    """The tables of a form in its order; those that were not handed in are left out."""
    marks = _marks(issues)
    return [_table(form, table, raw, marks) for table in form.tables if table.key in raw.tables]


def _table(
    form: FormVersion, table: Table, raw: RawReturn, marks: Mapping[str, str]
) -> FigureTable:
    said = raw.tables[table.key]
    prefix = "" if table.key == form.tables[0].key else f"{table.key}."
    rows = [row for row in said.rows if row.key or any(map(typed, row.cells.values()))]
    shown = [
        _row(table, row, f"{prefix}r{number:02d}", marks)
        for number, row in enumerate(rows[:MOST_ROWS], 1)
    ]
    if said.total is not None and any(map(typed, said.total.cells.values())):
        shown.append(_row(table, said.total, f"{prefix}total", marks, name="Tổng"))
    return FigureTable(table.title, table.columns, shown, said.nil, max(0, len(rows) - MOST_ROWS))


def _row(
    table: Table, row: RawRow, address: str, marks: Mapping[str, str], name: str = ""
) -> FigureRow:
    cells = []
    for position, column in enumerate(table.columns, 1):
        number = int(column.number) if column.number.isdigit() else position
        place = row.places.get(column.id) or f"{address}.c{number:02d}"
        cells.append(Figure(typed(row.cells.get(column.id)), marks.get(place, "")))
    declared = table.row_by_key.get(row.key)
    label = name or (declared.label if declared else row.key)
    return FigureRow(f"{row.section}: {label}" if row.section else label, cells)


def _marks(issues: Iterable[Issue]) -> dict[str, str]:
    """How each place that something was found about is marked; an error outweighs a warning."""
    marks: dict[str, str] = {}
    for issue in issues:
        place = issue.place or issue.address
        if place and marks.get(place) != "bad":
            marks[place] = "bad" if issue.severity is Severity.ERROR else "warn"
    return marks
