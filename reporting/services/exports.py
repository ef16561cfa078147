"""Workbooks of editions: what the store knows, handed to the writer as plain values."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.derived import SUFFIX
from forms.issues import sentence
from forms.period import Period
from forms.returns import Report
from forms.rule_outcomes import printed
from forms.target_counts import TargetCount, count_targets
from reporting.models import EditionInput, ReportingUnit, Submission, UnitKind
from reporting.services.actors import Actor
from reporting.services.downloads import NamedFile
from reporting.services.edition_basis import as_data
from reporting.services.editions import KeptEdition, find_edition
from reporting.services.explanations import Warned, explanations_of, warned_by
from reporting.services.named import window_of
from reporting.services.receipts import issues_from_data
from reporting.services.units import views
from reporting.workbooks.consolidated_table import write_consolidated
from reporting.workbooks.edition_facts import EditionFacts, ExplainedFacts, InputFacts


def edition_workbook(
    session: Session, *, actor: Actor, edition_id: int, catalogue: Catalogue, erratum: str = ""
) -> NamedFile:
    """The workbook of an edition: the same bytes whenever it is asked for. Raises NotFound.

    Only what it says of targets follows the dictionary as it is now; the figures never change.
    One that is handed over says which edition it replaces.
    """
    kept = find_edition(session, actor=actor, edition_id=edition_id)
    edition = kept.edition
    form = catalogue.form(edition.form_code, edition.form_version)
    report = read_report(form, edition.canonical)
    facts = replace(
        _facts(session, kept, catalogue),
        targets=_targets(session, kept, form, report, catalogue),
        whole=_WHOLE.get(kept.unit.kind, kept.unit.name_vi),
        erratum=erratum,
    )
    content = write_consolidated(form, report, edition=facts)
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
    basis = as_data(edition.basis)
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
        explanations=_explanations(session, kept, catalogue),
        publish_from=basis.get("publish_from", 0),
        is_final=basis.get("final"),
    )


#: What all units of an edition are called in a sentence, by the kind of unit whose edition it is.
_WHOLE = {UnitKind.GOVERNMENT: "toàn quốc", UnitKind.PROVINCE: "toàn tỉnh"}


def _targets(
    session: Session, kept: KeptEdition, form: FormVersion, report: Report, catalogue: Catalogue
) -> list[TargetCount]:
    """The indicators of an edition that have a target for its year; mostly none, and no question.

    The dictionary as it is now is asked, so that a target set later is told of an old edition too.
    """
    leaves = {
        source.form: _leaf(catalogue, form, source.form)
        for source in form.sources
        if source.form in catalogue.codes
    }
    year = Period.parse(report.period).year
    dictionary = catalogue.dictionary
    if not any(
        year in indicator.targets
        for table in form.tables
        for indicator, _ in dictionary.columns_of(form, table, leaves)
    ):
        return []
    query = (
        select(ReportingUnit.code, ReportingUnit.kind)
        .join(Submission, Submission.unit_id == ReportingUnit.id)
        .join(EditionInput, EditionInput.submission_id == Submission.id)
        .where(EditionInput.edition_id == kept.edition.id)
    )
    kinds = {code: str(kind) for code, kind in session.execute(query)}
    return count_targets(dictionary, form, report.tables, leaves=leaves, kinds=kinds, year=year)


def _leaf(catalogue: Catalogue, form: FormVersion, code: str) -> FormVersion:
    """The form whose reports stand in an edition: of a derived layout the version it comes from."""
    is_derived = form.code == f"{code}{SUFFIX}"
    return catalogue.form(code, form.version) if is_derived else catalogue.latest(code)


def _explanations(
    session: Session, kept: KeptEdition, catalogue: Catalogue
) -> list[ExplainedFacts]:
    """What was said about the inputs by the cut-off: nothing in it can change any more."""
    inputs = select(EditionInput.submission_id).where(EditionInput.edition_id == kept.edition.id)
    said = explanations_of(session, inputs, until=kept.edition.cut_off_at)
    query = select(
        Submission.id, Submission.form_code, Submission.form_version, Submission.issues
    ).where(Submission.id.in_(list(said)))
    found = {
        number: (code, version, data) for number, code, version, data in session.execute(query)
    }
    facts = []
    for line in kept.inputs:
        for one in said.get(line.submission_id, []):
            code, version, data = found[line.submission_id]
            issue = next(
                (issue for issue in issues_from_data(data) if warned_by(issue) == one.warned), None
            )
            cell, warning = one.warned.cell, _rule(catalogue, code, version, one.warned)
            if issue is not None:
                cell, warning = issue.place or issue.address or cell, sentence(issue)
            facts.append(
                ExplainedFacts(line.unit_code, line.unit_name, cell, warning, one.text, one.actor)
            )
    return facts


def _rule(catalogue: Catalogue, code: str, version: int, warned: Warned) -> str:
    """A rule across reports in words; what came of it is run again and again, and may change."""
    form = catalogue.form(code, version)
    rules = {f"{table.key}.{rule.id}": rule for table in form.tables for rule in table.rules}
    return printed(rules[warned.rule_id]) if warned.rule_id in rules else warned.rule_id
