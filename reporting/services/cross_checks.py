"""Rules across reports, run when either side arrives, whatever the order.

What is compared with what: `previous` is the predecessor by the regime's map, of the unit and of
the units that merged into it meanwhile (their sum); `form("...")` is another form of the same unit
and period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from forms.addresses import Places
from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.cross_checking import (
    Companion,
    CrossOutcome,
    cross_check,
    in_version,
    sources_of,
    sum_sides,
)
from forms.definition import FormVersion
from forms.period import Period, WindowRule
from forms.returns import Report, TableData
from reporting.at_once import Asked, ask_at_once
from reporting.models import (
    CrossCheck,
    CrossCheckOutcome,
    ReportingObligation,
    ReportingUnit,
    Submission,
    UnitLineage,
)
from reporting.models.base import big_integer, table_of
from reporting.services.receipts import issues_as_data

_owed, _sent, _check, _edge = (
    table_of(model).c for model in (ReportingObligation, Submission, CrossCheck, UnitLineage)
)
# Made once: making a statement anew for each return costs more than running it.
INSERT_COMPARED = insert(table_of(CrossCheck))
# The unit and those that went into it are found first, and what they owe by an index. With OR in
# place of the union all that is owed for a period is read for each return.
_named = table_of(ReportingUnit)
_reporters = (
    select(_named.c.id)
    .where(_named.c.code == bindparam("unit"))
    .union_all(
        select(_edge.predecessor_id)
        .join(_named, _named.c.id == _edge.successor_id)
        .where(
            _named.c.code == bindparam("unit"),
            _edge.on_date > bindparam("after"),
            _edge.on_date <= bindparam("until"),
        )
    )
)
_SIDE = (
    select(_sent.id, _sent.form_version, _sent.canonical)
    .select_from(table_of(ReportingObligation))
    .outerjoin(table_of(Submission), _sent.id == _owed.in_force_id)
    .where(
        _owed.form_code == bindparam("form"),
        _owed.period == bindparam("period"),
        _owed.unit_id.in_(_reporters),
    )
    .order_by(_owed.unit_id)
)


def has_readers() -> ColumnElement[bool]:
    """An expression beside an obligation: whether any rule looks at what it brings.

    A rule of its own unit, or of a unit that this one went into. Asked with the obligation itself,
    it saves a statement for nearly every return. Each of the two is found by an index, as one row:
    of EXISTS or IN, PostgreSQL makes a table of every rule of all units for each return.
    """
    there = and_(_check.other_form == _owed.form_code, _check.other_period == _owed.period)
    own = select(_check.submission_id).where(there, _check.unit_id == _owed.unit_id)
    heirs = (
        select(_check.submission_id)
        .join(table_of(UnitLineage), _edge.successor_id == _check.unit_id)
        .where(there, _edge.predecessor_id == _owed.unit_id)
    )
    owed = table_of(ReportingObligation)
    one = (found.limit(1).correlate(owed).scalar_subquery() for found in (own, heirs))
    return func.coalesce(*one).is_not(None)


_unit = bindparam("unit", type_=big_integer)
_heirs = select(_edge.successor_id).where(_edge.predecessor_id == _unit)
_DEPENDENTS = (
    select(
        _sent.id,
        _sent.form_code,
        _sent.form_version,
        _sent.unit_id,
        table_of(ReportingUnit).c.code,
        _sent.canonical,
    )
    .select_from(table_of(CrossCheck))
    .join(table_of(Submission), _check.submission_id == _sent.id)
    .join(table_of(ReportingUnit), table_of(ReportingUnit).c.id == _sent.unit_id)
    .join(table_of(ReportingObligation), _owed.in_force_id == _sent.id)
    .where(
        _check.other_form == bindparam("form"),
        _check.other_period == bindparam("period"),
        _check.unit_id.in_(select(_unit).union_all(_heirs)),
    )
    .order_by(_sent.id)
)


@dataclass(frozen=True, slots=True)
class SideAsked:
    """Where the other side of a rule is looked for; `question` is None where there is none."""

    source: str
    form_code: str
    period: str
    question: Asked | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """What `sides_asked` asked, and the rows that answer each question."""

    asked: Sequence[SideAsked]
    answers: Sequence[Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class _Side:
    """The other side of a rule: where it is, and which revisions it is made of."""

    form_code: str
    period: str
    companion: Companion
    revisions: tuple[int, ...] = ()


def sides_asked(
    catalogue: Catalogue,
    form: FormVersion,
    period: Period,
    unit: str,
    sources: Sequence[str] | None = None,
) -> list[SideAsked]:
    """The questions for what the external rules of a form read of a unit, named by its code."""
    return [
        _side_asked(catalogue, form, source, period, unit)
        for source in (sources_of(form) if sources is None else sources)
    ]


def questions_of(asked: Sequence[SideAsked]) -> list[Asked]:
    """What is to be asked of the store."""
    return [side.question for side in asked if side.question is not None]


def find_sides(session: Session, asked: Sequence[SideAsked]) -> Sides:
    """Ask for the other sides, in one trip."""
    return Sides(asked, ask_at_once(session.connection(), *questions_of(asked)))


def run_cross_checks(
    *,
    catalogue: Catalogue,
    form: FormVersion,
    report: Report,
    sides: Sides,
    submission_id: int,
    unit_id: int,
    now: datetime,
    places: Places | None = None,
) -> tuple[list[CrossOutcome], list[dict[str, Any]]]:
    """Run the external rules of one revision: what came of them, and the rows that keep it.

    The rows are for `INSERT_COMPARED`, which the caller runs. `places` tells the cells of the
    sheet; when rules are run again later only the figures are at hand, and no such cell is named.
    """
    if not sides.asked:
        return [], []
    found = _read_sides(catalogue, form, sides)
    outcomes = cross_check(
        form,
        report,
        {name: side.companion for name, side in found.items()},
        window=Period.parse(report.period).window(catalogue.regime(form.regime).window),
        places=places,
    )
    return outcomes, [
        {
            "submission_id": submission_id,
            "unit_id": unit_id,
            "rule_id": outcome.rule_id,
            "other_form": found[outcome.source].form_code,
            "other_period": found[outcome.source].period,
            "outcome": CrossCheckOutcome(outcome.outcome.value),
            "compared_with": list(found[outcome.source].revisions),
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
    for number, code, version, owner, owner_code, canonical in dependents.values():
        form = catalogue.form(code, version)
        report = read_report(form, canonical)
        session.execute(delete(CrossCheck).where(CrossCheck.submission_id == number))
        asked = sides_asked(catalogue, form, Period.parse(report.period), owner_code)
        _, compared = run_cross_checks(
            catalogue=catalogue,
            form=form,
            report=report,
            sides=find_sides(session, asked),
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
    unit_code: str,
) -> Mapping[str, TableData] | None:
    """What `previous(...)` reads for a unit and period; None where it has not all arrived."""
    asked = sides_asked(catalogue, form, period, unit_code, ["previous"])
    sides = find_sides(session, asked)
    return in_version(form, _read_sides(catalogue, form, sides)["previous"].companion).report


def _side_asked(
    catalogue: Catalogue, form: FormVersion, source: str, period: Period, unit: str
) -> SideAsked:
    there = _of_any_unit(form, source, period, catalogue.regime(form.regime).window)
    if there is None:
        return SideAsked(source, form.code, "")
    return SideAsked(source, there["form"], there["period"], (_SIDE, {**there, "unit": unit}))


@lru_cache(maxsize=1024)
def _of_any_unit(
    form: FormVersion, source: str, period: Period, window: WindowRule
) -> Mapping[str, Any] | None:
    """What is asked of every unit alike; None where a period has no predecessor."""
    # With no merger in between, the days are in the wrong order and no predecessor is found.
    code, after, until = source, date.max, date.min
    if source == "previous":
        before = period.predecessor(form.predecessors)
        if before is None:
            return None
        code, after, until = form.code, before.window(window).last, period.window(window).last
        period = before
    return {"form": code, "period": period.code, "after": after, "until": until}


def _read_sides(catalogue: Catalogue, form: FormVersion, sides: Sides) -> dict[str, _Side]:
    answers = iter(sides.answers)
    return {
        side.source: _read_side(catalogue, form, side, next(answers) if side.question else ())
        for side in sides.asked
    }


def _read_side(
    catalogue: Catalogue, form: FormVersion, asked: SideAsked, rows: Sequence[Sequence[Any]]
) -> _Side:
    """What was reported there; exempt where nothing was ever owed, pending where it is awaited."""
    code, period = asked.form_code, asked.period
    if asked.question is None:
        return _Side(code, period, Companion(form, is_exempt=True))
    latest = catalogue.latest(code)
    if not rows:
        return _Side(code, period, Companion(latest, is_exempt=True))
    if any(row[0] is None for row in rows):
        return _Side(code, period, Companion(latest))
    newest = catalogue.form(code, max(row[1] for row in rows))
    companions = [
        Companion(own, read_report(own, canonical).tables)
        for own, canonical in ((catalogue.form(code, version), text) for _, version, text in rows)
    ]
    whole = companions[0] if len(companions) == 1 else sum_sides(newest, companions)
    return _Side(code, period, whole, tuple(row[0] for row in rows))


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
