"""Receipts as files: what the sender keeps, and checks by verify_receipt.py without us."""

from __future__ import annotations

from sqlalchemy.orm import Session

from reporting.errors import NotFound
from reporting.models import Submission
from reporting.services.actors import Actor
from reporting.services.archive import find_kept
from reporting.services.audit import RECEIVED, find_signed
from reporting.services.downloads import NamedFile
from reporting.services.receipts import Proof, receipt_number


def receipt_file(session: Session, *, actor: Actor, submission_id: int) -> NamedFile:
    """The signed receipt of a revision that the actor may see. Raises NotFound."""
    sent = find_kept(session, actor=actor, submission_id=submission_id).submission
    proof = kept_proof(session, submission_id)
    if proof is None:
        raise NotFound(
            vi=f"Báo cáo số {submission_id} được nhận khi chưa có biên nhận ký số.",
            en=f"Submission {submission_id} was received before receipts were signed.",
        )
    subject = f"submission/{submission_id}"
    return NamedFile(proof.as_file(), receipt_name(sent), subject, sent.unit_id)


def receipt_name(sent: Submission) -> str:
    """The name of the file of a receipt."""
    return f"receipt-{receipt_number(sent.id, sent.received_at)}.json"


def kept_proof(session: Session, submission_id: int) -> Proof | None:
    """The line that was the receipt; a revision of before there were lines has none."""
    line = find_signed(session, f"submission/{submission_id}", RECEIVED)
    return Proof(line.body, line.sha256, line.key_id, line.signature) if line else None
