"""What the last period's report brings into this one: row names, and figures that carry over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from forms.definition import BlankMeans, Column, RowModel, Rule, Severity, Table
from forms.expressions import TOTAL, Expression, Linear, Ref
from forms.returns import RowName, State, TableData


def carried_from(table: Table) -> dict[str, str]:
    """Column -> column of the last period that it starts from.

    That is every rule cX == previous(cY), and every cumulative one, cX == previous(cY) + cZ: until
    something of this period is added, it is what it was.
    """
    found: dict[str, str] = {}
    for rule in table.rules:
        expression = rule.expression
        if not isinstance(expression, Expression) or expression.comparison != "==":
            continue
        here, there = _only_ref(expression.left), _carry(expression.right)
        if here and there and not here.source:
            found.setdefault(here.column, there.column)
    return found


def _carry(linear: Linear) -> Ref | None:
    """The one cell of the last period to which cells of this one may be added."""
    earlier = Linear(tuple((ref, k) for ref, k in linear.terms if ref.source), linear.constant)
    found = _only_ref(earlier)
    return found if found and found.source == "previous" else None


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
        self.carried = carried_from(table)

    def figure(self, name: RowName, column: Column) -> Decimal | None:
        """What a cell starts with; None where the last period says nothing."""
        source = self.carried.get(column.id)
        return None if source is None else self._cell(name.path, source)

    def settled(self, rule: Rule, name: RowName | None, column: str = "") -> Rule | None:
        """A rule that reads the last period, with its figures put in; None where it says nothing.

        It is a doubt, because what is compared with another report never refuses. `name` is the
        row at hand, `column` the one that a rule down the rows runs along.
        """
        expression = rule.expression
        if self._prior is None or not isinstance(expression, Expression):
            return None
        sides: list[Linear] = []
        for side in (expression.left, expression.right):
            constant = side.constant
            for ref, coefficient in side.terms:
                if not ref.source:
                    continue
                if not self._is_told(ref):
                    return None
                stood = self._stood(ref, name, column)
                if stood is None and rule.blank is not BlankMeans.ZERO:
                    return None
                constant += coefficient * (stood or 0)
            sides.append(Linear(tuple((r, k) for r, k in side.terms if not r.source), constant))
        if not (sides[0].terms or sides[1].terms):
            return None
        put_in = Expression(sides[0], expression.comparison, sides[1])
        return replace(rule, expression=put_in, severity=Severity.WARNING)

    def _is_told(self, ref: Ref) -> bool:
        """Whether a template knows the figure that a ref names: of this table, the last period."""
        is_home = not ref.table or ref.table == self._table.key
        return ref.source == "previous" and ref.kind == "cell" and is_home

    def _stood(self, ref: Ref, name: RowName | None, column: str) -> Decimal | None:
        source = ref.column or column
        if ref.row == TOTAL:
            return self._total(source)
        path = ref.row or (name.path if name else "")
        return self._cell(path, source)

    def _cell(self, path: str, column: str) -> Decimal | None:
        row, at = self._row_of.get(path), self._table.figure_index.get(column)
        if self._prior is None or row is None or at is None:
            return None
        return self._read(self._prior.values[row, at], self._prior.states[row, at], at)

    def _total(self, column: str) -> Decimal | None:
        at = self._table.figure_index.get(column)
        if self._prior is None or at is None or not self._row_of:
            return None
        return self._read(self._prior.total_values[at], self._prior.total_states[at], at)

    def _read(self, value: np.int64, state: np.uint8, at: int) -> Decimal | None:
        digits = self._table.figures[at].digits
        return Decimal(int(value)).scaleb(-digits) if state == State.VALUE else None

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
