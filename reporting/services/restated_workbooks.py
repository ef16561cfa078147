"""Workbooks of editions on another map of units: the official layout, and what became of whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.derived import SUFFIX
from forms.period import Period
from reporting.models import ReportingUnit
from reporting.services.actors import Actor
from reporting.services.downloads import NamedFile
from reporting.services.editions import KeptInput, find_edition
from reporting.services.receipts import issues_as_data
from reporting.services.restating import Restated
from reporting.services.units import views
from reporting.workbooks.consolidated_table import write_consolidated
from reporting.workbooks.edition_facts import EditionFacts, InputFacts, MovedFacts, RestatedFacts


def restated_workbook(session: Session, restated: Restated, *, actor: Actor) -> NamedFile:
    """The workbook of an edition on another map: the same bytes for the same view."""
    form, edition = restated.form, restated.kept.edition
    facts = _facts(session, restated, actor)
    content = write_consolidated(form, restated.report, edition=facts)
    code, unit = form.file_code.removesuffix(SUFFIX), restated.sources.unit_code
    day = restated.on.isoformat()
    name = f"{code}_{unit}_{edition.period}_{edition.number}_ban-do-{day}.xlsx"
    return NamedFile(content, name, f"edition/{edition.id}", edition.unit_id)


def remarks(restated: Restated) -> Iterator[str]:
    """What whoever reads the figures must know about them, in Vietnamese."""
    without, taken = restated.sources.without, restated.sources.taken_over
    if without:
        yield f"Chưa có bản tổng hợp của: {', '.join(without)}; số liệu chưa gồm các đơn vị này."
    if taken:
        told = ", ".join(taken)
        yield f"Báo cáo gửi {told} đã nằm trong bản tổng hợp của {restated.sources.unit_code}."
    if restated.gone:
        told = ", ".join(restated.gone)
        yield f"Không còn vào ngày này và chưa khai báo nhập vào đâu, giữ nguyên dòng: {told}."


def coverage_of_all(coverages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """How complete several editions are together: counts are added, names are put together."""
    found: dict[str, Any] = {}
    for coverage in coverages:
        for key, value in coverage.items():
            found[key] = found[key] + value if key in found else value
    return found


def _facts(session: Session, restated: Restated, actor: Actor) -> EditionFacts:
    sources = restated.sources
    editions = [one.edition for one in sources.contributors]
    inputs = [
        line
        for edition in editions
        for line in find_edition(session, actor=actor, edition_id=edition.id).inputs
    ]
    return EditionFacts(
        number=restated.kept.edition.number,
        unit_code=sources.unit_code,
        unit_name=restated.unit_name,
        period=Period.parse(restated.kept.edition.period),
        window=restated.window,
        cut_off_at=max(edition.cut_off_at for edition in editions),
        sha256=restated.sha256,
        coverage=coverage_of_all(edition.coverage for edition in editions),
        issues=issues_as_data(restated.issues),
        inputs=[_input(line) for line in inputs],
        restated=RestatedFacts(
            on=restated.on,
            editions=[
                (one.unit_code, one.edition.number, one.edition.sha256, str(one.share))
                for one in sources.contributors
            ],
            moved=_moved(restated, _names(session, list(restated.moves), restated.window.last)),
            estimated=restated.estimated,
            remarks=list(remarks(restated)),
        ),
    )


def _input(line: KeptInput) -> InputFacts:
    return InputFacts(
        line.unit_code,
        line.unit_name,
        line.submission_id,
        line.revision,
        line.content_sha256,
        line.received_at,
    )


def _names(session: Session, codes: Sequence[str], on: date) -> dict[str, str]:
    """How units were called on a day, by code."""
    ids = select(ReportingUnit.id).where(ReportingUnit.code.in_(codes))
    found = views(session, list(session.scalars(ids)), on=on)
    return {view.code: view.name_vi for view in found.values()}


def _moved(restated: Restated, old: Mapping[str, str]) -> list[MovedFacts]:
    return [
        MovedFacts(
            code,
            old.get(code, ""),
            part.unit,
            restated.names.get(part.unit, ""),
            "" if part.share in (None, 1) else str(part.share),
        )
        for code, parts in sorted(restated.moves.items())
        for part in parts
    ]
