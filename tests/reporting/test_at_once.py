"""Several things written at once arrive as they would one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reporting.at_once import write_at_once
from reporting.models.base import enum_text
from reporting.models.submissions import CrossCheckOutcome

_KEPT = sa.Table(
    "kept_at_once",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("said", sa.JSON),
    sa.Column("outcome", enum_text(CrossCheckOutcome, name="outcome_at_once")),
    sa.Column("at", sa.DateTime(timezone=True)),
    prefixes=["TEMPORARY"],
)
_INSERT = sa.insert(_KEPT)
_NOTHING = sa.update(_KEPT).where(_KEPT.c.id == sa.bindparam("none")).values(said=None)


def _row(number: int, said: Any) -> dict[str, Any]:
    at = datetime(2026, 9, number, tzinfo=UTC)
    return {"id": number, "said": said, "outcome": CrossCheckOutcome.FAILED, "at": at}


def test_every_row_is_written_in_the_types_of_its_columns(session: Session) -> None:
    """JSON and words of the second and third row too, not of the first alone."""
    connection = session.connection()
    _KEPT.create(connection)
    rows = [_row(1, [{"cell": "a/total/c1"}]), _row(2, []), _row(3, [7, 9])]
    write_at_once(connection, (_INSERT, rows), last=(_NOTHING, {"none": 0}))
    found = connection.execute(sa.select(_KEPT).order_by(_KEPT.c.id)).mappings().all()
    assert [row["said"] for row in found] == [row["said"] for row in rows]
    assert {row["outcome"] for row in found} == {CrossCheckOutcome.FAILED}
    _KEPT.drop(connection)
