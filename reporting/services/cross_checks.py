"""Rules across reports, run when either side arrives, whatever the order.

What is compared with what: `previous` is the predecessor by the regime's map, of the unit and of
the units that merged into it meanwhile (their sum); `form("...")` is another form of the same unit
and period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, insert, or_, select
from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.compiling import compile_form
from forms.cross_checking import Companion, CrossOutcome, cross_check, sources_of, sum_sides
from forms.definition import FormVersion
from forms.period import Period
from forms.returns import Report, TableData
from reporting.models import (
    CrossCheck,
    CrossCheckOutcome,
    ReportingObligation,
    Submission,
    UnitLineage,
)
from reporting.models.base import table_of
from reporting.services.receipts import issues_as_data

_owed, _sent, _check, _edge = (
    table_of(model).c for model in (ReportingObligation, Submission, CrossCheck, UnitLineage)
)
# Made once: making a statement anew for each return costs more than running it.
INSERT_COMPARED = insert(table_of(CrossCheck))
_SIDE = (
    select(_sent.id, _sent.form_version, _sent.canonical)
    .select_from(table_of(ReportingObligation))
    .outerjoin(table_of(Submission), _sent.id == _owed.in_force_id)
    .where(
        _owed.form_code == bindparam("form"),
        _owed.period == bindparam("period"),
        or_(
            _owed.unit_id == bindparam("unit"),
            _owed.unit_id.in_(
                select(_edge.predecessor_id).where(
                    _edge.successor_id == bindparam("unit"),
                    _edge.on_date > bindparam("after"),
                    _edge.on_date <= bindparam("until"),
                )
            ),
        ),
    )
    .order_by(_owed.unit_id)
)


def _reads(
    form: ColumnElement[str], period: ColumnElement[str], unit: ColumnElement[int]
) -> ColumnElement[bool]:
    """Whether a rule looks at what this unit, or one that went into its own, reports there."""
    heirs = select(_edge.successor_id).where(_edge.predecessor_id == unit)
    return and_(
        _check.other_form == form,
        _check.other_period == period,
        or_(_check.unit_id == unit, _check.unit_id.in_(heirs)),
    )


def has_readers() -> ColumnElement[bool]:
    """An expression beside an obligation: whether any rule looks at what it brings.

    Asked with the obligation itself, it saves a statement for nearly every return.
    """
    return exists(
        select(_check.rule_id)
        .where(_reads(_owed.form_code, _owed.period, _owed.unit_id))
        .correlate(table_of(ReportingObligation))
    )


_DEPENDENTS = (
    select(_sent.id, _sent.form_code, _sent.form_version, _sent.unit_id, _sent.canonical)
    .select_from(table_of(CrossCheck))
    .join(table_of(Submission), _check.submission_id == _sent.id)
    .join(table_of(ReportingObligation), _owed.in_force_id == _sent.id)
    .where(_reads(bindparam("form"), bindparam("period"), bindparam("unit")))
    .order_by(_sent.id)
)


@dataclass(frozen=True, slots=True)
class _Side:
    """The other side of a rule: where it is, and which revisions it is made of."""

    form_code: str
    period: str
    companion: Companion
    revisions: tuple[int, ...] = ()


def run_cross_checks(
    session: Session,
    *,
    catalogue: Catalogue,
    form: FormVersion,
    report: Report,
    submission_id: int,
    unit_id: int,
    now: datetime,
) -> tuple[list[CrossOutcome], list[dict[str, Any]]]:
    """Run the external rules of one revision: what came of them, and the rows that keep it.

    The rows are for `INSERT_COMPARED`, which the caller runs.
    """
    if not compile_form(form).external:
        return [], []
    period = Period.parse(report.period)
    sides = {
        source: _find_side(session, catalogue, form, source, period, unit_id)
        for source in sources_of(form)
    }
    outcomes = cross_check(form, report, {name: side.companion for name, side in sides.items()})
    return outcomes, [
        {
            "submission_id": submission_id,
            "unit_id": unit_id,
            "rule_id": outcome.rule_id,
            "other_form": sides[outcome.source].form_code,
            "other_period": sides[outcome.source].period,
            "outcome": CrossCheckOutcome(outcome.outcome.value),
            "compared_with": list(sides[outcome.source].revisions),
            "issues": issues_as_data(outcome.issues),
            "checked_at": now,
        }
        for outcome in outcomes
    ]


def rerun_dependents(
    session: Session,
    *,
    catalogue: Catalogue,
    form_code: str,
    period: str,
    unit_id: int,
    now: datetime,
) -> int:
    """Run again the rules of every report in force that reads this one; gives how many reports."""
    read = {"form": form_code, "period": period, "unit": unit_id}
    dependents = {row[0]: row for row in session.connection().execute(_DEPENDENTS, read)}
    for number, code, version, owner, canonical in dependents.values():
        form = catalogue.form(code, version)
        session.execute(delete(CrossCheck).where(CrossCheck.submission_id == number))
        _, compared = run_cross_checks(
            session,
            catalogue=catalogue,
            form=form,
            report=read_report(form, canonical),
            submission_id=number,
            unit_id=owner,
            now=now,
        )
        session.connection().execute(INSERT_COMPARED, compared)
    return len(dependents)


def previous_tables(
    session: Session,
    *,
    catalogue: Catalogue,
    form: FormVersion,
    period: Period,
    unit_id: int,
) -> Mapping[str, TableData] | None:
    """What `previous(...)` reads for a unit and period; None where it has not all arrived."""
    return _find_side(session, catalogue, form, "previous", period, unit_id).companion.report


def _find_side(
    session: Session,
    catalogue: Catalogue,
    form: FormVersion,
    source: str,
    period: Period,
    unit_id: int,
) -> _Side:
    if source != "previous":
        return _read_side(session, catalogue, source, period, unit_id, None)
    before = period.predecessor(form.predecessors)
    if before is None:
        return _Side(form.code, "", Companion(form, is_exempt=True))
    window = catalogue.regime(form.regime).window
    merged = (before.window(window).last, period.window(window).last)
    return _read_side(session, catalogue, form.code, before, unit_id, merged)


def _read_side(
    session: Session,
    catalogue: Catalogue,
    code: str,
    period: Period,
    unit_id: int,
    merged_between: tuple[date, date] | None,
) -> _Side:
    """What was reported there; exempt where nothing was ever owed, pending where it is awaited."""
    # With no merger in between, the days are in the wrong order and no predecessor is found.
    after, until = merged_between or (date.max, date.min)
    there = {"form": code, "period": period.code, "unit": unit_id, "after": after, "until": until}
    rows = session.connection().execute(_SIDE, there).all()
    latest = catalogue.latest(code)
    if not rows:
        return _Side(code, period.code, Companion(latest, is_exempt=True))
    if any(row[0] is None for row in rows):
        return _Side(code, period.code, Companion(latest))
    newest = catalogue.form(code, max(row[1] for row in rows))
    sides = [
        Companion(own, read_report(own, canonical).tables)
        for own, canonical in ((catalogue.form(code, version), text) for _, version, text in rows)
    ]
    whole = sides[0] if len(sides) == 1 else sum_sides(newest, sides)
    return _Side(code, period.code, whole, tuple(row[0] for row in rows))


def outcomes_of(session: Session, submission_ids: Sequence[int]) -> Mapping[int, list[CrossCheck]]:
    """The stored outcomes of some revisions."""
    found: dict[int, list[CrossCheck]] = {}
    query = (
        select(CrossCheck)
        .where(CrossCheck.submission_id.in_(submission_ids))
        .order_by(CrossCheck.submission_id, CrossCheck.rule_id)
    )
    for row in session.scalars(query):
        found.setdefault(row.submission_id, []).append(row)
    return found
