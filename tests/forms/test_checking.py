"""A return is checked as a whole: every fault of it is told at once."""

from __future__ import annotations

import pytest

from forms.checking import check
from forms.issues import EN, VI, sentence
from forms.reading_xlsx import read_xlsx
from forms.returns import State
from tests.forms.consistent import catalogue, circumstances_of
from tests.forms.templates import blank
from tests.forms.trial_forms import a_trial, codes, mixed_form, rows, rules, send


def test_rules_over_the_total_row_hold_where_it_was_left_out() -> None:
    """The total row is worked out before rules read it."""
    cells = ({"c1": 40}, {"c1": 30})
    for total in ({}, {"total": {"c1": 70}}):
        verdict = send(mixed_form(), {"a": rows(*cells) | total, "b": {"nil": True}})
        assert ("a.tong", "a/total/c1") in rules(verdict)


def test_a_nil_return_breaks_nothing() -> None:
    """Tables marked as nil have no rows, and no rule finds fault with that."""
    verdict = send(mixed_form(), {"a": {"nil": True}, "b": {"nil": True}})
    assert verdict.issues == ()
    assert all(not verdict.report.tables[key].names for key in "abc")


def test_an_optional_table_may_be_left_out() -> None:
    """A table that is not compulsory asks for nothing when it is not there."""
    tables = {"a": rows({"c1": 1}), "b": {"nil": True}}
    assert codes(send(mixed_form(), tables)) == []
    assert codes(send(mixed_form(), tables | {"c": {"rows": [{"cells": {}}]}})) == ["missing_value"]


@pytest.mark.parametrize("missing", ["a", "b"])
def test_a_missing_table_is_one_fault(missing: str) -> None:
    """The rules that would read a missing table do not pile up on it."""
    tables = {"a": rows({"c1": 1}), "b": rows({"c1": 1, "c2": 1}, keys=["i3"])}
    del tables[missing]
    assert codes(send(mixed_form(), tables)) == ["missing_table"]


@pytest.mark.parametrize("words", [None, "", " \n "])
def test_an_outline_without_a_word_is_missing(words: str | None) -> None:
    """Headings with nothing below are no report; one word is, and so is a nil mark."""
    form = catalogue().latest("DC.01")
    empty = {
        "rows": [{"key": row.key, "cells": {"noi_dung": words}} for row in form.tables[0].rows]
    }
    assert codes(send(form, {"de_cuong": empty})) == ["missing_table"]
    assert codes(send(form, {"de_cuong": {"rows": [{"key": "ket_qua", "cells": {}}]}})) == [
        "missing_table"
    ]
    said = {"rows": [*empty["rows"][1:], {"key": "tinh_hinh", "cells": {"noi_dung": "Tốt"}}]}
    assert codes(send(form, {"de_cuong": said})) == []
    assert codes(send(form, {"de_cuong": {"nil": True}})) == []


def test_an_untouched_template_of_an_outline_is_missing() -> None:
    """The template as it was downloaded says nothing."""
    form, raw = catalogue().latest("DC.01"), read_xlsx(blank("DC.01"))
    around = circumstances_of(form, raw.period, raw.unit)
    assert [issue.code for issue in check(form, raw, around).issues] == ["missing_table"]


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
    row = {column.id: 0 for column in form.tables[0].columns if column.id != "c3"} | {"cột 3": 0}
    data = {"a": {"rows": [{"key": "Đất đai", "cells": row}]}}
    verdict = send(form, data, period="2026-Q3")
    assert codes(verdict) == ["unknown_column"]


def test_a_data_row_that_calls_itself_the_total_is_refused() -> None:
    """It would be counted twice, in this report and in every consolidation of it."""
    for key in ("Tổng", "TỔNG", " total "):
        sent = {"rows": [{"key": "x", "cells": {"c1": 5}}, {"key": key, "cells": {"c1": 5}}]}
        assert codes(send(mixed_form(), {"a": sent, "b": {"nil": True}})) == ["unknown_row"]


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
        mixed_form(),
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


def test_what_is_missing_is_said_by_its_kind() -> None:
    """Only of a figure is it said that 0 stands for nothing."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: Việc}}
          columns:
            - {id: c1, label: Số, type: integer, compulsory: true}
            - {id: c2, label: Ngày, type: date, compulsory: true}
            - {id: c3, label: Chữ, type: text, compulsory: true}
    """)
    verdict = send(form, {"a": rows({})})
    figure, date, text = verdict.issues
    assert [issue.code for issue in verdict.issues] == ["missing_value"] * 3
    assert "ghi 0" in sentence(figure, VI)
    assert "0 where" in sentence(figure, EN)
    assert sentence(date, VI).endswith("Cần: ngày, ví dụ 14/9/2026.")
    assert sentence(date, EN).endswith("Expected: a date such as 14/9/2026.")
    assert sentence(text, EN).endswith("Expected: a text.")
