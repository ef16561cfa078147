"""What a template remembers about itself, in its hidden sheet `_mau`.

The reader learns from it which form, unit and period a file is for, and where its tables stood
when it was made; people insert rows, so places are a first guess. Nothing in it is trusted
further than that: whoever edits it only hands in a return that is then checked like any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

RECORD_SHEET = "_mau"

#: Raised when what is remembered changes shape, so that an old file is told from a broken one.
RECORD_SHAPE = 1

#: A cell of Excel holds 32,767 characters.
_CHUNK = 30_000

_PLACES = (
    *("number_row", "first_row", "last_row", "total_row", "fence_row"),
    *("nil_row", "nil_col", "heading_col"),
)


@dataclass(slots=True)
class TableRecord:
    """Where one table stood (rows and columns from 0) and which formulas are the template's own."""

    key: str
    model: str
    number_row: int
    first_row: int
    last_row: int
    total_row: int  # -1 where there is none, as below
    fence_row: int
    nil_row: int
    nil_col: int
    heading_col: int
    numbers: list[str]
    columns: dict[str, int]
    kinds: dict[str, str]  # column id -> cell type
    total_label: str = ""
    sections: list[tuple[int, str, str]] = field(default_factory=list)  # row, key, label
    declared: list[tuple[int, str, str, str]] = field(default_factory=list)  # + printed number
    names: dict[str, str] = field(default_factory=dict)  # label printed on a row -> its key
    carried: list[str] = field(default_factory=list)  # columns filled from the last period
    formulas: dict[str, str] = field(default_factory=dict)  # as they stand in the first row
    row_formulas: dict[str, dict[str, str]] = field(default_factory=dict)  # key -> column -> text
    total_formulas: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class TemplateRecord:
    """The whole of what a template remembers."""

    form: str
    version: int
    unit: str
    period: str
    engine: str
    sheet: str
    note_row: int  # -1 where the form has no note line
    note_col: int
    helper_col: int  # from here on to the right nothing is read
    tables: list[TableRecord]


_FURTHEST = 10_000  # rows of a sheet that are read, and more than any column or version
_MOST_COLUMNS = 500
_MOST_TABLES = 20
_LONGEST_TEXT = 8_192  # Excel's limit for a formula
_SURROGATE = re.compile("[\ud800-\udfff]")


def record_cells(record: TemplateRecord) -> list[list[str]]:
    """The record as the rows of its sheet: a name, then JSON in as many cells as it takes."""
    own = {key: value for key, value in asdict(record).items() if key != "tables"}
    parts: list[tuple[str, Any]] = [("shape", RECORD_SHAPE), ("template", own)]
    parts += [("table", asdict(table)) for table in record.tables]
    rows = []
    for name, value in parts:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        rows.append([name, *(text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK))])
    return rows


def parse_record(rows: Sequence[Sequence[Any]]) -> TemplateRecord | None:
    """Read the record back; None where it is not one of ours, whatever stands there instead."""
    parts: list[tuple[str, Any]] = []
    try:
        for row in rows:
            text = "".join(cell for cell in row[1:] if isinstance(cell, str))
            value = json.loads(text) if text else row[1]
            if not _is_modest(value):
                return None
            parts.append((str(row[0]), value))
        found = dict(parts)
        if int(found["shape"]) != RECORD_SHAPE:
            return None
        own = found["template"]
        tables = [_table(value) for name, value in parts if name == "table"]
        if len(tables) > _MOST_TABLES:
            return None
        plain: dict[str, Any] = {
            key: str(own[key]) for key in ("form", "unit", "period", "engine", "sheet")
        }
        return TemplateRecord(
            **plain,
            version=int(own["version"]),
            note_row=int(own["note_row"]),
            note_col=_position(own["note_col"]),
            helper_col=_position(own["helper_col"]),
            tables=tables,
        )
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        return None


def _is_modest(value: Any) -> bool:
    """Whether a record could be ours by its sizes: it says where in the sheet we look, and how far.

    No place beyond the rows of a template, no text longer than a formula, no half of a surrogate
    pair, no list longer than a sheet.
    """
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT and not _SURROGATE.search(value)
    if isinstance(value, dict):
        return len(value) <= _MOST_COLUMNS and all(
            _is_modest(key) and _is_modest(inner) for key, inner in value.items()
        )
    if isinstance(value, list):
        return len(value) <= _FURTHEST and all(map(_is_modest, value))
    return value is None or (isinstance(value, int | float) and -1 <= value <= _FURTHEST)


def _table(value: Mapping[str, Any]) -> TableRecord:
    """One table's record with every part of the type that it should be."""
    plain: dict[str, Any] = {name: str(value[name]) for name in ("key", "model", "total_label")}
    plain |= {name: int(value[name]) for name in _PLACES}
    return TableRecord(
        **plain,
        numbers=[str(text) for text in value["numbers"]],
        columns={str(key): _position(col) for key, col in value["columns"].items()},
        kinds=_strings(value["kinds"]),
        sections=[(int(row), str(key), str(label)) for row, key, label in value["sections"]],
        declared=[(int(r), str(k), str(label), str(n)) for r, k, label, n in value["declared"]],
        names=_strings(value["names"]),
        carried=[str(name) for name in value["carried"]],
        formulas=_strings(value["formulas"]),
        row_formulas={str(key): _strings(inner) for key, inner in value["row_formulas"].items()},
        total_formulas=_strings(value["total_formulas"]),
    )


def _strings(value: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(text) for key, text in value.items()}


def _position(value: Any) -> int:
    at = int(value)
    if not 0 <= at < 16_384:
        raise ValueError(f"{at} is no column of a sheet")
    return at
