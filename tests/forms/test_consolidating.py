"""A consolidated table is a pure function of what its sources bring, in whatever order."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.consolidating import Contribution, TotalTooLarge, consolidate_tables
from forms.definition import FormVersion
from forms.returns import RowName, State, TableData
from tests.forms.consistent import catalogue, window_of

PERIOD = "2026-Q3"
#: The typed columns of II.06a; the others are computed.
TYPED = ("c4", "c5", "c6", "c8", "c9", "c10", "c12", "c13")

Row = tuple[str, str, list[int | None]]  # section, label, typed cells


def _contribution(target: FormVersion, rows: Sequence[Row], *, source: int = 0) -> Contribution:
    """What a number of II.06a rows bring, each row under its own name."""
    origin = target.sources[source]
    table = catalogue().latest(origin.form).table_by_key[origin.table]
    values = np.zeros((len(rows), len(table.figures)), np.int64)
    states = np.zeros((len(rows), len(table.figures)), np.uint8)
    for at, (_, _, cells) in enumerate(rows):
        for column, cell in zip(TYPED, cells, strict=True):
            if cell is not None:
                position = table.figure_index[column]
                values[at, position], states[at, position] = cell, State.VALUE
    names = [RowName(label.casefold(), section, label) for section, label, _ in rows]
    return Contribution(origin, table, names, np.arange(len(rows)), values, states)


def _consolidated(target: FormVersion, parts: Sequence[Contribution]) -> TableData:
    tables = consolidate_tables(
        target, parts, window=window_of(target, PERIOD), lists=catalogue().lists
    )
    return tables[target.tables[0].key]


def _plain(data: TableData) -> list[Any]:
    arrays = (data.values, data.states, data.total_values, data.total_states)
    return [data.names, data.texts, *(array.tolist() for array in arrays)]


_ROW = st.tuples(
    st.sampled_from(["tinh", "xa"]),
    st.sampled_from(["dat_dai", "Nghề cá", "nghề cá", "NGHỀ CÁ", "chung_thuc"]),
    st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=8, max_size=8),
)


@settings(max_examples=60)
@given(st.lists(_ROW, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_contributions_changes_nothing_and_sums_are_exact(
    rows: list[Row], chance: random.Random
) -> None:
    """However rows are dealt out and shuffled, the edition is the same, and right to the last."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    whole = _consolidated(form, [_contribution(form, rows)] if rows else [])
    shuffled = chance.sample(rows, len(rows))
    cut = chance.randrange(len(rows) + 1)
    parts = [_contribution(form, part) for part in (shuffled[:cut], shuffled[cut:])]
    assert _plain(_consolidated(form, parts)) == _plain(whole)
    index = form.tables[0].figure_index
    for column in TYPED:
        position = index[column]
        cells = [cells[TYPED.index(column)] for _, _, cells in rows]
        there = [cell for cell in cells if cell is not None]
        assert whole.total_values[position] == sum(there)
        assert whole.total_states[position] == (State.VALUE if there else State.BLANK)
        for at, name in enumerate(whole.names):
            own = [
                cells[TYPED.index(column)] or 0
                for section, label, cells in rows
                if (section, label.casefold()) == (name.section, name.key)
            ]
            assert whole.values[at, position] == sum(own)


@settings(max_examples=40)
@given(st.lists(_ROW, min_size=1, max_size=8))
def test_computed_columns_follow_from_the_summed_ones(rows: list[Row]) -> None:
    """A total column is worked out where all its parts are there, in rows as in the last line."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    data, index = _consolidated(form, [_contribution(form, rows)]), form.tables[0].figure_index
    parts = {"c3": ("c4", "c5", "c6"), "c7": ("c8", "c9", "c10"), "c11": ("c12", "c13")}
    for whole, summed in parts.items():
        places = [index[column] for column in summed]
        for at in range(len(data.names)):
            if (data.states[at, places] == State.VALUE).all():
                assert data.values[at, index[whole]] == data.values[at, places].sum()
            else:
                assert data.states[at, index[whole]] == State.BLANK


def test_rows_stand_by_section_then_by_list_then_by_name() -> None:
    """Declared sections first to last, known fields in list order, unknown ones after them."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    cells: list[int | None] = [1] * 8
    names = [("xa", "Nghề cá"), ("xa", "dat_dai"), ("tinh", "Ấp trứng"), ("tinh", "chung_thuc")]
    data = _consolidated(form, [_contribution(form, [(*name, cells) for name in names])])
    assert [name.path for name in data.names] == [
        "tinh:chung_thuc",
        "tinh:ấp trứng",
        "xa:dat_dai",
        "xa:nghề cá",
    ]
    assert [name.label for name in data.names][2] == "Đất đai"


@pytest.mark.parametrize("turned", [False, True])
def test_the_label_is_the_spelling_of_most(turned: bool) -> None:
    """Of several spellings the most used one stands, the first in order among equals."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    cells: list[int | None] = [1] * 8
    for labels, kept in (
        (["nghề cá", "Nghề cá", "Nghề cá"], "Nghề cá"),
        (["nghề cá", "NGHỀ CÁ"], "NGHỀ CÁ"),
    ):
        order = labels[::-1] if turned else labels
        parts = [_contribution(form, [("xa", label, cells)]) for label in order]
        assert [name.label for name in _consolidated(form, parts).names] == [kept]


def test_the_spelling_of_most_is_counted_by_rows_and_not_by_spellings() -> None:
    """Three units write one way and one another: the three have it, however names are packed."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    part = _contribution(form, [("xa", "nghề cá", [1] * 8) for _ in range(4)])
    names = [RowName("nghề cá", "xa", label) for label in ("NGHỀ CÁ", "Nghề cá")]
    data = _consolidated(form, [replace(part, names=names, name_of_row=np.array([1, 0, 1, 1]))])
    assert [(name.label, data.values[0, 1]) for name in data.names] == [("Nghề cá", 4)]


def test_a_sum_too_large_is_refused_and_never_wraps() -> None:
    """More than 15 digits in a row, or in the total row only, makes no edition at all."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    most = 10**15 - 1

    def edition(*rows: tuple[str, int]) -> TableData:
        parts: list[Row] = [("xa", label, [number, *[0] * 7]) for label, number in rows]
        return _consolidated(form, [_contribution(form, [part]) for part in parts])

    assert edition(("dat_dai", most)).total_values[1] == most
    for rows, where in (
        ([("dat_dai", most), ("dat_dai", 1)], ("Đất đai", "3")),
        ([("dat_dai", most), ("chung_thuc", 1)], ("", "3")),
        ([("dat_dai", most)] * 9300, ("Đất đai", "4")),
    ):
        with pytest.raises(TotalTooLarge) as told:
            edition(*rows)
        assert (told.value.row, told.value.column.number) == where


def test_what_is_not_summed_is_worked_out_again() -> None:
    """A ratio of a stacked row stands as reported; the ratio of the total comes from its counts."""
    form = catalogue().latest("MAU.03/TYLE")
    table = form.tables[0]
    values = np.array([[10, 1, 100, 5], [30, 3, 100, 7], [0, 0, 0, 1]], np.int64)
    states = np.ones((3, 4), np.uint8)
    states[2, 2] = State.NOT_APPLICABLE
    names = [RowName(unit, label=unit) for unit in ("H55", "H26", "H01")]
    part = Contribution(form.sources[0], table, names, np.arange(3), values, states)
    data = consolidate_tables(
        form, [part], window=window_of(form, "2026-09"), lists=catalogue().lists
    )["a"]
    assert [name.key for name in data.names] == ["H01", "H26", "H55"]
    assert data.values[:, 2].tolist() == [0, 100, 100]
    assert data.states[:, 2].tolist() == [State.NOT_APPLICABLE, State.VALUE, State.VALUE]
    assert data.total_values.tolist() == [40, 4, 100, 13]


def test_meetings_of_communes_fill_one_row_of_the_province() -> None:
    """III.01a reports of communes are summed into row xa of III.01c; the other rows stay blank."""
    form = catalogue().latest("III.01c/VPCP/KSTT")
    table = catalogue().latest("III.01a/VPCP/KSTT").tables[0]
    values = np.array([[6, 1, 2, 3, 4, 2], [15, 4, 5, 6, 8, 7]], np.int64)
    part = Contribution(
        form.sources[0],
        table,
        [RowName("xa")],
        np.zeros(2, np.int64),
        values,
        np.ones((2, 6), np.uint8),
    )
    data = consolidate_tables(
        form, [part], window=window_of(form, "2026"), lists=catalogue().lists
    )["a"]
    assert [name.key for name in data.names] == ["tinh", "xa"]
    assert data.values.tolist() == [[0] * 6, [21, 5, 7, 9, 12, 9]]
    assert data.states.tolist() == [[State.BLANK] * 6, [State.VALUE] * 6]
    assert data.total_values.tolist() == [21, 5, 7, 9, 12, 9]


def test_list_rows_are_kept_one_by_one_with_their_texts() -> None:
    """Overdue tasks of several ministries stand below each other, each with its words."""
    form = next(
        each for each in catalogue().consolidated_layouts() if each.code == "I.02/VPCP/TH~TH"
    )
    source = next(each for each in form.sources if each.into == "part2")
    table = catalogue().latest("I.02/VPCP/TH").table_by_key["part2"]
    texts: list[Mapping[str, str]] = [{"noi_dung": "Hai"}, {"noi_dung": "Một"}]
    empty = np.zeros((2, 0), np.int64)
    names = [RowName("H02/1"), RowName("H01/1")]
    part = Contribution(source, table, names, np.arange(2), empty, empty.astype(np.uint8), texts)
    data = consolidate_tables(
        form, [part], window=window_of(form, "2026"), lists=catalogue().lists
    )["part2"]
    assert list(zip([name.key for name in data.names], data.texts, strict=True)) == [
        ("H01/1", {"noi_dung": "Một"}),
        ("H02/1", {"noi_dung": "Hai"}),
    ]


def test_nothing_contributed_is_an_empty_table() -> None:
    """An edition to which nobody has sent anything has no rows and a blank total."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    data = _consolidated(form, [])
    assert data.names == ()
    assert not data.total_states.any()
