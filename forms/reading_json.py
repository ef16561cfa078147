"""Reading a return from JSON: the shape is checked here, the cells are left as they were written.

A number with a decimal point becomes a Decimal of exactly its digits; no float is ever made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any, NoReturn

import orjson

from forms.issues import Issue
from forms.returns import RawReturn, RawRow, RawTable

_SHAPE = (
    '{"form": "II.06a/VPCP/KSTT", "unit": "H26", "period": "2026-Q3", '
    '"tables": {"a": {"rows": [{"key": "Đất đai", "cells": {"c3": 12}}]}}}'
)
_LONGEST_NUMBER = 40
#: Of forty digits in a row every eighth sign shows five. To look at so few takes an eighth of the
#: time, and whatever else looks like it is only read with more care.
_LOOKED_AT = 8
_LONG_NUMBER = re.compile(r"[0-9]{5}")
#: Each digit as 0, and what makes a number more than a whole one as a point: a number that orjson
#: would make a float of then has "0." or as many zeros in a row as no integer of 64 bits needs.
_DIGITS_AS_0 = bytes.maketrans(b"123456789eE", b"000000000..")
_TOO_MANY_DIGITS = b"0" * 19
#: What is beyond these is told once, and not one by one.
MOST_ROWS = 20_000
MOST_ISSUES = 1_000
_MOST_TABLES = 50
_MOST_NAMES = 20
_TOP = frozenset({"form", "version", "unit", "period", "tables", "note"})
_TABLE = frozenset({"rows", "total", "nil"})
_ROW = frozenset({"key", "section", "cells"})


class _Refused(ValueError):
    """What no return can hold, met while parsing; in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi


def parse_json(body: bytes | str) -> Any:
    """Parse JSON without floats. Raises ValueError on text that is not JSON in UTF-8."""
    plain = _parse_plain(body) if isinstance(body, bytes) else None
    if plain is not None:
        return plain
    # Left to itself, json would take UTF-16 too, and halves of surrogate pairs with it.
    text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
    value = json.loads(
        text,
        parse_float=_decimal,
        # Where no number can be too long, none needs to be looked at one by one.
        parse_int=_integer if _LONG_NUMBER.search(text[::_LOOKED_AT]) else int,
        parse_constant=_refuse_constant,
        object_pairs_hook=_object,
    )
    if "\\u" in text:
        # Half of a surrogate pair can be escaped into JSON, and is no text that can be kept.
        json.dumps(value, ensure_ascii=False, default=str).encode()
    return value


def _parse_plain(body: bytes) -> dict[str, Any] | None:
    """An object of texts and whole numbers, as nearly all returns are; None for all else.

    Any doubt is left to the careful way, which says what is wrong. A colon stands after each name:
    an object in which one was said twice has fewer names, and fewer colons when written again.
    Nothing is escaped, so that there is no other way to write a colon.
    """
    digits = body.translate(_DIGITS_AS_0)
    if b"0." in digits or _TOO_MANY_DIGITS in digits or b"\\" in body:
        return None
    try:
        value = orjson.loads(body)
        if not isinstance(value, dict):
            return None
        colons = body.count(b":")
        is_whole = _names_in(value) == colons or orjson.dumps(value).count(b":") == colons
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return value if is_whole else None


def _names_in(value: Mapping[str, Any]) -> int:
    """How many names are in what has the shape of a return; of any other shape, fewer than all."""
    tables = value.get("tables")
    if type(tables) is not dict:
        return len(value)
    count = len(value) + len(tables)
    for table in tables.values():
        if type(table) is not dict:
            continue
        total, rows = table.get("total"), table.get("rows")
        count += len(table) + (len(total) if type(total) is dict else 0)
        for row in rows if type(rows) is list else ():
            if type(row) is dict:
                cells = row.get("cells")
                count += len(row) + (len(cells) if type(cells) is dict else 0)
    return count


def read_json(body: bytes | str) -> RawReturn:
    """Read a return from JSON text; what is wrong with its shape is among its issues."""
    try:
        return read_object(parse_json(body))
    except (ValueError, RecursionError) as error:
        why = _why(error)
        found = _malformed(error.vi if isinstance(error, _Refused) else why)
        return RawReturn(issues=[replace(found, given_en=why)])


def _why(error: Exception) -> str:
    """What is wrong with a text that is no JSON, without the words of a library."""
    if isinstance(error, json.JSONDecodeError):
        return f"JSON ({error.lineno}:{error.colno})"
    if isinstance(error, UnicodeError):
        return "UTF-8"
    if isinstance(error, RecursionError):
        return "JSON: [[[[…]]]]"
    return str(error)[:200]


def read_object(data: Any) -> RawReturn:
    """Read a return from parsed JSON. Never raises."""
    if not isinstance(data, dict):
        return RawReturn(issues=[_malformed(_shown(data))])
    raw = RawReturn()
    for name in ("form", "unit", "period", "note"):
        value = data.get(name, "")
        if isinstance(value, str):
            setattr(raw, name, value)
        elif value is not None:
            raw.issues.append(_malformed(f"{name}: {_shown(value)}", '"text"'))
    version = data.get("version")
    if isinstance(version, int) and not isinstance(version, bool):
        raw.version = version
    elif version is not None:
        raw.issues.append(_malformed(f"version: {_shown(version)}", "1"))
    raw.issues.extend(_unknown(data, _TOP, ""))
    tables = data.get("tables")
    if isinstance(tables, dict):
        for key, value in islice(tables.items(), _MOST_TABLES):
            raw.tables[key] = _read_table(key, value, raw.issues)
        if len(tables) > _MOST_TABLES:
            raw.issues.append(_malformed(f"tables: {len(tables)}", f"<= {_MOST_TABLES}"))
    elif tables is not None:
        raw.issues.append(_malformed(f"tables: {_shown(tables)}"))
    return raw


def _read_table(key: str, value: Any, issues: list[Issue]) -> RawTable:
    where = f"tables.{key[:60]}"
    if not isinstance(value, dict):
        issues.append(_malformed(f"{where}: {_shown(value)}", '{"rows": [...]}'))
        return RawTable()
    issues.extend(_unknown(value, _TABLE, where))
    table = RawTable(nil=value.get("nil") is True)
    if value.get("nil") not in (None, True, False):
        issues.append(_malformed(f"{where}.nil: {_shown(value['nil'])}", "true / false"))
    rows = value.get("rows")
    if isinstance(rows, list):
        if len(rows) > MOST_ROWS:
            issues.append(_malformed(f"{where}.rows: {len(rows)}", f"<= {MOST_ROWS}"))
        for number, row in enumerate(rows[:MOST_ROWS]):
            plain = _plain_row(row)
            if plain is not None:
                table.rows.append(plain)
                continue
            table.rows.append(_read_row(row, f"{where}.rows[{number}]", issues))
            if len(issues) >= MOST_ISSUES:
                break  # Whoever is wrong a thousand times is told so; the rest is not read.
    elif rows is not None:
        issues.append(_malformed(f"{where}.rows: {_shown(rows)}", "[...]"))
    total = value.get("total")
    if isinstance(total, dict):
        table.total = RawRow(cells=total)
    elif total is not None:
        issues.append(_malformed(f"{where}.total: {_shown(total)}", '{"c3": 12}'))
    return table


def _plain_row(value: Any) -> RawRow | None:
    """A row with nothing wrong in its shape, as nearly all are; None for any other."""
    if type(value) is not dict or not value.keys() <= _ROW:
        return None
    key, section, cells = value.get("key", ""), value.get("section", ""), value.get("cells")
    if type(key) is str and type(section) is str and type(cells) is dict:
        return RawRow(key, section, cells)
    return None


def _read_row(value: Any, where: str, issues: list[Issue]) -> RawRow:
    if not isinstance(value, dict):
        issues.append(_malformed(f"{where}: {_shown(value)}", '{"key": ..., "cells": {}}'))
        return RawRow()
    if not value.keys() <= _ROW:
        issues.extend(_unknown(value, _ROW, where))
    key, section, cells = value.get("key", ""), value.get("section", ""), value.get("cells")
    row = RawRow()
    if isinstance(key, str):
        row.key = key
    elif key is not None:
        issues.append(_malformed(f"{where}.key: {_shown(key)}", '"text"'))
    if isinstance(section, str):
        row.section = section
    elif section is not None:
        issues.append(_malformed(f"{where}.section: {_shown(section)}", '"text"'))
    if isinstance(cells, dict):
        row.cells = cells
    elif cells is not None:
        issues.append(_malformed(f"{where}.cells: {_shown(cells)}", '{"c3": 12}'))
    return row


def _unknown(value: Mapping[str, Any], known: frozenset[str], where: str) -> list[Issue]:
    return [
        _malformed(f"{where}{'.' if where else ''}{str(name)[:60]}", ", ".join(sorted(known)))
        for name in islice((name for name in value if name not in known), _MOST_NAMES)
    ]


def _shown(value: Any) -> str:
    """A value in the wrong place, as JSON writes it; what has parts only by its brackets."""
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, list):
        return "[...]"
    return json.dumps(value, ensure_ascii=False, default=str)[:40]


def _malformed(given: str, expected: str = _SHAPE) -> Issue:
    return Issue("malformed", given=given, expected=expected)


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise _too_long(text)
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _too_long(text)
    return int(text)


def _too_long(text: str) -> _Refused:
    count, start = len(text), f"{text[:20]}…"
    return _Refused(f"số dài {count} ký tự: {start}", f"a number of {count} characters: {start}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are each said once: JSON itself would keep the last and say nothing."""
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = ""
        for name, _ in pairs:
            if name in seen:
                twice = name
                break
            seen.add(name)
        name = repr(twice[:60])
        raise _Refused(
            f"{name} có hai lần trong một đối tượng", f"{name} stands twice in one object"
        )
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} không phải là số trong JSON", f"{name} is not a number of JSON")
