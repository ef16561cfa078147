"""Dividing the figures of a unit among those into which it went, in shares that add to 1.

Pure. What comes of it is an estimate; added up again it is what it was, to the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

import numpy as np

from forms.checking import batch_of, compute, tables_of_batch
from forms.compiling import compile_form
from forms.definition import Consolidate, FormVersion, Table
from forms.returns import Int64Array, State, TableData

Tables = Mapping[str, TableData]


@dataclass(frozen=True, slots=True)
class Part:
    """A unit into which figures go, and which share of them; None is a share nobody declared."""

    unit: str
    share: Fraction | None = Fraction(1)


#: Old code -> where its figures go. A code that is not in it stays what it is.
UnitMap = Mapping[str, Sequence[Part]]


class NotRestatable(ValueError):
    """The shares of a unit are not declared, or do not add to 1."""

    def __init__(self, unit: str, parts: Sequence[Part]) -> None:
        super().__init__(f"{unit}: shares are undeclared or do not add to 1")
        self.unit = unit
        self.into = tuple(part.unit for part in parts)
        shares = [part.share for part in parts]
        #: What the declared shares add to; None where one is not declared.
        self.total = None if None in shares else sum((s for s in shares if s), Fraction(0))


def shares_of(unit: str, parts: Sequence[Part]) -> list[Fraction]:
    """The shares of a unit, which add to 1. Raises NotRestatable."""
    shares = [part.share for part in parts if part.share is not None]
    if len(shares) != len(parts) or sum(shares) != 1 or min(shares) < 0:
        raise NotRestatable(unit, parts)
    return shares


def apportion(values: Int64Array, shares: Sequence[Fraction]) -> Int64Array:
    """Whole figures in these shares, exactly adding to them again: (shares, *values.shape).

    By the largest remainder: each part is rounded down, and what is left goes, one at a time, to
    the parts that lost most; of equals to the first. A negative figure is the negative of the same.
    """
    below = lcm(*(share.denominator for share in shares))
    tops = [int(share * below) for share in shares]
    whole = np.abs(values.astype(object))
    exact = np.array([whole * top for top in tops], dtype=object).reshape(-1, *values.shape)
    parts, lost = exact // below, exact % below
    order = np.argsort(-lost, axis=0, kind="stable")
    places = np.argsort(order, axis=0, kind="stable")
    parts = parts + (places < whole - parts.sum(axis=0))
    return np.asarray(parts * np.where(values < 0, -1, 1), np.int64)


def split_tables(form: FormVersion, tables: Tables, shares: Sequence[Fraction]) -> list[Tables]:
    """A report in these shares, one for each: an estimate, whose cells add to the report's again.

    What is computed is worked out of the parts, unless it would then no longer add. Figures that
    are no sums, totals and texts belong to the whole: they are left to be worked out, or blank.
    """
    divided = {table.key: _divided(table, tables[table.key], shares) for table in form.tables}
    split: list[Tables] = []
    for at in range(len(shares)):
        blank = {
            table.key: _without_computed(form, table, divided[table.key][at])
            for table in form.tables
        }
        batch = batch_of(form, [blank])
        compute(batch)
        split.append(tables_of_batch(batch, blank))
    for table in form.tables:
        _keep_adding(table, tables[table.key], [part[table.key] for part in split], divided)
    return split


def no_sums(table: Table) -> list[int]:
    """The figures of a table that are no sums: ratios, and what stays with each unit."""
    return [at for at, col in enumerate(table.figures) if col.consolidate is not Consolidate.SUM]


def _divided(table: Table, data: TableData, shares: Sequence[Fraction]) -> list[TableData]:
    """The figures of a table in shares, cell by cell; what is no sum is blank."""
    values = apportion(data.values, shares)
    states = data.states.copy()
    states[:, no_sums(table)] = State.BLANK
    return [
        replace(
            data,
            values=np.where(states == State.VALUE, values[at], 0),
            states=states.copy(),
            texts=tuple({} for _ in data.names),
        )
        for at in range(len(shares))
    ]


def _without_computed(form: FormVersion, table: Table, data: TableData) -> TableData:
    """The same with every computed cell left out."""
    compiled = next(one for one in compile_form(form).tables if one.table is table)
    states = data.states.copy()
    computed = [table.figure_index[one.target] for one in compiled.column_formulas]
    states[:, computed] = np.where(
        states[:, computed] == State.VALUE, State.BLANK, states[:, computed]
    )
    rows = {formula.target for formula in compiled.row_formulas}
    for at, name in enumerate(data.names):
        if name.key in rows:
            states[at] = np.where(states[at] == State.VALUE, State.BLANK, states[at])
    return replace(data, values=np.where(states == State.VALUE, data.values, 0), states=states)


def _keep_adding(
    table: Table,
    whole: TableData,
    parts: Sequence[TableData],
    divided: Mapping[str, Sequence[TableData]],
) -> None:
    """Where computed cells are not known, or no longer add, take the divided ones. In place."""
    if not len(whole.names):
        return
    values = np.array([part.values for part in parts], dtype=object)
    known = np.array([part.states == State.VALUE for part in parts]).all(axis=0)
    is_sum = np.ones(len(table.figures), np.bool_)
    is_sum[no_sums(table)] = False
    lost = ~(known & (values.sum(axis=0) == whole.values)) & (whole.states == State.VALUE)
    # What was blank in the whole stays blank in its parts.
    lost |= whole.states != State.VALUE
    lost &= is_sum
    for part, share in zip(parts, divided[table.key], strict=True):
        part.values[lost] = share.values[lost]
        part.states[lost] = share.states[lost]
