"""Why the clock does what it does: the rule behind an action and its days, in one sentence."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from forms.timetable import Reason
from reporting.services.ledger import Action

_OFFSET = re.compile(r"[-+]([0-9]+)")

#: What needs no due instant to be explained.
_STANDING: dict[Action, Reason] = {
    Action.OPEN: Reason(
        "Đến ngày mở nhận của kỳ: chốt danh sách đơn vị phải gửi.",
        "The day has come on which the period opens: who owes what is frozen.",
    ),
    Action.FOLLOW_MERGERS: Reason(
        "Hằng ngày lúc 2 giờ: chuyển nghĩa vụ của đơn vị đã nhập sang đơn vị mới.",
        "Daily at 2:00: successors come to owe what merged units had not sent.",
    ),
    Action.HAND_OVER: Reason(
        "Bản tổng hợp vừa lập, của đơn vị không có cấp trên, được giao cho trung tâm thông tin.",
        "The edition just made, of a unit with nobody above it, goes to the information centre.",
    ),
    Action.DIGEST: Reason(
        "Gom mọi điều cần báo trong ngày, mỗi địa chỉ một thư, lúc 8 giờ 30.",
        "Gathers what there is to tell on this day, one mail for each address, at 8:30.",
    ),
    Action.CLEAN_UP: Reason(
        "Hằng ngày lúc 2 giờ: bỏ lịch sử không có kết quả và thư mục ghi dở.",
        "Daily at 2:00: history without effect and half-written folders are taken away.",
    ),
}

FROZEN = Reason(
    "Đã chốt khi mở kỳ; sửa lịch hay chế độ không làm thay đổi.",
    "Frozen when the period was opened; editing calendar or regime does not change it.",
)


class Asked(NamedTuple):
    """What an occurrence says: the instant it counts from, and the days before or after it."""

    instant: datetime
    days: int


def read_occurrence(occurrence: str) -> Asked | None:
    """The instant and the days of an occurrence such as `2026-09-19T16:59:59Z -4`."""
    text, _, rest = occurrence.partition(" ")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    offset = _OFFSET.match(rest)
    return Asked(instant, int(offset[1]) if offset else 0)


def why(action: str, occurrence: str, *, regime: str, zone: ZoneInfo) -> tuple[Reason, ...]:
    """The rule behind an action, of a regime where one stands behind it."""
    what = Action(action)
    if what in _STANDING:
        return (_STANDING[what],)
    asked = read_occurrence(occurrence)
    if asked is None:
        return ()
    due = asked.instant.astimezone(zone)
    vi, en = _by_the_due_instant(
        what, f"{due:%H:%M:%S %d/%m/%Y}", f"{due:%Y-%m-%d %H:%M:%S}", asked
    )
    if not vi:
        return ()
    return (Reason(f"{vi} (chế độ {regime}).", f"{en} (regime {regime})."),)


def _by_the_due_instant(action: Action, due_vi: str, due_en: str, asked: Asked) -> tuple[str, str]:
    days = asked.days
    after_vi = f"{days} ngày sau hạn {due_vi}" if days else f"ngay sau hạn {due_vi}"
    after_en = f"{days} days after the due instant {due_en}" if days else f"just after {due_en}"
    return {
        Action.REMIND: (
            f"Nhắc đơn vị chưa gửi {days} ngày trước hạn {due_vi}, lúc 8 giờ",
            f"Reminds who has not sent {days} days before {due_en}, at 8:00",
        ),
        Action.MARK_LATE: (
            f"Đánh dấu và báo quá hạn cho đơn vị chưa gửi, một giây sau hạn {due_vi}",
            f"Marks and tells who has not sent, a second after {due_en}",
        ),
        Action.ESCALATE: (
            f"Báo đơn vị cấp trên ai chưa gửi, {after_vi}",
            f"Tells the unit above who has not sent, {after_en}",
        ),
        Action.CLOSE: (
            f"Khóa kỳ: sau {due_vi} không nhận báo cáo muộn",
            f"Closes the period: after {due_en} no late report is taken",
        ),
        Action.CONSOLIDATE: (
            f"Tổng hợp những gì đã nhận, {after_vi}",
            f"Consolidates what has come in, {after_en}",
        ),
    }.get(action, ("", ""))
