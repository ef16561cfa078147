"""Consolidating one form for one period and some units: reading the inputs, storing the editions.

What is computed is a pure function (forms.consolidating); this is the hands that bring it its
reports and keep what it made. Recomputed from scratch every time; never a delta is added. Many
units at once cost hardly more statements than one: a whole country is read together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from forms.canonical import ENGINE, sha256, write_report
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.issues import Issue
from forms.period import Period
from reporting.errors import Conflict
from reporting.models import (
    Edition,
    EditionInput,
    EditionPart,
    ReportingObligation,
    ReportingUnit,
    Submission,
)
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record_all
from reporting.services.consolidated_layouts import consolidated_layout, require_may_consolidate
from reporting.services.contributions import PackedInputs
from reporting.services.doubts import doubts_about_inputs, doubts_of, half_open
from reporting.services.edition_basis import keep_what_decides
from reporting.services.edition_differences import reports_unlike_their_parts
from reporting.services.edition_plan import Plan, plan_editions
from reporting.services.expected import COUNTS, coverage_of, list_expected
from reporting.services.making_editions import make_report
from reporting.services.receipts import issues_as_data

_owed, _sent, _made = (table_of(model) for model in (ReportingObligation, Submission, Edition))
_INSERT_INPUTS = insert(table_of(EditionInput)).from_select(
    ["edition_id", "submission_id", "revision", "content_sha256"],
    select(_made.c.id, _sent.c.id, _sent.c.revision, _sent.c.content_sha256)
    .join_from(
        _made,
        _owed,
        (_owed.c.receiver_id == _made.c.unit_id) & (_owed.c.period == _made.c.period),
    )
    .join(_sent, _owed.c.in_force_id == _sent.c.id)
    .where(
        _made.c.id.in_(bindparam("editions", expanding=True)),
        _owed.c.form_code.in_(bindparam("codes", expanding=True)),
        _sent.c.status.in_(COUNTS),
        _sent.c.id.not_in(bindparam("left_out", expanding=True)),
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
    with_estimates: bool = False,
) -> Consolidated:
    """Make the next edition of a consolidated form, or give the last one if nothing has changed.

    What `consolidate_units` does, for one unit.
    """
    made = consolidate_units(
        session,
        actor=actor,
        form=form,
        period=period,
        units=[unit],
        catalogue=catalogue,
        clock=clock,
        with_estimates=with_estimates,
    )
    return made[0]


def consolidate_units(
    session: Session,
    *,
    actor: Actor,
    form: FormVersion,
    period: Period,
    units: Sequence[ReportingUnit],
    catalogue: Catalogue,
    clock: Callable[[], datetime],
    with_estimates: bool = False,
) -> list[Consolidated]:
    """Make the next edition for each unit, or give its last one where nothing has changed.

    Inputs are the revisions in force of what each unit is owed, in the order of unit codes. The
    cut-off is stamped while receiving is kept out. `with_estimates` lets the newest edition of a
    unit stand in for its own report while that has not come; the coverage says so. Flushes; the
    caller commits. Raises NotAllowed, Conflict where the form consolidates nothing or nothing is
    owed, Overflow.
    """
    form = consolidated_layout(catalogue, form)
    for unit in units:
        require_may_consolidate(session, actor, unit, form)
    codes = sorted({source.form for source in form.sources})
    ids = [unit.id for unit in units]
    locks.exclude(session, forms=codes, period=period.code, receivers=ids)
    cut_off = clock()
    owed = list_expected(session, codes=codes, period=period.code, receivers=ids)
    if not owed:
        raise Conflict(
            vi=f"Kỳ {period} của biểu {', '.join(codes)} chưa mở: không có báo cáo nào phải nhận.",
            en=f"The period {period} of form {', '.join(codes)} was not opened: nothing is owed.",
        )
    plans = plan_editions(
        session, form, period, units, owed, catalogue, cut_off, with_estimates=with_estimates
    )
    reader = PackedInputs(session, catalogue, period.code, ids)
    new = [one for one in plans if not one.is_made]
    if new:
        keep_what_decides(session, new[0].basis, catalogue, cut_off)
    editions = {
        one.unit.id: _make(session, catalogue, reader, one, actor=actor, cut_off=cut_off)
        for one in new
    }
    nil, zero = reader.is_nil(), reader.is_zero()
    doubts = _doubts_about(session, catalogue, new, codes, cut_off)
    for one in new:
        edition = editions[one.unit.id]
        edition.coverage = coverage_of(one.expected, nil=nil, zero=zero)
        edition.issues += issues_as_data(doubts(one.unit.id))
    session.add_all(editions.values())
    session.flush()
    _store_inputs(session, new, editions, codes)
    record_all(session, actor, [_entry(edition) for edition in editions.values()], now=cut_off)
    return [
        Consolidated(editions.get(one.unit.id) or _last(one), is_new=one.unit.id in editions)
        for one in plans
    ]


def _doubts_about(
    session: Session,
    catalogue: Catalogue,
    new: Sequence[Plan],
    codes: Sequence[str],
    cut_off: datetime,
) -> Callable[[int], list[Issue]]:
    """What is doubtful about the inputs of some editions, by receiver: a few statements."""
    if not new:
        return lambda _receiver: []
    period, receivers = new[0].basis.period, [one.unit.id for one in new]
    expected = [row for one in new for row in one.expected]
    found = (
        doubts_about_inputs(session, codes=codes, period=period, receivers=receivers),
        reports_unlike_their_parts(session, catalogue, expected, period=period),
        half_open(session, codes=codes, period=period, receivers=receivers, at=cut_off),
    )
    return lambda receiver: [issue for each in found for issue in each.get(receiver, ())]


def _last(plan: Plan) -> Edition:
    assert plan.latest is not None
    return plan.latest


def _make(
    session: Session,
    catalogue: Catalogue,
    reader: PackedInputs,
    plan: Plan,
    *,
    actor: Actor,
    cut_off: datetime,
) -> Edition:
    """The edition that is to be stored, without its coverage."""
    basis, unit = plan.basis, plan.unit
    report = make_report(
        session, catalogue, basis, inputs=plan.inputs, parts=plan.estimates, reader=reader
    )
    content = write_report(basis.form, report)
    doubts = doubts_of(basis, report, plan.inputs)
    return Edition(
        form_code=basis.form.code,
        form_version=basis.form.version,
        period=basis.period,
        unit_id=unit.id,
        number=plan.number,
        engine=ENGINE,
        cut_off_at=cut_off,
        actor=actor.name,
        basis=plan.kept_basis,
        canonical=content,
        sha256=sha256(content),
        input_sha256=plan.input_sha256,
        issues=issues_as_data(doubts),
    )


def _entry(edition: Edition) -> Entry:
    return Entry(
        act="edition.made",
        subject=f"edition/{edition.id}",
        unit_id=edition.unit_id,
        details={
            "form": edition.form_code,
            "period": edition.period,
            "number": edition.number,
            "sha256": edition.sha256,
            "input_sha256": edition.input_sha256,
        },
    )


def _store_inputs(
    session: Session,
    new: Sequence[Plan],
    editions: Mapping[int, Edition],
    codes: Sequence[str],
) -> None:
    """Write what went in: one statement for a whole country, inside the database.

    The lock keeps it the list that was read; that it is as long is checked all the same.
    """
    if not new:
        return
    parts = [
        {"edition_id": editions[one.unit.id].id, "part_id": row.stand_in}
        for one in new
        for row in one.expected
        if row.stand_in is not None
    ]
    if parts:
        session.execute(insert(table_of(EditionPart)), parts)
    written = session.connection().execute(
        _INSERT_INPUTS,
        {
            "editions": [edition.id for edition in editions.values()],
            "codes": list(codes),
            "left_out": [
                row.submission_id
                for one in new
                for row in one.expected
                if not row.chosen and row.submission_id is not None
            ],
        },
        execution_options={"preserve_rowcount": True},
    )
    if written.rowcount != sum(len(one.counted) for one in new):
        raise Conflict(
            vi="Báo cáo đầu vào vừa thay đổi trong khi tổng hợp. Hãy tổng hợp lại.",
            en="The inputs changed while they were consolidated. Please consolidate again.",
        )
