"""Figures under another map of units: sums stay, and a new unit is the sum of the old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.apportioning import NotRestatable, Part, UnitMap, apportion
from forms.consolidating import Contribution, TotalTooLarge, consolidate_tables
from forms.definition import Consolidate, FormVersion
from forms.restating import Restated, add_up, order_of, restate_rows
from forms.returns import RowName, State, TableData
from tests.forms.consistent import catalogue, window_of

UNITS = ("H01", "H02", "H03", "H04", "H05")
#: Ratios, stocks and a date; identities and a text; identities alone.
FORMS = ("MAU.03/TYLE", "02/XLD", "II.9g/VPCP/KSTT")
PERIODS = {"MAU.03/TYLE": "2026-09", "02/XLD": "2026-Q3", "II.9g/VPCP/KSTT": "2026-Q3"}

Cells = Mapping[str, Sequence[int | None]]


def an_edition(
    code: str, cells: Cells, *, text: str = ""
) -> tuple[FormVersion, dict[str, TableData]]:
    """What units reported in the typed columns, stacked and with all that is computed."""
    form = catalogue().latest(code)
    table = form.tables[0]
    typed = [column for column in table.figures if column.formula is None]
    values = np.zeros((len(cells), len(table.figures)), np.int64)
    states = np.zeros((len(cells), len(table.figures)), np.uint8)
    for at, row in enumerate(cells.values()):
        for column, cell in zip(typed, row, strict=False):
            if cell is not None:
                position = table.figure_index[column.id]
                values[at, position], states[at, position] = cell, State.VALUE
    names = [RowName(unit, label=f"Tỉnh {unit}") for unit in cells]
    texts = [{column.id: f"{text}{unit}" for column in table.texts if text} for unit in cells]
    order = np.arange(len(cells), dtype=np.int64)
    part = Contribution(form.sources[-1], table, names, order, values, states, texts)
    return form, consolidate_tables(
        form, [part], window=window_of(form, PERIODS[code]), lists=catalogue().lists
    )


def restated(form: FormVersion, tables: Mapping[str, TableData], moves: UnitMap) -> Restated:
    """Under another map, with plain labels."""
    return restate_rows(form, tables, moves, labels={}, ranks={})


def sums_of(form: FormVersion) -> list[int]:
    """The positions of the columns that are summed over units."""
    figures = form.tables[0].figures
    return [at for at, col in enumerate(figures) if col.consolidate is Consolidate.SUM]


def cell(data: TableData, unit: str, at: int) -> tuple[int, int]:
    """The figure and the state of one cell."""
    row = [name.key for name in data.names].index(unit)
    return int(data.values[row, at]), int(data.states[row, at])


_CELLS = st.dictionaries(
    st.sampled_from(UNITS),
    st.lists(st.one_of(st.none(), st.integers(0, 10**9)), min_size=20, max_size=20),
    min_size=1,
)
_TARGETS = st.sampled_from(["H01", "H02", "N1", "N2"])
_MERGERS = st.dictionaries(st.sampled_from(UNITS), _TARGETS.map(lambda unit: (Part(unit),)))


@st.composite
def _shares(draw: st.DrawFn) -> tuple[Part, ...]:
    """Two to four units, with shares that add to 1."""
    units = draw(st.lists(st.sampled_from(["H01", "N1", "N2", "N3"]), min_size=2, unique=True))
    weights = draw(st.lists(st.integers(0, 50), min_size=len(units), max_size=len(units)))
    weights[0] += 1
    return tuple(
        Part(unit, Fraction(weight, sum(weights)))
        for unit, weight in zip(units, weights, strict=True)
    )


_MAPS = st.dictionaries(
    st.sampled_from(UNITS), st.one_of(_TARGETS.map(lambda unit: (Part(unit),)), _shares())
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), _CELLS, _MAPS)
def test_the_total_is_the_same_as_reported_and_restated(
    code: str, cells: Cells, moves: UnitMap
) -> None:
    """Whatever merges and splits: the total row is the same, figure by figure, state by state."""
    form, tables = an_edition(code, cells)
    (table,) = form.tables
    before, after = tables[table.key], restated(form, tables, moves).tables[table.key]
    assert after.total_values.tolist() == before.total_values.tolist()
    assert after.total_states.tolist() == before.total_states.tolist()
    for at in sums_of(form):
        assert after.values[:, at].sum() == before.values[:, at].sum()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), _CELLS, _MERGERS)
def test_a_restated_unit_is_the_sum_of_its_predecessors(
    code: str, cells: Cells, moves: UnitMap
) -> None:
    """Cell by cell and exactly; nothing of it is an estimate, and identities hold as they held."""
    form, tables = an_edition(code, cells)
    (table,) = form.tables
    before, found = tables[table.key], restated(form, tables, moves)
    after = found.tables[table.key]
    assert found.estimated == {table.key: frozenset()}
    into = {unit: moves[unit][0].unit if unit in moves else unit for unit in cells}
    assert {name.key for name in after.names} == set(into.values())
    for new in set(into.values()):
        old = [unit for unit in cells if into[unit] == new]
        for at in sums_of(form):
            parts = [cell(before, unit, at) for unit in old]
            figure, state = cell(after, new, at)
            assert figure == sum(part for part, _ in parts)
            assert (state == State.VALUE) == any(state == State.VALUE for _, state in parts)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), _CELLS, _shares())
def test_parts_of_a_split_unit_add_to_it_and_keep_its_identities(
    code: str, cells: Cells, parts: tuple[Part, ...]
) -> None:
    """Each cell of each part is within one of its exact share; the parts are marked."""
    unit = next(iter(cells))
    form, tables = an_edition(code, {unit: cells[unit]})
    (table,) = form.tables
    before, found = tables[table.key], restated(form, tables, {unit: parts})
    after = found.tables[table.key]
    assert found.estimated == {table.key: {part.unit for part in parts}}
    for at in sums_of(form):
        whole, state = cell(before, unit, at)
        given_out = [cell(after, part.unit, at) for part in parts]
        assert sum(figure for figure, _ in given_out) == whole
        assert {own for _, own in given_out} == {state}
        if table.figures[at].formula is None:
            for part, (figure, _) in zip(parts, given_out, strict=True):
                assert part.share is not None
                assert abs(figure - whole * part.share) < 1


@settings(max_examples=60)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1), _shares())
def test_figures_in_shares_add_to_the_whole(figures: list[int], parts: tuple[Part, ...]) -> None:
    """The largest remainder: exact in sum, within one of each share, mirrored below zero."""
    shares = [part.share for part in parts if part.share is not None]
    whole = np.array(figures, np.int64)
    found = apportion(whole, shares)
    assert found.sum(axis=0).tolist() == figures
    assert apportion(-whole, shares).tolist() == (-found).tolist()
    for share, row in zip(shares, found.tolist(), strict=True):
        assert all(
            abs(part - figure * share) < 1 for part, figure in zip(row, figures, strict=True)
        )


def test_what_is_left_goes_to_whoever_lost_most_and_of_equals_to_the_first() -> None:
    """7 in thirds of 1, 1 and 1; 5 in halves; 10 as 1/6, 1/3, 1/2."""
    third, half = Fraction(1, 3), Fraction(1, 2)
    assert apportion(np.array([7]), [third] * 3).ravel().tolist() == [3, 2, 2]
    assert apportion(np.array([5, -5]), [half] * 2).tolist() == [[3, -3], [2, -2]]
    sixth = [Fraction(1, 6), third, half]
    assert apportion(np.array([10]), sixth).ravel().tolist() == [2, 3, 5]


def test_restating_in_two_steps_is_restating_at_once() -> None:
    """H01 and H02 became N1, N1 and H03 became N2: the same as all three into N2."""
    cells = {unit: [at + 1] * 20 for at, unit in enumerate(UNITS)}
    form, tables = an_edition("02/XLD", cells)
    first = {"H01": [Part("N1")], "H02": [Part("N1")]}
    then = {"N1": [Part("N2")], "H03": [Part("N2")]}
    at_once = {unit: [Part("N2")] for unit in ("H01", "H02", "H03")}
    steps = restated(form, restated(form, tables, first).tables, then).tables["a"]
    once = restated(form, tables, at_once).tables["a"]
    assert steps.values.tolist() == once.values.tolist()
    assert [name.key for name in steps.names] == ["H04", "H05", "N2"]


def test_ratios_are_of_the_sums_and_stocks_are_summed_over_units() -> None:
    """1 of 2 and 1 of 8 are 2 of 10, 20.0 %; open dossiers add; two days do not."""
    form, tables = an_edition("MAU.03/TYLE", {"H01": [2, 1, 5], "H02": [8, 1, 6]}, text="ngày ")
    data = restated(form, tables, {"H02": [Part("H01")]}).tables["a"]
    assert data.values.tolist() == [[10, 2, 200, 11]]
    assert data.texts == ({},)
    alone = restated(form, tables, {"H02": [Part("N2")]}).tables["a"]
    assert alone.values.tolist() == tables["a"].values.tolist()
    assert alone.texts == ({"c5": "ngày H01"}, {"c5": "ngày H02"})


def test_free_texts_of_merged_units_stand_one_after_the_other() -> None:
    """What two units remarked is both there."""
    form, tables = an_edition("02/XLD", {"H01": [1], "H02": [2]}, text="theo ")
    data = restated(form, tables, {"H02": [Part("H01")]}).tables["a"]
    assert data.texts == ({"c26": "theo H01; theo H02"},)


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ([Part("N1", None), Part("N2", None)], None),
        ([Part("N1", Fraction(1, 2)), Part("N2", None)], None),
        ([Part("N1", Fraction(1, 2)), Part("N2", Fraction(1, 3))], Fraction(5, 6)),
        ([Part("N1", Fraction(3, 2)), Part("N2", Fraction(-1, 2))], Fraction(1)),
        ([Part("N1", None)], None),
    ],
)
def test_one_into_many_without_shares_is_refused_by_name(
    parts: list[Part], total: Fraction | None
) -> None:
    """Undeclared shares, shares that do not add to 1, negative ones."""
    form, tables = an_edition("02/XLD", {"H01": [1], "H02": [2]})
    with pytest.raises(NotRestatable) as refused:
        restated(form, tables, {"H02": parts})
    assert (refused.value.unit, refused.value.total) == ("H02", total)
    assert refused.value.into == tuple(part.unit for part in parts)
    assert restated(form, tables, {"H09": parts}).tables["a"].names == tables["a"].names


def test_a_unit_of_many_exact_and_one_estimated_part_is_an_estimate() -> None:
    """Half of H02 went into H01: the row of H01 is marked, that of H03 is not."""
    form, tables = an_edition("02/XLD", {"H01": [1], "H02": [3], "H03": [5]})
    half = Fraction(1, 2)
    found = restated(form, tables, {"H02": [Part("H01", half), Part("N1", half)]})
    assert found.estimated == {"a": {"H01", "N1"}}
    assert found.tables["a"].values[:, 0].tolist() == [3, 5, 1]


def test_the_reports_of_several_units_add_to_one() -> None:
    """The II.06c of a new province is the sum of the old ones', field by field."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    table = form.tables[0]
    width = len(table.figures)

    def of(*rows: tuple[str, int]) -> dict[str, TableData]:
        names = tuple(RowName(key, "xa", key) for key, _ in rows)
        values = np.array([[figure] * width for _, figure in rows], np.int64)
        states = np.full(values.shape, State.VALUE, np.uint8)
        blank = np.zeros(width, np.int64), np.zeros(width, np.uint8)
        return {"a": TableData(names, values, states, tuple({} for _ in rows), *blank)}

    reports = [of(("dat_dai", 1), ("nghề cá", 2)), of(("dat_dai", 10), ("cong_thuong", 5))]
    window, lists = window_of(form, "2026-Q3"), catalogue().lists
    order = order_of(form, reports, window=window, lists=lists, ranks={})
    found = add_up(form, reports, order)["a"]
    cells = {name.key: row[0] for name, row in zip(found.names, found.values.tolist(), strict=True)}
    assert cells == {"dat_dai": 11, "nghề cá": 2, "cong_thuong": 5}
    assert found.total_values.tolist() == [18] * width


def test_a_sum_beyond_15_digits_is_told() -> None:
    """Two units of 15 digits each cannot be one row."""
    form, tables = an_edition("MAU.03/TYLE", {"H01": [6 * 10**14], "H02": [3 * 10**14]})
    moves = {"H02": [Part("H01")]}
    assert restated(form, tables, moves).tables["a"].values[0, 0] == 9 * 10**14
    form, tables = an_edition("MAU.03/TYLE", {"H01": [6 * 10**14], "H02": [3 * 10**14]})
    data = tables["a"]
    data.values[1, 0] = 6 * 10**14
    with pytest.raises(TotalTooLarge):
        restated(form, tables, moves)
