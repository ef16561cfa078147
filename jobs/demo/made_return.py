"""A made-up return: rows with figures and texts, and how it is written as JSON.

Computed cells and totals are kept beside the typed ones; whoever sends may leave them out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from forms.definition import FormVersion
from forms.returns import Report, State
from forms.values import write_figure
from jobs.demo.amounts import Cell

Content = Decimal | str


@dataclass(frozen=True)
class MadeRow:
    """One row: its key for ever, what the sender writes to name it, and its cells."""

    key: str
    label: str
    section: str
    cells: Mapping[str, Content]

    @property
    def path(self) -> str:
        """The middle of a cell id."""
        return f"{self.section}:{self.key}" if self.section else self.key


@dataclass(frozen=True)
class MadeReturn:
    """A whole return of one unit for one form and period."""

    form: FormVersion
    unit: str
    period: str
    tables: Mapping[str, Sequence[MadeRow]]
    note: str = ""
    nil: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], MadeRow]:
        return {(table, row.path): row for table, rows in self.tables.items() for row in rows}

    def paths(self, table: str) -> Sequence[str]:
        """The rows of a table."""
        return [row.path for row in self.tables.get(table, ())]

    def figure(self, cell: Cell) -> Decimal | None:
        """What a cell holds; None where it holds no figure."""
        row = self._rows.get((cell.table, cell.row))
        content = row.cells.get(cell.column) if row is not None else None
        return content if isinstance(content, Decimal) else None

    def as_data(self) -> dict[str, Any]:
        """The return as the API takes it."""
        return {
            "form": self.form.code,
            "version": self.form.version,
            "unit": self.unit,
            "period": self.period,
            "note": self.note,
            "tables": {
                key: {"nil": key in self.nil, "rows": [_row_as_data(row) for row in rows]}
                for key, rows in self.tables.items()
            },
        }

    def as_json(self) -> bytes:
        """The return as the bytes of a request."""
        return _written(self.as_data()).encode()


def _row_as_data(row: MadeRow) -> dict[str, Any]:
    data: dict[str, Any] = {"key": row.label, "cells": dict(row.cells)}
    return data | {"section": row.section} if row.section else data


def _written(value: Any) -> str:
    """JSON in which a figure is a number of exactly its digits, which no float could promise."""
    if isinstance(value, dict):
        inner = (f"{json.dumps(str(key))}: {_written(item)}" for key, item in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def from_report(form: FormVersion, report: Report) -> MadeReturn:
    """What was received or consolidated, as a return that can be sent on."""
    tables: dict[str, list[MadeRow]] = {}
    for table in form.tables:
        data = report.tables[table.key]
        tables[table.key] = []
        for at, name in enumerate(data.names):
            cells: dict[str, Content] = dict(data.texts[at])
            for index, column in enumerate(table.figures):
                if data.states[at, index] == State.VALUE:
                    value = int(data.values[at, index])
                    cells[column.id] = Decimal(write_figure(value, column.digits))
            tables[table.key].append(MadeRow(name.key, name.label or name.key, name.section, cells))
    nil = frozenset(key for key, data in report.tables.items() if data.nil)
    return MadeReturn(form, report.unit, report.period, tables, report.note, nil)
