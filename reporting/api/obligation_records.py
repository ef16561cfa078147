"""What is on file about one obligation, over the API: its events, and the scan of its document."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from reporting.api.blueprint import Blueprint
from reporting.api.obligations import OBLIGATION, ObligationState
from reporting.http import Right, allows, current_actor, current_parts, hand_out
from reporting.services.obligation_records import find_obligation, scan_file

blp = Blueprint(
    "obligation_records", __name__, url_prefix="/api/v1", description="Obligations on file"
)


class DocumentSchema(Schema):
    """The document by which a report went while the system could not be used."""

    document_number = fields.String()
    document_date = fields.Date()
    scan_name = fields.String()
    scan_sha256 = fields.String()
    recorded_at = fields.AwareDateTime()
    actor = fields.String()


class ObligationOnFile(ObligationState):
    """An obligation as it stands now, with its document if it was sent by other means."""

    document = fields.Nested(DocumentSchema, allow_none=True)


@blp.get(f"/obligations/{OBLIGATION}")
@blp.response(200, ObligationOnFile)
@allows(Right.CLIENT)
def get_obligation(obligation_id: int) -> Any:
    """One obligation, what befell it, and its document."""
    with current_parts().reading_sessions() as session:
        found = find_obligation(session, actor=current_actor(), obligation_id=obligation_id)
    names = [column.key for column in found.owed.__table__.columns]
    shown = {name: getattr(found.owed, name) for name in names}
    return shown | {"events": found.events, "document": found.document}


@blp.get(f"/obligations/{OBLIGATION}/other-means/scan")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
@allows(Right.CLIENT)
def get_scan(obligation_id: int) -> Response:
    """The scan of the document exactly as it came in, to be saved."""
    with current_parts().reading_sessions() as session:
        scan = scan_file(session, actor=current_actor(), obligation_id=obligation_id)
    return hand_out(scan, "application/octet-stream")
