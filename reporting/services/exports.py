"""Workbooks of editions: what the store knows, handed to the writer as plain values."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.derived import SUFFIX
from forms.period import Period
from reporting.services.actors import Actor
from reporting.services.downloads import NamedFile
from reporting.services.editions import KeptEdition, find_edition
from reporting.services.named import window_of
from reporting.services.units import views
from reporting.workbooks.consolidated_table import write_consolidated
from reporting.workbooks.edition_facts import EditionFacts, InputFacts


def edition_workbook(
    session: Session, *, actor: Actor, edition_id: int, catalogue: Catalogue
) -> NamedFile:
    """The workbook of an edition: the same bytes whenever it is asked for. Raises NotFound."""
    kept = find_edition(session, actor=actor, edition_id=edition_id)
    edition = kept.edition
    form = catalogue.form(edition.form_code, edition.form_version)
    report = read_report(form, edition.canonical)
    content = write_consolidated(form, report, edition=_facts(session, kept, catalogue))
    code = form.file_code.removesuffix(SUFFIX)
    name = f"{code}_{kept.unit.code}_{edition.period}_{edition.number}.xlsx"
    return NamedFile(content, name, f"edition/{edition.id}", edition.unit_id)


def _facts(session: Session, kept: KeptEdition, catalogue: Catalogue) -> EditionFacts:
    edition = kept.edition
    form = catalogue.form(edition.form_code, edition.form_version)
    period = Period.parse(edition.period)
    window = window_of(session, catalogue=catalogue, form=form, period=period)
    # An edition of an old period prints what the unit was called then.
    named = views(session, [kept.unit.id], on=window.last).get(kept.unit.id)
    return EditionFacts(
        number=edition.number,
        unit_code=kept.unit.code,
        unit_name=named.name_vi if named else kept.unit.name_vi,
        period=period,
        window=window,
        cut_off_at=edition.cut_off_at,
        sha256=edition.sha256,
        coverage=edition.coverage,
        issues=edition.issues,
        inputs=[
            InputFacts(
                line.unit_code,
                line.unit_name,
                line.submission_id,
                line.revision,
                line.content_sha256,
                line.received_at,
            )
            for line in kept.inputs
        ],
    )
