"""Figures are worked out exactly: rows, columns, percentages, and what is too large."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from forms.checking import batch_of, check_batch
from forms.returns import State
from tests.forms.consistent import catalogue, checked
from tests.forms.oracle import Place, half_up
from tests.forms.trial_forms import a_trial, codes, figures, mixed_form, rows, rules, send


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (1, 3, 333),
        (2, 3, 667),
        (1, 8, 125),
        (1, 2000, 1),  # 0,05 % is rounded up,
        (3, 2000, 2),  # and so is 0,15 %, where bankers would say 0,2 and 0,2
        (5, 2000, 3),  # and 0,25 %, which bankers round down.
        (1, 2001, 0),
        (10**15 - 1, 10**15 - 1, 1000),
        (0, 5, 0),
    ],
)
def test_percentages_are_rounded_half_up(part: int, whole: int, percent: int) -> None:
    """A computed percentage is the nearest at its digits, halves upwards."""
    form = catalogue().latest("MAU.03/TYLE")
    sent: dict[Place, Any] = {("a", "H26", "c1"): whole, ("a", "H26", "c2"): part}
    sent |= {("a", "H26", "c4"): 0, ("a", "H55", "c1"): 0, ("a", "H55", "c2"): 0}
    verdict = checked(form, sent | {("a", "H55", "c4"): 0})
    assert verdict.report.tables["a"].values[0, 2] == percent
    assert Fraction(percent, 10) == half_up(Fraction(part * 100, whole), 1)


def test_a_percentage_of_nothing_is_not_applicable() -> None:
    """Where the whole is 0 the computed cell is not applicable, neither 0 nor blank."""
    form = catalogue().latest("MAU.03/TYLE")
    sent = {("a", unit, column): 0 for unit in ("H26", "H55") for column in ("c1", "c2", "c4")}
    data = checked(form, sent).report.tables["a"]
    assert data.states[:, 2].tolist() == [State.NOT_APPLICABLE] * 2
    assert data.total_states[2] == State.NOT_APPLICABLE


def test_computed_rows_follow_each_other_whatever_their_order() -> None:
    """A row computed from a computed row is filled, and a constant counts in every column alike."""
    tables = {"a": {"nil": True}, "b": rows({"c1": 2, "c2": 3}, {"c1": "1,5", "c2": 1}, keys="34")}
    for row in tables["b"]["rows"]:
        row["key"] = f"i{row['key']}"
    verdict = send(mixed_form(), tables)
    assert figures(verdict, "b") == [[850, 11], [350, 4], [200, 3], [150, 1]]


def test_a_bound_down_the_rows_is_held_against_every_column_at_its_own_digits() -> None:
    """`i3 <= 10.5` refuses 11 in a column of whole numbers and 10,51 in one of two decimals."""
    tables = {"a": {"nil": True}, "b": rows({"c1": "11,00", "c2": 11}, keys=["i3"])}
    verdict = send(mixed_form(), tables)
    assert [rule for rule in rules(verdict) if rule[0] == "b.han"] == [
        ("b.han", "b/i3/c1"),
        ("b.han", "b/i3/c2"),
    ]
    given_texts = [issue.given for issue in verdict.issues if issue.rule_id == "b.han"]
    assert given_texts == ["11.00", "11"]


def test_a_computed_figure_too_large_to_keep_is_an_issue_of_its_own() -> None:
    """More than 15 digits, or more than 64 bits, is said and not stored."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: A}}
          cells: {type: integer}
          columns:
            - {id: c1, label: A}
            - {id: c2, label: B}
            - {id: c3, label: C, type: percent, digits: 4, formula: "percent(c1, c2)"}
            - {id: c4, label: D, formula: 20000 * c1}
            - {id: c5, label: E, formula: c1 + c2}
    """)
    verdict = send(form, {"a": rows({"c1": 10**15 - 1, "c2": 1}, {"c1": 5, "c2": 1})})
    assert codes(verdict) == ["overflow"] * 3
    data = verdict.report.tables["a"]
    assert data.states[0].tolist() == [State.VALUE] * 2 + [State.BLANK] * 3
    assert data.values[1].tolist() == [5, 1, 5_000_000, 100_000, 6]


def test_factors_beyond_64_bits_are_compared_exactly() -> None:
    """A factor that does not fit an int64 once it is scaled changes no verdict."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: A}}
          cells: {type: integer}
          columns:
            - {id: c1, label: A, type: decimal, digits: 9}
            - {id: c2, label: B}
          rules:
            - {id: nhan, check: c1 == 0.000000001 * c2}
            - {id: lon, check: 100000000000000 * c2 >= c1}
    """)
    fine = {"c1": "0,000000005", "c2": 5}
    assert rules(send(form, {"a": rows(fine, {"c1": "0,000000006", "c2": 5})})) == [
        ("a.nhan", "a/b/c1")
    ]
    assert rules(send(form, {"a": rows({"c1": 999_999, "c2": 0})})) == [
        ("a.nhan", "a/a/c1"),
        ("a.lon", "a/a/c2"),
    ]


def test_a_batch_keeps_figures_apart_from_empty_reports_beside_them() -> None:
    """The sums of a report do not depend on what stands before or after it in the batch."""
    form = mixed_form()
    empty = send(form, {"a": {"nil": True}, "b": {"nil": True}}).report.tables
    full = send(form, {"a": rows({"c3": 30}, {"c3": 31}), "b": {"nil": True}}).report.tables
    for order in ([full, empty], [empty, full], [full, empty, empty, full, empty]):
        failures = check_batch(batch_of(form, order))
        reports = [
            each.report for each in failures if form.tables[0].rules[each.rule].id == "nhieu"
        ]
        assert sorted(set(reports)) == [at for at, tables in enumerate(order) if tables is full]
        sums = [each for each in failures if form.tables[0].rules[each.rule].id == "chung"]
        assert sums == []  # b has no figures, so that nothing can be said.


def test_checking_does_not_write_into_what_it_was_given() -> None:
    """A batch of stored reports leaves them as they are."""
    form = mixed_form()
    report = send(form, {"a": rows({"c1": 3, "c2": 1}), "b": {"nil": True}}).report
    before = {key: data.values.copy() for key, data in report.tables.items()}
    check_batch(batch_of(form, [report.tables, report.tables]))
    assert all(np.array_equal(before[key], report.tables[key].values) for key in before)
