"""From raw rows to figures: what each cell says, and every fault on the way.

One pass over the cells of one table. It never raises on anything a sender may write.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any

import numpy as np

from forms.addresses import Places, row_label
from forms.definition import CellType, Column, Row, Table
from forms.expressions import TOTAL
from forms.issues import Issue, Wording
from forms.naming_rows import ABSENT, Circumstances, Named, RowNamer, cut, has_content, some
from forms.period import Window
from forms.returns import Int64Array, Mark, RawRow, RawTable, RowName, State, StateArray, TableData
from forms.values import FIGURE_BOUND, Fault, read_figure, read_text

# Plain integers: looking a member up costs more than reading the cell.
_BLANK, _VALUE, _NOT_ASKED = int(State.BLANK), int(State.VALUE), int(State.NOT_ASKED)
_WHOLE = {int}
#: What a cell that must be filled takes; only a figure can be 0 where there is nothing.
_A_FIGURE = Wording(
    "số liệu, không có phát sinh thì ghi 0", "a figure, 0 where there is nothing to report"
)
_NEEDED = {
    CellType.DATE: Wording("ngày, ví dụ 14/9/2026", "a date such as 14/9/2026"),
    CellType.CODE: Wording("một mục trong danh mục", "an entry of the list"),
    CellType.TEXT: Wording("nội dung bằng chữ", "a text"),
}
#: Unknown columns of one row that are told one by one.
_MOST_NAMES = 20


def tabulate(
    table: Table, raw: RawTable, circumstances: Circumstances, places: Places
) -> tuple[TableData, list[Issue]]:
    """Read one table. The data come back whole even where issues were found beside them."""
    issues: list[Issue] = []
    named = RowNamer(table, circumstances, places, issues).name(raw)
    places.remember(table, named, raw.total)
    reader = _RowReader(table, circumstances, places, issues)
    texts = reader.read_all(named)
    values, states = reader.arrays(len(named))
    total_values, total_states = _read_total(table, raw, circumstances, places, issues)
    names = tuple([name for name, _ in named])
    return (
        TableData(names, values, states, texts, total_values, total_states, raw.nil),
        issues,
    )


def _read_total(
    table: Table,
    raw: RawTable,
    circumstances: Circumstances,
    places: Places,
    issues: list[Issue],
) -> tuple[Int64Array, StateArray]:
    if raw.total is not None and table.total is None and has_content(raw.total):
        cell = f"{table.key}/{TOTAL}"
        issues.append(Issue("unknown_row", cell=cell, given=TOTAL, expected=table.title))
    if raw.total is None or table.total is None:
        return np.zeros(len(table.figures), np.int64), np.zeros(len(table.figures), np.uint8)
    reader = _RowReader(table, circumstances, places, issues, optional=True)
    reader.read(raw.total, RowName(TOTAL, label=table.total.label if table.total else ""))
    values, states = reader.arrays(1)
    return values[0], states[0]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the figures of a row are read in a period; the same for every return of it.

    A row of nothing but whole numbers from `least` to `most` needs no look at single cells;
    `all_cells` fetches them at once, and is None where cells differ in what they take.
    """

    columns: tuple[tuple[Column, str, bool, bool], ...]  # column, id, compulsory, asked
    all_cells: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None
    least: int
    most: int
    all_valued: bytes  # the states of a row in which every figure is given


@lru_cache(maxsize=1024)
def _plan(table: Table, window: Window) -> _Plan:
    columns = tuple(
        (
            column,
            column.id,
            column.compulsory and column.formula is None,
            column.validity.overlaps(window.first, window.last),
        )
        for column in table.figures
    )
    quick = len(columns) > 1 and not table.rows and all(asked for *_, asked in columns)
    return _Plan(
        columns,
        itemgetter(*(column.id for column in table.figures)) if quick else None,
        max((_least(column) for column in table.figures), default=0),
        min((_most(column) for column in table.figures), default=0),
        bytes([_VALUE]) * len(columns),
    )


class _RowReader:
    """Reads the cells of row after row into flat lists, for one table."""

    def __init__(
        self,
        table: Table,
        circumstances: Circumstances,
        places: Places,
        issues: list[Issue],
        *,
        optional: bool = False,
    ) -> None:
        self.values: list[int] = []
        self.states = bytearray()
        self._table = table
        self._circumstances = circumstances
        self._places = places
        self._issues = issues
        self._optional = optional
        self._known = table.by_id
        self._plan = _plan(table, circumstances.window)

    def read_all(self, named: Sequence[Named]) -> tuple[dict[str, str], ...]:
        """Append the figures of all rows; give back the texts of each."""
        rows = [raw.cells for _, raw in named]
        width = len(self._plan.columns)
        is_plain = not self._table.texts and set(map(len, rows)) == {width}
        if is_plain and self._read_quickly(rows):
            return ({},) * len(rows)
        return tuple([self.read(raw, name) for name, raw in named])

    def read(self, raw: RawRow, name: RowName) -> dict[str, str]:
        """Append the figures of one row; give back its texts."""
        if not self._read_quickly([raw.cells]):
            self._read_figures(raw, name)
        texts = self._read_texts(raw.cells, name, raw is ABSENT) if self._table.texts else {}
        if raw.cells.keys() - self._known.keys():
            self._unknown_columns(raw.cells, name)
        return texts

    def arrays(self, count: int) -> tuple[Int64Array, StateArray]:
        """What has been read: (count, figure columns), values and states."""
        width = len(self._plan.columns)
        # From a list of Python's integers numpy would first find out what they are, one by one.
        values = np.frombuffer(array("q", self.values), np.int64).reshape(count, width)
        return values, np.frombuffer(self.states, np.uint8).reshape(count, width)

    def _read_quickly(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Append rows of nothing but whole numbers within the bounds; False where it is not so."""
        plan = self._plan
        if plan.all_cells is None:
            return False
        try:
            figures = list(chain.from_iterable(map(plan.all_cells, rows)))
        except KeyError:
            return False
        if set(map(type, figures)) != _WHOLE:
            return False
        if min(figures) < plan.least or max(figures) > plan.most:
            return False
        self.values.extend(figures)
        self.states.extend(plan.all_valued * len(rows))
        return True

    def _read_figures(self, raw: RawRow, name: RowName) -> None:
        row = self._table.row_by_key.get(name.key) if self._table.rows else None
        needed = not self._optional and raw is not ABSENT and (row is None or row.formula is None)
        for column, column_id, compulsory, asked in self._plan.columns:
            value = raw.cells.get(column_id)
            if value is None:
                self._append(0, _BLANK if asked else _NOT_ASKED)
                if compulsory and needed and asked:
                    self._missing(name, column)
            else:
                self._append(
                    *self._read_slowly(value, name, column, row, asked, compulsory and needed)
                )

    def _append(self, value: int, state: int) -> None:
        self.values.append(value)
        self.states.append(state)

    def _read_slowly(
        self, raw: Any, name: RowName, column: Column, row: Row | None, asked: bool, needed: bool
    ) -> tuple[int, int]:
        if not asked:
            if not _is_blank(raw):
                self._issue("not_asked", name, column, cut(raw), "")
            return 0, _NOT_ASKED
        # The bounds are those of one row; a total may well pass them.
        bounded = replace(column, minimum=None, maximum=None) if self._optional else column
        outcome = read_figure(raw, bounded)
        if isinstance(outcome, Fault):
            self._issue(outcome.code, name, column, outcome.given, outcome.expected)
            return 0, _BLANK
        value, state = outcome
        if state is State.BLANK and needed and raw is not Mark.OWN_FORMULA:
            self._missing(name, column)
        if (
            row is not None
            and row.digits is not None
            and value % 10 ** (column.digits - row.digits)
        ):
            self._issue("too_many_decimals", name, column, cut(raw), str(row.digits))
        return value, state

    def _read_texts(
        self, cells: Mapping[str, Any], name: RowName, is_absent: bool
    ) -> dict[str, str]:
        texts: dict[str, str] = {}
        for column in self._table.texts:
            outcome = self._in_list(read_text(cells.get(column.id), column), column)
            if isinstance(outcome, Fault):
                self._issue(outcome.code, name, column, outcome.given, outcome.expected)
            elif outcome:
                texts[column.id] = outcome
            elif column.compulsory and not (self._optional or is_absent):
                self._missing(name, column)
        return texts

    def _in_list(self, outcome: str | Fault, column: Column) -> str | Fault:
        """Hold a code against its dated list; the code of the list is what is kept."""
        if column.type is not CellType.CODE or isinstance(outcome, Fault) or not outcome:
            return outcome
        code_list = self._circumstances.lists[column.code_list]
        entry = code_list.match(outcome, self._circumstances.window.last)
        return entry.code if entry else Fault("unknown_code", cut(outcome), code_list.title)

    def _unknown_columns(self, cells: Mapping[str, Any], name: RowName) -> None:
        unknown = (column_id for column_id in cells if column_id not in self._known)
        for column_id in islice(unknown, _MOST_NAMES):
            self._issues.append(
                Issue(
                    "unknown_column",
                    address=self._places.row_address(self._table, name),
                    given=cut(column_id),
                    expected=some(list(self._known)),
                )
            )

    def _missing(self, name: RowName, column: Column) -> None:
        self._issue("missing_value", name, column, "", "")
        needed = _NEEDED.get(column.type, _A_FIGURE)
        self._issues[-1] = replace(self._issues[-1], expected=needed.vi, expected_en=needed.en)

    def _issue(self, code: str, name: RowName, column: Column, given: str, expected: str) -> None:
        self._issues.append(
            Issue(
                code,
                cell=f"{self._table.key}/{name.path}/{column.id}",
                address=self._places.address(self._table, name, column),
                place=self._places.place(self._table, name, column),
                given=given,
                expected=expected,
                label=f"{row_label(name)}{column.label}",
            )
        )


def _is_blank(raw: Any) -> bool:
    return raw is Mark.OWN_FORMULA or (isinstance(raw, str) and not raw.strip())


def _least(column: Column) -> int:
    if column.digits or column.type is CellType.PERCENT:
        return 1  # An empty range: digits go the careful way.
    return column.minimum if column.minimum is not None else 1 - FIGURE_BOUND


def _most(column: Column) -> int:
    if column.digits or column.type is CellType.PERCENT:
        return 0
    return column.maximum if column.maximum is not None else FIGURE_BOUND - 1
