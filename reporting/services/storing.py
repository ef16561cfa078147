"""Storing a return that may be taken: the revision, its packed cells, its receipt, and its effects.

What is written for one return goes to the store at once, in one statement where that can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, bindparam, case, insert, null, update
from sqlalchemy.orm import Session

from forms.addresses import Places
from forms.canonical import ENGINE, sha256
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.issues import Issue
from forms.returns import Report
from reporting.at_once import connection_of, write_at_once
from reporting.models import ReportingObligation, Submission, SubmissionStatus
from reporting.models.base import table_of
from reporting.services.actors import Actor
from reporting.services.audit import INSERT_LINE, RECEIVED, Entry, instant_text, line_of
from reporting.services.changed_cells import changed_since
from reporting.services.cross_checks import INSERT_COMPARED, rerun_dependents, run_cross_checks
from reporting.services.owed import Owed
from reporting.services.packing import INSERT_PACKED, packed_rows
from reporting.services.punctuality import is_on_time, stand_with
from reporting.services.receipts import Proof, Receipt, Verdict, issues_as_data, receipt_number
from reporting.services.refusing import Delivery, short
from reporting.services.signing import Signer

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
        late_at=case((bindparam("is_in_time", type_=Boolean), null()), else_=_owed.c.late_at),
        # A correction that was allowed is allowed once.
        amendable_at=null(),
    )
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A return that may be stored: what it is of, what was found, and its canonical bytes."""

    form: FormVersion
    owed: Owed
    report: Report
    issues: tuple[Issue, ...]
    content: bytes
    digest: str
    places: Places


@dataclass(frozen=True, slots=True)
class Circle:
    """Around a revision that is stored: who sends what, who signs, and when it is recorded."""

    actor: Actor
    delivery: Delivery
    catalogue: Catalogue
    signer: Signer
    recorded_at: datetime


def store(session: Session, at: Circle, taken: Taken) -> Receipt:
    """Write the revision, its packed cells and its receipt, put it in force, compare it."""
    form, owed, report = taken.form, taken.owed, taken.report
    revision = _revision(at, taken)
    submission_id = owed.next_submission
    packed = packed_rows(session, submission_id=submission_id, report=report)
    outcomes, compared = run_cross_checks(
        catalogue=at.catalogue,
        form=form,
        report=report,
        sides=owed.sides,
        submission_id=submission_id,
        unit_id=owed.unit_id,
        now=at.recorded_at,
        places=taken.places,
    )
    entry = _entry(taken, submission_id, revision)
    if owed.in_force_id is not None:
        changed = changed_since(session, owed.in_force_id, taken.content)
        entry = replace(entry, details={**entry.details, "changed": changed})
    line = line_of(at.actor, entry, at=at.recorded_at, signer=at.signer)
    now_in_force = {
        "new": submission_id,
        "count": revision["revision"],
        "now_stands": stand_with(owed, is_on_time=revision["is_on_time"]),
        "is_in_time": revision["is_on_time"],
        "obligation": owed.obligation_id,
    }
    write_at_once(
        connection_of(session),
        (_INSERT, [revision | {"id": submission_id}]),
        (INSERT_PACKED, packed),
        (INSERT_COMPARED, compared),
        (INSERT_LINE, [line]),
        last=(_PUT_IN_FORCE, now_in_force),
    )
    if owed.has_readers:
        rerun_dependents(
            session,
            catalogue=at.catalogue,
            form_code=form.code,
            period=report.period,
            unit_id=owed.unit_id,
            now=at.recorded_at,
        )
    across = tuple(issue for outcome in outcomes for issue in outcome.issues)
    return _receipt(taken, submission_id, revision, across, _proof(line))


def _entry(taken: Taken, submission_id: int, revision: dict[str, Any]) -> Entry:
    """What the receipt says, as a line of the audit: what was taken, of whom, when, signed by whom.

    Two instants: `received_at` decides whether it was on time, `at` of the line which editions it
    can be in.
    """
    same = ("revision", "content_sha256", "file_sha256", "file_name", "is_on_time", "signer")
    details = {name: revision[name] for name in same}
    return Entry(
        act=RECEIVED,
        subject=f"submission/{submission_id}",
        unit_id=taken.owed.unit_id,
        details=details
        | {
            "number": receipt_number(submission_id, revision["received_at"]),
            "form": taken.form.code,
            "version": taken.form.version,
            "period": taken.report.period,
            "unit": taken.owed.unit_code,
            "received_at": instant_text(revision["received_at"]),
            "due_at": instant_text(taken.owed.due_at),
            "reason": revision["reason"],
            "approval": revision["approval_id"],
            "replaces": taken.owed.in_force_id,
        },
    )


def _proof(line: Mapping[str, Any]) -> Proof:
    return Proof(line["body"], line["sha256"], line["key_id"], line["signature"])


def _receipt(
    taken: Taken,
    submission_id: int,
    revision: dict[str, Any],
    across: tuple[Issue, ...],
    proof: Proof,
) -> Receipt:
    same = ("revision", "content_sha256", "file_sha256", "received_at", "is_on_time", "signer")
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
        reason=revision["reason"],
        proof=proof,
        **{name: revision[name] for name in same},
    )


def _revision(at: Circle, taken: Taken) -> dict[str, Any]:
    """The row of a new revision."""
    actor, delivery = at.actor, at.delivery
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
        "recorded_at": at.recorded_at,
        "is_on_time": is_on_time(owed, delivery.begun_at, delivery.received_at),
        "door": delivery.door,
        "client_id": actor.client_id,
        "actor": actor.name,
        "issues": issues_as_data(taken.issues),
        "signer": short(delivery.signer or actor.signer, 400),
        "approval_id": delivery.approval_id,
        "reason": short(delivery.reason, 1_000),
    }
