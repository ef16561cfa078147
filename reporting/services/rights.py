"""Whether an actor may do an act to a unit or an obligation: asked in the query, not afterwards.

A grant reaches its unit and, where it says so, the units below: those whose last parent on the
actor's day stands in it, and those that went into one of them wholly, so that the successor of a
merged unit has its history. To see a report it is enough that the one who reports or the one to
whom it is reported stands there (the dual line: a department is under its province and may report
to a ministry); to send it the reporting unit must, to receive it its receiver.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, false, literal, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from reporting.errors import NotAllowed
from reporting.models import LineageExtent, ReportingObligation, UnitLineage, UnitTerm
from reporting.models.base import big_integer
from reporting.services.actors import OF_THE_SENDER, Act, Actor, Grant

#: A column that names a unit, of any table.
UnitColumn = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


def reaches(actor: Actor, act: Act, unit: UnitColumn, *, form: str = "") -> ColumnElement[bool]:
    """An expression beside a unit: whether the actor may do an act there (for a form)."""
    grants = [grant for grant in actor.grants_of(act) if _is_for(grant, form)]
    return or_(false(), *(_there(grant, actor.today)(unit) for grant in _widest(grants)))


def may_do(actor: Actor, act: Act) -> ColumnElement[bool]:
    """An expression beside ReportingObligation: whether the actor may do an act to it."""
    owed = ReportingObligation
    allowed: list[ColumnElement[bool]] = []
    for grant in _widest(actor.grants_of(act)):
        there = _there(grant, actor.today)
        sender, receiver = there(owed.unit_id), there(owed.receiver_id)
        if act in OF_THE_SENDER:
            where = sender
        elif act is Act.RECEIVE:
            where = receiver
        else:
            where = or_(sender, receiver)
        allowed.append(and_(where, _of_forms(grant)))
    return or_(false(), *allowed)


def may_do_to(session: Session, actor: Actor, act: Act, owed: ReportingObligation) -> bool:
    """Whether the actor may do an act to one obligation: what a page offers him."""
    query = select(ReportingObligation.id).where(ReportingObligation.id == owed.id)
    return session.scalars(query.where(may_do(actor, act))).one_or_none() is not None


def may_see_draft(actor: Actor) -> ColumnElement[bool]:
    """An expression beside ReportingObligation: whether its draft is the actor's affair.

    It is of those who enter, check and approve. To the receiver, who may read all below him, there
    is nothing until it is sent.
    """
    return or_(false(), *(may_do(actor, act) for act in sorted(OF_THE_SENDER)))


def may_for_unit(
    session: Session, actor: Actor, act: Act, unit_id: int | None, *, form: str = ""
) -> bool:
    """Whether the actor may do an act for a unit; no question to the store where it is his own."""
    grants = [grant for grant in actor.grants_of(act) if _is_for(grant, form)]
    if any(grant.unit_id in (None, unit_id) for grant in grants):
        return True
    if unit_id is None or not any(grant.below for grant in grants):
        return False
    above = _chain(unit_id, actor.today)
    wanted = {grant.unit_id for grant in grants if grant.below}
    return session.scalar(select(true()).where(above.in_(wanted)).limit(1)) is not None


def require_for_unit(
    session: Session, *, actor: Actor, act: Act, unit_id: int | None, form: str = ""
) -> None:
    """Raises NotAllowed unless the actor may do an act for a unit."""
    if not may_for_unit(session, actor, act, unit_id, form=form):
        raise not_allowed()


def require_centre(actor: Actor, act: Act = Act.ADMINISTER) -> None:
    """Raises NotAllowed unless the actor may do an act for the whole country, or is the system."""
    if not actor.is_of_centre(act):
        raise NotAllowed(
            vi="Chỉ cơ quan trung ương được làm việc này.",
            en="Only the central office may do this.",
        )


def not_allowed() -> NotAllowed:
    """What is said to one who asks for the affairs of others."""
    return NotAllowed(
        vi="Tài khoản này không được làm việc đó cho đơn vị đó.",
        en="This account may not do that for that unit.",
    )


def _is_for(grant: Grant, form: str) -> bool:
    return not form or not grant.forms or form in grant.forms


def _of_forms(grant: Grant) -> ColumnElement[bool]:
    return ReportingObligation.form_code.in_(sorted(grant.forms)) if grant.forms else true()


def _widest(grants: Collection[Grant]) -> Collection[Grant]:
    """One grant for everything makes the others idle, and the query short."""
    whole = [grant for grant in grants if grant.unit_id is None and not grant.forms]
    return whole[:1] or grants


def _there(grant: Grant, today: date | None) -> Callable[[UnitColumn], ColumnElement[bool]]:
    """Whether a unit stands in a grant, as an expression beside the column that names it."""
    if grant.unit_id is None:
        return lambda _unit: true()
    if not grant.below:
        return lambda unit: unit == grant.unit_id
    below = units_below(grant.unit_id, today)
    return lambda unit: unit.in_(below)


def units_below(unit_id: int, today: date | None) -> Select[int]:
    """The ids of a unit and of all units below it, those that went into one of them included."""
    child, parent = _edges(today)
    below = select(literal(unit_id, big_integer).label("unit_id")).cte(recursive=True)
    # UNION, not UNION ALL: it ends even if someone wrote a circle into the store by hand.
    below = below.union(select(child).join(below, parent == below.c.unit_id))
    return select(below.c.unit_id)


def _chain(unit_id: int, today: date | None) -> ColumnElement[int]:
    """The id of a unit and of every unit above it."""
    child, parent = _edges(today)
    above = select(literal(unit_id, big_integer).label("unit_id")).cte(recursive=True)
    above = above.union(
        select(parent).join(above, child == above.c.unit_id).where(parent.is_not(None))
    )
    return above.c.unit_id


def _edges(today: date | None) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Who stands under whom on a day: the last parent by then, or the unit one went into."""
    by_then = today or date.max
    newer = aliased(UnitTerm)
    is_last = ~(
        select(newer.id)
        .where(
            newer.unit_id == UnitTerm.unit_id,
            newer.valid_from > UnitTerm.valid_from,
            newer.valid_from <= by_then,
        )
        .exists()
    )
    under = select(UnitTerm.unit_id.label("child"), UnitTerm.parent_id.label("parent")).where(
        UnitTerm.valid_from <= by_then, is_last
    )
    went_into = select(UnitLineage.predecessor_id, UnitLineage.successor_id).where(
        UnitLineage.extent == LineageExtent.WHOLE, UnitLineage.on_date <= by_then
    )
    edges = union_all(under, went_into).subquery()
    return edges.c.child, edges.c.parent
