"""From raw rows to figures: which row is which, what each cell says, and every fault on the way.

One pass over the cells of one table. It never raises on anything a sender may write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from forms.addresses import Places, row_label
from forms.code_lists import CodeList
from forms.definition import CellType, Column, Row, RowModel, Severity, Table
from forms.expressions import TOTAL
from forms.issues import Issue
from forms.period import Window
from forms.returns import Mark, RawRow, RawTable, RowName, State, TableData
from forms.text import nfc, normalise
from forms.values import FIGURE_BOUND, Fault, read_figure, read_text

_SINGLE = "row"
_LONGEST_KEY = 150


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the meaning of a return depends on beside its form: the days it covers, the lists."""

    window: Window
    lists: Mapping[str, CodeList]
    unit: str = ""
    unit_name: str = ""


def asked_rows(table: Table, window: Window) -> tuple[Row, ...]:
    """The declared rows that are asked for the days of the window."""
    return tuple(row for row in table.rows if row.validity.overlaps(window.first, window.last))


def tabulate(
    table: Table, raw: RawTable, circumstances: Circumstances, places: Places
) -> tuple[TableData, list[Issue]]:
    """Read one table. The data come back whole even where issues were found beside them."""
    issues: list[Issue] = []
    named = _name_rows(table, raw, circumstances, places, issues)
    reader = _RowReader(table, circumstances, places, issues)
    texts = tuple(reader.read(row, name) for name, row in named)
    count = len(named)
    width = len(table.figures)
    values = np.array(reader.values, np.int64).reshape(count, width)
    states = np.array(reader.states, np.uint8).reshape(count, width)
    total_values, total_states = _read_total(table, raw.total, circumstances, places, issues)
    names = tuple(name for name, _ in named)
    return (
        TableData(names, values, states, texts, total_values, total_states, raw.nil),
        issues,
    )


def _read_total(
    table: Table,
    raw: RawRow | None,
    circumstances: Circumstances,
    places: Places,
    issues: list[Issue],
) -> tuple[Any, Any]:
    reader = _RowReader(table, circumstances, places, issues, optional=True)
    reader.read(raw or RawRow(), RowName(TOTAL, label=table.total.label if table.total else ""))
    return np.array(reader.values, np.int64), np.array(reader.states, np.uint8)


def _name_rows(
    table: Table,
    raw: RawTable,
    circumstances: Circumstances,
    places: Places,
    issues: list[Issue],
) -> list[tuple[RowName, RawRow]]:
    rows = raw.rows
    if len(rows) > table.max_rows:
        issues.append(
            Issue(
                "too_many_rows",
                label=table.title,
                given=str(len(rows)),
                expected=str(table.max_rows),
            )
        )
        rows = rows[: table.max_rows]
    if table.model is RowModel.SINGLE:
        named = _name_single(table, rows, raw.nil, issues)
    elif table.model in (RowModel.FIXED, RowModel.OUTLINE):
        named = _name_declared(table, rows, raw.nil, circumstances, places, issues)
    elif table.model is RowModel.LIST:
        filled = [row for row in rows if _has_content(row)]
        named = [(RowName(str(n)), row) for n, row in enumerate(filled, 1)]
    else:
        named = _name_open(table, rows, circumstances, places, issues)
    if raw.nil and any(_has_content(row) for row in rows):
        issues.append(Issue("nil_with_rows", label=table.title))
    places.remember(table, [(name, row) for name, row in named], raw.total)
    return named


def _name_single(
    table: Table, rows: Sequence[RawRow], nil: bool, issues: list[Issue]
) -> list[tuple[RowName, RawRow]]:
    if len(rows) > 1:
        issues.append(Issue("too_many_rows", label=table.title, given=str(len(rows)), expected="1"))
    if not rows and nil:
        return []
    return [(RowName(_SINGLE), rows[0] if rows else RawRow())]


def _name_declared(
    table: Table,
    rows: Sequence[RawRow],
    nil: bool,
    circumstances: Circumstances,
    places: Places,
    issues: list[Issue],
) -> list[tuple[RowName, RawRow]]:
    """Match sent rows to declared ones, by key or by label, and keep the declared order."""
    window = circumstances.window
    asked = asked_rows(table, window)
    by_text = {normalise(row.label): row.key for row in table.rows}
    sent: dict[str, RawRow] = {}
    for number, raw in enumerate(rows, 1):
        key = raw.key if raw.key in table.row_by_key else by_text.get(normalise(raw.key), "")
        if not key:
            if raw.key or _has_content(raw):
                issues.append(
                    Issue(
                        "unknown_row",
                        address=f"{places.prefix(table)}r{number:02d}",
                        place=raw.places.get("key", ""),
                        given=_cut(raw.key),
                        expected=_some([row.label for row in asked]),
                    )
                )
        elif key in sent:
            issues.append(_duplicate(raw, places.prefix(table), number, key))
        elif table.row_by_key[key] not in asked:
            if _has_content(raw):
                issues.append(Issue("row_not_asked", label=table.row_by_key[key].label))
        else:
            sent[key] = raw
    if nil and not sent:
        return []
    for row in asked:
        if row.key not in sent and row.formula is None and _is_compulsory(table):
            issues.append(Issue("missing_row", cell=f"{table.key}/{row.key}", label=row.label))
    return [(RowName(row.key, label=nfc(row.label)), sent.get(row.key, RawRow())) for row in asked]


def _name_open(
    table: Table,
    rows: Sequence[RawRow],
    circumstances: Circumstances,
    places: Places,
    issues: list[Issue],
) -> list[tuple[RowName, RawRow]]:
    code_list = circumstances.lists.get(table.heading.code_list)
    by_text = {
        normalise(text): section.key
        for section in table.sections
        for text in (section.key, section.label)
    }
    named: list[tuple[RowName, RawRow]] = []
    seen: dict[str, str] = {}
    for raw in rows:
        if not raw.key and not _has_content(raw):
            continue
        address = f"{places.prefix(table)}r{len(named) + 1:02d}"
        label = _one_line(raw.key)
        if not label and table.model is RowModel.UNITS and len(rows) == 1:
            label = circumstances.unit
        if not label:
            issues.append(
                Issue("row_without_key", address=address, label=table.heading.label or "tên dòng")
            )
        key = _open_key(table, label, code_list, circumstances.window.last, address, raw, issues)
        section = by_text.get(normalise(raw.section), "") if table.sections else ""
        if table.sections and not _section_is_asked(table, section, circumstances.window):
            issues.append(
                Issue(
                    "unknown_section",
                    address=address,
                    place=raw.places.get("key", ""),
                    given=_cut(raw.section) or "(trống)",
                    expected=_some(
                        [
                            part.key
                            for part in table.sections
                            if _section_is_asked(table, part.key, circumstances.window)
                        ]
                    ),
                )
            )
        name = RowName(key, section, label)
        if name.path in seen:
            issues.append(
                Issue(
                    "duplicate_row",
                    cell=f"{table.key}/{name.path}",
                    address=address,
                    place=raw.places.get("key", ""),
                    given=label,
                    expected=seen[name.path],
                )
            )
            continue
        seen[name.path] = raw.places.get("key", "") or address
        named.append((name, raw))
    return named


def _open_key(
    table: Table,
    label: str,
    code_list: CodeList | None,
    on: date,
    address: str,
    raw: RawRow,
    issues: list[Issue],
) -> str:
    if table.model is RowModel.UNITS:
        return label
    if code_list is not None and label:
        entry = code_list.match(label, on)
        if entry is not None:
            return entry.code
        issues.append(
            Issue(
                "key_not_in_list",
                Severity.WARNING,
                cell=f"{table.key}/{normalise(label)}",
                address=address,
                place=raw.places.get("key", ""),
                given=label,
                expected=code_list.name,
            )
        )
    return normalise(label)


def _section_is_asked(table: Table, key: str, window: Window) -> bool:
    section = table.section_by_key.get(key)
    return section is not None and section.validity.overlaps(window.first, window.last)


class _RowReader:
    """Reads the cells of row after row into flat lists, for one table."""

    def __init__(
        self,
        table: Table,
        circumstances: Circumstances,
        places: Places,
        issues: list[Issue],
        *,
        optional: bool = False,
    ) -> None:
        window = circumstances.window
        self._circumstances = circumstances
        self.values: list[int] = []
        self.states: list[int] = []
        self._table = table
        self._places = places
        self._issues = issues
        self._optional = optional
        self._known = table.by_id
        self._plan = [
            (
                column,
                column.id,
                _least(column),
                _most(column),
                column.compulsory and column.formula is None,
                column.validity.overlaps(window.first, window.last),
            )
            for column in table.figures
        ]

    def read(self, raw: RawRow, name: RowName) -> dict[str, str]:
        """Append the figures of one row; give back its texts."""
        cells = raw.cells
        row = self._table.row_by_key.get(name.key) if self._table.rows else None
        needed = not self._optional and (row is None or row.formula is None)
        found = 0
        for column, column_id, least, most, compulsory, asked in self._plan:
            value = cells.get(column_id)
            if value is None:
                found += column_id in cells
                if not asked:
                    self._append(0, State.NOT_ASKED)
                    continue
                self._append(0, State.BLANK)
                if compulsory and needed:
                    self._issue("missing_value", name, column, "", "")
                continue
            found += 1
            if type(value) is int and asked and row is None and least <= value <= most:
                self.values.append(value)
                self.states.append(1)
                continue
            self._append(*self._read_slowly(value, name, column, row, asked, compulsory and needed))
        texts = self._read_texts(cells, name)
        if len(cells) > found + sum(column.id in cells for column in self._table.texts):
            self._unknown_columns(cells, name)
        return texts

    def _append(self, value: int, state: int) -> None:
        self.values.append(value)
        self.states.append(state)

    def _read_slowly(
        self, raw: Any, name: RowName, column: Column, row: Row | None, asked: bool, needed: bool
    ) -> tuple[int, int]:
        if not asked:
            if not _is_blank(raw):
                self._issue("not_asked", name, column, _cut(raw), "")
            return 0, State.NOT_ASKED
        outcome = read_figure(raw, column)
        if isinstance(outcome, Fault):
            self._issue(outcome.code, name, column, outcome.given, outcome.expected)
            return 0, State.BLANK
        value, state = outcome
        if state is State.BLANK and needed and raw is not Mark.OWN_FORMULA:
            self._issue("missing_value", name, column, "", "")
        if (
            row is not None
            and row.digits is not None
            and value % 10 ** (column.digits - row.digits)
        ):
            self._issue("too_many_decimals", name, column, _cut(raw), str(row.digits))
        return value, state

    def _read_texts(self, cells: Mapping[str, Any], name: RowName) -> dict[str, str]:
        texts: dict[str, str] = {}
        for column in self._table.texts:
            outcome = self._in_list(read_text(cells.get(column.id), column), column)
            if isinstance(outcome, Fault):
                self._issue(outcome.code, name, column, outcome.given, outcome.expected)
            elif outcome:
                texts[column.id] = outcome
            elif column.compulsory and not self._optional:
                self._issue("missing_value", name, column, "", "")
        return texts

    def _in_list(self, outcome: str | Fault, column: Column) -> str | Fault:
        """Hold a code against its dated list; the code of the list is what is kept."""
        if column.type is not CellType.CODE or isinstance(outcome, Fault) or not outcome:
            return outcome
        code_list = self._circumstances.lists[column.code_list]
        entry = code_list.match(outcome, self._circumstances.window.last)
        return entry.code if entry else Fault("unknown_code", _cut(outcome), code_list.name)

    def _unknown_columns(self, cells: Mapping[str, Any], name: RowName) -> None:
        for column_id in cells:
            if column_id not in self._known:
                self._issues.append(
                    Issue(
                        "unknown_column",
                        address=self._places.row_address(self._table, name),
                        given=_cut(column_id),
                        expected=_some(list(self._known)),
                    )
                )

    def _issue(self, code: str, name: RowName, column: Column, given: str, expected: str) -> None:
        self._issues.append(
            Issue(
                code,
                cell=f"{self._table.key}/{name.path}/{column.id}",
                address=self._places.address(self._table, name, column),
                place=self._places.place(self._table, name, column),
                given=given,
                expected=expected,
                label=f"{row_label(name)}{column.label}",
            )
        )


def _duplicate(raw: RawRow, prefix: str, number: int, key: str) -> Issue:
    return Issue(
        "duplicate_row",
        address=f"{prefix}r{number:02d}",
        place=raw.places.get("key", ""),
        given=_cut(raw.key),
        expected=key,
    )


def _is_compulsory(table: Table) -> bool:
    return any(column.compulsory for column in table.columns)


def _has_content(row: RawRow) -> bool:
    return any(
        value is not None and value is not Mark.OWN_FORMULA and value != ""
        for value in row.cells.values()
    )


def _is_blank(raw: Any) -> bool:
    return raw is Mark.OWN_FORMULA or (isinstance(raw, str) and not raw.strip())


def _least(column: Column) -> int:
    if column.digits or column.type is CellType.PERCENT:
        return 1  # An empty range: digits go the careful way.
    return column.minimum if column.minimum is not None else 1 - FIGURE_BOUND


def _most(column: Column) -> int:
    if column.digits or column.type is CellType.PERCENT:
        return 0
    return column.maximum if column.maximum is not None else FIGURE_BOUND - 1


def _one_line(text: str) -> str:
    """The name of a row as it is kept: NFC, single spaces, nothing that cannot be printed."""
    line = " ".join(nfc(text).split())[:_LONGEST_KEY]
    return line if line.isprintable() else "".join(sign for sign in line if sign.isprintable())


def _cut(raw: Any) -> str:
    return str(raw)[:60]


def _some(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:12])
    return f"{shown}, …" if len(texts) > 12 else shown
