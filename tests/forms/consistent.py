"""Returns in which every rule holds, and returns in which just one rule does not.

Both are found by moving one cell after another until what must hold holds; the search knows only
the statements of `tests.forms.oracle`, never a form.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import Any

from forms.catalogue import Catalogue, load_forms
from forms.checking import Checked, check
from forms.definition import CellType, Column, FormVersion, RowModel, Table
from forms.naming_rows import Circumstances, asked_rows
from forms.period import Period, Window
from forms.reading_json import read_object
from tests.forms.declaring import SHAPES
from tests.forms.oracle import (
    Amount,
    Book,
    Place,
    Statement,
    half_up,
    holds,
    statements_of,
    worth,
)

Figures = dict[Place, Fraction]

_LONGEST_CHAIN = 5


@cache
def catalogue() -> Catalogue:
    """The shipped forms and the unusual ones."""
    return load_forms([SHAPES])


def window_of(form: FormVersion, period: str) -> Window:
    """The days that a period of a form covers."""
    return Period.parse(period).window(catalogue().regime(form.regime).window)


def circumstances_of(form: FormVersion, period: str, unit: str = "H26") -> Circumstances:
    """What a return of a form for a period is checked with."""
    return Circumstances(window_of(form, period), catalogue().lists, unit)


def a_period(form: FormVersion) -> str:
    """A period of 2026 that the form is asked for, which has one before it."""
    kind = form.periods[-1]
    return {"Y": "2026", "M": "2026-09"}.get(kind, f"2026-{kind}")


def data_of(form: FormVersion, figures: Mapping[Place, Any], rows: Rows) -> dict[str, Any]:
    """A return as the API takes it; figures may be of any kind, and texts are made up."""
    tables: dict[str, Any] = {}
    for table in form.tables:
        sent = []
        for row in rows[table.key]:
            cells: dict[str, Any] = {
                column.id: _written(figures[table.key, row.path, column.id])
                for column in table.figures
                if (table.key, row.path, column.id) in figures
            }
            cells |= {column.id: _text(column) for column in table.texts if column.compulsory}
            sent.append({"key": row.label, "section": row.section, "cells": cells})
        tables[table.key] = {"rows": sent} if sent else {"nil": True}
    return {"form": form.code, "unit": "H26", "period": a_period(form), "tables": tables}


def checked(form: FormVersion, figures: Mapping[Place, Any], rows: Rows | None = None) -> Checked:
    """The verdict on a return of these figures."""
    data = data_of(form, figures, rows if rows is not None else some_rows(form))
    return check(form, read_object(data), circumstances_of(form, a_period(form)))


def _written(figure: Any) -> Any:
    if not isinstance(figure, Fraction):
        return figure
    return Decimal(figure.numerator) / Decimal(figure.denominator)


def _text(column: Column) -> str:
    return "14/9/2026" if column.type is CellType.DATE else "Có giải trình"


@dataclass(frozen=True)
class SentRow:
    """A row as it is sent, and the path under which it is known afterwards."""

    path: str
    label: str
    section: str = ""


Rows = Mapping[str, Sequence[SentRow]]


def some_rows(form: FormVersion) -> dict[str, list[SentRow]]:
    """One or two rows of every table, or all that are declared."""
    window = window_of(form, a_period(form))
    return {table.key: list(_rows_of(table, window)) for table in form.tables}


def _rows_of(table: Table, window: Window) -> Iterator[SentRow]:
    if table.model is RowModel.SINGLE:
        yield SentRow("row", "")
    elif table.model is RowModel.LIST:
        yield SentRow("1", "")
    elif table.model in (RowModel.FIXED, RowModel.OUTLINE):
        yield from (SentRow(row.key, row.key) for row in asked_rows(table, window))
    elif table.model is RowModel.UNITS:
        yield from (SentRow(unit, unit) for unit in ("H26", "H55"))
    else:
        sections = [
            section.key
            for section in table.sections
            if section.validity.overlaps(window.first, window.last)
        ] or [""]
        for section in sections[:2]:
            for key, label in (("dat_dai", "Đất đai"), ("chung_thuc", "Chứng thực")):
                name = key if table.heading.code_list else label.casefold()
                yield SentRow(f"{section}:{name}" if section else name, label, section)


def consistent_book(form: FormVersion, others: Mapping[str, Book]) -> Book:
    """A report in which every rule holds and hardly a cell is 0."""
    rows = some_rows(form)
    paths = {key: [row.path for row in sent] for key, sent in rows.items()}
    places = [
        (table.key, row, column.id)
        for table in form.tables
        for row in paths[table.key]
        for column in table.figures
    ]
    start = Book(form, dict.fromkeys(places, Fraction(0)), paths)
    statements = list(statements_of(form, start, others, blanks=False))
    steps = steps_of(form, places)
    figures = dict(start.figures)
    for count, statement in enumerate(statements, 1):
        near = _connected(_cells_of(statement), statements[:count])
        found = settle(figures, near, steps, frozenset())
        assert found is not None, f"no figures satisfy the rules of {form.code}"
        figures = found
    chance = random.Random(form.code)  # noqa: S311
    for place in chance.sample(places, len(places)):
        raised = figures | {place: figures[place] + chance.randrange(3, 40)}
        near = _connected({place}, statements)
        figures = settle(raised, near, steps, frozenset({place})) or figures
    return Book(form, figures, paths)


def _connected(places: set[Place], statements: Sequence[Statement]) -> list[Statement]:
    """The statements that moving these cells can concern, one through another."""
    found: list[Statement] = []
    waiting = list(statements)
    while True:
        near = [each for each in waiting if not places.isdisjoint(_cells_of(each))]
        if not near:
            return found
        found += near
        waiting = [each for each in waiting if places.isdisjoint(_cells_of(each))]
        places = places.union(*map(_cells_of, near))


def steps_of(form: FormVersion, places: Sequence[Place]) -> dict[Place, Fraction]:
    """The smallest amount by which each cell can move."""
    steps = {}
    for place in places:
        table = form.table_by_key[place[0]]
        row = table.row_by_key.get(place[1])
        digits = table.by_id[place[2]].digits
        if row is not None and row.digits is not None:
            digits = min(digits, row.digits)
        steps[place] = Fraction(1, 10**digits)
    return steps


def settle(
    figures: Figures,
    statements: Sequence[Statement],
    steps: Mapping[Place, Fraction],
    frozen: frozenset[Place],
) -> Figures | None:
    """Figures near these in which every statement holds, the frozen cells as they are."""
    for length in range(_LONGEST_CHAIN + 1):
        found = _settle(figures, statements, steps, frozen, length)
        if found is not None:
            return found
    return None


def _settle(
    figures: Figures,
    statements: Sequence[Statement],
    steps: Mapping[Place, Fraction],
    frozen: frozenset[Place],
    left: int,
) -> Figures | None:
    broken = next((each for each in statements if not holds(each, figures)), None)
    if broken is None:
        return figures
    if not left:
        return None
    for place, value in _moves(broken, figures, steps):
        if place not in frozen and value >= 0:
            moved = figures | {place: value}
            found = _settle(moved, statements, steps, frozen | {place}, left - 1)
            if found is not None:
                return found
    return None


def breaks(
    target: Statement,
    figures: Figures,
    statements: Sequence[Statement],
    steps: Mapping[Place, Fraction],
) -> Figures | None:
    """Figures in which just the target does not hold; None if there are none near these."""
    near = _connected(_cells_of(target), statements)
    rest = [each for each in near if each is not target]
    for place, value in _spoiling(target, figures, steps):
        if value < 0:
            continue
        found = settle(figures | {place: value}, rest, steps, frozenset({place}))
        if found is not None and not holds(target, found):
            return found
    return None


def spoilt(target: Statement, figures: Figures, steps: Mapping[Place, Fraction]) -> Figures:
    """Figures in which the target does not hold, whatever else may break."""
    for place, value in _spoiling(target, figures, steps):
        figures = figures | {place: max(value, Fraction(0))}
        if not holds(target, figures):
            return figures
    raise AssertionError(f"{target.rule_id} cannot be broken")


def _cells_of(statement: Statement) -> set[Place]:
    whole = statement.whole.cells if statement.whole else {}
    return {*statement.left.cells, *statement.right.cells, *whole}


def _difference(statement: Statement) -> Amount:
    return statement.left.plus(statement.right, Fraction(-1))


def _moves(
    statement: Statement, figures: Figures, steps: Mapping[Place, Fraction]
) -> Iterator[tuple[Place, Fraction]]:
    """Single cells whose new figure makes the statement hold."""
    if statement.whole is not None:
        (place,) = statement.left.cells
        part, whole = worth(statement.right, figures), worth(statement.whole, figures)
        yield place, half_up(part * 100 / whole, statement.digits)
        return
    yield from _shifted(statement, statement.comparison, figures, steps)


def _spoiling(
    statement: Statement, figures: Figures, steps: Mapping[Place, Fraction]
) -> Iterator[tuple[Place, Fraction]]:
    """Single cells whose new figure makes the statement not hold."""
    if statement.whole is not None:
        (place,) = statement.left.cells
        yield place, figures[place] - steps[place]
        return
    opposites = {"==": "<>", "!=": ["=="], "<=": ">", ">=": "<", "<": [">="], ">": ["<="]}
    for comparison in opposites[statement.comparison]:
        yield from _shifted(statement, comparison, figures, steps)


def _shifted(
    statement: Statement, comparison: str, figures: Figures, steps: Mapping[Place, Fraction]
) -> Iterator[tuple[Place, Fraction]]:
    """For each cell the nearest figure with which `left <comparison> right` holds."""
    difference = _difference(statement)
    now = worth(difference, figures)
    for place, factor in difference.cells.items():
        if not factor:
            continue
        step = steps[place]
        exact = -now / (factor * step)  # so many steps make both sides equal
        rises = factor > 0
        if comparison == "==":
            if exact.denominator == 1:
                yield place, figures[place] + exact * step
            continue
        up = comparison in (">", ">=", "!=")
        count = ceil(exact) if up == rises else floor(exact)
        if comparison in ("<", ">", "!=") and count == exact:
            count += 1 if up == rises else -1
        yield place, figures[place] + count * step
