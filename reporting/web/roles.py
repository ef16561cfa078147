"""How roles are called on a page, and how a role stands on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reporting.models import Role, RoleGrant

#: The names of TT01 Điều 17(1)a, with those of the receiver and of who only reads.
ROLES: Mapping[Role, tuple[str, str]] = {
    Role.ENTER: ("Nhập liệu", "enters"),
    Role.CHECK: ("Kiểm tra", "checks"),
    Role.APPROVE: ("Duyệt, ký", "approves and signs"),
    Role.RECEIVE: ("Tiếp nhận", "receives"),
    Role.READ: ("Xem", "reads"),
    Role.ADMINISTER: ("Quản trị", "administers"),
}


def stand_of(grant: RoleGrant, today: date) -> tuple[str, str, str]:
    """Whether a role holds today: in Vietnamese, in English, and its colour."""
    if grant.revoked_at is not None:
        return ("Đã thu hồi", "revoked", "")
    if grant.valid_from > today:
        return ("Chưa có hiệu lực", "not yet", "warn")
    if grant.valid_to is not None and grant.valid_to < today:
        return ("Hết hạn", "over", "")
    return ("Đang có hiệu lực", "in force", "good")
