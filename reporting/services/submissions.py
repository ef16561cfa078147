"""Receiving a return: one act behind every door, and its pre-flight without side effects.

A return that is wrong is not an exception: it is refused with all its issues and kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from forms.canonical import sha256, write_report
from forms.catalogue import Catalogue
from forms.checking import check
from forms.definition import FormVersion
from forms.issues import Issue
from forms.naming_rows import Circumstances
from forms.period import BadPeriod, Period
from forms.returns import RawReturn
from reporting.models import (
    ReportingObligation,
    ReportingUnit,
    Submission,
    SubmissionStatus,
)
from reporting.services.actors import Act, Actor
from reporting.services.cross_checks import (
    outcomes_of,
    run_cross_checks,
)
from reporting.services.naming_units import units_in_rows
from reporting.services.owed import Owed, find_owed
from reporting.services.punctuality import notes_on_time
from reporting.services.receipt_files import kept_proof
from reporting.services.receipts import (
    Receipt,
    Verdict,
    issues_from_data,
    receipt_number,
    verdict_beforehand,
)
from reporting.services.refusing import Delivery, refuse, short
from reporting.services.signing import Signer
from reporting.services.storing import Circle, Taken, store

Clock = Callable[[], datetime]


def receive(
    session: Session,
    *,
    actor: Actor,
    delivery: Delivery,
    catalogue: Catalogue,
    clock: Clock,
    signer: Signer,
    act: Act = Act.APPROVE,
) -> Receipt:
    """Receive one return: a new revision, the receipt of the one in force, or a refusal.

    The same content as the revision in force gives its receipt again. `clock` is read inside the
    lock, so that an edition's cut-off is exact. `act` is what the actor must be allowed: entering
    is enough where another has signed. Flushes; the caller commits, also on a refusal. Raises
    NotAllowed where the actor may not act for the unit.
    """
    raw = delivery.raw
    form = _newest(catalogue, raw)
    if form is None:
        return refuse(session, actor=actor, delivery=delivery, issues=_not_a_form(catalogue, raw))
    owed, issues = find_owed(
        session,
        actor=actor,
        raw=raw,
        form=form,
        catalogue=catalogue,
        received_at=delivery.received_at,
        act=act,
        lock=True,
    )
    if owed is None or any(issue.code == "wrong_version" for issue in issues):
        found = _content_issues(catalogue, form, raw, issues)
        return refuse(session, actor=actor, delivery=delivery, issues=(*issues, *found))
    form = catalogue.form(form.code, owed.form_version)
    around = _circumstances(session, catalogue, form, raw, owed)
    checked = check(form, _addressed(raw, owed), around)
    if issues or checked.is_refused:
        return refuse(session, actor=actor, delivery=delivery, issues=(*issues, *checked.issues))
    content = write_report(form, checked.report)
    digest = sha256(content)
    if owed.in_force_sha256 == digest and owed.in_force_status is not SubmissionStatus.RETURNED:
        return _repeated(session, owed)
    if _is_settled(owed):
        return refuse(session, actor=actor, delivery=delivery, issues=(_accepted(owed),))
    notes = (*checked.issues, *notes_on_time(owed, delivery.begun_at, delivery.received_at))
    taken = Taken(form, owed, checked.report, notes, content, digest, checked.places)
    return store(session, Circle(actor, delivery, catalogue, signer, clock()), taken)


def preflight(
    session: Session,
    *,
    actor: Actor,
    raw: RawReturn,
    catalogue: Catalogue,
    now: datetime,
    act: Act = Act.READ,
) -> Receipt:
    """The verdict that `receive` would give, at any time and without side effects.

    Where nothing but a period that is not open, or not owed, stands against it, the verdict says
    so: whoever prepares a return early wants to know about its figures. `act` is what the actor
    must be allowed.
    """
    form = _newest(catalogue, raw)
    if form is None:
        return _verdict(raw, _not_a_form(catalogue, raw))
    owed, issues = find_owed(
        session,
        actor=actor,
        raw=raw,
        form=form,
        catalogue=catalogue,
        received_at=now,
        act=act,
        lock=False,
    )
    if owed is None:
        return _verdict(raw, (*issues, *_content_issues(catalogue, form, raw, issues)))
    form = catalogue.form(form.code, owed.form_version)
    around = _circumstances(session, catalogue, form, raw, owed)
    checked = check(form, _addressed(raw, owed), around)
    outcomes, _ = run_cross_checks(
        catalogue=catalogue,
        form=form,
        report=checked.report,
        sides=owed.sides,
        submission_id=0,
        unit_id=owed.unit_id,
        now=now,
        places=checked.places,
    )
    across = tuple(issue for outcome in outcomes for issue in outcome.issues)
    receipt = _verdict(raw, (*issues, *checked.issues), unit_name=owed.unit_name)
    refused = receipt.verdict is Verdict.REFUSED
    digest = "" if refused else sha256(write_report(form, checked.report))
    if _is_settled(owed) and digest != owed.in_force_sha256:
        settled = (*issues, _accepted(owed), *checked.issues)
        receipt = _verdict(raw, settled, unit_name=owed.unit_name)
    return replace(
        receipt,
        issues=(*receipt.issues, *across),
        content_sha256=digest,
        report=checked.report,
    )


def receipt_of(session: Session, submission: Submission) -> Receipt:
    """The receipt of a revision, with what has come of its rules across reports by now."""
    obligation = session.get_one(ReportingObligation, submission.obligation_id)
    across = outcomes_of(session, [submission.id]).get(submission.id, [])
    issues = [*submission.issues, *(issue for check in across for issue in check.issues)]
    unit = session.get_one(ReportingUnit, submission.unit_id)
    return Receipt(
        Verdict.RECEIVED,
        submission.form_code,
        unit.code,
        submission.period,
        issues_from_data(issues),
        number=receipt_number(submission.id, submission.received_at),
        submission_id=submission.id,
        version=submission.form_version,
        revision=submission.revision,
        content_sha256=submission.content_sha256,
        file_sha256=submission.file_sha256,
        received_at=submission.received_at,
        due_at=obligation.due_at,
        is_on_time=submission.is_on_time,
        unit_name=unit.name_vi,
        signer=submission.signer,
        reason=submission.reason,
        proof=kept_proof(session, submission.id),
    )


def _newest(catalogue: Catalogue, raw: RawReturn) -> FormVersion | None:
    """The newest version of the form, whose code the return then bears, however it was spelt."""
    if raw.form not in catalogue.codes:
        named = (form.code for form in catalogue.forms if form.file_code == raw.form)
        raw.form = next(named, raw.form)
    return catalogue.latest(raw.form) if raw.form in catalogue.codes else None


def _circumstances(
    session: Session, catalogue: Catalogue, form: FormVersion, raw: RawReturn, owed: Owed
) -> Circumstances:
    return Circumstances(
        owed.window,
        catalogue.lists,
        owed.unit_code,
        owed.unit_name,
        units_in_rows(session, form=form, raw=raw, owed=owed),
    )


def _addressed(raw: RawReturn, owed: Owed) -> RawReturn:
    """The return under the unit's stable code and the period's own, so that it hashes alike."""
    raw.unit = owed.unit_code
    raw.period = owed.period
    return raw


def _content_issues(
    catalogue: Catalogue, form: FormVersion, raw: RawReturn, issues: list[Issue]
) -> tuple[Issue, ...]:
    """What is wrong with the cells of a return that is refused anyway, where that can be told."""
    if any(issue.code == "wrong_version" for issue in issues):
        return tuple(raw.issues)
    try:
        period = Period.parse(raw.period)
    except BadPeriod:
        return tuple(raw.issues)
    window = period.window(catalogue.regime(form.regime).window)
    return check(form, raw, Circumstances(window, catalogue.lists, raw.unit)).issues


def _repeated(session: Session, owed: Owed) -> Receipt:
    first = receipt_of(session, session.get_one(Submission, owed.in_force_id))
    return replace(first, verdict=Verdict.REPEATED)


def _is_settled(owed: Owed) -> bool:
    """Whether the revision in force was accepted, and no correction of it is allowed."""
    return owed.in_force_status is SubmissionStatus.ACCEPTED and owed.amendable_at is None


def _accepted(owed: Owed) -> Issue:
    return Issue("already_accepted", given=owed.period, expected=str(owed.revisions))


def _verdict(raw: RawReturn, issues: tuple[Issue, ...], unit_name: str = "") -> Receipt:
    return Receipt(
        verdict_beforehand(issues),
        short(raw.form, 60),
        short(raw.unit, 60),
        short(raw.period, 20),
        issues,
        unit_name=unit_name,
    )


def _not_a_form(catalogue: Catalogue, raw: RawReturn) -> tuple[Issue, ...]:
    """Why no form was found: the return could not be read, or it names one that is not there."""
    if raw.issues and not raw.form:
        return tuple(raw.issues)
    given, codes = short(raw.form, 60), ", ".join(catalogue.codes)
    unknown = Issue("unknown_form", given=given or "(trống)", expected=codes)
    if not given:
        unknown = replace(unknown, given_en="(blank)")
    return (unknown, *raw.issues)
