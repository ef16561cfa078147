"""Proof over the API: receipts as files, public keys, the audit, all that a unit ever entered."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.schemas import LARGEST_ID, text_argument
from reporting.http import (
    ZIP,
    Right,
    allows,
    attachment,
    current_actor,
    current_parts,
    hand_out_archive,
)
from reporting.services.actors import Act
from reporting.services.audit import list_lines
from reporting.services.audit_reading import told
from reporting.services.keys import list_keys
from reporting.services.receipt_files import receipt_file
from reporting.services.unit_archive import find_unit_by_code

blp = Blueprint("proof", __name__, url_prefix="/api/v1", description="Receipts, keys, audit")


class KeySchema(Schema):
    """A public key by which receipts can be checked."""

    id = fields.String()
    public_pem = fields.String()
    first_used_at = fields.AwareDateTime()
    retired_at = fields.AwareDateTime(allow_none=True)


class KeyList(Schema):
    """Every key that has signed here, the newest first."""

    items = fields.List(fields.Nested(KeySchema))


class NoArguments(Schema):
    """None: a route without a token asks for this, so that a misspelt one is told."""


class AuditArguments(Schema):
    """Which lines of the audit."""

    unit = text_argument(load_default="")
    subject = text_argument(load_default="", longest=120)
    act = text_argument(load_default="", longest=60)
    before = fields.Integer(load_default=0, validate=validate.Range(0, LARGEST_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class AuditLineSchema(Schema):
    """One thing that someone did."""

    id = fields.Integer()
    at = fields.AwareDateTime()
    act = fields.String()
    subject = fields.String()
    unit = fields.String()
    actor = fields.String()
    address = fields.String()
    details = fields.Dict()
    sha256 = fields.String()
    is_signed = fields.Boolean()


class AuditPage(Schema):
    """Lines, the newest first."""

    items = fields.List(fields.Nested(AuditLineSchema))
    next = fields.Integer(
        allow_none=True, metadata={"description": "`before` of the next page, if there is one"}
    )


@blp.get("/submissions/<int(max=9223372036854775807):submission_id>/receipt")
@blp.response(200, {"type": "object"}, content_type="application/json")
@allows(Right.CLIENT)
def get_receipt(submission_id: int) -> Response:
    """The signed receipt, to the byte as it is to be kept; check it with verify_receipt.py."""
    with current_parts().reading_sessions() as session:
        made = receipt_file(session, actor=current_actor(), submission_id=submission_id)
    return attachment(made.content, made.name, "application/json")


@blp.get("/keys")
@blp.doc(security=[])
@blp.arguments(NoArguments, location="query")
@blp.response(200, KeyList)
@allows(Right.ANYONE)
def get_keys(_arguments: dict[str, Any]) -> Any:
    """The public keys that have signed receipts here, also those that no longer do."""
    with current_parts().reading_sessions() as session:
        return {"items": list_keys(session)}


@blp.get("/audit")
@blp.arguments(AuditArguments, location="query")
@blp.response(200, AuditPage)
@allows(Right.CLIENT, Act.ADMINISTER)
def get_audit(arguments: dict[str, Any]) -> Any:
    """Who did what, of the units that the client administers; the newest first, page by page."""
    parts, limit = current_parts(), arguments["limit"]
    with parts.reading_sessions() as session:
        unit = arguments["unit"]
        unit_id = find_unit_by_code(session, unit).id if unit else None
        found = list_lines(
            session,
            actor=current_actor(),
            unit_id=unit_id,
            subject=arguments["subject"],
            act=arguments["act"],
            before=arguments["before"],
            limit=limit,
        )
    more = len(found) == limit
    return {
        "items": [told(line, code) for line, code in found],
        "next": found[-1][0].id if more else None,
    }


@blp.get("/units/<code>/archive")
@blp.response(200, {"type": "string", "format": "binary"}, content_type=ZIP)
@allows(Right.CLIENT)
def get_archive(code: str) -> Response:
    """All that a unit ever entered, in one zip with hashes (Nghị định 09/2019/NĐ-CP, Điều 21)."""
    return hand_out_archive(code)
