"""For whoever watches the process: is it alive, and can it serve."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from reporting.api.blueprint import Blueprint
from reporting.api.problems import problem
from reporting.db import is_migrated
from reporting.failures import Failure
from reporting.http import Right, allows, current_parts
from reporting.services.job_runs import last_ring, oldest_overdue


class HealthSchema(Schema):
    """`live` or `ready`."""

    status = fields.String()


class ReadySchema(HealthSchema):
    """And how the clock does: when it last rang, and since when the oldest action waits."""

    last_ring = fields.AwareDateTime(allow_none=True)
    seconds_since_ring = fields.Integer(allow_none=True)
    oldest_overdue = fields.AwareDateTime(allow_none=True)


_UNREACHABLE = Failure(503, "Không kết nối được cơ sở dữ liệu.", "The store cannot be reached.")
_OUTDATED = Failure(
    503,
    "Cơ sở dữ liệu chưa được nâng cấp: hãy chạy reporting db upgrade.",
    "The store is not up to date: run reporting db upgrade.",
)

blp = Blueprint("health", __name__, url_prefix="/health", description="For monitoring")


@blp.get("/live")
@blp.response(200, HealthSchema)
@allows(Right.ANYONE)
def get_live() -> Any:
    """The process answers."""
    return {"status": "live"}


@blp.get("/ready")
@blp.response(200, ReadySchema)
@allows(Right.ANYONE)
def get_ready() -> Any:
    """The store can be reached and its tables are the newest; 503 if not."""
    try:
        with current_parts().reading_sessions() as session:
            if is_migrated(session.connection()):
                return {"status": "ready"} | _of_the_clock(session)
    except SQLAlchemyError:
        return problem(_UNREACHABLE)
    return problem(_OUTDATED)


def _of_the_clock(session: Session) -> dict[str, Any]:
    now = current_parts().clock()
    rang = last_ring(session)
    return {
        "last_ring": rang,
        "seconds_since_ring": None if rang is None else int((now - rang).total_seconds()),
        "oldest_overdue": oldest_overdue(session, now=now),
    }
