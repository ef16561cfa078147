"""The figures of consolidated reports by cell, so that two of them can be compared exactly."""

from __future__ import annotations

from collections.abc import Mapping

from forms.definition import FormVersion
from forms.expressions import TOTAL
from forms.returns import State, TableData

#: (table, column) -> the digits at which figures are compared.
Digits = Mapping[tuple[str, str], int]

_VALUE = int(State.VALUE)


def common_digits(*forms: FormVersion) -> dict[tuple[str, str], int]:
    """For every column of figures the finest digits that any of the versions declares."""
    found: dict[tuple[str, str], int] = {}
    for form in forms:
        for table in form.tables:
            for column in table.figures:
                at = (table.key, column.id)
                found[at] = max(column.digits, found.get(at, 0))
    return found


def digits_of(cell: str, digits: Digits) -> int | None:
    """The digits of a cell, `table/row/column`; None where it is no figure."""
    return digits.get((cell.partition("/")[0], cell.rpartition("/")[2]))


def figures_of(
    form: FormVersion, tables: Mapping[str, TableData], digits: Digits
) -> dict[str, int]:
    """Every cell with a value, totals included, in the order of the form, at common digits."""
    found: dict[str, int] = {}
    for table in form.tables:
        data = tables[table.key]
        columns = [
            (at, column.id, 10 ** (digits[table.key, column.id] - column.digits))
            for at, column in enumerate(table.figures)
        ]
        rows = zip((name.path for name in data.names), data.values, data.states, strict=True)
        for path, values, states in (*rows, (TOTAL, data.total_values, data.total_states)):
            for at, column, factor in columns:
                if states[at] == _VALUE:
                    found[f"{table.key}/{path}/{column}"] = int(values[at]) * factor
    return found


def less(new: Mapping[str, int], old: Mapping[str, int]) -> dict[str, int]:
    """What is more in each cell, where that is anything; a cell without a value counts as 0."""
    return {
        cell: delta for cell in {**new, **old} if (delta := new.get(cell, 0) - old.get(cell, 0))
    }
