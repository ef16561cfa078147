"""Rules fail where a naive reading of their text fails, on one report and on many at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.checking import Checked, batch_of, check_batch
from forms.definition import FormVersion
from forms.issues import EN, VI, Issue, sentence
from forms.rule_outcomes import printed
from tests.forms.consistent import catalogue, checked, consistent_book, some_rows
from tests.forms.oracle import Book, Place, book_of, broken_rules
from tests.forms.trial_forms import mixed_form, send

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
    form = mixed_form()
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
    form = mixed_form()
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
    ("text", "vi", "en"),
    [
        ("c3 == c4 + c5", "(3) = (4) + (5)", "(3) = (4) + (5)"),
        ("c6 == previous(c11)", "(6) = (11) của kỳ trước", "(6) = (11) of the previous period"),
        (
            'total.c1 >= form("03/GQKN").total.c7',
            "(1) dòng tổng ≥ (7) dòng tổng của biểu 03/GQKN",
            "(1) of the total row ≥ (7) of the total row of form 03/GQKN",
        ),
        ("rows(part2) <= c7", "số dòng phần part2 ≤ (7)", "rows of table part2 ≤ (7)"),
        (
            "sum(c3) == previous(a.xa.c4) + 2 * (c1 + c2)",
            "tổng (3) = (4) dòng xa phần a của kỳ trước + 2 * ((1) + (2))",
            "sum of (3) = (4) of row xa of table a of the previous period + 2 * ((1) + (2))",
        ),
        ("c5 == percent(c4, c3)", "(5) = percent((4), (3))", "(5) = percent((4), (3))"),
        (
            "i59 >= previous(i59)",
            "(i59) ≥ (i59) của kỳ trước",
            "(i59) ≥ (i59) of the previous period",
        ),
    ],
)
def test_a_rule_is_told_in_words(text: str, vi: str, en: str) -> None:
    """Nobody reads an expression: other reports, rows and sums are named in words."""
    rule = replace(catalogue().forms[0].tables[0].rules[0], text=text)
    assert printed(rule) == vi
    issue = Issue("rule_pending", rule=vi, label="x", expected="y")
    assert sentence(issue, EN).startswith(f"x: {en}. ")
    assert sentence(issue, VI).startswith(f"x: {vi}. ")
