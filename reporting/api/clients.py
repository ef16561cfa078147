"""Tokens for programs: listed, made, replaced, taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import ProblemSchema, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import Client, ReportingUnit
from reporting.services.actors import Act
from reporting.services.clients import (
    MAY,
    OVERLAP,
    Limits,
    acts_named,
    create_client,
    list_clients,
    revoke,
    rotate,
)
from reporting.services.named import form_named, unit_named
from reporting.services.one_line import LONGEST

blp = Blueprint("clients-api", __name__, url_prefix="/api/v1", description="Tokens for programs")

_ID = "<int(max=9223372036854775807):client_id>"
_LONGEST_OVERLAP = 90
#: Beyond, an instant cannot be brought to UTC.
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


class ClientArguments(Schema):
    """What a program is called and may do; without a unit it belongs to the central office."""

    name = text_argument(required=True, longest=LONGEST)
    unit = text_argument(load_default="")
    may = fields.List(
        fields.String(validate=validate.OneOf(list(MAY))),
        required=True,
        validate=validate.Length(1, len(MAY)),
    )
    forms = fields.List(text_argument(), load_default=list, validate=validate.Length(max=100))
    networks = fields.List(text_argument(), load_default=list, validate=validate.Length(max=20))
    signer = text_argument(load_default="", longest=LONGEST)
    expires_at = fields.AwareDateTime(
        load_default=None, allow_none=True, validate=validate.Range(_FIRST, _LAST)
    )


class RotationArguments(Schema):
    """For how many days the old token stays good."""

    days = fields.Integer(load_default=OVERLAP.days, validate=validate.Range(0, _LONGEST_OVERLAP))


class ClientSchema(Schema):
    """A client, with the beginning of its token."""

    id = fields.Integer()
    name = fields.String()
    unit = fields.String()
    token_prefix = fields.String()
    acts = fields.List(fields.String())
    forms = fields.List(fields.String())
    networks = fields.List(fields.String())
    signer = fields.String()
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)
    replaces = fields.Integer(attribute="replaces_id", allow_none=True)


class NewClientSchema(ClientSchema):
    """A client with a token that is never to be had again."""

    token = fields.String(metadata={"description": "shown once"})


@blp.get("/clients")
@blp.response(200, ClientSchema(many=True))
@allows(Right.CLIENT, Act.ADMINISTER)
def get_clients() -> Any:
    """Every client that this one administers."""
    with current_parts().reading_sessions() as session:
        found = list_clients(session, actor=current_actor())
        return [_shown(client, code) for client, code in found]


@blp.post("/clients")
@blp.arguments(ClientArguments)
@blp.response(201, NewClientSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_client(arguments: dict[str, Any]) -> Any:
    """Make a client, inside what this one administers, and tell its token, once."""
    parts, code = current_parts(), arguments["unit"]
    limits = Limits(
        acts=acts_named(arguments["may"]),
        forms=[form_named(parts.catalogue, form).code for form in arguments["forms"]],
        networks=arguments["networks"],
        signer=arguments["signer"],
        expires_at=arguments["expires_at"],
    )
    with parts.sessions.begin() as session:
        unit = unit_named(session, code, on=parts.today()) if code else None
        client, token = create_client(
            session,
            actor=current_actor(),
            name=arguments["name"],
            unit_id=unit.id if unit else None,
            now=parts.clock(),
            limits=limits,
        )
        return _shown(client, unit.code if unit else "") | {"token": token}


@blp.post(f"/clients/{_ID}/rotation")
@blp.arguments(RotationArguments)
@blp.response(201, NewClientSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_rotation(arguments: dict[str, Any], client_id: int) -> Any:
    """Make a token in the place of another, which stays good for some days."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        client, token = rotate(
            session,
            actor=current_actor(),
            client_id=client_id,
            now=parts.clock(),
            overlap=timedelta(days=arguments["days"]),
        )
        unit = session.get(ReportingUnit, client.unit_id) if client.unit_id is not None else None
        return _shown(client, unit.code if unit else "") | {"token": token}


@blp.post(f"/clients/{_ID}/revocation")
@blp.response(200, ClientSchema)
@blp.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT, Act.ADMINISTER)
def post_revocation(client_id: int) -> Any:
    """Take a token back, for good."""
    parts = current_parts()
    with parts.sessions.begin() as session:
        client = revoke(session, actor=current_actor(), client_id=client_id, now=parts.clock())
        unit = session.get(ReportingUnit, client.unit_id) if client.unit_id is not None else None
        return _shown(client, unit.code if unit else "")


def _shown(client: Client, unit: str) -> dict[str, Any]:
    names = (
        "id", "name", "token_prefix", "acts", "forms", "networks", "signer", "created_at",
        "expires_at", "revoked_at", "replaces_id",
    )  # fmt: skip
    return {name: getattr(client, name) for name in names} | {"unit": unit}
