"""Signing a draft off: looked over, approved and signed, sent; void as soon as anything differs.

What is signed is a statement of hashes over report, form and packet (NĐ09 Điều 17(6), TT01 Điều 7)
with the name and the capacity of who approves: a line of the audit, in canonical JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import canonical_json, sha256
from reporting.errors import Conflict, NotAllowed
from reporting.models import (
    AuditLine,
    Door,
    Draft,
    DraftAct,
    DraftChange,
    DraftState,
    ReportingObligation,
    SigningKey,
    Submission,
)
from reporting.services.actors import Act, Actor
from reporting.services.draft_record import (
    SENT,
    DraftWork,
    draft_seen,
    file_sha256,
    note_change,
    note_end,
    tag_of,
)
from reporting.services.drafts import DraftView, explained, look_at
from reporting.services.explanations import as_data, keep_explanations
from reporting.services.held import hold_obligation
from reporting.services.receipts import Receipt, Verdict, issue_for_people
from reporting.services.refusing import Delivery, short
from reporting.services.regimes import known_regimes
from reporting.services.rights import may_for_unit
from reporting.services.signing import is_good
from reporting.services.submissions import receive
from reporting.services.typed_cells import Changed

#: What must be now as it was when it was signed.
_SIGNED_OVER = (
    "report_sha256", "form", "form_version", "declaration_sha256", "packet_sha256", "unit",
    "period", "explanations_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a draft: a receipt; or, where the approval no longer fits, its end.

    `receipt` may be a refusal: then the draft is still there, with its approval. `voided` says
    what is no longer as it was signed; the caller commits it all the same.
    """

    receipt: Receipt | None = None
    voided: DraftChange | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """Through which door a draft is sent, when its request began, and why it replaces another."""

    door: Door
    clock: Callable[[], datetime]
    begun_at: datetime | None = None
    reason: str = ""


def check_draft(session: Session, at: DraftWork, *, obligation_id: int, if_match: str) -> DraftView:
    """Pass a draft on as looked over. The caller commits.

    Raises NotFound, NotAllowed, VersionNeeded, Stale, Conflict while errors stand.
    """
    owed = hold_obligation(session, actor=at.actor, acts=(Act.CHECK,), obligation_id=obligation_id)
    draft = draft_seen(session, owed, if_match)
    view = look_at(session, at, owed, draft)
    _refuse_errors(view)
    if draft.state is not DraftState.ENTERED:
        raise _already(view)
    draft.state, draft.checked_by = DraftState.CHECKED, at.actor.name
    note_change(session, at, owed=owed, draft=draft, act=DraftAct.CHECKED)
    return look_at(session, at, owed, draft)


def approve_draft(
    session: Session, at: DraftWork, *, obligation_id: int, if_match: str
) -> DraftView:
    """Approve and sign a draft: report, form and packet, by name and capacity. The caller commits.

    Raises NotFound, NotAllowed where the approver has entered of it himself and may not have,
    VersionNeeded, Stale, Conflict while errors stand or a warning has no explanation.
    """
    owed = hold_obligation(
        session, actor=at.actor, acts=(Act.APPROVE,), obligation_id=obligation_id
    )
    draft = draft_seen(session, owed, if_match)
    view = look_at(session, at, owed, draft)
    if draft.state is DraftState.APPROVED:
        raise _already(view)
    _refuse_errors(view)
    _refuse_unexplained(view)
    _refuse_the_one_who_entered(session, at, view)
    signed = _statement(view, at) | {
        "draft_version": draft.version,
        "signer": at.actor.signer or at.actor.name,
        "title": _title(session, at.actor, owed),
    }
    draft.content_sha256 = view.verdict.content_sha256
    draft.state = DraftState.APPROVED
    draft.approval_id = note_change(
        session,
        at,
        owed=owed,
        draft=draft,
        act=DraftAct.APPROVED,
        details=signed,
        is_signed=True,
    )
    return look_at(session, at, owed, draft)


def submit_draft(
    session: Session, at: DraftWork, sending: Sending, *, obligation_id: int, if_match: str
) -> Sent:
    """Send an approved draft: the receipt, and the draft is no more. The caller commits.

    Where anything is not as it was signed, the approval is void instead, and the answer says what
    differs. Raises NotFound, NotAllowed, VersionNeeded, Stale, Conflict without an approval or
    without the reason that a person gives for replacing a revision.
    """
    owed = hold_obligation(
        session,
        actor=at.actor,
        acts=(Act.APPROVE, Act.ENTER),
        obligation_id=obligation_id,
        is_receiving=True,
    )
    draft = draft_seen(session, owed, if_match)
    if draft.approval_id is None:
        raise Conflict(vi="Bản nháp chưa được duyệt.", en="The draft is not approved yet.")
    view = look_at(session, at, owed, draft)
    line = session.get_one(AuditLine, draft.approval_id)
    differing = _differing(session, at, view, line)
    if differing.count:
        details = {"approval": line.id}
        note_change(
            session,
            at,
            owed=owed,
            draft=draft,
            act=DraftAct.VOIDED,
            changed=differing,
            details=details,
        )
        return Sent(voided=look_at(session, at, owed, draft).changes[-1])
    return Sent(receipt=_send(session, at, sending, view, line))


def approve_and_submit(
    session: Session, at: DraftWork, sending: Sending, *, obligation_id: int, if_match: str
) -> Sent:
    """Approve, sign and send at once. The caller commits. Raises what both of them raise."""
    # The lock of receiving first: taken after the row's it could stand in a circle.
    hold_obligation(
        session,
        actor=at.actor,
        acts=(Act.APPROVE,),
        obligation_id=obligation_id,
        is_receiving=True,
    )
    view = approve_draft(session, at, obligation_id=obligation_id, if_match=if_match)
    now = tag_of(view.draft)
    return submit_draft(session, at, sending, obligation_id=obligation_id, if_match=now)


def _send(
    session: Session, at: DraftWork, sending: Sending, view: DraftView, line: AuditLine
) -> Receipt:
    draft, owed = view.draft, view.owed
    # Of many that are signed for one reason the first of its period amends nothing.
    reason = (short(sending.reason, 1_000) or draft.reason) if owed.revisions else ""
    is_same = _is_in_force(session, owed, draft)
    if at.actor.account_id is not None and owed.in_force_id and not reason and not is_same:
        raise Conflict(
            vi="Đã có báo cáo cho kỳ này; cần nêu lý do sửa đổi.",
            en="There is a report for this period; say why it is amended.",
        )
    signed = json.loads(line.body)["details"]
    delivery = Delivery(
        view.raw,
        draft.body,
        draft.file_name,
        sending.door,
        at.now,
        sending.begun_at,
        reason=reason,
        signer=", ".join(filter(None, (signed["signer"], signed["title"]))),
        approval_id=line.id,
    )
    receipt = receive(
        session,
        actor=at.actor,
        delivery=delivery,
        catalogue=at.catalogue,
        clock=sending.clock,
        signer=at.signer,
        act=_sending_act(session, at.actor, owed),
    )
    if receipt.verdict is Verdict.REFUSED:
        return receipt
    if receipt.verdict is Verdict.RECEIVED:
        session.refresh(owed)
        keep_explanations(session, receipt.submission_id, explained(draft), at=sending.clock())
    session.refresh(draft)
    note_end(
        session,
        at,
        owed=owed,
        draft=draft,
        act=SENT,
        submission=receipt.submission_id,
        approval=line.id,
        verdict=receipt.verdict.value,
    )
    return receipt


def _statement(view: DraftView, at: DraftWork) -> dict[str, Any]:
    """What is signed over: hashes of report, form and packet, and of what it is for."""
    owed = view.owed
    said = canonical_json(as_data(view.explanations))
    return {
        "report_sha256": view.verdict.content_sha256,
        "form": owed.form_code,
        "form_version": owed.form_version,
        "declaration_sha256": at.catalogue.form(owed.form_code, owed.form_version).checksum,
        "packet_sha256": file_sha256(view.draft),
        "unit": view.unit.code,
        "period": owed.period,
        "explanations_sha256": sha256(said),
    }


def _differing(session: Session, at: DraftWork, view: DraftView, line: AuditLine) -> Changed:
    """What is not as it was signed: by name, with what was signed and what is there."""
    signed: Mapping[str, Any] = json.loads(line.body)["details"]
    here = _statement(view, at)
    differing = [
        {"cell": name, "old": str(signed.get(name, "")), "new": str(here[name])}
        for name in _SIGNED_OVER
        if signed.get(name) != here[name]
    ]
    if sha256(line.body) != line.sha256 or not _is_signed(session, at, line):
        differing.append({"cell": "signature", "old": line.sha256, "new": sha256(line.body)})
    return Changed(differing, len(differing))


def _is_signed(session: Session, at: DraftWork, line: AuditLine) -> bool:
    if line.key_id == at.signer.key_id:
        return is_good(at.signer.public_pem, line.body, line.signature)
    key = session.get(SigningKey, line.key_id)
    return key is not None and is_good(key.public_pem, line.body, line.signature)


def _refuse_errors(view: DraftView) -> None:
    if view.verdict.verdict is Verdict.REFUSED:
        count = len(view.verdict.errors)
        raise Conflict(
            vi=f"Bản nháp còn {count} lỗi phải sửa.",
            en=f"The draft has {count} {'error' if count == 1 else 'errors'} to be corrected.",
            issues=[issue_for_people(issue) for issue in view.verdict.errors],
        )


def _refuse_unexplained(view: DraftView) -> None:
    if view.to_explain:
        count = len(view.to_explain)
        raise Conflict(
            vi=f"Còn {count} cảnh báo chưa được giải trình.",
            en=f"{count} {'warning has' if count == 1 else 'warnings have'} no explanation.",
            issues=[issue_for_people(issue) for issue in view.to_explain],
        )


def _refuse_the_one_who_entered(session: Session, at: DraftWork, view: DraftView) -> None:
    """Raises NotAllowed where who approves has entered of it, and who enters may not sign."""
    me = at.actor.account_id
    entered = (DraftAct.ENTERED,)
    mine = [one for one in view.changes if one.account_id == me and one.act in entered]
    if me is None or not mine or not _approver_differs(session, at, view.owed):
        return
    raise NotAllowed(
        vi="Người duyệt phải khác người nhập liệu; bạn đã nhập số liệu của bản nháp này.",
        en="Who approves must be another than who entered; you have entered of this draft.",
    )


def _approver_differs(session: Session, at: DraftWork, owed: ReportingObligation) -> bool:
    if at.approver_differs:
        return True
    form = at.catalogue.form(owed.form_code, owed.form_version)
    known = known_regimes(session, at.catalogue)
    regime = known.get(owed.regime_code) or at.catalogue.regime(form.regime)
    return regime.approver_differs


def _title(session: Session, actor: Actor, owed: ReportingObligation) -> str:
    """In what capacity the actor approves: as his right for this unit and form says."""
    for grant in actor.grants_of(Act.APPROVE):
        alone = replace(actor, grants=(grant,), is_system=False)
        if may_for_unit(session, alone, Act.APPROVE, owed.unit_id, form=owed.form_code):
            return grant.title
    return ""


def _sending_act(session: Session, actor: Actor, owed: ReportingObligation) -> Act:
    """Entering is enough to send what another has signed."""
    signs = may_for_unit(session, actor, Act.APPROVE, owed.unit_id, form=owed.form_code)
    return Act.APPROVE if signs else Act.ENTER


def _is_in_force(session: Session, owed: ReportingObligation, draft: Draft) -> bool:
    """Whether a draft says what the revision in force says."""
    query = select(Submission.content_sha256).where(Submission.id == owed.in_force_id)
    return session.scalars(query).one_or_none() == draft.content_sha256


def _already(view: DraftView) -> Conflict:
    last = view.changes[-1]
    done = {DraftAct.CHECKED: ("kiểm tra", "checked"), DraftAct.APPROVED: ("duyệt", "approved")}
    vi, en = done.get(last.act, ("thay đổi", "changed"))
    return Conflict(
        vi=f"Bản nháp đã được {last.actor} {vi}.",
        en=f"The draft was {en} by {last.actor} already.",
    )
