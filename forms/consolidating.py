"""Making the tables of a consolidated form from what its sources contribute.

Pure: no database, no clock. The same contributions in any order give the same tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from forms.aggregating import FigureOverflow, group_sums
from forms.checking import batch_of, compute, tables_of_batch
from forms.code_lists import CodeList
from forms.compiling import compile_form
from forms.definition import (
    Column,
    Consolidate,
    FormVersion,
    Mode,
    RowModel,
    Severity,
    Source,
    Table,
)
from forms.evaluating import Figures, sum_rows
from forms.issues import Issue
from forms.naming_rows import asked_rows
from forms.period import Window
from forms.returns import Int64Array, RowName, State, StateArray, TableData
from forms.totals import fill_totals
from forms.values import FIGURE_BOUND


@dataclass(frozen=True)
class Contribution:
    """What one source brings: rows of many reports below each other, with a name for each.

    `values` and `states` are (rows, figure columns of the source table). `names` gives each row's
    name in the consolidated table; `texts` its texts, where the mode keeps texts. `ranks` say which
    keys come first where no list orders the rows: agencies stand by kind, as on paper.
    """

    source: Source
    table: Table  # of the source form
    names: Sequence[RowName]  # distinct names
    name_of_row: Int64Array  # (rows,): position in `names`
    values: Int64Array
    states: StateArray
    texts: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    ranks: Mapping[str, int] = field(default_factory=dict)
    #: Columns that another version of the source asks for and this one does not.
    not_asked: frozenset[str] = frozenset()


class TotalTooLarge(ArithmeticError):
    """A consolidated figure cannot be kept: its row ('' is the total row) and its column."""

    def __init__(self, row: str, column: Column) -> None:
        super().__init__(f"{row or 'total'}, column {column.number}: over 15 digits")
        self.row = row
        self.column = column


def consolidate_tables(
    form: FormVersion,
    contributions: Sequence[Contribution],
    *,
    window: Window,
    lists: Mapping[str, CodeList],
) -> dict[str, TableData]:
    """All tables of a consolidated form, computed cells and totals in place.

    Raises TotalTooLarge where a figure has over 15 digits.
    """
    tables = {
        table.key: _gather(
            table, [part for part in contributions if part.source.into == table.key], window, lists
        )
        for table in form.tables
    }
    batch = batch_of(form, [tables])
    compute(batch)
    for table in form.tables:
        refuse_too_large(table, tables[table.key].names, batch.figures[table.key].values)
    for compiled in compile_form(form).tables:
        figures = batch.figures[compiled.table.key]
        if compiled.table.total is not None and len(compiled.sums) > 0:
            sums, _ = sum_rows(figures, compiled.sums)
            refuse_too_large(compiled.table, [RowName("")], sums, compiled.sums.tolist())
            fill_totals(compiled, batch)
        keep_only_row(figures)
    return tables_of_batch(batch, tables)


def unlisted_rows(
    form: FormVersion, tables: Mapping[str, TableData], lists: Mapping[str, CodeList]
) -> list[Issue]:
    """Rows under a name that the table's list does not have: each stands for itself, and is told.

    Whether it is an entry spelt otherwise is for people to say, once.
    """
    return [
        Issue(
            "key_not_in_list",
            Severity.WARNING,
            cell=f"{table.key}/{name.path}",
            address=f"r{number:02d}",
            given=name.label or name.key,
            expected=lists[table.heading.code_list].title,
        )
        for table in form.tables
        if table.heading.code_list in lists
        for number, name in enumerate(tables[table.key].names, 1)
        if name.key not in lists[table.heading.code_list].by_code
    ]


def refuse_too_large(
    table: Table,
    names: Sequence[RowName],
    values: npt.NDArray[Any],
    columns: Sequence[int] | None = None,
) -> None:
    """Raise TotalTooLarge; `columns` are the figure columns that `values` are of, else all."""
    too_large = np.argwhere(np.abs(values) >= FIGURE_BOUND)
    if len(too_large):
        row, column = too_large[0].tolist()
        at = column if columns is None else columns[column]
        raise TotalTooLarge(names[row].label or names[row].key, table.figures[at])


def keep_only_row(figures: Figures) -> None:
    """Where there is no total but just one row, that row speaks for the report."""
    if figures.total_states.any() or len(figures.values) != 1:
        return
    figures.total_values[0], figures.total_states[0] = figures.values[0], figures.states[0]


def _gather(
    table: Table,
    parts: Sequence[Contribution],
    window: Window,
    lists: Mapping[str, CodeList],
) -> TableData:
    """One table from its contributions: rows named alike are summed, the others stand alone."""
    width = len(table.figures)
    labels: dict[str, Counter[str]] = {}
    found: dict[str, RowName] = {}
    for part in parts:
        used = np.bincount(part.name_of_row, minlength=len(part.names)).tolist()
        for name, rows in zip(part.names, used, strict=True):
            found.setdefault(name.path, name)
            labels.setdefault(name.path, Counter())[name.label] += rows
    ranks = {key: rank for part in parts for key, rank in part.ranks.items()}
    names = order_rows(table, found, labels, window, lists, ranks)
    position = {name.path: index for index, name in enumerate(names)}
    blocks = [mapped_cells(table, part) for part in parts]
    groups = [
        np.array([position.get(name.path, -1) for name in part.names], np.int64)[part.name_of_row]
        if len(part.names)
        else np.zeros(0, np.int64)
        for part in parts
    ]
    if blocks:
        # Most tables have one source, whose blocks are used as they are.
        single = len(blocks) == 1
        group = groups[0] if single else np.concatenate(groups)
        values = blocks[0][0] if single else np.concatenate([values for values, _ in blocks])
        states = blocks[0][1] if single else np.concatenate([states for _, states in blocks])
        if len(group) and group.min() < 0:
            kept = group >= 0
            group, values, states = group[kept], values[kept], states[kept]
        try:
            sums, merged = group_sums(values, states, group, len(names))
        except FigureOverflow as error:
            name = names[error.row]
            raise TotalTooLarge(name.label or name.key, table.figures[error.column]) from None
    else:
        sums, merged = (
            np.zeros((len(names), width), np.int64),
            np.zeros((len(names), width), np.uint8),
        )
    return TableData(
        tuple(names),
        sums,
        merged,
        _texts(parts, groups, len(names)),
        np.zeros(width, np.int64),
        np.zeros(width, np.uint8),
    )


def _texts(
    parts: Sequence[Contribution], groups: Sequence[Int64Array], count: int
) -> tuple[dict[str, str], ...]:
    texts: list[dict[str, str]] = [{} for _ in range(count)]
    for part, group in zip(parts, groups, strict=True):
        for index, cells in zip(group.tolist(), part.texts, strict=False):
            if index >= 0:
                texts[index].update(cells)
    return tuple(texts)


def mapped_cells(table: Table, part: Contribution) -> tuple[Int64Array, StateArray]:
    """The source's columns in the order of the consolidated table; what is no sum stays blank.

    A stacked row is one report's own row, so its ratios and stocks stand as they were reported.
    """
    if not part.source.columns and _shapes(part.table) == _shapes(table) and _all_sums(table):
        return part.values, part.states
    count, width = len(part.values), len(table.figures)
    values = np.zeros((count, width), np.int64)
    states = np.zeros((count, width), np.uint8)
    stacked = part.source.mode is not Mode.SUM
    for target, column in enumerate(table.figures):
        wanted = part.source.columns.get(column.id, column.id)
        source = part.table.figure_index.get(wanted)
        if wanted in part.not_asked:
            states[:, target] = State.NOT_ASKED
        if source is None or not (stacked or column.consolidate is Consolidate.SUM):
            continue
        factor = 10 ** (column.digits - part.table.figures[source].digits)
        values[:, target] = part.values[:, source] * factor
        states[:, target] = part.states[:, source]
    return values, states


def _shapes(table: Table) -> list[tuple[str, int]]:
    return [(column.id, column.digits) for column in table.figures]


def _all_sums(table: Table) -> bool:
    return all(column.consolidate is Consolidate.SUM for column in table.figures)


def order_rows(
    table: Table,
    found: Mapping[str, RowName],
    labels: Mapping[str, Counter[str]],
    window: Window,
    lists: Mapping[str, CodeList],
    ranks: Mapping[str, int],
) -> list[RowName]:
    """Declared rows in declared order; others by section, then list order, then rank, then key."""
    if table.model in (RowModel.FIXED, RowModel.OUTLINE):
        return [RowName(row.key, label=row.label) for row in asked_rows(table, window)]
    code_list = lists.get(table.heading.code_list)
    rank = (
        {entry.code: number for number, entry in enumerate(code_list.entries)} if code_list else {}
    )
    official = {entry.code: entry.label for entry in code_list.entries} if code_list else {}
    section_rank = {section.key: number for number, section in enumerate(table.sections)}

    def place(name: RowName) -> tuple[int, int, int, str]:
        listed = rank.get(name.key, len(rank))
        return section_rank.get(name.section, 0), listed, ranks.get(name.key, 0), name.key

    def label(name: RowName) -> str:
        # The spelling most units use, then the first in order: never who came first.
        counted = labels[name.path]
        return official.get(name.key) or min(counted, key=lambda text: (-counted[text], text))

    return [name._replace(label=label(name)) for name in sorted(found.values(), key=place)]
