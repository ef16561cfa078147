"""The total row: worked out where it is left out, held against the rows where it is typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.returns import State
from tests.forms.trial_forms import a_trial, codes, rows, send

FORM = a_trial(
    """\
    - key: a
      title: Bảng
      rows: {model: open, heading: {label: Dòng}}
      total: Tổng
      cells: {type: integer, min: 0, max: 100, not_applicable: true}
      columns:
        - {id: c1, label: Tất cả, formula: c2 + c3}
        - {id: c2, label: Một}
        - {id: c3, label: Hai, type: decimal, digits: 2, consolidate: sum}
        - {id: c4, label: Tỷ lệ, type: percent, digits: 1, formula: "percent(c2, c5)"}
        - {id: c5, label: Tồn, type: stock}
        - {id: c6, label: Điểm, type: percent, digits: 0}
        - {id: c7, label: Ghi chú, type: text}
""".replace("label: Tất cả,", "label: Tất cả, type: decimal, digits: 2,")
)
PLAIN = a_trial("""\
    - key: a
      title: Bảng
      rows: {model: fixed, rows: [{key: i1, label: Một}, {key: i2, label: Hai}]}
      cells: {type: integer}
      columns: [{id: c1, label: A}]
    - key: b
      title: Một dòng
      rows: {model: single}
      cells: {type: integer}
      columns: [{id: c1, label: A}]
""")
V, BLANK, WAIVED, UNASKED = State.VALUE, State.BLANK, State.NOT_APPLICABLE, State.NOT_ASKED


def _total(table: dict[str, Any]) -> list[tuple[int, int]]:
    data = send(FORM, {"a": table}).report.tables["a"]
    return list(zip(data.total_values.tolist(), data.total_states.tolist(), strict=True))


def test_a_total_left_out_is_the_sum_of_the_rows() -> None:
    """Sums at each column's digits; a ratio from the summed counts; no total of mere points."""
    table = rows({"c2": 3, "c3": "1,5", "c5": 40, "c6": 7}, {"c2": 6, "c3": "0,25", "c5": 50})
    assert _total(table) == [(1075, V), (9, V), (175, V), (100, V), (90, V), (0, UNASKED)]


def test_what_no_row_has_has_no_total() -> None:
    """A column of blanks totals blank and not 0, and so does an empty table."""
    expected = [(0, BLANK), (5, V), (0, BLANK), (0, BLANK), (0, BLANK), (0, UNASKED)]
    assert _total(rows({"c2": 5}, {"c2": "KAD"})) == expected
    assert _total({"nil": True}) == [(0, BLANK)] * 5 + [(0, UNASKED)]


def test_a_ratio_of_nothing_has_no_total() -> None:
    """Where the counts sum to 0 the total ratio is not applicable."""
    assert _total(rows({"c2": 0, "c5": 0}))[3] == (0, WAIVED)


@pytest.mark.parametrize(
    ("typed", "given", "expected"),
    [
        ({"c2": 10}, "10", "9"),
        ({"c2": 0}, "0", "9"),
        ({"c3": "1,76"}, "1.76", "1.75"),
        ({"c4": "9,9"}, "9.9", "10.0"),
        ({"c5": 91, "c2": 9}, "91", "90"),
    ],
)
def test_a_typed_total_that_differs_is_refused(
    typed: dict[str, Any], given: str, expected: str
) -> None:
    """It says what was typed and what the rows add up to, and the sum is kept."""
    table = rows({"c2": 3, "c3": "1,5", "c5": 40}, {"c2": 6, "c3": "0,25", "c5": 50})
    verdict = send(FORM, {"a": table | {"total": typed}})
    assert codes(verdict) == ["total_differs"]
    (issue,) = verdict.issues
    assert (issue.given, issue.expected, issue.rule_id) == (given, expected, "a.total")
    column = next(iter(typed))
    assert (issue.cell, issue.address) == (f"a/total/{column}", f"total.c0{column[1]}")
    assert verdict.report.tables["a"].total_values.tolist() == [1075, 9, 175, 100, 90, 0]


def test_a_typed_total_that_agrees_is_taken() -> None:
    """Whatever of the total row was typed, if it is right nothing is said."""
    table = rows({"c2": 3, "c3": "1,5", "c5": 40}, {"c2": 6, "c3": "0,25", "c5": 50})
    total = {"c1": "10,75", "c2": "9", "c4": "10,0%", "c5": "", "c7": "Đã soát"}
    assert send(FORM, {"a": table | {"total": total}}).issues == ()


def test_a_total_may_pass_the_bound_of_a_single_row() -> None:
    """Rows take at most 100 each; their total is not held to that."""
    cells = ({"c2": 90}, {"c2": 60})
    assert send(FORM, {"a": rows(*cells) | {"total": {"c2": 150}}}).issues == ()
    assert codes(send(FORM, {"a": rows({"c2": 150})})) == ["above_maximum"]


def test_a_typed_zero_is_the_total_of_nothing() -> None:
    """Where no row has a figure, 0 in the total row is no fault, and 5 is one."""
    assert send(FORM, {"a": {"nil": True, "total": {"c2": 0}}}).issues == ()
    assert codes(send(FORM, {"a": {"nil": True, "total": {"c2": 5}}})) == ["total_differs"]


def test_what_cannot_be_read_in_a_total_is_told_like_any_cell() -> None:
    """Words in the total row are an issue of that cell; the sum stands all the same."""
    verdict = send(FORM, {"a": rows({"c2": 3}) | {"total": {"c2": "ba", "x": 1}}})
    assert codes(verdict) == ["not_a_figure", "unknown_column"]
    assert verdict.issues[0].cell == "a/total/c2"
    assert verdict.report.tables["a"].total_values[1] == 3


def test_a_sum_too_large_to_keep_is_an_issue() -> None:
    """A total of more than 15 digits is said and left blank, whatever was typed."""
    form = a_trial("""\
        - key: a
          title: Bảng
          rows: {model: open, heading: {label: Dòng}, most: 20000}
          total: Tổng
          cells: {type: integer}
          columns: [{id: c1, label: A}]
    """)
    most = 10**15 - 1
    verdict = send(form, {"a": rows({"c1": most}, {"c1": 1})})
    assert codes(verdict) == ["overflow"]
    assert verdict.report.tables["a"].total_states.tolist() == [BLANK]
    many = {"rows": [{"key": f"dòng {at}", "cells": {"c1": most}} for at in range(10_000)]}
    verdict = send(form, {"a": many})
    assert [(issue.code, issue.given) for issue in verdict.issues] == [
        ("overflow", str(most * 10_000))
    ]


def test_a_table_without_a_total_row_takes_none() -> None:
    """A total where the form has none is not stored unseen; the only row speaks for the report."""
    sent = {
        "a": rows({"c1": 1}, {"c1": 2}, keys=["i1", "i2"]),
        "b": {"rows": [{"cells": {"c1": 7}}]},
    }
    verdict = send(PLAIN, sent)
    assert verdict.issues == ()
    assert verdict.report.tables["a"].total_states.tolist() == [BLANK]
    assert verdict.report.tables["b"].total_values.tolist() == [7]
    sent["a"]["total"] = {"c1": 99}
    verdict = send(PLAIN, sent)
    assert codes(verdict) == ["unknown_row"]
    assert verdict.report.tables["a"].total_states.tolist() == [BLANK]


@given(st.lists(st.one_of(st.none(), st.just("KAD"), st.integers(0, 100)), max_size=8))
def test_the_total_is_the_sum_of_whatever_has_a_figure(cells: list[Any]) -> None:
    """Against Python's own sum, with gaps and waivers anywhere."""
    table = rows(*({"c2": cell} for cell in cells)) if cells else {"nil": True}
    there = [cell for cell in cells if isinstance(cell, int)]
    assert _total(table)[1] == ((sum(there), V) if there else (0, BLANK))
