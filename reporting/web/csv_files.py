"""A table as a CSV file that spreadsheets open rightly, and that runs nothing in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

CSV = "text/csv"

#: Signs with which a spreadsheet begins a formula, also as East Asian keyboards write them.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def csv_file(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table as a file: UTF-8 with its mark, so that Excel reads Vietnamese."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: object) -> object:
    # Blanks before the sign are passed over by some of them.
    if isinstance(cell, str) and (cell[:1].isspace() or cell.startswith(_FORMULA)):
        return f"'{cell}"
    return cell
