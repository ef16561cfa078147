"""The JSON Schema (2020-12) of a return: its shape and types, made from the declaration.

What figures must add up to, which rows are asked in a period and which names a list knows are
no matter of shape; the checks of a return say those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forms.definition import ALWAYS, CellType, Column, FormVersion, RowModel, Table

Schema = dict[str, Any]

_PERIODS: Mapping[str, str] = {"M": "-(0[1-9]|1[0-2])", "Y": ""}

#: The models whose rows the sender must name; other rows are the unit itself or just numbered.
_NAMED = frozenset({RowModel.FIXED, RowModel.OPEN, RowModel.OUTLINE})


def json_schema(form: FormVersion) -> Schema:
    """The schema of a JSON return of this form version, as plain JSON values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{form.code} v{form.version}: {form.title_vi}",
        "description": f"{form.title_en}. {form.source}.",
        "type": "object",
        "required": ["form", "unit", "period", "tables"],
        "additionalProperties": False,
        "properties": {
            "form": {"const": form.code},
            "version": {"const": form.version},
            "unit": {"type": "string", "minLength": 1},
            "period": {"type": "string", "pattern": _period_pattern(form.periods)},
            "note": {"type": ["string", "null"]},
            "tables": _tables(form.tables),
        },
    }


def _period_pattern(kinds: Iterable[str]) -> str:
    endings = "|".join(_PERIODS.get(kind, f"-{kind}") for kind in kinds)
    return f"^(19|20|21)[0-9]{{2}}({endings})$"


def _tables(tables: Iterable[Table]) -> Schema:
    known = tuple(tables)
    return {
        "type": "object",
        "required": [table.key for table in known if table.compulsory],
        "additionalProperties": False,
        "properties": {table.key: _table(table) for table in known},
    }


def _table(table: Table) -> Schema:
    properties: Schema = {
        "nil": {"type": "boolean", "description": "không phát sinh"},
        "rows": {"type": "array", "maxItems": table.max_rows, "items": _row(table)},
    }
    if table.total is not None:
        figures = {column.id: _cell(column, may_be_blank=True) for column in table.figures}
        properties["total"] = {
            "title": table.total.label,
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": figures,
        }
    return {
        "title": table.title,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _row(table: Table) -> Schema:
    key: Schema = {"type": "string"}
    if table.heading.label:
        key["title"] = table.heading.label
    if table.rows:
        key["examples"] = [row.key for row in table.rows]
    properties: Schema = {"key": key, "cells": _cells(table)}
    required = ["key", "cells"] if table.model in _NAMED else ["cells"]
    if table.sections and table.rows:
        # A declared row stands under its heading already; whatever the sender adds is not read.
        properties["section"] = {"type": "string", "examples": [s.key for s in table.sections]}
    elif table.sections:
        required.append("section")
        properties["section"] = {
            "enum": [*(s.key for s in table.sections), *(s.label for s in table.sections)]
        }
    elif table.model is not RowModel.OUTLINE:
        properties["section"] = {"const": ""}
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


def _cells(table: Table) -> Schema:
    # A row that consolidation fills, or that a period does not ask, is sent without its figures.
    is_whole = all(row.validity == ALWAYS and not row.taken_from for row in table.rows)
    needed = [column.id for column in table.columns if is_whole and _must_be_sent(column)]
    return {
        "type": "object",
        "required": needed,
        "additionalProperties": False,
        "properties": {
            column.id: _cell(column, may_be_blank=column.id not in needed)
            for column in table.columns
        },
    }


def _must_be_sent(column: Column) -> bool:
    return column.compulsory and column.formula is None and column.validity == ALWAYS


def _cell(column: Column, *, may_be_blank: bool) -> Schema:
    blank = ["null"] if may_be_blank else []
    schema: Schema = {"title": column.label}
    if not column.is_figure:
        schema["type"] = ["string", *blank]
        if column.type is CellType.DATE:
            schema["examples"] = ["2026-09-14", "14/9/2026"]
        return schema
    schema["type"] = ["number" if column.digits else "integer", "string", *blank]
    if column.unit:
        schema["description"] = column.unit
    for word, bound in (("minimum", column.minimum), ("maximum", column.maximum)):
        # Only whole bounds are given: a bound of 0.1 would become a binary fraction.
        if bound is not None and bound % 10**column.digits == 0:
            schema[word] = bound // 10**column.digits
    return schema
