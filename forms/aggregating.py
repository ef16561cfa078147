"""Consolidation as arithmetic: many tables in, one table out, exactly, with arrays.

A pure function of its inputs: the order in which reports are given does not change a byte.
Knows nothing of the database; reporting.services.consolidation reads and stores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forms.definition import Table
from forms.returns import Int64Array, State, StateArray, TableData

_VALUE = np.uint8(State.VALUE)


class FigureOverflow(ArithmeticError):
    """A sum does not fit the 64 bits in which figures are stored; where it is in the result."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(f"the sum in row {row}, column {column} does not fit 64 bits")
        self.row = row
        self.column = column


#: Up to this number a table of flags is cheaper than sorting.
_FLAGS = 50_000_000


def distinct_numbers(numbers: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The distinct non-negative numbers in order, and for each number its place among them."""
    highest = int(numbers.max()) if len(numbers) else 0
    if highest > _FLAGS:
        distinct, places = np.unique(numbers, return_inverse=True)
        return distinct, np.asarray(places, np.int64)
    present = np.zeros(highest + 1, np.bool_)
    present[numbers] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[numbers]


def group_sums(
    values: Int64Array, states: StateArray, groups: Int64Array, count: int
) -> tuple[Int64Array, StateArray]:
    """Sum rows that share a group number: (rows, columns) -> (count, columns).

    A cell of the result has a value where any part has one; else it is not applicable where any
    part is, else not asked where all parts are, else blank. Raises FigureOverflow.
    """
    width = values.shape[1]
    sums = np.zeros((count, width), np.int64)
    result = np.zeros((count, width), np.uint8)
    if not len(values):
        return sums, result
    # Small unsigned numbers are sorted by radix, in one pass over them.
    small = groups.astype(np.uint16) if count <= 2**16 else groups
    order = np.argsort(small, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    present = ordered[starts]
    sums[present] = _exact_sums(np.take(values, order, axis=0), starts, present)
    if (states == _VALUE).all():
        result[present] = _VALUE
    else:
        result[present] = _merged_states(np.take(states, order, axis=0), starts)
    return sums, result


def sum_by_name(table: Table, parts: Sequence[TableData]) -> TableData:
    """The sum of several tables of one form, row by row; texts are left out."""
    names = sorted({name.path: name for part in parts for name in part.names}.items())
    at = {path: index for index, (path, _) in enumerate(names)}
    groups = np.array([at[name.path] for part in parts for name in part.names], np.int64)
    width = len(table.figures)
    values = np.concatenate([part.values for part in parts]) if parts else np.zeros((0, width))
    states = np.concatenate([part.states for part in parts]) if parts else np.zeros((0, width))
    sums, merged = group_sums(values.astype(np.int64), states.astype(np.uint8), groups, len(names))
    totals = np.array([part.total_values for part in parts], np.int64).reshape(-1, width)
    total_states = np.array([part.total_states for part in parts], np.uint8).reshape(-1, width)
    total, total_state = group_sums(totals, total_states, np.zeros(len(totals), np.int64), 1)
    return TableData(
        tuple(name for _, name in names),
        sums,
        merged,
        tuple({} for _ in names),
        total[0],
        total_state[0],
    )


def _exact_sums(values: Int64Array, starts: Int64Array, groups: Int64Array) -> Int64Array:
    """Sums of stretches of rows; numpy's int64 wraps silently, so the bound is proved first."""
    peak = max(int(values.max()), -int(values.min())) if values.size else 0
    longest = int(np.diff(np.r_[starts, len(values)]).max())
    if peak * longest <= 2**63 - 1:
        return np.asarray(np.add.reduceat(values, starts, axis=0), np.int64)
    exact = np.add.reduceat(values.astype(object), starts, axis=0)
    too_large = np.argwhere(np.abs(exact) > 2**63 - 1)
    if len(too_large):
        stretch, column = too_large[0].tolist()
        raise FigureOverflow(int(groups[stretch]), column)
    return exact.astype(np.int64)


def _merged_states(states: StateArray, starts: Int64Array) -> StateArray:
    valued = np.maximum.reduceat(states == State.VALUE, starts, axis=0)
    waived = np.maximum.reduceat(states == State.NOT_APPLICABLE, starts, axis=0)
    unasked = np.minimum.reduceat(states == State.NOT_ASKED, starts, axis=0)
    merged = np.where(
        valued,
        State.VALUE,
        np.where(waived, State.NOT_APPLICABLE, np.where(unasked, State.NOT_ASKED, State.BLANK)),
    )
    return merged.astype(np.uint8)
