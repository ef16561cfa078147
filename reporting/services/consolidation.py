"""Consolidating one form for one period and one unit: reading the inputs, storing the edition.

What is computed is a pure function (forms.aggregating); this is the hands that bring it its
reports and keep what it made. Recomputed from scratch every time; never a delta is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, cast, func, insert, select
from sqlalchemy.orm import Session

from forms.canonical import ENGINE, sha256, write_report
from forms.catalogue import Catalogue
from forms.checking import broken_rules
from forms.consolidating import (
    Contribution,
    TotalTooLarge,
    consolidate_tables,
    unlisted_rows,
)
from forms.definition import FormVersion, Severity
from forms.derived import SUFFIX
from forms.issues import Issue
from forms.period import Period, Window
from forms.returns import Report
from forms.typed_rows import partial_totals
from reporting.errors import Conflict, Overflow
from reporting.models import (
    CrossCheck,
    CrossCheckOutcome,
    Edition,
    EditionInput,
    ReportingObligation,
    ReportingUnit,
    Submission,
)
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.contributions import read_contributions
from reporting.services.expected import COUNTS, Expected, coverage_of, list_expected
from reporting.services.key_mapping import mapped_keys
from reporting.services.named import window_of
from reporting.services.receipts import issues_as_data, issues_from_data
from reporting.services.rights import reaches, require_for_unit

#: Doubts about inputs that an edition tells one by one.
_MOST_DOUBTS = 500

_owed, _sent = table_of(ReportingObligation), table_of(Submission)
_INSERT_INPUTS = insert(table_of(EditionInput)).from_select(
    ["edition_id", "submission_id", "revision", "content_sha256"],
    select(
        cast(bindparam("edition"), BigInteger), _sent.c.id, _sent.c.revision, _sent.c.content_sha256
    )
    .join(_owed, _owed.c.in_force_id == _sent.c.id)
    .where(
        _owed.c.form_code.in_(bindparam("codes", expanding=True)),
        _owed.c.period == bindparam("period"),
        _owed.c.receiver_id == bindparam("unit"),
        _sent.c.status.in_(COUNTS),
    ),
)


class Consolidated(NamedTuple):
    """An edition, and whether it was made now or had been there with the same inputs."""

    edition: Edition
    is_new: bool


def consolidate(
    session: Session,
    *,
    actor: Actor,
    form: FormVersion,
    period: Period,
    unit: ReportingUnit,
    catalogue: Catalogue,
    clock: Callable[[], datetime],
) -> Consolidated:
    """Make the next edition of a consolidated form, or give the last one if nothing has changed.

    Inputs are the revisions in force of what `unit` is owed, in the order of unit codes. The
    cut-off is stamped while receiving is kept out. Flushes; the caller commits. Raises NotAllowed,
    Conflict where the form consolidates nothing, Overflow.
    """
    form = _consolidated_layout(catalogue, form)
    _require_may_consolidate(session, actor, unit, form)
    codes = sorted({source.form for source in form.sources})
    locks.exclude(session, forms=codes, period=period.code, receiver_id=unit.id)
    cut_off = clock()
    expected = list_expected(session, codes=codes, period=period.code, unit_id=unit.id)
    inputs = [row for row in expected if row.counts]
    mapped = _mapped(session, form, cut_off)
    input_sha256 = _hash_inputs(form, inputs, mapped)
    latest = _latest(session, form.code, period.code, unit.id)
    if latest is not None and latest.input_sha256 == input_sha256:
        return Consolidated(latest, is_new=False)
    contributions = read_contributions(
        session,
        form=form,
        inputs=inputs,
        period=period.code,
        unit_id=unit.id,
        catalogue=catalogue,
        mapped=mapped,
    )
    window = window_of(session, catalogue=catalogue, form=form, period=period)
    report = _build(form, window, period, unit, contributions, catalogue)
    content = write_report(form, report)
    edition = Edition(
        form_code=form.code,
        form_version=form.version,
        period=period.code,
        unit_id=unit.id,
        number=latest.number + 1 if latest else 1,
        engine=ENGINE,
        cut_off_at=cut_off,
        actor=actor.name,
        canonical=content,
        sha256=sha256(content),
        input_sha256=input_sha256,
        coverage=coverage_of(expected),
        issues=issues_as_data(_doubts(session, catalogue, form, report, unit)),
    )
    session.add(edition)
    session.flush()
    _store_inputs(session, edition, codes, inputs)
    _record(session, actor, edition)
    return Consolidated(edition, is_new=True)


def _record(session: Session, actor: Actor, edition: Edition) -> None:
    details = {
        "form": edition.form_code,
        "period": edition.period,
        "number": edition.number,
        "sha256": edition.sha256,
        "input_sha256": edition.input_sha256,
    }
    entry = Entry(
        act="edition.made",
        subject=f"edition/{edition.id}",
        unit_id=edition.unit_id,
        details=details,
    )
    record(session, actor, entry, now=edition.cut_off_at)


def _mapped(
    session: Session, form: FormVersion, cut_off: datetime
) -> Mapping[str, Mapping[str, str]]:
    """What senders called rows of each list of the form, as mapped by the cut-off."""
    lists = sorted({table.heading.code_list for table in form.tables} - {""})
    return {name: mapped_keys(session, name, until=cut_off) for name in lists}


def _store_inputs(
    session: Session, edition: Edition, codes: Sequence[str], inputs: Sequence[Expected]
) -> None:
    """Write which revisions went in: one statement for a whole country, inside the database.

    The lock keeps it the list that was read; that it is as long is checked all the same.
    """
    written = session.connection().execute(
        _INSERT_INPUTS,
        {
            "edition": edition.id,
            "codes": list(codes),
            "period": edition.period,
            "unit": edition.unit_id,
        },
        execution_options={"preserve_rowcount": True},
    )
    if written.rowcount != len(inputs):
        raise Conflict(
            vi="Báo cáo đầu vào vừa thay đổi trong khi tổng hợp. Hãy tổng hợp lại.",
            en="The inputs changed while they were consolidated. Please consolidate again.",
        )


def _consolidated_layout(catalogue: Catalogue, form: FormVersion) -> FormVersion:
    """The layout of the higher level: the form itself, or what is derived from it."""
    derived = {layout.code: layout for layout in catalogue.consolidated_layouts()}
    return form if form.sources else derived.get(f"{form.code}{SUFFIX}", form)


def _require_may_consolidate(
    session: Session, actor: Actor, unit: ReportingUnit, form: FormVersion
) -> None:
    require_for_unit(session, actor=actor, act=Act.RECEIVE, unit_id=unit.id, form=form.code)
    if not form.sources:
        raise Conflict(
            vi=f"Biểu {form.code} không tổng hợp từ biểu nào.",
            en=f"Form {form.code} is not consolidated from any form.",
        )


def _inputs_in_doubt(
    session: Session, codes: Sequence[str], period: str, unit_id: int
) -> list[Issue]:
    """Rules across reports that inputs break: their figures are in, so the reader is told."""
    query = (
        select(ReportingUnit.code, ReportingUnit.name_vi, CrossCheck.issues)
        .join(ReportingObligation, ReportingObligation.unit_id == ReportingUnit.id)
        .join(CrossCheck, CrossCheck.submission_id == ReportingObligation.in_force_id)
        .where(
            ReportingObligation.form_code.in_(codes),
            ReportingObligation.period == period,
            ReportingObligation.receiver_id == unit_id,
            CrossCheck.outcome == CrossCheckOutcome.FAILED,
        )
    )
    found = sorted(session.execute(query), key=lambda row: row[0])
    told = [
        replace(issue, severity=Severity.WARNING, label=f"{name}: {issue.label}")
        for _, name, issues in found
        for issue in issues_from_data(issues)
    ]
    return told[:_MOST_DOUBTS]


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


def _latest(session: Session, form_code: str, period: str, unit_id: int) -> Edition | None:
    newest = select(func.max(Edition.number)).where(
        Edition.form_code == form_code, Edition.period == period, Edition.unit_id == unit_id
    )
    return session.scalars(
        select(Edition).where(
            Edition.form_code == form_code,
            Edition.period == period,
            Edition.unit_id == unit_id,
            Edition.number == newest.scalar_subquery(),
        )
    ).one_or_none()


def _hash_inputs(
    form: FormVersion, inputs: Sequence[Expected], mapped: Mapping[str, Mapping[str, str]]
) -> str:
    """What decides an edition: declaration, engine, every revision in it by name, mappings."""
    lines = [f"{ENGINE} {form.code} {form.version} {form.checksum}"]
    for name in mapped:
        lines += [f"{name} {key} -> {code}" for key, code in sorted(mapped[name].items())]
    lines += [
        f"{row.unit_code} {row.form_code} {row.revision} {row.content_sha256}" for row in inputs
    ]
    return sha256("\n".join(lines).encode())


def _build(
    form: FormVersion,
    window: Window,
    period: Period,
    unit: ReportingUnit,
    contributions: Sequence[Contribution],
    catalogue: Catalogue,
) -> Report:
    try:
        tables = consolidate_tables(form, contributions, window=window, lists=catalogue.lists)
    except TotalTooLarge as error:
        row, column = error.row, error.column
        raise Overflow(
            vi=f"Tổng hợp {form.code} kỳ {period} cho {unit.name_vi}: "
            f"{f'dòng «{row}»' if row else 'dòng tổng'}, cột {column.number} «{column.label}» "
            "có hơn 15 chữ số. Hãy tìm báo cáo có số rất lớn ở ô này và trả lại để sửa.",
            en=f"Consolidating {form.code} for {period} for {unit.name_en}: "
            f"{f'row “{row}”' if row else 'the total row'}, column {column.number} "
            f"“{column.label}” has over 15 digits. Find the report with a very large figure in "
            "this cell, and return it to be corrected.",
        ) from None
    return Report(form.code, form.version, unit.code, period.code, tables)


def _doubts(
    session: Session,
    catalogue: Catalogue,
    form: FormVersion,
    report: Report,
    unit: ReportingUnit,
) -> list[Issue]:
    """What is shown with an edition, never hidden: broken rules, rows in no list, odd inputs."""
    broken = broken_rules(form, report.tables)
    codes = sorted({source.form for source in form.sources})
    return [
        *(replace(issue, severity=Severity.WARNING) for issue in broken),
        *partial_totals(form, report.tables),
        *unlisted_rows(form, report.tables, catalogue.lists),
        *_inputs_in_doubt(session, codes, report.period, unit.id),
    ]
