"""The figures of a return as they were typed, laid out as the form has its columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forms.definition import Column, FormVersion, Severity, Table
from forms.expressions import TOTAL
from forms.issues import Issue
from forms.returns import RawReturn, RawRow, RawTable, Report, RowName, State, TableData
from forms.text import normalise
from forms.values import write_figure
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


def figure_tables(
    form: FormVersion, raw: RawReturn, issues: Iterable[Issue] = (), report: Report | None = None
) -> list[FigureTable]:
    """The tables of a form in its order; those that were not handed in are left out.

    What the form computes and was left out is shown as `report` has it.
    """
    marks = _marks(issues)
    tables = []
    for table in form.tables:
        if table.key in raw.tables:
            computed = _computed(table, report.tables[table.key]) if report is not None else {}
            prefix = "" if table.key == form.tables[0].key else f"{table.key}."
            tables.append(_table(table, raw.tables[table.key], prefix, marks, computed))
    return tables


def as_typed(canonical: bytes) -> RawReturn:
    """A report that was received, as if it had just been typed."""
    said = json.loads(canonical)
    raw = RawReturn(said["form"], said["version"], said["unit"], said["period"])
    for key, table in said["tables"].items():
        rows = [
            RawRow(row["label"] or row["key"], row.get("section", ""), row["cells"])
            for row in table["rows"]
        ]
        raw.tables[key] = RawTable(rows, RawRow(cells=table["total"]), table.get("nil", False))
    return raw


def _table(
    table: Table,
    said: RawTable,
    prefix: str,
    marks: Mapping[str, str],
    computed: Mapping[tuple[str, str], str],
) -> FigureTable:
    rows = [row for row in said.rows if row.key or any(map(typed, row.cells.values()))]
    shown = []
    for number, row in enumerate(rows[:MOST_ROWS], 1):
        shown.append(_row(table, row, f"{prefix}r{number:02d}", marks, computed))
    total = said.total or RawRow()
    if table.total is not None and any((TOTAL, column.id) in computed for column in table.columns):
        total = RawRow(TOTAL, "", total.cells, total.places)
        shown.append(_row(table, total, f"{prefix}total", marks, computed))
    elif any(map(typed, total.cells.values())):
        shown.append(_row(table, total, f"{prefix}total", marks, computed))
    return FigureTable(table.title, table.columns, shown, said.nil, max(0, len(rows) - MOST_ROWS))


def _row(
    table: Table,
    row: RawRow,
    address: str,
    marks: Mapping[str, str],
    computed: Mapping[tuple[str, str], str],
) -> FigureRow:
    cells = []
    for position, column in enumerate(table.columns, 1):
        number = int(column.number) if column.number.isdigit() else position
        place = row.places.get(column.id) or f"{address}.c{number:02d}"
        text = typed(row.cells.get(column.id)) or computed.get((_name(row), column.id), "")
        cells.append(Figure(text, marks.get(place, "")))
    declared = table.row_by_key.get(row.key)
    label = "Tổng" if address.endswith(TOTAL) else declared.label if declared else row.key
    return FigureRow(f"{row.section}: {label}" if row.section else label, cells)


def _computed(table: Table, data: TableData) -> dict[tuple[str, str], str]:
    """Each figure that could be read or computed, by its row as it is compared and its column."""
    figures: dict[tuple[str, str], str] = {}
    lines = [
        (name, values, states)
        for label in ("key", "label")
        for name, values, states in zip(
            (_of_report(one, label) for one in data.names), data.values, data.states, strict=True
        )
    ]
    lines.append((TOTAL, data.total_values, data.total_states))
    for name, values, states in lines:
        for column, value, state in zip(table.figures, values, states, strict=True):
            if state == State.VALUE:
                figures[name, column.id] = write_figure(int(value), column.digits)
    return figures


def _name(row: RawRow) -> str:
    return f"{normalise(row.section)}:{normalise(row.key)}" if row.section else normalise(row.key)


def _of_report(name: RowName, label: str) -> str:
    key = normalise(name.key if label == "key" else name.label)
    return f"{normalise(name.section)}:{key}" if name.section else key


def _marks(issues: Iterable[Issue]) -> dict[str, str]:
    """How each place that something was found about is marked; an error outweighs a warning."""
    marks: dict[str, str] = {}
    for issue in issues:
        place = issue.place or issue.address
        if place and marks.get(place) != "bad":
            marks[place] = "bad" if issue.severity is Severity.ERROR else "warn"
    return marks
