"""Which units enter a consolidation, by the word of the unit for which it is made.

Every choice stands with its reason and is never taken away; an edition keeps who was left out.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from reporting.errors import Conflict
from reporting.models import ReportingObligation, ReportingUnit, UnitChoice
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.consolidated_layouts import consolidated_layout, require_may_consolidate

_LONGEST_REASON = 1_000


def left_out(
    session: Session,
    *,
    form_code: str,
    period: str,
    receivers: Collection[int],
    until: datetime,
) -> set[tuple[int, int]]:
    """(receiver, unit) of every unit that is left out at an instant: one statement."""
    query = (
        select(UnitChoice.receiver_id, UnitChoice.unit_id, UnitChoice.enters)
        .where(
            UnitChoice.form_code == form_code,
            UnitChoice.period == period,
            UnitChoice.receiver_id.in_(list(receivers)),
            UnitChoice.chosen_at <= until,
        )
        .order_by(UnitChoice.chosen_at, UnitChoice.id)
    )
    newest = {(receiver, unit): enters for receiver, unit, enters in session.execute(query)}
    return {which for which, enters in newest.items() if not enters}


def choose_unit(
    session: Session,
    *,
    actor: Actor,
    form: FormVersion,
    period: str,
    receiver: ReportingUnit,
    unit: ReportingUnit,
    enters: bool,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> UnitChoice:
    """Let a unit enter the consolidations of its receiver for a period, or leave it out.

    Flushes; the caller commits. Raises NotAllowed, Conflict without a reason, for a unit that owes
    nothing to be consolidated, or for a form that consolidates nothing.
    """
    form = consolidated_layout(catalogue, form)
    require_may_consolidate(session, actor, receiver, form)
    why = reason.replace("\x00", "").strip()[:_LONGEST_REASON]
    if not why:
        raise Conflict(vi="Cần nêu lý do.", en="A reason is needed.")
    owes = select(ReportingObligation.id).where(
        ReportingObligation.unit_id == unit.id,
        ReportingObligation.receiver_id == receiver.id,
        ReportingObligation.period == period,
        ReportingObligation.form_code.in_([source.form for source in form.sources]),
    )
    if session.scalars(owes.limit(1)).one_or_none() is None:
        raise Conflict(
            vi=f"{unit.name_vi} không phải gửi báo cáo nào cho bản tổng hợp này trong kỳ {period}.",
            en=f"{unit.name_en} owes nothing that is consolidated here for {period}.",
        )
    choice = UnitChoice(
        form_code=form.code,
        period=period,
        receiver_id=receiver.id,
        unit_id=unit.id,
        enters=enters,
        reason=why,
        chosen_at=now,
        actor=actor.name,
    )
    session.add(choice)
    session.flush()
    entry = Entry(
        act="unit.entered" if enters else "unit.left-out",
        subject=f"choice/{choice.id}",
        unit_id=receiver.id,
        details={"form": form.code, "period": period, "unit": unit.code, "reason": why},
    )
    record(session, actor, entry, now=now)
    return choice
