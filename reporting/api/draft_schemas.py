"""The shapes of drafts, explanations and comments as the JSON door takes and gives them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from reporting.api.schemas import (
    LARGEST_ID,
    IssueList,
    PageArguments,
    ReceiptSchema,
    SubmissionDetail,
    text_argument,
)
from reporting.models import DraftState
from reporting.services.draft_record import tag_of
from reporting.services.explanations import LONGEST, Explained, Warned
from reporting.sign_off_doors import MOST_AT_ONCE

_STATES = [state.value for state in DraftState]


class IfMatchArguments(Schema):
    """The ETag of what was seen: without it, or with an old one, nothing is changed."""

    if_match = fields.String(data_key="If-Match", load_default="")


def seen(arguments: dict[str, Any]) -> str:
    """What the ETag of a request names; '' where it names nothing in particular."""
    text: str = arguments["if_match"].strip().removeprefix("W/").strip('"')
    return "" if text == "*" else text


class DraftArguments(Schema):
    """Why the report takes the place of the one in force."""

    reason = text_argument(load_default="", longest=1_000)


class DraftListArguments(PageArguments):
    """Which drafts."""

    state = fields.String(load_default="", validate=validate.OneOf(["", *_STATES]))
    period = text_argument(load_default="")
    form = text_argument(load_default="")


class ExplanationSchema(Schema):
    """Why one warning is as it should be."""

    code = text_argument(required=True)
    cell = text_argument(load_default="", longest=600)
    rule_id = text_argument(load_default="", longest=120)
    text = text_argument(required=True, longest=LONGEST)


class ExplanationsArguments(Schema):
    """Explanations; an empty text takes one back."""

    explanations = fields.List(
        fields.Nested(ExplanationSchema), required=True, validate=validate.Length(1, 1_000)
    )


def explanations_in(body: dict[str, Any]) -> list[Explained]:
    """The explanations of a body."""
    return [
        Explained(Warned(one["code"], one["cell"], one["rule_id"]), one["text"])
        for one in body["explanations"]
    ]


class SaidSchema(Schema):
    """An explanation as it stands."""

    code = fields.String(attribute="warned.code")
    cell = fields.String(attribute="warned.cell")
    rule_id = fields.String(attribute="warned.rule_id")
    text = fields.String()
    actor = fields.String()


class ExplainedDetail(SubmissionDetail):
    """One revision with what was said about its warnings."""

    explanations = fields.List(fields.Nested(SaidSchema))


class ChangedCellSchema(Schema):
    """One cell, as it was typed before and after."""

    cell = fields.String()
    old = fields.String()
    new = fields.String()


class ChangeSchema(Schema):
    """What was done to a draft at one version."""

    version = fields.Integer()
    at = fields.AwareDateTime()
    actor = fields.String()
    act = fields.String()
    voided_approval = fields.Boolean()
    cells = fields.List(fields.Nested(ChangedCellSchema))
    cells_changed = fields.Integer(
        metadata={"description": "how many there were; `cells` has the first 500"}
    )


class CommentSchema(Schema):
    """What the receiver says about one cell, or about the whole where `cell` is empty."""

    cell = fields.String()
    text = fields.String()
    at = fields.AwareDateTime()
    actor = fields.String()


class DraftLineSchema(Schema):
    """A draft in a list."""

    obligation = fields.Integer(attribute="draft.obligation_id")
    etag = fields.Function(
        lambda line: f'"{tag_of(line["draft"] if isinstance(line, dict) else line.draft)}"',
        metadata={"type": "string", "description": "what If-Match names"},
    )
    form = fields.String(attribute="owed.form_code")
    version = fields.Integer(attribute="owed.form_version")
    unit = fields.String(attribute="unit.code")
    unit_name = fields.String(attribute="unit.name_vi")
    period = fields.String(attribute="owed.period")
    due_at = fields.AwareDateTime(attribute="owed.due_at")
    state = fields.String(attribute="draft.state", validate=validate.OneOf(_STATES))
    changed_at = fields.AwareDateTime(attribute="draft.changed_at")
    changed_by = fields.String(attribute="draft.changed_by")
    checked_by = fields.String(attribute="draft.checked_by")
    file_name = fields.String(attribute="draft.file_name")
    reason = fields.String(attribute="draft.reason")


class DifferenceSchema(Schema):
    """A cell of a report that is not what the edition of its parts says; None for no cell."""

    cell = fields.String()
    edition = fields.String(allow_none=True)
    report = fields.String(allow_none=True)


class DraftSchema(DraftLineSchema):
    """A draft with what is found about it, what was said, and what others did."""

    content_sha256 = fields.String(attribute="draft.content_sha256")
    approval = fields.Integer(attribute="draft.approval_id", allow_none=True)
    verdict = fields.String(
        attribute="verdict.verdict",
        validate=validate.OneOf(["received", "figures_good", "refused"]),
    )
    issues = IssueList(attribute="verdict.issues")
    to_explain = IssueList()
    explanations = fields.List(fields.Nested(SaidSchema))
    changes = fields.List(fields.Nested(ChangeSchema))
    comments = fields.List(fields.Nested(CommentSchema))
    edition = fields.Integer(
        attribute="differences.edition_id",
        allow_none=True,
        metadata={"description": "the unit's newest edition, with which it is compared"},
    )
    differences = fields.List(fields.Nested(DifferenceSchema), attribute="differences.cells")


class DraftPage(Schema):
    """Drafts, oldest first."""

    items = fields.List(fields.Nested(DraftLineSchema))
    next = fields.Integer(allow_none=True)


class SeenDraftSchema(Schema):
    """One draft of many, as it was seen."""

    obligation = fields.Integer(required=True, validate=validate.Range(1, LARGEST_ID))
    etag = text_argument(required=True)


class ApprovalsArguments(Schema):
    """Which drafts to sign, whether to send them at once, and why they amend."""

    items = fields.List(
        fields.Nested(SeenDraftSchema), required=True, validate=validate.Length(1, MOST_AT_ONCE)
    )
    send = fields.Boolean(load_default=True)
    reason = text_argument(load_default="", longest=1_000)


class EachSchema(Schema):
    """What came of one of many: `status` as if it had been asked for alone."""

    status = fields.Integer()
    detail = fields.String()
    detail_en = fields.String()


class ApprovedSchema(EachSchema):
    """What came of one draft."""

    obligation = fields.Integer()
    receipt = fields.Nested(ReceiptSchema, allow_none=True)


class ApprovalsSchema(Schema):
    """A result for each draft, in the order in which they were named."""

    items = fields.List(fields.Nested(ApprovedSchema))
