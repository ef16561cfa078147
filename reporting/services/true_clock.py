"""Whether the clock of this machine can be believed: it is held against that of the database.

On SQLite there is no other clock to ask, and every clock is believed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.errors import Conflict

#: How far two clocks may be apart. What they differ by units are told too early or too late.
FARTHEST = timedelta(hours=1)


def require_true_clock(sessions: sessionmaker[Session], now: datetime) -> None:
    """Raises Conflict where now is not what the database takes it for, give or take an hour."""
    with sessions() as session:
        if session.get_bind().dialect.name != "postgresql":
            return
        there: datetime = session.scalars(select(func.clock_timestamp())).one()
    if abs(now - there) <= FARTHEST:
        return
    raise Conflict(
        vi=f"Đồng hồ của máy này chỉ {_shown(now)}, của cơ sở dữ liệu chỉ {_shown(there)}. "
        "Lịch tạm dừng, không mở kỳ, không nhắc, không đánh dấu quá hạn, cho đến khi hai đồng hồ "
        "khớp nhau; muốn chạy ngay, hãy ghi rõ thời điểm (--as-of).",
        en=f"The clock of this machine says {_shown(now)}, that of the database {_shown(there)}. "
        "Nothing is opened, told or marked late until they agree; to ring all the same, name the "
        "instant (--as-of).",
    )


def _shown(instant: datetime) -> str:
    return f"{instant:%d/%m/%Y %H:%M %Z}"
