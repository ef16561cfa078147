"""What the JSON door answers when something cannot be done: problem+json (RFC 9457).

An unknown failure says nothing but a number under which the log has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, g
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from reporting.failures import Failure
from reporting.services.receipts import Receipt, issue_for_people

PROBLEM = "application/problem+json"

_KEPT_HEADERS = frozenset({"WWW-Authenticate", "Allow", "Retry-After"})


def problem(failure: Failure, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """A problem document: what is wrong in both languages, and whatever else is known."""
    document = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[failure.status],
        "status": int(failure.status),
        "detail": failure.vi,
        "detail_en": failure.en,
        "issues": [],
    }
    body = current_app.json.dumps(document | more)
    return Response(body, failure.status, headers, mimetype=PROBLEM)


def answer_refused(receipt: Receipt) -> Response:
    """What is answered to a return that was refused: every issue, and where the attempt is kept."""
    count = len(receipt.errors)
    failure = Failure(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"Báo cáo chưa được nhận: có {count} lỗi.",
        f"The return is refused: {count} {'issue' if count == 1 else 'issues'} to correct.",
    )
    return problem(
        failure,
        form=receipt.form,
        unit=receipt.unit,
        period=receipt.period,
        attempt=receipt.attempt_id,
        issues=[issue_for_people(issue) for issue in receipt.issues],
    )


def answer_http_exception(error: HTTPException, failure: Failure) -> Response:
    """What is answered where the request itself is at fault, or where we are."""
    more: dict[str, Any] = {}
    if failure.status == HTTPStatus.BAD_REQUEST and error.description:
        more["reason"] = error.description
    faults = getattr(error, "data", {}).get("messages")
    if faults:
        more["parameters"] = faults
    if failure.status >= 500:
        more["log_id"] = g.get("log_id", "")
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return problem(failure, headers=headers, **more)
