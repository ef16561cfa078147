"""Drafts of reports: kept by several hands, explained, passed on, signed, sent."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from reporting.api.blueprint import Blueprint
from reporting.api.draft_schemas import (
    ApprovalsArguments,
    ApprovalsSchema,
    DraftArguments,
    DraftListArguments,
    DraftPage,
    DraftSchema,
    ExplanationsArguments,
    IfMatchArguments,
    explanations_in,
    seen,
)
from reporting.api.problems import PROBLEM, answer_refused
from reporting.api.schemas import ProblemSchema, ReceiptSchema
from reporting.api.submissions import BODY
from reporting.http import (
    XLSX,
    Right,
    allows,
    current_actor,
    current_parts,
    hand_out,
    read_delivery,
)
from reporting.models import Door, DraftState
from reporting.services import drafts, sign_off
from reporting.services.actors import Act
from reporting.services.draft_record import tag_of
from reporting.services.drafts import DraftView, Typed
from reporting.services.explanations import WRITERS
from reporting.services.finding_drafts import list_drafts
from reporting.services.receipts import Verdict
from reporting.sign_off_doors import (
    Each,
    draft_work,
    one_by_one,
    refuse_voided,
    refused,
    sending,
)

blp = Blueprint(
    "drafts", __name__, url_prefix="/api/v1", description="Reports before they are sent"
)

_DRAFT = "/obligations/<int(max=9223372036854775807):obligation_id>/draft"


def _guarded(view: Any) -> Any:
    """The answers to an act upon a draft that others may have changed."""
    for status, said in (
        (428, "If-Match must name the draft"),
        (412, "Changed by others since; `changes` says what"),
        (409, "It contradicts what is there; `issues` says why, where there are"),
    ):
        view = blp.alt_response(
            status, schema=ProblemSchema, content_type=PROBLEM, description=said
        )(view)
    return view


@blp.get("/drafts")
@blp.arguments(DraftListArguments, location="query")
@blp.response(200, DraftPage)
@allows(Right.CLIENT, *WRITERS)
def get_drafts(arguments: dict[str, Any]) -> Any:
    """The drafts that are the client's affair, oldest first, page by page."""
    with current_parts().reading_sessions() as session:
        found = list_drafts(
            session,
            actor=current_actor(),
            state=DraftState(arguments["state"]) if arguments["state"] else None,
            period=arguments["period"],
            form_code=arguments["form"],
            after=arguments["after"],
            limit=arguments["limit"],
        )
    more = len(found) == arguments["limit"]
    lines = [{"draft": draft, "owed": owed, "unit": unit} for draft, owed, unit in found]
    return {"items": lines, "next": found[-1][0].id if more else None}


@blp.get(_DRAFT)
@blp.response(200, DraftSchema)
@allows(Right.CLIENT, *WRITERS)
def get_draft(obligation_id: int) -> Any:
    """One draft: its verdict, what is to be explained, what others did. Its ETag goes with it."""
    with current_parts().reading_sessions() as session:
        return _answer(drafts.view_draft(session, draft_work(), obligation_id=obligation_id))


@blp.get(f"{_DRAFT}/file")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
@allows(Right.CLIENT, *WRITERS)
def get_draft_file(obligation_id: int) -> Response:
    """The body of a draft as it was handed in last, to be saved."""
    with current_parts().reading_sessions() as session:
        file = drafts.draft_file(session, draft_work(), obligation_id=obligation_id)
    is_workbook = file.content[:2] == b"PK"
    return hand_out(file, XLSX if is_workbook else "application/json")


@blp.put(_DRAFT)
@blp.doc(**BODY)
@blp.arguments(IfMatchArguments, location="headers")
@blp.arguments(DraftArguments, location="query")
@blp.response(200, DraftSchema)
@_guarded
@allows(Right.CLIENT, Act.ENTER)
def put_draft(headers: dict[str, Any], arguments: dict[str, Any], obligation_id: int) -> Any:
    """Keep a return as the draft, also one that is wrong. Without a draft If-Match is left out."""
    delivered = read_delivery()
    typed = Typed(delivered.body, delivered.is_workbook, delivered.file_name, arguments["reason"])
    with current_parts().sessions.begin() as session:
        view = drafts.save_draft(
            session,
            draft_work(),
            obligation_id=obligation_id,
            typed=typed,
            if_match=seen(headers),
        )
        return _answer(view)


@blp.delete(_DRAFT)
@blp.arguments(IfMatchArguments, location="headers")
@blp.response(204)
@_guarded
@allows(Right.CLIENT, Act.ENTER, Act.APPROVE)
def delete_draft(headers: dict[str, Any], obligation_id: int) -> None:
    """Throw a draft away."""
    with current_parts().sessions.begin() as session:
        drafts.discard_draft(
            session, draft_work(), obligation_id=obligation_id, if_match=seen(headers)
        )


@blp.post(f"{_DRAFT}/explanations")
@blp.arguments(IfMatchArguments, location="headers")
@blp.arguments(ExplanationsArguments)
@blp.response(200, DraftSchema)
@_guarded
@allows(Right.CLIENT, *WRITERS)
def post_draft_explanations(
    headers: dict[str, Any], body: dict[str, Any], obligation_id: int
) -> Any:
    """Say why warnings of a draft are as they should be."""
    with current_parts().sessions.begin() as session:
        view = drafts.explain_draft(
            session,
            draft_work(),
            obligation_id=obligation_id,
            given=explanations_in(body),
            if_match=seen(headers),
        )
        return _answer(view)


@blp.post(f"{_DRAFT}/check")
@blp.arguments(IfMatchArguments, location="headers")
@blp.response(200, DraftSchema)
@_guarded
@allows(Right.CLIENT, Act.CHECK)
def post_draft_check(headers: dict[str, Any], obligation_id: int) -> Any:
    """Pass a draft on as looked over."""
    with current_parts().sessions.begin() as session:
        view = sign_off.check_draft(
            session, draft_work(), obligation_id=obligation_id, if_match=seen(headers)
        )
        return _answer(view)


@blp.post(f"{_DRAFT}/approval")
@blp.arguments(IfMatchArguments, location="headers")
@blp.response(200, DraftSchema)
@_guarded
@allows(Right.CLIENT, Act.APPROVE)
def post_draft_approval(headers: dict[str, Any], obligation_id: int) -> Any:
    """Approve and sign a draft."""
    with current_parts().sessions.begin() as session:
        view = sign_off.approve_draft(
            session, draft_work(), obligation_id=obligation_id, if_match=seen(headers)
        )
        return _answer(view)


@blp.post(f"{_DRAFT}/submission")
@blp.arguments(IfMatchArguments, location="headers")
@blp.arguments(DraftArguments, location="query")
@blp.response(201, ReceiptSchema, description="Received: a new revision; the draft is no more")
@blp.alt_response(
    200, schema=ReceiptSchema, description="The same as the revision in force", success=True
)
@blp.alt_response(422, schema=ProblemSchema, content_type=PROBLEM, description="Refused; kept")
@_guarded
@allows(Right.CLIENT, Act.APPROVE, Act.ENTER)
def post_draft_submission(
    headers: dict[str, Any], arguments: dict[str, Any], obligation_id: int
) -> Any:
    """Send an approved draft."""
    with current_parts().sessions.begin() as session:
        sent = sign_off.submit_draft(
            session,
            draft_work(),
            sending(Door.API, arguments["reason"]),
            obligation_id=obligation_id,
            if_match=seen(headers),
        )
    refuse_voided(sent)
    assert sent.receipt is not None
    if sent.receipt.verdict is Verdict.REFUSED:
        return answer_refused(sent.receipt)
    place = url_for("submissions.get_submission", submission_id=sent.receipt.submission_id)
    status = 201 if sent.receipt.verdict is Verdict.RECEIVED else 200
    return sent.receipt, status, {"Location": place}


@blp.post("/drafts/approvals")
@blp.arguments(ApprovalsArguments)
@blp.response(200, ApprovalsSchema)
@allows(Right.CLIENT, Act.APPROVE)
def post_approvals(body: dict[str, Any]) -> Any:
    """Sign many drafts, and send them unless `send` is false: each stands or falls alone."""
    work, way = draft_work(), sending(Door.API, body["reason"])

    def sign(session: Any, item: dict[str, Any]) -> Any:
        which: Any = {"obligation_id": item["obligation"], "if_match": item["etag"].strip('"')}
        if body["send"]:
            return sign_off.approve_and_submit(session, work, way, **which)
        return sign_off.approve_draft(session, work, **which)

    return {"items": [_signed(each) for each in one_by_one(body["items"], sign)]}


def _signed(each: Each[dict[str, Any], Any]) -> dict[str, Any]:
    receipt = getattr(each.outcome, "receipt", None)
    failure = each.failure or (refused(receipt) if receipt is not None else None)
    told: dict[str, Any] = {"status": 200, "detail": "", "detail_en": ""}
    if failure is not None:
        told = {"status": int(failure.status), "detail": failure.vi, "detail_en": failure.en}
    elif receipt is not None and receipt.verdict is Verdict.RECEIVED:
        told["status"] = 201
    return {
        "obligation": each.item["obligation"],
        **told,
        "receipt": receipt if not failure else None,
    }


def _answer(view: DraftView) -> Any:
    return view, 200, {"ETag": f'"{tag_of(view.draft)}"'}
