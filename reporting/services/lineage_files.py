"""A file of mergers, splits and renames: its columns, and one line of it read by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from reporting.models.units import LineageExtent, LineageKind
from reporting.services.import_faults import ImportFault
from reporting.services.import_files import (
    LONGEST_CODE,
    ImportFile,
    ImportRow,
    RowReader,
    read_import_file,
)
from reporting.services.unit_rows import read_day

REQUIRED_COLUMNS = ("predecessor", "successor", "on_date", "kind")
OPTIONAL_COLUMNS = ("extent", "share", "predecessor_parent", "successor_parent")
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)

_SHARE = re.compile(r"(\d{1,9})/([1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LineageFacts:
    """What one line says: this unit went into that one on this day, whole or a share of it.

    Parents are what the file says the units stood under; '' says nothing.
    """

    line: int
    predecessor: str
    successor: str
    on: date
    kind: LineageKind
    extent: LineageExtent
    share: Fraction | None
    predecessor_parent: str = ""
    successor_parent: str = ""


def read_lineage_file(content: bytes) -> ImportFile:
    """The lines of a CSV of lineage, or what is wrong with it as a file."""
    return read_import_file(content, required=REQUIRED_COLUMNS, optional=OPTIONAL_COLUMNS)


def read_lines(rows: Iterable[ImportRow]) -> tuple[list[LineageFacts], list[ImportFault]]:
    """The lines that can be read, and the faults of those that cannot."""
    facts: list[LineageFacts] = []
    faults: list[ImportFault] = []
    for row in rows:
        faults.extend(row.faults)
        if row.faults:
            continue  # Its cells may stand under the wrong heading.
        fact, wrong = _read(row)
        faults.extend(wrong)
        if fact is not None:
            facts.append(fact)
    return facts, faults


def _read(row: ImportRow) -> tuple[LineageFacts | None, list[ImportFault]]:
    reader = _LineageReader(row)
    old, new = (reader.code(column, is_required=True) for column in REQUIRED_COLUMNS[:2])
    on = read_day(reader, "on_date", is_required=True)
    kind = reader.kind()
    extent = reader.extent(kind)
    share = reader.share()
    above = [reader.code(column, is_required=False) for column in OPTIONAL_COLUMNS[2:]]
    if reader.faults or on is None or kind is None or extent is None:
        return None, reader.faults
    return LineageFacts(row.line, old, new, on, kind, extent, share, *above), []


class _LineageReader(RowReader):
    """Reads the cells of a line about two units."""

    def kind(self) -> LineageKind | None:
        text = self.text("kind", is_required=True, limit=LONGEST_CODE).lower()
        with suppress(ValueError):
            return LineageKind(text)
        if text:
            self.fault("kind", "unknown_word", text, ", ".join(LineageKind))
        return None

    def extent(self, kind: LineageKind | None) -> LineageExtent | None:
        """Left out, a split is of parts, and all else whole."""
        text = self.text("extent", is_required=False, limit=LONGEST_CODE).lower()
        if not text:
            return LineageExtent.PART if kind is LineageKind.SPLIT else LineageExtent.WHOLE
        with suppress(ValueError):
            return LineageExtent(text)
        self.fault("extent", "unknown_word", text, ", ".join(LineageExtent))
        return None

    def share(self) -> Fraction | None:
        text = self.text("share", is_required=False, limit=LONGEST_CODE).replace(" ", "")
        if not text:
            return None
        match = _SHARE.fullmatch(text)
        share = Fraction(int(match[1]), int(match[2])) if match else None
        if share is None or share > 1:
            self.fault("share", "bad_share", text, "2/5, 1/3")
            return None
        return share
