"""What the check finds of receipts, and of revisions that no longer say what theirs do."""

# ruff: noqa: S608 - whoever tampers puts his statements together by hand.

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from reporting.models import AuditHead, AuditLine
from reporting.services.actors import Actor
from reporting.services.audit import Entry, instant_text, record
from reporting.services.keys import trusted_keys
from reporting.services.sealing import head_bytes, seal
from reporting.services.verifying import Verified
from reporting.services.verifying_revisions import verify_revisions
from tests.builders import IN_Q3, SIGNER, a_province, a_return, a_unit, an_open_period
from tests.reporting.services.receiving import send
from tests.reporting.services.tampering import let_tamper, tamper, told

LATER = IN_Q3 + timedelta(days=3)


@pytest.fixture
def received(session: Session) -> Session:
    """A store with two receipts, sealed, in which everything can be altered."""
    province = a_province(session)
    for code in ("X01840", "X01843"):
        a_unit(session, code, parent=province)
    an_open_period(session)
    for code in ("X01840", "X01843"):
        send(session, a_return(code))
    seal(session, SIGNER, now=IN_Q3)
    assert revisions(session) == []
    let_tamper(session)
    return session


def revisions(session: Session, *, count: int = 2) -> list[str]:
    """What the check of revisions finds."""
    found = Verified()
    verify_revisions(session, found, trusted=trusted_keys(session, SIGNER))
    assert found.revisions == count
    return [fault.what.partition(": ")[2] for fault in found.faults]


def receipts(session: Session) -> list[AuditLine]:
    """The lines that are receipts."""
    lines = session.query(AuditLine).filter_by(act="submission.received")
    return list(lines.order_by(AuditLine.id))


def test_a_swapped_signature_is_found(received: Session) -> None:
    """The signature of one receipt is not that of another."""
    first, second = receipts(received)
    tamper(
        received,
        "UPDATE audit_line SET signature = :signature WHERE id = :id",
        signature=second.signature,
        id=first.id,
    )
    assert told(received) == [f"line {first.id}: not signed by a key that is trusted"]


def test_a_signature_that_was_taken_away_is_found(received: Session) -> None:
    """A receipt without a signature is none."""
    line = receipts(received)[0]
    tamper(received, "UPDATE audit_line SET signature = '', key_id = '' WHERE id = :id", id=line.id)
    assert told(received) == [f"line {line.id}: not signed by a key that is trusted"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("canonical = :bytes", "what it says was altered"),
        ("file = :bytes", "its file was altered"),
        (
            "canonical = :bytes, content_sha256 = :digest",
            "its receipt says otherwise: content_sha256",
        ),
        ("file = :bytes, file_sha256 = :digest", "its receipt says otherwise: file_sha256"),
        ("unit_id = unit_id - 1", "its receipt says otherwise: unit"),
        ("period = '2026-Q2'", "its receipt says otherwise: period"),
        ("signer = 'người khác'", "its receipt says otherwise: signer"),
        ("received_at = '2026-01-01T00:00:00.000000Z'", "its receipt says otherwise: received_at"),
        ("recorded_at = '2026-01-01T00:00:00.000000Z'", "its receipt says otherwise: recorded_at"),
        ("is_on_time = NOT is_on_time", "its receipt says otherwise: is_on_time"),
        ("form_version = 7", "its receipt says otherwise: version"),
        ("file_name = 'khac.json'", "its receipt says otherwise: file_name"),
    ],
)
def test_an_altered_revision_is_found(received: Session, change: str, what: str) -> None:
    """The chain proves the receipts, and the receipts what lies beside them."""
    digest = "5bf8aa57fc5a6bc547decf1cc6db63f10deb55a3c6c5df497d631fb3d95e1abf"
    values = {name: value for name, value in
              {"bytes": b"khac", "digest": digest}.items() if f":{name}" in change}  # fmt: skip
    tamper(received, f"UPDATE submission SET {change} WHERE revision = 1 AND unit_id = "
           "(SELECT id FROM reporting_unit WHERE code = 'X01843')", **values)  # fmt: skip
    assert told(received) == []
    if "digest" in values:
        assert revisions(received)[-1] == what
    else:
        assert revisions(received) == [what]


def test_a_receipt_that_was_removed_is_missed(received: Session) -> None:
    """Also where the chain was made to fit without it."""
    last = receipts(received)[1]
    tamper(received, "DELETE FROM audit_line WHERE id = :id", id=last.id)
    assert revisions(received) == ["it has no receipt that is signed by a key that is trusted"]


def test_a_revision_that_was_removed_is_missed(received: Session) -> None:
    """Its receipt is still in the chain, although nothing of the report is left beside it."""
    which = "(SELECT max(id) FROM submission)"
    tamper(
        received, f"UPDATE reporting_obligation SET in_force_id = NULL WHERE in_force_id = {which}"
    )
    tamper(received, f"DELETE FROM submission WHERE id = {which}")
    assert told(received) == []
    assert revisions(received, count=1) == ["the revision of this receipt is gone"]


def test_a_second_receipt_that_was_put_in_changes_nothing(received: Session) -> None:
    """It has no signature, whatever it says."""
    forged = Entry(act="submission.received", subject=receipts(received)[0].subject)
    number = record(received, Actor(name="x"), forged, now=IN_Q3)
    assert revisions(received) == []
    seal(received, SIGNER, now=LATER)
    assert told(received) == [f"line {number}: not signed by a key that is trusted"]


def test_a_signed_line_of_another_kind_is_no_receipt(received: Session) -> None:
    """An end of the chain is signed too: put in the place of a receipt it is none, nor a key's."""
    head = received.query(AuditHead).one()
    values = {
        "body": head_bytes(head.number, head.chain_sha256, instant_text(head.at)),
        "signature": head.signature,
        "key": head.key_id,
    }
    change = "UPDATE audit_line SET body = :body, signature = :signature, key_id = :key"
    for act in ("submission.received", "key.taken-up"):
        tamper(received, f"{change} WHERE act = '{act}'", **values)
    missed = ["it has no receipt that is signed by a key that is trusted"] * 2
    assert revisions(received) == missed
    assert len(told(received)) == 3


@pytest.mark.parametrize("subject", ["submission/" + "9" * 5_000, b"\xff"])
def test_a_receipt_of_no_revision_is_a_fault_and_no_failure(
    received: Session, subject: str | bytes
) -> None:
    """Whatever stands in the column by which it is found."""
    if received.get_bind().dialect.name == "postgresql":
        pytest.skip("PostgreSQL keeps the types and lengths of its columns")
    line = receipts(received)[0]
    tamper(received, "UPDATE audit_line SET subject = :to WHERE id = :id", to=subject, id=line.id)
    assert revisions(received) == ["the revision of this receipt is gone"]
    assert told(received) == [f"line {line.id} was altered: a column is not what its body says"]
