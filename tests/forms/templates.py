"""Blank templates for tests, and filling them in as a person would."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from forms.blank_workbook import blank_workbook
from forms.catalogue import Catalogue, load_forms
from forms.definition import FormVersion
from forms.period import Period
from tests.forms.declaring import SHAPES

MADE_AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
UNIT_CODE, UNIT_NAME = "H55.242", "Ủy ban nhân dân xã Tân Lập"

#: A row of II.06a that adds up, by the letters of the template's columns.
GOOD_ROW: Mapping[str, int] = {
    "D": 120, "E": 14, "F": 9, "H": 101, "I": 20, "J": 2, "L": 19, "M": 1,
}  # fmt: skip


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The shipped forms and the unusual ones of the tests, read once."""
    return load_forms([SHAPES])


def period_of(form: FormVersion) -> Period:
    """A period of 2026 for which the form is asked."""
    kinds = {"Y": "2026", "M": "2026-09"}
    kind = "Q3" if "Q3" in form.periods else form.periods[0]
    return Period.parse(kinds.get(kind, f"2026-{kind}"))


def blank(code: str = "II.06a/VPCP/KSTT", period: Period | None = None, **more: Any) -> bytes:
    """The blank template of a form."""
    form = catalogue().latest(code)
    asked = period or period_of(form)
    return blank_workbook(
        form,
        unit_code=UNIT_CODE,
        unit_name=UNIT_NAME,
        period=asked,
        window=asked.window(),
        made_at=MADE_AT,
        lists=catalogue().lists,
        **more,
    )


def sheet_of(data: bytes) -> Worksheet:
    """The sheet of the form, with its formulas."""
    return openpyxl.load_workbook(BytesIO(data)).worksheets[0]


def filled(data: bytes, cells: Mapping[str, Any]) -> bytes:
    """The same file with some cells of its first sheet written over."""
    book = openpyxl.load_workbook(BytesIO(data))
    for address, value in cells.items():
        book.worksheets[0][address] = value
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """A workbook of openpyxl as bytes."""
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def good_row(row: int, name: str = "Đất đai") -> dict[str, Any]:
    """A row of II.06a that adds up, as cells."""
    return {f"B{row}": name} | {f"{letters}{row}": n for letters, n in GOOD_ROW.items()}
