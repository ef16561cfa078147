"""What a failure means over HTTP, for both doors: one table of acts, one of requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from werkzeug.exceptions import HTTPException

from reporting import errors

#: Every refusal of a business act, and the status that says it. A test keeps this complete.
STATUSES: Mapping[type[errors.Refusal], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.PeriodClosed: HTTPStatus.CONFLICT,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Overflow: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.OtherRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Stale: HTTPStatus.PRECONDITION_FAILED,
    errors.VersionNeeded: HTTPStatus.PRECONDITION_REQUIRED,
}

_SENTENCES: Mapping[int, tuple[str, str]] = {
    400: ("Không hiểu được yêu cầu.", "The request cannot be understood."),
    401: (
        "Thiếu mã truy cập, mã sai hoặc đã bị thu hồi. Cần: Authorization: Bearer rpt_….",
        "The token is missing, unknown or revoked. Expected: Authorization: Bearer rpt_….",
    ),
    403: ("Không có quyền thực hiện.", "This is not allowed."),
    404: ("Không có địa chỉ này.", "There is nothing at this address."),
    405: ("Địa chỉ này không nhận phương thức đó.", "This address does not take that method."),
    413: ("Tệp hoặc yêu cầu quá lớn.", "The file or the request is too large."),
    415: (
        "Chỉ nhận application/json, hoặc multipart/form-data với một tệp .xlsx tên là file.",
        "Only application/json is taken, or multipart/form-data with one .xlsx part named file.",
    ),
    422: ("Tham số không hợp lệ.", "A parameter is not as expected."),
    429: (
        "Quá nhiều yêu cầu trong một phút; hãy chờ rồi thử lại.",
        "Too many requests in one minute; please wait and try again.",
    ),
    500: ("Hệ thống gặp lỗi; lỗi đã được ghi lại.", "The system failed; the failure is on record."),
    503: ("Hệ thống đang bận, hãy thử lại sau.", "The system is busy; please try again later."),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A status and what is said with it, in Vietnamese and English."""

    status: int
    vi: str
    en: str


def of_refusal(refusal: errors.Refusal) -> Failure:
    """What it means that a business act may not or cannot be done."""
    return Failure(STATUSES[type(refusal)], refusal.vi, refusal.en)


def of_http_exception(error: HTTPException, *, max_body: int) -> Failure:
    """What it means that a request cannot be served. What we did wrong ourselves is never said."""
    status = error.code or 500
    vi, en = _SENTENCES.get(status, ("Yêu cầu không thực hiện được.", f"{error.name}."))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        vi = f"{vi} Nhiều nhất {max_body:,} byte.".replace(",", ".")
        en = f"{en} At most {max_body:,} bytes."
    return Failure(status, vi, en)
