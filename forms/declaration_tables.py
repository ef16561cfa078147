"""The tables of a declaration: columns, rows, formulas and rules put together.

Each part is built as far as it can be; what cannot is blamed on the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from forms.declaration_columns import build_columns
from forms.declaration_rows import (
    build_heading,
    build_rows,
    build_sections,
    check_model,
    refuse_doubles,
)
from forms.declaration_rules import (
    Unsettled,
    find_cycles,
    settle_column_formula,
    settle_row_formula,
    settle_rule,
)
from forms.definition import (
    BlankMeans,
    CellType,
    Column,
    Origin,
    RowModel,
    Rule,
    Scope,
    Severity,
    Table,
    Total,
)
from forms.expressions import Expression, Linear
from forms.yaml_tree import Document, Path

Data = Mapping[str, Any]

#: An outline needs no columns of its own: every heading takes one text.
_NARRATIVE = Column(id="noi_dung", path=("Nội dung",), type=CellType.TEXT)


def build_tables(document: Document, data: Data) -> tuple[Table, ...]:
    """Every table of the file; the rules last, since they may look at other tables."""
    entries = data.get("tables", ())
    bare = [_build_table(document, entry, ("tables", index)) for index, entry in enumerate(entries)]
    refuse_doubles(document, [table.key for table in bare], ("tables",), "key")
    by_key = {table.key: table for table in bare}
    return tuple(
        replace(table, rules=_build_rules(document, entry, index, table, by_key, data))
        for index, (entry, table) in enumerate(zip(entries, bare, strict=True))
    )


def _build_table(document: Document, entry: Data, path: Path) -> Table:
    """One table with its formulas, without its rules: these may look at other tables."""
    rows: Data = entry.get("rows", {})
    model = rows.get("model", RowModel.SINGLE)
    columns = build_columns(document, entry, path)
    if not columns and model is not RowModel.OUTLINE:
        document.blame(path, "has no columns", "columns: a list")
    built_rows = build_rows(document, rows, (*path, "rows"))
    table = Table(
        key=entry.get("key", ""),
        title=entry.get("title", ""),
        model=model,
        columns=tuple(columns.values()) or (_NARRATIVE,),
        rows=built_rows,
        sections=build_sections(document, entry, path),
        heading=build_heading(rows),
        total=Total(entry["total"]) if "total" in entry else None,
        max_rows=rows.get("most", len(built_rows) or (1 if model is RowModel.SINGLE else 500)),
        compulsory=entry.get("compulsory", True),
    )
    table = _with_column_formulas(document, table, entry, columns)
    table = _with_row_formulas(document, table, rows, (*path, "rows", "rows"))
    check_model(document, table, rows, path)
    return table


def _with_column_formulas(
    document: Document, table: Table, entry: Data, columns: Mapping[Path, Column]
) -> Table:
    finished = []
    for path, column in columns.items():
        text = _said(entry, path).get("formula")
        formula = None
        if text is not None and column.is_figure:
            try:
                formula = settle_column_formula(text, column=column, table=table)
            except Unsettled as error:
                _blame_all(document, (*path, "formula"), error)
        finished.append(replace(column, formula=formula))
    graph = {
        column.id: [ref.column for ref in column.formula.refs] if column.formula else []
        for column in finished
    }
    paths = {column.id: path for path, column in columns.items()}
    for name, trail in find_cycles(graph).items():
        problem = "is computed from itself: " + " -> ".join(trail)
        document.blame((*paths[name], "formula"), problem, "one of these columns typed")
    return replace(table, columns=tuple(finished) or table.columns)


def _with_row_formulas(document: Document, table: Table, rows: Data, path: Path) -> Table:
    texts = {said.get("key"): said["formula"] for said in rows.get("rows", ()) if "formula" in said}
    finished = []
    for index, row in enumerate(table.rows):
        formula = None
        if row.key in texts:
            try:
                formula = settle_row_formula(texts[row.key], row=row, table=table)
            except Unsettled as error:
                _blame_all(document, (*path, index, "formula"), error)
        finished.append(replace(row, formula=formula))
    graph = {
        row.key: [ref.row for ref in row.formula.refs] if row.formula else [] for row in finished
    }
    index_of = {row.key: index for index, row in enumerate(finished)}
    for name, trail in find_cycles(graph).items():
        problem = "is computed from itself: " + " -> ".join(trail)
        document.blame((*path, index_of[name], "formula"), problem, "one of these rows typed")
    return replace(table, rows=tuple(finished))


def _said(entry: Data, path: Path) -> Data:
    """What the table says of the column at a path (`tables`, index, `columns`, index, ...)."""
    found: Any = entry
    for part in path[2:]:
        found = found[part]
    return dict(found)


def _build_rules(
    document: Document,
    entry: Data,
    index: int,
    table: Table,
    tables: Mapping[str, Table],
    form: Data,
) -> tuple[Rule, ...]:
    path: Path = ("tables", index, "rules")
    rules = []
    for number, said in enumerate(entry.get("rules", ())):
        text = said.get("check", "")
        expression: Any = Expression(Linear())
        scope = Scope.TABLE
        try:
            expression, scope = settle_rule(
                text, table=table, tables=tables, form=form.get("form", "")
            )
        except Unsettled as error:
            _blame_all(document, (*path, number, "check"), error)
        origin = said.get("origin", Origin.PRINTED)
        usual = Severity.WARNING if origin is Origin.DERIVED else Severity.ERROR
        rules.append(
            Rule(
                id=said.get("id", f"r{number + 1}"),
                text=text,
                expression=expression,
                scope=scope,
                severity=said.get("severity", usual),
                origin=origin,
                note=said.get("note", ""),
                blank=said.get("blank", BlankMeans.SKIP),
            )
        )
    refuse_doubles(document, [rule.id for rule in rules], path, "id")
    return tuple(rules)


def _blame_all(document: Document, path: Path, error: Unsettled) -> None:
    for problem, expected in error.problems:
        document.blame(path, problem, expected)
