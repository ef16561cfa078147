"""How rows are counted and told apart: what is dropped still counts for what stands below."""

from __future__ import annotations

from typing import Any

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
