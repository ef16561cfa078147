"""What a consolidation would have been at any instant of the past. Nothing is stored.

What counted then is worked out from revisions and from what befell them: a report that was
returned later was in, one that came later was not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, Subquery, func, literal, select, type_coerce
from sqlalchemy.orm import Session

from forms.canonical import sha256, write_report
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import Period
from forms.returns import Report
from reporting.models import (
    ObligationChange,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.services.actors import Act, Actor
from reporting.services.consolidated_layouts import consolidated_layout, require_may_consolidate
from reporting.services.contributions import KeptInputs
from reporting.services.edition_plan import plan_editions
from reporting.services.expected import Expected, coverage_of
from reporting.services.kept_reports import read_reports
from reporting.services.making_editions import make_report

_SETTLED = {
    ObligationChange.ACCEPTED: SubmissionStatus.ACCEPTED,
    ObligationChange.RETURNED: SubmissionStatus.RETURNED,
    ObligationChange.WITHDRAWN: SubmissionStatus.WITHDRAWN,
}
_WAIVING = (ObligationChange.WAIVED, ObligationChange.OWED_AGAIN)


@dataclass(frozen=True)
class LookedBack:
    """A consolidated report as it would have been at an instant, and how complete it was."""

    form: FormVersion
    report: Report
    canonical: bytes
    sha256: str
    coverage: Mapping[str, object]
    inputs: Sequence[Expected]


def look_back(
    session: Session,
    *,
    actor: Actor,
    form: FormVersion,
    period: Period,
    unit: ReportingUnit,
    at: datetime,
    catalogue: Catalogue,
) -> LookedBack:
    """The consolidation of a form for a period and unit as of an instant.

    Choices of units and mappings of rows are those of then. Raises NotAllowed, Conflict where the
    form consolidates nothing, Overflow.
    """
    form = consolidated_layout(catalogue, form)
    require_may_consolidate(session, actor, unit, form, act=Act.READ)
    codes = sorted({source.form for source in form.sources})
    expected = expected_at(session, codes=codes, period=period.code, receiver=unit.id, at=at)
    [plan] = plan_editions(session, form, period, [unit], expected, catalogue, at)
    reports = read_reports(session, catalogue, [one.key for one in plan.inputs])
    report = make_report(
        session, catalogue, plan.basis, inputs=plan.inputs, parts=(), reader=KeptInputs(reports)
    )
    content = write_report(form, report)
    nil = {
        number
        for number, one in reports.items()
        if one.tables and all(data.nil for data in one.tables.values())
    }
    return LookedBack(
        form,
        report,
        content,
        sha256(content),
        coverage_of(plan.expected, nil=nil),
        [row for row in plan.expected if row.counts],
    )


def expected_at(
    session: Session, *, codes: Sequence[str], period: str, receiver: int, at: datetime
) -> list[Expected]:
    """What a unit was owed, and what had come of it by an instant: three statements.

    In the order of unit codes. What was opened later was not expected.
    """
    newest = _newest_revisions(at)
    query = (
        select(
            ReportingObligation.id,
            ReportingObligation.receiver_id,
            ReportingUnit.id,
            ReportingUnit.code,
            ReportingUnit.name_vi,
            type_coerce(ReportingUnit.kind, String),
            ReportingObligation.form_code,
            ReportingObligation.form_version,
            type_coerce(ReportingObligation.stand, String),
            newest.c.id,
            newest.c.revision,
            newest.c.content_sha256,
            literal(None),  # its status, which is worked out below
            newest.c.is_on_time,
        )
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .outerjoin(
            newest, (newest.c.obligation_id == ReportingObligation.id) & (newest.c.place == 1)
        )
        .where(
            ReportingObligation.form_code.in_(codes),
            ReportingObligation.period == period,
            ReportingObligation.receiver_id == receiver,
            ReportingObligation.opens_at <= at,
        )
    )
    rows = [(row[0], Expected(*row[1:])) for row in session.execute(query)]
    settled, waived = _befallen(session, [number for number, _ in rows], at)
    found = [
        _as_it_stood(row, settled, Stand.WAIVED if number in waived else Stand.MISSING)
        for number, row in rows
    ]
    return sorted(found, key=lambda row: (row.unit_code, row.form_code))


def _as_it_stood(row: Expected, settled: Mapping[int, SubmissionStatus], stand: Stand) -> Expected:
    """What had come of it: what was withdrawn is as if it had never come."""
    if row.submission_id is None:
        return row._replace(stand=stand.value)
    status = settled.get(row.submission_id, SubmissionStatus.RECEIVED)
    if status is SubmissionStatus.WITHDRAWN:
        return row._replace(
            stand=stand.value,
            submission_id=None,
            revision=None,
            content_sha256=None,
            is_on_time=None,
        )
    return row._replace(stand=stand.value, status=status.value)


def _newest_revisions(at: datetime) -> Subquery:
    place = func.row_number().over(
        partition_by=Submission.obligation_id, order_by=Submission.revision.desc()
    )
    return (
        select(
            Submission.id,
            Submission.obligation_id,
            Submission.revision,
            Submission.content_sha256,
            Submission.is_on_time,
            place.label("place"),
        )
        .where(Submission.recorded_at <= at)
        .subquery()
    )


def _befallen(
    session: Session, obligations: Collection[int], at: datetime
) -> tuple[dict[int, SubmissionStatus], set[int]]:
    """How revisions had been settled by an instant, and which obligations were waived then."""
    settled: dict[int, SubmissionStatus] = {}
    waived: dict[int, bool] = {}
    numbers = list(obligations)
    for start in range(0, len(numbers), 5_000):
        query = (
            select(ObligationEvent.obligation_id, ObligationEvent.change, ObligationEvent.details)
            .where(
                ObligationEvent.obligation_id.in_(numbers[start : start + 5_000]),
                ObligationEvent.change.in_([*_SETTLED, *_WAIVING]),
                ObligationEvent.at <= at,
            )
            .order_by(ObligationEvent.id)
        )
        for number, change, details in session.execute(query):
            if change in _SETTLED:
                settled[details["submission"]] = _SETTLED[change]
            else:
                waived[number] = change is ObligationChange.WAIVED
    return settled, {number for number, is_so in waived.items() if is_so}
