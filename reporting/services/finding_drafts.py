"""Drafts found for whose affair they are: one, a list of them, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from reporting.models import Draft, DraftState, ReportingObligation, ReportingUnit
from reporting.services.actors import Actor
from reporting.services.rights import may_see_draft


def own_draft(session: Session, *, actor: Actor, obligation_id: int) -> Draft | None:
    """The draft for an obligation, where it is the actor's affair: to others there is none."""
    query = (
        select(Draft)
        .join(ReportingObligation, ReportingObligation.id == Draft.obligation_id)
        .where(Draft.obligation_id == obligation_id, may_see_draft(actor))
    )
    return session.scalars(query).one_or_none()


def list_drafts(
    session: Session,
    *,
    actor: Actor,
    state: DraftState | None = None,
    period: str = "",
    form_code: str = "",
    after: int = 0,
    limit: int = 100,
) -> list[tuple[Draft, ReportingObligation, ReportingUnit]]:
    """Drafts that are the actor's affair, oldest first, from after a number on: one statement."""
    query = (
        select(Draft, ReportingObligation, ReportingUnit)
        .join(ReportingObligation, ReportingObligation.id == Draft.obligation_id)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .where(Draft.id > after, may_see_draft(actor))
        .options(undefer(Draft.body))
        .order_by(Draft.id)
        .limit(limit)
    )
    if state is not None:
        query = query.where(Draft.state == state)
    if period:
        query = query.where(ReportingObligation.period == period)
    if form_code:
        query = query.where(ReportingObligation.form_code == form_code)
    return [(draft, owed, unit) for draft, owed, unit in session.execute(query)]


def name_obligations(
    session: Session, *, actor: Actor, ids: Sequence[int]
) -> Mapping[int, tuple[ReportingObligation, ReportingUnit]]:
    """Some obligations whose drafts are the actor's affair, with their units: one statement."""
    query = (
        select(ReportingObligation, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .where(ReportingObligation.id.in_(ids), may_see_draft(actor))
    )
    return {owed.id: (owed, unit) for owed, unit in session.execute(query)}
