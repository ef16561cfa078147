"""The way of one return over the pages: template, file, verdict, receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from forms.canonical import read_report
from forms.definition import FormVersion
from forms.issues import Issue
from forms.returns import RawReturn, Report
from forms.rule_outcomes import printed
from reporting.errors import Stale
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
from reporting.models import Door
from reporting.services.actors import Act
from reporting.services.archive import find_kept, kept_file
from reporting.services.deliveries import read_return
from reporting.services.draft_record import tag_of
from reporting.services.drafts import DraftView, Typed, save_delivered, save_draft
from reporting.services.finding_drafts import own_draft
from reporting.services.keys import trusted_keys
from reporting.services.named import form_for_period, form_named, unit_named
from reporting.services.obligations import OwedForm, list_owed
from reporting.services.receipts import Receipt, Verdict, issue_for_people
from reporting.services.refusing import Delivery, refuse, refused_beforehand
from reporting.services.reported_elsewhere import Elsewhere, reported_elsewhere
from reporting.services.rights import require_for_unit
from reporting.services.submissions import preflight, receipt_of, receive
from reporting.services.templates import make_template
from reporting.services.units import UnitView, views
from reporting.sign_off_doors import draft_work
from reporting.web.drafts import stale_page
from reporting.web.rendering import digest_in_groups, render
from reporting.web.settling import settling_of

blp = Blueprint("web", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which return a page is about."""

    unit: UnitView
    form: FormVersion
    period: str
    owed: OwedForm | None
    is_for_draft: bool = False  # a person's file is a draft until someone has signed
    has_draft: bool = False
    draft: str = ""  # the draft as the visitor has seen it

    def arguments(self) -> dict[str, str]:
        """What addresses of this return carry."""
        return {"unit": self.unit.code, "form": self.form.code, "period": self.period}


@blp.get("/return")
@allows(Right.PAGE)
def prepare() -> str:
    """The page of one return: download the template, drop the file, check it or send it."""
    chosen = _chosen()
    return render(
        "prepare.html", chosen=chosen, elsewhere=_elsewhere(chosen), now=current_parts().clock()
    )


@blp.get("/template")
@allows(Right.PAGE)
def download_template() -> Response:
    """The workbook to fill in."""
    parts, asked = current_parts(), request.args
    with parts.reading_sessions() as session:
        made = make_template(
            session,
            actor=current_actor(),
            form_code=asked.get("form", ""),
            unit_code=asked.get("unit", ""),
            period_code=asked.get("period", ""),
            catalogue=parts.catalogue,
            made_at=parts.clock(),
        )
    return hand_out(made, XLSX)


@blp.post("/return/check")
@allows(Right.PAGE)
def check() -> tuple[str, int]:
    """Look a file over and show the verdict; nothing is kept."""
    parts, chosen = current_parts(), _chosen()
    delivered = read_delivery(file_only=True)
    raw = read_return(delivered.body, is_workbook=True, limits=parts.xlsx_limits)
    if _is_of_another(chosen, raw):
        receipt = refused_beforehand(raw, (_other_return(chosen, raw),))
        return _verdict_page(chosen, receipt, delivered.file_name, is_trial=True, raw=raw)
    with parts.reading_sessions() as session:
        receipt = preflight(
            session,
            actor=current_actor(),
            raw=raw,
            catalogue=parts.catalogue,
            now=delivered.received_at,
        )
    return _verdict_page(chosen, receipt, delivered.file_name, is_trial=True, raw=raw)


@blp.post("/return/send")
@allows(Right.PAGE, Act.APPROVE, Act.ENTER)
def send() -> tuple[str, int] | AnyResponse:
    """Receive a file; on to its receipt, or the verdict where it is refused.

    From a person it becomes a draft, which someone signs.
    """
    parts, chosen = current_parts(), _chosen()
    delivered = read_delivery(file_only=True)
    raw = read_return(delivered.body, is_workbook=True, limits=parts.xlsx_limits)
    delivery = Delivery(
        raw,
        delivered.body,
        delivered.file_name,
        Door.PAGE,
        delivered.received_at,
        delivered.begun_at,
        reason=request.form.get("reason", ""),
    )
    if chosen.is_for_draft and not _is_of_another(chosen, raw):
        return _keep_as_draft(chosen, delivered, delivery)
    with parts.sessions.begin() as session:
        if _is_of_another(chosen, raw):
            # Sent as it is, it would count for a return that the clerk does not have in mind.
            other = (_other_return(chosen, raw),)
            receipt = refuse(session, actor=current_actor(), delivery=delivery, issues=other)
        else:
            receipt = receive(
                session,
                actor=current_actor(),
                delivery=delivery,
                catalogue=parts.catalogue,
                clock=parts.clock,
                signer=parts.signer,
            )
    if receipt.verdict is Verdict.REFUSED:
        return _verdict_page(chosen, receipt, delivered.file_name, is_trial=False, raw=raw)
    again = "1" if receipt.verdict is Verdict.REPEATED else None
    place = url_for("web.show_receipt", submission_id=receipt.submission_id, again=again)
    return redirect(place, code=HTTPStatus.SEE_OTHER)


def _keep_as_draft(
    chosen: Chosen, delivered: Delivered, delivery: Delivery
) -> tuple[str, int] | AnyResponse:
    """What a person sends waits for who signs; what nobody owes is refused and kept."""
    typed = Typed(delivered.body, delivered.is_workbook, delivered.file_name, delivery.reason)
    kept: DraftView | Receipt
    try:
        with current_parts().sessions.begin() as session:
            if chosen.owed is not None:
                number = chosen.owed.id
                kept = save_draft(
                    session, draft_work(), obligation_id=number, typed=typed, if_match=chosen.draft
                )
            else:
                kept = save_delivered(session, draft_work(), delivery=delivery, typed=typed)
    except Stale as stale:
        if chosen.owed is None or not stale.more.get("version"):
            raise
        return stale_page(chosen.owed.id, stale)
    if isinstance(kept, Receipt):
        return _verdict_page(chosen, kept, delivered.file_name, is_trial=False, raw=delivery.raw)
    place = url_for("drafts_web.show_draft", obligation_id=kept.owed.id, saved="1")
    return redirect(place, code=HTTPStatus.SEE_OTHER)


@blp.get("/receipts/<int(max=9223372036854775807):submission_id>")
@allows(Right.PAGE)
def show_receipt(submission_id: int) -> str:
    """The receipt of one revision, to be printed."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        kept = find_kept(session, actor=current_actor(), submission_id=submission_id)
        receipt = receipt_of(session, kept.submission)
        keys = trusted_keys(session, parts.signer)
        settling = settling_of(session, kept)
        form = form_named(parts.catalogue, receipt.form, receipt.version)
        elsewhere = reported_elsewhere(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            form=form,
            unit_id=kept.submission.unit_id,
            period=receipt.period,
            report=read_report(form, kept.submission.canonical),
        )
    return render(
        "receipt.html",
        receipt=receipt,
        is_signed_well=receipt.proof is not None and receipt.proof.is_good(keys),
        kept=kept,
        settling=settling,
        form=form,
        issues=[issue_for_people(issue) for issue in receipt.issues],
        cross_checks=kept.cross_checks,
        elsewhere=elsewhere,
        rules=_rules_in_words(form),
        is_again=request.args.get("again") == "1",
        digest=digest_in_groups,
    )


@blp.get("/receipts/<int(max=9223372036854775807):submission_id>/file")
@allows(Right.PAGE)
def download_file(submission_id: int) -> Response:
    """The file of a revision exactly as it came in."""
    with current_parts().reading_sessions() as session:
        file = kept_file(session, actor=current_actor(), submission_id=submission_id)
    return hand_out(file, "application/octet-stream")


def _rules_in_words(form: FormVersion) -> dict[str, str]:
    return {
        f"{table.key}.{rule.id}": printed(rule) for table in form.tables for rule in table.rules
    }


def _chosen() -> Chosen:
    """The return that the address, or the posted form, names. Raises NotFound, NotAllowed."""
    parts, asked, actor = current_parts(), request.values, current_actor()
    with parts.reading_sessions() as session:
        form, period, window = form_for_period(
            session, parts.catalogue, asked.get("form", ""), asked.get("period", "")
        )
        on = window.last
        unit = unit_named(session, asked.get("unit", ""), on=on)
        view = views(session, [unit.id], on=on)[unit.id]
        owed = list_owed(
            session,
            actor=actor,
            unit_id=unit.id,
            now=parts.clock(),
            form_code=form.code,
            period=period.code,
        )
        if not owed:  # What is owed to one's own unit may be looked at without more.
            require_for_unit(session, actor=actor, act=Act.READ, unit_id=unit.id, form=form.code)
        is_for_draft = actor.account_id is not None
        found = own_draft(session, actor=actor, obligation_id=owed[0].id) if owed else None
    tag = tag_of(found) if found is not None and is_for_draft else ""
    # What the visitor has seen goes from page to page; what others did meanwhile he has not seen.
    seen = request.form.get("draft", "")[:60] if request.method == "POST" else tag
    has_draft = is_for_draft and found is not None
    return Chosen(view, form, period.code, owed[0] if owed else None, is_for_draft, has_draft, seen)


def _elsewhere(chosen: Chosen, report: Report | None = None) -> Sequence[Elsewhere]:
    """What the unit has already reported on other forms, to be offered or compared."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        return reported_elsewhere(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            form=chosen.form,
            unit_id=chosen.unit.id,
            period=chosen.period,
            report=report,
        )


def _is_of_another(chosen: Chosen, raw: RawReturn) -> bool:
    """Whether a file that could be read is for another unit, form or period."""
    here = (chosen.unit.code, chosen.form.code, chosen.period)
    return bool(raw.form) and here != (raw.unit, raw.form, raw.period)


def _other_return(chosen: Chosen, raw: RawReturn) -> Issue:
    given = f"{raw.form}, {raw.unit}, {raw.period}"
    wanted = f"{chosen.form.code}, {chosen.unit.code}, {chosen.period}"
    return Issue("other_return", given=given[:200], expected=wanted)


def _verdict_page(
    chosen: Chosen, receipt: Receipt, file_name: str, *, is_trial: bool, raw: RawReturn
) -> tuple[str, int]:
    is_refused = receipt.verdict is Verdict.REFUSED
    hindrances = () if is_refused else receipt.hindrances
    page = render(
        "verdict.html",
        chosen=chosen,
        receipt=receipt,
        file_name=file_name,
        is_trial=is_trial,
        is_refused=is_refused,
        is_of_another=_is_of_another(chosen, raw),
        hindrances=[issue_for_people(issue) for issue in hindrances],
        errors=[issue_for_people(issue) for issue in receipt.errors if issue not in hindrances],
        warnings=[issue_for_people(issue) for issue in receipt.warnings],
        elsewhere=_elsewhere(chosen, receipt.report),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
