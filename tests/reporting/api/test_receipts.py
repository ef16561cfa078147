"""The receipt as it is answered, held against the shape that describes it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forms.canonical import canonical_json
from forms.definition import Severity
from forms.issues import Issue
from reporting.api.receipts import answer_received
from reporting.api.schemas import ReceiptSchema
from reporting.services.receipts import Proof, Receipt, Verdict

_PROOF = Proof(canonical_json({"act": "submission.received", "số": [1, None]}), "ab", "k", "s==")
_RECEIPT = Receipt(
    Verdict.RECEIVED,
    "II.06a/VPCP/KSTT",
    "H26",
    "2026-Q3",
    (Issue("rule_pending", Severity.WARNING, cell="a", label='Bảng "a"', given="1\n2"),),
    number="20260922-000005",
    submission_id=5,
    version=1,
    revision=2,
    content_sha256="c0",
    file_sha256="f1",
    received_at=datetime(2026, 9, 22, 10, 0, 0, 120, UTC),
    due_at=datetime(2026, 9, 25, 10, tzinfo=UTC),
    is_on_time=True,
    unit_name="Thành phố Hà Nội",
    signer="Chánh Văn phòng",
    reason="Sửa",
    proof=_PROOF,
)


@pytest.mark.parametrize(
    "receipt",
    [
        _RECEIPT,
        replace(_RECEIPT, verdict=Verdict.REPEATED, issues=()),
        replace(_RECEIPT, proof=None, received_at=None, due_at=None),
    ],
)
def test_a_receipt_is_answered_as_its_schema_describes_it(receipt: Receipt) -> None:
    """The same names in the same order, with the same values."""
    answer = answer_received(receipt, place="/api/v1/submissions/5")
    assert answer.status_code == (201 if receipt.verdict is Verdict.RECEIVED else 200)
    assert answer.headers["Location"] == "/api/v1/submissions/5"
    described = ReceiptSchema().dump(receipt)
    assert json.dumps(answer.get_json()) == json.dumps(described)
