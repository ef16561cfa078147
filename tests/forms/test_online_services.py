"""The form on online public services: shares from counts, never from shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from forms.consolidating import Contribution, consolidate_tables
from forms.returns import RowName, State, TableData
from tests.forms.consistent import checked, window_of
from tests.forms.templates import blank, catalogue, sheet_of

FORM = "DVC.01"


def stacked(counts: Sequence[tuple[int, int]]) -> TableData:
    """The consolidated table of agencies with so many procedures, and so many of them online."""
    form = catalogue().latest(f"{FORM}~TH")
    values = np.array([[whole, online, 0] for whole, online in counts], np.int64)
    states = np.ones_like(values, np.uint8)
    states[:, 2] = State.BLANK
    names = [RowName(f"G{number:02d}") for number in range(len(counts))]
    part = Contribution(
        form.sources[0], form.tables[0], names, np.arange(len(counts)), values, states
    )
    tables = consolidate_tables(form, [part], window=window_of(form, "2026-H1"), lists={})
    return tables["a"]


def test_the_national_share_is_worked_out_from_the_counts() -> None:
    """Three agencies at 100, 50 and 10 % are at 14.41 % together, not at 53.33 %."""
    data = stacked([(10, 10), (100, 50), (1_000, 100)])
    assert data.values[:, 2].tolist() == [100_00, 50_00, 10_00]
    assert data.total_values.tolist() == [1_110, 160, 14_41]


def test_a_unit_without_procedures_has_no_share_and_is_no_error() -> None:
    """Where there is nothing to divide by, the share is not applicable, in a return and above."""
    report = checked(catalogue().latest(FORM), {("a", "row", "c1"): 0, ("a", "row", "c2"): 0})
    assert report.issues == ()
    assert report.report.tables["a"].states[0, 2] == State.NOT_APPLICABLE
    data = stacked([(0, 0), (3, 1)])
    assert data.states[:, 2].tolist() == [State.NOT_APPLICABLE, State.VALUE]
    assert data.total_values[2] == 33_33
    assert stacked([(0, 0)]).total_states[2] != State.VALUE


@pytest.mark.parametrize(
    ("whole", "online", "share"),
    [(8, 1, 12_50), (3, 2, 66_67), (800, 1, 13), (4_000, 1, 3), (2_000, 1, 5), (16_000, 1, 1)],
)
def test_a_share_is_rounded_half_up(whole: int, online: int, share: int) -> None:
    """To two digits, and a half goes up: 1 in 800 is 0.125 and becomes 0.13."""
    assert stacked([(whole, online)]).total_values[2] == share


def test_a_typed_share_is_held_to_its_counts() -> None:
    """What the sender typed must be the share of the two counts, and no more may be online."""
    form = catalogue().latest(FORM)
    found = checked(
        form, {("a", "row", "c1"): 3, ("a", "row", "c2"): 2, ("a", "row", "c3"): "66.6"}
    )
    assert [issue.code for issue in found.issues] == ["rule_broken"]
    found = checked(form, {("a", "row", "c1"): 3, ("a", "row", "c2"): 4})
    assert "rule_broken" in {issue.code for issue in found.issues}


def test_the_template_works_the_share_out() -> None:
    """The cell of the share has a live formula over the two counts beside it."""
    sheet = sheet_of(blank(FORM))
    formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert '=IF(COUNT(A10:B10)<2,"",IF(N(A10)=0,"",ROUND((N(B10))*100/(N(A10)),2)))' in formulas
