"""Upward: every edition that a report entered, itself, through an edition or a report above it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from reporting.models import Edition, EditionInput, EditionPart, ReportingUnit, Submission
from reporting.services.actors import Act, Actor
from reporting.services.archive import find_kept
from reporting.services.lineage import editions_behind
from reporting.services.rights import reaches

#: No cascade has more steps.
_MOST_STEPS = 6


class Way(StrEnum):
    """How a report came into an edition."""

    REPORT = "report"  # itself
    ESTIMATE = "estimate"  # in an edition that stands in for a report
    OWN_REPORT = "own_report"  # in the report that goes back to an edition with it


@dataclass(frozen=True, slots=True)
class EnteredEdition:
    """One edition that a report entered; `through` is the edition below by which it did.

    `may_read` says whether who asks may open it: that his report is in it he may know anyway.
    """

    edition_id: int
    number: int
    form_code: str
    period: str
    unit_code: str
    unit_name: str
    cut_off_at: datetime
    way: Way
    through: int | None = None
    may_read: bool = False


def editions_entered(session: Session, *, actor: Actor, submission_id: int) -> list[EnteredEdition]:
    """Every edition that a revision entered, from the lowest up; a few statements a step.

    Raises NotFound.
    """
    find_kept(session, actor=actor, submission_id=submission_id)
    found: dict[int, EnteredEdition] = {}
    step = _by_report(session, {submission_id: None}, Way.REPORT)
    for _ in range(_MOST_STEPS):
        new = {one.edition_id: one for one in step if one.edition_id not in found}
        if not new:
            break
        found |= new
        step = [
            *_by_estimate(session, new),
            *_by_report(session, _reports_behind(session, new), Way.OWN_REPORT),
        ]
    readable = select(Edition.id).where(
        Edition.id.in_(list(found)), reaches(actor, Act.READ, Edition.unit_id)
    )
    may = set(session.scalars(readable))
    return [replace(one, may_read=one.edition_id in may) for one in found.values()]


_SHOWN = (
    Edition.id,
    Edition.number,
    Edition.form_code,
    Edition.period,
    ReportingUnit.code,
    ReportingUnit.name_vi,
    Edition.cut_off_at,
)


def _by_report(session: Session, reports: dict[int, int | None], way: Way) -> list[EnteredEdition]:
    """The editions that revisions went into, each with the edition below that led to it."""
    query = (
        select(EditionInput.submission_id, *_SHOWN)
        .join(Edition, Edition.id == EditionInput.edition_id)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(EditionInput.submission_id.in_(list(reports)))
        .order_by(Edition.id)
    )
    return [_entered(row, way, reports[row[0]]) for row in session.execute(query)]


def _by_estimate(session: Session, editions: Collection[int]) -> list[EnteredEdition]:
    query = (
        select(EditionPart.part_id, *_SHOWN)
        .join(Edition, Edition.id == EditionPart.edition_id)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(EditionPart.part_id.in_(list(editions)))
        .order_by(Edition.id)
    )
    return [_entered(row, Way.ESTIMATE, row[0]) for row in session.execute(query)]


def _entered(row: Any, way: Way, through: int | None) -> EnteredEdition:
    number, order, form, period, unit, name, at = row[1:]
    return EnteredEdition(number, order, form, period, unit, name, at, way, through)


def _reports_behind(session: Session, editions: Collection[int]) -> dict[int, int | None]:
    """The units' own reports that go back to these editions, by revision."""
    same = and_(
        Submission.unit_id == Edition.unit_id,
        Submission.form_code == Edition.form_code,
        Submission.period == Edition.period,
        Submission.recorded_at >= Edition.cut_off_at,
    )
    query = select(Submission.id).join(Edition, same).where(Edition.id.in_(list(editions)))
    candidates = sorted(set(session.scalars(query)))
    behind = editions_behind(session, submissions=candidates)
    return {number: edition for number, edition in behind.items() if edition in editions}
