"""A return is checked as a whole: every fault at once, and the same alone as among thousands."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.checking import Checked, batch_of, check_batch
from forms.definition import FormVersion
from forms.returns import State
from tests.forms.consistent import catalogue, checked, consistent_book, some_rows
from tests.forms.oracle import Book, Place, book_of, broken_rules, half_up
from tests.forms.trial_forms import a_trial, codes, figures, rows, rules, send

CODES = (
    "II.06a/VPCP/KSTT",
    "I.02/VPCP/TH",
    "02/XLD",
    "03/GQKN",
    "III.01c/VPCP/KSTT",
    "MAU.01/KTXH",
    "MAU.03/TYLE",
    "MAU.05/LIEN",
)

#: A form that mixes everything: digits, constants, totals, other rows, other tables, ratios.
MIXED = """\
- key: a
  title: Dự án
  rows: {model: open, heading: {label: Dự án}}
  total: Tổng
  cells: {type: decimal, digits: 2, min: 0}
  columns:
    - {id: c1, label: Vốn, digits: 3}
    - {id: c2, label: Giải ngân}
    - {id: c3, label: Số hộ, type: integer}
    - {id: c4, label: Tỷ lệ, type: percent, digits: 1, not_applicable: true}
    - {id: c5, label: Tỷ trọng, type: percent, digits: 2}
  rules:
    - {id: vuot, check: c2 <= c1}
    - {id: nua, check: 0.5 * c1 + 1.25 >= c2 - c3}
    - {id: khac, check: c3 != 7}
    - {id: it, check: c3 < 40}
    - {id: nhieu, check: c1 > 0.001, blank: zero}
    - {id: ty_le, check: "c4 == percent(c2, c1)"}
    - {id: ty_trong, check: "c5 == percent(c1, total.c1)"}
    - {id: tong, check: total.c1 <= 60.5}
    - {id: dong, check: rows(a) <= 3}
    - {id: chung, check: sum(c3) <= total.c2 + b.i1.c1}
- key: b
  title: Chỉ tiêu
  rows:
    model: fixed
    rows:
      - {key: i1, label: Tổng, formula: i2 + 2 * i3 + 1}
      - {key: i2, label: Một, formula: i3 + i4}
      - {key: i3, label: Hai, digits: 0}
      - {key: i4, label: Ba}
      - {key: i5, label: Cũ, valid_to: 2025-06-30}
  cells: {type: decimal, digits: 2, min: 0}
  columns:
    - {id: c1, label: Kế hoạch}
    - {id: c2, label: Thực hiện, type: integer}
  rules:
    - {id: cot, check: i2 == i3 + i4}
    - {id: han, check: i3 <= 10.5}
    - {id: cu, check: i5 <= i4, blank: zero}
    - {id: rieng, check: c.row.c1 <= 5 * i3.c2, blank: zero}
    - {id: ty, check: i1.c1 >= c.row.c1}
- key: c
  title: Một dòng
  rows: {model: single}
  compulsory: false
  cells: {type: integer, compulsory: true}
  columns:
    - {id: c1, label: Số, min: -100}
"""


@cache
def _mixed() -> FormVersion:
    return a_trial(MIXED)


def _broken(verdict: Checked) -> set[tuple[str, str]]:
    return set(rules(verdict))


def _expected(form: FormVersion, verdict: Checked) -> set[tuple[str, str, str]]:
    return broken_rules(form, book_of(form, verdict.report.tables))


def _found(form: FormVersion, verdict: Checked) -> set[tuple[str, str, str]]:
    """The broken rules as the bulk check gives them: (rule id, row path, column id)."""
    batch = batch_of(form, [verdict.report.tables])
    return {_told(form, verdict, *failure) for failure in _failures(form, batch)}


def _failures(form: FormVersion, batch: Any) -> list[tuple[str, int, int]]:
    return [(each.table, each.rule, each.row) for each in check_batch(batch)]


def _told(
    form: FormVersion, verdict: Checked, key: str, rule: int, row: int
) -> tuple[str, str, str]:
    table = form.table_by_key[key]
    names = verdict.report.tables[key].names
    column = table.figures[-2 - row].id if row < -1 else ""
    return f"{key}.{table.rules[rule].id}", names[row].path if row >= 0 else "", column


_CELL = st.one_of(
    st.none(),
    st.integers(0, 60),
    st.decimals(0, 60, places=2),
    st.sampled_from(["", " 7 ", "KAD", 10**15 - 1, "12,5", 0]),
)


@st.composite
def _mixed_returns(draw: st.DrawFn) -> dict[str, Any]:
    """A return on the mixed form, with gaps and nonsense in it."""

    def cells(*columns: str) -> dict[str, Any]:
        return {column: draw(_CELL) for column in columns if draw(st.booleans())}

    keys = draw(st.lists(st.sampled_from("xyzwv"), unique=True, max_size=4))
    declared = draw(st.lists(st.sampled_from(["i1", "i2", "i3", "i4"]), unique=True))
    tables: dict[str, Any] = {
        "a": {"rows": [{"key": key, "cells": cells("c1", "c2", "c3", "c4", "c5")} for key in keys]},
        "b": {"rows": [{"key": key, "cells": cells("c1", "c2")} for key in declared]},
    }
    if draw(st.booleans()):
        tables["c"] = {"rows": [{"cells": {"c1": draw(st.integers(-100, 60))}}]}
    for key in ("a", "b"):
        if not tables[key]["rows"]:
            tables[key] = {"nil": True}
    return tables


@settings(max_examples=120)
@given(_mixed_returns())
def test_the_engine_finds_what_a_plain_reading_of_the_rules_finds(tables: dict[str, Any]) -> None:
    """On any figures, the compiled rules fail exactly where a naive reading of them fails."""
    form = _mixed()
    verdict = send(form, tables)
    expected = _expected(form, verdict)
    assert _found(form, verdict) == expected
    told = [issue for issue in verdict.issues if issue.code == "rule_broken"]
    assert {issue.rule_id for issue in told} == {rule_id for rule_id, *_ in expected}
    assert len(told) == len(expected)


@settings(max_examples=50)
@given(st.lists(_mixed_returns(), min_size=1, max_size=6))
def test_many_reports_at_once_fail_as_they_fail_one_by_one(sent: list[dict[str, Any]]) -> None:
    """A batch has exactly the failures of its reports, nil and empty ones among them."""
    form = _mixed()
    verdicts = [send(form, tables) for tables in sent]
    together: list[set[tuple[str, str, str]]] = [set() for _ in verdicts]
    for each in check_batch(batch_of(form, [verdict.report.tables for verdict in verdicts])):
        told = _told(form, verdicts[each.report], each.table, each.rule, each.row)
        together[each.report].add(told)
    assert together == [_found(form, verdict) for verdict in verdicts]


@cache
def _consistent(code: str) -> Book:
    form = catalogue().latest(code)
    sources = {"MAU.05/LIEN": ["03/GQKN"], "03/GQKN": ["02/XLD"]}.get(code, [])
    return consistent_book(form, {source: _consistent(source) for source in sources})


@settings(max_examples=100)
@given(st.data())
def test_shipped_forms_fail_where_a_plain_reading_fails(data: st.DataObject) -> None:
    """Some cells moved, blanked or waived: engine, batch and naive reading agree."""
    form = catalogue().latest(data.draw(st.sampled_from(CODES)))
    sent: dict[Place, Any] = dict(_consistent(form.code).figures)
    for place in data.draw(st.lists(st.sampled_from(sorted(sent)), max_size=6)):
        sent[place] = data.draw(st.sampled_from([None, "KAD", 0, 1, 7, 10**15 - 1, "3,5", "x"]))
    verdict = checked(form, sent, some_rows(form))
    expected = _expected(form, verdict)
    assert _found(form, verdict) == expected
    told = {issue.rule_id for issue in verdict.issues if issue.code == "rule_broken"}
    assert told == {rule_id for rule_id, *_ in expected}


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
    verdict = send(_mixed(), tables)
    assert figures(verdict, "b") == [[850, 11], [350, 4], [200, 3], [150, 1]]


def test_a_bound_down_the_rows_is_held_against_every_column_at_its_own_digits() -> None:
    """`i3 <= 10.5` refuses 11 in a column of whole numbers and 10,51 in one of two decimals."""
    tables = {"a": {"nil": True}, "b": rows({"c1": "11,00", "c2": 11}, keys=["i3"])}
    verdict = send(_mixed(), tables)
    assert [rule for rule in rules(verdict) if rule[0] == "b.han"] == [
        ("b.han", "b/i3/c1"),
        ("b.han", "b/i3/c2"),
    ]
    given_texts = [issue.given for issue in verdict.issues if issue.rule_id == "b.han"]
    assert given_texts == ["11.00", "11"]


def test_rules_over_the_total_row_hold_where_it_was_left_out() -> None:
    """The total row is worked out before rules read it."""
    cells = ({"c1": 40}, {"c1": 30})
    for total in ({}, {"total": {"c1": 70}}):
        verdict = send(_mixed(), {"a": rows(*cells) | total, "b": {"nil": True}})
        assert ("a.tong", "a/total/c1") in rules(verdict)


def test_a_nil_return_breaks_nothing() -> None:
    """Tables marked as nil have no rows, and no rule finds fault with that."""
    verdict = send(_mixed(), {"a": {"nil": True}, "b": {"nil": True}})
    assert verdict.issues == ()
    assert all(not verdict.report.tables[key].names for key in "abc")


def test_an_optional_table_may_be_left_out() -> None:
    """A table that is not compulsory asks for nothing when it is not there."""
    tables = {"a": rows({"c1": 1}), "b": {"nil": True}}
    assert codes(send(_mixed(), tables)) == []
    assert codes(send(_mixed(), tables | {"c": {"rows": [{"cells": {}}]}})) == ["missing_value"]


@pytest.mark.parametrize("missing", ["a", "b"])
def test_a_missing_table_is_one_fault(missing: str) -> None:
    """The rules that would read a missing table do not pile up on it."""
    tables = {"a": rows({"c1": 1}), "b": rows({"c1": 1, "c2": 1}, keys=["i3"])}
    del tables[missing]
    assert codes(send(_mixed(), tables)) == ["missing_table"]


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


def test_what_is_not_asked_is_left_out_and_refused_where_it_is_given() -> None:
    """A column out of its validity takes no figure; blank is right, a figure is an issue."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: A}}
          total: Tổng
          cells: {type: integer, compulsory: true}
          columns:
            - {id: c1, label: A}
            - {id: c2, label: B, valid_to: 2025-06-30}
          rules:
            - {id: it, check: c2 <= c1}
    """)
    early = send(form, {"a": rows({"c1": 1, "c2": 2})}, period="2025-Q1")
    assert rules(early) == [("a.it", "a/a/c2")]
    assert codes(send(form, {"a": rows({"c1": 1})}, period="2025-Q1")) == ["missing_value"]
    late = send(form, {"a": rows({"c1": 1})})
    assert late.issues == ()
    assert late.report.tables["a"].states.tolist() == [[State.VALUE, State.NOT_ASKED]]
    assert codes(send(form, {"a": rows({"c1": 1, "c2": [[2]]})})) == ["not_asked"]
    assert codes(send(form, {"a": rows({"c1": 1, "c2": " "})})) == []


def test_an_unknown_column_is_found_even_where_the_count_of_cells_is_right() -> None:
    """A misspelt column in place of a computed one does not pass for it."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    sent = dict(_consistent(form.code).figures)
    verdict = checked(form, sent)
    assert verdict.issues == ()
    row = {column.id: 0 for column in form.tables[0].columns if column.id != "c3"} | {"cột 3": 0}
    data = {"a": {"rows": [{"key": "Đất đai", "cells": row}]}}
    assert codes(send(form, data, period="2026-Q3")) == ["key_not_in_list", "unknown_column"] or (
        codes(send(form, data, period="2026-Q3")) == ["unknown_column"]
    )


def test_a_data_row_that_calls_itself_the_total_is_refused() -> None:
    """It would be counted twice, in this report and in every consolidation of it."""
    for key in ("Tổng", "TỔNG", " total "):
        sent = {"rows": [{"key": "x", "cells": {"c1": 5}}, {"key": key, "cells": {"c1": 5}}]}
        assert codes(send(_mixed(), {"a": sent, "b": {"nil": True}})) == ["unknown_row"]


@pytest.mark.parametrize(("period", "is_asked"), [("2025-Q2", True), ("2026-Q3", False)])
def test_the_district_section_is_asked_until_districts_end(period: str, is_asked: bool) -> None:
    """Section II of II.06c takes rows for the second quarter of 2025, and none in 2026."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    cells = {column.id: 0 for column in form.tables[0].columns}
    sent = {
        "rows": [
            {"key": "Đất đai", "section": section, "cells": cells}
            for section in ("tinh", "huyen", "III. Tổng hợp thuộc thẩm quyền các UBND cấp xã")
        ]
    }
    verdict = send(form, {"a": sent}, period=period)
    found = [code for code in codes(verdict) if code != "key_not_in_list"]
    assert found == ([] if is_asked else ["unknown_section"])


def test_a_fixed_row_is_asked_until_it_ends() -> None:
    """The district row of III.01c is compulsory for 2025, and not asked for 2026."""
    form = catalogue().latest("III.01c/VPCP/KSTT")
    cells = {column.id: 0 for column in form.tables[0].columns}
    three = {"rows": [{"key": key, "cells": cells} for key in ("tinh", "huyen", "xa")]}
    two = {"rows": [{"key": key, "cells": cells} for key in ("xa", "UBND cấp tỉnh")]}
    assert codes(send(form, {"a": three}, period="2024")) == []
    assert codes(send(form, {"a": two}, period="2024")) == ["missing_row"]
    assert codes(send(form, {"a": two}, period="2026")) == []
    assert codes(send(form, {"a": three}, period="2026")) == ["row_not_asked"]
    names = send(form, {"a": two}, period="2026").report.tables["a"].names
    assert [name.key for name in names] == ["tinh", "xa"]


def test_all_faults_of_a_return_are_told_at_once() -> None:
    """Cells, rows, rules and totals of several tables, in one verdict."""
    verdict = send(
        _mixed(),
        {
            "a": rows({"c1": "x", "c2": 3}, {"c1": 2, "c2": 3}) | {"total": {"c2": 7}},
            "b": rows({"c1": "1.2.3"}, keys=["i9"]),
            "c": {"nil": True, "rows": [{"cells": {"c1": 1}}]},
            "d": {},
        },
    )
    expected = ["unknown_table", "not_a_figure", "unknown_row", "nil_with_rows", "total_differs"]
    assert codes(verdict)[:5] == expected
    assert set(codes(verdict)[5:]) == {"rule_broken"}
    assert verdict.is_refused


def test_a_batch_keeps_figures_apart_from_empty_reports_beside_them() -> None:
    """The sums of a report do not depend on what stands before or after it in the batch."""
    form = _mixed()
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
    form = _mixed()
    report = send(form, {"a": rows({"c1": 3, "c2": 1}), "b": {"nil": True}}).report
    before = {key: data.values.copy() for key, data in report.tables.items()}
    check_batch(batch_of(form, [report.tables, report.tables]))
    assert all(np.array_equal(before[key], report.tables[key].values) for key in before)
