"""Filling a template of II.06a in tests, as Excel would hand it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from tests.builders import GOOD_CELLS

_NUMBER = re.compile(r"\((\d+)\)")


def fill_template(template: bytes, rows: Mapping[str, Mapping[str, Any]] | None = None) -> bytes:
    """Write rows below the number row of the first sheet: `c4` goes into the column of (4)."""
    workbook = load_workbook(BytesIO(template))
    sheet = workbook.worksheets[0]
    numbered = next(
        row
        for row in sheet.iter_rows()
        if sum(bool(_NUMBER.match(str(cell.value or ""))) for cell in row) > 8
    )
    columns = {
        match[1]: position
        for position, cell in enumerate(numbered, 1)
        if (match := _NUMBER.match(str(cell.value or ""))) is not None
    }
    first = int(str(numbered[0].row)) + 1
    for line, (key, cells) in enumerate((rows or {"Đất đai": GOOD_CELLS}).items(), first):
        sheet.cell(line, columns["2"]).value = key
        for column, value in cells.items():
            sheet.cell(line, columns[column.removeprefix("c")]).value = value
    filled = BytesIO()
    workbook.save(filled)
    return filled.getvalue()
