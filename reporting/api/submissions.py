"""Sending returns by program, trying them first, and reading what was received."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, make_response, request, url_for
from sqlalchemy.orm import Session

from reporting.api.blueprint import Blueprint
from reporting.api.draft_schemas import (
    DraftArguments,
    DraftSchema,
    ExplainedDetail,
    IfMatchArguments,
    seen,
)
from reporting.api.problems import PROBLEM, answer_refused
from reporting.api.receipts import answer_received
from reporting.api.schemas import (
    ProblemSchema,
    ReceiptSchema,
    SubmissionArguments,
    SubmissionPage,
    VerdictSchema,
)
from reporting.at_once import begin_at_once
from reporting.http import (
    XLSX,
    Delivered,
    Right,
    allows,
    current_actor,
    current_parts,
    hand_out,
    read_delivery,
)
from reporting.models import Door, ReportingUnit, Submission
from reporting.services import drafts
from reporting.services.acceptance import tag_of_submission
from reporting.services.actors import Act
from reporting.services.archive import Kept, find_kept, kept_file
from reporting.services.deliveries import read_return
from reporting.services.draft_record import tag_of
from reporting.services.drafts import Typed
from reporting.services.explanations import explanations_of
from reporting.services.named import filters_named, unit_known
from reporting.services.receipts import Receipt, Verdict, issues_from_data, receipt_number
from reporting.services.refusing import Delivery
from reporting.services.reported_elsewhere import (
    Elsewhere,
    reported_elsewhere,
    shared_indicators,
)
from reporting.services.sent import list_submissions
from reporting.services.submissions import preflight, receive
from reporting.sign_off_doors import draft_work

blp = Blueprint("submissions", __name__, url_prefix="/api/v1", description="Reports as sent")

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "a return as GET /api/v1/forms/{code}/schema describes it",
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": XLSX},
                    },
                }
            },
        },
    }
}


_IF_MATCH, _DRAFT = IfMatchArguments(), DraftArguments()


@blp.post("/submissions")
@blp.described(
    blp.doc(**BODY),
    blp.arguments(_IF_MATCH, location="headers"),
    blp.arguments(_DRAFT, location="query"),
    blp.response(201, ReceiptSchema, description="Received: a new revision"),
    blp.alt_response(
        202,
        schema=DraftSchema,
        description="Kept as a draft, to be approved by others",
        success=True,
    ),
    blp.alt_response(
        412,
        schema=ProblemSchema,
        content_type=PROBLEM,
        description="The draft was changed by others",
    ),
    blp.alt_response(
        428, schema=ProblemSchema, content_type=PROBLEM, description="There is a draft: If-Match it"
    ),
    blp.alt_response(
        200,
        schema=ReceiptSchema,
        description="The same as the revision in force: its receipt again",
        success=True,
    ),
    blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM, description="Refused; kept"),
)
@allows(Right.CLIENT, Act.APPROVE, Act.ENTER)
def post_submission() -> Any:
    """Send one return. Sending the same content twice is safe.

    A token that may enter and not approve makes a draft of it, or changes the one that there is.
    """
    reason = blp.given(_DRAFT, "query")["reason"] if request.query_string else ""
    parts, delivered = current_parts(), read_delivery()
    delivery = Delivery(
        _read(delivered),
        delivered.body,
        delivered.file_name,
        Door.API,
        delivered.received_at,
        delivered.begun_at,
        reason=reason,
    )
    actor = current_actor()
    if not actor.has(Act.APPROVE):
        if_match = seen(blp.given(_IF_MATCH, "headers"))
        return _keep_as_draft(delivery, delivered, if_match=if_match)
    with begin_at_once(parts.sessions) as session:
        receipt = receive(
            session,
            actor=actor,
            delivery=delivery,
            catalogue=parts.catalogue,
            clock=parts.clock,
            signer=parts.signer,
        )
    if receipt.verdict is Verdict.REFUSED:
        return answer_refused(receipt)
    place = f"{quote(request.root_path)}{request.path}/{receipt.submission_id}"
    return answer_received(receipt, place=place)


@blp.post("/checks")
@blp.doc(**BODY)
@blp.response(200, VerdictSchema, description="Looked at; nothing is kept")
@allows(Right.CLIENT)
def post_check() -> Any:
    """Try a return: the verdict that sending it would bring, without side effects."""
    parts, delivered = current_parts(), read_delivery()
    raw = _read(delivered)
    with parts.reading_sessions() as session:
        receipt = preflight(
            session,
            actor=current_actor(),
            raw=raw,
            catalogue=parts.catalogue,
            now=delivered.received_at,
        )
        said = {name: getattr(receipt, name) for name in _VERDICT}
        return said | {"elsewhere": _elsewhere(session, receipt)}


@blp.get("/submissions")
@blp.arguments(SubmissionArguments, location="query")
@blp.response(200, SubmissionPage)
@allows(Right.CLIENT)
def get_submissions(arguments: dict[str, Any]) -> Any:
    """The revisions that the client may see, oldest first, page by page."""
    parts, unit = current_parts(), arguments["unit"]
    form_code, period = filters_named(
        parts.catalogue, form=arguments["form"], period=arguments["period"]
    )
    with parts.reading_sessions() as session:
        found = list_submissions(
            session,
            actor=current_actor(),
            form_code=form_code,
            period=period,
            unit_code=unit_known(session, unit, on=parts.today()).code if unit else "",
            after=arguments["after"],
            limit=arguments["limit"],
        )
    more = len(found) == arguments["limit"]
    return {
        "items": [_summary(submission, unit) for submission, unit in found],
        "next": found[-1][0].id if more else None,
    }


@blp.get("/submissions/<int(max=9223372036854775807):submission_id>")
@blp.response(200, ExplainedDetail)
@allows(Right.CLIENT)
def get_submission(submission_id: int) -> Any:
    """One revision: status, issues, outcomes across reports, and what it says."""
    with current_parts().reading_sessions() as session:
        kept = find_kept(session, actor=current_actor(), submission_id=submission_id)
        said = explanations_of(session, [submission_id]).get(submission_id, [])
        tag = tag_of_submission(kept.submission, is_in_force=kept.is_in_force)
        return _detail(kept) | {"explanations": said}, 200, {"ETag": f'"{tag}"'}


@blp.get("/submissions/<int(max=9223372036854775807):submission_id>/file")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
@allows(Right.CLIENT)
def get_submission_file(submission_id: int) -> Response:
    """The body of a revision exactly as it came in, to be saved."""
    with current_parts().reading_sessions() as session:
        file = kept_file(session, actor=current_actor(), submission_id=submission_id)
    is_workbook = file.content[:2] == b"PK"
    return hand_out(file, XLSX if is_workbook else "application/json")


_VERDICT = ("verdict", "form", "unit", "unit_name", "period", "issues")


def _elsewhere(session: Session, receipt: Receipt) -> Sequence[Elsewhere]:
    """What the unit has reported on other forms of what this return says."""
    parts, report = current_parts(), receipt.report
    if report is None:
        return ()
    form = parts.catalogue.form(report.form, report.version)
    if not shared_indicators(parts.catalogue.dictionary, form):
        return ()
    return reported_elsewhere(
        session,
        actor=current_actor(),
        catalogue=parts.catalogue,
        form=form,
        unit_id=unit_known(session, report.unit, on=parts.today()).id,
        period=report.period,
        report=report,
    )


def _keep_as_draft(delivery: Delivery, delivered: Delivered, *, if_match: str) -> Any:
    typed = Typed(delivered.body, delivered.is_workbook, delivered.file_name, delivery.reason)
    with current_parts().sessions.begin() as session:
        kept = drafts.save_delivered(
            session, draft_work(), delivery=delivery, typed=typed, if_match=if_match
        )
        if isinstance(kept, Receipt):
            return answer_refused(kept)
        place = url_for("drafts.get_draft", obligation_id=kept.owed.id)
        answer = make_response(jsonify(DraftSchema().dump(kept)), 202)
    answer.headers["Location"] = place
    answer.headers["ETag"] = f'"{tag_of(kept.draft)}"'
    return answer


def _read(delivered: Delivered) -> Any:
    limits = current_parts().xlsx_limits
    return read_return(delivered.body, is_workbook=delivered.is_workbook, limits=limits)


def _summary(submission: Submission, unit: ReportingUnit) -> dict[str, Any]:
    shown = {name: getattr(submission, name) for name in _SHOWN}
    return shown | {
        "number": receipt_number(submission.id, submission.received_at),
        "unit_code": unit.code,
        "unit_name": unit.name_vi,
    }


_SHOWN = (
    "id", "form_code", "form_version", "period", "revision", "status", "received_at",
    "is_on_time", "door", "actor", "content_sha256", "file_name", "file_sha256", "signer", "reason",
)  # fmt: skip


def _detail(kept: Kept) -> dict[str, Any]:
    return _summary(kept.submission, kept.unit) | {
        "is_in_force": kept.is_in_force,
        "due_at": kept.obligation.due_at,
        "issues": issues_from_data(kept.submission.issues),
        "cross_checks": [
            {
                "rule_id": row.rule_id,
                "other_form": row.other_form,
                "other_period": row.other_period,
                "outcome": row.outcome,
                "compared_with": row.compared_with,
                "checked_at": row.checked_at,
                "issues": issues_from_data(row.issues),
            }
            for row in kept.cross_checks
        ],
        "report": json.loads(kept.submission.canonical),
    }
