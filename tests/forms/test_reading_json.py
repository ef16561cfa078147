"""Whatever is sent as JSON, there is a verdict: the shape is told, and nothing raises."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.canonical import read_report, write_report
from forms.checking import Checked, check
from forms.definition import FormVersion
from forms.issues import EN, VI, sentence
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import parse_json, read_json, read_object
from tests.forms.consistent import a_period, catalogue, circumstances_of

CODES = (
    "II.06a/VPCP/KSTT",
    "II.06c/VPCP/KSTT",
    "I.02/VPCP/TH",
    "01/TCD",
    "III.01c/VPCP/KSTT",
    "MAU.01/KTXH",
    "MAU.02/VON",
    "MAU.03/TYLE",
    "MAU.04/DC",
    "MAU.05/LIEN",
)

_LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**14, 10**39),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["KAD", "%", "-", "1.234", "8,5", "=1+1", "\u0000", "9" * 300, "9" * 5000]),
)
ANYTHING = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def _verdict(form: FormVersion, body: bytes | str) -> Checked:
    return check(form, read_json(body), circumstances_of(form, a_period(form)))


def _is_sound(form: FormVersion, verdict: Checked) -> None:
    """The verdict can be told in both languages, and what is not refused can be kept."""
    for issue in verdict.issues:
        assert sentence(issue, VI)
        assert sentence(issue, EN)
        for text in (issue.given, issue.expected, issue.cell, issue.address, issue.label):
            assert isinstance(text, str)
        assert len(issue.given) <= 200
    if not verdict.is_refused:
        written = write_report(form, verdict.report)
        assert write_report(form, read_report(form, written)) == written


def _or_anything(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what belongs here, sometimes anything at all."""
    return st.one_of(usual, usual, usual, ANYTHING)


@st.composite
def _bodies(draw: st.DrawFn, form: FormVersion) -> Any:
    """A body shaped like a return of the form, with anything in any place."""
    tables = {}
    for table in form.tables:
        keys = [*table.row_by_key, "đất đai", "Chứng thực", "H26", "total", "Tổng", ""]
        columns = st.sampled_from([*table.by_id, "c99"])
        cells = st.dictionaries(columns, _or_anything(st.integers(0, 9)), max_size=len(table.by_id))
        row = st.fixed_dictionaries(
            {"cells": _or_anything(cells)},
            optional={
                "key": _or_anything(st.sampled_from(keys)),
                "section": _or_anything(st.sampled_from([*table.section_by_key, ""])),
                "x": ANYTHING,
            },
        )
        tables[table.key] = st.fixed_dictionaries(
            {},
            optional={
                "rows": _or_anything(st.lists(_or_anything(row), max_size=4)),
                "nil": _or_anything(st.booleans()),
                "total": _or_anything(cells),
                "x": ANYTHING,
            },
        )
    whole = st.fixed_dictionaries({key: _or_anything(sent) for key, sent in tables.items()})
    return draw(
        st.fixed_dictionaries(
            {"tables": _or_anything(whole)},
            optional={
                "form": _or_anything(st.just(form.code)),
                "version": _or_anything(st.just(1)),
                "unit": _or_anything(st.just("H26")),
                "period": _or_anything(st.just("2026-Q3")),
                "note": _or_anything(st.text(max_size=5)),
                "x": ANYTHING,
            },
        )
    )


@pytest.mark.parametrize("code", CODES)
def test_checking_never_raises_on_anything_shaped_like_a_return(code: str) -> None:
    """Wrong types, huge numbers and odd texts at every place of a return are issues."""
    form = catalogue().latest(code)

    @settings(max_examples=60)
    @given(_bodies(form))
    def holds(body: Any) -> None:
        _is_sound(form, _verdict(form, json.dumps(body)))
        _is_sound(form, check(form, read_object(body), circumstances_of(form, a_period(form))))

    holds()


@given(st.one_of(ANYTHING.map(json.dumps), st.text(), st.binary()))
def test_checking_never_raises_on_any_bytes(body: bytes | str) -> None:
    """What is no JSON, or no object, is malformed, and the tables are missing."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    verdict = _verdict(form, body)
    assert verdict.is_refused
    _is_sound(form, verdict)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"12",
        b"NaN",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"{'form': 1}",
        b'{"form": "x",}',
        b"\xff\xfe",
        b'{"note": "\xed\xa0\x80"}',
        b'{"note": "\\ud800"}',
        b'{"note": "\\udc00\\ud800"}',
        b'{"tables": {"\\ud800": {}}}',
        '{"note": "UTF-16"}'.encode("utf-16"),
        '{"note": "\\ud800"}'.encode("utf-16-le"),
        b'{"tables": {"a": {"rows": [{"cells": {"c3": ' + b"9" * 41 + b"}}]}}}",
        b'{"tables": {"a": {"rows": [{"cells": {"c3": 0.' + b"9" * 41 + b"}}]}}}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
    ids=lambda body: ascii(body[:50]),
)
def test_what_is_no_return_at_all_is_one_malformed_body(body: bytes) -> None:
    """One issue says what was given and shows what is expected."""
    raw = read_json(body)
    assert [issue.code for issue in raw.issues] == ["malformed"]
    assert raw.tables == {}
    sentence(raw.issues[0]).encode()


@pytest.mark.parametrize("depth", [*range(60, 1000, 47), 985, 990, 995])
def test_any_depth_of_nesting_in_any_place_is_an_issue(depth: int) -> None:
    """A value that can just be parsed is not looked into afterwards."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    nested = "[" * depth + "]" * depth
    for body in (
        f'{{"tables": {{"a": {{"rows": [{{"key": "x", "cells": {{"c4": {nested}}}}}]}}}}}}',
        f'{{"version": {nested}, "tables": {{"a": {{"nil": {nested}}}}}}}',
        f'{{"tables": {{"a": {{"rows": [{{"key": {nested}, "x": {nested}}}]}}}}, "x": "\\u00e1"}}',
    ):
        assert _verdict(form, body).is_refused


def test_numbers_are_exact_and_never_floats() -> None:
    """A number with a point has exactly its digits; zeros behind it are kept until checking."""
    read = parse_json(b'{"a": 0.1, "b": 12, "c": 1.10, "d": 1e3, "e": -0.0, "f": 99999999999999.9}')
    assert [str(value) for value in read.values()] == [
        "0.1",
        "12",
        "1.10",
        "1E+3",
        "-0.0",
        "99999999999999.9",
    ]
    assert {type(value) for value in read.values()} == {int, Decimal}


def test_a_number_with_a_vast_exponent_takes_no_time() -> None:
    """Neither zero nor one to the power of a billion is ever written out."""
    form = catalogue().latest("03/GQKN")
    for number in ("0E999999999", "0E-999999999", "1E999999999", "1E-999999999", "-1E99999"):
        body = (
            f'{{"tables": {{"a": {{"rows": [{{"key": "H26", "cells": {{"c13": {number}}}}}]}}}}}}'
        )
        assert _verdict(form, body).is_refused


def test_a_byte_order_mark_is_no_fault() -> None:
    """Some editors put one before UTF-8."""
    raw = read_json(b'\xef\xbb\xbf{"unit": "H26", "note": "\\u0111\\ud83d\\ude00"}')
    assert (raw.unit, raw.note, raw.issues) == ("H26", "đ😀", [])


def test_every_misplaced_part_is_named_by_its_path() -> None:
    """Each thing that does not belong is told where it stands, and the rest is read."""
    raw = read_object(
        {
            "form": 5,
            "version": True,
            "unit": "H26",
            "extra": 1,
            "tables": {
                "a": {"rows": [[], {"key": 7, "cells": [], "x": 1}, {"key": "k"}], "nil": 0},
                "b": [],
                "c": {"rows": {}, "total": 3, "rest": 1},
            },
        }
    )
    assert {issue.code for issue in raw.issues} == {"malformed"}
    assert [issue.given for issue in raw.issues] == [
        "form: 5",
        "version: true",
        "extra",
        "tables.a.rows[0]: [...]",
        "tables.a.rows[1].x",
        "tables.a.rows[1].key: 7",
        "tables.a.rows[1].cells: [...]",
        "tables.b: [...]",
        "tables.c.rest",
        "tables.c.rows: {...}",
        "tables.c.total: 3",
    ]
    assert raw.unit == "H26"
    assert [row.key for row in raw.tables["a"].rows] == ["", "", "k"]


def test_missing_names_are_left_empty_and_null_is_as_missing() -> None:
    """Who sends nothing, or null, has said nothing; later steps ask for what they need."""
    for data in ({}, {"form": None, "version": None, "unit": None, "tables": None, "note": None}):
        raw = read_object(data)
        assert (raw.form, raw.version, raw.unit, raw.period, raw.note) == ("", None, "", "", "")
        assert (raw.tables, raw.issues) == ({}, [])


def test_a_name_that_stands_twice_in_one_object_is_refused() -> None:
    """JSON would keep the last of two c3 without a word; which one was meant nobody can tell."""
    raw = read_json('{"form": "X", "tables": {"a": {"rows": [{"cells": {"c3": 1, "c3": 2}}]}}}')
    assert [issue.code for issue in raw.issues] == ["malformed"]
    assert "c3" in raw.issues[0].given


def test_a_flood_of_faults_is_told_in_part() -> None:
    """A million wrong rows, tables or names cost neither us nor the reader a million sentences."""
    rows = read_json('{"form": "X", "tables": {"a": {"rows": [' + "1," * 50_000 + "1]}}}")
    tables = read_json(json.dumps({"tables": {f"t{n}": 1 for n in range(5_000)}}))
    names = read_json(json.dumps({f"k{n}": 1 for n in range(5_000)}))
    assert all(len(raw.issues) <= 1_001 for raw in (rows, tables, names))
    assert all(raw.issues for raw in (rows, tables, names))


def test_a_return_with_thousands_of_faults_gets_a_thousand_and_their_number() -> None:
    """The errors come first, and the last line says how many more there are."""
    form = catalogue().latest("II.06a/VPCP/KSTT")
    cells = {column.id: "x" for column in form.tables[0].figures}
    rows = [{"key": f"Lĩnh vực {n}", "cells": cells} for n in range(400)]
    raw = read_object({"form": form.code, "period": "2026-Q3", "tables": {"a": {"rows": rows}}})
    window = Period.parse("2026-Q3").window()
    checked = check(form, raw, Circumstances(window, catalogue().lists, "H26"))
    assert len(checked.issues) == 1_001
    assert checked.issues[-1].code == "more_issues"


_NAMES = st.sampled_from(("a", "b", "c:d", '":', "a\\", "Đ", "\u0001", "e1.5"))
_TEXTS = st.sampled_from(
    ("0", "-0", "1.50", "1e5", "2E-3", "9" * 18, "9" * 19, "9" * 41, "null", "true", "NaN", "01")
) | _NAMES.map(json.dumps)
_WRITTEN = st.recursive(
    _TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]"),
        st.lists(st.tuples(_NAMES.map(json.dumps), inner), max_size=4).map(
            lambda pairs: "{" + ",".join(f"{name} : {value}" for name, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)


def _parsed(body: bytes | str) -> tuple[Any, str]:
    """What was parsed, with the type of each number, and why it was refused."""
    try:
        value = parse_json(body)
    except ValueError as error:
        return None, str(error)
    return value, repr(value)


@settings(max_examples=1_000)
@given(st.lists(st.tuples(_NAMES.map(json.dumps), _WRITTEN), max_size=4))
def test_a_plain_body_is_read_as_the_careful_way_reads_it(pairs: list[tuple[str, str]]) -> None:
    """Names said twice, long numbers, fractions, escapes: the quick way leaves each to the other.

    A text that is not in bytes always goes the careful way.
    """
    text = "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"
    assert _parsed(text.encode()) == _parsed(text)


_CELLS = '"c1":1,"c2":2'
_A_ROW = f'"key":"x","cells":{{{_CELLS}}}'
_A_TABLE = f'"rows":[{{{_A_ROW}}},{{{_A_ROW}}}],"total":{{{_CELLS}}}'
_A_BODY = f'"note":"a: b","tables":{{"a":{{{_A_TABLE}}}}}'


@pytest.mark.parametrize(
    ("there", "twice"),
    [("", ""), (_CELLS, '"c2":2'), (_A_ROW, '"key":"x"'), (_A_TABLE, '"total":{}'),
     ('"note":"a: b"', '"note":"c"'), ('"tables":{', '"a":{},')],
)  # fmt: skip
def test_a_name_said_twice_is_seen_at_every_depth(there: str, twice: str) -> None:
    """Quickly counted or written again: both see what the careful way sees."""
    doubled = there + twice if there.endswith("{") else f"{there},{twice}" if twice else there
    text = "{" + _A_BODY.replace(there, doubled) + "}" if there else "{" + _A_BODY + "}"
    assert _parsed(text.encode()) == _parsed(text)
    assert (_parsed(text)[0] is None) == bool(twice)
