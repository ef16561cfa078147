"""Rules and formulas of a declaration: every name in them found, every scope settled.

What cannot be settled is a list of (problem, expected) pairs, never a guess.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from forms.definition import ONLY_ROW, CellType, Column, Row, RowModel, Scope, Table
from forms.expressions import (
    TOTAL,
    BadExpression,
    Expression,
    Linear,
    PercentOf,
    Ref,
    parse_formula,
    parse_rule,
    rename,
    walk,
)

Problem = tuple[str, str]


class Unsettled(ValueError):
    """An expression that cannot be used; `problems` says why, each with what was expected."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("; ".join(problem for problem, _ in self.problems))


def settle_rule(
    text: str, *, table: Table, tables: Mapping[str, Table], form: str
) -> tuple[Expression | PercentOf, Scope]:
    """The rule with its scope, its names checked. Raises Unsettled.

    Bare names that are columns make a rule of every row; bare names that are rows of a fixed
    table make a rule of every column; without bare names it is asked once.
    """
    try:
        expression = parse_rule(text)
    except BadExpression as error:
        raise Unsettled([(str(error), "a comparison such as c3 == c4 + c5")]) from None
    expression = rename(expression, {ref: _placed(ref, tables) for ref in expression.refs})
    problems = [
        problem
        for ref in expression.refs
        if not _is_bare(ref)
        for problem in _problems_of(ref, table=table, tables=tables, form=form)
    ]
    if not expression.refs:
        problems.append(("names no cell", "a comparison of cells such as c3 == c4 + c5"))
    bare = [ref for ref in expression.refs if _is_bare(ref)]
    scope, more = _scope_of([ref.column for ref in bare], table)
    if table.model is RowModel.LIST and any(ref.source for ref in bare):
        more.append(("looks for a row of a list in another report", "a sum, or no rule here"))
    if scope is not Scope.ROW:
        more += [
            (f"{ref} names no row, and the rule has none at hand", "a row before the column")
            for ref in expression.refs
            if ref.kind == "cell" and not ref.row and not _is_bare(ref)
        ]
    if problems or more:
        raise Unsettled([*problems, *more])
    if scope is Scope.COLUMN:
        down = {ref: Ref(row=ref.column, source=ref.source) for ref in bare}
        expression = rename(expression, down)
    return expression, scope


def settle_column_formula(text: str, *, column: Column, table: Table) -> Expression | PercentOf:
    """What a computed column holds, over other columns of its row. Raises Unsettled."""
    formula = _parsed_formula(text)
    problems = [
        problem
        for ref in formula.refs
        for problem in (
            _column_problems(ref.column, table)
            if _is_plain(ref)
            else [(f"{ref} is not a cell of the same row", "columns of this table by their ids")]
        )
    ]
    if isinstance(formula, PercentOf) and column.type is not CellType.PERCENT:
        problems.append((f"is a percentage in a column of type {column.type}", "type: percent"))
    if problems:
        raise Unsettled(problems)
    digits = {Ref(column=other.id): other.digits for other in table.columns}
    _refuse_lost_digits(formula, digits, column.digits)
    return formula


def settle_row_formula(text: str, *, row: Row, table: Table) -> Expression:
    """What a computed row holds, over other rows, in every figure column. Raises Unsettled."""
    formula = _parsed_formula(text)
    if isinstance(formula, PercentOf):
        raise Unsettled([("is a percentage of rows", "a sum of rows such as i1 + i2")])
    problems: list[Problem] = []
    for ref in formula.refs:
        if not _is_plain(ref) or ref.column not in table.row_by_key:
            problems.append((f"{ref} is no row", _nearest(ref.column, table.row_by_key)))
    if problems:
        raise Unsettled(problems)
    for column in table.figures:
        digits = {Ref(column=other.key): _digits_of(other, column) for other in table.rows}
        _refuse_lost_digits(formula, digits, _digits_of(row, column))
        # Figures are kept at the digits of their column, so no factor may be finer than a whole.
        alike = {Ref(column=other.key): column.digits for other in table.rows}
        _refuse_lost_digits(formula, alike, column.digits)
    down = rename(formula, {ref: Ref(row=ref.column) for ref in formula.refs})
    assert isinstance(down, Expression)
    return down


def find_cycles(graph: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Every name that is computed from itself, with the way round."""
    found: dict[str, list[str]] = {}
    for start in graph:
        trail = _way_back(start, graph)
        if trail and not any(start in cycle for cycle in found.values()):
            found[start] = trail
    return found


def external_problems(ref: Ref, *, table: Table, other: Sequence[Table]) -> list[Problem]:
    """What is wrong with a ref into another form, whose tables are given.

    Without a table it means that form's first one, and without a row the row of the same key.
    """
    by_key = {home.key: home for home in other}
    if ref.table and ref.table not in by_key:
        return [(f"form {ref.source} has no table {ref.table}", _nearest(ref.table, by_key))]
    home = by_key[ref.table] if ref.table else other[0]
    if not _has_row(ref.row, home):
        known = _row_names(home)
        return [(f"{ref}: table {home.key} has no row {ref.row}", _nearest(ref.row, known))]
    if ref.column not in home.figure_index:
        problem = f"form {ref.source} has no figures {ref.column} in table {home.key}"
        return [(problem, _nearest(ref.column, home.figure_index))]
    if ref.kind == "cell" and not ref.row and table.model is not home.model:
        problem = f"{ref} means the row of the same key, but its rows are {home.model} rows"
        return [(problem, f"such as total.{ref.column} or row.{ref.column}")]
    return []


def _parsed_formula(text: str) -> Expression | PercentOf:
    try:
        formula = parse_formula(text)
    except BadExpression as error:
        raise Unsettled([(str(error), "a sum such as c4 + c5 + c6")]) from None
    if not formula.refs:
        raise Unsettled([("names no cell", "a sum such as c4 + c5 + c6")])
    return formula


def _placed(ref: Ref, tables: Mapping[str, Table]) -> Ref:
    """Read `part2.c3` inside sum() as a table, since a sum runs over rows and names none."""
    is_here = ref.source in ("", "previous") and not ref.table and ref.row in tables
    return replace(ref, table=ref.row, row="") if ref.kind == "sum" and is_here else ref


def _is_bare(ref: Ref) -> bool:
    inside = ref.source in ("", "previous")
    return inside and ref.kind == "cell" and not ref.row and not ref.table


def _is_plain(ref: Ref) -> bool:
    return _is_bare(ref) and not ref.source


def _scope_of(names: Sequence[str], table: Table) -> tuple[Scope, list[Problem]]:
    columns = [name for name in names if name in table.by_id]
    rows = [name for name in names if name in table.row_by_key]
    unknown = [name for name in names if name not in columns and name not in rows]
    if unknown:
        known = [*table.figure_index, *table.row_by_key]
        return Scope.TABLE, [
            (f"{name} is no column and no row", _nearest(name, known)) for name in unknown
        ]
    if not names:
        return Scope.TABLE, []
    if len(rows) == len(names) and len(columns) == len(names):
        return Scope.ROW, [(f"{', '.join(names)} are columns and rows alike", "other row keys")]
    if len(columns) == len(names):
        problems = [problem for name in names for problem in _column_problems(name, table)]
        return Scope.ROW, problems
    if len(rows) == len(names):
        return Scope.COLUMN, []
    return Scope.ROW, [
        (
            f"mixes columns ({', '.join(columns)}) and rows ({', '.join(rows)})",
            "only columns or only rows; a single cell is row.column",
        )
    ]


def _problems_of(
    ref: Ref, *, table: Table, tables: Mapping[str, Table], form: str
) -> list[Problem]:
    if ref.source == form:
        return [(f"{ref} is this form itself", "the cell without form(...)")]
    if ref.source not in ("", "previous"):
        return []  # Other forms are looked at when all are read.
    if ref.table and ref.table not in tables:
        return [(f"{ref.table} is no table", _nearest(ref.table, tables))]
    target = tables[ref.table] if ref.table else table
    if ref.kind == "rows":
        return []
    if ref.kind == "sum" and ref.row:
        return [(f"{ref} sums over rows and names one", "sum(column) or sum(table.column)")]
    if ref.row and not _has_row(ref.row, target):
        problem = f"{ref.row} is no row of table {target.key}"
        return [(problem, _nearest(ref.row, _row_names(target)))]
    return _column_problems(ref.column, target)


def _has_row(row: str, table: Table) -> bool:
    if row == TOTAL:
        return table.total is not None
    if row == ONLY_ROW:
        return table.model is RowModel.SINGLE
    return not row or row in table.row_by_key


def _row_names(table: Table) -> list[str]:
    only = [ONLY_ROW] if table.model is RowModel.SINGLE else []
    return [*only, *table.row_by_key, *([TOTAL] if table.total else [])]


def _column_problems(name: str, table: Table) -> list[Problem]:
    if name in table.figure_index:
        return []
    if name in table.by_id:
        return [(f"{name} is {table.by_id[name].type}", "a column of figures")]
    return [(f"{name} is no column of table {table.key}", _nearest(name, table.figure_index))]


def _nearest(name: str, known: Iterable[str]) -> str:
    names = [other for other in known if other]
    close = difflib.get_close_matches(name, names, n=3) or names[:20]
    more = ", …" if len(close) < len(names) and close == names[:20] else ""
    return "one of " + ", ".join(close) + more if close else "no such reference here"


def _digits_of(row: Row, column: Column) -> int:
    return column.digits if row.digits is None else row.digits


def _refuse_lost_digits(
    formula: Expression | PercentOf, digits: Mapping[Ref, int], own: int
) -> None:
    """A sum must be exact, so the cell must have room for every digit of its parts."""
    if isinstance(formula, PercentOf):
        return
    problems: list[Problem] = []
    for linear in walk(formula):
        problems += [
            (f"{ref} brings {digits[ref] + _places(factor)} digits", f"at most {own} here")
            for ref, factor in linear.terms
            if ref in digits and digits[ref] + _places(factor) > own
        ]
        problems += _constant_problems(linear, own)
    if problems:
        raise Unsettled(problems)


def _constant_problems(linear: Linear, own: int) -> list[Problem]:
    places = _places(linear.constant)
    return (
        [(f"{linear.constant} has {places} digits", f"at most {own} here")] if places > own else []
    )


def _places(figure: Decimal) -> int:
    exponent = figure.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _way_back(start: str, graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a name back to itself, or nothing."""
    trails = [[start, name] for name in graph.get(start, ())]
    seen: set[str] = set()
    while trails:
        trail = trails.pop(0)
        if trail[-1] == start:
            return trail
        if trail[-1] not in seen:
            seen.add(trail[-1])
            trails += [[*trail, name] for name in graph.get(trail[-1], ())]
    return []
