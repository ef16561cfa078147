"""The canonical bytes of a report: one report, one text, and the report again from the text."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.canonical import canonical_json, read_report, sha256, write_report
from forms.checking import Checked, check
from forms.definition import FormVersion
from forms.reading_json import read_object
from forms.returns import Report
from tests.forms.consistent import (
    a_period,
    catalogue,
    checked,
    circumstances_of,
    consistent_book,
    data_of,
    some_rows,
)
from tests.forms.trial_forms import a_trial, send

CODES = (
    "II.06a/VPCP/KSTT",
    "II.06c/VPCP/KSTT",
    "I.02/VPCP/TH",
    "03/GQKN",
    "III.01c/VPCP/KSTT",
    "MAU.01/KTXH",
    "MAU.03/TYLE",
)


def _same(one: Report, two: Report) -> bool:
    """Whether two reports have the same content, array by array."""
    heads = [(r.form, r.version, r.unit, r.period, r.note) for r in (one, two)]
    return heads[0] == heads[1] and all(
        (data.names, data.texts, data.nil) == (other.names, other.texts, other.nil)
        and data.values.tolist() == other.values.tolist()
        and data.states.tolist() == other.states.tolist()
        and data.total_values.tolist() == other.total_values.tolist()
        and data.total_states.tolist() == other.total_states.tolist()
        for data, other in ((one.tables[key], two.tables[key]) for key in one.tables)
    )


def _verdict(form: FormVersion, **changes: Any) -> Checked:
    data = data_of(form, consistent_book(form, {}).figures, some_rows(form)) | changes
    return check(form, read_object(data), circumstances_of(form, a_period(form)))


@pytest.mark.parametrize("code", CODES)
def test_a_report_is_rebuilt_from_its_bytes(code: str) -> None:
    """Written, read and written again: the same content and the same bytes."""
    form = catalogue().latest(code)
    report = _verdict(form, note="Đính chính số liệu").report
    data = write_report(form, report)
    assert _same(read_report(form, data), report)
    assert write_report(form, read_report(form, data)) == data


@settings(max_examples=60)
@given(st.data())
def test_every_state_of_a_cell_survives_the_bytes(data: st.DataObject) -> None:
    """Values, blanks, waivers and what is not asked stay four different things."""
    form = catalogue().latest(data.draw(st.sampled_from(CODES)))
    sent: dict[Any, Any] = dict(consistent_book(form, {}).figures)
    for place in data.draw(st.lists(st.sampled_from(sorted(sent)), max_size=8)):
        sent[place] = data.draw(st.sampled_from([None, "KAD", "-5", 0, "0,5", 10**15 - 1]))
    report = checked(form, sent).report
    assert _same(read_report(form, write_report(form, report)), report)


def test_what_is_not_asked_is_not_blank() -> None:
    """A column out of its validity is written as such, and a nil table says that it is one."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: A}}
          total: Tổng
          cells: {type: decimal, digits: 1, not_applicable: true}
          columns:
            - {id: c1, label: A}
            - {id: c2, label: B, valid_to: 2025-06-30}
            - {id: c3, label: C}
            - {id: c4, label: D}
        - key: b
          title: B
          rows: {model: single}
          cells: {type: integer}
          columns: [{id: c1, label: A}]
    """)
    sent = {"rows": [{"key": "X", "cells": {"c1": "-0,5", "c3": "KAD"}}]}
    report = send(form, {"a": sent, "b": {"nil": True}}).report
    data = write_report(form, report)
    assert json.loads(data)["tables"] == {
        "a": {
            "rows": [
                {
                    "key": "x",
                    "label": "X",
                    "cells": {"c1": "-0.5", "c2": "not asked", "c3": "n/a"},
                }
            ],
            "total": {"c1": "-0.5"},
        },
        "b": {"nil": True, "rows": [], "total": {}},
    }
    assert _same(read_report(form, data), report)


@pytest.mark.parametrize("shape", ["NFC", "NFD"])
def test_two_ways_to_compose_a_letter_give_the_same_bytes(shape: Literal["NFC", "NFD"]) -> None:
    """Files from different machines differ in composition, and say the same."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    texts = [unicodedata.normalize(shape, text) for text in ("Đường thủy nội địa", "Ghi chú: đủ")]
    cells = {column.id: 0 for column in form.tables[0].figures}
    data = {
        "unit": "H26",
        "period": "2026",
        "note": texts[1],
        "tables": {"a": {"rows": [{"key": texts[0], "cells": cells}]}},
    }
    report = check(form, read_object(data), circumstances_of(form, "2026")).report
    written = write_report(form, report)
    assert unicodedata.is_normalized("NFC", written.decode())
    assert sha256(written) == sha256(write_report(form, read_report(form, written)))
    assert json.loads(written)["note"] == "Ghi chú: đủ"
    assert "Đường thủy nội địa" in written.decode()


def test_ways_to_send_a_figure_give_the_same_bytes() -> None:
    """12, "12", " 12,000 " and 12.0 are one figure; so are a total typed and one left out."""
    form = catalogue().latest("MAU.02/VON")
    written = set()
    for figure in (12, "12", " 12,0 ", "１２", "+12"):
        for extra in ({}, {"total": {"c2": 12, "c3": 0, "c4": 12}}):
            sent = {"rows": [{"key": "Cầu", "cells": {"c4": figure, "c2": figure, "c3": 0}}]}
            verdict = send(form, {"a": sent | extra}, period="2026-09")
            assert verdict.issues == ()
            written.add(write_report(form, verdict.report))
    assert len(written) == 1
    assert b'"c4":"12.000"' in written.pop()


def test_keys_are_sorted_and_nothing_is_wasted() -> None:
    """RFC 8785: keys in order, no blanks, letters as themselves, quotes escaped."""
    assert canonical_json({"b": [1, True, None], "a": {"đ": 'x"\n', "Z": ""}}) == (
        '{"a":{"Z":"","đ":"x\\"\\n"},"b":[1,true,null]}'.encode()
    )
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


def test_no_float_and_no_half_character_has_a_canonical_form() -> None:
    """What cannot be kept exactly is a mistake of ours, and is not written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})
    with pytest.raises(UnicodeEncodeError):
        canonical_json("\ud800")


@pytest.mark.parametrize("plane", range(17))
def test_a_report_is_written_as_any_json_library_writes_it(plane: int) -> None:
    """Every sign of Unicode, in which no two libraries may differ by an escape."""
    codes = range(plane * 0x10000, (plane + 1) * 0x10000)
    note = "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
    form = catalogue().latest(CODES[0])
    written = write_report(form, replace(_verdict(form).report, note=note))
    assert canonical_json(json.loads(written)) == written


NAMES = st.text(st.sampled_from('ab%d "\\Ứ'), min_size=1, max_size=5)


@given(st.lists(NAMES, min_size=1, max_size=4), st.integers(1 - 10**15, 10**15 - 1))
def test_rows_of_whole_numbers_are_written_like_all_others(names: list[str], figure: int) -> None:
    """Whatever stands in the names of rows; the columns stand in the order of their ids."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: open, heading: {label: A}}
          cells: {type: integer}
          columns: [{id: c2, label: A}, {id: c10, label: B}]
    """)
    rows = [{"key": name, "cells": {"c2": figure, "c10": 7}} for name in names]
    report = send(form, {"a": {"rows": rows}}).report
    data = write_report(form, report)
    assert canonical_json(json.loads(data)) == data
    assert _same(read_report(form, data), report)
