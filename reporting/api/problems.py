"""What the JSON door answers when something cannot be done: problem+json (RFC 9457), one table.

Unknown failures say nothing but a number under which the log has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, g
from werkzeug.exceptions import HTTPException

from reporting import errors
from reporting.services.receipts import Receipt, issue_for_people

PROBLEM = "application/problem+json"

#: Every refusal of a business act, and the status that says it. A test keeps this complete.
STATUSES: Mapping[type[errors.Refusal], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.PeriodClosed: HTTPStatus.CONFLICT,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Overflow: HTTPStatus.UNPROCESSABLE_ENTITY,
}

#: What a client reads, in Vietnamese and English, when the request itself is at fault.
SENTENCES: Mapping[int, tuple[str, str]] = {
    400: ("Không hiểu được yêu cầu.", "The request cannot be understood."),
    401: (
        "Thiếu mã truy cập, hoặc mã đã bị thu hồi: Authorization: Bearer rpt_….",
        "The token is missing, unknown or revoked: Authorization: Bearer rpt_….",
    ),
    403: ("Không có quyền.", "This is not allowed."),
    404: ("Không có địa chỉ này.", "There is nothing at this address."),
    405: ("Địa chỉ này không nhận phương thức đó.", "This address does not take that method."),
    413: ("Yêu cầu quá lớn.", "The request is too large."),
    415: (
        "Chỉ nhận application/json, hoặc multipart/form-data với một tệp .xlsx tên là file.",
        "Only application/json is taken, or multipart/form-data with one .xlsx part named file.",
    ),
    422: ("Tham số không hợp lệ.", "A parameter is not as expected."),
    500: ("Hệ thống gặp lỗi; lỗi đã được ghi lại.", "The system failed; the failure is on record."),
}


def problem(
    status: int, *, vi: str, en: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A problem document: what is wrong in both languages, and whatever else is known."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    document = {"type": "about:blank", "title": title, "status": status, "detail": vi}
    body = current_app.json.dumps(document | {"detail_en": en, **more})
    return Response(body, status, headers, mimetype=PROBLEM)


def answer_refusal(refusal: errors.Refusal) -> Response:
    """What is answered where a business act may not or cannot be done."""
    return problem(STATUSES[type(refusal)], vi=refusal.vi, en=refusal.en, issues=[])


def answer_refused(receipt: Receipt) -> Response:
    """What is answered to a return that was refused: every issue, and where the attempt is kept."""
    count = len(receipt.errors)
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        vi=f"Báo cáo chưa được nhận: có {count} lỗi.",
        en=f"The return is refused: {count} {'issue' if count == 1 else 'issues'} to correct.",
        form=receipt.form,
        unit=receipt.unit,
        period=receipt.period,
        attempt=receipt.attempt_id or None,
        issues=[issue_for_people(issue) for issue in receipt.issues],
    )


def answer_http_exception(error: HTTPException) -> Response:
    """What is answered where the request itself is at fault, or where we are."""
    status = error.code or 500
    vi, en = SENTENCES.get(status, ("Yêu cầu không thực hiện được.", f"{error.name}."))
    more: dict[str, Any] = {"issues": []}
    if status == 413:
        limit = f"{current_app.config['MAX_CONTENT_LENGTH']:,}"
        vi = f"{vi} Nhiều nhất {limit.replace(',', '.')} byte."
        en = f"{en} At most {limit} bytes."
    if status == 400 and error.description:
        more["reason"] = error.description
    faults = getattr(error, "data", {}).get("messages")
    if faults:
        more["parameters"] = faults
    if status >= 500:
        more["log_id"] = g.get("log_id", "")
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return problem(status, vi=vi, en=en, headers=headers, **more)


_KEPT_HEADERS = frozenset({"WWW-Authenticate", "Allow", "Retry-After"})
