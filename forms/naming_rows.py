"""Which row of a return is which: by declared key, by dated list, by normalized text, by order.

Knows nothing of what stands in the cells, except whether anything does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from forms.addresses import Places
from forms.code_lists import CodeList
from forms.definition import ONLY_ROW, Row, RowModel, Severity, Table
from forms.expressions import TOTAL
from forms.issues import Issue
from forms.period import Window
from forms.returns import Mark, RawRow, RawTable, RowName
from forms.text import nfc, normalise

#: A longer name than this is refused: what stands after it would be lost, and two names that differ
#: only there would be one row. Twice this in UTF-8 still fits an index of the database.
LONGEST_KEY = 150

#: The names of so many rows are remembered together.
_KEPT_ROWS = 200

#: More is not looked at, and never cached: an accented letter is at most four signs (NFD).
_MOST_SIGNS = 4 * LONGEST_KEY

#: Stands for a row or total that was not sent.
ABSENT = RawRow()

Named = tuple[RowName, RawRow]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the meaning of a return depends on beside its form: the days it covers, the lists.

    `units` gives the stable code of each unit that a row may be of, by the name it was sent under;
    without it, rows of units are taken as they are.
    """

    window: Window
    lists: Mapping[str, CodeList]
    unit: str = ""
    unit_name: str = ""
    units: Mapping[str, str] | None = None


def asked_rows(table: Table, window: Window) -> tuple[Row, ...]:
    """The declared rows that are asked for the days of the window."""
    return tuple(row for row in table.rows if row.validity.overlaps(window.first, window.last))


class RowNamer:
    """Names the rows of one table of one return, and reports those that it cannot name."""

    def __init__(
        self, table: Table, circumstances: Circumstances, places: Places, issues: list[Issue]
    ) -> None:
        self._table = table
        self._circumstances = circumstances
        self._prefix = places.prefix(table)
        self._issues = issues
        self._list = circumstances.lists.get(table.heading.code_list)
        self._heading = table.heading.label or "tên dòng"
        self._totals = _total_keys(table)

    def name(self, raw: RawTable) -> list[Named]:
        """Every row with its name, in the order in which the table keeps them."""
        table, rows = self._table, raw.rows
        if len(rows) > table.max_rows:
            self._too_many(len(rows), table.max_rows)
            rows = rows[: table.max_rows]
        if raw.nil and any(has_content(row) for row in rows):
            self._issues.append(Issue("nil_with_rows", cell=table.key, label=table.title))
        if table.model is RowModel.SINGLE:
            return self._name_single(rows, raw.nil)
        if table.model in (RowModel.FIXED, RowModel.OUTLINE):
            return self._name_declared(rows, raw.nil)
        if table.model is RowModel.LIST:
            filled = [row for row in rows if has_content(row)]
            return [(RowName(str(number)), row) for number, row in enumerate(filled, 1)]
        return self._name_open(rows)

    def _name_single(self, rows: Sequence[RawRow], nil: bool) -> list[Named]:
        if len(rows) > 1:
            self._too_many(len(rows), 1)
        if nil and not any(has_content(row) for row in rows):
            return []
        return [(RowName(ONLY_ROW), rows[0] if rows else RawRow())]

    def _name_declared(self, rows: Sequence[RawRow], nil: bool) -> list[Named]:
        """Match sent rows to declared ones, by key or by label, and keep the declared order."""
        table = self._table
        asked = {row.key: row for row in asked_rows(table, self._circumstances.window)}
        by_text = {normalise(row.label): row.key for row in table.rows}
        sent: dict[str, RawRow] = {}
        for number, raw in enumerate(rows, 1):
            key = raw.key if raw.key in table.row_by_key else by_text.get(normalise(raw.key), "")
            if not key:
                if raw.key or has_content(raw):
                    labels = [row.label for row in asked.values()]
                    self._row_issue("unknown_row", raw, number, cut(raw.key), some(labels))
            elif key in sent:
                self._row_issue("duplicate_row", raw, number, cut(raw.key), key)
            elif key in asked:
                sent[key] = raw
            elif has_content(raw):
                label = table.row_by_key[key].label
                self._issues.append(Issue("row_not_asked", cell=f"{table.key}/{key}", label=label))
        if nil and not any(has_content(raw) for raw in sent.values()):
            return []
        compulsory = any(column.compulsory for column in table.columns)
        for row in asked.values():
            # A computed row is worked out, and a taken one comes with the consolidation.
            if row.key not in sent and compulsory and not (row.formula or row.taken_from):
                cell = f"{table.key}/{row.key}"
                self._issues.append(Issue("missing_row", cell=cell, label=row.label))
        return [
            (RowName(row.key, label=nfc(row.label)), sent.get(row.key, ABSENT))
            for row in asked.values()
        ]

    def _name_open(self, rows: Sequence[RawRow]) -> list[Named]:
        """Name rows by what the sender wrote; the same name twice is one row too many."""
        names = self._known_names(rows)
        if names is not None:
            for number, raw in enumerate(rows, 1):
                raw.number = number
            return list(zip(names, rows, strict=True))
        named: list[Named] = []
        seen: dict[str, tuple[RawRow, int]] = {}
        sections = self._section_texts()
        number = 0
        for raw in rows:
            if not raw.key and not has_content(raw):
                continue
            number += 1
            raw.number = number
            label, length = _line(raw.key)
            if length > LONGEST_KEY:
                self._too_long(raw, number, length)
            if not label and self._table.model is RowModel.UNITS and len(rows) == 1:
                label = self._circumstances.unit
            if not label:
                self._row_issue("row_without_key", raw, number, label=self._heading)
            section = sections.get(normalise(raw.section), "") if sections else ""
            is_sure = bool(section) or not sections
            if not is_sure:
                section = self._unknown_section(raw, number, sections)
            key = self._key(label, raw, number)
            if key in self._totals:  # It would be counted twice.
                self._row_issue("unknown_row", raw, number, cut(label), TOTAL)
            name = _row_name(key, section, label)
            path = name.path
            if path in seen and is_sure:
                first, at = seen[path]
                expected = first.places.get("key", "") or self._address(at)
                if length <= LONGEST_KEY:  # What was cut off may tell the two apart.
                    self._row_issue("duplicate_row", raw, number, label, expected)
                continue
            seen[path] = (raw, number)
            named.append((name, raw))
        return named

    def _known_names(self, rows: Sequence[RawRow]) -> tuple[RowName, ...] | None:
        """The names of rows that are all in the list, as in nearly every return; None otherwise."""
        keys = tuple([raw.key for raw in rows])
        if self._list is None or self._table.sections or self._table.model is RowModel.UNITS:
            return None
        if len(keys) > _KEPT_ROWS or max(map(len, keys), default=0) > LONGEST_KEY:
            return None  # What is remembered must not grow as a sender likes.
        return _listed_names(self._table, self._list, self._circumstances.window.last, keys)

    def _too_long(self, raw: RawRow, number: int, length: int) -> None:
        given, expected, heading = str(length), str(LONGEST_KEY), self._heading
        self._row_issue("text_too_long", raw, number, given, expected, label=heading)

    def _unknown_section(self, raw: RawRow, number: int, sections: Mapping[str, str]) -> str:
        """Say that a row is in no section; give it one of its own, so that it doubles no other."""
        given = cut(raw.section)
        self._row_issue(
            "unknown_section",
            raw,
            number,
            given or "(trống)",
            some(list(dict.fromkeys(sections.values()))),
            given_en="" if given else "(blank)",
        )
        return f"?{number}"

    def _key(self, label: str, raw: RawRow, number: int) -> str:
        """What matches this row with those of other reports: a code, or the normalized text."""
        if self._table.model is RowModel.UNITS:
            return self._unit_key(label, raw, number)
        if self._list is None or not label:
            return normalise(label)
        code = _listed_code(self._list, label, self._circumstances.window.last)
        if code:
            return code
        self._row_issue(
            "key_not_in_list", raw, number, label, self._list.title, severity=Severity.WARNING
        )
        return normalise(label)

    def _unit_key(self, label: str, raw: RawRow, number: int) -> str:
        """The stable code of the unit that a row is of: the sender, or one below it."""
        around = self._circumstances
        if around.units is None or label in ("", around.unit):
            return label
        if normalise(label) == normalise(around.unit_name):
            return around.unit
        code = around.units.get(label, "")
        if not code:
            expected = f"{around.unit} ({around.unit_name})" if around.unit_name else around.unit
            self._row_issue("row_of_another_unit", raw, number, cut(label), expected)
        return code or label

    def _section_texts(self) -> dict[str, str]:
        """What may name a section that is asked in this period -> its key."""
        window = self._circumstances.window
        return {
            normalise(text): section.key
            for section in self._table.sections
            if section.validity.overlaps(window.first, window.last)
            for text in (section.key, section.label)
        }

    def _address(self, number: int) -> str:
        return f"{self._prefix}r{number:02d}"

    def _too_many(self, given: int, most: int) -> None:
        table = self._table
        self._issues.append(
            Issue(
                "too_many_rows",
                cell=table.key,
                label=table.title,
                given=str(given),
                expected=str(most),
            )
        )

    def _row_issue(
        self,
        code: str,
        raw: RawRow,
        number: int,
        given: str = "",
        expected: str = "",
        *,
        label: str = "",
        given_en: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        self._issues.append(
            Issue(
                code,
                severity,
                cell=self._table.key,
                address=self._address(number),
                place=raw.places.get("key", ""),
                given=given,
                given_en=given_en,
                expected=expected,
                label=label,
            )
        )


@lru_cache(maxsize=1024)
def _total_keys(table: Table) -> frozenset[str]:
    """What a data row that calls itself the total would be known by."""
    if table.total is None:
        return frozenset()
    return frozenset({TOTAL, table.total.label, normalise(table.total.label)})


@lru_cache(maxsize=256)
def _listed_names(
    table: Table, code_list: CodeList, on: date, keys: tuple[str, ...]
) -> tuple[RowName, ...] | None:
    """The names of rows of which each is in the list, once, and within bounds; None otherwise."""
    lines = [_line(key) for key in keys]
    codes = [_listed_code(code_list, label, on) for label, _ in lines]
    is_plain = all(codes) and len(set(codes)) == len(codes)
    if not is_plain or any(length > LONGEST_KEY for _, length in lines):
        return None
    if not _total_keys(table).isdisjoint(codes):
        return None
    return tuple(
        [_row_name(code, "", label) for code, (label, _) in zip(codes, lines, strict=True)]
    )


@lru_cache(maxsize=8_192)
def _listed_code(code_list: CodeList, label: str, on: date) -> str:
    entry = code_list.match(label, on)
    return entry.code if entry is not None else ""


@lru_cache(maxsize=65_536)
def _row_name(key: str, section: str, label: str) -> RowName:
    return RowName(key, section, label)


def has_content(row: RawRow) -> bool:
    """Whether anything at all stands in the cells of a row."""
    return any(
        value is not None and value is not Mark.OWN_FORMULA and value != ""
        for value in row.cells.values()
    )


def one_line(text: str) -> str:
    """The name of a row as it is kept: NFC, single spaces, nothing that cannot be printed.

    The beginning of one that is too long, which is refused.
    """
    return _line(text)[0]


def _line(text: str) -> tuple[str, int]:
    """The name of a row as it is kept, and how long it would be if nothing were cut off."""
    if len(text) <= _MOST_SIGNS:
        return _short_line(text)
    line = " ".join(text.split())
    kept, length = _short_line(line[:_MOST_SIGNS])
    return kept, max(length, len(line) if len(line) > _MOST_SIGNS else 0)


@lru_cache(maxsize=8_192)
def _short_line(text: str) -> tuple[str, int]:
    line = nfc(" ".join(text.split()))
    if not line.isprintable():
        line = "".join(sign for sign in line if sign.isprintable())
    return line[:LONGEST_KEY], len(line)


def cut(raw: Any) -> str:
    """What was given, short enough for a sentence."""
    return type(raw).__name__ if isinstance(raw, (list, dict)) else str(raw)[:60]


def some(texts: Sequence[str]) -> str:
    """A list of what is possible, short enough for a sentence."""
    shown = ", ".join(texts[:12])
    return f"{shown}, …" if len(texts) > 12 else shown
