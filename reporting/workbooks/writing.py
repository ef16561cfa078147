"""The one way in which our workbooks are written: streamed row by row, the same bytes every time.

XlsxWriter's `constant_memory` keeps one row in memory. The price: rows are written strictly from
the top down, and a height must be set before the next row begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from forms.sheet_styles import Styles, open_workbook_for_writing

#: Instants are printed as the clocks of all reporting units show them.
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class StreamedSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter ships no types.
    """A worksheet for rows written once, from the top down."""

    def merge_cells(self, first_row: int, first_col: int, last_row: int, last_col: int) -> None:
        """Merge a range whose cells are written row by row by the caller.

        `merge_range` would pad all rows of the range at once, and so end the rows above it.
        """
        if (first_row, first_col) != (last_row, last_col):
            self.merge.append([first_row, first_col, last_row, last_col])

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        """Take a formula as it is.

        XlsxWriter looks in each for thirty functions newer than 2010, which takes twice as long
        as all the rest of writing it. Ours are IF, COUNT, COUNTIF, SUM, ROUND and N.
        """
        return formula.removeprefix("=")

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        """Write a number, or a formula whose value is a whole number, in one go.

        Nine cells in ten of a table are one of these, and XlsxWriter's general way builds a list of
        attributes for each. A test holds what is written here against what it would have written.
        """
        kind = type(cell).__name__
        is_number = kind == "Number"
        if cell.format is None or not (
            is_number or (kind == "Formula" and type(cell.value) is int)
        ):
            super()._write_cell(row, col, cell)
            return
        name = xl_rowcol_to_cell_fast(row, col)
        start = f'<c r="{name}" s="{cell.format._get_xf_index()}">'
        if is_number:
            self.fh.write(f"{start}<v>{cell.number:.16G}</v></c>")
        else:
            formula = self._escape_data(cell.formula)
            self.fh.write(f"{start}<f>{formula}</f><v>{cell.value}</v></c>")


class OpenWorkbook:
    """A workbook that is being written, with the formats made for it so far."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self.styles = Styles(workbook)

    def add_sheet(self, name: str) -> StreamedSheet:
        """The next sheet; the one before it is complete."""
        sheet: StreamedSheet = self._workbook.add_worksheet(name, StreamedSheet)
        return sheet


@contextmanager
def writing_workbook(out: BinaryIO, *, made_at: datetime, title: str) -> Iterator[OpenWorkbook]:
    """Write a workbook to a stream; it is all there when the block ends.

    `made_at` is the only instant in the file, so the same values give the same bytes.
    """
    target: Any = out
    workbook = open_workbook_for_writing(
        target, made_at=aware(made_at), in_memory=False, constant_memory=True
    )
    created = aware(made_at).astimezone(UTC).replace(tzinfo=None)
    workbook.set_properties({"title": title, "created": created})
    yield OpenWorkbook(workbook)
    workbook.close()


def aware(instant: datetime) -> datetime:
    """The instant with its zone; SQLite gives instants back without one, and they are UTC."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def instant_text(instant: datetime) -> str:
    """An instant as it is printed: 17:05 ngày 22/9/2026."""
    local = aware(instant).astimezone(ZONE)
    return f"{local:%H:%M} ngày {local.day}/{local.month}/{local.year}"
