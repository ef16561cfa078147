"""Canonical JSON of a report: the bytes that are hashed, signed and kept (docs/decisions/0002).

RFC 8785 over text, objects, arrays, booleans and small whole numbers: every figure is a string at
its declared digits and every text is in NFC, so that two reports that say the same are the same
bytes, whichever door they came through.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from forms.definition import Column, FormVersion, Table
from forms.returns import Report, RowName, State, TableData
from forms.text import nfc
from forms.values import write_figure

#: Raised when the same report would give other bytes; stands in the bytes.
ENGINE = 1

NOT_APPLICABLE = "n/a"
_NOT_ASKED = "not asked"
#: Tables of more rows are not remembered by the names of their rows.
_KEPT_ROWS = 200


def canonical_json(value: Any) -> bytes:
    """RFC 8785 of plain values without floats."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def sha256(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_report(form: FormVersion, report: Report) -> bytes:
    """The canonical bytes of a report.

    It holds texts and two whole numbers, of which orjson writes what `canonical_json` does; only
    the latter refuses what is none of these.
    """
    return orjson.dumps(
        {
            "engine": ENGINE,
            "form": report.form,
            "note": nfc(report.note),
            "period": report.period,
            "tables": {
                table.key: _write_table(table, report.tables[table.key]) for table in form.tables
            },
            "unit": report.unit,
            "version": report.version,
        },
        option=orjson.OPT_SORT_KEYS,
    )


def read_report(form: FormVersion, data: bytes) -> Report:
    """The report that canonical bytes were made from; the packed cells are rebuilt by it."""
    value = orjson.loads(data)
    return Report(
        value["form"],
        value["version"],
        value["unit"],
        value["period"],
        {table.key: _read_table(table, value["tables"][table.key]) for table in form.tables},
        value["note"],
    )


def _write_table(table: Table, data: TableData) -> dict[str, Any]:
    """Blank cells are left out; `nil` stands only where it is said."""
    written: dict[str, Any] = {
        "rows": _whole_rows(table, data) if _is_whole(table, data) else _rows(table, data),
        "total": _cells_of(table.figures, data.total_values.tolist(), data.total_states.tolist()),
    }
    if data.nil:
        written["nil"] = True
    return written


def _rows(table: Table, data: TableData) -> list[dict[str, Any]]:
    figures = zip(data.values.tolist(), data.states.tolist(), strict=True)
    return [
        _write_row(name, _cells_of(table.figures, *row) | texts)
        for name, row, texts in zip(data.names, figures, data.texts, strict=True)
    ]


def _write_row(name: RowName, cells: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": cells, "key": name.key, "label": name.label}
    if name.section:
        row["section"] = name.section
    return row


def _is_whole(table: Table, data: TableData) -> bool:
    """Whether there is nothing but a whole number in every cell, as in nearly all returns."""
    return (
        0 < len(data.names) <= _KEPT_ROWS
        and not table.texts
        and not any(column.digits for column in table.figures)
        and bool((data.states == State.VALUE).all())
    )


def _whole_rows(table: Table, data: TableData) -> orjson.Fragment:
    """The same as `_rows`, all figures at once: the names are those of nearly every return."""
    order, text = _around_figures(table, data.names)
    return orjson.Fragment(text % tuple(data.values[:, order].ravel().tolist()))


@lru_cache(maxsize=256)
def _around_figures(table: Table, names: tuple[RowName, ...]) -> tuple[list[int], str]:
    """The order in which the columns are written, and the rows with %d for each figure."""
    ids = [column.id for column in table.figures]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    cells = dict.fromkeys(ids, "%d")
    rows = [
        _write_row(RowName(*(part.replace("%", "%%") for part in name)), cells) for name in names
    ]
    return order, orjson.dumps(rows, option=orjson.OPT_SORT_KEYS).decode()


def _cells_of(
    columns: Sequence[Column], values: Sequence[int], states: Sequence[int]
) -> dict[str, str]:
    cells: dict[str, str] = {}
    for column, value, state in zip(columns, values, states, strict=True):
        if state == State.VALUE:
            cells[column.id] = write_figure(value, column.digits)
        elif state == State.NOT_APPLICABLE:
            cells[column.id] = NOT_APPLICABLE
        elif state == State.NOT_ASKED:
            cells[column.id] = _NOT_ASKED
    return cells


def _read_table(table: Table, value: Mapping[str, Any]) -> TableData:
    rows = value["rows"]
    width = len(table.figures)
    values = np.zeros((len(rows), width), np.int64)
    states = np.zeros((len(rows), width), np.uint8)
    ids = [column.id for column in table.figures]
    for index, row in enumerate(rows):
        cells = row["cells"]
        try:  # A value in every cell, as nearly all rows have.
            values[index] = [int(cells[key].replace(".", "")) for key in ids]
            states[index] = State.VALUE
        except (KeyError, ValueError):
            _read_cells(table, cells, values[index], states[index])
    total_values, total_states = np.zeros(width, np.int64), np.zeros(width, np.uint8)
    _read_cells(table, value["total"], total_values, total_states)
    texts = tuple(
        {column.id: row["cells"][column.id] for column in table.texts if column.id in row["cells"]}
        for row in rows
    )
    names = tuple(RowName(row["key"], row.get("section", ""), row["label"]) for row in rows)
    return TableData(
        names, values, states, texts, total_values, total_states, value.get("nil", False)
    )


def _read_cells(table: Table, cells: Mapping[str, str], values: Any, states: Any) -> None:
    for index, column in enumerate(table.figures):
        text = cells.get(column.id)
        if text is None:
            continue
        if text == NOT_APPLICABLE:
            states[index] = State.NOT_APPLICABLE
        elif text == _NOT_ASKED:
            states[index] = State.NOT_ASKED
        else:
            values[index] = int(text.replace(".", ""))
            states[index] = State.VALUE
