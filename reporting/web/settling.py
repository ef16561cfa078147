"""The receiver's inbox, and what a receipt offers to who receives and to who sends."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from reporting.errors import Conflict
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import ObligationChange, SubmissionStatus
from reporting.services import acceptance
from reporting.services.acceptance import Which, tag_of_submission
from reporting.services.actors import Act
from reporting.services.archive import Kept
from reporting.services.cell_comments import Comment, cells_of, comments_of
from reporting.services.draft_record import find_draft
from reporting.services.explanations import (
    WRITERS,
    explain,
    explanations_of,
    open_issues,
    warned_by,
)
from reporting.services.inbox import list_waiting
from reporting.services.obligation_acts import events_of
from reporting.services.receipts import issue_for_people
from reporting.services.rights import may_do_to
from reporting.sign_off_doors import MOST_AT_ONCE, circumstances, one_by_one
from reporting.web.drafts import explanations_in_form
from reporting.web.figures import as_typed, figure_tables
from reporting.web.rendering import render

blp = Blueprint("settling_web", __name__)

_ONE = "/receipts/<int(max=9223372036854775807):submission_id>"
_PAGE_SIZE = 100
_OF_REPORTS = {
    ObligationChange.ACCEPTED: ("Tiếp nhận chính thức", "accepted"),
    ObligationChange.RETURNED: ("Trả lại", "returned"),
    ObligationChange.WITHDRAWN: ("Rút", "withdrawn"),
    ObligationChange.AMENDABLE: ("Cho phép đính chính", "amendment allowed"),
}


@blp.get("/received")
@allows(Right.PAGE, Act.RECEIVE)
def show_received() -> str:
    """What has been received and is neither accepted nor returned; many are settled at once."""
    return render("received.html", **_waiting(), results=None)


@blp.post("/received/acceptances")
@allows(Right.PAGE, Act.RECEIVE)
def post_acceptances() -> str:
    """Accept the reports that were ticked: a result for each."""
    at = circumstances()
    done = one_by_one(_ticked(), lambda session, which: acceptance.accept(session, at, which))
    return render("received.html", **_waiting(), results=_results(done), is_returned=False)


@blp.post("/received/returns")
@allows(Right.PAGE, Act.RECEIVE)
def post_returns() -> str:
    """Return the reports that were ticked, for one reason: a result for each."""
    at = circumstances(request.form.get("reason", ""))
    done = one_by_one(
        _ticked(), lambda session, which: acceptance.return_report(session, at, which)
    )
    return render("received.html", **_waiting(), results=_results(done), is_returned=True)


@blp.post(f"{_ONE}/acceptance")
@allows(Right.PAGE, Act.RECEIVE)
def post_acceptance(submission_id: int) -> AnyResponse:
    """Accept a report."""
    with current_parts().sessions.begin() as session:
        acceptance.accept(session, circumstances(), _which(submission_id))
    return _back(submission_id)


@blp.post(f"{_ONE}/return")
@allows(Right.PAGE, Act.RECEIVE)
def post_return(submission_id: int) -> AnyResponse:
    """Send a report back with comments on cells."""
    pairs = zip(request.form.getlist("cell"), request.form.getlist("comment"), strict=False)
    comments = [
        Comment(cell.strip().partition(" ")[0], text.strip())
        for cell, text in pairs
        if text.strip()
    ]
    with current_parts().sessions.begin() as session:
        acceptance.return_report(
            session,
            circumstances(request.form.get("reason", "")),
            _which(submission_id),
            comments=comments,
        )
    return _back(submission_id)


@blp.post(f"{_ONE}/withdrawal")
@allows(Right.PAGE, Act.APPROVE)
def post_withdrawal(submission_id: int) -> AnyResponse:
    """Take a report back."""
    with current_parts().sessions.begin() as session:
        at = circumstances(request.form.get("reason", ""))
        acceptance.withdraw(session, at, _which(submission_id))
    return _back(submission_id)


@blp.post(f"{_ONE}/amendment")
@allows(Right.PAGE, Act.RECEIVE)
def post_amendment(submission_id: int) -> AnyResponse:
    """Let an accepted report be corrected."""
    with current_parts().sessions.begin() as session:
        at = circumstances(request.form.get("reason", ""))
        acceptance.allow_amendment(session, at, _which(submission_id))
    return _back(submission_id)


@blp.post(f"{_ONE}/explanations")
@allows(Right.PAGE, *WRITERS)
def post_explanations(submission_id: int) -> AnyResponse:
    """Explain warnings of a report that was received."""
    with current_parts().sessions.begin() as session:
        explain(
            session,
            actor=current_actor(),
            submission_id=submission_id,
            given=[one for one in explanations_in_form() if one.text],
            clock=current_parts().clock,
        )
    return _back(submission_id)


def settling_of(session: Session, kept: Kept) -> dict[str, Any]:
    """What the page of a receipt says and offers beyond the receipt itself."""
    actor, submission, owed = current_actor(), kept.submission, kept.obligation
    catalogue = current_parts().catalogue
    form = catalogue.form(submission.form_code, submission.form_version)
    said = explanations_of(session, [submission.id]).get(submission.id, [])
    by_warning = {one.warned: one for one in said}
    is_waiting = kept.is_in_force and submission.status is SubmissionStatus.RECEIVED
    may = {act: may_do_to(session, actor, act, owed) for act in (Act.RECEIVE, *WRITERS)}
    open_now = open_issues(session, submission) if is_waiting else []
    may_return = is_waiting and may[Act.RECEIVE]
    events = [
        one for one in events_of(session, obligation_id=owed.id) if _is_of(one, submission.id)
    ]
    return {
        "tag": tag_of_submission(submission, is_in_force=kept.is_in_force),
        "comments": comments_of(session, actor=actor, submission_id=submission.id),
        "events": [(one, *_OF_REPORTS[one.change]) for one in events],
        "explained": said,
        "to_explain": [
            issue_for_people(issue) | {"said": by_warning.get(warned_by(issue))}
            for issue in open_now
        ],
        "is_waiting": is_waiting,
        "is_accepted": kept.is_in_force and submission.status is SubmissionStatus.ACCEPTED,
        "is_amendable": owed.amendable_at is not None,
        "may_receive": may[Act.RECEIVE],
        "may_withdraw": may[Act.APPROVE],
        "may_enter": any(may[act] for act in WRITERS),
        "cells": list(cells_of(catalogue, submission)) if may_return else [],
        "words": {cell: words for cell, words, _ in cells_of(catalogue, submission)},
        "tables": figure_tables(form, as_typed(submission.canonical)) if may_return else [],
        "draft": find_draft(session, owed.id) if any(may[act] for act in WRITERS) else None,
    }


def _is_of(event: Any, submission_id: int) -> bool:
    return event.change in _OF_REPORTS and event.details.get("submission") == submission_id


def _which(submission_id: int) -> Which:
    return Which(submission_id, request.form.get("seen", "")[:60])


def _back(submission_id: int) -> AnyResponse:
    place = url_for("web.show_receipt", submission_id=submission_id)
    return redirect(place, code=HTTPStatus.SEE_OTHER)


def _ticked() -> list[Which]:
    """The reports that were ticked, each as it was seen. Raises Conflict for none."""
    found = []
    for tag in request.form.getlist("seen")[:MOST_AT_ONCE]:
        number = tag.partition(".")[0][:18]
        if number.isascii() and number.isdigit():
            found.append(Which(int(number), tag[:60]))
    if not found:
        raise Conflict(vi="Chưa chọn báo cáo nào.", en="No report was chosen.")
    return found


def _results(done: Any) -> list[dict[str, Any]]:
    return [{"submission": each.item.submission_id, "failure": each.failure} for each in done]


def _waiting() -> dict[str, Any]:
    asked = request.args
    after = min(max(asked.get("after", 0, type=int), 0), 2**62)
    with current_parts().reading_sessions() as session:
        lines = list_waiting(
            session,
            actor=current_actor(),
            period=asked.get("period", "")[:20],
            form_code=asked.get("form", "")[:60],
            after=after,
            limit=_PAGE_SIZE,
        )
    return {
        "lines": lines,
        "next_after": lines[-1].submission.id if len(lines) == _PAGE_SIZE else None,
        "titles": {form.code: form.title_vi for form in current_parts().catalogue.forms},
        "receipts": {line.submission.id: line.number for line in lines},
    }
