"""Editions taken apart again into what each report brought, from the evidence of their inputs.

Many editions at once cost the statements of one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import String, select, type_coerce
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.consolidating import Contribution
from forms.definition import FormVersion, Mode
from forms.expressions import TOTAL
from forms.lineage import Dissection, Origins
from forms.returns import Report
from reporting.errors import Conflict
from reporting.models import Edition, EditionInput, EditionPart, ReportingUnit, Submission
from reporting.services.contributions import Input, KeptInputs, contributions_of
from reporting.services.edition_basis import Basis, form_as_published, read_basis
from reporting.services.kept_reports import read_editions, read_reports


@dataclass(frozen=True, slots=True)
class Entered:
    """One report, or with `is_estimate` one edition in its place, that entered an edition."""

    input: Input
    unit_name: str
    revision: int  # of the report, or the number of the edition
    sha256: str
    is_estimate: bool


@dataclass(frozen=True)
class TakenApart:
    """One edition with all that entered it, ready to be asked for the parts of its cells.

    The contributions of reports come first, those of estimates after them.
    """

    edition: Edition
    unit: ReportingUnit
    basis: Basis
    report: Report
    entered: Sequence[Entered]
    reports: Mapping[int, Report]
    estimates: Mapping[int, Report]
    from_reports: int
    dissection: Dissection
    forms: Mapping[tuple[int, bool], FormVersion]  # of each report, or edition in its place

    @cached_property
    def _by_key(self) -> Mapping[tuple[int, bool], Entered]:
        return {(one.input.key, one.is_estimate): one for one in self.entered}

    def entered_by(self, source: int, key: int) -> Entered | None:
        """What a piece of a contribution was brought by."""
        return self._by_key.get((key, source >= self.from_reports))

    def report_of(self, source: int, key: int) -> Report:
        """The report, or the edition in its place, behind a piece."""
        return (self.reports if source < self.from_reports else self.estimates)[key]


def entered_editions(session: Session, editions: Collection[int]) -> dict[int, list[Entered]]:
    """What entered each edition, in the order in which it was hashed: two statements."""
    found: dict[int, list[Entered]] = {number: [] for number in editions}
    sent = (
        select(
            EditionInput.edition_id,
            Submission.id,
            ReportingUnit.code,
            type_coerce(ReportingUnit.kind, String),
            Submission.form_code,
            Submission.form_version,
            ReportingUnit.name_vi,
            EditionInput.revision,
            EditionInput.content_sha256,
        )
        .join(Submission, Submission.id == EditionInput.submission_id)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .where(EditionInput.edition_id.in_(list(editions)))
    )
    for number, row in _ordered(session.execute(sent)):
        found[number].append(Entered(Input(*row[:5]), row[5], row[6], row[7], is_estimate=False))
    parts = (
        select(
            EditionPart.edition_id,
            Edition.id,
            ReportingUnit.code,
            type_coerce(ReportingUnit.kind, String),
            Edition.form_code,
            Edition.form_version,
            ReportingUnit.name_vi,
            Edition.number,
            Edition.sha256,
        )
        .join(Edition, Edition.id == EditionPart.part_id)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(EditionPart.edition_id.in_(list(editions)))
    )
    for number, row in _ordered(session.execute(parts)):
        found[number].append(Entered(Input(*row[:5]), row[5], row[6], row[7], is_estimate=True))
    return found


def _ordered(rows: Iterable[Any]) -> list[tuple[int, Any]]:
    """What entered which edition, by code of unit, then by form, as inputs are hashed."""
    return [(row[0], row[1:]) for row in sorted(rows, key=lambda row: (row[2], row[4]))]


def take_apart(
    session: Session, catalogue: Catalogue, editions: Mapping[int, Sequence[Entered]]
) -> dict[int, TakenApart]:
    """Editions by id, with what `entered_editions` gives of each: three statements.

    One that was made before its basis was kept is left out. Raises NotFound for a lost declaration.
    """
    query = (
        select(Edition, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(Edition.id.in_(list(editions)))
        .options(undefer(Edition.canonical), undefer(Edition.basis))
    )
    rows = session.execute(query).all()
    everyone = [one for entered in editions.values() for one in entered]
    reports = read_reports(session, catalogue, _keys(everyone, is_estimate=False))
    estimates = read_editions(session, catalogue, _keys(everyone, is_estimate=True))
    return {
        edition.id: _take_apart(
            session, catalogue, edition, unit, editions[edition.id], (reports, estimates)
        )
        for edition, unit in rows
        if edition.basis is not None
    }


def require_basis(edition: Edition) -> None:
    """Raises Conflict for an edition that was made before its basis was kept."""
    if edition.basis is None:
        raise Conflict(
            vi=f"Bản tổng hợp số {edition.number} được lập trước khi hệ thống lưu căn cứ tổng hợp, "
            "nên không truy được nguồn của từng ô.",
            en=f"Edition {edition.number} was made before its basis was kept: the parts of its "
            "cells cannot be told.",
        )


def _keys(entered: Iterable[Entered], *, is_estimate: bool) -> list[int]:
    return sorted({one.input.key for one in entered if one.is_estimate == is_estimate})


def _take_apart(
    session: Session,
    catalogue: Catalogue,
    edition: Edition,
    unit: ReportingUnit,
    entered: Sequence[Entered],
    read: tuple[Mapping[int, Report], Mapping[int, Report]],
) -> TakenApart:
    basis = read_basis(session, edition.basis or b"", catalogue)
    contributions: list[Contribution] = []
    origins: list[Origins] = []
    counts = []
    for is_estimate, reports in zip((False, True), read, strict=True):
        inputs = [one.input for one in entered if one.is_estimate == is_estimate]
        made = contributions_of(
            basis, inputs, session=session, catalogue=catalogue, reader=KeptInputs(reports)
        )
        contributions += made
        origins += [_origins(part, inputs, reports) for part in _versions(basis, inputs, made)]
        counts.append(len(contributions))
    report = read_report(basis.form, edition.canonical)
    dissection = Dissection(basis.form, report.tables, contributions, origins)
    published = {
        (one.input.key, one.is_estimate): form_as_published(
            session, catalogue, one.input.form_code, one.input.form_version
        )
        for one in entered
    }
    return TakenApart(
        edition,
        unit,
        basis,
        report,
        entered,
        *read,
        from_reports=counts[0],
        dissection=dissection,
        forms=published,
    )


def _versions(
    basis: Basis, inputs: Sequence[Input], made: Sequence[Contribution]
) -> Iterator[tuple[Contribution, int]]:
    """Each contribution with the version of the form that it is of, as `contributions_of` goes."""
    versions = (
        version
        for source in basis.form.sources
        for version in sorted({one.form_version for one in inputs if one.form_code == source.form})
    )
    return zip(made, versions, strict=True)


def _origins(
    part: tuple[Contribution, int], inputs: Sequence[Input], reports: Mapping[int, Report]
) -> Origins:
    """Where each row of a contribution comes from."""
    (made, version), keys, paths = part, list[int](), list[str]()
    source = made.source
    for one in inputs:
        if (one.form_code, one.form_version) != (source.form, version):
            continue
        rows = [name.path for name in reports[one.key].tables[source.table].names]
        if source.mode is Mode.STACK and (made.table.total is not None or len(rows) != 1):
            rows = [TOTAL]
        keys += [one.key] * len(rows)
        paths += rows
    return Origins(keys, paths)
