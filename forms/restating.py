"""Restating figures to another map of units: the new unit is the sum of those that went into it.

Pure: no database, no clock. Many into one is exact. One into many needs declared shares that add to
1, and what comes of it is an estimate, marked as such; sums over all units stay what they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forms.aggregating import FigureOverflow, group_sums
from forms.apportioning import Part, Tables, UnitMap, no_sums, shares_of, split_tables
from forms.checking import batch_of, tables_of_batch
from forms.code_lists import CodeList
from forms.compiling import CompiledTable, compile_form
from forms.consolidating import TotalTooLarge, keep_only_row, order_rows, refuse_too_large
from forms.definition import CellType, FormVersion, RowModel, Table
from forms.evaluating import BoolArray, compute_columns, sum_rows
from forms.period import Window
from forms.returns import Int64Array, RowName, State, StateArray, TableData
from forms.totals import fill_totals


@dataclass(frozen=True)
class Restated:
    """Tables under another map, and by table the paths of rows whose every cell is an estimate."""

    tables: dict[str, TableData]
    estimated: Mapping[str, frozenset[str]]


def restate_rows(
    form: FormVersion,
    tables: Tables,
    moves: UnitMap,
    *,
    labels: Mapping[str, str],
    ranks: Mapping[str, int],
) -> Restated:
    """Tables whose rows are units, under another map; every other table stays as it is.

    `labels` are the names of units on that map, `ranks` which of them come first. The row of a unit
    into which just one went is that one's own, ratios and all. Raises NotRestatable, TotalTooLarge.
    """
    made: dict[str, TableData] = {}
    estimated: dict[str, frozenset[str]] = {}
    for table in form.tables:
        data = tables[table.key]
        if table.model is RowModel.UNITS:
            rows = _moved(form, tables, table, moves, labels)
            order = _order(table, rows.names, ranks)
            data = replace(_grouped(table, rows, order), nil=data.nil)
            estimated[table.key] = rows.estimated_paths
        made[table.key] = data
    touched = {table.key for table in form.tables if table.model is RowModel.UNITS}
    return Restated(finish(form, made, touched), estimated)


def finish(form: FormVersion, tables: Tables, only: set[str] | None = None) -> dict[str, TableData]:
    """Ratios worked out again where they are blank, and totals; sums are sums already.

    Raises TotalTooLarge.
    """
    batch = batch_of(form, [_copied(tables)])
    for compiled in compile_form(form).tables:
        key = compiled.table.key
        if only is not None and key not in only:
            continue
        compute_columns(_without_sums(compiled), batch)
        figures = batch.figures[key]
        refuse_too_large(compiled.table, tables[key].names, figures.values)
        if compiled.table.total is not None and len(compiled.sums):
            sums, _ = sum_rows(figures, compiled.sums)
            refuse_too_large(compiled.table, [RowName("")], sums, compiled.sums.tolist())
            fill_totals(compiled, batch)
        else:
            figures.total_values[:], figures.total_states[:] = 0, State.BLANK
            keep_only_row(figures)
    return tables_of_batch(batch, tables)


def add_up(
    form: FormVersion, reports: Sequence[Tables], order: Mapping[str, Sequence[RowName]]
) -> dict[str, TableData]:
    """The reports of several units as that of one: rows of one name are summed, others stand alone.

    `order` says for each table in which order its rows stand. Raises TotalTooLarge.
    """
    made: dict[str, TableData] = {}
    for table in form.tables:
        parts = [report[table.key] for report in reports]
        rows = _Rows(
            tuple(name for part in parts for name in part.names),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.states for part in parts]),
            [cells for part in parts for cells in part.texts],
            np.zeros(sum(len(part.names) for part in parts), np.bool_),
        )
        data = _grouped(table, rows, order[table.key])
        made[table.key] = replace(data, nil=all(part.nil for part in parts))
    return finish(form, made)


def order_of(
    form: FormVersion,
    reports: Sequence[Tables],
    *,
    window: Window,
    lists: Mapping[str, CodeList],
    ranks: Mapping[str, int],
) -> dict[str, list[RowName]]:
    """In which order the rows of several reports stand in one, as in an edition."""
    order: dict[str, list[RowName]] = {}
    for table in form.tables:
        found: dict[str, RowName] = {}
        labels: dict[str, Counter[str]] = {}
        for name in (name for report in reports for name in report[table.key].names):
            found.setdefault(name.path, name)
            labels.setdefault(name.path, Counter())[name.label] += 1
        order[table.key] = order_rows(table, found, labels, window, lists, ranks)
    return order


@dataclass(frozen=True)
class _Rows:
    """Rows before they are grouped, several under one name perhaps."""

    names: tuple[RowName, ...]
    values: Int64Array
    states: StateArray
    texts: Sequence[Mapping[str, str]]
    estimated: BoolArray

    @property
    def estimated_paths(self) -> frozenset[str]:
        """The names under which any part is an estimate."""
        marked = zip(self.names, self.estimated.tolist(), strict=True)
        return frozenset(name.path for name, is_so in marked if is_so)


def _moved(
    form: FormVersion, tables: Tables, table: Table, moves: UnitMap, labels: Mapping[str, str]
) -> _Rows:
    """Each row under the name of the unit into which it goes; one of several is split first."""
    data = tables[table.key]
    names: list[RowName] = []
    texts: list[Mapping[str, str]] = []
    values, states = [data.values[:0]], [data.states[:0]]
    estimated: list[bool] = []
    for at, name in enumerate(data.names):
        parts = moves.get(name.key) or (Part(name.key),)
        shares = shares_of(name.key, parts)
        one = slice(at, at + 1)
        pieces = [(data.values[one], data.states[one], data.texts[at])]
        if len(parts) > 1:
            alone = _only(form, tables, table, at)
            split = [each[table.key] for each in split_tables(form, alone, shares)]
            pieces = [(piece.values, piece.states, {}) for piece in split]
        for part, (row, row_states, cells) in zip(parts, pieces, strict=True):
            label = labels.get(part.unit, name.label if part.unit == name.key else part.unit)
            names.append(RowName(part.unit, name.section, label))
            values.append(row)
            states.append(row_states)
            texts.append(cells)
            estimated.append(len(parts) > 1)
    return _Rows(
        tuple(names),
        np.concatenate(values),
        np.concatenate(states),
        texts,
        np.array(estimated, np.bool_),
    )


def _only(form: FormVersion, tables: Tables, table: Table, at: int) -> Tables:
    """The report of which one row of one table is left."""

    def cut(data: TableData, rows: slice) -> TableData:
        return replace(
            data,
            names=data.names[rows],
            values=data.values[rows],
            states=data.states[rows],
            texts=data.texts[rows],
        )

    return {
        other.key: cut(tables[other.key], slice(at, at + 1) if other is table else slice(0, 0))
        for other in form.tables
    }


def _order(table: Table, names: Iterable[RowName], ranks: Mapping[str, int]) -> tuple[RowName, ...]:
    """Units by section, rank and code, each once."""
    found = {name.path: name for name in names}
    sections = {section.key: number for number, section in enumerate(table.sections)}

    def place(name: RowName) -> tuple[int, int, str]:
        return sections.get(name.section, 0), ranks.get(name.key, 0), name.key

    return tuple(sorted(found.values(), key=place))


def _grouped(table: Table, rows: _Rows, order: Sequence[RowName]) -> TableData:
    """Rows of one name as one; where several went in, what is no sum is left to be worked out."""
    position = {name.path: at for at, name in enumerate(order)}
    groups = np.array([position[name.path] for name in rows.names], np.int64)
    count = len(order)
    try:
        values, states = group_sums(rows.values, rows.states, groups, count)
    except FigureOverflow as error:
        name = order[error.row]
        raise TotalTooLarge(name.label or name.key, table.figures[error.column]) from None
    mixed = np.bincount(groups, minlength=count) > 1
    mixed[groups[rows.estimated]] = True
    kept = no_sums(table)
    blank = np.ix_(np.flatnonzero(mixed), np.array(kept, np.int64))
    values[blank], states[blank] = 0, State.BLANK
    width = len(table.figures)
    return TableData(
        tuple(order),
        values,
        states,
        _texts(table, rows, groups, count),
        np.zeros(width, np.int64),
        np.zeros(width, np.uint8),
    )


def _texts(table: Table, rows: _Rows, groups: Int64Array, count: int) -> tuple[dict[str, str], ...]:
    """Texts that all parts share, or free texts one after the other; other texts are left out."""
    said: list[dict[str, list[str]]] = [{} for _ in range(count)]
    for at, cells in zip(groups.tolist(), rows.texts, strict=True):
        for column, text in cells.items():
            known = said[at].setdefault(column, [])
            if text not in known:
                known.append(text)
    free = {column.id for column in table.texts if column.type is CellType.TEXT}
    return tuple(
        {
            column: "; ".join(texts)
            for column, texts in cells.items()
            if len(texts) == 1 or column in free
        }
        for cells in said
    )


def _without_sums(compiled: CompiledTable) -> CompiledTable:
    """The formulas of what is no sum: a sum of blanks stays blank, as it was reported."""
    sums = {compiled.table.figures[at].id for at in compiled.sums.tolist()}
    kept = tuple(formula for formula in compiled.column_formulas if formula.target not in sums)
    return replace(compiled, column_formulas=kept)


def _copied(tables: Tables) -> Tables:
    """Tables whose arrays may be written to: those of a read report are its own."""
    return {
        key: replace(data, values=data.values.copy(), states=data.states.copy())
        for key, data in tables.items()
    }
