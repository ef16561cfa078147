"""Reading a filled template: which form, unit and period it is for, and its raw cells.

Values come from python-calamine, which is fast and knows nothing of formulas; those are looked up
in the sheet itself. A cell with the template's own formula counts as left out, because cached
values are never trusted; any other formula is handed on as one. Every cell keeps its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from html import unescape
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from forms.definition import RowModel
from forms.excel_formulas import column_letters
from forms.issues import Issue
from forms.locating_tables import (
    Grid,
    Located,
    cell_at,
    locate_tables,
    note_place,
    words_at,
)
from forms.opening_xlsx import (
    EXPECTED,
    USUAL_LIMITS,
    OpenedXlsx,
    Refused,
    XlsxLimits,
    open_workbook,
)
from forms.returns import Mark, RawCell, RawReturn, RawRow, RawTable
from forms.sheet_formulas import OwnFormula, SheetFormulas, scan_sheet
from forms.template_record import RECORD_SHEET, TableRecord, TemplateRecord, parse_record
from forms.text import normalise

#: What says "no" in the cell for the mark that there is nothing to report.
_NOT_NIL = frozenset({"", "-", "0", "không", "no", "false"})

#: Beyond this a number of Excel is no exact whole number.
_EXACT = 1e15

_NONE: Mapping[str, str] = {}

_LINKS = "xl/_rels/workbook.xml.rels"
_LINK = re.compile(r"<Relationship\s([^>]*)>")
_SHEET = re.compile(r"<sheet\s([^>]*)>")
_ATTRIBUTE = re.compile(r'(?:\w+:)?(\w+)="([^"]*)"')


def read_xlsx(data: bytes, *, limits: XlsxLimits = USUAL_LIMITS) -> RawReturn:
    """Read a filled template; whatever is wrong with the file is among the issues. Never raises."""
    opened = open_workbook(data, limits=limits)
    if isinstance(opened, Issue):
        return RawReturn(issues=[opened])
    try:
        return _read(opened, limits)
    except Refused as refused:
        return RawReturn(issues=[refused.issue])
    except (CalamineError, ValueError, KeyError, IndexError, OSError):
        return _refused("tệp Excel bị hỏng", code="malformed")


def _refused(given: str, *, code: str = "not_this_template") -> RawReturn:
    return RawReturn(issues=[Issue(code, given=given, expected=EXPECTED)])


def _read(opened: OpenedXlsx, limits: XlsxLimits) -> RawReturn:
    paths = _sheet_paths(opened)
    if RECORD_SHEET not in paths:
        return _refused("tệp Excel không có phần ghi nhận của mẫu")
    path = paths[RECORD_SHEET]
    remembered = opened.archive(path, opened.parts[path], limits=limits, styles=False)
    record = parse_record(_grid(remembered, RECORD_SHEET))
    if record is None:
        return _refused("phần ghi nhận của mẫu đã bị sửa")
    raw = RawReturn(record.form, record.version, record.unit, record.period)
    others = [name for name in paths if not name.startswith("_")]
    # The sheet may have been renamed; the number rows tell which one it is.
    for name in sorted(others, key=lambda name: name != record.sheet):
        part = _without_helpers(opened.parts[paths[name]], column_letters(record.helper_col))
        grid = _grid(opened.archive(paths[name], part, limits=limits), name)
        tables = locate_tables(record, grid)
        if any(isinstance(table, Located) for table in tables):
            found = scan_sheet(part, columns=_columns_read(tables))
            _SheetReader(raw, record, grid, found, name).read(tables)
            return raw
    return _refused("không tìm thấy hàng số cột của biểu")


def _grid(archive: bytes, name: str) -> Grid:
    sheet = CalamineWorkbook.from_filelike(BytesIO(archive)).get_sheet_by_name(name)
    return sheet.to_python(skip_empty_area=False)


def _without_helpers(part: bytes, letters: str) -> bytes:
    """A sheet whose rows end before the template's hidden helper cells.

    They are most of the text of a sheet, and nothing is read from them.
    """
    start, end = part.find(b"<sheetData>"), part.rfind(b"</sheetData>")
    if start < 0 or end < 0:
        return part
    mark = b'<c r="' + letters.encode()
    kept = []
    for row in part[start:end].split(b"<row "):
        cut = row.find(mark)
        kept.append(row if cut < 0 else row[:cut] + b"</row>")
    return part[:start] + b"<row ".join(kept) + b"</sheetData></worksheet>"


def _sheet_paths(opened: OpenedXlsx) -> dict[str, str]:
    """Name of each sheet -> its part of the archive, in the order of the workbook."""
    links = [dict(_ATTRIBUTE.findall(tag)) for tag in _LINK.findall(_text(opened, _LINKS))]
    targets = {link["Id"]: link["Target"] for link in links}
    paths = {}
    for tag in _SHEET.findall(_text(opened, "xl/workbook.xml")):
        said = dict(_ATTRIBUTE.findall(tag))
        target = targets[said["id"]]
        paths[unescape(said["name"])] = target[1:] if target.startswith("/") else f"xl/{target}"
    return paths


def _text(opened: OpenedXlsx, path: str) -> str:
    return opened.parts[path].decode()


def _columns_read(tables: list[Located | TableRecord]) -> set[str]:
    """The letters of the columns in which a formula or an error means anything."""
    located = [table for table in tables if isinstance(table, Located)]
    cols = {col for table in located for col in table.columns.values()}
    cols |= {table.record.heading_col for table in located if table.record.heading_col >= 0}
    return {column_letters(col) for col in cols}


class _SheetReader:
    """Reads the tables of one sheet into a raw return."""

    def __init__(
        self,
        raw: RawReturn,
        record: TemplateRecord,
        grid: Grid,
        found: SheetFormulas,
        sheet: str,
    ) -> None:
        self._raw = raw
        self._record = record
        self._grid = grid
        self._found = found
        self._sheet = sheet

    def read(self, tables: list[Located | TableRecord]) -> None:
        """Read every table that was found; one that was not is an issue."""
        end = 0
        for table in tables:
            if isinstance(table, TableRecord):
                given = f"không tìm thấy hàng số cột của phần {table.key}"
                self._raw.issues.append(Issue("not_this_template", given=given, expected=EXPECTED))
                continue
            reader = _TableReader(table, self._grid, self._found, self._sheet, self._raw.issues)
            self._raw.tables[table.record.key] = reader.read()
            end = table.end
        place = note_place(self._record, self._grid, end)
        if place is not None:
            note = cell_value(cell_at(self._grid, *place))
            self._raw.note = "" if note is None else str(note)


class _TableReader:
    """Reads one table: its rows under their headings, its total row, its nil mark."""

    def __init__(
        self, located: Located, grid: Grid, found: SheetFormulas, sheet: str, issues: list[Issue]
    ) -> None:
        self._located = located
        self._record = located.record
        self._grid = grid
        self._found = found
        self._sheet = sheet
        self._issues = issues
        self._plan = tuple(located.columns.items())
        self._column_at = {column_letters(col): column for column, col in self._plan}
        self._places = [
            (column, f"{sheet}!{letters}") for letters, column in self._column_at.items()
        ]
        self._heading_letters = column_letters(max(self._record.heading_col, 0))
        self._places.append(("key", f"{sheet}!{self._heading_letters}"))
        self._moved: dict[int, int] = {}

    def read(self) -> RawTable:
        """The table as it stands in the sheet."""
        nil = cell_value(cell_at(self._grid, *self._located.nil_place))
        table = RawTable(nil=str(nil or "").strip().lower() not in _NOT_NIL)
        model = self._record.model
        if model == RowModel.SINGLE:
            table.rows = self._single()
        elif model in (RowModel.FIXED, RowModel.OUTLINE):
            table.rows = list(self._declared())
        else:
            table.rows = list(self._open())
        table.total = self._total()
        return table

    def _single(self) -> list[RawRow]:
        """The only row: the first below the number row that has anything in it."""
        first = self._located.first_row
        for row in range(first, max(self._located.end, first + 1)):
            self._moved = {self._record.first_row: row}
            cells = self._cells(row, self._own_columns)
            if any(value is not Mark.OWN_FORMULA for value in cells.values()):
                return [RawRow("row", "", cells, self._row_places(row))]
        return []

    def _declared(self) -> Iterator[RawRow]:
        """The printed rows, known by their labels; a row that nobody printed is kept as it is."""
        lines = self._declared_lines()
        self._moved = {line[0]: row for row, line in lines.items() if line}
        section_of = self._sections()
        for row, line in lines.items():
            section_of.take(row)
            if row in section_of.rows:
                continue
            own = self._own_rows.get(line[1], {}) if line else {}
            cells = self._cells(row, own)
            if line is None and not cells:
                continue
            key = line[1] if line else self._heading(row)
            yield RawRow(key, "", cells, self._row_places(row))

    def _declared_lines(self) -> dict[int, tuple[int, str, str, str] | None]:
        """Row of the sheet -> the printed row that stands there; each is found once, in order."""
        waiting = list(self._record.declared)
        lines: dict[int, tuple[int, str, str, str] | None] = {}
        shift = self._located.number_row - self._record.number_row
        for row in range(self._located.first_row, self._located.end):
            label = words_at(self._grid, row, self._record.heading_col)
            same = [line for line in waiting if label and normalise(line[2]) == label]
            # Several rows may have one label ("Trong đó"): the one that stood here goes first.
            best = next((line for line in same if line[0] + shift == row), None)
            line = best or (same[0] if same else None)
            if line:
                waiting.remove(line)
            lines[row] = line
        return lines

    def _open(self) -> Iterator[RawRow]:
        """Rows that the reporter named, skipping blank ones and printed names left untouched."""
        self._moved = {self._record.total_row: self._located.total_row}
        section_of = self._sections()
        is_units = self._record.model == RowModel.UNITS
        has_names = self._record.heading_col >= 0
        printed = {normalise(label): key for label, key in self._record.names.items()}
        carried = frozenset(self._record.carried)
        own = self._own_columns
        for row in range(self._located.first_row, self._located.end):
            section = section_of.take(row)
            if row in section_of.rows:
                continue
            cells = self._cells(row, own)
            key = self._heading(row) if has_names else ""
            code = printed.get(normalise(key)) if key and printed else None
            if not key and not _has_content(cells):
                continue
            if code is not None and not _has_content(cells, carried):
                continue
            name = code if is_units and code is not None else key
            yield RawRow(name, section, cells, self._row_places(row))

    def _total(self) -> RawRow | None:
        """The typed cells of the total row; its own formulas are left out of the return."""
        row = self._located.total_row
        if row < 0:
            return None
        self._moved = {}
        own = self._own(self._record.total_formulas, self._record.total_row)
        cells = self._cells(row, own)
        typed = {c: value for c, value in cells.items() if value is not Mark.OWN_FORMULA}
        return RawRow("", "", typed, self._row_places(row)) if typed else None

    def _cells(self, row: int, own: Mapping[str, OwnFormula]) -> dict[str, RawCell]:
        """The cells of one row that are not blank."""
        line = self._grid[row] if row < len(self._grid) else ()
        width = len(line)
        cells: dict[str, RawCell] = {}
        for column, col in self._plan:
            value = line[col] if col < width else ""
            if value.__class__ is float and -_EXACT < value < _EXACT:
                # Most cells are whole numbers; all others go the careful way.
                whole = int(value)
                cells[column] = whole if whole == value else cell_value(value)
            elif value != "":
                cells[column] = cell_value(value)
        formulas = self._found.formulas.get(row)
        if formulas is not None:
            self._mark_formulas(cells, formulas, row, own)
        if row in self._found.errors:
            for letters in self._found.errors[row]:
                cells.setdefault(self._column_at.get(letters, ""), Mark.EXCEL_ERROR)
            cells.pop("", None)
        return cells

    def _mark_formulas(
        self,
        cells: dict[str, RawCell],
        formulas: Mapping[str, str],
        row: int,
        own: Mapping[str, OwnFormula],
    ) -> None:
        """Put marks in place of the cached values of formulas."""
        number = str(row + 1)
        for letters, text in formulas.items():
            column = self._column_at.get(letters)
            if column is None:
                continue
            mine = own.get(column)
            is_own = mine is not None and (
                text == mine.text.replace("\0", number)
                or mine.is_in(text, row, self._moved, self._inside)
            )
            cells[column] = Mark.OWN_FORMULA if is_own else Mark.FOREIGN_FORMULA

    @property
    def _inside(self) -> range:
        return range(self._located.first_row, self._located.end)

    @cached_property
    def _own_columns(self) -> dict[str, OwnFormula]:
        return self._own(self._record.formulas, self._record.first_row)

    @cached_property
    def _own_rows(self) -> dict[str, dict[str, OwnFormula]]:
        stood = {key: row for row, key, _, _ in self._record.declared}
        return {
            key: self._own(formulas, stood[key])
            for key, formulas in self._record.row_formulas.items()
            if key in stood
        }

    def _own(self, formulas: Mapping[str, str], row: int) -> dict[str, OwnFormula]:
        return {column: OwnFormula.written(text, row) for column, text in formulas.items()}

    def _row_places(self, row: int) -> dict[str, str]:
        number = str(row + 1)
        return {column: start + number for column, start in self._places}

    def _heading(self, row: int) -> str:
        """What names a row; a name that is a formula or an error is an issue, and no name."""
        col = self._record.heading_col
        if row in self._found.formulas or row in self._found.errors:
            marked = self._marked_heading(row)
            if marked is not None:
                self._issues.append(marked)
                return ""
        value = cell_value(cell_at(self._grid, row, col))
        return value.strip() if isinstance(value, str) else "" if value is None else str(value)

    def _marked_heading(self, row: int) -> Issue | None:
        letters = self._heading_letters
        for code, marked in (
            ("foreign_formula", self._found.formulas.get(row, _NONE)),
            ("excel_error", self._found.errors.get(row, _NONE)),
        ):
            if letters in marked:
                place = f"{self._sheet}!{letters}{row + 1}"
                given = marked[letters][:60]
                return Issue(code, place=place, given=given, expected="chữ", label="tên dòng")
        return None

    def _sections(self) -> _Sections:
        return _Sections(self._record, self._grid)


class _Sections:
    """Goes down the rows of a table and knows under which heading each stands."""

    def __init__(self, record: TableRecord, grid: Grid) -> None:
        self._key_of = {normalise(label): key for _, key, label in record.sections}
        self._grid = grid
        self._current = ""
        self.rows: set[int] = set()

    def take(self, row: int) -> str:
        """The section of a row, which may itself be the heading of the next one."""
        if self._key_of:
            key = self._key_of.get(words_at(self._grid, row, 0))
            if key is not None:
                self._current = key
                self.rows.add(row)
        return self._current


def cell_value(value: Any) -> RawCell:
    """What a value of calamine is as a raw cell: no floats, no blanks, dates as 2026-09-14."""
    kind = type(value)
    if kind is str:
        return value if value != "" else None
    if kind is float:
        if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        # Excel shows and means 15 digits; the double behind them is its own affair.
        return Decimal(f"{value:.15g}")
    if kind is bool or kind is int:
        return value
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def _has_content(cells: Mapping[str, RawCell], carried: frozenset[str] = frozenset()) -> bool:
    """Whether a row says anything: own formulas do not, nor does a 0 brought from last time."""
    return any(
        value is not Mark.OWN_FORMULA and not (column in carried and value == 0)
        for column, value in cells.items()
    )
