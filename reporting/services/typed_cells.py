"""What stands in the cells of a return as it was typed, and what one change made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.expressions import TOTAL
from forms.returns import Mark, RawCell, RawReturn, RawRow
from forms.text import nfc, normalise

#: What is kept of one change, and of one cell.
MOST_CELLS = 500
_LONGEST_CELL = 600
_LONGEST_TEXT = 400


@dataclass(frozen=True, slots=True)
class Changed:
    """The first cells that differ, each with what was typed before and after; and how many do."""

    cells: Sequence[Mapping[str, str]] = ()
    count: int = 0


def changed_cells(before: Mapping[str, str], after: Mapping[str, str]) -> Changed:
    """Where two returns differ, in the order of the later one; what is gone comes last."""
    names = [*after, *(name for name in before if name not in after)]
    differing = [
        {"cell": name, "old": before.get(name, ""), "new": after.get(name, "")}
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]
    return Changed(differing[:MOST_CELLS], len(differing))


def typed_cells(raw: RawReturn) -> dict[str, str]:
    """Each cell of a return that is not blank, by its id, as it was typed."""
    cells = {"note": typed(raw.note)} if raw.note else {}
    for key, table in raw.tables.items():
        if table.nil:
            cells[f"{key}/nil"] = "nil"
        rows = [(path, row) for path, row in _named_rows(table.rows) if _has_cells(row) or row.key]
        if table.total is not None:
            rows.append((TOTAL, table.total))
        for path, row in rows:
            for column, value in row.cells.items():
                text = typed(value)
                if text:
                    cells[f"{key}/{path}/{column}"[:_LONGEST_CELL]] = text
    return cells


def _named_rows(rows: Sequence[RawRow]) -> Iterator[tuple[str, RawRow]]:
    """Each row under its name; one that has none, or another's, under its place as well."""
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        path = f"{normalise(row.section)}:" if row.section else ""
        path += normalise(row.key) if row.key else f"r{number:02d}"
        if path in seen:
            path = f"{path}#{number}"
        seen.add(path)
        yield path, row


def _has_cells(row: RawRow) -> bool:
    return any(typed(value) for value in row.cells.values())


def typed(value: RawCell | Any) -> str:
    """One cell as it was typed; '' where it is blank."""
    if value is None or value is Mark.OWN_FORMULA:  # The template's own counts as left out.
        return ""
    if isinstance(value, Mark):
        return value.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return nfc(str(value).replace("\x00", ""))[:_LONGEST_TEXT]
