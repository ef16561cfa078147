"""What is told beside an edition and never hidden: broken rules, odd rows, inputs in doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from forms.checking import broken_rules
from forms.consolidating import unlisted_rows
from forms.definition import Severity
from forms.issues import Issue
from forms.returns import Report
from forms.typed_rows import partial_totals
from reporting.models import CrossCheck, CrossCheckOutcome, ReportingObligation, ReportingUnit
from reporting.services.contributions import Input
from reporting.services.edition_basis import Basis
from reporting.services.receipts import issues_from_data

#: Doubts about inputs that an edition tells one by one.
_MOST_DOUBTS = 500


def doubts_of(basis: Basis, report: Report, inputs: Sequence[Input]) -> list[Issue]:
    """What the consolidated figures themselves give reason to doubt."""
    form = basis.form
    broken = broken_rules(form, report.tables)
    return [
        *(replace(issue, severity=Severity.WARNING) for issue in broken),
        *partial_totals(form, report.tables),
        *unlisted_rows(form, report.tables, basis.lists),
        *_mixed_versions(inputs),
    ]


def doubts_about_inputs(
    session: Session, *, codes: Sequence[str], period: str, receivers: Sequence[int]
) -> Mapping[int, list[Issue]]:
    """Rules across reports that inputs break, by receiver: one statement.

    Their figures are in, so the reader is told.
    """
    query = (
        select(
            ReportingObligation.receiver_id,
            ReportingUnit.code,
            ReportingUnit.name_vi,
            CrossCheck.issues,
        )
        .join(ReportingObligation, ReportingObligation.unit_id == ReportingUnit.id)
        .join(CrossCheck, CrossCheck.submission_id == ReportingObligation.in_force_id)
        .where(
            ReportingObligation.form_code.in_(codes),
            ReportingObligation.period == period,
            ReportingObligation.receiver_id.in_(receivers),
            CrossCheck.outcome == CrossCheckOutcome.FAILED,
        )
    )
    found: dict[int, list[Issue]] = {}
    for receiver, _, name, issues in sorted(session.execute(query), key=lambda row: row[1]):
        told = found.setdefault(receiver, [])
        for issue in issues_from_data(issues):
            if len(told) < _MOST_DOUBTS:
                label = f"{name}: {issue.label}"
                told.append(replace(issue, severity=Severity.WARNING, label=label))
    return found


def half_open(
    session: Session, *, codes: Sequence[str], period: str, receivers: Sequence[int], at: datetime
) -> Mapping[int, list[Issue]]:
    """A note for each receiver some of whose reports may not even be sent yet: one statement."""
    later = case((ReportingObligation.opens_at > at, 1), else_=0)
    query = (
        select(ReportingObligation.receiver_id, func.sum(later), func.count())
        .where(
            ReportingObligation.form_code.in_(codes),
            ReportingObligation.period == period,
            ReportingObligation.receiver_id.in_(receivers),
        )
        .group_by(ReportingObligation.receiver_id)
        .having(func.sum(later) > 0)
    )
    return {
        receiver: [
            Issue("period_half_open", Severity.WARNING, given=str(closed), expected=str(owed))
        ]
        for receiver, closed, owed in session.execute(query)
    }


def _mixed_versions(inputs: Sequence[Input]) -> list[Issue]:
    """A note for each form of which several versions were reported for the one period."""
    counted = Counter((one.form_code, one.form_version) for one in inputs)
    forms = Counter(form for form, _ in counted)
    return [
        Issue(
            "versions_mixed",
            Severity.WARNING,
            label=form,
            given=", ".join(
                f"v{version}: {number}"
                for (code, version), number in sorted(counted.items())
                if code == form
            ),
        )
        for form, versions in sorted(forms.items())
        if versions > 1
    ]
