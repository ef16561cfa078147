"""What several periods of one form make of each column: derived from what is declared.

A column that starts from one of the last period (c6 == previous(c11)) is what stood at the
beginning, and the other one what stood at the end; so are the parts of which they are the sum. A
consolidated form has its columns from its sources, and their meaning too. A column says
`over_time` where this is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forms.definition import (
    CellType,
    Column,
    Consolidate,
    FormVersion,
    OverTime,
    Scope,
    Table,
)
from forms.expressions import Expression, Linear, PercentOf, Ref
from forms.prior_figures import carried_from

#: Column id -> what several periods make of it.
Ways = dict[str, OverTime]

_LEVELS = frozenset({OverTime.STOCK, OverTime.OPENING})


def ways_over_time(
    form: FormVersion, sources: Mapping[str, FormVersion], *, below: frozenset[str] = frozenset()
) -> Mapping[str, Ways]:
    """Table key -> what several periods make of each of its columns of figures.

    `sources` are the forms that others are consolidated from, by code.
    """
    found: dict[str, Ways] = {}
    inner = {
        code: ways_over_time(sources[code], sources, below=below | {form.code})
        for code in sorted({source.form for source in form.sources})
        if code in sources and code not in below | {form.code}
    }
    for table in form.tables:
        ways = _said(table)
        for name, way in (*_carried(table), *_from_sources(form, table, inner)):
            ways.setdefault(name, way)
        _into_parts(table, ways)
        for column in table.figures:
            _settle(table, column, ways, ())
        found[table.key] = ways
    return found


def ratio_of(table: Table, column: Column) -> PercentOf | None:
    """Of what a column is the percentage, by its formula or else by a rule of its row."""
    if isinstance(column.formula, PercentOf):
        return column.formula
    for rule in table.rules:
        said = rule.expression
        if (
            rule.scope is Scope.ROW
            and isinstance(said, PercentOf)
            and not said.is_external
            and said.left is not None
            and _is_just(said.left, column)
        ):
            return PercentOf(said.part, said.whole)
    return None


def sum_of(table: Table, column: Column) -> Linear | None:
    """Of what a column is the sum, by its formula or else by a rule of its row."""
    if isinstance(column.formula, Expression):
        return None if column.formula.is_external else column.formula.left
    for rule in table.rules:
        said = rule.expression
        if (
            rule.scope is Scope.ROW
            and isinstance(said, Expression)
            and said.comparison == "=="
            and not said.is_external
            and _is_just(said.left, column)
            and len(said.right.terms) > 1
        ):
            return said.right
    return None


def _said(table: Table) -> Ways:
    """What the column says itself, or its type does."""
    ways: Ways = {}
    for column in table.figures:
        if column.over_time is not None:
            ways[column.id] = column.over_time
        elif column.type is CellType.STOCK:
            ways[column.id] = OverTime.STOCK
        elif ratio_of(table, column) is not None:
            ways[column.id] = OverTime.RATIO
        elif column.type is CellType.PERCENT or column.consolidate is Consolidate.NONE:
            ways[column.id] = OverTime.NONE
    return ways


def _carried(table: Table) -> Iterator[tuple[str, OverTime]]:
    """What starts from the last period; what goes on from itself stands at the end."""
    plain = {
        ref.column
        for rule in table.rules
        if isinstance(rule.expression, Expression) and len(rule.expression.right.terms) == 1
        for ref in rule.expression.left.refs
    }
    for here, there in carried_from(table).items():
        is_opening = here != there and here in plain
        yield here, OverTime.OPENING if is_opening else OverTime.STOCK
        yield there, OverTime.STOCK


def _from_sources(
    form: FormVersion, table: Table, inner: Mapping[str, Mapping[str, Ways]]
) -> Iterator[tuple[str, OverTime]]:
    """What stood somewhere below stands here; what flows there is found out here."""
    for source in form.sources:
        if source.into != table.key:
            continue
        below = inner.get(source.form, {}).get(source.table, {})
        for column in table.figures:
            way = below.get(source.columns.get(column.id, column.id))
            if way in _LEVELS:
                yield column.id, way


def _into_parts(table: Table, ways: Ways) -> None:
    """What stands in parts stands in each of them: c11 = c12 + c13.

    Not where something that stood at the beginning is among the parts: the others came to it.
    """
    waiting = [column for column in table.figures if ways.get(column.id) in _LEVELS]
    while waiting:
        whole = waiting.pop()
        linear = sum_of(table, whole)
        if linear is None or linear.constant or any(factor < 0 for _, factor in linear.terms):
            continue
        parts = [ref.column for ref in linear.refs if _is_of_the_row(ref)]
        way = ways[whole.id]
        if any(ways.get(part, way) is not way for part in parts):
            continue
        for part in parts:
            if part not in ways:
                ways[part] = way
                waiting.append(table.by_id[part])


def _settle(table: Table, column: Column, ways: Ways, path: tuple[str, ...]) -> OverTime:
    """A column that says nothing is a flow, or a sum of flows and of what stood."""
    if column.id in ways:
        return ways[column.id]
    linear = sum_of(table, column)
    if linear is None or _goes_round(table, column, linear, path):
        ways[column.id] = OverTime.FLOW
        return OverTime.FLOW
    parts = {
        _settle(table, table.by_id[ref.column], ways, (*path, column.id))
        for ref in linear.refs
        if ref.table in ("", table.key) and ref.column in table.figure_index
    }
    is_plain = not linear.constant and len(parts) == 1
    way = parts.pop() if is_plain else OverTime.BALANCE if parts else OverTime.FLOW
    # Ratios and balances that are added up are worked out again like any other balance.
    way = OverTime.BALANCE if way in (OverTime.RATIO, OverTime.NONE) else way
    ways[column.id] = way
    return way


def _goes_round(table: Table, column: Column, linear: Linear, path: tuple[str, ...]) -> bool:
    """Whether what a rule says a column to be is itself made of it: one of the two is typed."""
    if column.formula is not None:
        return False
    whole = {column.id, *path}
    parts = [table.by_id[ref.column] for ref in linear.refs if ref.column in table.figure_index]
    return any(
        part.id in whole
        or (part.formula is not None and any(ref.column in whole for ref in part.formula.refs))
        for part in parts
    )


def _is_of_the_row(ref: Ref) -> bool:
    return ref.kind == "cell" and bool(ref.column) and not (ref.row or ref.table or ref.source)


def _is_just(linear: Linear, column: Column) -> bool:
    """Whether a side of a comparison is a column of the row at hand and nothing more."""
    if linear.constant or len(linear.terms) != 1:
        return False
    ref, factor = linear.terms[0]
    return factor == 1 and _is_of_the_row(ref) and ref.column == column.id
