"""What a cell of a consolidated report is made of: the cells of reports that add up to it.

Pure, and exact by construction: a summed cell is its parts, a cell worked out by a linear formula
is the parts of what it is worked out from, a ratio is two such sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from forms.compiling import CompiledTable, Scaled, compile_form
from forms.consolidating import Contribution, mapped_cells
from forms.definition import FormVersion, Table
from forms.expressions import TOTAL, Ref
from forms.returns import Int64Array, State, StateArray, TableData

#: Stands in a cell id for "all of them".
ALL = "*"

_VALUE = int(State.VALUE)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one report brings into a cell: `value` is at the digits of that cell.

    `source` counts the contributions, `report` is the key of the report (0: none, where a cell is
    worked out from one that is no sum). `inside` are the cells of the report that are in it, where
    they are several.
    """

    source: int
    report: int
    cell: str
    value: int
    inside: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure with the pieces that add exactly to it, together with a constant of a formula."""

    value: int
    digits: int
    pieces: tuple[Piece, ...]
    constant: int = 0


@dataclass(frozen=True, slots=True)
class CellParts:
    """One cell taken apart: one sum, two for a ratio (numerator, denominator), none if it is blank.

    `is_computed` says that its formula gave it, and not the reports' own cell.
    """

    cell: str
    state: State
    value: int
    digits: int
    sums: tuple[Sum, ...] = ()
    is_computed: bool = False

    @property
    def is_ratio(self) -> bool:
        """Whether it is worked out by dividing one sum by the other."""
        return len(self.sums) == 2


class Origins(NamedTuple):
    """Where each row of a contribution comes from: the key of its report, and its name there."""

    keys: Sequence[int]
    paths: Sequence[str]


class _Rows(NamedTuple):
    """One contribution in the shape of its consolidated table."""

    source: int
    groups: Int64Array
    values: Int64Array
    states: StateArray


class _Found(NamedTuple):
    """Pieces, the constant beside them, and whether a formula led to them."""

    pieces: list[Piece]
    constant: int = 0
    is_computed: bool = False

    @property
    def value(self) -> int:
        """What they add up to."""
        return sum(piece.value for piece in self.pieces) + self.constant


class Dissection:
    """A consolidated report that is taken apart, cell by cell."""

    def __init__(
        self,
        form: FormVersion,
        tables: Mapping[str, TableData],
        contributions: Sequence[Contribution],
        origins: Sequence[Origins],
    ) -> None:
        self._form = form
        self._tables = tables
        self._contributions = contributions
        self._origins = origins
        self._rows: dict[str, list[_Rows]] = {}

    def parts_of(self, cell: str) -> CellParts | None:
        """The parts of one cell, `table/row/column`; None where there is no such cell."""
        figure = figure_at(self._form, self._tables, cell)
        if figure is None:
            return None
        state, value, digits = figure
        if state is not State.VALUE:
            return CellParts(cell, state, 0, digits)
        key, _, rest = cell.partition("/")
        path, _, column_id = rest.rpartition("/")
        table = self._form.table_by_key[key]
        row, column = self._row_index(table, path), table.figure_index[column_id]
        found = self._at(table, row, column)
        if not isinstance(found, _Found):
            return CellParts(cell, state, value, digits, found, is_computed=True)
        pieces = found.pieces if row is not None else _by_report(found.pieces)
        whole = Sum(value, digits, tuple(pieces), found.constant)
        return CellParts(cell, state, value, digits, (whole,), found.is_computed)

    @cached_property
    def _compiled(self) -> Mapping[str, CompiledTable]:
        return {one.table.key: one for one in compile_form(self._form).tables}

    def _row_index(self, table: Table, path: str) -> int | None:
        paths = [name.path for name in self._tables[table.key].names]
        return paths.index(path) if path in paths else None

    def _at(self, table: Table, row: int | None, column: int) -> _Found | tuple[Sum, Sum]:
        """A cell of a row, or of the total (None), as a sum or as the two sums of a ratio."""
        if row is None:
            return self._total(table, column)
        direct = self._direct(table, row, column)
        if direct.pieces:
            return direct
        return self._worked_out(table, row, column)

    def _total(self, table: Table, column: int) -> _Found | tuple[Sum, Sum]:
        compiled, data = self._compiled[table.key], self._tables[table.key]
        if table.total is None or not len(compiled.sums):
            return self._at(table, 0, column)  # The only row speaks for the whole.
        if column in compiled.sums:
            return self._down(table, column)
        return self._ratio(table, None, column) or self._itself(data, table, None, column)

    def _down(self, table: Table, column: int) -> _Found:
        """All data rows of a column."""
        data = self._tables[table.key]
        pieces: list[Piece] = []
        constant = 0
        for row in np.flatnonzero(data.states[:, column] == _VALUE).tolist():
            found = self._linear_at(table, row, column)
            pieces += found.pieces
            constant += found.constant
        return _Found(pieces, constant)

    def _linear_at(self, table: Table, row: int | None, column: int) -> _Found:
        """A cell as a sum; one that is a ratio stands for itself."""
        found = self._at(table, row, column)
        if isinstance(found, _Found):
            return found
        return self._itself(self._tables[table.key], table, row, column)

    def _itself(self, data: TableData, table: Table, row: int | None, column: int) -> _Found:
        path = TOTAL if row is None else data.names[row].path
        value = data.total_values[column] if row is None else data.values[row, column]
        name = f"{table.key}/{path}/{table.figures[column].id}"
        return _Found([Piece(-1, 0, name, int(value))])

    def _direct(self, table: Table, row: int, column: int) -> _Found:
        """The cells of reports that were summed into a cell."""
        pieces = []
        for rows in self._rows_of(table):
            part, origin = self._contributions[rows.source], self._origins[rows.source]
            there = np.flatnonzero((rows.groups == row) & (rows.states[:, column] == _VALUE))
            own = table.figures[column].id
            own = part.source.columns.get(own, own)
            for at in there.tolist():
                cell = f"{part.table.key}/{origin.paths[at]}/{own}"
                value = int(rows.values[at, column])
                pieces.append(Piece(rows.source, origin.keys[at], cell, value))
        return _Found(pieces)

    def _rows_of(self, table: Table) -> list[_Rows]:
        if table.key not in self._rows:
            names = self._tables[table.key].names
            position = {name.path: index for index, name in enumerate(names)}
            found = []
            for source, part in enumerate(self._contributions):
                if part.source.into != table.key or not len(part.names):
                    continue
                places = np.array([position.get(name.path, -1) for name in part.names], np.int64)
                values, states = mapped_cells(table, part)
                found.append(_Rows(source, places[part.name_of_row], values, states))
            self._rows[table.key] = found
        return self._rows[table.key]

    def _worked_out(self, table: Table, row: int, column: int) -> _Found | tuple[Sum, Sum]:
        """A cell that no report has: by the formula of its row or column, whichever gives it."""
        compiled, data = self._compiled[table.key], self._tables[table.key]
        key, target = data.names[row].key, table.figures[column].id
        by_row = (one.scaled[column] for one in compiled.row_formulas if one.target == key)
        by_column = (
            one.scaled[0]
            for one in compiled.column_formulas
            if one.target == target and one.percent is None
        )
        for scaled in (*by_row, *by_column):
            found = self._linear(scaled, table, row, column)
            if found.value == int(data.values[row, column]):
                return found
        return self._ratio(table, row, column) or self._itself(data, table, row, column)

    def _ratio(self, table: Table, row: int | None, column: int) -> tuple[Sum, Sum] | None:
        target = table.figures[column].id
        for formula in self._compiled[table.key].column_formulas:
            if formula.target == target and formula.percent is not None:
                part, whole = (
                    self._as_sum(scaled, table, row, column) for scaled in formula.percent
                )
                return part, whole
        return None

    def _as_sum(self, scaled: Scaled, table: Table, row: int | None, column: int) -> Sum:
        found = self._linear(scaled, table, row, column)
        pieces = found.pieces if row is not None else _by_report(found.pieces)
        return Sum(found.value, scaled.digits, tuple(pieces), found.constant)

    def _linear(self, scaled: Scaled, table: Table, row: int | None, column: int) -> _Found:
        pieces: list[Piece] = []
        constant = scaled.constant
        for ref, coefficient in scaled.terms:
            found = self._named(ref, table, row, column)
            pieces += [replace(one, value=one.value * coefficient) for one in found.pieces]
            constant += found.constant * coefficient
        return _Found(pieces, constant, is_computed=True)

    def _named(self, ref: Ref, table: Table, row: int | None, column: int) -> _Found:
        """What one ref of a formula names."""
        home = self._form.table_by_key[ref.table] if ref.table else table
        data = self._tables[home.key]
        if ref.kind == "rows":
            return _Found([], len(data.names))
        at = home.figure_index[ref.column] if ref.column else column
        if ref.kind == "sum":
            return self._down(home, at)
        if ref.row == TOTAL:
            row = None
        elif ref.row:
            row = self._row_index(home, ref.row)
            if row is None:
                return _Found([])
        elif home is not table:
            row = 0
        state = data.total_states[at] if row is None else data.states[row, at]
        return self._linear_at(home, row, at) if state == _VALUE else _Found([])


def figure_at(
    form: FormVersion, tables: Mapping[str, TableData], cell: str
) -> tuple[State, int, int] | None:
    """State, value and digits of a cell, `table/row/column`; None where there is none."""
    key, _, rest = cell.partition("/")
    path, _, column_id = rest.rpartition("/")
    table = form.table_by_key.get(key)
    if table is None or column_id not in table.figure_index:
        return None
    column, data = table.figure_index[column_id], tables[key]
    values, states = data.total_values, data.total_states
    if path != TOTAL:
        paths = [name.path for name in data.names]
        if path not in paths:
            return None
        at = paths.index(path)
        values, states = data.values[at], data.states[at]
    return State(int(states[column])), int(values[column]), table.figures[column].digits


def cell_labels(form: FormVersion, tables: Mapping[str, TableData], cell: str) -> tuple[str, str]:
    """The row and the column of a cell in words."""
    key, _, rest = cell.partition("/")
    path, _, column_id = rest.rpartition("/")
    table = form.table_by_key[key]
    column = table.by_id.get(column_id)
    name = next((one for one in tables[key].names if one.path == path), None)
    section = table.section_by_key.get(name.section) if name is not None else None
    row = (name.label or name.key) if name is not None else ""
    if path == TOTAL:
        row = table.total.label if table.total is not None else ""
    column_label = f"({column.number}) {column.label}" if column and column.number else ""
    return f"{section.label}: {row}" if section else row, column_label or column_id


def _by_report(pieces: Iterable[Piece]) -> list[Piece]:
    """One piece for each report, however many of its cells are in it."""
    found: dict[tuple[int, int], list[Piece]] = {}
    for piece in pieces:
        found.setdefault((piece.source, piece.report), []).append(piece)
    return [_together(mine) for mine in found.values()]


def _together(pieces: Sequence[Piece]) -> Piece:
    first = pieces[0]
    if len(pieces) == 1:
        return first
    columns = {piece.cell.rpartition("/")[2] for piece in pieces}
    column = columns.pop() if len(columns) == 1 else ALL
    table = first.cell.partition("/")[0]
    return Piece(
        first.source,
        first.report,
        f"{table}/{ALL}/{column}",
        sum(piece.value for piece in pieces),
        tuple(pieces),
    )
