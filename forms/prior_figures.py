"""What the last period's report brings into this one: row names, and figures that carry over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from forms.definition import Column, RowModel, Table
from forms.expressions import Expression, Linear, Ref
from forms.returns import RowName, State, TableData


def carried_from(table: Table) -> dict[str, str]:
    """Column -> column of the last period that it must equal: every rule cX == previous(cY)."""
    found: dict[str, str] = {}
    for rule in table.rules:
        expression = rule.expression
        if not isinstance(expression, Expression) or expression.comparison != "==":
            continue
        here, there = _only_ref(expression.left), _only_ref(expression.right)
        if here and there and not here.source and there.source == "previous":
            found.setdefault(here.column, there.column)
    return found


def carried_columns(table: Table) -> frozenset[str]:
    """The columns that start with a figure of the last period."""
    return frozenset(carried_from(table))


def _only_ref(linear: Linear) -> Ref | None:
    """The cell of the row at hand that a side consists of; None where it is anything more."""
    if linear.constant or len(linear.terms) != 1:
        return None
    ref, coefficient = linear.terms[0]
    plain = coefficient == 1 and ref.kind == "cell" and not ref.row and not ref.table
    return ref if plain and ref.column else None


class PriorFigures:
    """The figures of the last period by row, in the columns into which they are carried."""

    def __init__(self, table: Table, prior: TableData | None) -> None:
        self._table = table
        self._prior = prior
        self._row_of: Mapping[str, int] = {}
        if prior is not None and prior.values.shape[1:] == (len(table.figures),):
            self._row_of = {name.path: at for at, name in enumerate(prior.names)}
        self._carried = carried_from(table)

    def figure(self, name: RowName, column: Column) -> Decimal | None:
        """What a cell starts with; None where the last period says nothing."""
        source = self._carried.get(column.id)
        row = self._row_of.get(name.path)
        if self._prior is None or source is None or row is None:
            return None
        at = self._table.figure_index.get(source)
        if at is None or self._prior.states[row, at] != State.VALUE:
            return None
        digits = self._table.figures[at].digits
        return Decimal(int(self._prior.values[row, at])).scaleb(-digits)

    def has(self, name: RowName) -> bool:
        """Whether the row brings along a figure other than 0, which has to be accounted for."""
        return any(self.figure(name, column) for column in self._table.figures)


def prefilled_names(
    table: Table, *, unit: RowName, given: Sequence[RowName], prior: TableData | None
) -> list[RowName]:
    """The rows that a template prints: those given, then those of the last period.

    A table with one row per unit has just the reporter's own row, unless rows are given.
    """
    if table.model is RowModel.UNITS and not given:
        return [unit]
    if table.model not in (RowModel.OPEN, RowModel.UNITS):
        return []
    earlier = prior.names if prior is not None else ()
    names = {name.path: name for name in (*given, *earlier)}
    return list(names.values())[: table.max_rows]
