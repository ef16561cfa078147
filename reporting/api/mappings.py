"""Mapping what senders called a row to an entry of a list, once."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import ProblemSchema, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.actors import Act
from reporting.services.key_mapping import list_mappings, map_key
from reporting.services.rights import require_centre

blp = Blueprint("mappings", __name__, url_prefix="/api/v1", description="Rows under other names")


class MappingArguments(Schema):
    """Which text stands for which code; an empty code keeps it apart again."""

    list = text_argument(required=True)
    text = fields.String(required=True, validate=validate.Length(1, 400))
    code = text_argument(required=True)
    reason = fields.String(load_default="", validate=validate.Length(max=1000))


class MappingSchema(Schema):
    """One line; the newest of a text counts."""

    id = fields.Integer()
    list = fields.String(attribute="code_list")
    key = fields.String()
    code = fields.String()
    reason = fields.String()
    mapped_at = fields.AwareDateTime()
    actor = fields.String()


@blp.get("/mappings")
@blp.response(200, MappingSchema(many=True))
@allows(Right.CLIENT, Act.RECEIVE)
def get_mappings() -> Any:
    """Every mapping that was ever made, the oldest first; for the central office."""
    require_centre(current_actor(), Act.RECEIVE)
    with current_parts().reading_sessions() as session:
        return list_mappings(session)


@blp.post("/mappings")
@blp.arguments(MappingArguments)
@blp.response(201, MappingSchema)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.RECEIVE)
def post_mapping(arguments: dict[str, Any]) -> Any:
    """Let a text stand for an entry of a list: the next edition sums it there."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        return map_key(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            code_list=arguments["list"],
            text=arguments["text"],
            code=arguments["code"],
            reason=arguments["reason"],
            now=parts.clock(),
        )
