"""Finding the tables of a template again after people have worked in it.

Rows get inserted and deleted, sheets renamed. The number row of a table is what nobody changes:
where it stood is the first guess, then it is looked for; what lies below is known by its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.template_record import TableRecord, TemplateRecord
from forms.text import normalise

Grid = Sequence[Sequence[Any]]

#: Words that end a table which has no total row, as the template prints them.
FENCE = "Cần thêm dòng: chèn phía trên dòng này"
NOTE_LABEL = "Ghi chú:"
PREPARED_BY = "NGƯỜI LẬP BIỂU"
DATED = "............, ngày ...... tháng ...... năm ........."

_ENDS = frozenset(normalise(text) for text in (FENCE, NOTE_LABEL, PREPARED_BY))


@dataclass(frozen=True, slots=True)
class Located:
    """Where a table is now (rows and columns from 0); `end` is the row after its last line."""

    record: TableRecord
    number_row: int
    columns: Mapping[str, int]
    end: int
    total_row: int  # -1 where there is none

    @property
    def first_row(self) -> int:
        """The first line below the number row."""
        return self.number_row + 1

    @property
    def nil_place(self) -> tuple[int, int]:
        """The cell of the mark that there is nothing to report."""
        shift = self.number_row - self.record.number_row
        return self.record.nil_row + shift, self.record.nil_col


def locate_tables(record: TemplateRecord, grid: Grid) -> list[Located | TableRecord]:
    """Every table of the record: where it is now, or its record where it was not found."""
    found: list[tuple[TableRecord, int, Mapping[str, int]] | TableRecord] = []
    start, shift = 0, 0
    for table in record.tables:
        place = _number_row(table, grid, guess=table.number_row + shift, start=start)
        if place is None:
            found.append(table)
            continue
        start, shift = place[0] + 1, place[0] - table.number_row
        found.append((table, *place))
    return list(_with_ends(found, grid))


def cell_at(grid: Grid, row: int, col: int) -> Any:
    """A cell of the grid; '' outside it."""
    return grid[row][col] if 0 <= row < len(grid) and col < len(grid[row]) else ""


def words_at(grid: Grid, row: int, col: int) -> str:
    """The text of a cell made comparable; '' where there is no text."""
    value = cell_at(grid, row, col)
    return normalise(value) if isinstance(value, str) and value else ""


def note_place(record: TemplateRecord, grid: Grid, start: int) -> tuple[int, int] | None:
    """The cell of the note, right of its label below the tables."""
    if record.note_row < 0:
        return None
    label = normalise(NOTE_LABEL)
    for row in range(start, len(grid)):
        if words_at(grid, row, 0) == label:
            return row, record.note_col
    return None


def _number_row(
    table: TableRecord, grid: Grid, *, guess: int, start: int
) -> tuple[int, Mapping[str, int]] | None:
    """The row of the column numbers and where the columns are: the guess, else the first match."""
    wanted = {col: _squeezed(text) for col, text in enumerate(table.numbers) if text}
    rows = [guess, *(row for row in range(start, len(grid)) if row != guess)]
    for row in rows:
        if start <= row < len(grid) and all(
            _squeezed(cell_at(grid, row, col)) == text for col, text in wanted.items()
        ):
            return row, table.columns
    for row in rows[1:]:
        moved = _moved_columns(table, grid[row], wanted)
        if moved is not None:
            return row, moved
    return None


def _moved_columns(
    table: TableRecord, cells: Sequence[Any], wanted: Mapping[int, str]
) -> Mapping[str, int] | None:
    """The columns of a table into which someone inserted a column; None where this is not it."""
    at = {_squeezed(cell): col for col, cell in enumerate(cells) if isinstance(cell, str) and cell}
    if not wanted or any(text not in at for text in wanted.values()):
        return None
    if len(set(wanted.values())) < len(wanted) or any(
        col not in wanted for col in table.columns.values()
    ):
        return None
    return {column: at[wanted[col]] for column, col in table.columns.items()}


def _squeezed(value: Any) -> str:
    return "".join(value.split()) if isinstance(value, str) else ""


def _with_ends(
    found: Sequence[tuple[TableRecord, int, Mapping[str, int]] | TableRecord], grid: Grid
) -> Iterator[Located | TableRecord]:
    for at, entry in enumerate(found):
        if isinstance(entry, TableRecord):
            yield entry
            continue
        table, number_row, columns = entry
        limit = len(grid)
        for later in found[at + 1 :]:
            if not isinstance(later, TableRecord):
                # The title, caption and header of the next table stand above its number row.
                limit = later[1] - (later[0].number_row - later[0].nil_row) - 1
                break
        yield _located(table, number_row, columns, grid, limit)


def _is_dated(cells: Sequence[Any]) -> bool:
    """Whether a row is the line of place and date above the signatures."""
    start = DATED[:6]
    return any(isinstance(cell, str) and cell.startswith(start) for cell in cells)


def _located(
    table: TableRecord, number_row: int, columns: Mapping[str, int], grid: Grid, limit: int
) -> Located:
    shift = number_row - table.number_row
    label = normalise(table.total_label)
    if table.total_row >= 0 and label:
        guess = table.total_row + shift
        limit = min(limit, len(grid))
        for row in (guess, *range(limit - 1, number_row, -1)):
            if number_row < row < limit and words_at(grid, row, 0) == label:
                return Located(table, number_row, columns, row, row)
    for row in range(number_row + 1, limit):
        if words_at(grid, row, 0) in _ENDS or (table.fence_row < 0 and _is_dated(grid[row])):
            return Located(table, number_row, columns, row, -1)
    return Located(table, number_row, columns, limit, -1)
