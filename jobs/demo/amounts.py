"""What the rules of a declaration say about the cells of one return, as sums of single cells.

A declaration speaks of columns, totals, the last period and other forms; here each rule becomes
as many comparisons of plain cells as it stands for, and what is known already becomes a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol

from forms.definition import Column, FormVersion, Row, Rule, Scope, Table
from forms.expressions import TOTAL, Expression, Linear, PercentOf, Ref


class Cell(NamedTuple):
    """One cell of one return: its table, the path of its row, its column."""

    table: str
    row: str
    column: str


@dataclass(frozen=True)
class Amount:
    """A number, plus cells with their factors."""

    cells: Mapping[Cell, Decimal] = field(default_factory=dict)
    constant: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Relation:
    """Two amounts that must compare so: `left <= right`, say."""

    left: Amount
    comparison: str
    right: Amount


class Known(Protocol):
    """Another return, whose figures stand already."""

    def figure(self, cell: Cell) -> Decimal | None:
        """What a cell holds; None where it holds nothing."""

    def paths(self, table: str) -> Sequence[str]:
        """The rows of a table."""


@dataclass(frozen=True)
class Setting:
    """What a rule is read against: the rows of this return, and the returns that it may name."""

    form: FormVersion
    paths: Mapping[str, Sequence[str]]
    others: Mapping[str, Known]  # "previous", or the code of a form


class NotKnown(LookupError):
    """The rule reads a return that is not there, or a ratio, and says nothing about this one."""


def relations_of(setting: Setting) -> Iterator[Relation]:
    """Every comparison that the rules of the form make between cells of this return."""
    for table in setting.form.tables:
        for rule in table.rules:
            for place in _places(setting, table, rule):
                expression = rule.expression
                if isinstance(expression, PercentOf) or expression.comparison is None:
                    continue
                try:
                    left = _amount(setting, expression.left, place)
                    right = _amount(setting, expression.right, place)
                except NotKnown:
                    continue
                yield Relation(left, expression.comparison, right)


def formulas_of(setting: Setting) -> dict[Cell, Amount | None]:
    """What every computed cell is the sum of; None for a ratio, which is left to the checker."""
    found: dict[Cell, Amount | None] = {}
    for table in setting.form.tables:
        for path in setting.paths.get(table.key, ()):
            for column in table.figures:
                formula = _formula(table.row_by_key.get(path), column)
                if formula is not None:
                    place = _Place(table, path, column.id)
                    found[Cell(table.key, path, column.id)] = (
                        None
                        if isinstance(formula, PercentOf)
                        else _amount(setting, formula.left, place)
                    )
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """The row and column at hand, '' where there is none."""

    table: Table
    row: str = ""
    column: str = ""


def _places(setting: Setting, table: Table, rule: Rule) -> Iterator[_Place]:
    if rule.scope is Scope.ROW:
        for path in setting.paths.get(table.key, ()):
            yield _Place(table, path)
    elif rule.scope is Scope.COLUMN:
        for column in table.figures:
            yield _Place(table, column=column.id)
    else:
        yield _Place(table)


def _formula(row: Row | None, column: Column) -> Expression | PercentOf | None:
    return row.formula if row is not None and row.formula is not None else column.formula


def _amount(setting: Setting, linear: Linear, place: _Place) -> Amount:
    """What a side of a rule comes to. Raises NotKnown."""
    cells: dict[Cell, Decimal] = {}
    constant = linear.constant
    for ref, factor in linear.terms:
        other = setting.others.get(ref.source) if ref.source else None
        if ref.source and other is None:
            raise NotKnown(ref.source)
        table = ref.table or place.table.key
        paths = setting.paths.get(table, ()) if other is None else other.paths(table)
        if ref.kind == "rows":
            constant += factor * len(paths)
            continue
        for cell in _cells_of(ref, place, table, paths):
            if other is None:
                cells[cell] = cells.get(cell, Decimal(0)) + factor
            else:
                constant += factor * (other.figure(cell) or Decimal(0))
    return Amount(cells, constant)


def _cells_of(ref: Ref, place: _Place, table: str, paths: Sequence[str]) -> list[Cell]:
    """The cells that a name adds up: one, or those of all rows."""
    column = ref.column or place.column
    if ref.kind == "cell" and ref.row != TOTAL:
        path = ref.row or place.row
        return [Cell(table, path, column)] if path in paths else []
    return [Cell(table, path, column) for path in paths]
