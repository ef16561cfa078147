"""The answer to a return that was received: the receipt, written as ReceiptSchema describes it.

It is the one answer that is written by hand: a schema walks through its fields anew for each, and
the proof, which is canonical JSON already, would be read and written once more.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response
from werkzeug.datastructures import Headers

from reporting.services.receipts import Proof, Receipt, Verdict, issue_for_people

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class _Written(Response):
    """An answer whose headers are all there as they are to be sent."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """As they are: the library would parse the place and copy them one by one."""
        return self.headers


def answer_received(receipt: Receipt, *, place: str) -> Response:
    """201 with the receipt of a new revision, 200 with that of the one in force."""
    is_new = receipt.verdict is Verdict.RECEIVED
    return _Written(
        orjson.dumps(_as_data(receipt), option=orjson.OPT_APPEND_NEWLINE),
        HTTPStatus.CREATED if is_new else HTTPStatus.OK,
        {"Location": place},
        mimetype="application/json",
    )


def _as_data(receipt: Receipt) -> dict[str, Any]:
    return {
        "verdict": receipt.verdict.value,
        "number": receipt.number,
        "submission": receipt.submission_id,
        "form": receipt.form,
        "version": receipt.version,
        "unit": receipt.unit,
        "unit_name": receipt.unit_name,
        "period": receipt.period,
        "revision": receipt.revision,
        "content_sha256": receipt.content_sha256,
        "file_sha256": receipt.file_sha256,
        "received_at": _instant(receipt.received_at),
        "due_at": _instant(receipt.due_at),
        "is_on_time": receipt.is_on_time,
        "signer": receipt.signer,
        "reason": receipt.reason,
        "proof": _proof(receipt.proof),
        "issues": [issue_for_people(issue) for issue in receipt.issues],
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    """As `Proof.as_data`, with the body as it was signed and not read once more."""
    if proof is None:
        return None
    return {
        "body": orjson.Fragment(proof.body),
        "key_id": proof.key_id,
        "sha256": proof.sha256,
        "signature": proof.signature,
    }
