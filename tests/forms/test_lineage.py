"""The law of lineage: the parts of every cell add exactly to it, in forms of every shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.consolidating import Contribution, consolidate_tables
from forms.definition import FormVersion, Mode, Source, Table
from forms.evaluating import round_half_up
from forms.lineage import CellParts, Dissection, Origins, Sum, figure_at
from forms.returns import RowName, State, TableData
from tests.forms.consistent import a_period, catalogue, window_of

#: Of every shape: sections, stacked units, ratios, sums down the rows, derived layouts.
FORMS = [
    form
    for form in (*catalogue().forms, *catalogue().consolidated_layouts())
    if form.sources and any(table.figures for table in form.tables)
]


def source_table(source: Source) -> Table:
    """The table that a source reads."""
    return catalogue().latest(source.form).table_by_key[source.table]


def contributions(
    form: FormVersion, seeds: Sequence[int], chance: np.random.Generator
) -> tuple[list[Contribution], list[Origins]]:
    """Some reports for every source, with figures and blanks by chance; and where rows are from."""
    made, origins = [], []
    for source in form.sources:
        table, target = source_table(source), form.table_by_key[source.into]
        rows = len(seeds)
        shape = (rows, len(table.figures))
        values = chance.integers(0, 10**6, shape)
        states = chance.choice(
            np.array([State.VALUE] * 6 + [State.BLANK, State.NOT_APPLICABLE], np.uint8), shape
        )
        values[states != State.VALUE] = 0
        names = [_name(source, target, seed) for seed in seeds]
        made.append(Contribution(source, table, names, np.arange(rows), values, states))
        origins.append(Origins([1 + seed // 2 for seed in seeds], [f"r{seed}" for seed in seeds]))
    return made, origins


def _name(source: Source, target: Table, seed: int) -> RowName:
    if source.row:
        return RowName(source.row)
    if target.rows:
        return RowName(target.rows[seed % len(target.rows)].key)
    key = f"H{seed:02d}" if source.mode is not Mode.SUM else f"k{seed % 3}"
    section = target.sections[seed % len(target.sections)].key if target.sections else ""
    return RowName(key, section, key)


def cells_of(form: FormVersion, tables: dict[str, TableData]) -> list[str]:
    """Every cell of figures that there is."""
    return [
        f"{table.key}/{path}/{column.id}"
        for table in form.tables
        for path in (*(name.path for name in tables[table.key].names), "total")
        for column in table.figures
    ]


def holds(parts: CellParts) -> bool:
    """Whether the parts give the value, and every piece is a report's."""
    for whole in parts.sums:
        if not all(piece.report for piece in whole.pieces):
            return False
        if sum(piece.value for piece in whole.pieces) + whole.constant != whole.value:
            return False
    if not parts.is_ratio:
        return parts.sums[0].value == parts.value
    top, bottom = (np.array([one.value], object) for one in parts.sums)
    return bool(round_half_up(top * 100 * 10**parts.digits, bottom)[0] == parts.value)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
@settings(max_examples=25, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 20), min_size=1, max_size=8, unique=True),
    luck=st.integers(0, 2**32 - 1),
)
def test_the_parts_of_every_cell_add_exactly_to_it(
    form: FormVersion, seeds: list[int], luck: int
) -> None:
    """A summed cell, a total, a computed cell, and both sides of a ratio."""
    made, origins = contributions(form, seeds, np.random.default_rng(luck))
    tables = consolidate_tables(
        form, made, window=window_of(form, a_period(form)), lists=catalogue().lists
    )
    dissection = Dissection(form, tables, made, origins)
    for cell in cells_of(form, tables):
        parts, figure = dissection.parts_of(cell), figure_at(form, tables, cell)
        assert parts is not None
        assert figure is not None
        assert parts.state is figure[0]
        if parts.state is not State.VALUE:
            assert parts.sums == ()
            continue
        assert (parts.value, parts.digits) == figure[1:]
        assert holds(parts), (cell, parts)


def test_a_ratio_has_two_sums_and_a_total_one_piece_for_each_report() -> None:
    """Counts of three reports; the ratio of their sums, not the sum of their ratios."""
    form = catalogue().latest("MAU.03/TYLE")
    values = np.array([[10, 1, 100, 5], [30, 3, 100, 7]], np.int64)
    names = [RowName(unit, label=unit) for unit in ("H55", "H26")]
    table = source_table(form.sources[0])
    part = Contribution(
        form.sources[0], table, names, np.arange(2), values, np.ones((2, 4), np.uint8)
    )
    tables = consolidate_tables(
        form, [part], window=window_of(form, "2026-09"), lists=catalogue().lists
    )
    dissection = Dissection(form, tables, [part], [Origins([1, 2], ["row", "row"])])
    figures = [column.id for column in form.tables[0].figures]
    ratio = dissection.parts_of(f"a/total/{figures[2]}")
    assert ratio is not None
    assert ratio.is_ratio
    assert [one.value for one in ratio.sums] == [4, 40]
    whole = dissection.parts_of(f"a/total/{figures[0]}")
    assert whole is not None
    assert [piece.report for piece in whole.sums[0].pieces] == [2, 1]
    stacked = dissection.parts_of(f"a/H55/{figures[2]}")
    assert stacked is not None
    assert isinstance(stacked.sums[0], Sum)
    assert [piece.cell for piece in stacked.sums[0].pieces] == [f"a/row/{figures[2]}"]


def test_there_is_no_such_cell() -> None:
    """A table, a row or a column that is not there has no parts, rather than none."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    tables = consolidate_tables(
        form, [], window=window_of(form, "2026-Q3"), lists=catalogue().lists
    )
    dissection = Dissection(form, tables, [], [])
    for cell in ("b/total/c3", "a/xa:dat_dai/c3", "a/total/c99", "a", "", "a/total/"):
        assert dissection.parts_of(cell) is None
    blank = dissection.parts_of("a/total/c3")
    assert blank is not None
    assert blank.sums == ()
