"""How editions stand: provisional, final, stale, superseded. Worked out, never stored.

Stale is what holds other reports than are in force now: one was amended, returned, withdrawn or
left out, or one came that is not in it. So is what holds an estimate that has a newer edition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from forms.catalogue import Catalogue
from reporting.models import (
    Edition,
    EditionInput,
    EditionPart,
    ReportingObligation,
    Stand,
    Submission,
    SubmissionStatus,
    UnitChoice,
)
from reporting.services.edition_basis import form_as_published
from reporting.services.expected import COUNTS


class Standing(StrEnum):
    """Where an edition stands now."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    STALE = "stale"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class EditionStanding:
    """How one edition stands, and from what that was worked out.

    `gone` inputs are not in force any more, `new` ones are in force and not in it, `overtaken`
    estimates have a newer edition; `awaited` and `accepted` are of now. `is_due` says that making
    it again would make it final.
    """

    standing: Standing
    gone: int
    new: int
    overtaken: int
    awaited: int
    accepted: int
    is_due: bool

    @property
    def has_stale_estimates_alone(self) -> bool:
        """Whether the reports are those that are in force, and only estimates were overtaken."""
        return self.overtaken > 0 and not (self.gone or self.new)


def standings_of(
    session: Session, editions: Sequence[Edition], *, catalogue: Catalogue
) -> Mapping[int, EditionStanding]:
    """How each edition stands, by id: two statements, and one for each form among them.

    Raises NotFound where the declaration of a form is lost.
    """
    ids = [edition.id for edition in editions]
    if not ids:
        return {}
    newest = _newest(session, ids)
    inputs = _inputs(session, ids)
    owed: dict[int, tuple[int, int, int]] = {}
    for code in sorted({edition.form_code for edition in editions}):
        mine = [edition.id for edition in editions if edition.form_code == code]
        owed |= _owed(session, mine, _sources(session, catalogue, editions, code))
    return {
        edition.id: _standing(
            edition,
            overtaken=newest.get(edition.id),
            inputs=inputs.get(edition.id, (0, 0)),
            owed=owed.get(edition.id, (0, 0, 0)),
        )
        for edition in editions
    }


def stale_editions(
    session: Session, *, catalogue: Catalogue, since: datetime
) -> list[tuple[Edition, EditionStanding]]:
    """The newest editions with a cut-off since an instant that are to be made again."""
    other = aliased(Edition)
    is_newest = ~exists().where(_same(Edition, other), other.number > Edition.number)
    found = session.scalars(select(Edition).where(Edition.cut_off_at >= since, is_newest)).all()
    standings = standings_of(session, found, catalogue=catalogue)
    return [
        (edition, standings[edition.id])
        for edition in sorted(found, key=lambda edition: edition.id)
        if standings[edition.id].standing is Standing.STALE or standings[edition.id].is_due
    ]


def _standing(
    edition: Edition,
    *,
    overtaken: int | None,
    inputs: tuple[int, int],
    owed: tuple[int, int, int],
) -> EditionStanding:
    """How one stands; `overtaken` is None where it is not the newest."""
    went_in, still_in = inputs
    counting, awaited, accepted = owed
    gone, new = went_in - still_in, counting - still_in
    all_accepted = awaited > 0 and accepted == awaited
    was_final = edition.coverage.get("accepted") == edition.coverage["expected"] == awaited
    if overtaken is None:
        standing = Standing.SUPERSEDED
    elif gone or new or overtaken:
        standing = Standing.STALE
    elif all_accepted and was_final:
        standing = Standing.FINAL
    else:
        standing = Standing.PROVISIONAL
    is_due = standing is Standing.PROVISIONAL and all_accepted
    return EditionStanding(standing, gone, new, overtaken or 0, awaited, accepted, is_due)


def _sources(
    session: Session, catalogue: Catalogue, editions: Sequence[Edition], code: str
) -> list[str]:
    """The forms that a form is consolidated from, also where its file is gone."""
    version = max(one.form_version for one in editions if one.form_code == code)
    form = form_as_published(session, catalogue, code, version)
    return sorted({source.form for source in form.sources})


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(
        one.form_code == other.form_code,
        one.period == other.period,
        one.unit_id == other.unit_id,
    )


def _newest(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """The newest editions among some, and how many estimates of each have a newer edition."""
    other, part, later = aliased(Edition), aliased(Edition), aliased(Edition)
    overtaken = (
        select(func.count())
        .select_from(EditionPart)
        .join(part, part.id == EditionPart.part_id)
        .where(
            EditionPart.edition_id == Edition.id,
            exists().where(_same(part, later), later.number > part.number),
        )
        .scalar_subquery()
    )
    query = select(Edition.id, overtaken).where(
        Edition.id.in_(ids), ~exists().where(_same(Edition, other), other.number > Edition.number)
    )
    return dict(iter(session.execute(query)))


def _inputs(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many went into each edition, and how many of them count still."""
    still = and_(
        ReportingObligation.in_force_id == Submission.id,
        Submission.status.in_(COUNTS),
        ReportingObligation.receiver_id == Edition.unit_id,
        ~_is_out(),
    )
    query = (
        select(EditionInput.edition_id, func.count(), func.sum(case((still, 1), else_=0)))
        .join(Edition, Edition.id == EditionInput.edition_id)
        .join(Submission, Submission.id == EditionInput.submission_id)
        .join(ReportingObligation, ReportingObligation.id == Submission.obligation_id)
        .where(EditionInput.edition_id.in_(ids))
        .group_by(EditionInput.edition_id)
    )
    return {number: (went, still_in) for number, went, still_in in session.execute(query)}


def _owed(
    session: Session, ids: Sequence[int], codes: Sequence[str]
) -> dict[int, tuple[int, int, int]]:
    """For each edition: how many reports count now, are awaited, and are accepted."""
    counts = and_(Submission.status.in_(COUNTS), ~_is_out())
    awaited = case(
        (counts, 1), (_is_out(), 0), (ReportingObligation.stand == Stand.WAIVED, 0), else_=1
    )
    accepted = and_(counts, Submission.status == SubmissionStatus.ACCEPTED)
    query = (
        select(
            Edition.id,
            func.sum(case((counts, 1), else_=0)),
            func.sum(awaited),
            func.sum(case((accepted, 1), else_=0)),
        )
        .join(
            ReportingObligation,
            and_(
                ReportingObligation.receiver_id == Edition.unit_id,
                ReportingObligation.period == Edition.period,
                ReportingObligation.form_code.in_(codes),
            ),
        )
        .outerjoin(Submission, Submission.id == ReportingObligation.in_force_id)
        .where(Edition.id.in_(ids))
        .group_by(Edition.id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(query)}


def _is_out() -> ColumnElement[bool]:
    """Whether the receiver's newest word on the unit is that it stays out."""
    chosen, later = aliased(UnitChoice), aliased(UnitChoice)
    of_unit = and_(
        chosen.form_code == Edition.form_code,
        chosen.period == Edition.period,
        chosen.receiver_id == Edition.unit_id,
        chosen.unit_id == ReportingObligation.unit_id,
    )
    newer = exists().where(
        later.form_code == chosen.form_code,
        later.period == chosen.period,
        later.receiver_id == chosen.receiver_id,
        later.unit_id == chosen.unit_id,
        later.id > chosen.id,
    )
    return exists().where(of_unit, ~chosen.enters, ~newer)
