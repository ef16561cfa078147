"""What dictionaries of indicators must agree on with each other and with the forms they name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from forms.definition import ONLY_ROW, CellType, FormVersion, RowModel, Table
from forms.expressions import TOTAL, Linear, PercentOf, Ref
from forms.faults import Fault
from forms.indicators import AskedCell, Dictionary, Indicator
from forms.reading_indicators import Declared
from forms.yaml_tree import Path

Problem = tuple[Path, str, str]


def build_dictionary(files: Sequence[Declared]) -> Dictionary:
    """One dictionary from several files; of two with the same code the first one counts."""
    indicators: dict[str, Indicator] = {}
    for declared in files:
        for _, indicator in declared.indicators:
            indicators.setdefault(indicator.code, indicator)
    cells = (cell for declared in files for _, cell in declared.cells)
    return Dictionary(indicators, tuple(dict.fromkeys(cells)))


def indicator_faults(files: Sequence[Declared], forms: Collection[FormVersion]) -> list[Fault]:
    """Every fault that shows only when all dictionaries and all forms are read."""
    dictionary = build_dictionary(files)
    versions: dict[str, list[FormVersion]] = {}
    for form in forms:
        versions.setdefault(form.code, []).append(form)
    first: dict[str, Path | str] = {}
    taken: dict[tuple[str, int, str], AskedCell] = {}
    faults: list[Fault] = []
    for declared in files:
        for path, problem, expected in (
            *_indicator_problems(declared, dictionary, first),
            *_cell_problems(declared, dictionary, versions, taken),
        ):
            document = declared.document
            if not document.is_misshapen(path):
                line, key = document.line(path), document.key(path)
                faults.append(Fault(document.file, line, key, problem, expected))
    return faults


def _indicator_problems(
    declared: Declared, dictionary: Dictionary, first: dict[str, Path | str]
) -> Iterator[Problem]:
    known = dictionary.indicators
    for at, indicator in declared.indicators:
        if indicator.code in first:
            problem = f"{indicator.code} is already an indicator ({first[indicator.code]})"
            yield (*at, "code"), problem, "a code of its own"
        place = f"{declared.document.file}:{declared.document.line(at)}"
        first.setdefault(indicator.code, place)
        for key, code in (("of", indicator.of), ("to", indicator.to)):
            if not code:
                continue
            if code not in known:
                yield (*at, key), f"there is no indicator {code}", _among(known)
            elif known[code].is_ratio:
                yield (*at, key), f"{code} is itself a ratio", "an indicator that is counted"
        if indicator.is_ratio and indicator.of and indicator.of == indicator.to:
            yield (*at, "to"), f"{indicator.to} is divided by itself", "another indicator"


def _cell_problems(
    declared: Declared,
    dictionary: Dictionary,
    versions: Mapping[str, Sequence[FormVersion]],
    taken: dict[tuple[str, int, str], AskedCell],
) -> Iterator[Problem]:
    for at, cell in declared.cells:
        if cell.indicator and cell.indicator not in dictionary.indicators:
            problem = f"there is no indicator {cell.indicator}"
            yield (*at, "indicator"), problem, _among(dictionary.indicators)
            continue
        if cell.form not in versions:
            yield (*at, "form"), f"there is no form {cell.form}", _among(versions)
            continue
        meant = [form for form in versions[cell.form] if cell.is_in(form)]
        if not meant:
            problem = f"form {cell.form} has no version {cell.version}"
            known = [str(form.version) for form in versions[cell.form]]
            yield (*at, "version"), problem, _among(known)
        for form in meant:
            yield from _place_problems(at, cell, form, dictionary)
            for key in (f"indicator {cell.indicator}", f"cell {cell}"):
                other = taken.setdefault((form.code, form.version, key), cell)
                if other is not cell:
                    yield at, _double(key, other), "one cell for one indicator of a form"


def _double(key: str, other: AskedCell) -> str:
    if key.startswith("indicator"):
        return f"form {other.form} already gives {other.indicator} ({other})"
    return f"the cell already gives {other.indicator}"


def _place_problems(
    at: Path, cell: AskedCell, form: FormVersion, dictionary: Dictionary
) -> Iterator[Problem]:
    """What is wrong with a place on one version of a form."""
    name = f"form {form.code} version {form.version}"
    table = form.table_by_key.get(cell.table)
    if table is None:
        yield (*at, "table"), f"{name} has no table {cell.table}", _among(form.table_by_key)
        return
    rows = _rows_of(table)
    if cell.row not in rows:
        yield (*at, "row"), f"table {cell.table} of {name} has no row {cell.row}", _among(rows)
    if cell.column not in table.figure_index:
        problem = f"table {cell.table} of {name} has no figures {cell.column}"
        yield (*at, "column"), problem, _among(table.figure_index)
        return
    yield from _type_problems((*at, "column"), cell, table, form, dictionary)


def _rows_of(table: Table) -> list[str]:
    """The rows that every report of a form has, by their names."""
    rows = [row.key for row in table.rows] if table.model is RowModel.FIXED else []
    rows += [ONLY_ROW] if table.model is RowModel.SINGLE else []
    return [*rows, TOTAL] if table.total is not None else rows


def _type_problems(
    at: Path, cell: AskedCell, table: Table, form: FormVersion, dictionary: Dictionary
) -> Iterator[Problem]:
    """A ratio stands in a column of percentages, worked out from its own two indicators."""
    column, indicator = table.by_id[cell.column], dictionary.indicators.get(cell.indicator)
    if indicator is None:
        return
    is_percent = column.type is CellType.PERCENT
    if is_percent != indicator.is_ratio:
        problem = f"{column.id} is {column.type}, and {indicator.code} is a {indicator.kind}"
        yield at, problem, "a ratio in a column of type percent, and nothing else there"
        return
    parts = dictionary.parts(form, indicator.code)
    if parts is None or column.formula is None:
        return
    wanted = PercentOf(_alone(parts[0].column), _alone(parts[1].column))
    if column.formula != wanted:
        problem = f"{column.id} is not worked out from {indicator.of} and {indicator.to}"
        yield at, problem, f"formula: percent({parts[0].column}, {parts[1].column})"


def _alone(column: str) -> Linear:
    return Linear(((Ref(column=column), Decimal(1)),))


def _among(names: Collection[str]) -> str:
    return "one of " + ", ".join(sorted(names)) if names else "none: there are none"
