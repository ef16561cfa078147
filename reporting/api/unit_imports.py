"""Units and their lineage taken from files: looked over, with what they would touch, or taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from marshmallow import Schema, fields

from reporting.api.blueprint import Blueprint
from reporting.api.import_answers import ImportArguments, faulty, shown_faults
from reporting.api.problems import PROBLEM
from reporting.api.schemas import ProblemSchema
from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.actors import Act
from reporting.services.import_files import ImportFile, ImportResult
from reporting.services.lineage_files import read_lineage_file
from reporting.services.lineage_imports import import_lineage
from reporting.services.rights import require_centre
from reporting.services.touched_units import touched_by
from reporting.services.units import import_units, read_unit_file

blp = Blueprint("unit_imports", __name__, url_prefix="/api/v1", description="Files of units")

#: Effects that are shown one by one.
_MOST_EFFECTS = 1_000


class EffectSchema(Schema):
    """What one line does to a unit, and how its older figures come to the new map."""

    line = fields.Integer()
    what = fields.String()
    unit = fields.String()
    name = fields.String()
    on = fields.Date()
    before = fields.String()
    after = fields.String()
    restating = fields.String(allow_none=True)


class DoubtSchema(Schema):
    """Something to look at, for which nothing is refused."""

    line = fields.Integer()
    column = fields.String()
    code = fields.String()
    vi = fields.String()
    en = fields.String()


class TouchedPeriodSchema(Schema):
    """An open form and period: what units that change owe in it, lack, and are owed."""

    form = fields.String()
    period = fields.String()
    owed = fields.Integer()
    missing = fields.Integer()
    received = fields.Integer()


class TouchedOpeningSchema(Schema):
    """A period that is not open yet, of which units that change would be asked or no more."""

    form = fields.String()
    period = fields.String()
    opens_at = fields.AwareDateTime()
    asked = fields.Integer()
    no_more = fields.Integer()


class UnitsImportedSchema(Schema):
    """How many lines made, changed and found something, what they do, and what they touch."""

    created = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()
    effects = fields.List(fields.Nested(EffectSchema))
    doubts = fields.List(fields.Nested(DoubtSchema))
    periods = fields.List(fields.Nested(TouchedPeriodSchema))
    openings = fields.List(fields.Nested(TouchedOpeningSchema))


@blp.post("/units/imports")
@blp.arguments(ImportArguments, location="query")
@blp.response(201, UnitsImportedSchema, description="Taken")
@blp.alt_response(200, schema=UnitsImportedSchema, description="dry_run: looked over", success=True)
@blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_units(arguments: dict[str, Any]) -> Any:
    """Take units from a CSV, for the central office: all of it, or nothing and every fault."""
    require_centre(current_actor())
    return _taken(read_unit_file(request.get_data()), import_units, dry_run=arguments["dry_run"])


@blp.post("/units/lineage/imports")
@blp.arguments(ImportArguments, location="query")
@blp.response(201, UnitsImportedSchema, description="Taken")
@blp.alt_response(200, schema=UnitsImportedSchema, description="dry_run: looked over", success=True)
@blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_lineage(arguments: dict[str, Any]) -> Any:
    """Take mergers, splits and renames from a CSV, for the central office."""
    require_centre(current_actor())
    content = read_lineage_file(request.get_data())
    return _taken(content, import_lineage, dry_run=arguments["dry_run"])


def _taken(content: ImportFile, take: Callable[..., ImportResult], *, dry_run: bool) -> Any:
    if content.faults:
        return faulty(ImportResult(faults=content.faults))
    parts = current_parts()
    now, sessions = parts.clock(), parts.reading_sessions if dry_run else parts.sessions
    with sessions.begin() as session:
        done = take(session, content.rows, dry_run=dry_run, actor=current_actor(), now=now)
        touched = touched_by(
            session,
            done.effects,
            catalogue=parts.catalogue,
            zone=parts.settings.time_zone,
            now=now,
        )
    if done.faults:
        return faulty(done)
    answer = {
        "created": done.created,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "effects": done.effects[:_MOST_EFFECTS],
        "doubts": shown_faults(done.doubts),
        "periods": touched.periods,
        "openings": touched.openings,
    }
    return answer, 200 if dry_run else 201
