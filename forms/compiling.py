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

import numpy as np

from forms.definition import BlankMeans, Column, Consolidate, FormVersion, Rule, Scope, Table
from forms.expressions import Expression, Linear, PercentOf, Ref
from forms.returns import Int64Array
from forms.values import FIGURE_BOUND

#: Above this an int64 sum could wrap, which numpy does without a word.
INT64_BOUND = 2**63 - 1

_NONE: Mapping[str, FormVersion] = {}


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
    matrix: Int64Array  # (figure columns, rules): values @ matrix = differences
    constants: Int64Array
    uses: Int64Array  # (figure columns, rules): 1 where a rule skips on a blank cell
    weight: int
    equal: Int64Array  # positions of the rules with ==, and so on
    other: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """One computed column, or one computed row of a fixed table."""

    target: str
    scaled: Scaled | None
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
    linear: Linear, form: FormVersion, table: Table, others: Mapping[str, FormVersion] = _NONE
) -> Scaled:
    """Bring a linear form of declared figures to whole numbers of one common digit count."""
    parts = [(ref, value, figure_digits(ref, form, table, others)) for ref, value in linear.terms]
    return _common(parts, linear.constant)


def figure_digits(
    ref: Ref, form: FormVersion, table: Table, others: Mapping[str, FormVersion] = _NONE
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
        return max((column.digits for column in home.figures), default=0)
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
        column_formulas=_ordered(form, table, table.figures),
        row_formulas=tuple(
            Formula(row.key, scale(row.formula.left, form, table), None, 0)
            for row in table.rows
            if row.formula is not None
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
    matrix = np.zeros(shape, np.int64)
    uses = np.zeros(shape, np.int64)
    constants = np.zeros(len(rules), np.int64)
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
    return PlainRules(
        tuple(rules), matrix, constants, uses, weight, np.array(equal, np.int64), tuple(other)
    )


def _ordered(form: FormVersion, table: Table, columns: Sequence[Column]) -> tuple[Formula, ...]:
    """The computed columns, each after the computed columns that it reads."""
    waiting = {column.id: column for column in columns if column.formula is not None}
    ordered: list[Formula] = []
    while waiting:
        ready = [
            column
            for column in waiting.values()
            if column.formula is not None
            and not any(ref.column in waiting for ref in column.formula.refs)
        ]
        for column in ready:
            ordered.append(_formula(form, table, column))
            del waiting[column.id]
        if not ready:
            raise ValueError(f"formulas of {form.code} go round in a circle: {sorted(waiting)}")
    return tuple(ordered)


def _formula(form: FormVersion, table: Table, column: Column) -> Formula:
    if isinstance(column.formula, PercentOf):
        part = scale(column.formula.part, form, table)
        whole = scale(column.formula.whole, form, table)
        digits = max(part.digits, whole.digits)
        pair = (at_digits(part, digits), at_digits(whole, digits))
        return Formula(column.id, None, pair, column.digits)
    assert column.formula is not None
    scaled = at_digits(scale(column.formula.left, form, table), column.digits)
    return Formula(column.id, scaled, None, column.digits)
