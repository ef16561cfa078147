"""The tables of an edition as a page shows them: each figure under its id, which leads on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forms.canonical import NOT_APPLICABLE
from forms.definition import Column, FormVersion, Table
from forms.expressions import TOTAL
from forms.header_layout import HeaderCell, header_cells
from forms.returns import Report, RowName, State, TableData
from forms.values import write_figure

#: A page with more rows is read by nobody; the workbook has all of them.
MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class EditionCell:
    """One cell; `cell` is its id where it is a figure with parts, else ''."""

    text: str
    cell: str = ""
    is_figure: bool = True


@dataclass(frozen=True, slots=True)
class EditionRow:
    """One row under its name; a heading of a section has no cells."""

    label: str
    cells: Sequence[EditionCell] = ()
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class EditionTable:
    """One table with its header tree, level by level."""

    title: str
    heading: str
    header: Sequence[Sequence[HeaderCell]]
    columns: Sequence[Column]
    rows: Sequence[EditionRow]
    left_out: int

    @property
    def depth(self) -> int:
        """How many rows the header takes."""
        return len(self.header)


def edition_tables(form: FormVersion, report: Report) -> list[EditionTable]:
    """The tables of an edition in the order of its form."""
    return [_table(table, report.tables[table.key]) for table in form.tables]


def grouped(text: str) -> str:
    """A figure as it is written in Vietnam: 1.234.567,8. What is no figure stays as it is."""
    sign = "-" if text.startswith("-") else ""
    whole, point, rest = text.removeprefix("-").partition(".")
    if not whole.isdigit() or (point and not rest.isdigit()):
        return text
    shown = f"{int(whole):,}".replace(",", ".")
    return f"{sign}{shown},{rest}" if point else f"{sign}{shown}"


def _table(table: Table, data: TableData) -> EditionTable:
    depth = max((len(column.path) for column in table.columns), default=1)
    found = list(header_cells([column.path for column in table.columns], top=0, depth=depth))
    header = [[cell for cell in found if cell.first_row == level] for level in range(depth)]
    rows = list(_rows(table, data))
    return EditionTable(
        table.title,
        table.heading.label or "Dòng",
        header,
        table.columns,
        rows,
        max(0, len(data.names) - MOST_ROWS),
    )


def _rows(table: Table, data: TableData) -> Sequence[EditionRow]:
    rows: list[EditionRow] = []
    section = ""
    values, states = data.values[:MOST_ROWS].tolist(), data.states[:MOST_ROWS].tolist()
    for at, name in enumerate(data.names[:MOST_ROWS]):
        if name.section != section:
            section = name.section
            known = table.section_by_key.get(section)
            rows.append(EditionRow(known.label if known else section))
        cells = _cells(table, name.path, values[at], states[at], data.texts[at])
        rows.append(EditionRow(_label(table, name), cells))
    if table.total is not None:
        cells = _cells(table, TOTAL, data.total_values.tolist(), data.total_states.tolist(), {})
        rows.append(EditionRow(table.total.label, cells, is_total=True))
    return rows


def _label(table: Table, name: RowName) -> str:
    declared = table.row_by_key.get(name.key)
    number = f"{declared.number} " if declared is not None and declared.number else ""
    return f"{number}{name.label or name.key}"


def _cells(
    table: Table, path: str, values: Sequence[int], states: Sequence[int], texts: Mapping[str, str]
) -> list[EditionCell]:
    cells = []
    for column in table.columns:
        at = table.figure_index.get(column.id)
        if at is None:
            cells.append(EditionCell(texts.get(column.id, ""), is_figure=False))
        elif states[at] == State.VALUE:
            text = grouped(write_figure(int(values[at]), column.digits))
            cells.append(EditionCell(text, f"{table.key}/{path}/{column.id}"))
        else:
            is_waived = states[at] == State.NOT_APPLICABLE
            cells.append(EditionCell(NOT_APPLICABLE if is_waived else ""))
    return cells
