"""Making a kept edition again, from its basis and the evidence of its inputs, and comparing.

Reads the canonical bytes of what went in, never the packed cells from which the edition was made:
so that each proves the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report, sha256, write_report
from forms.catalogue import Catalogue
from forms.returns import Report
from reporting.errors import NotFound, Overflow
from reporting.models import Edition, ReportingUnit
from reporting.services.actors import Act, Actor
from reporting.services.contributions import Input, KeptInputs
from reporting.services.edition_basis import (
    form_as_published,
    hash_inputs,
    part_line,
    read_basis,
    revision_line,
)
from reporting.services.kept_reports import contents_of
from reporting.services.making_editions import make_report
from reporting.services.rights import reaches
from reporting.services.taking_apart import Entered, entered_editions


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One edition that was made again; `faults` says where it is not what was kept."""

    edition_id: int
    about: str
    sha256: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Went:
    """One input as it is kept: the line by which it is hashed, and what it is for the maker."""

    line: str
    input: Input
    content_sha256: str


def rebuild_editions(
    session: Session, *, actor: Actor, catalogue: Catalogue, edition_id: int | None = None
) -> Iterator[Rebuilt]:
    """Make one edition again, or all that the actor may see, the oldest first. Writes nothing.

    Raises NotFound where there is no such edition.
    """
    query = select(Edition.id).where(reaches(actor, Act.READ, Edition.unit_id)).order_by(Edition.id)
    if edition_id is not None:
        query = query.where(Edition.id == edition_id)
    numbers = session.scalars(query).all()
    if edition_id is not None and not numbers:
        raise NotFound(
            vi=f"Không có bản tổng hợp số {edition_id}.",
            en=f"There is no edition {edition_id}.",
        )
    for number in numbers:
        yield _rebuild(session, catalogue, number)
        session.expunge_all()


def _rebuild(session: Session, catalogue: Catalogue, edition_id: int) -> Rebuilt:
    edition, unit_code = session.execute(
        select(Edition, ReportingUnit.code)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(Edition.id == edition_id)
        .options(undefer(Edition.canonical), undefer(Edition.basis))
    ).one()
    about = f"{edition.form_code} {edition.period} {unit_code}, edition {edition.number}"
    if edition.basis is None:
        said = "was made before its basis was kept, and cannot be made again"
        return Rebuilt(edition_id, about, "", (said,))
    entered = entered_editions(session, [edition_id])[edition_id]
    went, parts = (
        [_went(one) for one in entered if one.is_estimate is is_estimate]
        for is_estimate in (False, True)
    )
    faults, reports = _reports(session, catalogue, went)
    if faults:
        return Rebuilt(edition_id, about, "", tuple(faults))
    try:
        basis = read_basis(session, edition.basis, catalogue)
        report = make_report(
            session,
            catalogue,
            basis,
            inputs=[one.input for one in went],
            parts=[one.input for one in parts],
            reader=KeptInputs(reports),
        )
    except (NotFound, Overflow) as fault:
        return Rebuilt(edition_id, about, "", (str(fault),))
    content = write_report(basis.form, report)
    lines = [one.line for one in (*went, *parts)]
    return Rebuilt(edition_id, about, sha256(content), tuple(_differences(edition, content, lines)))


def _differences(edition: Edition, content: bytes, lines: Sequence[str]) -> Iterator[str]:
    if sha256(edition.canonical) != edition.sha256:
        yield "its bytes do not have its hash"
    if content != edition.canonical:
        yield f"made again it is {sha256(content)}, kept is {edition.sha256}"
    if hash_inputs(edition.basis or b"", lines) != edition.input_sha256:
        yield "its basis and inputs do not have the hash that was kept"


def _went(one: Entered) -> _Went:
    """One input with the line by which it is hashed."""
    unit, form, version = one.input.unit_code, one.input.form_code, one.input.form_version
    line = (
        part_line(unit, form, one.revision, one.sha256)
        if one.is_estimate
        else revision_line(unit, form, version, one.revision, one.sha256)
    )
    return _Went(line, one.input, one.sha256)


def _reports(
    session: Session, catalogue: Catalogue, went: Sequence[_Went]
) -> tuple[list[str], dict[int, Report]]:
    """The reports by revision, and a fault for each whose bytes are not those that went in."""
    contents = contents_of(session, [one.input.key for one in went])
    faults: list[str] = []
    reports: dict[int, Report] = {}
    for one in went:
        content = contents[one.input.key]
        if sha256(content) != one.content_sha256:
            faults.append(f"the report of {one.input.unit_code} is not the one that went in")
            continue
        form = form_as_published(session, catalogue, one.input.form_code, one.input.form_version)
        reports[one.input.key] = read_report(form, content)
    return faults, reports
