"""Reads the CSV file of an import: its encoding, its separator, its heading, its lines, its cells.

Knows nothing of the database, nor of what the lines are about.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reporting.services.identifiers import normalise_identifier
from reporting.services.import_effects import Effect
from reporting.services.import_faults import ImportFault

#: A registry of the whole country has about 15,000 lines; this keeps a wrong file out of memory.
MAX_ROWS = 200_000
MAX_BYTES = 64 * 1024 * 1024

#: No code of a unit is longer.
LONGEST_CODE = 40

_CODE = re.compile(r"[A-Z0-9]+(?:\.[A-Z0-9]+)*")

#: How a line of CSV may part its cells: Excel writes ";" where "," is the decimal mark.
_SEPARATORS = (";", "\t", ",")

_FOREIGN_FILES: Mapping[bytes, str] = {
    b"PK\x03\x04": "Excel (.xlsx)",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One line as it stands in the file: column name -> text.

    `faults` say that it is no line of the table; its cells may then be another column's.
    """

    line: int
    cells: Mapping[str, str]
    faults: tuple[ImportFault, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportFile:
    """The lines of a file, each with what is wrong with it; or what is wrong with it as a file."""

    rows: tuple[ImportRow, ...] = ()
    faults: tuple[ImportFault, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many things a file makes, changes and leaves as they are; or why it does nothing.

    `effects` is what befalls units, `doubts` is what people should look at and nothing refuses.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[ImportFault, ...] = ()
    is_dry_run: bool = False
    effects: tuple[Effect, ...] = ()
    doubts: tuple[ImportFault, ...] = ()


def read_import_file(
    content: bytes, *, required: Sequence[str], optional: Sequence[str] = ()
) -> ImportFile:
    """Read a CSV file with these columns, parted by comma, semicolon or tab.

    It is UTF-8, with or without a byte order mark. Lines that begin with `#` are comments: they
    carry the sources of a shipped list.
    """
    if len(content) > MAX_BYTES:
        return _refused("too_long", "CSV", f"{MAX_BYTES} bytes")
    foreign = next(
        (name for start, name in _FOREIGN_FILES.items() if content.startswith(start)), ""
    )
    if foreign:
        return _refused("wrong_encoding", foreign)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused("wrong_encoding", "windows-1258, TCVN3, VNI…")
    try:
        return _read_lines(list(_records(text)), required, optional)
    except _TooManyRows:
        return _refused("too_many_rows", "", str(MAX_ROWS))


class _TooManyRows(Exception):
    """More lines than any registry has."""


@dataclass(frozen=True, slots=True)
class _Record:
    """The cells that stand on one line, or why it is not CSV."""

    line: int
    cells: Sequence[str]
    reason: str = ""

    @property
    def faults(self) -> tuple[ImportFault, ...]:
        return (ImportFault(self.line, "", "malformed", self.reason),) if self.reason else ()


def _refused(code: str, given: str, expected: str = "") -> ImportFile:
    return ImportFile(faults=(ImportFault(0, "", code, given, expected),))


def _records(text: str) -> Iterator[_Record]:
    """Each record that says something, with the number of its first line.

    The reader goes on behind a line that it cannot read.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line, records = 1, 0
    while True:
        try:
            record = _Record(line, next(reader))
        except StopIteration:
            return
        except csv.Error as fault:
            record = _Record(line, (), str(fault))
        line = reader.line_num + 1
        if record.reason or _says_something(record.cells):
            records += 1
            if records > MAX_ROWS + 1:
                raise _TooManyRows
            yield record


def _separator(text: str) -> str:
    lines = (line for line in text.splitlines() if line.strip() and not _is_preamble(line))
    heading = next(lines, "")
    return max(_SEPARATORS, key=heading.count)


def _is_preamble(line: str) -> bool:
    # "sep=;" is Excel's own first line.
    return line.lstrip('" ').startswith("#") or re.match(r"sep=.?$", line.strip()) is not None


def _says_something(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells) and not _is_preamble(cells[0])


def _read_lines(
    records: Sequence[_Record], required: Sequence[str], optional: Sequence[str]
) -> ImportFile:
    if not records:
        return _refused("no_rows", "")
    heading = records[0]
    columns = [cell.strip().lower() for cell in heading.cells]
    while columns and not columns[-1]:
        columns.pop()  # Excel leaves separators behind a table that was once wider.
    faults = heading.faults or tuple(_heading_faults(heading.line, columns, required, optional))
    if faults:
        return ImportFile(faults=faults)
    if len(records) == 1:
        return _refused("no_rows", "")
    return ImportFile(tuple(_row(record, columns) for record in records[1:]))


def _row(record: _Record, columns: Sequence[str]) -> ImportRow:
    line, cells, faults = record.line, record.cells, record.faults
    if any(cell.strip() for cell in cells[len(columns) :]):
        given, wanted = str(len(cells)), str(len(columns))
        faults = (*faults, ImportFault(line, "", "too_many_cells", given, wanted))
    return ImportRow(line, dict(zip(columns, cells, strict=False)), faults)


def _heading_faults(
    line: int, columns: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> Iterator[ImportFault]:
    for column in required:
        if column not in columns:
            yield ImportFault(line, "", "missing_column", column, ", ".join(required))
    for position, column in enumerate(columns):
        if column not in (*required, *optional):
            known = ", ".join((*required, *optional))
            yield ImportFault(line, "", "unknown_column", column, known)
        elif column in columns[:position]:
            yield ImportFault(line, column, "duplicate_column", column)


class RowReader:
    """Reads the cells of one line and keeps what is wrong with them."""

    def __init__(self, row: ImportRow) -> None:
        self.row = row
        self.faults: list[ImportFault] = []

    def fault(self, column: str, code: str, given: str = "", expected: str = "") -> None:
        """Keep what is wrong with a cell."""
        self.faults.append(ImportFault(self.row.line, column, code, given, expected))

    def text(self, column: str, *, is_required: bool, limit: int) -> str:
        """The cell in NFC with single spaces; people paste names with either kind of accent."""
        given = self.row.cells.get(column) or ""
        text = " ".join(unicodedata.normalize("NFC", given).split())
        if not text and is_required:
            self.fault(column, "blank")
        elif len(text) > limit:
            self.fault(column, "too_long", f"{text[:30]}…", str(limit))
            return ""
        elif any(unicodedata.category(character) == "Cc" for character in text):
            self.fault(column, "bad_character", repr(text)[1:-1])
            return ""
        return text

    def code(self, column: str, *, is_required: bool) -> str:
        """The cell as the code of a unit, in the one way in which codes are stored."""
        given = self.text(column, is_required=is_required, limit=LONGEST_CODE)
        code = normalise_identifier(given)
        if given and not _CODE.fullmatch(code):
            self.fault(column, "bad_code", given, "A-Z, 0-9, H55.242")
        return code


def in_order(faults: Iterable[ImportFault], columns: Sequence[str]) -> tuple[ImportFault, ...]:
    """Faults by line and then by column, each once."""
    return tuple(sorted(set(faults), key=lambda fault: _position(fault, columns)))


def _position(fault: ImportFault, columns: Sequence[str]) -> tuple[int, int, str, str]:
    column = columns.index(fault.column) if fault.column in columns else -1
    return fault.line, column, fault.code, fault.given
