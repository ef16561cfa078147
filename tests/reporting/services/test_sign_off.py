"""Signing off: looked over, approved and signed, sent; void when anything differs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forms.canonical import sha256
from reporting.errors import Conflict, NotAllowed, Stale
from reporting.models import (
    AuditLine,
    Door,
    Draft,
    DraftAct,
    DraftState,
    Explanation,
    Role,
    SigningKey,
    Submission,
)
from reporting.services import sign_off
from reporting.services.draft_record import find_draft
from reporting.services.keys import register_key
from reporting.services.receipts import Verdict
from reporting.services.sign_off import Sending
from reporting.services.signing import ServerKey, is_good
from tests.builders import GOOD_CELLS, IN_Q3, SIGNER, shipped_forms
from tests.reporting.services.signing_off import ODD_CELLS, a_person, an_office


def test_a_report_goes_its_whole_way(session: Session) -> None:
    """Entered, looked over, signed and sent: the receipt names who signed, the draft is gone."""
    office = an_office(session)
    office.save()
    assert office.check().draft.checked_by == "Nông Thị Hà"
    approval = office.approve().draft.approval_id
    sent = office.submit(by=office.clerk)
    assert sent.receipt is not None
    assert sent.receipt.verdict is Verdict.RECEIVED
    kept = session.get_one(Submission, sent.receipt.submission_id)
    assert (kept.signer, kept.approval_id) == ("Trần Văn Bình, Chủ tịch", approval)
    assert find_draft(session, office.owed.id) is None


def test_the_signature_is_over_report_form_and_packet(session: Session) -> None:
    """Whoever has the public key can check what was signed by whom, in what capacity."""
    office = an_office(session)
    view = office.save()
    packet = sha256(view.draft.body)
    office.approve()
    line = session.scalars(select(AuditLine).where(AuditLine.act == "draft.approved")).one()
    assert is_good(SIGNER.public_pem, line.body, line.signature)
    said = json.loads(line.body)
    expected = {
        "report_sha256": view.draft.content_sha256,
        "packet_sha256": packet,
        "declaration_sha256": shipped_forms().latest(office.owed.form_code).checksum,
        "form": "II.06a/VPCP/KSTT",
        "unit": "X01840",
        "period": "2026-Q3",
        "signer": "Trần Văn Bình",
        "title": "Chủ tịch",
    }
    assert said["account"] == 4
    assert expected.items() <= said["details"].items()


def test_nothing_is_signed_while_errors_stand(session: Session) -> None:
    """Neither looked over nor approved, and the answer says which errors."""
    office = an_office(session)
    office.save({**GOOD_CELLS, "c8": "nhiều"})
    for act in (office.check, office.approve):
        with pytest.raises(Conflict) as refused:
            act()
        assert "not_a_figure" in [issue["code"] for issue in refused.value.more["issues"]]


def test_a_warning_is_explained_before_it_is_signed_and_the_word_travels_on(
    session: Session,
) -> None:
    """Without a word the head cannot sign; with it the receiver reads it."""
    office = an_office(session)
    view = office.save(ODD_CELLS)
    assert len(view.to_explain) >= 1
    with pytest.raises(Conflict, match="explanation"):
        office.approve()
    office.explain(view, "Hồ sơ chuyển kỳ")
    office.approve()
    sent = office.submit()
    assert sent.receipt is not None
    kept = session.scalars(select(Explanation)).all()
    assert {(one.text, one.actor) for one in kept} == {("Hồ sơ chuyển kỳ", "Lý Thị Mai")}
    assert {one.submission_id for one in kept} == {sent.receipt.submission_id}


def test_one_cell_changed_voids_the_approval_and_says_which(session: Session) -> None:
    """The draft is entered again; the change says that it voided and what it changed."""
    office = an_office(session)
    office.save()
    office.check()
    office.approve()
    view = office.save({**GOOD_CELLS, "c12": 18, "c13": 2}, by=office.colleague)
    draft, change = view.draft, view.changes[-1]
    assert (draft.state, draft.approval_id, draft.checked_by) == (DraftState.ENTERED, None, "")
    assert change.voided_approval
    assert [cell["cell"] for cell in change.cells] == ["a/đất đai/c12", "a/đất đai/c13"]
    with pytest.raises(Conflict, match="not approved"):
        office.submit()


def test_an_explanation_changed_voids_the_approval(session: Session) -> None:
    """What was signed had other words."""
    office = an_office(session)
    odd = office.save(ODD_CELLS)
    office.explain(odd)
    office.approve()
    office.explain(odd, "Lý do khác")
    draft = find_draft(session, office.owed.id)
    assert draft is not None
    assert draft.approval_id is None


@pytest.mark.parametrize("what", ["packet_sha256", "explanations_sha256"])
def test_what_was_altered_behind_our_back_is_found_on_sending(session: Session, what: str) -> None:
    """The hashes no longer fit: the approval is void, nothing is sent, and it says what differs."""
    office = an_office(session)
    odd = office.save(ODD_CELLS)
    office.explain(odd)
    office.approve()
    body = odd.draft.body.replace(b'"unit"', b' "unit"')
    altered: dict[str, Any] = {"body": body} if what == "packet_sha256" else {"explanations": []}
    session.execute(update(Draft).values(altered))
    session.expire_all()
    sent = office.submit()
    assert sent.receipt is None
    assert sent.voided is not None
    assert (sent.voided.act, sent.voided.voided_approval) == (DraftAct.VOIDED, True)
    assert [cell["cell"] for cell in sent.voided.cells] == [what]
    assert session.scalars(select(Submission)).all() == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_an_approval_counts_under_a_key_that_ours_vouches_for(
    session: Session, *, is_ours: bool
) -> None:
    """Under our key of before, but not under one that someone has written into the store."""
    office = an_office(session)
    office.save()
    signer = ServerKey.new()
    if is_ours:
        register_key(session, signer, now=IN_Q3)
        register_key(session, SIGNER, now=IN_Q3)
    else:
        session.add(SigningKey(id=signer.key_id, public_pem=signer.public_pem, first_used_at=IN_Q3))
    work = replace(office.work(office.head), signer=signer)
    sign_off.approve_draft(session, work, obligation_id=office.owed.id, if_match=office.tag())
    sent = office.submit()
    assert (sent.receipt is not None) == is_ours
    if not is_ours:
        assert sent.voided is not None
        assert [cell["cell"] for cell in sent.voided.cells] == ["signature"]


def test_who_entered_does_not_approve_where_the_regime_says_so(session: Session) -> None:
    """TT01 keeps the two apart; it is enough to have entered one cell of the draft."""
    office = an_office(session)
    both = a_person("Bế Văn Sơn", 9, office.commune, Role.ENTER, Role.APPROVE)
    office.save(by=both)
    office.save({**GOOD_CELLS, "c12": 18, "c13": 2}, by=office.clerk)
    with pytest.raises(NotAllowed, match="another than who entered"):
        office.approve(by=both)
    assert office.approve().draft.state is DraftState.APPROVED


def test_of_two_who_sign_at_once_the_second_is_told(session: Session) -> None:
    """The draft the second has seen is not the one there is now."""
    office = an_office(session)
    office.save()
    seen = office.tag()
    office.approve()
    deputy = a_person("Bế Văn Sơn", 9, office.commune, Role.APPROVE)
    with pytest.raises(Stale, match="Trần Văn Bình"):
        sign_off.approve_draft(
            session, office.work(deputy), obligation_id=office.owed.id, if_match=seen
        )
    with pytest.raises(Conflict, match="approved by Trần Văn Bình"):
        office.approve(by=deputy)


def test_a_clerk_neither_signs_nor_sends_what_is_not_signed(session: Session) -> None:
    """Entering is not approving."""
    office = an_office(session)
    office.save()
    for act in (office.check, office.approve):
        with pytest.raises(NotAllowed):
            act(by=office.clerk)
    with pytest.raises(Conflict, match="not approved"):
        office.submit(by=office.clerk)


def test_a_person_says_why_a_report_is_amended(session: Session) -> None:
    """Revision 2 has its reason, on the revision and on its receipt."""
    office = an_office(session)
    office.send()
    office.save({**GOOD_CELLS, "c12": 18, "c13": 2})
    office.approve()
    with pytest.raises(Conflict, match="why it is amended"):
        office.submit()
    sent = office.submit(reason="Nhập nhầm cột 12")
    assert sent.receipt is not None
    assert (sent.receipt.revision, sent.receipt.reason) == (2, "Nhập nhầm cột 12")


def test_approving_and_sending_is_one_act(session: Session) -> None:
    """One click signs and sends; refused, the draft and its approval stay."""
    office = an_office(session)
    office.save()
    office.now = IN_Q3.replace(month=5)
    sending = Sending(Door.PAGE, lambda: office.now)
    sent = sign_off.approve_and_submit(
        session,
        office.work(office.head),
        sending,
        obligation_id=office.owed.id,
        if_match=office.tag(),
    )
    assert sent.receipt is not None
    assert [issue.code for issue in sent.receipt.errors] == ["period_not_open"]
    draft = find_draft(session, office.owed.id)
    assert draft is not None
    assert draft.state is DraftState.APPROVED
    office.now = IN_Q3
    done = office.submit()
    assert done.receipt is not None
    assert done.receipt.verdict is Verdict.RECEIVED
