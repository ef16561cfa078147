"""Where a cell stands, for people: `r05.c02`, and the sheet cell of a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from forms.definition import Column, FormVersion, Table
from forms.expressions import TOTAL
from forms.returns import RawRow, RowName, TableData

_NEVER_SENT = RawRow()


class Places:
    """Addresses of one return. Rows are remembered in the order in which they were sent."""

    def __init__(self, form: FormVersion) -> None:
        self._first = form.tables[0].key if form.tables else ""
        self._named: dict[str, tuple[Sequence[tuple[RowName, RawRow]], RawRow | None]] = {}
        self._rows: dict[tuple[str, str], tuple[int, RawRow | None]] = {}

    @classmethod
    def of_report(cls, form: FormVersion, tables: Mapping[str, TableData]) -> Self:
        """Addresses of a report that is figures already: its rows in their order."""
        places = cls(form)
        for table in form.tables:
            names = tables[table.key].names
            places.remember(table, [(name, _NEVER_SENT) for name in names], None)
        return places

    def remember(
        self, table: Table, named: Sequence[tuple[RowName, RawRow]], total: RawRow | None
    ) -> None:
        """Keep which raw row is which named row of a table."""
        self._named[table.key] = (named, total)

    def _row(self, table: Table, path: str) -> tuple[int, RawRow | None]:
        """The ordinal of a row and what was sent; looked for only where there is an issue."""
        if table.key in self._named:
            named, total = self._named.pop(table.key)
            for ordinal, (name, raw) in enumerate(named, 1):
                # A row that was dropped, as a double is, still counts for those below it.
                self._rows[(table.key, name.path)] = (raw.number or ordinal, raw)
            if total is not None:
                self._rows[(table.key, TOTAL)] = (0, total)
        return self._rows.get((table.key, path), (0, None))

    def prefix(self, table: Table) -> str:
        """Nothing for the first table of a form, else `part2.`."""
        return "" if table.key == self._first else f"{table.key}."

    def row_address(self, table: Table, name: RowName) -> str:
        """`r05`, or `total` for the total row."""
        number = self._row(table, name.path)[0]
        return f"{self.prefix(table)}{f'r{number:02d}' if number else TOTAL}"

    def address(self, table: Table, name: RowName, column: Column) -> str:
        """`r05.c02`: the row as counted from 1, the column by its printed number."""
        number = column.number if column.number.isdigit() else str(table.columns.index(column) + 1)
        return f"{self.row_address(table, name)}.c{int(number):02d}"

    def place(self, table: Table, name: RowName, column: Column) -> str:
        """The sheet cell, `Sheet!C7`, or '' where the return was no workbook."""
        raw = self._row(table, name.path)[1]
        return raw.places.get(column.id, "") if raw is not None else ""


def row_label(name: RowName) -> str:
    """The row in words, ready to stand before a column header."""
    return f"{name.label}, " if name.label else ""
