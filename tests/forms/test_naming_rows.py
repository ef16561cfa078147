"""How rows are counted and told apart: what is dropped still counts for what stands below."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.addresses import Places
from forms.checking import check
from forms.definition import Severity
from forms.issues import EN, VI, Issue, sentence
from forms.naming_rows import Circumstances, RowNamer
from forms.period import Period
from forms.returns import RawReturn, RawRow, RawTable
from tests.forms.consistent import catalogue, circumstances_of
from tests.forms.trial_forms import a_trial, send

FORM = """\
- key: a
  title: A
  rows: {model: open, heading: {label: Việc}}
  sections:
    - {key: s1, label: Mục một}
    - {key: s2, label: Mục hai}
  cells: {type: integer, compulsory: true, min: 0}
  columns:
    - {id: c1, label: Số}
  rules: [{id: it, check: c1 <= 5, origin: printed}]
"""


def _row(key: str, section: str, number: Any = 1) -> dict[str, Any]:
    return {"key": key, "section": section, "cells": {"c1": number}}


def _told(*rows: dict[str, Any]) -> list[tuple[str, str]]:
    verdict = send(a_trial(FORM), {"a": {"rows": list(rows)}})
    return [(issue.code, issue.address) for issue in verdict.issues]


def test_a_dropped_row_still_counts() -> None:
    """The row below a double is the third as sent, in faults of cells and of rules alike."""
    sent = [_row("x", "s1"), _row("X ", "s1"), _row("y", "s1", "nhiều"), _row("z", "s1", 9)]
    assert _told(*sent) == [
        ("duplicate_row", "r02"),
        ("not_a_figure", "r03.c01"),
        ("rule_broken", "r04.c01"),
    ]
    assert _told(*sent[:2], _row("x", "s1")) == [("duplicate_row", "r02"), ("duplicate_row", "r03")]


def test_rows_that_say_nothing_are_not_counted() -> None:
    """As in a sheet, where a blank line is no row."""
    assert _told({"cells": {}}, _row("x", "s1"), {}, _row("z", "s1", 9)) == [
        ("rule_broken", "r02.c01")
    ]


@pytest.mark.parametrize(
    "name",
    [
        "x" * 150,
        unicodedata.normalize("NFD", "ệ" * 150),
        f"  {'x ' * 75}  ",
        f"x{' ' * 1_000}y",
        "x" + "\u200b" * 500,
    ],
)
def test_a_name_of_150_characters_is_taken(name: str) -> None:
    """However many signs it is written in: what is kept counts."""
    assert _told(_row(name, "s1")) == []


@pytest.mark.parametrize(
    "name",
    [
        "x" * 151,
        "x " * 80,
        "x" * 700,
        "x" + "\u200b" * 700 + "y",
        unicodedata.normalize("NFD", "ệ" * 151),
    ],
)
def test_a_longer_name_is_refused_and_never_cut_without_a_word(name: str) -> None:
    """Two that differ only at the end are not called the same row."""
    assert _told(_row(f"{name}1", "s1"), _row(f"{name}2", "s1")) == [
        ("text_too_long", "r01"),
        ("text_too_long", "r02"),
    ]


def test_a_name_that_is_too_long_is_told_with_its_place() -> None:
    """In both languages, with how long it is and how long it may be."""
    table = RawTable(rows=[RawRow("x" * 200, "s1", {"c1": 1}, {"key": "A!B9"})])
    raw = RawReturn("T.01", 1, "H55", "2026-Q3", {"a": table})
    around = Circumstances(Period.parse("2026-Q3").window(), {})
    (issue,) = check(a_trial(FORM), raw, around).issues
    assert (issue.place, issue.severity) == ("A!B9", Severity.ERROR)
    assert "(Việc) dài 200 ký tự, nhiều nhất 150." in sentence(issue, VI)
    assert "(Việc) is 200 characters long; at most 150." in sentence(issue, EN)


def test_a_row_in_no_section_doubles_no_other() -> None:
    """Where a row belongs is not known, so it is not held against one of the same name."""
    assert _told(_row("x", "s1"), _row("x", "s3"), _row("x", "s4"), _row("x", "")) == [
        ("unknown_section", "r02"),
        ("unknown_section", "r03"),
        ("unknown_section", "r04"),
    ]
    assert _told(_row("x", "s3", 9), _row("x", "s3", "nhiều")) == [
        ("unknown_section", "r01"),
        ("unknown_section", "r02"),
        ("not_a_figure", "r02.c01"),
        ("rule_broken", "r01.c01"),
    ]


FIELDS = catalogue().lists["linh_vuc"]
OF_THE_LIST = [entry.label for entry in FIELDS.entries[:3]] + [FIELDS.entries[0].label.upper()]
KEYS = st.sampled_from([*OF_THE_LIST, " ".join(OF_THE_LIST), "", " ", "Tổng số", "x" * 151])


@given(st.lists(KEYS, max_size=5))
def test_rows_of_a_list_are_named_together_as_one_by_one(keys: list[str]) -> None:
    """What is remembered of the names of rows says what looking at each of them would."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    rows = [RawRow(key, cells={"c3": 0}) for key in keys]
    told = []
    for remembered in (True, False):
        issues: list[Issue] = []
        namer = RowNamer(form.tables[0], circumstances_of(form, "2026-Q3"), Places(form), issues)
        if not remembered:
            vars(namer)["_known_names"] = lambda _rows: None
        named = namer.name(RawTable(rows))
        told.append(([name for name, _ in named], [row.number for row in rows], issues))
    assert told[0] == told[1]
