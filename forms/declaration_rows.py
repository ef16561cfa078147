"""The rows and sections of a declared table, and what each row model needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.declaration_columns import validity_of
from forms.definition import Row, RowHeading, RowModel, Section, Table
from forms.yaml_tree import Document, Path

Data = Mapping[str, Any]

#: The models whose rows come from the reporter, so that sections and totals make sense.
_GROWING = frozenset({RowModel.OPEN, RowModel.UNITS, RowModel.LIST})


def build_rows(document: Document, rows: Data, path: Path) -> tuple[Row, ...]:
    """The declared rows or headings, in printed order; their formulas still to come."""
    key = "headings" if "headings" in rows else "rows"
    entries: Sequence[Data] = rows.get(key, ())
    built = tuple(
        Row(
            key=entry.get("key", ""),
            label=entry.get("label", ""),
            number=entry.get("number", ""),
            section=entry.get("section", ""),
            unit=entry.get("unit", ""),
            digits=entry.get("digits"),
            consolidate=entry.get("consolidate"),
            validity=validity_of(document, entry, (*path, key, index)),
            taken_from=entry.get("taken_from", ""),
        )
        for index, entry in enumerate(entries)
    )
    refuse_doubles(document, [row.key for row in built], (*path, key), "key")
    return built


def build_sections(document: Document, table: Data, path: Path) -> tuple[Section, ...]:
    """The headings under which rows repeat."""
    entries: Sequence[Data] = table.get("sections", ())
    built = tuple(
        Section(
            key=entry.get("key", ""),
            label=entry.get("label", ""),
            kinds=tuple(entry.get("kinds", ())),
            validity=validity_of(document, entry, (*path, "sections", index)),
        )
        for index, entry in enumerate(entries)
    )
    refuse_doubles(document, [section.key for section in built], (*path, "sections"), "key")
    return built


def build_heading(rows: Data) -> RowHeading:
    """The column that names the rows."""
    heading: Data = rows.get("heading", {})
    return RowHeading(
        heading.get("label", ""), heading.get("number", ""), heading.get("code_list", "")
    )


def refuse_doubles(document: Document, names: Sequence[str], path: Path, key: str) -> None:
    """Blame every name that stands a second time in a list."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and name in first:
            line = document.line((*path, first[name]))
            problem = f"{name} stands a second time (first on line {line})"
            document.blame((*path, index, key), problem, "a name of its own")
        first.setdefault(name, index)


def check_model(document: Document, table: Table, rows: Data, path: Path) -> None:
    """Blame what the row model lacks, and what it cannot have."""
    at = (*path, "rows")
    if table.model is RowModel.FIXED and "rows" not in rows:
        document.blame((*at, "model"), "is fixed without rows", "rows: with key and label")
    if table.model is RowModel.OUTLINE and "headings" not in rows:
        document.blame((*at, "model"), "is an outline without headings", "headings: a list")
    for key, model in (("rows", RowModel.FIXED), ("headings", RowModel.OUTLINE)):
        if key in rows and table.model is not model:
            expected = f"model: {model}, or no {key}"
            document.blame((*at, key), f"are given for model {table.model}", expected)
    if table.model is RowModel.OPEN and not table.heading.label:
        document.blame((*at, "model"), "is open without a heading", "heading: {label: …}")
    if table.heading.code_list and table.model is not RowModel.OPEN:
        document.blame((*at, "heading", "list"), "names open rows", "model: open")
    if table.model is RowModel.OUTLINE and table.figures:
        document.blame((*path, "columns"), "are figures in a narrative", "columns of text")
    _check_sections(document, table, path)
    _check_total(document, table, path)
    _check_digits(document, table, (*at, "rows"))


def _check_sections(document: Document, table: Table, path: Path) -> None:
    at = (*path, "rows", "rows")
    used = {row.section for row in table.rows}
    for index, row in enumerate(table.rows):
        if row.section and row.section not in table.section_by_key:
            expected = "one of " + (", ".join(table.section_by_key) or "the declared sections")
            document.blame((*at, index, "section"), f"{row.section} is no section", expected)
    for index, section in enumerate(table.sections):
        where = (*path, "sections", index)
        if table.model not in _GROWING | {RowModel.FIXED}:
            document.blame(where, f"is not needed in model {table.model}", "no sections")
        elif table.model is RowModel.FIXED and section.key not in used:
            document.blame(where, "has no rows", f"a row with section: {section.key}")


def _check_total(document: Document, table: Table, path: Path) -> None:
    if table.total is None:
        return
    if table.model not in _GROWING | {RowModel.FIXED}:
        document.blame((*path, "total"), f"is given for model {table.model}", "no total row")
    for index, row in enumerate(table.rows):
        if row.formula is not None:
            problem = f"would count {row.key} twice: its parts are rows too"
            expected = "no total, or a row of its own with a formula"
            document.blame((*path, "rows", "rows", index, "formula"), problem, expected)


def _check_digits(document: Document, table: Table, path: Path) -> None:
    room = max((column.digits for column in table.figures), default=0)
    for index, row in enumerate(table.rows):
        if row.digits is not None and row.digits > room:
            expected = f"at most {room}, as its columns have"
            document.blame((*path, index, "digits"), f"is {row.digits}", expected)
