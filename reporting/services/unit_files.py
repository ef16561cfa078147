"""Reads the CSV file of an import: its encoding, its separator, its heading, its lines.

Knows nothing of the database, nor of whether a unit exists.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from forms.issues import EN, VI, Wording

REQUIRED_COLUMNS = ("code", "kind", "name_vi", "parent", "valid_from")
OPTIONAL_COLUMNS = ("name_en", "mdd", "gso", "local", "valid_to")
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)

#: A registry of the whole country has about 15,000 lines; this keeps a wrong file out of memory.
MAX_ROWS = 200_000
MAX_BYTES = 64 * 1024 * 1024

#: How a line of CSV may part its cells: Excel writes ";" where "," is the decimal mark.
_SEPARATORS = (";", "\t", ",")

_FOREIGN_FILES: Mapping[bytes, str] = {
    b"PK\x03\x04": "Excel (.xlsx)",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(frozen=True, slots=True)
class ImportFault:
    """What is wrong with one cell of the file. Line 0 is the file as a whole."""

    line: int
    column: str
    code: str
    given: str = ""
    expected: str = ""

    def sentence(self, language: str = VI) -> str:
        """The fault in words, in Vietnamese or in English."""
        wording = FAULTS[self.code]
        place = _PLACES[language](self) if self.line else ""
        text = wording.en if language == EN else wording.vi
        return place + text.format(given=self.given, expected=self.expected)


_PLACES = {
    VI: lambda fault: f"Dòng {fault.line}{f', cột {fault.column}' if fault.column else ''}: ",
    EN: lambda fault: f"Line {fault.line}{f', column {fault.column}' if fault.column else ''}: ",
}

FAULTS: Mapping[str, Wording] = {
    "wrong_encoding": Wording(
        "tệp không phải CSV mã UTF-8 mà là {given}. Trong Excel chọn Lưu thành “CSV UTF-8”.",
        "the file is not CSV in UTF-8 but {given}. In Excel choose Save as “CSV UTF-8”.",
    ),
    "too_long": Wording(
        "“{given}” dài quá, nhiều nhất được {expected}.", "“{given}” is too long, over {expected}."
    ),
    "malformed": Wording("không đọc được dòng này: {given}.", "this line cannot be read: {given}."),
    "missing_column": Wording(
        "thiếu cột “{given}” ở dòng tiêu đề. Cần các cột: {expected}.",
        "the heading has no column “{given}”. Columns needed: {expected}.",
    ),
    "unknown_column": Wording(
        "không có cột “{given}”. Các cột được dùng: {expected}.",
        "there is no column “{given}”. Columns in use: {expected}.",
    ),
    "duplicate_column": Wording(
        "cột “{given}” có hai lần ở dòng tiêu đề.", "column “{given}” stands twice in the heading."
    ),
    "too_many_cells": Wording(
        "dòng có {given} ô, tiêu đề chỉ có {expected}.",
        "the line has {given} cells, the heading only {expected}.",
    ),
    "too_many_rows": Wording(
        "tệp có hơn {expected} dòng.", "the file has more than {expected} lines."
    ),
    "no_rows": Wording("tệp không có dòng nào.", "the file has no lines."),
    "blank": Wording("chưa điền.", "nothing is filled in."),
    "bad_character": Wording(
        "“{given}” có ký tự điều khiển không in được.", "“{given}” has a control character."
    ),
    "bad_code": Wording(
        "mã “{given}” không hợp lệ. Cần: {expected}.",
        "“{given}” is not a code. Expected: {expected}.",
    ),
    "unknown_kind": Wording(
        "không có loại đơn vị “{given}”. Có: {expected}.",
        "there is no kind of unit “{given}”. Kinds: {expected}.",
    ),
    "kind_changed": Wording(
        "đơn vị này là “{expected}”, không đổi thành “{given}” được; hãy lập đơn vị mới.",
        "this unit is a “{expected}” and cannot become a “{given}”; make a new unit.",
    ),
    "bad_date": Wording(
        "“{given}” không phải ngày. Cần: {expected}.", "“{given}” is no date. Expected: {expected}."
    ),
    "ends_before_start": Wording(
        "ngày kết thúc {given} trước ngày bắt đầu {expected}.",
        "the last day {given} is before the first day {expected}.",
    ),
    "duplicate_code": Wording(
        "mã “{given}” trùng thời gian với {expected}.",
        "code “{given}” overlaps in time with {expected}.",
    ),
    "duplicate_identifier": Wording(
        "“{given}” trong cùng thời gian đã là mã của {expected}.",
        "“{given}” is at the same time the code of {expected}.",
    ),
    "unknown_parent": Wording(
        "không có đơn vị cấp trên “{given}”, trong tệp cũng như trong hệ thống.",
        "there is no parent unit “{given}”, neither in the file nor in the registry.",
    ),
    "parent_not_valid": Wording(
        "đơn vị cấp trên “{given}” chỉ có hiệu lực {expected}.",
        "parent unit “{given}” is valid only {expected}.",
    ),
    "wrong_parent_kind": Wording(
        "đơn vị cấp trên “{given}” không đúng loại. Cần: {expected}.",
        "parent unit “{given}” is of the wrong kind. Expected: {expected}.",
    ),
    "circle": Wording(
        "đơn vị này ở dưới chính nó, qua {given}.", "this unit stands under itself, by {given}."
    ),
    "children_left": Wording(
        "đơn vị kết thúc ngày {given} nhưng {expected} vẫn còn trực thuộc.",
        "the unit ends on {given} but {expected} is still under it.",
    ),
}


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One line as it stands in the file: column name -> text."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UnitFile:
    """The lines of a file, or what is wrong with it as a file."""

    rows: tuple[UnitRow, ...] = ()
    faults: tuple[ImportFault, ...] = ()


def read_unit_file(content: bytes) -> UnitFile:
    """Read a CSV file, UTF-8 with or without a byte order mark, parted by comma, semicolon or tab.

    Lines that begin with `#` are comments: they carry the sources of a shipped list.
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
        return _read_lines(list(_records(text)))
    except _TooManyRows:
        return _refused("too_many_rows", "", str(MAX_ROWS))
    except _BadLine as fault:
        return UnitFile(faults=(ImportFault(fault.line, "", "malformed", fault.reason),))


class _TooManyRows(Exception):
    """More lines than any registry has."""


class _BadLine(Exception):
    """A line that is not CSV."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def _refused(code: str, given: str, expected: str = "") -> UnitFile:
    return UnitFile(faults=(ImportFault(0, "", code, given, expected),))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that says something, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line, records = 1, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise _BadLine(line, str(fault)) from None
        first, line = line, reader.line_num + 1
        if _says_something(cells):
            records += 1
            if records > MAX_ROWS + 1:
                raise _TooManyRows
            yield first, cells


def _separator(text: str) -> str:
    lines = (line for line in text.splitlines() if line.strip() and not _is_preamble(line))
    heading = next(lines, "")
    return max(_SEPARATORS, key=heading.count)


def _is_preamble(line: str) -> bool:
    # "sep=;" is Excel's own first line.
    return line.lstrip('" ').startswith("#") or re.match(r"sep=.?$", line.strip()) is not None


def _says_something(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells) and not _is_preamble(cells[0])


def _read_lines(records: Sequence[tuple[int, list[str]]]) -> UnitFile:
    if not records:
        return _refused("no_rows", "")
    line, heading = records[0]
    columns = [cell.strip().lower() for cell in heading]
    while columns and not columns[-1]:
        columns.pop()  # Excel leaves separators behind a table that was once wider.
    faults = list(_heading_faults(line, columns))
    if faults:
        return UnitFile(faults=tuple(faults))
    if len(records) == 1:
        return _refused("no_rows", "")
    rows: list[UnitRow] = []
    for number, cells in records[1:]:
        if any(cell.strip() for cell in cells[len(columns) :]):
            faults.append(
                ImportFault(number, "", "too_many_cells", str(len(cells)), str(len(columns)))
            )
        else:
            rows.append(UnitRow(number, dict(zip(columns, cells, strict=False))))
    return UnitFile(tuple(rows), tuple(faults))


def _heading_faults(line: int, columns: Sequence[str]) -> Iterator[ImportFault]:
    for column in REQUIRED_COLUMNS:
        if column not in columns:
            yield ImportFault(line, "", "missing_column", column, ", ".join(REQUIRED_COLUMNS))
    for position, column in enumerate(columns):
        if column not in COLUMNS:
            yield ImportFault(line, "", "unknown_column", column, ", ".join(COLUMNS))
        elif column in columns[:position]:
            yield ImportFault(line, column, "duplicate_column", column)
