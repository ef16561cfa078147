"""Sums over reports are exact, whatever their order and however large they are."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.aggregating import FigureOverflow, distinct_numbers, group_sums, sum_by_name
from forms.returns import Int64Array, RowName, State, StateArray, TableData
from tests.forms.consistent import catalogue

FIGURE = st.one_of(
    st.integers(-5, 5),
    st.integers(1 - 10**15, 10**15 - 1),
    st.integers(-(2**62), 2**62),
)
CELL = st.tuples(FIGURE, st.sampled_from(list(State)))
#: Rows of (group, cells); two columns.
ROWS = st.lists(st.tuples(st.integers(0, 4), st.tuples(CELL, CELL)), max_size=20)
Rows = list[tuple[int, tuple[tuple[int, State], tuple[int, State]]]]


def _arrays(rows: Rows) -> tuple[Int64Array, StateArray, Int64Array]:
    """The rows as arrays; what is no value is packed as 0."""
    values = [[n if state is State.VALUE else 0 for n, state in cells] for _, cells in rows]
    states = [[int(state) for _, state in cells] for _, cells in rows]
    return (
        np.array(values, np.int64).reshape(-1, 2),
        np.array(states, np.uint8).reshape(-1, 2),
        np.array([group for group, _ in rows], np.int64),
    )


def _expected(rows: Rows, group: int, column: int) -> tuple[int, State]:
    """The sum and the state of one cell, by plain Python."""
    cells = [cells[column] for number, cells in rows if number == group]
    states = {state for _, state in cells}
    total = sum(number for number, state in cells if state is State.VALUE)
    if State.VALUE in states:
        return total, State.VALUE
    if State.NOT_APPLICABLE in states:
        return 0, State.NOT_APPLICABLE
    return 0, State.NOT_ASKED if states == {State.NOT_ASKED} else State.BLANK


@settings(max_examples=300)
@given(ROWS, st.randoms(use_true_random=False))
def test_sums_are_exact_or_refused(rows: Rows, chance: random.Random) -> None:
    """Against Python's own integers, in any order; beyond 64 bits it raises and never wraps."""
    expected = [[_expected(rows, group, column) for column in (0, 1)] for group in range(5)]
    for _ in range(2):
        if any(abs(total) > 2**63 - 1 for line in expected for total, _ in line):
            with pytest.raises(FigureOverflow):
                group_sums(*_arrays(rows), 5)
        else:
            sums, states = group_sums(*_arrays(rows), 5)
            assert sums.tolist() == [[total for total, _ in line] for line in expected]
            assert states.tolist() == [[state for _, state in line] for line in expected]
        chance.shuffle(rows)


def test_a_sum_one_beyond_64_bits_is_refused() -> None:
    """The largest sum that fits is given; one more raises."""
    edge = np.array([[2**62], [2**62 - 1], [1]], np.int64)
    states = np.full((3, 1), State.VALUE, np.uint8)
    zeros = np.zeros(3, np.int64)
    assert group_sums(edge[:2], states[:2], zeros[:2], 1)[0].tolist() == [[2**63 - 1]]
    with pytest.raises(FigureOverflow):
        group_sums(edge, states, zeros, 1)
    assert group_sums(-edge, states, np.array([0, 0, 1]), 2)[0].tolist() == [[1 - 2**63], [-1]]


def test_many_groups_are_kept_apart() -> None:
    """More groups than fit 16 bits, most of them empty."""
    count = 70_000
    groups = np.array([count - 1, 0, 65_536, count - 1], np.int64)
    values = np.array([[1], [2], [3], [4]], np.int64)
    sums, states = group_sums(values, np.ones((4, 1), np.uint8), groups, count)
    assert {at: int(sums[at, 0]) for at in np.flatnonzero(states[:, 0]).tolist()} == {
        0: 2,
        65_536: 3,
        count - 1: 5,
    }


@given(st.lists(st.one_of(st.integers(0, 60), st.integers(0, 2**40)), max_size=30))
def test_distinct_numbers_are_found_in_order(numbers: list[int]) -> None:
    """The distinct numbers sorted, and the place of each; few and small or large alike."""
    distinct, places = distinct_numbers(np.array(numbers, np.int64))
    assert distinct.tolist() == sorted(set(numbers))
    assert [distinct.tolist()[place] for place in places.tolist()] == numbers


def _part(table_width: int, rows: dict[str, list[int | None]]) -> TableData:
    values = [[cell or 0 for cell in cells] for cells in rows.values()]
    states = [[int(cell is not None) for cell in cells] for cells in rows.values()]
    blank = np.zeros(table_width, np.int64)
    return TableData(
        tuple(RowName(key) for key in rows),
        np.array(values, np.int64).reshape(-1, table_width),
        np.array(states, np.uint8).reshape(-1, table_width),
        tuple({} for _ in rows),
        blank,
        blank.astype(np.uint8),
    )


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["đất đai", "hộ tịch", "xây dựng"]),
            st.lists(st.one_of(st.none(), st.integers(0, 99)), min_size=6, max_size=6),
        ),
        max_size=4,
    )
)
def test_tables_are_added_row_by_row_in_any_order(parts: list[dict[str, list[int | None]]]) -> None:
    """Each row of the sum has what its parts have together."""
    table = catalogue().latest("III.01a/VPCP/KSTT").tables[0]
    width = len(table.figures)
    one = sum_by_name(table, [_part(width, part) for part in parts])
    two = sum_by_name(table, [_part(width, part) for part in reversed(parts)])
    keys = sorted({key for part in parts for key in part})
    assert [name.key for name in one.names] == keys == [name.key for name in two.names]
    for at, key in enumerate(keys):
        for column in range(width):
            cells = [part[key][column] for part in parts if key in part]
            there = [cell for cell in cells if cell is not None]
            for data in (one, two):
                assert data.values[at, column] == sum(there)
                assert data.states[at, column] == (State.VALUE if there else State.BLANK)
