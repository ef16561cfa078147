"""How a declared form is consolidated from others, as far as its own file can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.definition import Mode, RowModel, Source, Table
from forms.yaml_tree import Document, Path

Data = Mapping[str, Any]

#: What a consolidated table must be for each way of filling it.
_MODELS: Mapping[Mode, frozenset[RowModel]] = {
    Mode.STACK: frozenset({RowModel.UNITS}),
    Mode.SUM: frozenset({RowModel.SINGLE, RowModel.FIXED, RowModel.OPEN}),
    Mode.CONCATENATE: frozenset({RowModel.LIST, RowModel.OUTLINE}),
}


def build_sources(document: Document, data: Data, tables: tuple[Table, ...]) -> tuple[Source, ...]:
    """Every way into a table of this form, in the order of the file."""
    by_key = {table.key: table for table in tables}
    first = tables[0].key if tables else ""
    sources = []
    for index, said in enumerate(data.get("consolidates", ())):
        path = ("consolidates", index)
        into = said.get("into", first)
        source = Source(
            form=said.get("form", ""),
            table=said.get("table", into),
            into=into,
            mode=said.get("mode", Mode.SUM),
            columns=said.get("columns", {}),
            row=said.get("row", ""),
        )
        sources.append(source)
        if into in by_key:
            _check_source(document, source, by_key[into], path)
        else:
            expected = "one of " + ", ".join(by_key)
            document.blame((*path, "into"), f"{into} is no table", expected)
    _check_taken_rows(document, tables, sources)
    return tuple(sources)


def _check_source(document: Document, source: Source, table: Table, path: Path) -> None:
    if table.model not in _MODELS[source.mode]:
        expected = " or ".join(sorted(_MODELS[source.mode]))
        problem = f"{source.mode} fills a table of model {table.model}"
        document.blame((*path, "mode"), problem, f"a table of model {expected}")
    if source.row and source.row not in table.row_by_key:
        expected = "one of " + (", ".join(table.row_by_key) or "the rows of a fixed table")
        document.blame((*path, "row"), f"{source.row} is no row of {table.key}", expected)
    if source.row and source.mode is not Mode.SUM:
        document.blame((*path, "row"), f"is one row for mode {source.mode}", "mode: sum")
    for target in source.columns:
        if target not in table.by_id:
            expected = "one of " + ", ".join(table.by_id)
            problem = f"{target} is no column of {table.key}"
            document.blame((*path, "columns", target), problem, expected)


def _check_taken_rows(document: Document, tables: tuple[Table, ...], sources: list[Source]) -> None:
    known = {(source.into, source.row, source.form) for source in sources}
    for table_index, table in enumerate(tables):
        for index, row in enumerate(table.rows):
            if row.taken_from and (table.key, row.key, row.taken_from) not in known:
                path = ("tables", table_index, "rows", "rows", index, "from")
                expected = f"consolidates with from: {row.taken_from} and row: {row.key}"
                document.blame(path, "is not said under consolidates", expected)
