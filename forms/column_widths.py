"""How wide the columns of a form are, in characters.

A sheet is printed fitted to the width of one page, so widths are proportions: the narrower all
of them, the larger the type on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forms.definition import CellType, Column, Table
from forms.header_layout import number_width

ORDINAL_WIDTH = 5.5
UNIT_WIDTH = 11.0

_WIDTHS: Mapping[CellType, float] = {
    CellType.INTEGER: 9.5,
    CellType.DECIMAL: 12,
    CellType.PERCENT: 9.5,
    CellType.STOCK: 9.5,
    CellType.TEXT: 32,
    CellType.DATE: 13,
    CellType.CODE: 18,
}
_HEADING, _WIDEST_HEADING = 30.0, 58.0
_WIDEST_NUMBER = 14.0

#: From so many columns on, a sheet is only legible on paper when figures stand close.
_MANY_COLUMNS = 16
_NARROW, _NARROW_TEXT = 6.5, 16.0


def heading_width(table: Table) -> float:
    """The width of the column that names the rows; wider where the form prints long names."""
    longest = max((len(row.label) for row in table.rows), default=0)
    return min(_WIDEST_HEADING, max(_HEADING, longest * 0.9))


def column_widths(columns: Sequence[Column], *, numbers: Sequence[str]) -> tuple[float, ...]:
    """The width that each column of a table wants; `numbers` are the texts of its number row."""
    if len(columns) > _MANY_COLUMNS:
        return tuple(
            max(_NARROW if column.is_figure else _NARROW_TEXT, _longest_word(column) + 1)
            for column in columns
        )
    return tuple(
        max(
            _WIDTHS[column.type],
            _longest_word(column) + 2,
            min(number_width(number), _WIDEST_NUMBER),
        )
        for column, number in zip(columns, numbers, strict=True)
    )


def _longest_word(column: Column) -> float:
    words = column.path[-1].split() if column.path else []
    return float(max(map(len, words), default=0))
