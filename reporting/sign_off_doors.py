"""What both HTTP doors need for drafts and for settling reports: who acts, and many one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from reporting.errors import Conflict, Refusal
from reporting.failures import Failure, of_refusal
from reporting.http import current_actor, current_parts
from reporting.models import Door
from reporting.services.draft_record import DraftWork
from reporting.services.obligation_acts import Circumstances
from reporting.services.receipts import Receipt, Verdict, issue_for_people
from reporting.services.sign_off import Sending, Sent

T = TypeVar("T")
R = TypeVar("R")

#: Reports that one request may sign, return or accept.
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Each(Generic[T, R]):
    """What came of one of many: its outcome, or why it could not be done."""

    item: T
    outcome: R | None = None
    failure: Failure | None = None
    more: dict[str, Any] | None = None


def one_by_one(items: Iterable[T], act: Callable[[Session, T], R]) -> list[Each[T, R]]:
    """Do an act to each, in a transaction of its own: what fails takes nothing else with it."""
    done: list[Each[T, R]] = []
    for item in items:
        try:
            with current_parts().sessions.begin() as session:
                outcome = act(session, item)
            if isinstance(outcome, Sent):
                refuse_voided(outcome)
            done.append(Each(item, outcome))
        except Refusal as refusal:
            done.append(Each(item, failure=of_refusal(refusal), more=refusal.more))
    return done


def draft_work() -> DraftWork:
    """What an act on a draft is done with in this request."""
    parts = current_parts()
    return DraftWork(
        current_actor(),
        parts.catalogue,
        parts.xlsx_limits,
        parts.signer,
        parts.clock(),
        parts.settings.approver_differs,
    )


def sending(door: Door, reason: str = "") -> Sending:
    """How a draft is sent in this request."""
    return Sending(door, current_parts().clock, reason=reason)


def circumstances(reason: str = "") -> Circumstances:
    """What an act on a report is done with in this request."""
    parts = current_parts()
    zone = parts.settings.time_zone
    return Circumstances(current_actor(), reason, parts.catalogue, zone, parts.clock())


def refuse_voided(sent: Sent) -> None:
    """Raises Conflict where a draft was not sent because it is not as it was signed.

    After the commit: that the approval is void must stay.
    """
    if sent.voided is None:
        return
    differing = ", ".join(cell["cell"] for cell in sent.voided.cells)
    raise Conflict(
        vi=f"Nội dung không còn như khi ký ({differing}); chữ ký đã mất hiệu lực, chưa gửi gì.",
        en=f"It is not as it was signed ({differing}): the approval is void, nothing was sent.",
        cells=sent.voided.cells,
    )


def refused(receipt: Receipt) -> Failure | None:
    """Why a draft that was sent is not received, if it is not."""
    if receipt.verdict is not Verdict.REFUSED:
        return None
    count = len(receipt.errors)
    told = issue_for_people(receipt.errors[0])
    return Failure(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"Báo cáo chưa được nhận: có {count} lỗi. {told['message_vi']}",
        f"The return is refused: {count} {'issue' if count == 1 else 'issues'} to correct. "
        f"{told['message_en']}",
    )
