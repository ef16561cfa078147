"""From the grid of a sheet to raw rows: which line is which row, and what its cells say.

Columns are converted whole, since a template mostly holds whole numbers; marks for formulas and
errors are laid over them, and only then are rows put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

from forms.definition import FIGURE_TYPES, RowModel
from forms.excel_formulas import column_letters
from forms.issues import Issue
from forms.locating_tables import Grid, Located, cell_at, words_at
from forms.percent_cells import shown_as_percent
from forms.returns import Mark, RawCell, RawRow, RawTable, Unreadable
from forms.sheet_formulas import OwnFormula, SheetFormulas, own_formula
from forms.text import normalise

#: What says "no" in the cell for the mark that there is nothing to report.
_NOT_NIL = frozenset({"", "-", "0", "không", "no", "false"})

#: So much of a formula is told.
_SHOWN = 60

#: Beyond this a number of Excel is no exact whole number.
_EXACT = 1e15

_Own = Mapping[str, OwnFormula]
_NO_FORMULAS: _Own = {}
_NO_TEXTS: Mapping[int, str] = {}


def cell_value(value: Any) -> RawCell:
    """What a value of calamine is as a raw cell: no floats, no blanks, dates as 2026-09-14."""
    kind = type(value)
    if kind is str:
        return value if value != "" else None
    if kind is float:
        if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        # Excel shows and means 15 digits; the double behind them is its own affair.
        return Decimal(f"{value:.15g}")
    if kind is bool or kind is int:
        return value
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def read_table(
    located: Located, grid: Grid, found: SheetFormulas, sheet: str, issues: list[Issue]
) -> RawTable:
    """One table as it stands in the sheet: its rows under their headings, total row, nil mark."""
    return _TableReader(located, grid, found, sheet, issues).read()


class _TableReader:
    def __init__(
        self, located: Located, grid: Grid, found: SheetFormulas, sheet: str, issues: list[Issue]
    ) -> None:
        self._located = located
        self._record = located.record
        self._grid = grid
        self._found = found
        self._sheet = sheet
        self._issues = issues
        self._heading_letters = column_letters(max(self._record.heading_col, 0))
        self._starts = [
            *(
                (column, f"{sheet}!{column_letters(col)}")
                for column, col in located.columns.items()
            ),
            ("key", f"{sheet}!{self._heading_letters}"),
        ]
        self._sections = {normalise(label): key for _, key, label in self._record.sections}

    def read(self) -> RawTable:
        nil = cell_value(cell_at(self._grid, *self._located.nil_place))
        table = RawTable(nil=str(nil or "").strip().lower() not in _NOT_NIL)
        model = self._record.model
        if model == RowModel.SINGLE:
            table.rows = list(self._single())
        elif model in (RowModel.FIXED, RowModel.OUTLINE):
            table.rows = list(self._declared())
        else:
            table.rows = list(self._open())
        table.total = self._total()
        return table

    def _single(self) -> Iterator[RawRow]:
        """The only row: the first below the number row that has anything in it."""
        own = _own(self._record.formulas, self._record.first_row)
        first = self._located.first_row
        rows = range(first, max(self._located.end, first + 1))
        for row, cells in self._cells(rows, lambda _: own, {}):
            if any(value is not Mark.OWN_FORMULA for value in cells.values()):
                yield RawRow("row", "", cells, self._places(row))
                return

    def _declared(self) -> Iterator[RawRow]:
        """The printed rows, known by their labels; a row that nobody printed is kept as it is."""
        lines = self._declared_lines()
        stood = {line[1]: line[0] for line in self._record.declared}
        own = {
            key: _own(formulas, stood[key])
            for key, formulas in self._record.row_formulas.items()
            if key in stood
        }
        moved = {line[0]: row for row, line in lines.items() if line}
        rows = range(self._located.first_row, self._located.end)

        def own_of(row: int) -> _Own:
            line = lines[row]
            return own.get(line[1], _NO_FORMULAS) if line else _NO_FORMULAS

        for row, cells in self._cells(rows, own_of, moved):
            line = lines[row]
            if self._section_at(row) is not None or (line is None and not cells):
                continue
            key = line[1] if line else self._heading(row)
            yield RawRow(key, "", cells, self._places(row))

    def _declared_lines(self) -> dict[int, tuple[int, str, str, str] | None]:
        """Row of the sheet -> the printed row that stands there; each is found once, in order."""
        waiting: dict[str, list[tuple[int, str, str, str]]] = {}
        for line in self._record.declared:
            waiting.setdefault(normalise(line[2]), []).append(line)
        lines: dict[int, tuple[int, str, str, str] | None] = {}
        shift = self._located.number_row - self._record.number_row
        for row in range(self._located.first_row, self._located.end):
            same = waiting.get(words_at(self._grid, row, self._record.heading_col), [])
            # Several rows may have one label ("Trong đó"): the one that stood here goes first.
            best = [line for line in same if line[0] + shift == row] or same[:1]
            lines[row] = best[0] if best else None
            if best:
                same.remove(best[0])
        return lines

    def _open(self) -> Iterator[RawRow]:
        """Rows that the reporter named, skipping blank ones and printed names left untouched."""
        own = _own(self._record.formulas, self._record.first_row)
        moved = {self._record.total_row: self._located.total_row}
        has_names, is_units = self._record.heading_col >= 0, self._record.model == RowModel.UNITS
        printed = {normalise(label): key for label, key in self._record.names.items()}
        carried = frozenset(self._record.carried)
        rows = range(self._located.first_row, self._located.end)
        section = ""
        for row, cells in self._cells(rows, lambda _: own, moved):
            here = self._section_at(row)
            if here is not None:
                section = here
                continue
            key = self._heading(row) if has_names else ""
            code = printed.get(normalise(key)) if key and printed else None
            untouched = carried if code is not None else frozenset()
            if (code is not None or not key) and not _has_content(cells, untouched):
                continue
            name = code if is_units and code is not None else key
            yield RawRow(name, section, cells, self._places(row))

    def _total(self) -> RawRow | None:
        """The typed cells of the total row; its own formulas are left out of the return."""
        row = self._located.total_row
        if row < 0:
            return None
        own = _own(self._record.total_formulas, self._record.total_row)
        for _, cells in self._cells(range(row, row + 1), lambda _: own, {}):
            typed = {c: value for c, value in cells.items() if value is not Mark.OWN_FORMULA}
            if typed:
                return RawRow("", "", typed, self._places(row))
        return None

    def _cells(
        self, rows: range, own_of: Callable[[int], _Own], moved: Mapping[int, int]
    ) -> Iterator[tuple[int, dict[str, RawCell]]]:
        """The cells of every row that are not blank; `own_of` gives a row's own formulas."""
        lines = self._grid[rows.start : rows.stop]
        ids = tuple(self._located.columns)
        columns = []
        for column, col in self._located.columns.items():
            values = _column(lines, col)
            self._mark(values, column, column_letters(col), rows, own_of, moved)
            columns.append(values)
        for row, cells in zip(rows, zip(*columns, strict=True), strict=False):
            found = zip(ids, cells, strict=True)
            if None in cells:
                yield row, {column: value for column, value in found if value is not None}
            else:
                yield row, dict(found)

    def _mark(
        self,
        values: list[RawCell],
        column: str,
        letters: str,
        rows: range,
        own_of: Callable[[int], _Own],
        moved: Mapping[int, int],
    ) -> None:
        """Put marks for errors and formulas in place of the cached values of one column."""
        first, last = rows.start, rows.start + len(values)
        inside = range(self._located.first_row, self._located.end)
        if self._record.kinds.get(column) in FIGURE_TYPES:
            for row in self._found.percents.get(letters, ()):
                if first <= row < last:
                    values[row - first] = shown_as_percent(values[row - first])
        for row, text in self._found.errors.get(letters, _NO_TEXTS).items():
            if first <= row < last:
                values[row - first] = Unreadable("excel_error", unescape(text)[:_SHOWN])
        for row, text in self._found.formulas.get(letters, _NO_TEXTS).items():
            if first <= row < last:
                mine = own_of(row).get(column)
                is_own = mine is not None and mine.is_in(text, row, moved, inside)
                foreign = Unreadable("foreign_formula", f"={unescape(text)}"[:_SHOWN])
                values[row - first] = Mark.OWN_FORMULA if is_own else foreign

    def _places(self, row: int) -> dict[str, str]:
        number = str(row + 1)
        return {column: start + number for column, start in self._starts}

    def _heading(self, row: int) -> str:
        """What names a row; a name that is a formula or an error is an issue, and no name."""
        letters = self._heading_letters
        for code, marked in (
            ("foreign_formula", self._found.formulas.get(letters)),
            ("excel_error", self._found.errors.get(letters)),
        ):
            if marked and row in marked:
                place = f"{self._sheet}!{letters}{row + 1}"
                given = f"{'=' if code == 'foreign_formula' else ''}{unescape(marked[row])}"[
                    :_SHOWN
                ]
                self._issues.append(
                    Issue(
                        code,
                        place=place,
                        given=given,
                        expected="chữ",
                        expected_en="text",
                        label="tên dòng",
                    )
                )
                return ""
        value = cell_value(cell_at(self._grid, row, self._record.heading_col))
        return value.strip() if isinstance(value, str) else "" if value is None else str(value)

    def _section_at(self, row: int) -> str | None:
        """The section whose heading stands in a row; None in any other row."""
        return self._sections.get(words_at(self._grid, row, 0)) if self._sections else None


def _own(formulas: Mapping[str, str], row: int) -> dict[str, OwnFormula]:
    return {column: own_formula(text, row) for column, text in formulas.items()}


def _column(lines: Sequence[Sequence[Any]], col: int) -> list[RawCell]:
    """One column of the grid as raw cells."""
    raw: list[Any] = [line[col] if col < len(line) else "" for line in lines]
    if set(map(type, raw)) == {float} and min(raw) > -_EXACT and max(raw) < _EXACT:
        whole: list[RawCell] = list(map(int, raw))
        if whole == raw:
            return whole
    return [None if value == "" else cell_value(value) for value in raw]


def _has_content(cells: Mapping[str, RawCell], carried: frozenset[str]) -> bool:
    """Whether a row says anything: own formulas do not, nor does a 0 brought from last time."""
    return any(
        value is not Mark.OWN_FORMULA and not (column in carried and value == 0)
        for column, value in cells.items()
    )
