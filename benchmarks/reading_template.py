"""Reading a filled template of II.06a against bare python-calamine on the same bytes.

Ours opens the file safely, finds the tables, tells own formulas from foreign ones and gives raw
cells with their places; bare only turns every value of the sheet into Python. At most twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import openpyxl
from python_calamine import CalamineWorkbook

from forms.blank_workbook import blank_workbook
from forms.catalogue import load_forms
from forms.definition import FormVersion, RowModel
from forms.period import Period
from forms.reading_xlsx import read_xlsx

BAR = 2.0

#: Rows of the filled templates: 27 rows are 297 cells, which is what a commune sends.
SIZES = (27, 5_000)


def run() -> list[dict[str, Any]]:
    """Time both readers on both sizes, best of several rounds each."""
    results = []
    for rows in SIZES:
        data = filled_template(rows)
        assert len(read_xlsx(data).tables["a"].rows) == rows  # noqa: S101
        rounds = 200 if rows < 1_000 else 9
        ours, bare = _best(rounds, data, read_xlsx, _bare)
        results.append(
            {
                "name": f"read a filled template, {rows} rows x 11 cells",
                "ours": round(ours * 1_000, 2),
                "bare": round(bare * 1_000, 2),
                "unit": "ms",
                "ratio": round(ours / bare, 2),
                "bar": BAR,
                "met": ours / bare <= BAR,
            }
        )
    return results


def filled_template(rows: int) -> bytes:
    """A template of II.06a with so many rows filled in, as a spreadsheet program would save it."""
    form = _roomy(load_forms().latest("II.06a/VPCP/KSTT"), rows)
    period = Period.parse("2026-Q3")
    blank = blank_workbook(
        form,
        unit_code="H26.101",
        unit_name="UBND xã mẫu",
        period=period,
        window=period.window(),
        made_at=datetime(2026, 9, 1, tzinfo=UTC),
        blanks={RowModel.OPEN: rows},
    )
    book = openpyxl.load_workbook(BytesIO(blank))
    sheet = book.worksheets[0]
    first = 12 if sheet["B12"].value is None else 13
    while sheet.cell(first - 1, 1).value != "(1)":
        first -= 1
    for row in range(first, first + rows):
        sheet.cell(row, 2, f"Lĩnh vực {row}")
        for col, value in zip((4, 5, 6, 8, 9, 10, 12, 13), (9, 8, 5, 10, 6, 2, 3, 1), strict=True):
            sheet.cell(row, col, value + row)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _roomy(form: FormVersion, rows: int) -> FormVersion:
    tables = tuple(replace(table, max_rows=max(table.max_rows, rows)) for table in form.tables)
    return replace(form, tables=tables)


def _bare(data: bytes) -> Any:
    workbook = CalamineWorkbook.from_filelike(BytesIO(data))
    return workbook.get_sheet_by_index(0).to_python()


def _best(rounds: int, data: bytes, *works: Callable[[bytes], Any]) -> tuple[float, ...]:
    """The best processor time of each, taken in turns: a shared machine only ever slows down."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for at, work in enumerate(works):
            started = time.process_time()
            work(data)
            best[at] = min(best[at], time.process_time() - started)
    return tuple(best)


if __name__ == "__main__":
    for result in run():
        print(result)
