"""A declaration compiled once: for every table, its linear rules as one integer matrix.

Scaling to the digits of the cells happens here, so that what runs later is whole numbers only:
`c3 == c4 + c5 + c6` is the row (1, -1, -1, -1) of the matrix, and a table of figures times the
matrix gives the difference of every rule in every row at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from forms.definition import (
    BlankMeans,
    Column,
    Consolidate,
    FormVersion,
    Row,
    Rule,
    Scope,
    Table,
)
from forms.expressions import Expression, Linear, PercentOf, Ref
from forms.returns import Int64Array
from forms.values import FIGURE_BOUND

#: Above this an int64 sum could wrap, which numpy does without a word.
INT64_BOUND = 2**63 - 1

_NONE: Mapping[str, FormVersion] = {}

_Computed = TypeVar("_Computed")


@dataclass(frozen=True, slots=True)
class Scaled:
    """A linear form in whole numbers: `sum(coefficient * figure) + constant`, at `digits`."""

    terms: tuple[tuple[Ref, int], ...]
    constant: int
    digits: int

    @property
    def weight(self) -> int:
        """How many times the largest figure the result can be."""
        return sum(abs(coefficient) for _, coefficient in self.terms) or 1

    def fits(self, peak: int) -> bool:
        """Whether no figure up to `peak` can make an int64 wrap."""
        return self.weight * peak + abs(self.constant) <= INT64_BOUND


@dataclass(frozen=True, slots=True)
class PlainRules:
    """The rules over the cells of one row, as a matrix: (rules, figure columns)."""

    rules: tuple[Rule, ...]
    matrix: npt.NDArray[Any]  # (figure columns, rules): values @ matrix = differences
    constants: npt.NDArray[Any]
    uses: Int64Array  # (figure columns, rules): 1 where a rule skips on a blank cell
    weight: int
    equal: Int64Array  # positions of the rules with ==, and so on
    other: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """One computed column, or one computed row of a fixed table.

    `scaled` has one linear form for a column, one for every figure column for a row, and none for
    a percentage.
    """

    target: str
    scaled: tuple[Scaled, ...]
    percent: tuple[Scaled, Scaled] | None
    digits: int


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """A table ready to be checked."""

    table: Table
    plain: PlainRules
    general: tuple[Rule, ...]  # evaluated one by one: other rows, totals, other tables, percent
    column_formulas: tuple[Formula, ...]
    row_formulas: tuple[Formula, ...]
    sums: Int64Array  # positions of the figure columns whose total row is their sum
    order: dict[str, int]  # rule id -> position among the table's rules


@dataclass(frozen=True, eq=False)
class CompiledForm:
    """A form version ready to be checked."""

    form: FormVersion
    tables: tuple[CompiledTable, ...]
    external: tuple[tuple[Table, Rule], ...]


@lru_cache(maxsize=512)
def compile_form(form: FormVersion) -> CompiledForm:
    """Compile every table of a form version; kept for as long as the process lives."""
    external = tuple(
        (table, rule) for table in form.tables for rule in table.rules if rule.is_external
    )
    return CompiledForm(form, tuple(_compile_table(form, table) for table in form.tables), external)


def scale(
    linear: Linear,
    form: FormVersion,
    table: Table,
    others: Mapping[str, FormVersion] = _NONE,
    *,
    column: int | None = None,
) -> Scaled:
    """Bring a linear form of declared figures to whole numbers of one common digit count.

    `column` is the figure column at hand where the linear form runs down the rows.
    """
    parts = [
        (ref, value, figure_digits(ref, form, table, others, column=column))
        for ref, value in linear.terms
    ]
    return _common(parts, linear.constant)


def figure_digits(
    ref: Ref,
    form: FormVersion,
    table: Table,
    others: Mapping[str, FormVersion] = _NONE,
    *,
    column: int | None = None,
) -> int:
    """The declared digits of what a ref names; another form is looked up among `others`."""
    if ref.kind == "rows":
        return 0
    home = table
    if ref.source not in ("", "previous"):
        other = others.get(ref.source)
        if other is None:
            return 0
        home = other.table_by_key[ref.table] if ref.table else other.tables[0]
    elif ref.table:
        home = form.table_by_key[ref.table]
    if not ref.column:
        assert column is not None
        return home.figures[column].digits
    return home.by_id[ref.column].digits


def at_digits(scaled: Scaled, digits: int) -> Scaled:
    """The same linear form at a finer scale."""
    factor = 10 ** (digits - scaled.digits)
    terms = tuple((ref, coefficient * factor) for ref, coefficient in scaled.terms)
    return Scaled(terms, scaled.constant * factor, digits)


def _common(parts: Sequence[tuple[Ref, Decimal, int]], constant: Decimal) -> Scaled:
    digits = max(
        [_decimals(constant), *(own + _decimals(value) for _, value, own in parts)], default=0
    )
    terms = tuple((ref, int(value * 10 ** (digits - own))) for ref, value, own in parts)
    return Scaled(terms, int(constant * 10**digits), digits)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _compile_table(form: FormVersion, table: Table) -> CompiledTable:
    plain: list[Rule] = []
    general: list[Rule] = []
    for rule in table.rules:
        if not rule.is_external:
            (plain if _is_plain(rule) else general).append(rule)
    return CompiledTable(
        table=table,
        plain=_compile_plain(form, table, plain),
        general=tuple(general),
        column_formulas=tuple(
            _formula(form, table, column)
            for column in _in_order({col.id: (col, col.formula) for col in table.figures})
        ),
        row_formulas=tuple(
            _row_formula(form, table, row)
            for row in _in_order({row.key: (row, row.formula) for row in table.rows})
        ),
        sums=np.array(
            [
                index
                for index, column in enumerate(table.figures)
                if column.consolidate is Consolidate.SUM
            ],
            dtype=np.int64,
        ),
        order={rule.id: position for position, rule in enumerate(table.rules)},
    )


def _is_plain(rule: Rule) -> bool:
    """Whether a rule only compares cells of the row at hand."""
    return (
        rule.scope is Scope.ROW
        and isinstance(rule.expression, Expression)
        and all(
            ref.kind == "cell" and not ref.row and not ref.table for ref in rule.expression.refs
        )
    )


def _compile_plain(form: FormVersion, table: Table, rules: Sequence[Rule]) -> PlainRules:
    shape = (len(table.figures), len(rules))
    # Python's own integers first: a declared factor may pass int64 when it is scaled.
    matrix = np.zeros(shape, object)
    constants = np.zeros(len(rules), object)
    uses = np.zeros(shape, np.int64)
    weight = 1
    equal: list[int] = []
    other: list[tuple[int, str]] = []
    for position, rule in enumerate(rules):
        assert isinstance(rule.expression, Expression)
        scaled = scale(rule.expression.difference, form, table)
        weight = max(weight, scaled.weight + abs(scaled.constant) // FIGURE_BOUND + 1)
        constants[position] = scaled.constant
        for ref, coefficient in scaled.terms:
            matrix[table.figure_index[ref.column], position] = coefficient
        if rule.blank is BlankMeans.SKIP:
            for ref in rule.expression.refs:
                uses[table.figure_index[ref.column], position] = 1
        if rule.expression.comparison == "==":
            equal.append(position)
        else:
            other.append((position, str(rule.expression.comparison)))
    if weight <= INT64_BOUND // FIGURE_BOUND:
        matrix, constants = matrix.astype(np.int64), constants.astype(np.int64)
    return PlainRules(
        tuple(rules), matrix, constants, uses, weight, np.array(equal, np.int64), tuple(other)
    )


def _in_order(
    computed: Mapping[str, tuple[_Computed, Expression | PercentOf | None]],
) -> tuple[_Computed, ...]:
    """The computed columns (or rows), each after those that it reads."""
    waiting = {name: pair for name, pair in computed.items() if pair[1] is not None}
    ordered: list[_Computed] = []
    while waiting:
        ready = [
            name
            for name, (_, formula) in waiting.items()
            if formula and not any((ref.column or ref.row) in waiting for ref in formula.refs)
        ]
        if not ready:
            raise ValueError(f"formulas go round in a circle: {sorted(waiting)}")
        ordered += [waiting.pop(name)[0] for name in ready]
    return tuple(ordered)


def _row_formula(form: FormVersion, table: Table, row: Row) -> Formula:
    assert row.formula is not None
    scaled = tuple(
        at_digits(scale(row.formula.left, form, table, column=position), column.digits)
        for position, column in enumerate(table.figures)
    )
    return Formula(row.key, scaled, None, 0)


def _formula(form: FormVersion, table: Table, column: Column) -> Formula:
    if isinstance(column.formula, PercentOf):
        part = scale(column.formula.part, form, table)
        whole = scale(column.formula.whole, form, table)
        digits = max(part.digits, whole.digits)
        pair = (at_digits(part, digits), at_digits(whole, digits))
        return Formula(column.id, (), pair, column.digits)
    assert column.formula is not None
    scaled = at_digits(scale(column.formula.left, form, table), column.digits)
    return Formula(column.id, (scaled,), None, column.digits)
