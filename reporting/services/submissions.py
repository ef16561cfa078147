"""Receiving a return: one act behind every door, and its pre-flight without side effects.

A return that is wrong is not an exception: it is refused with all its issues and kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, insert, update
from sqlalchemy.orm import Session

from forms.canonical import ENGINE, sha256, write_report
from forms.catalogue import Catalogue
from forms.checking import check
from forms.definition import FormVersion, Severity
from forms.issues import Issue
from forms.naming_rows import Circumstances
from forms.period import BadPeriod, Period
from forms.returns import RawReturn, Report
from reporting.db import ask_at_once
from reporting.models import (
    ReportingObligation,
    ReportingUnit,
    Submission,
    SubmissionStatus,
)
from reporting.models.base import table_of
from reporting.services.actors import Act, Actor
from reporting.services.cross_checks import (
    INSERT_COMPARED,
    outcomes_of,
    rerun_dependents,
    run_cross_checks,
)
from reporting.services.naming_units import units_in_rows
from reporting.services.owed import Owed, find_owed
from reporting.services.packing import INSERT_PACKED, packed_rows
from reporting.services.punctuality import is_on_time, notes_on_time, stand_with
from reporting.services.receipts import (
    Receipt,
    Verdict,
    issues_as_data,
    issues_from_data,
    receipt_number,
)
from reporting.services.refusing import Delivery, refuse, short

_sent = table_of(Submission)
_owed = table_of(ReportingObligation)
# Made once: making a statement anew for each return costs more than running it.
_INSERT = insert(_sent)
_PUT_IN_FORCE = (
    update(_owed)
    .where(_owed.c.id == bindparam("obligation"))
    .values(
        in_force_id=bindparam("new"),
        revisions=bindparam("count"),
        stand=bindparam("now_stands"),
        # A clock that was ahead may have marked it, or it had begun before the due instant.
        late_at=case((bindparam("is_in_time"), None), else_=_owed.c.late_at),
    )
)

Clock = Callable[[], datetime]

#: What stands against receiving now, and says nothing about the figures.
_SOFT_IN_PREFLIGHT = ("not_owed", "period_not_open", "period_closed")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A return that may be stored: what it is of, what was found, and its canonical bytes."""

    form: FormVersion
    owed: Owed
    report: Report
    issues: tuple[Issue, ...]
    content: bytes
    digest: str


def receive(
    session: Session, *, actor: Actor, delivery: Delivery, catalogue: Catalogue, clock: Clock
) -> Receipt:
    """Receive one return: a new revision, the receipt of the one in force, or a refusal.

    The same content as the revision in force gives its receipt again. `clock` is read inside the
    lock, so that an edition's cut-off is exact. Flushes; the caller commits, also on a refusal.
    Raises NotAllowed where the actor may not act for the unit.
    """
    raw = delivery.raw
    form = _newest(catalogue, raw.form)
    if form is None:
        return refuse(session, actor=actor, delivery=delivery, issues=_not_a_form(catalogue, raw))
    owed, issues = find_owed(
        session,
        actor=actor,
        raw=raw,
        form=form,
        catalogue=catalogue,
        received_at=delivery.received_at,
        act=Act.APPROVE,
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
    notes = (*checked.issues, *notes_on_time(owed, delivery.begun_at, delivery.received_at))
    taken = _Taken(form, owed, checked.report, notes, content, digest)
    return _store(session, actor, delivery, catalogue, taken, clock())


def preflight(
    session: Session, *, actor: Actor, raw: RawReturn, catalogue: Catalogue, now: datetime
) -> Receipt:
    """The verdict that `receive` would give, at any time and without side effects.

    That a period is not open, or not owed, is said as a warning: whoever prepares a return early
    wants to know about its figures.
    """
    form = _newest(catalogue, raw.form)
    if form is None:
        return _verdict(raw, _not_a_form(catalogue, raw))
    owed, issues = find_owed(
        session,
        actor=actor,
        raw=raw,
        form=form,
        catalogue=catalogue,
        received_at=now,
        act=Act.READ,
        lock=False,
    )
    soft = [_softened(issue) if issue.code in _SOFT_IN_PREFLIGHT else issue for issue in issues]
    if owed is None:
        return _verdict(raw, (*soft, *_content_issues(catalogue, form, raw, issues)))
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
    )
    across = tuple(issue for outcome in outcomes for issue in outcome.issues)
    refused = any(issue.severity is Severity.ERROR for issue in (*soft, *checked.issues))
    verdict = _verdict(raw, (*soft, *checked.issues, *across), unit_name=owed.unit_name)
    return verdict if refused else replace(verdict, verdict=Verdict.RECEIVED)


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
    )


def _newest(catalogue: Catalogue, code: str) -> FormVersion | None:
    return catalogue.latest(code) if code in catalogue.codes else None


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


def _store(
    session: Session,
    actor: Actor,
    delivery: Delivery,
    catalogue: Catalogue,
    taken: _Taken,
    recorded_at: datetime,
) -> Receipt:
    """Write the revision and its packed cells, put it in force, compare it with other reports."""
    form, owed, report = taken.form, taken.owed, taken.report
    revision = _revision(actor, delivery, taken, recorded_at)
    submission_id = owed.next_submission
    packed = packed_rows(session, submission_id=submission_id, report=report)
    outcomes, compared = run_cross_checks(
        catalogue=catalogue,
        form=form,
        report=report,
        sides=owed.sides,
        submission_id=submission_id,
        unit_id=owed.unit_id,
        now=recorded_at,
    )
    now_in_force = {
        "new": submission_id,
        "count": revision["revision"],
        "now_stands": stand_with(owed, is_on_time=revision["is_on_time"]),
        "is_in_time": revision["is_on_time"],
        "obligation": owed.obligation_id,
    }
    ask_at_once(
        session.connection(),
        (_INSERT, revision | {"id": submission_id}),
        *((INSERT_PACKED, table) for table in packed),
        (_PUT_IN_FORCE, now_in_force),
        *((INSERT_COMPARED, row) for row in compared),
    )
    if owed.has_readers:
        rerun_dependents(
            session,
            catalogue=catalogue,
            form_code=form.code,
            period=report.period,
            unit_id=owed.unit_id,
            now=recorded_at,
        )
    across = tuple(issue for outcome in outcomes for issue in outcome.issues)
    return _receipt(taken, submission_id, revision, across)


def _receipt(
    taken: _Taken, submission_id: int, revision: dict[str, Any], across: tuple[Issue, ...]
) -> Receipt:
    same = ("revision", "content_sha256", "file_sha256", "received_at", "is_on_time")
    return Receipt(
        Verdict.RECEIVED,
        taken.form.code,
        taken.owed.unit_code,
        taken.report.period,
        (*taken.issues, *across),
        number=receipt_number(submission_id, revision["received_at"]),
        submission_id=submission_id,
        version=taken.form.version,
        due_at=taken.owed.due_at,
        unit_name=taken.owed.unit_name,
        **{name: revision[name] for name in same},
    )


def _revision(
    actor: Actor, delivery: Delivery, taken: _Taken, recorded_at: datetime
) -> dict[str, Any]:
    """The row of a new revision."""
    owed = taken.owed
    return {
        "obligation_id": owed.obligation_id,
        "unit_id": owed.unit_id,
        "form_code": taken.form.code,
        "form_version": taken.form.version,
        "period": taken.report.period,
        "revision": owed.revisions + 1,
        "status": SubmissionStatus.RECEIVED,
        "engine": ENGINE,
        "content_sha256": taken.digest,
        "canonical": taken.content,
        "file": delivery.body,
        "file_name": short(delivery.file_name, 200),
        "file_sha256": sha256(delivery.body),
        "received_at": delivery.received_at,
        "recorded_at": recorded_at,
        "is_on_time": is_on_time(owed, delivery.begun_at, delivery.received_at),
        "door": delivery.door,
        "client_id": actor.client_id,
        "actor": actor.name,
        "issues": issues_as_data(taken.issues),
        "signer": short(delivery.signer or actor.signer, 400),
        "approval_id": delivery.approval_id,
        "reason": short(delivery.reason, 1_000),
    }


def _repeated(session: Session, owed: Owed) -> Receipt:
    first = receipt_of(session, session.get_one(Submission, owed.in_force_id))
    return replace(first, verdict=Verdict.REPEATED)


def _verdict(raw: RawReturn, issues: tuple[Issue, ...], unit_name: str = "") -> Receipt:
    refused = any(issue.severity is Severity.ERROR for issue in issues)
    return Receipt(
        Verdict.REFUSED if refused else Verdict.RECEIVED,
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
    given = short(raw.form, 60) or "(trống)"
    unknown = Issue("unknown_form", given=given, expected=", ".join(catalogue.codes))
    return (unknown, *raw.issues)


def _softened(issue: Issue) -> Issue:
    return Issue(issue.code, Severity.WARNING, given=issue.given, expected=issue.expected)
