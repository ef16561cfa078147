"""Periods of one unit side by side: figures, year to date, the year before, growth; a workbook."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from forms.definition import OverTime
from forms.series_lines import Block, Look, SeriesLine, headings, lines_of, rows_named
from forms.time_series import YearCheck
from forms.values import write_figure
from reporting.api.blueprint import Blueprint
from reporting.api.schemas import IssueList, text_argument
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.series_workbooks import series_workbook
from reporting.services.time_views import MOST_PERIODS, Of, TimeView, Wanted, view_series

blp = Blueprint("series", __name__, url_prefix="/api/v1", description="Periods side by side")

LAST_YEAR = "last_year"


class SeriesArguments(Schema):
    """Which periods of which form of which unit."""

    form = text_argument(required=True)
    unit = text_argument(required=True)
    periods = text_argument(
        required=True,
        longest=16 * MOST_PERIODS,
        metadata={"description": "parted by commas: 2026-Q1,2026-Q2,2026-Q3"},
    )
    compare = fields.String(
        load_default=LAST_YEAR,
        validate=validate.OneOf([LAST_YEAR, "none"]),
        metadata={"description": "with what the periods are compared"},
    )
    of = fields.String(
        load_default="",
        validate=validate.OneOf(["", *(one.value for one in Of)]),
        metadata={"description": "editions or the unit's own reports; '' is as the form has it"},
    )


class SeriesRowArguments(SeriesArguments):
    """Which of its rows, too."""

    row = text_argument(
        load_default="",
        longest=500,
        metadata={"description": "one row alone, by its place in cell ids; `total` is the total"},
    )


class SeriesPeriodSchema(Schema):
    """One period that was asked for, and where its figures come from; null where nothing is."""

    period = fields.String()
    label = fields.String()
    id = fields.Integer(allow_none=True, metadata={"description": "of the edition or submission"})
    number = fields.Integer(allow_none=True, metadata={"description": "edition or revision"})
    version = fields.Integer(allow_none=True, metadata={"description": "of the form"})
    received = fields.Integer(allow_none=True)
    expected = fields.Integer(allow_none=True)
    at = fields.AwareDateTime(allow_none=True)


class SeriesToDateSchema(Schema):
    """The year to date: up to which period, of which, and which are not there."""

    until = fields.String()
    periods = fields.List(fields.String())
    missing = fields.List(fields.String())


class SeriesHeadingSchema(Schema):
    """What the cells of a line are, in their order."""

    block = fields.String(validate=validate.OneOf([one.value for one in Block]))
    period = fields.String()
    to_date = fields.Boolean()


class SeriesCellSchema(Schema):
    """One cell: a figure at its declared digits, or why there is none."""

    look = fields.String(validate=validate.OneOf([one.value for one in Look]))
    value = fields.String(allow_none=True)
    is_partial = fields.Boolean(metadata={"description": "some periods of it did not ask the cell"})
    reason = fields.String()


class SeriesLineSchema(Schema):
    """One column of one row, over the periods."""

    row = fields.String()
    row_label = fields.String()
    column = fields.String()
    label = fields.String()
    over_time = fields.String(validate=validate.OneOf([one.value for one in OverTime]))
    cells = fields.List(fields.Nested(SeriesCellSchema))


class SeriesTableSchema(Schema):
    """One table, row by row, the total last."""

    key = fields.String()
    title = fields.String()
    lines = fields.List(fields.Nested(SeriesLineSchema))


class SeriesDifferenceSchema(Schema):
    """One cell in which a Year report is not what its periods come to."""

    cell = fields.String()
    over_time = fields.String(validate=validate.OneOf([one.value for one in OverTime]))
    year = fields.String()
    periods = fields.String()
    difference = fields.String()
    warned = fields.Boolean()


class SeriesYearSchema(Schema):
    """One year held against its periods; nothing was compared where some are missing."""

    year = fields.String()
    periods = fields.List(fields.String())
    missing = fields.List(fields.String())
    differences = fields.List(fields.Nested(SeriesDifferenceSchema))


class SeriesSchema(Schema):
    """Periods of one unit side by side."""

    form = fields.String()
    unit = fields.String()
    unit_name = fields.String()
    of = fields.String(validate=validate.OneOf([one.value for one in Of]))
    periods = fields.List(fields.Nested(SeriesPeriodSchema))
    year_to_date = fields.Nested(SeriesToDateSchema, allow_none=True)
    headings = fields.List(fields.Nested(SeriesHeadingSchema))
    tables = fields.List(fields.Nested(SeriesTableSchema))
    years = fields.List(fields.Nested(SeriesYearSchema))
    issues = IssueList()


@blp.get("/series")
@blp.arguments(SeriesRowArguments, location="query")
@blp.response(200, SeriesSchema)
@allows(Right.CLIENT)
def get_series(arguments: dict[str, Any]) -> Any:
    """Periods side by side, the year to date, the same of the year before, and the growth."""
    view = _view(arguments)
    series = view.series
    year = series.to_date
    return {
        "form": view.form.code,
        "unit": view.unit_code,
        "unit_name": view.unit_name,
        "of": view.of.value,
        "periods": _sources(view),
        "year_to_date": None
        if year is None
        else {
            "until": year.until.code,
            "periods": [period.code for period in year.periods],
            "missing": [period.code for period in year.missing],
        },
        "headings": [
            {"block": one.block.value, "period": one.period.code, "to_date": one.to_date}
            for one in headings(series)
        ],
        "tables": [
            {
                "key": key,
                "title": table.table.title,
                "lines": [
                    _line(line)
                    for line in lines_of(series, key, rows_named(series, key, arguments["row"]))
                ],
            }
            for key, table in series.canvas.tables.items()
        ],
        "years": [_year(check) for check in series.checks],
        "issues": view.issues,
    }


@blp.get("/series/workbook")
@blp.arguments(SeriesArguments, location="query")
@blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
@allows(Right.CLIENT)
def get_series_workbook(arguments: dict[str, Any]) -> Response:
    """The same as a workbook."""
    return hand_out(series_workbook(_view(arguments)), XLSX)


def _view(arguments: dict[str, Any]) -> TimeView:
    parts = current_parts()
    wanted = Wanted(
        arguments["form"],
        arguments["unit"],
        arguments["periods"].split(","),
        arguments["compare"] == LAST_YEAR,
        arguments["of"],
    )
    with parts.reading_sessions() as session:
        return view_series(session, actor=current_actor(), wanted=wanted, catalogue=parts.catalogue)


def _sources(view: TimeView) -> list[dict[str, Any]]:
    sources = []
    for period in view.series.asked:
        kept = view.kept.get(period.code)
        names = ("id", "number", "version", "received", "expected", "at")
        said = {name: getattr(kept, name, None) for name in names}
        sources.append({"period": period.code, "label": period.label_vi} | said)
    return sources


def _line(line: SeriesLine) -> dict[str, Any]:
    return {
        "row": line.row.path,
        "row_label": line.row.label,
        "column": line.column.id,
        "label": line.column.label,
        "over_time": line.way.value,
        "cells": [
            {
                "look": cell.look.value,
                "value": None if cell.value is None else f"{cell.value:f}",
                "is_partial": cell.partial,
                "reason": cell.reason,
            }
            for cell in line.cells
        ],
    }


def _year(check: YearCheck) -> dict[str, Any]:
    return {
        "year": check.year.code,
        "periods": [period.code for period in check.parts],
        "missing": [period.code for period in check.missing],
        "differences": [
            {
                "cell": f"{line.table}/{line.row.path}/{line.column.id}",
                "over_time": line.way.value,
                "year": write_figure(line.year, line.column.digits),
                "periods": write_figure(line.parts, line.column.digits),
                "difference": write_figure(line.difference, line.column.digits),
                "warned": line.issue is not None,
            }
            for line in check.differences
        ],
    }
