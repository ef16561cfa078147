"""What a unit is owed for a period, and what has come of it: the list behind every coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models import ReportingObligation, ReportingUnit, Submission, SubmissionStatus

_COUNTS = (SubmissionStatus.RECEIVED, SubmissionStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Expected:
    """One obligation that a consolidation waits for, and what has come of it."""

    unit_id: int
    unit_code: str
    unit_name: str
    unit_kind: str
    form_code: str
    form_version: int
    submission_id: int | None
    revision: int | None
    content_sha256: str | None
    status: SubmissionStatus | None
    is_on_time: bool | None

    @property
    def counts(self) -> bool:
        """Whether its figures go in: received or accepted, not returned or withdrawn."""
        return self.submission_id is not None and self.status in _COUNTS


def list_expected(
    session: Session, *, codes: Sequence[str], period: str, unit_id: int
) -> list[Expected]:
    """What a unit is owed of some forms for a period, in the order of unit codes: one statement."""
    query = (
        select(
            ReportingUnit.id,
            ReportingUnit.code,
            ReportingUnit.name_vi,
            ReportingUnit.kind,
            ReportingObligation.form_code,
            ReportingObligation.form_version,
            Submission.id,
            Submission.revision,
            Submission.content_sha256,
            Submission.status,
            Submission.is_on_time,
        )
        .select_from(ReportingObligation)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .outerjoin(Submission, Submission.id == ReportingObligation.in_force_id)
        .where(
            ReportingObligation.form_code.in_(codes),
            ReportingObligation.period == period,
            ReportingObligation.receiver_id == unit_id,
        )
        # The text order of a database depends on its collation, so the codes are ordered here.
    )
    rows = [Expected(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda row: (row.unit_code, row.form_code))


def coverage_of(expected: Sequence[Expected]) -> dict[str, object]:
    """Who is in and who is not: n of N, late ones, and the missing by code and name."""
    received = [row for row in expected if row.counts]
    missing = [row for row in expected if row.submission_id is None]
    returned = [row for row in expected if row.submission_id is not None and not row.counts]
    return {
        "expected": len(expected),
        "received": len(received),
        "on_time": sum(1 for row in received if row.is_on_time),
        "late": sum(1 for row in received if not row.is_on_time),
        "missing": [{"unit": row.unit_code, "name": row.unit_name} for row in missing],
        "returned": [{"unit": row.unit_code, "name": row.unit_name} for row in returned],
    }
