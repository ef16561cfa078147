"""What declarations must agree on among themselves: forms, regimes and lists named in each other.

Faults here carry the line of the file that names something, as faults within one file do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from forms.code_lists import CodeList
from forms.declaration import Declaration
from forms.declaration_rules import external_problems
from forms.definition import Column, Consolidate, Mode, RowModel, Rule, Source, Table
from forms.faults import Fault
from forms.regime import Regime
from forms.unit_kinds import BRANCH_KINDS, KINDS
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
            *_section_problems(declaration, regimes),
            *_rule_problems(declaration, newest),
            *_source_problems(declaration, newest),
        ):
            if not document.is_misshapen(path):
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
    for kind in form.periods:
        if kind not in regime.periods:
            at = _item(declaration, ("periods",), kind)
            yield at, f"{kind} is not in regime {regime.code}", _among(regime.periods)
    for kind in form.reporter_kinds:
        if kind not in regime.due:
            problem = f"regime {regime.code} has no due day for {kind}"
            yield _item(declaration, ("reporter", "kinds"), kind), problem, _among(regime.due)
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
        paths = _column_paths(declaration, index)
        for column in table.columns:
            if column.code_list and column.code_list not in lists:
                at = (*paths.get(column.id, ("tables", index, "columns")), "list")
                yield at, f"there is no list {column.code_list}", _among(lists)


def _section_problems(declaration: Declaration, regimes: Mapping[str, Regime]) -> Iterator[Problem]:
    """Whose reports a section adds up must be a kind of unit, or its rows would never come."""
    known = {*KINDS, *BRANCH_KINDS, *(kind for regime in regimes.values() for kind in regime.due)}
    for index, table in enumerate(declaration.form.tables):
        for number, section in enumerate(table.sections):
            at: Path = ("tables", index, "sections", number, "kinds")
            for kind in section.kinds:
                if kind not in known:
                    yield _item(declaration, at, kind), f"{kind} is no kind of unit", _among(known)


def _item(declaration: Declaration, path: Path, text: str) -> Path:
    """Where a text stands in a list of the file: what has the wrong shape there is left out."""
    found = _dig(declaration.document.data, path)
    return (*path, found.index(text)) if isinstance(found, list) and text in found else path


def _dig(data: Any, path: Path) -> Any:
    for part in path:
        is_there = part in data if isinstance(data, dict) else isinstance(data, list)
        if not is_there or (isinstance(part, int) and part >= len(data)):
            return None
        data = data[part]
    return data


def _column_paths(declaration: Declaration, table: int) -> dict[str, Path]:
    """Column id -> where it stands, below however many headers."""
    found: dict[str, Path] = {}
    waiting: list[Path] = [("tables", table, "columns")]
    while waiting:
        path = waiting.pop()
        entries = _dig(declaration.document.data, path)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                if "columns" in entry:
                    waiting.append((*path, index, "columns"))
                found.setdefault(str(entry.get("id")), (*path, index))
    return found


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
            if newest[ref.source].is_faulty:
                continue  # What it lacks may be what is wrong with it.
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
        if newest[source.form].is_faulty:
            continue
        tables = newest[source.form].form.table_by_key
        if source.table not in tables:
            problem = f"form {source.form} has no table {source.table}"
            yield (*at, "table"), problem, _among(tables)
            continue
        target = form.table_by_key.get(source.into)
        if target is None:
            continue
        known = _sure_columns(declaration, target)
        yield from _column_problems(source, tables[source.table], known, at)
        yield from _row_problems(source, tables[source.table], target, at)


def _sure_columns(declaration: Declaration, table: Table) -> list[Column]:
    """The columns of a table but those whose type could not be read."""
    paths = _column_paths(declaration, declaration.form.tables.index(table))
    return [
        column
        for column in table.columns
        if not declaration.document.is_misshapen((*paths.get(column.id, ()), "type"))
    ]


def _column_problems(
    source: Source, table: Table, targets: Sequence[Column], at: Path
) -> Iterator[Problem]:
    for into in targets:
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
