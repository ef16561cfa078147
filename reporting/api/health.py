"""For whoever watches the process: is it alive, and can it serve."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.exc import SQLAlchemyError

from reporting.api.blueprint import Blueprint
from reporting.api.problems import problem
from reporting.db import is_migrated
from reporting.failures import Failure
from reporting.http import Right, allows, current_parts


class HealthSchema(Schema):
    """`live` or `ready`."""

    status = fields.String()


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
@blp.response(200, HealthSchema)
@allows(Right.ANYONE)
def get_ready() -> Any:
    """The store can be reached and its tables are the newest; 503 if not."""
    try:
        with current_parts().reading_sessions() as session:
            if is_migrated(session.connection()):
                return {"status": "ready"}
    except SQLAlchemyError:
        return problem(_UNREACHABLE)
    return problem(_OUTDATED)
