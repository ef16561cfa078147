"""What declarations must agree on among themselves: forms, regimes and lists named in each other.

Faults here carry the line of the file that names something, as faults within one file do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from forms.code_lists import CodeList
from forms.declaration import Declaration
from forms.declaration_rules import external_problems
from forms.definition import Column, Consolidate, Mode, RowModel, Rule, Source, Table
from forms.faults import Fault
from forms.regime import Regime
from forms.yaml_tree import Path

Problem = tuple[Path, str, str]


def cross_faults(
    declarations: Iterable[Declaration],
    *,
    regimes: Mapping[str, Regime],
    lists: Mapping[str, CodeList],
) -> list[Fault]:
    """Every fault that shows only when all files are read."""
    known = list(declarations)
    newest: dict[str, Declaration] = {}
    for declaration in sorted(known, key=lambda each: each.form.version):
        newest[declaration.form.code] = declaration
    faults = []
    for declaration in known:
        document = declaration.document
        for path, problem, expected in (
            *_regime_problems(declaration, regimes),
            *_list_problems(declaration, lists),
            *_rule_problems(declaration, newest),
            *_source_problems(declaration, newest),
        ):
            line = document.line(path)
            faults.append(Fault(document.file, line, document.key(path), problem, expected))
    return faults


def missing_form_faults(
    declarations: Iterable[Declaration], regimes: Mapping[str, Regime], files: Mapping[str, str]
) -> list[Fault]:
    """Regimes that ask for figures and have no form for them (component 10, Điều 8(8)a).

    `files` says where each stands. A secret regime is listed only, and takes no data.
    """
    asked = {declaration.form.regime for declaration in declarations}
    return [
        Fault(
            files[code],
            _line_of(regime.text, "content:"),
            "content",
            "asks for figures, and no form is declared for them: component 10, biểu mẫu số liệu",
            f"a form with `regime: {code}`, or its code in `forms` of the regime",
        )
        for code, regime in regimes.items()
        if "figures" in regime.content
        and not (regime.is_secret or regime.forms or code in asked)
        and code in files
    ]


def _line_of(text: str, beginning: str) -> int:
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if line.startswith(beginning)), 1)


def _among(names: Collection[str]) -> str:
    return "one of " + ", ".join(sorted(names)) if names else "none: there are none"


def _regime_problems(declaration: Declaration, regimes: Mapping[str, Regime]) -> Iterator[Problem]:
    form = declaration.form
    regime = regimes.get(form.regime)
    if regime is None:
        yield ("regime",), f"there is no regime {form.regime}", _among(regimes)
        return
    if regime.is_secret:
        problem = f"regime {regime.code} is secret: its reports are not kept in this system"
        yield ("regime",), problem, "a regime that is not secret (Điều 1(2) Nghị định 09/2019)"
    for index, kind in enumerate(form.periods):
        if kind not in regime.periods:
            yield (
                ("periods", index),
                f"{kind} is not in regime {regime.code}",
                _among(regime.periods),
            )
    for index, kind in enumerate(form.reporter_kinds):
        if kind not in regime.due:
            problem = f"regime {regime.code} has no due day for {kind}"
            yield ("reporter", "kinds", index), problem, _among(regime.due)
    if regime.predecessors:
        return
    for at, _, rule in _rules(declaration):
        if any(ref.source == "previous" for ref in rule.expression.refs):
            problem = f"previous(...) has no meaning: regime {regime.code} has no predecessors"
            yield at, problem, "predecessors in the regime, or a rule without previous"


def _list_problems(declaration: Declaration, lists: Mapping[str, CodeList]) -> Iterator[Problem]:
    for index, table in enumerate(declaration.form.tables):
        if table.heading.code_list and table.heading.code_list not in lists:
            at: Path = ("tables", index, "rows", "heading", "list")
            yield at, f"there is no list {table.heading.code_list}", _among(lists)
        for column in table.columns:
            if column.code_list and column.code_list not in lists:
                at = ("tables", index, "columns")
                problem = f"column {column.id}: there is no list {column.code_list}"
                yield at, problem, _among(lists)


def _rules(declaration: Declaration) -> Iterator[tuple[Path, Table, Rule]]:
    for table_index, table in enumerate(declaration.form.tables):
        for index, rule in enumerate(table.rules):
            yield ("tables", table_index, "rules", index, "check"), table, rule


def _rule_problems(
    declaration: Declaration, newest: Mapping[str, Declaration]
) -> Iterator[Problem]:
    for at, table, rule in _rules(declaration):
        for ref in rule.expression.refs:
            if ref.source in ("", "previous"):
                continue
            if ref.source not in newest:
                yield at, f"there is no form {ref.source}", _among(newest)
                continue
            other = newest[ref.source].form.tables
            for problem, expected in external_problems(ref, table=table, other=other):
                yield at, problem, expected


def _source_problems(
    declaration: Declaration, newest: Mapping[str, Declaration]
) -> Iterator[Problem]:
    form = declaration.form
    for index, source in enumerate(form.sources):
        at: Path = ("consolidates", index)
        if source.form not in newest:
            yield (*at, "from"), f"there is no form {source.form}", _among(newest)
            continue
        tables = newest[source.form].form.table_by_key
        if source.table not in tables:
            problem = f"form {source.form} has no table {source.table}"
            yield (*at, "table"), problem, _among(tables)
            continue
        target = form.table_by_key[source.into]
        yield from _column_problems(source, tables[source.table], target, at)
        yield from _row_problems(source, tables[source.table], target, at)


def _column_problems(source: Source, table: Table, target: Table, at: Path) -> Iterator[Problem]:
    for into in target.columns:
        said = into.id in source.columns
        taken = source.columns.get(into.id, into.id)
        here = (*at, "columns", into.id) if said else at
        needed = into.consolidate not in (Consolidate.NONE, Consolidate.RECOMPUTE)
        column = table.by_id.get(taken)
        if column is None:
            if said or needed:
                problem = f"form {source.form} has no column {taken} for {into.id}"
                yield here, problem, _among(table.by_id)
        elif misfit := _misfit(column, into):
            yield here, misfit, "columns of one kind, the target with room for all digits"


def _misfit(column: Column, into: Column) -> str:
    if column.is_figure != into.is_figure:
        return f"{column.id} is {column.type}, and {into.id} is {into.type}"
    if column.digits > into.digits:
        return f"{column.id} has {column.digits} digits, and {into.id} has {into.digits}"
    return ""


def _row_problems(source: Source, table: Table, target: Table, at: Path) -> Iterator[Problem]:
    """A sum by rows needs the same kind of rows on both sides, unless it goes into one row."""
    if source.mode is not Mode.SUM or source.row:
        return
    if table.model is not target.model:
        problem = f"rows of model {table.model} are added into rows of model {target.model}"
        yield at, problem, "rows of one model, or row: one declared row"
    if target.model is RowModel.FIXED:
        for row in table.rows:
            if row.key not in target.row_by_key:
                yield at, f"row {row.key} has no place in {target.key}", _among(target.row_by_key)
