"""Rules between reports: pending until the other side arrives, and the same whoever came first."""

from __future__ import annotations

from typing import Any

import pytest

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
from forms.returns import Report, State
from tests.forms.consistent import catalogue
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
        "a.luy_ke": "met",
        "a.tong": "met",
        "a.dong": "met" if is_nil_before else "failed",
        "a.bo": "met",
    }


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
