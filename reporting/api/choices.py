"""Which units enter a consolidation, and what it would have been at an instant of the past."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import Schema, fields

from reporting.api.blueprint import Blueprint
from reporting.api.consolidations import EditionInputSchema, FullCoverage
from reporting.api.problems import PROBLEM
from reporting.api.schemas import ProblemSchema, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.actors import Act
from reporting.services.looking_back import look_back
from reporting.services.named import form_for_period, unit_named
from reporting.services.unit_choices import choose_unit

blp = Blueprint("choices", __name__, url_prefix="/api/v1", description="What enters, and when")


class ChoiceArguments(Schema):
    """Which unit enters, or is left out of, what a receiver consolidates; and why."""

    form = text_argument(required=True)
    period = text_argument(required=True)
    receiver = text_argument(required=True)
    unit = text_argument(required=True)
    enters = fields.Boolean(required=True)
    reason = text_argument(required=True, longest=1_000)


class ChoiceSchema(Schema):
    """One choice, as it is on record."""

    id = fields.Integer()
    form = fields.String(attribute="form_code")
    period = fields.String()
    enters = fields.Boolean()
    reason = fields.String()
    chosen_at = fields.AwareDateTime()
    chosen_by = fields.String(attribute="actor")


class AsOfArguments(Schema):
    """What to look at, for whom, and at which instant."""

    form = text_argument(required=True)
    period = text_argument(required=True)
    unit = text_argument(required=True)
    at = fields.AwareDateTime(required=True)


class AsOfSchema(Schema):
    """A consolidation as it would have been at an instant. It is not stored and has no number."""

    sha256 = fields.String()
    coverage = fields.Nested(FullCoverage)
    inputs = fields.List(fields.Nested(EditionInputSchema))
    report = fields.Dict()


@blp.post("/consolidations/choices")
@blp.arguments(ChoiceArguments)
@blp.response(201, ChoiceSchema, description="It holds for the next edition")
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_choice(arguments: dict[str, Any]) -> Any:
    """Let a unit enter what its receiver consolidates, or leave it out, with a reason."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        form, period, window = form_for_period(
            session, parts.catalogue, arguments["form"], arguments["period"]
        )
        return choose_unit(
            session,
            actor=current_actor(),
            form=form,
            period=period.code,
            receiver=unit_named(session, arguments["receiver"], on=window.last),
            unit=unit_named(session, arguments["unit"], on=window.last),
            enters=arguments["enters"],
            reason=arguments["reason"],
            catalogue=parts.catalogue,
            now=parts.clock(),
        )


@blp.get("/consolidations/as-of")
@blp.arguments(AsOfArguments, location="query")
@blp.response(200, AsOfSchema)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT)
def get_as_of(arguments: dict[str, Any]) -> Any:
    """What consolidating would have given at an instant. Nothing is stored."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        form, period, window = form_for_period(
            session, parts.catalogue, arguments["form"], arguments["period"]
        )
        found = look_back(
            session,
            actor=current_actor(),
            form=form,
            period=period,
            unit=unit_named(session, arguments["unit"], on=window.last),
            at=arguments["at"],
            catalogue=parts.catalogue,
        )
    return {
        "sha256": found.sha256,
        "coverage": found.coverage,
        "inputs": found.inputs,
        "report": json.loads(found.canonical),
    }
