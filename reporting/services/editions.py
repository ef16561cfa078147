"""Editions as they are kept: one of them whole, with what went into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report
from forms.definition import FormVersion
from forms.derived import SUFFIX
from forms.returns import TableData
from reporting.errors import NotFound
from reporting.models import Edition, EditionInput, ReportingUnit, Submission
from reporting.services.actors import Act, Actor
from reporting.services.rights import reaches


@dataclass(frozen=True, slots=True)
class KeptInput:
    """One revision that went into an edition, with whose it is."""

    unit_code: str
    unit_name: str
    submission_id: int
    revision: int
    content_sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class KeptEdition:
    """One edition with its unit and the revisions that it was made from."""

    edition: Edition
    unit: ReportingUnit
    inputs: Sequence[KeptInput]


def newest_tables(
    session: Session, *, form: FormVersion, period: str, unit_id: int
) -> Mapping[str, TableData]:
    """The tables of the newest edition of a unit for a period; none of another form version.

    Whether the actor may see the unit has been asked.
    """
    edition = session.scalars(
        select(Edition)
        .where(Edition.form_code == form.code, Edition.period == period, Edition.unit_id == unit_id)
        .order_by(Edition.number.desc())
        .limit(1)
        .options(undefer(Edition.canonical))
    ).one_or_none()
    if edition is None or edition.form_version != form.version:
        return {}
    return read_report(form, edition.canonical).tables


def find_edition(session: Session, *, actor: Actor, edition_id: int) -> KeptEdition:
    """One edition; one that the actor may not see is answered like one that is not there.

    Raises NotFound.
    """
    query = (
        select(Edition, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(Edition.id == edition_id, reaches(actor, Act.READ, Edition.unit_id))
        .options(undefer(Edition.canonical), undefer(Edition.basis))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            vi=f"Không có bản tổng hợp số {edition_id}.",
            en=f"There is no edition {edition_id}.",
        )
    inputs = session.execute(
        select(
            ReportingUnit.code,
            ReportingUnit.name_vi,
            EditionInput.submission_id,
            EditionInput.revision,
            EditionInput.content_sha256,
            Submission.received_at,
        )
        .join(Submission, Submission.id == EditionInput.submission_id)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .where(EditionInput.edition_id == edition_id)
    )
    kept = [KeptInput(*line) for line in inputs]
    return KeptEdition(row[0], row[1], sorted(kept, key=lambda line: line.unit_code))


def list_editions(
    session: Session,
    *,
    actor: Actor,
    form_code: str = "",
    period: str = "",
    after: int = 0,
    limit: int = 100,
) -> list[tuple[Edition, ReportingUnit]]:
    """Editions that the actor may see, oldest first, from after a number on: one statement.

    An edition in the layout that is derived from a form counts for that form.
    """
    query = (
        select(Edition, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(Edition.id > after, reaches(actor, Act.READ, Edition.unit_id))
        .order_by(Edition.id)
        .limit(limit)
    )
    if form_code:
        query = query.where(Edition.form_code.in_([form_code, f"{form_code}{SUFFIX}"]))
    if period:
        query = query.where(Edition.period == period)
    return [(edition, unit) for edition, unit in session.execute(query)]
