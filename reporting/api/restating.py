"""Editions on the map of units of another day: as JSON, and as a workbook. Nothing is stored."""

from __future__ import annotations

import json
from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import IssueList, ProblemSchema, day_argument, text_argument
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.restated_workbooks import restated_workbook
from reporting.services.restating import Restated, restate

blp = Blueprint("restating", __name__, url_prefix="/api/v1", description="Other maps of units")


class RestatedArguments(Schema):
    """On the map of which day; of a unit that was divided, which of its parts."""

    on = day_argument(load_default=None)
    unit = text_argument(load_default="")


class UsedEditionSchema(Schema):
    """An edition that is in the figures, and which share of it."""

    id = fields.Integer()
    unit = fields.String()
    number = fields.Integer()
    sha256 = fields.String()
    share = fields.String()


class MoveSchema(Schema):
    """What became of a unit, and in which share."""

    unit = fields.String()
    into = fields.String()
    share = fields.String(allow_none=True)


class RestatedSchema(Schema):
    """An edition on the map of units of a day, with the rows that are estimates."""

    edition = fields.Integer()
    on = fields.Date()
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    sha256 = fields.String()
    editions = fields.List(fields.Nested(UsedEditionSchema))
    moves = fields.List(fields.Nested(MoveSchema))
    estimated = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    without = fields.List(fields.String())
    taken_over = fields.List(fields.String())
    gone = fields.List(fields.String())
    issues = IssueList()
    report = fields.Dict()


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>/restated")
@blp.arguments(RestatedArguments, location="query")
@blp.response(200, RestatedSchema)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT)
def get_restated(arguments: dict[str, Any], edition_id: int) -> Any:
    """An edition on the map of units of a day; today, if none is named. Nothing is stored."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        found = _restated(session, arguments, edition_id)
    return {
        "edition": edition_id,
        "on": found.on,
        "unit_code": found.sources.unit_code,
        "unit_name": found.unit_name,
        "sha256": found.sha256,
        "editions": [
            {
                "id": one.edition.id,
                "unit": one.unit_code,
                "number": one.edition.number,
                "sha256": one.edition.sha256,
                "share": str(one.share),
            }
            for one in found.sources.contributors
        ],
        "moves": [
            {
                "unit": old,
                "into": part.unit,
                "share": None if part.share is None else str(part.share),
            }
            for old, parts_of_it in sorted(found.moves.items())
            for part in parts_of_it
        ],
        "estimated": {key: sorted(paths) for key, paths in found.estimated.items()},
        "without": found.sources.without,
        "taken_over": found.sources.taken_over,
        "gone": found.gone,
        "issues": found.issues,
        "report": json.loads(found.canonical),
    }


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>/restated/workbook")
@blp.arguments(RestatedArguments, location="query")
@blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT)
def get_restated_workbook(arguments: dict[str, Any], edition_id: int) -> Response:
    """The workbook of an edition on the map of units of a day."""
    with current_parts().reading_sessions() as session:
        found = _restated(session, arguments, edition_id)
        made = restated_workbook(session, found, actor=current_actor())
    return hand_out(made, XLSX)


def _restated(session: Session, arguments: dict[str, Any], edition_id: int) -> Restated:
    parts = current_parts()
    return restate(
        session,
        actor=current_actor(),
        catalogue=parts.catalogue,
        edition_id=edition_id,
        on=arguments["on"] or parts.today(),
        unit=arguments["unit"],
    )
