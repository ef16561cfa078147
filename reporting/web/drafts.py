"""Drafts as pages: what waits for whom, one draft whole, and each step it takes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from forms.issues import Issue
from reporting.errors import Conflict, Stale
from reporting.failures import of_refusal
from reporting.http import (
    XLSX,
    Right,
    allows,
    current_actor,
    current_parts,
    hand_out,
    read_delivery,
)
from reporting.models import Door, DraftState, Submission
from reporting.services import drafts, sign_off
from reporting.services.actors import Act
from reporting.services.cell_comments import cells_of
from reporting.services.draft_record import tag_of
from reporting.services.drafts import DraftView, Typed
from reporting.services.explanations import WRITERS, Explained, Warned, wants_explanation, warned_by
from reporting.services.finding_drafts import list_drafts, name_obligations
from reporting.services.receipts import Verdict, issue_for_people
from reporting.services.reported_elsewhere import reported_elsewhere
from reporting.services.rights import may_do_to
from reporting.services.sign_off import Sent
from reporting.sign_off_doors import (
    MOST_AT_ONCE,
    draft_work,
    one_by_one,
    refuse_voided,
    refused,
    sending,
)
from reporting.web.figures import figure_tables
from reporting.web.rendering import render

blp = Blueprint("drafts_web", __name__)

_ONE = "/drafts/<int(max=9223372036854775807):obligation_id>"
_PAGE_SIZE = 100


@blp.get("/drafts")
@allows(Right.PAGE, *WRITERS)
def show_drafts() -> str:
    """What waits to be looked over, to be signed, to be sent; several are signed at once."""
    asked = request.args
    state = DraftState(asked["state"]) if asked.get("state") in list(DraftState) else None
    after = min(max(asked.get("after", 0, type=int), 0), 2**62)
    with current_parts().reading_sessions() as session:
        found = list_drafts(
            session, actor=current_actor(), state=state, after=after, limit=_PAGE_SIZE
        )
        lines = [
            {"draft": draft, "owed": owed, "unit": unit, "tag": tag_of(draft)}
            for draft, owed, unit in found
        ]
    return render(
        "drafts.html",
        lines=lines,
        state=state,
        states=DraftState,
        may_approve=current_actor().has(Act.APPROVE),
        next_after=found[-1][0].id if len(found) == _PAGE_SIZE else None,
        titles={form.code: form.title_vi for form in current_parts().catalogue.forms},
    )


@blp.post("/drafts/approvals")
@allows(Right.PAGE, Act.APPROVE)
def post_approvals() -> str:
    """Sign the drafts that were ticked and send them: a result for each."""
    items = [_ticked(text) for text in request.form.getlist("draft")[:MOST_AT_ONCE]]
    if not items:
        raise Conflict(vi="Chưa chọn bản nháp nào.", en="No draft was chosen.")
    work, way = draft_work(), sending(Door.PAGE, request.form.get("reason", "")[:1_000])

    def sign(session: Session, item: tuple[int, str]) -> Sent:
        return sign_off.approve_and_submit(
            session, work, way, obligation_id=item[0], if_match=item[1]
        )

    done = one_by_one(items, sign)
    with current_parts().reading_sessions() as session:
        named = name_obligations(
            session, actor=current_actor(), ids=[number for number, _ in items]
        )
    results = [
        {
            "obligation": each.item[0],
            "named": named.get(each.item[0]),
            "receipt": each.outcome.receipt if each.outcome else None,
            "failure": each.failure or _refusal(each.outcome),
        }
        for each in done
    ]
    return render("signed.html", results=results)


@blp.get(_ONE)
@allows(Right.PAGE, *WRITERS)
def show_draft(obligation_id: int) -> str:
    """One draft: figures as typed, what was found, explanations, what others did, comments."""
    return _page(obligation_id, is_saved=request.args.get("saved") == "1")


@blp.get(f"{_ONE}/file")
@allows(Right.PAGE, *WRITERS)
def download_draft(obligation_id: int) -> Response:
    """The file as it was handed in last."""
    with current_parts().reading_sessions() as session:
        file = drafts.draft_file(session, draft_work(), obligation_id=obligation_id)
    is_workbook = file.content[:2] == b"PK"
    return hand_out(file, XLSX if is_workbook else "application/json")


@blp.post(f"{_ONE}/file")
@allows(Right.PAGE, Act.ENTER)
def replace_file(obligation_id: int) -> AnyResponse | tuple[str, int]:
    """Put another file in the place of the one that there is."""
    delivered = read_delivery(file_only=True)
    reason = request.form.get("reason", "")[:1_000]
    typed = Typed(delivered.body, delivered.is_workbook, delivered.file_name, reason)
    return _done(
        obligation_id,
        lambda session, which: drafts.save_draft(session, draft_work(), typed=typed, **which),
    )


@blp.post(f"{_ONE}/explanations")
@allows(Right.PAGE, *WRITERS)
def post_explanations(obligation_id: int) -> AnyResponse | tuple[str, int]:
    """Keep what was written beside the warnings."""
    given = explanations_in_form()
    return _done(
        obligation_id,
        lambda session, which: drafts.explain_draft(session, draft_work(), given=given, **which),
    )


@blp.post(f"{_ONE}/check")
@allows(Right.PAGE, Act.CHECK)
def post_check(obligation_id: int) -> AnyResponse | tuple[str, int]:
    """Pass the draft on as looked over."""
    return _done(
        obligation_id,
        lambda session, which: sign_off.check_draft(session, draft_work(), **which),
    )


@blp.post(f"{_ONE}/approval")
@allows(Right.PAGE, Act.APPROVE)
def post_approval(obligation_id: int) -> AnyResponse | tuple[str, int]:
    """Sign the draft and send it."""
    return _send(obligation_id, sign_off.approve_and_submit)


@blp.post(f"{_ONE}/submission")
@allows(Right.PAGE, Act.APPROVE, Act.ENTER)
def post_submission(obligation_id: int) -> AnyResponse | tuple[str, int]:
    """Send what was signed."""
    return _send(obligation_id, sign_off.submit_draft)


@blp.post(f"{_ONE}/discarding")
@allows(Right.PAGE, Act.ENTER, Act.APPROVE)
def post_discarding(obligation_id: int) -> AnyResponse:
    """Throw the draft away."""
    with current_parts().sessions.begin() as session:
        drafts.discard_draft(
            session,
            draft_work(),
            obligation_id=obligation_id,
            if_match=request.form.get("draft", "")[:60],
        )
    return redirect(url_for("drafts_web.show_drafts"), code=HTTPStatus.SEE_OTHER)


def explanations_in_form() -> list[Explained]:
    """The explanations of a posted form: four fields for each warning, in one order."""
    fields = ("code", "cell", "rule_id", "text")
    given = zip(*(request.form.getlist(name) for name in fields), strict=False)
    return [
        Explained(Warned(code, cell, rule_id), text.replace("\x00", "").strip())
        for code, cell, rule_id, text in given
    ]


def stale_page(obligation_id: int, stale: Stale) -> tuple[str, int]:
    """What others did meanwhile, above the draft as it is now; nothing was written."""
    return _page(obligation_id, stale=stale), HTTPStatus.PRECONDITION_FAILED


def _done(obligation_id: int, act: Any) -> AnyResponse | tuple[str, int]:
    """Do an act upon the draft as it was seen, and go back to it."""
    which = {"obligation_id": obligation_id, "if_match": request.form.get("draft", "")[:60]}
    try:
        with current_parts().sessions.begin() as session:
            act(session, which)
    except Stale as stale:
        if not stale.more.get("version"):
            raise
        return stale_page(obligation_id, stale)
    place = url_for("drafts_web.show_draft", obligation_id=obligation_id, saved="1")
    return redirect(place, code=HTTPStatus.SEE_OTHER)


def _send(obligation_id: int, act: Any) -> AnyResponse | tuple[str, int]:
    way = sending(Door.PAGE, request.form.get("reason", "")[:1_000])
    which = {"obligation_id": obligation_id, "if_match": request.form.get("draft", "")[:60]}
    try:
        with current_parts().sessions.begin() as session:
            sent = act(session, draft_work(), way, **which)
    except Stale as stale:
        if not stale.more.get("version"):
            raise
        return stale_page(obligation_id, stale)
    refuse_voided(sent)
    if sent.receipt.verdict is Verdict.REFUSED:
        failure = refused(sent.receipt)
        return _page(obligation_id, failure=failure), HTTPStatus.UNPROCESSABLE_ENTITY
    again = "1" if sent.receipt.verdict is Verdict.REPEATED else None
    place = url_for("web.show_receipt", submission_id=sent.receipt.submission_id, again=again)
    return redirect(place, code=HTTPStatus.SEE_OTHER)


def _page(obligation_id: int, *, stale: Stale | None = None, **more: Any) -> str:
    parts, actor = current_parts(), current_actor()
    with parts.reading_sessions() as session:
        view = drafts.view_draft(session, draft_work(), obligation_id=obligation_id)
        form = parts.catalogue.form(view.owed.form_code, view.owed.form_version)
        may = {act.value: may_do_to(session, actor, act, view.owed) for act in WRITERS}
        return render(
            "draft.html",
            view=view,
            form=form,
            may=may,
            tag=tag_of(view.draft),
            is_amending=view.owed.in_force_id is not None,
            is_refused=view.verdict.verdict is Verdict.REFUSED,
            errors=[issue_for_people(issue) for issue in _errors(view)],
            hindrances=[issue_for_people(issue) for issue in view.verdict.hindrances],
            warnings=_warnings(view),
            tables=figure_tables(form, view.raw, view.verdict.issues, view.verdict.report),
            words=_words(session, view),
            elsewhere=reported_elsewhere(
                session,
                actor=actor,
                catalogue=parts.catalogue,
                form=form,
                unit_id=view.owed.unit_id,
                period=view.owed.period,
                report=view.verdict.report,
            ),
            since=stale.more["changes"] if stale else None,
            told=of_refusal(stale) if stale else None,
            **more,
        )


def _words(session: Session, view: DraftView) -> dict[str, str]:
    """The cells of the revision that is amended, in words, where something was said about it."""
    if not view.comments:
        return {}
    submission = session.get_one(Submission, view.comments[0].submission_id)
    return {cell: words for cell, words, _ in cells_of(current_parts().catalogue, submission)}


def _errors(view: DraftView) -> list[Issue]:
    """What is wrong with the return itself."""
    verdict = view.verdict
    others = (*verdict.hindrances, *verdict.disagreements)
    return [issue for issue in verdict.errors if issue not in others]


def _warnings(view: DraftView) -> list[dict[str, Any]]:
    """Each warning, and what does not agree with other reports, with what was said about it."""
    said = {one.warned: one for one in view.explanations}
    apart = view.verdict.disagreements
    return [
        issue_for_people(issue)
        | {
            "said": said.get(warned_by(issue)),
            "wants": wants_explanation(issue) or issue in apart,
        }
        for issue in (*apart, *view.verdict.warnings)
    ]


def _ticked(text: str) -> tuple[int, str]:
    number, _, tag = text.partition(":")
    return int(number[:18]) if number.isascii() and number.isdigit() else 0, tag[:60]


def _refusal(sent: Sent | None) -> Any:
    return refused(sent.receipt) if sent is not None and sent.receipt is not None else None
