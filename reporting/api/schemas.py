"""The shapes of what the JSON door answers and takes; not the declared forms.

They document the API and write the answers. What a return must look like is said by its form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from marshmallow import INCLUDE, Schema, ValidationError, fields, validate

from forms.period import FIRST_DAY, LAST_DAY
from reporting.services.receipts import issue_for_people

LARGEST_ID = 2**63 - 1

T = TypeVar("T")


def day_argument(**settings: Any) -> fields.Date:
    """A day that is given, of the years in which a period may be."""
    return fields.Date(validate=validate.Range(FIRST_DAY, LAST_DAY), **settings)


def _has_a_day(instant: datetime) -> None:
    """Refuse an instant beyond the days that there are, in whatever zone."""
    if not FIRST_DAY < instant.date() < LAST_DAY:
        raise ValidationError(f"must be between {FIRST_DAY} and {LAST_DAY}")


def instant_argument(**settings: Any) -> fields.AwareDateTime:
    """An instant that is given, of the years in which a period may be."""
    return fields.AwareDateTime(validate=_has_a_day, **settings)


def _described(text: str) -> dict[str, Any]:
    return {"metadata": {"description": text}}


class IssueList(fields.Field[Any]):
    """Issues with their sentences in both languages."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return [issue_for_people(issue) for issue in value]


class IssueSchema(Schema):
    """One finding about a return."""

    code = fields.String(**_described("stays the same for programs; see docs/issues.md"))
    severity = fields.String(validate=validate.OneOf(["error", "warning"]))
    cell_id = fields.String(**_described("table/row/column: a/đất đai/c3"))
    cell = fields.String(**_described("the same by position: r05.c02"))
    sheet_cell = fields.String(**_described("where it stands in the workbook: Sheet!C7"))
    label = fields.String(**_described("the header of the cell, or the row, in words"))
    given = fields.String()
    expected = fields.String()
    rule = fields.String(**_described("the rule as printed: (3) = (4) + (5) + (6)"))
    rule_id = fields.String()
    message_vi = fields.String()
    message_en = fields.String()


class ProblemSchema(Schema):
    """RFC 9457: what could not be done, in Vietnamese (detail) and English (detail_en).

    More may stand in it: the faults of a file, the parameters at fault, where an attempt is kept.
    """

    class Meta:
        """An open document, as the RFC has it."""

        unknown = INCLUDE

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    detail_en = fields.String()
    issues = fields.List(fields.Nested(IssueSchema))


class ReceiptSchema(Schema):
    """The answer to a return that was received, now or before."""

    verdict = fields.String(validate=validate.OneOf(["received", "repeated"]))
    number = fields.String(**_described("the number on the receipt"))
    submission = fields.Integer(attribute="submission_id")
    form = fields.String()
    version = fields.Integer()
    unit = fields.String()
    unit_name = fields.String()
    period = fields.String()
    revision = fields.Integer()
    content_sha256 = fields.String(**_described("of the canonical JSON of what was said"))
    file_sha256 = fields.String(**_described("of the body as it came in"))
    received_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    is_on_time = fields.Boolean()
    signer = fields.String(**_described("who has signed it, and in what capacity"))
    reason = fields.String(**_described("why it takes the place of the revision before"))
    proof = fields.Function(
        lambda receipt: receipt.proof.as_data() if receipt.proof else None,
        metadata={
            "type": ["object", "null"],
            "description": "the signed receipt, to be kept: see verify_receipt.py",
        },
    )
    issues = IssueList(
        **_described(
            "warnings; and errors of rules over other reports, which block acceptance, not receipt"
        )
    )


class ElsewhereSchema(Schema):
    """An indicator that the unit has reported on another form for the same period."""

    indicator = fields.String(attribute="indicator.code")
    label_vi = fields.String(attribute="indicator.label_vi")
    cell_id = fields.Function(lambda one: f"{one.cell.table}/{one.cell.row}/{one.cell.column}")
    here = fields.String(allow_none=True, **_described("what this return says"))
    there = fields.String(allow_none=True, **_described("what was reported there"))
    differs = fields.Boolean()
    other_form = fields.String()
    other_cell = fields.String()
    submission = fields.Integer(attribute="submission_id")


class VerdictSchema(Schema):
    """What sending this return would bring, and what stands against it."""

    verdict = fields.String(
        validate=validate.OneOf(["received", "figures_good", "refused"]),
        **_described(
            "`figures_good`: the figures are right, and sending is refused all the same, because "
            "the period is not open, closed, or not owed: the issue says which"
        ),
    )
    form = fields.String()
    unit = fields.String()
    unit_name = fields.String()
    period = fields.String()
    issues = IssueList(**_described("errors and warnings: see Issue"))
    elsewhere = fields.List(
        fields.Nested(ElsewhereSchema),
        **_described("what was reported on other forms already; it refuses nothing"),
    )


class PageArguments(Schema):
    """One page of a list: the next begins after the last id of this one."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, LARGEST_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


def _is_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValidationError("must not contain NUL or half a character")


def text_argument(*, longest: int = 100, **more: Any) -> fields.String:
    """A word in a query: short, and without the one sign that a database refuses."""
    return fields.String(validate=[validate.Length(max=longest), _is_text], **more)


class WordPageArguments(Schema):
    """One page of a list that is ordered by words: the next begins after `next` of this one."""

    after = text_argument(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


def page_of(
    items: Sequence[T], arguments: Mapping[str, Any], key: Callable[[T], str]
) -> dict[str, Any]:
    """One page of a list that is there as a whole, in its order."""
    after, limit = arguments["after"], arguments["limit"]
    keys = [key(item) for item in items]
    start = (keys.index(after) + 1 if after in keys else len(keys)) if after else 0
    page = items[start : start + limit]
    return {"items": page, "next": key(page[-1]) if start + limit < len(items) else None}


class SubmissionArguments(PageArguments):
    """Which submissions."""

    form = text_argument(load_default="")
    period = text_argument(load_default="")
    unit = text_argument(load_default="")


class SubmissionSchema(Schema):
    """One revision of one report."""

    id = fields.Integer()
    number = fields.String()
    form = fields.String(attribute="form_code")
    version = fields.Integer(attribute="form_version")
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    period = fields.String()
    revision = fields.Integer()
    status = fields.String()
    received_at = fields.AwareDateTime()
    is_on_time = fields.Boolean()
    door = fields.String()
    sender = fields.String(attribute="actor")
    signer = fields.String()
    reason = fields.String(**_described("why it takes the place of the revision before"))
    content_sha256 = fields.String()
    file_name = fields.String()
    file_sha256 = fields.String()


class SubmissionPage(Schema):
    """Submissions, oldest first."""

    items = fields.List(fields.Nested(SubmissionSchema))
    next = fields.Integer(allow_none=True, **_described("`after` of the next page, if there is"))


class CrossCheckSchema(Schema):
    """A rule whose other side is another report, and what came of it."""

    rule_id = fields.String()
    other_form = fields.String()
    other_period = fields.String()
    outcome = fields.String(validate=validate.OneOf(["pending", "met", "failed", "exempt"]))
    compared_with = fields.List(fields.Integer(), **_described("submissions on the other side"))
    checked_at = fields.AwareDateTime()
    issues = IssueList()


class SubmissionDetail(SubmissionSchema):
    """One revision with its issues, its outcomes across reports, and what it says."""

    is_in_force = fields.Boolean()
    due_at = fields.AwareDateTime()
    issues = IssueList()
    cross_checks = fields.List(fields.Nested(CrossCheckSchema))
    report = fields.Dict(**_described("the canonical report"))
