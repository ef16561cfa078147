"""What a unit is owed for a period, and what has come of it: the list behind every coverage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import String, null, select, true, type_coerce
from sqlalchemy.orm import Session

from reporting.models import (
    ReportingObligation,
    ReportingUnit,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.models.base import table_of

# Columns of the tables themselves: making mapped attributes of thousands of rows costs more than
# reading them.
_unit = table_of(ReportingUnit).c
_owed = table_of(ReportingObligation).c
_sent = table_of(Submission).c

#: What goes into a consolidation: neither returned nor withdrawn.
COUNTS = (SubmissionStatus.RECEIVED, SubmissionStatus.ACCEPTED)


class Expected(NamedTuple):
    """One obligation that a consolidation waits for, and what has come of it.

    A tuple, since a whole country of them is made for every edition.
    """

    receiver_id: int
    unit_id: int
    unit_code: str
    unit_name: str
    unit_kind: str
    form_code: str
    form_version: int
    stand: str  # as Stand has it
    submission_id: int | None
    revision: int | None
    content_sha256: str | None
    status: str | None  # as SubmissionStatus has it
    is_on_time: bool | None
    chosen: bool = True  # not left out by the receiver
    stand_in: int | None = None  # the edition that stands in for a report that has not come

    @property
    def counts(self) -> bool:
        """Whether its figures go in: received or accepted, not returned, withdrawn or left out."""
        return self.chosen and self.submission_id is not None and self.status in COUNTS

    @property
    def is_awaited(self) -> bool:
        """Whether its report is expected: not waived, unless it came all the same, nor left out."""
        return self.counts or not (self.is_waived or not self.chosen)

    @property
    def is_waived(self) -> bool:
        """Whether nothing is asked of it this time."""
        return self.stand == Stand.WAIVED


def list_expected(
    session: Session, *, codes: Sequence[str], period: str, receivers: Collection[int]
) -> list[Expected]:
    """What units are owed of some forms for a period, in the order of unit codes: one statement."""
    query = (
        select(
            _owed.receiver_id,
            _unit.id,
            _unit.code,
            _unit.name_vi,
            type_coerce(_unit.kind, String),
            _owed.form_code,
            _owed.form_version,
            type_coerce(_owed.stand, String),
            _sent.id,
            _sent.revision,
            _sent.content_sha256,
            type_coerce(_sent.status, String),
            _sent.is_on_time,
            true(),
            null(),
        )
        .select_from(ReportingObligation)
        .join(ReportingUnit, _unit.id == _owed.unit_id)
        .outerjoin(Submission, _sent.id == _owed.in_force_id)
        .where(
            _owed.form_code.in_(codes),
            _owed.period == period,
            _owed.receiver_id.in_(list(receivers)),
        )
    )
    rows = map(Expected._make, session.connection().execute(query).all())
    # The text order of a database depends on its collation, so the codes are ordered here.
    return sorted(rows, key=itemgetter(2, 5))


def has_received(session: Session, *, codes: Sequence[str], period: str, unit_id: int) -> bool:
    """Whether anything at all of what a unit is owed has come in."""
    query = select(_owed.id).where(
        _owed.form_code.in_(codes),
        _owed.period == period,
        _owed.receiver_id == unit_id,
        _owed.in_force_id.is_not(None),
    )
    return session.connection().execute(query.limit(1)).one_or_none() is not None


def is_final(expected: Sequence[Expected]) -> bool:
    """Whether every report that is expected is in and accepted, and there is one."""
    return any(row.counts for row in expected) and all(
        row.status == SubmissionStatus.ACCEPTED if row.counts else not row.is_awaited
        for row in expected
    )


def coverage_of(
    expected: Sequence[Expected], *, nil: Collection[int] = (), zero: Collection[int] = ()
) -> dict[str, object]:
    """Who is in and who is not: n of N, late ones, and by code and name who is not in and why.

    `nil` and `zero` are the revisions that say that there was nothing, and those that say 0 in
    every cell. Who was waived, and who was left out by choice, is not expected.
    """
    counted = [row for row in expected if row.counts]
    others = [row for row in expected if not row.counts] if len(counted) < len(expected) else []
    waiting = [row for row in others if row.is_awaited]
    on_time = sum(1 for row in counted if row.is_on_time)
    return {
        "expected": len(counted) + len(waiting),
        "received": len(counted),
        "accepted": sum(1 for row in counted if row.status == SubmissionStatus.ACCEPTED),
        "on_time": on_time,
        "late": len(counted) - on_time,
        "zero": sum(1 for row in counted if row.submission_id in zero),
        "nil": _named(row for row in counted if row.submission_id in nil),
        "missing": _named(row for row in waiting if row.submission_id is None),
        "returned": _named(row for row in waiting if row.submission_id is not None),
        "not_applicable": _named(row for row in others if row.is_waived),
        "left_out": _named(row for row in others if not row.chosen and not row.is_waived),
        "estimated": _named(row for row in waiting if row.stand_in is not None),
    }


def _named(rows: Iterable[Expected]) -> list[dict[str, str]]:
    return [{"unit": row.unit_code, "name": row.unit_name} for row in rows]
