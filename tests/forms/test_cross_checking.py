"""Rules between reports: pending until the other side arrives, and the same whoever came first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.cross_checking import (
    Companion,
    CrossOutcome,
    Outcome,
    cross_check,
    in_version,
    sources_of,
    sum_sides,
)
from forms.definition import FormVersion, Severity
from forms.issues import EN, VI, sentence
from forms.returns import Report, State
from tests.forms.consistent import catalogue, window_of
from tests.forms.oracle import book_of, broken_rules
from tests.forms.trial_forms import a_trial, rows, send

CUMULATIVE = """\
- key: a
  title: Vốn
  rows: {{model: open, heading: {{label: Dự án}}}}
  total: Tổng
  cells: {{type: decimal, digits: {digits}, min: 0}}
  columns:
    - {{id: c2, label: Trong tháng}}
    - {{id: c4, label: Lũy kế}}{more}
  rules:
    - {{id: luy_ke, check: c4 == previous(c4) + c2, blank: zero}}
    - {{id: tong, check: total.c4 >= previous(total.c4)}}
    - {{id: dong, check: rows(a) >= previous(rows(a))}}
    - {{id: bo, check: previous(c4) <= c4}}
"""


def _form(digits: int = 1, more: str = "", version: int = 1) -> FormVersion:
    return a_trial(CUMULATIVE.format(digits=digits, more=more), version=version)


FORM = _form()


def _report(form: FormVersion, **cells: dict[str, Any]) -> Report:
    table = {"rows": [{"key": key, "cells": row} for key, row in cells.items()]}
    verdict = send(form, {"a": table if cells else {"nil": True}})
    assert verdict.issues == ()
    return verdict.report


def _outcomes(
    form: FormVersion, report: Report, previous: Companion
) -> tuple[dict[str, str], list[CrossOutcome]]:
    found = cross_check(form, report, {"previous": previous})
    return {each.rule_id: each.outcome.value for each in found}, found


def test_what_a_form_reads_is_known_from_its_rules() -> None:
    """The sources of a form are the last period and the forms that its rules name."""
    forms = catalogue()
    assert sources_of(forms.latest("II.06a/VPCP/KSTT")) == ("previous",)
    assert sources_of(forms.latest("03/GQKN")) == ("02/XLD",)
    assert sources_of(forms.latest("MAU.05/LIEN")) == ("03/GQKN",)
    assert sources_of(forms.latest("01/TCD")) == ()


def test_a_side_that_has_not_arrived_leaves_a_rule_pending() -> None:
    """Pending is a warning that says what is awaited, and never an error."""
    report = _report(FORM, x={"c2": 1, "c4": 5})
    outcomes, found = _outcomes(FORM, report, Companion(FORM))
    assert set(outcomes.values()) == {"pending"}
    for each in found:
        (issue,) = each.issues
        assert (issue.code, issue.severity) == ("rule_pending", Severity.WARNING)
        assert issue.expected == FORM.code


def test_a_first_report_is_exempt() -> None:
    """Where nothing was ever owed before, there is nothing to compare with, and nothing to say."""
    report = _report(FORM, x={"c2": 1, "c4": 5})
    outcomes, found = _outcomes(FORM, report, Companion(FORM, is_exempt=True))
    assert set(outcomes.values()) == {"exempt"}
    assert all(each.issues == () for each in found)


def test_rows_are_compared_with_the_rows_of_the_same_key() -> None:
    """Whatever the order, and with 0 where the last period did not have the row."""
    before = _report(FORM, x={"c2": 1, "c4": 5}, y={"c2": 2, "c4": "2,5"})
    good = _report(FORM, y={"c2": "0,5", "c4": 3}, z={"c2": 4, "c4": 4}, X={"c2": 0, "c4": 5})
    outcomes, _ = _outcomes(FORM, good, Companion(FORM, before.tables))
    assert outcomes == dict.fromkeys(("a.luy_ke", "a.tong", "a.dong", "a.bo"), "met")
    bad = _report(FORM, y={"c2": "0,5", "c4": 2}, x={"c2": 1, "c4": 6})
    outcomes, found = _outcomes(FORM, bad, Companion(FORM, before.tables))
    assert outcomes == {"a.luy_ke": "failed", "a.tong": "met", "a.dong": "met", "a.bo": "failed"}
    (issue,) = found[0].issues
    assert (issue.cell, issue.address) == ("a/y/c4", "r01.c04")
    assert (issue.given, issue.expected) == ("2.0", "3.0")
    assert issue.rule == "(4) = (4) của kỳ trước + (2)"


@pytest.mark.parametrize("is_nil_before", [True, False])
def test_a_nil_return_on_either_side_is_a_side_of_no_rows(is_nil_before: bool) -> None:
    """Nothing there counts as 0 where the rule says so, and else the rule has nothing to say."""
    full, nil = _report(FORM, x={"c2": 1, "c4": 1}), _report(FORM)
    before, now = (nil, full) if is_nil_before else (full, nil)
    outcomes, _ = _outcomes(FORM, now, Companion(FORM, before.tables))
    assert outcomes == {
        "a.luy_ke": "met" if is_nil_before else "failed",
        "a.tong": "met",
        "a.dong": "met" if is_nil_before else "failed",
        "a.bo": "met",
    }


#: Rows before, rows now, the rows at which the cumulative rule then fails.
LEFT_OUT: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"x": 5}, {"x": 5}, []),
    ({"x": 5, "y": 2}, {"x": 5}, ["a/y/c4"]),
    ({"x": 5, "y": 0}, {"x": 5}, []),
    ({"x": 5, "y": ""}, {"x": 5}, []),
    ({"x": 5, "y": 2}, {}, ["a/x/c4", "a/y/c4"]),
    ({"x": 5}, {"y": 0}, ["a/x/c4"]),
    ({"x": 5}, {"y": 3}, ["a/y/c4", "a/x/c4"]),
    ({}, {"y": 0}, []),
]


@pytest.mark.parametrize(("before", "now", "cells"), LEFT_OUT)
def test_a_row_that_is_left_out_does_not_end_what_it_carried(
    before: dict[str, Any], now: dict[str, Any], cells: list[str]
) -> None:
    """A row of the last period that is not there counts as 0, and is told at its key."""
    earlier = _report(FORM, **{key: {"c2": 0, "c4": figure} for key, figure in before.items()})
    report = _report(FORM, **{key: {"c2": 0, "c4": figure} for key, figure in now.items()})
    (found, *others) = cross_check(FORM, report, {"previous": Companion(FORM, earlier.tables)})
    assert [issue.cell for issue in found.issues] == cells
    assert found.outcome is (Outcome.FAILED if cells else Outcome.MET)
    for issue in found.issues:
        is_there = issue.cell.split("/")[1] in now
        assert (issue.code, issue.address == "") == (
            ("rule_broken", False) if is_there else ("row_left_out", True)
        )
    others_told = [issue for each in others for issue in each.issues]
    assert all(issue.code == "rule_broken" for issue in others_told)


def test_what_is_told_of_a_row_that_is_left_out() -> None:
    """The sentence names the row, what it counts as, and what it should be, in both languages."""
    before, now = _report(FORM, x={"c4": 1}, y={"c4": 2}), _report(FORM, x={"c2": 0, "c4": 1})
    _, found = _outcomes(FORM, now, Companion(FORM, before.tables))
    (issue,) = found[0].issues
    assert (issue.given, issue.expected, issue.label) == ("0.0", "2.0", "y, Lũy kế")
    assert sentence(issue, VI).startswith("Báo cáo thiếu dòng này (y, Lũy kế): (4) = (4) của kỳ")
    assert "A row is left out (y, Lũy kế): (4) = (4) of the previous period + (2)." in sentence(
        issue, EN
    )


@st.composite
def _cumulative(draw: st.DrawFn) -> Report:
    """A report on the cumulative form with a few rows, their cells at will."""
    figure = st.sampled_from(["", 0, 1, 2, "0,5"])
    keys = draw(st.lists(st.sampled_from("xyzw"), unique=True, max_size=4))
    return _report(FORM, **{key: {"c2": draw(figure), "c4": draw(figure)} for key in keys})


@given(_cumulative(), _cumulative())
def test_rules_over_periods_fail_where_a_plain_reading_fails(before: Report, now: Report) -> None:
    """On any two reports, rows left out on either side, the engine agrees with the oracle."""
    expected = broken_rules(
        FORM, book_of(FORM, now.tables), {"previous": book_of(FORM, before.tables)}
    )
    _, found = _outcomes(FORM, now, Companion(FORM, before.tables))
    told = [issue for each in found for issue in each.issues]
    assert sorted((i.rule_id, "/".join(i.cell.split("/")[1:2])) for i in told) == sorted(
        (rule, row or ("total" if rule == "a.tong" else "")) for rule, row, _ in expected
    )


def _open_dossiers(period: str, **sections: int) -> Report:
    """A report on II.06c with one row a section, so many dossiers open at its end."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    sent = [
        {
            "key": "Đất đai",
            "section": section,
            "cells": dict.fromkeys(("c4", "c6", "c8", "c9", "c10", "c13"), 0)
            | {"c5": count, "c12": count},
        }
        for section, count in sections.items()
    ]
    return send(form, {"a": {"rows": sent}}, period=period).report


def test_rows_of_a_section_that_has_ended_are_not_missed() -> None:
    """Dossiers of cấp huyện cannot be carried over once the form no longer asks for it."""
    form = catalogue().latest("II.06c/VPCP/KSTT")
    before = Companion(form, _open_dossiers("2025", tinh=2, huyen=3, xa=4).tables)
    report = _open_dossiers("2026-Q1", tinh=0)
    window = window_of(form, "2026-Q1")
    (found,) = cross_check(form, report, {"previous": before}, window=window)
    assert [issue.cell for issue in found.issues] == ["a/tinh:đất đai/c6", "a/xa:đất đai/c6"]
    assert [issue.code for issue in found.issues] == ["rule_broken", "row_left_out"]


SHAPES = """\
- key: a
  title: A
  rows: {model}
  cells: {{type: integer}}
  columns: [{{id: c1, label: A}}, {{id: c2, label: B}}]
  rules:
    - {{id: ky, check: c1 == previous(c2), blank: zero}}
    - {{id: dem, check: rows(a) <= 1}}
    - {{id: so, check: previous(c2) <= 9 * rows(a), blank: zero}}
"""


@pytest.mark.parametrize(
    ("model", "key", "is_missed"),
    [
        ("{model: single}", "", True),
        ("{model: fixed, rows: [{key: r1, label: Một}]}", "r1", True),
        ("{model: units, heading: {label: Đơn vị}}", "H26", True),
        ("{model: units, heading: {label: Đơn vị}}", "H55", False),
        ("{model: open, heading: {label: Việc}}", "x", True),
    ],
)
def test_each_row_model_knows_which_rows_can_be_left_out(
    model: str, key: str, is_missed: bool
) -> None:
    """A nil return is held to the rows that it could have; what it leaves out is not counted."""
    form = a_trial(SHAPES.format(model=model))
    full = send(form, {"a": {"rows": [{"key": key, "cells": {"c2": 3}}]}}).report
    nil = send(form, {"a": {"nil": True}}).report
    outcomes, found = _outcomes(form, nil, Companion(form, full.tables))
    failed = "failed" if is_missed else "met"
    assert outcomes == {"a.ky": failed, "a.so": failed}
    assert {issue.cell.split("/")[0] for issue in found[0].issues} == (
        {"a"} if is_missed else set()
    )
    oracle = broken_rules(form, book_of(form, nil.tables), {"previous": book_of(form, full.tables)})
    assert {rule for rule, *_ in oracle} == ({"a.ky", "a.so"} if is_missed else set())


def test_a_merged_unit_is_held_to_the_sum_of_its_predecessors() -> None:
    """Rows of the same key are added; what only one of them had is there once."""
    one = Companion(FORM, _report(FORM, x={"c2": 1, "c4": 5}, y={"c4": 1}).tables)
    two = Companion(FORM, _report(FORM, z={"c4": 2}, x={"c2": 1, "c4": "0,5"}).tables)
    merged = sum_sides(FORM, [one, two])
    good = _report(FORM, x={"c2": 1, "c4": "6,5"}, y={"c2": 0, "c4": 1}, z={"c2": 0, "c4": 2})
    outcomes, _ = _outcomes(FORM, good, merged)
    assert set(outcomes.values()) == {"met"}
    alone, _ = _outcomes(FORM, good, one)
    assert alone["a.luy_ke"] == "failed"
    for order in ([one, two], [two, one]):
        table = sum_sides(FORM, order).report
        assert table is not None
        assert [name.key for name in table["a"].names] == ["x", "y", "z"]
        assert table["a"].values[:, 1].tolist() == [55, 10, 20]
        assert table["a"].total_values.tolist() == [20, 85]


def test_a_last_period_on_an_older_version_is_read_by_column() -> None:
    """Columns are matched by id and brought to the digits of the newer version."""
    older = FORM
    newer = _form(digits=2, more="\n    - {id: c5, label: Mới}", version=2)
    before = _report(older, x={"c2": 1, "c4": "5,5"})
    good = _report(newer, x={"c2": "0,25", "c4": "5,75", "c5": 9})
    outcomes, _ = _outcomes(newer, good, Companion(older, before.tables))
    assert set(outcomes.values()) == {"met"}
    bad = _report(newer, x={"c2": "0,25", "c4": "5,5", "c5": 9})
    outcomes, _ = _outcomes(newer, bad, Companion(older, before.tables))
    assert outcomes["a.luy_ke"] == "failed"


def test_what_another_version_cannot_say_is_blank() -> None:
    """A column that was not asked, and a figure finer than the newer digits, are no figures."""
    newer = _form(digits=2, more="\n    - {id: c5, label: Mới}", version=2)
    fine = _report(newer, x={"c2": "0,25", "c4": "5,50", "c5": 9}).tables
    side = in_version(FORM, Companion(newer, fine))
    assert side.form is FORM
    assert side.report is not None
    data = side.report["a"]
    assert data.values.tolist() == [[0, 55]]
    assert data.states.tolist() == [[State.BLANK, State.VALUE]]
    back = in_version(newer, Companion(FORM, side.report)).report
    assert back is not None
    assert back["a"].states.tolist() == [[State.BLANK, State.VALUE, State.BLANK]]
    assert in_version(FORM, Companion(newer)).report is None


def test_merged_predecessors_may_have_reported_on_two_versions() -> None:
    """One on the older form, one on the newer: their sum is in the newer."""
    newer = _form(digits=2, version=2)
    one = Companion(FORM, _report(FORM, x={"c4": "5,5"}).tables)
    two = Companion(newer, _report(newer, x={"c4": "0,25"}).tables)
    merged = sum_sides(newer, [one, two]).report
    assert merged is not None
    assert merged["a"].values[:, 1].tolist() == [575]


def _petitions(form: FormVersion, **cells: int) -> Report:
    row = {column.id: cells.get(column.id, 0) for column in form.tables[0].figures}
    table = {"rows": [{"key": "H26", "cells": row}]}
    return send(form, {"a": table}, period="2026-Q3").report


@pytest.mark.parametrize(("complaints", "outcome"), [(4, Outcome.MET), (5, Outcome.FAILED)])
def test_another_form_is_read_at_the_row_of_the_same_unit(
    complaints: int, outcome: Outcome
) -> None:
    """Column 1 of 03/GQKN is column 6 of 02/XLD of the same unit and period."""
    here, there = catalogue().latest("03/GQKN"), catalogue().latest("02/XLD")
    other = _petitions(there, c6=4, c7=4, c9=4, c4=4, c3=4, c2=4, c1=4)
    (found,) = cross_check(
        here, _petitions(here, c1=complaints), {"02/XLD": Companion(there, other.tables)}
    )
    assert (found.source, found.outcome) == ("02/XLD", outcome)
    (pending,) = cross_check(here, _petitions(here, c1=complaints), {"02/XLD": Companion(there)})
    assert pending.outcome is Outcome.PENDING


def test_a_row_of_a_single_table_is_named_by_its_only_key() -> None:
    """`b.row.c1` is the one row of table b, and is unknown where that table is nil."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: A}}
          cells: {type: integer}
          columns: [{id: c1, label: A}]
          rules:
            - {id: ky, check: previous(b.row.c1) <= b.row.c1}
        - key: b
          title: B
          rows: {model: single}
          cells: {type: integer}
          columns: [{id: c1, label: A}]
    """)
    low, high = (
        send(form, {"a": rows({"c1": 1}), "b": {"rows": [{"cells": {"c1": number}}]}}).report
        for number in (1, 2)
    )
    nil = send(form, {"a": rows({"c1": 1}), "b": {"nil": True}}).report
    expected = [(low, high, "met"), (high, low, "failed"), (nil, low, "met"), (high, nil, "met")]
    for before, now, outcome in expected:
        outcomes, _ = _outcomes(form, now, Companion(form, before.tables))
        assert outcomes == {"a.ky": outcome}
