"""The columns of a declared table: defaults laid under them, their contradictions found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from forms.definition import FIGURE_TYPES, CellType, Column, Consolidate, OverTime, Validity
from forms.values import FIGURE_BOUND
from forms.yaml_tree import Document, Path

Data = Mapping[str, Any]

_SUMMED = frozenset({CellType.INTEGER, CellType.DECIMAL, CellType.STOCK})


def leaves(
    entries: Sequence[Data], path: Path, labels: tuple[str, ...] = ()
) -> Iterator[tuple[Path, tuple[str, ...], Data]]:
    """Every column below a list of headers: where it stands, its header path, what it says."""
    for index, entry in enumerate(entries):
        at = (*path, index)
        if "header" in entry or "columns" in entry:
            down = (*labels, str(entry.get("header", "")))
            yield from leaves(entry.get("columns", ()), (*at, "columns"), down)
        else:
            yield at, (*labels, str(entry.get("label", ""))), entry


def build_columns(document: Document, table: Data, path: Path) -> dict[Path, Column]:
    """The columns in printed order, by where they stand, their formulas still to come."""
    columns: dict[Path, Column] = {}
    seen: dict[str, int] = {}
    for at, labels, entry in leaves(table.get("columns", ()), (*path, "columns")):
        column = _column(document, entry, table.get("cells", {}), at, labels)
        if column.id in seen:
            problem = f"{column.id} is already a column (line {seen[column.id]})"
            document.blame((*at, "id"), problem, "an id of its own")
        seen.setdefault(column.id, document.line(at))
        columns[at] = column
    return columns


def validity_of(document: Document, data: Data, path: Path) -> Validity:
    """First and last day, in that order."""
    validity = Validity(data.get("valid_from"), data.get("valid_to"))
    if validity.valid_from and validity.valid_to and validity.valid_from > validity.valid_to:
        expected = f"a day from {validity.valid_from} on"
        document.blame((*path, "valid_to"), f"is {validity.valid_to}", expected)
    return validity


def _column(
    document: Document, entry: Data, cells: Data, path: Path, labels: tuple[str, ...]
) -> Column:
    said = {**_inherited(cells, entry), **entry}
    type_ = said.get("type", CellType.INTEGER)
    digits = said.get("digits", 0)
    places = ((*path, "type"), (*path[:2], "cells", "type"))
    if "type" not in said and not any(document.is_misshapen(place) for place in places):
        document.blame(path, "has no type", "type here, or once under cells")
    column = Column(
        id=entry.get("id", ""),
        path=labels,
        type=type_,
        number=entry.get("number", _printed_number(entry.get("id", ""))),
        digits=digits,
        unit=said.get("unit", ""),
        compulsory=said.get("compulsory", False),
        minimum=_scaled(document, said.get("minimum"), digits, (*path, "min")),
        maximum=_scaled(document, said.get("maximum"), digits, (*path, "max")),
        not_applicable=said.get("not_applicable", False),
        code_list=said.get("code_list", ""),
        consolidate=said.get("consolidate", _usual(type_, "formula" in entry)),
        over_time=said.get("over_time"),
        validity=validity_of(document, said, path),
    )
    _check(document, column, has_formula="formula" in entry, path=path)
    return column


def _inherited(cells: Data, entry: Data) -> dict[str, Any]:
    """What `cells` says of this column: words take nothing from figures, nor figures from words.

    Digits and the list go with the type; how a cell comes together does not reach a percentage.
    """
    usual = cells.get("type", entry.get("type"))
    own = entry.get("type", usual)
    if (own in FIGURE_TYPES) != (usual in FIGURE_TYPES):
        return {}
    taken = dict(cells)
    if own != usual:
        for key in ("digits", "code_list"):
            taken.pop(key, None)
    if own is CellType.PERCENT and usual is not CellType.PERCENT:
        taken.pop("consolidate", None)
        taken.pop("over_time", None)
    return taken


def _printed_number(column_id: str) -> str:
    """`c3` is printed as (3); an id that is no letter with a number prints none."""
    match = re.fullmatch(r"[a-z]([0-9]+)", column_id)
    return match[1] if match else ""


def _usual(type_: CellType, has_formula: bool) -> Consolidate:
    if type_ in _SUMMED:
        return Consolidate.SUM
    is_ratio = type_ is CellType.PERCENT and has_formula
    return Consolidate.RECOMPUTE if is_ratio else Consolidate.NONE


def _scaled(document: Document, bound: Decimal | None, digits: int, path: Path) -> int | None:
    if bound is None:
        return None
    scaled = bound.scaleb(digits)
    if scaled != scaled.to_integral_value():
        document.blame(path, f"is {bound}", f"at most {digits} digits after the point")
        return None
    if abs(scaled) >= FIGURE_BOUND:
        document.blame(path, f"is {bound}", "at most 15 digits, decimals included")
        return None
    return int(scaled)


def _check(document: Document, column: Column, *, has_formula: bool, path: Path) -> None:
    blame = document.blame
    if column.type is CellType.DECIMAL and column.digits == 0:
        blame(path, "is a decimal without digits", "digits: 1 to 9, or type: integer")
    if column.type is CellType.INTEGER and column.digits:
        blame((*path, "digits"), f"is {column.digits} for an integer", "type: decimal")
    bounds = (column.minimum, column.maximum)
    if None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]
        blame((*path, "max"), "is below the least", "a figure from min on")
    if not column.is_figure:
        _check_words(document, column, bounds=bounds, has_formula=has_formula, path=path)
    elif column.code_list:
        blame((*path, "list"), f"is given for type {column.type}", "type: code")
    _check_consolidate(document, column, has_formula=has_formula, path=path)
    if column.over_time in (OverTime.FLOW, OverTime.STOCK, OverTime.OPENING) and (
        not column.is_figure or column.type is CellType.PERCENT
    ):
        problem = f"is {column.over_time} for type {column.type}"
        blame((*path, "over_time"), problem, "none, or a column of counts")


def _check_words(
    document: Document,
    column: Column,
    *,
    bounds: tuple[int | None, int | None],
    has_formula: bool,
    path: Path,
) -> None:
    blame = document.blame
    if bounds != (None, None):
        blame(path, f"has min or max, and is {column.type}", "bounds for figures only")
    if column.digits:
        blame((*path, "digits"), f"is given for type {column.type}", "digits for figures only")
    if has_formula:
        blame((*path, "formula"), f"computes a cell of type {column.type}", "a column of figures")
    if column.type is CellType.CODE and not column.code_list:
        blame(path, "is a code without its list", "list: the code of a list")
    if column.type is not CellType.CODE and column.code_list:
        blame((*path, "list"), f"is given for type {column.type}", "type: code")


def _check_consolidate(
    document: Document, column: Column, *, has_formula: bool, path: Path
) -> None:
    way = column.consolidate
    problem = ""
    if way is Consolidate.SUM and column.type not in _SUMMED:
        problem = f"adds up cells of type {column.type}"
        expected = (
            "none, or recompute with a formula" if column.is_figure else "none or concatenate"
        )
    elif way is Consolidate.RECOMPUTE and not has_formula:
        problem, expected = "recomputes without a formula", "a formula such as percent(c5, c1)"
    elif way is Consolidate.CONCATENATE and column.is_figure:
        problem, expected = f"strings together cells of type {column.type}", "sum or none"
    if problem:
        document.blame((*path, "consolidate"), problem, expected)
