"""What becomes of reports: accepted, returned with comments, withdrawn, let be corrected."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.draft_schemas import (
    CommentSchema,
    EachSchema,
    ExplanationsArguments,
    IfMatchArguments,
    SaidSchema,
    explanations_in,
    seen,
)
from reporting.api.problems import PROBLEM
from reporting.api.schemas import LARGEST_ID, ProblemSchema, text_argument
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import ReportingObligation, Submission
from reporting.services import acceptance, explanations
from reporting.services.acceptance import Which, tag_of_submission
from reporting.services.actors import Act
from reporting.services.cell_comments import LONGEST, MOST, Comment, comments_of
from reporting.services.explanations import WRITERS
from reporting.sign_off_doors import MOST_AT_ONCE, Each, circumstances, one_by_one

blp = Blueprint("settling", __name__, url_prefix="/api/v1", description="What becomes of reports")

_ONE = "/submissions/<int(max=9223372036854775807):submission_id>"


class ReasonArguments(Schema):
    """Why."""

    reason = text_argument(required=True, longest=1_000)


class CellCommentArguments(Schema):
    """A word on one cell, or on the whole report where no cell is named."""

    cell = text_argument(load_default="", longest=600)
    text = text_argument(required=True, longest=LONGEST)


class ReturnArguments(ReasonArguments):
    """Why a report goes back, and what is wrong at which cell."""

    comments = fields.List(
        fields.Nested(CellCommentArguments), load_default=list, validate=validate.Length(0, MOST)
    )


class SeenSubmissionSchema(Schema):
    """One report of many; with its ETag only as it was seen."""

    submission = fields.Integer(required=True, validate=validate.Range(1, LARGEST_ID))
    etag = text_argument(load_default="")


class AcceptancesArguments(Schema):
    """Which reports."""

    items = fields.List(
        fields.Nested(SeenSubmissionSchema),
        required=True,
        validate=validate.Length(1, MOST_AT_ONCE),
    )


class ReturnsArguments(AcceptancesArguments):
    """Which reports, and why all of them go back."""

    reason = text_argument(required=True, longest=1_000)


class SettledSchema(Schema):
    """A revision as it stands now."""

    id = fields.Integer()
    revision = fields.Integer()
    status = fields.String()
    is_in_force = fields.Boolean()


class EachSettledSchema(EachSchema):
    """What came of one report."""

    submission = fields.Integer()


class SettledListSchema(Schema):
    """A result for each report, in the order in which they were named."""

    items = fields.List(fields.Nested(EachSettledSchema))


class SaidListSchema(Schema):
    """All that is said about the warnings of a report."""

    items = fields.List(fields.Nested(SaidSchema))


class CommentListSchema(Schema):
    """What the receiver has said about a report."""

    items = fields.List(fields.Nested(CommentSchema))


def _guarded(view: Any) -> Any:
    """The answers to an act upon a report that others may have settled."""
    for status, said in (
        (412, "Settled by others since it was seen"),
        (409, "It was settled by someone already, or something stands against it"),
    ):
        view = blp.alt_response(
            status, schema=ProblemSchema, content_type=PROBLEM, description=said
        )(view)
    return view


@blp.post(f"{_ONE}/acceptance")
@blp.arguments(IfMatchArguments, location="headers")
@blp.response(200, SettledSchema)
@_guarded
@allows(Right.CLIENT, Act.RECEIVE)
def post_acceptance(headers: dict[str, Any], submission_id: int) -> Any:
    """Accept a report, as its receiver: it is settled."""
    with current_parts().sessions.begin() as session:
        which = Which(submission_id, seen(headers))
        return _settled(session, acceptance.accept(session, circumstances(), which))


@blp.post(f"{_ONE}/return")
@blp.arguments(IfMatchArguments, location="headers")
@blp.arguments(ReturnArguments)
@blp.response(200, SettledSchema)
@_guarded
@allows(Right.CLIENT, Act.RECEIVE)
def post_return(headers: dict[str, Any], body: dict[str, Any], submission_id: int) -> Any:
    """Send a report back with a reason and comments on cells, as its receiver."""
    comments = [Comment(one["cell"], one["text"]) for one in body["comments"]]
    with current_parts().sessions.begin() as session:
        which = Which(submission_id, seen(headers))
        at = circumstances(body["reason"])
        return _settled(session, acceptance.return_report(session, at, which, comments=comments))


@blp.post(f"{_ONE}/withdrawal")
@blp.arguments(IfMatchArguments, location="headers")
@blp.arguments(ReasonArguments)
@blp.response(200, SettledSchema)
@_guarded
@allows(Right.CLIENT, Act.APPROVE)
def post_withdrawal(headers: dict[str, Any], body: dict[str, Any], submission_id: int) -> Any:
    """Take a report back before it is accepted, as its sender."""
    with current_parts().sessions.begin() as session:
        which = Which(submission_id, seen(headers))
        return _settled(session, acceptance.withdraw(session, circumstances(body["reason"]), which))


@blp.post(f"{_ONE}/amendment")
@blp.arguments(IfMatchArguments, location="headers")
@blp.arguments(ReasonArguments)
@blp.response(200, SettledSchema)
@_guarded
@allows(Right.CLIENT, Act.RECEIVE)
def post_amendment(headers: dict[str, Any], body: dict[str, Any], submission_id: int) -> Any:
    """Let an accepted report be corrected once, as its receiver."""
    with current_parts().sessions.begin() as session:
        which = Which(submission_id, seen(headers))
        at = circumstances(body["reason"])
        return _settled(session, acceptance.allow_amendment(session, at, which))


@blp.post(f"{_ONE}/explanations")
@blp.arguments(ExplanationsArguments)
@blp.response(200, SaidListSchema)
@_guarded
@allows(Right.CLIENT, *WRITERS)
def post_explanations(body: dict[str, Any], submission_id: int) -> Any:
    """Explain warnings of a report that was received, as its sender."""
    with current_parts().sessions.begin() as session:
        said = explanations.explain(
            session,
            actor=current_actor(),
            submission_id=submission_id,
            given=explanations_in(body),
            clock=current_parts().clock,
        )
    return {"items": said}


@blp.get(f"{_ONE}/comments")
@blp.response(200, CommentListSchema)
@allows(Right.CLIENT)
def get_comments(submission_id: int) -> Any:
    """What the receiver has said about a report, cell by cell."""
    with current_parts().reading_sessions() as session:
        found = comments_of(session, actor=current_actor(), submission_id=submission_id)
    return {"items": found}


@blp.post("/submissions/acceptances")
@blp.arguments(AcceptancesArguments)
@blp.response(200, SettledListSchema)
@allows(Right.CLIENT, Act.RECEIVE)
def post_acceptances(body: dict[str, Any]) -> Any:
    """Accept many reports: each stands or falls alone."""
    at = circumstances()
    done = one_by_one(
        body["items"], lambda session, item: acceptance.accept(session, at, _which(item))
    )
    return {"items": [_result(each) for each in done]}


@blp.post("/submissions/returns")
@blp.arguments(ReturnsArguments)
@blp.response(200, SettledListSchema)
@allows(Right.CLIENT, Act.RECEIVE)
def post_returns(body: dict[str, Any]) -> Any:
    """Send many reports back for one reason: each stands or falls alone."""
    at = circumstances(body["reason"])
    done = one_by_one(
        body["items"], lambda session, item: acceptance.return_report(session, at, _which(item))
    )
    return {"items": [_result(each) for each in done]}


def _which(item: dict[str, Any]) -> Which:
    return Which(item["submission"], item["etag"].strip('"'))


def _result(each: Each[dict[str, Any], Any]) -> dict[str, Any]:
    failure = each.failure
    return {
        "submission": each.item["submission"],
        "status": int(failure.status) if failure else 200,
        "detail": failure.vi if failure else "",
        "detail_en": failure.en if failure else "",
    }


def _settled(session: Any, submission: Submission) -> Any:
    owed = session.get_one(ReportingObligation, submission.obligation_id)
    is_in_force = owed.in_force_id == submission.id
    shown = {
        "id": submission.id,
        "revision": submission.revision,
        "status": submission.status,
        "is_in_force": is_in_force,
    }
    return shown, 200, {"ETag": f'"{tag_of_submission(submission, is_in_force=is_in_force)}"'}
