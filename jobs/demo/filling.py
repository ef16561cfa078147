"""Filling in a blank template as a clerk does: names and figures typed, formulas left alone.

openpyxl keeps what a template needs to be read again (its record, its formulas) and what its user
sees (validation, colours); a test looks after that.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from forms.template_record import RECORD_SHEET, TableRecord, TemplateRecord, parse_record
from forms.text import normalise
from jobs.demo.made_return import MadeReturn, MadeRow


class NoRoom(Exception):
    """A template has too few blank lines for the rows of a return."""


@dataclass
class Filled:
    """A template at work: its workbook, its sheet, and what it remembers of itself."""

    workbook: Workbook
    sheet: Worksheet
    record: TemplateRecord

    def table(self, key: str) -> TableRecord:
        """Where a table stands."""
        return next(table for table in self.record.tables if table.key == key)

    def put(self, row: int, col: int, content: Any) -> None:
        """Type something into a cell; rows and columns count from 0."""
        self.sheet.cell(row + 1, col + 1).value = content

    def read(self, row: int, col: int) -> Any:
        """What stands in a cell."""
        return self.sheet.cell(row + 1, col + 1).value

    def remember(self, **changed: object) -> None:
        """Make the template remember something else of itself, as one of another day does."""
        hidden = self.workbook[RECORD_SHEET]
        for row in hidden.iter_rows():
            if row[0].value == "template":
                own = json.loads(str(row[1].value)) | changed
                row[1].value = json.dumps(own, ensure_ascii=False, separators=(",", ":"))

    def to_bytes(self) -> bytes:
        """The file as it is saved."""
        buffer = BytesIO()
        self.workbook.save(buffer)
        return buffer.getvalue()


def open_template(template: bytes) -> Filled:
    """Open a blank template. Raises ValueError if it is none."""
    with warnings.catch_warnings():
        # openpyxl says that it leaves out extensions of Excel; we write none that matter.
        warnings.simplefilter("ignore", UserWarning)
        workbook = openpyxl.load_workbook(BytesIO(template))
    hidden = workbook[RECORD_SHEET]
    record = parse_record([[cell.value or "" for cell in row] for row in hidden.iter_rows()])
    if record is None:
        raise ValueError("the file is no template")
    sheet = workbook[record.sheet]
    assert isinstance(sheet, Worksheet)
    return Filled(workbook, sheet, record)


def fill(template: bytes, made: MadeReturn) -> Filled:
    """Fill a blank template with a return. Raises NoRoom."""
    filled = open_template(template)
    for key, rows in made.tables.items():
        table = filled.table(key)
        for line, row in _lines_of(filled, table, rows):
            _type_row(filled, table, line, row)
    if made.note and filled.record.note_row >= 0:
        filled.put(filled.record.note_row, filled.record.note_col, made.note)
    return filled


def _type_row(filled: Filled, table: TableRecord, line: int, row: MadeRow) -> None:
    if table.heading_col >= 0 and not filled.read(line, table.heading_col):
        filled.put(line, table.heading_col, row.label)
    for column, content in row.cells.items():
        col = table.columns[column]
        standing = filled.read(line, col)
        if isinstance(standing, str) and standing.startswith("="):
            continue
        filled.put(line, col, _typed(content))


def _typed(content: Decimal | str) -> Any:
    if isinstance(content, str):
        return content
    return int(content) if content == content.to_integral_value() else content


def _lines_of(
    filled: Filled, table: TableRecord, rows: Sequence[MadeRow]
) -> Iterator[tuple[int, MadeRow]]:
    """The line of the sheet for every row: where its name stands already, else a blank one."""
    declared = {key: line for line, key, *_ in table.declared}
    used: set[int] = set()
    for row in rows:
        lines = list(_section_lines(table, row.section))
        line = declared.get(row.key)
        if line is None and table.heading_col >= 0:
            line = _named(filled, table, row, lines)
        if line is None:
            line = next((at for at in lines if at not in used and _free(filled, table, at)), None)
        if line is None:
            raise NoRoom(f"{table.key}: {row.label}")
        used.add(line)
        yield line, row


def _section_lines(table: TableRecord, section: str) -> Iterator[int]:
    headings = [line for line, *_ in table.sections]
    start = next((line + 1 for line, key, _ in table.sections if key == section), table.first_row)
    end = min((line for line in headings if line >= start), default=table.last_row + 1)
    yield from range(start, end)


def _named(filled: Filled, table: TableRecord, row: MadeRow, lines: Sequence[int]) -> int | None:
    wanted = normalise(row.label)
    for line in lines:
        text = filled.read(line, table.heading_col)
        if isinstance(text, str) and (
            normalise(text) == wanted or table.names.get(text) == row.key
        ):
            return line
    return None


def _free(filled: Filled, table: TableRecord, line: int) -> bool:
    return table.heading_col < 0 or not filled.read(line, table.heading_col)
