"""The ways in which people really break a template, each with the code of the issue it must give.

Every mistake is made in the filled file itself, with the tools of whoever makes it: typing over a
formula, taking a file of another day, leaving a cell out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.demo.filling import Filled


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to break a return: its name, what it must be refused with, how it is made."""

    name: str
    code: str
    make: Callable[[Filled], None]


def _first(filled: Filled, column: str) -> tuple[int, int]:
    """The cell of a column in the first line of the first table that is filled in."""
    table = filled.record.tables[0]
    return table.first_row, table.columns[column]


def _sum_does_not_add(filled: Filled) -> None:
    row, col = _first(filled, "c3")
    parts = [filled.read(row, filled.record.tables[0].columns[part]) for part in ("c4", "c5", "c6")]
    filled.put(row, col, sum(parts) + 10)


def _text_in_figure(filled: Filled) -> None:
    filled.put(*_first(filled, "c4"), "khoảng 30")


def _missing_cell(filled: Filled) -> None:
    filled.put(*_first(filled, "c8"), None)


def _other_period(filled: Filled) -> None:
    filled.remember(period="2025-Q3")


def _old_template(filled: Filled) -> None:
    filled.remember(version=0)


def _two_separators(filled: Filled) -> None:
    filled.put(*_first(filled, "c5"), "1.234,5")


def _same_row_twice(filled: Filled) -> None:
    table = filled.record.tables[0]
    name = filled.read(table.first_row, table.heading_col)
    filled.put(table.first_row + 1, table.heading_col, f"  {name.upper()} ")


def _total_typed_over(filled: Filled) -> None:
    table = filled.record.tables[0]
    filled.put(table.total_row, table.columns["c8"], 1)


def _negative_figure(filled: Filled) -> None:
    filled.put(*_first(filled, "c10"), -2)


def _no_name(filled: Filled) -> None:
    table = filled.record.tables[0]
    filled.put(table.first_row, table.heading_col, None)


#: Mistakes in the workbook of II.06a, the most frequent first.
WORKBOOK_MISTAKES: tuple[Mistake, ...] = (
    Mistake("a sum that does not add", "rule_broken", _sum_does_not_add),
    Mistake("text in a number cell", "not_a_figure", _text_in_figure),
    Mistake("a compulsory cell left blank", "missing_value", _missing_cell),
    Mistake("last year's file", "not_owed", _other_period),
    Mistake("an old template", "wrong_version", _old_template),
    Mistake("1.234,5 dossiers", "too_many_decimals", _two_separators),
    Mistake("one field in two rows", "duplicate_row", _same_row_twice),
    Mistake("a total typed over", "total_differs", _total_typed_over),
    Mistake("a figure below zero", "below_minimum", _negative_figure),
    Mistake("a row without its name", "row_without_key", _no_name),
)


@dataclass(frozen=True, slots=True)
class DataMistake:
    """One way in which a program breaks a return that it sends as JSON."""

    name: str
    code: str
    make: Callable[[dict[str, Any]], None]


def _cells(data: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = data["tables"]["a"]["rows"][0]["cells"]
    return cells


def _wrong_period(data: dict[str, Any]) -> None:
    data["period"] = "2026-09"


def _wrong_sum(data: dict[str, Any]) -> None:
    _cells(data)["c3"] += 100


def _cell_left_out(data: dict[str, Any]) -> None:
    del _cells(data)["c12"]


#: Mistakes in the JSON of II.06c and II.06g.
DATA_MISTAKES: tuple[DataMistake, ...] = (
    DataMistake("a month where a quarter is asked", "bad_period", _wrong_period),
    DataMistake("a sum that does not add", "rule_broken", _wrong_sum),
    DataMistake("a compulsory cell left out", "missing_value", _cell_left_out),
)
