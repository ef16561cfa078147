"""What lies on the desk of a unit: what it owes, what is done, what comes, who reports to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, g, request
from sqlalchemy.orm import Session

from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.actors import Act
from reporting.services.coming import Coming, list_coming
from reporting.services.named import unit_named
from reporting.services.obligations import (
    SETTLED,
    UNSETTLED,
    OwedForm,
    State,
    count_states,
    list_owed,
)
from reporting.services.rights import may_for_unit, not_allowed, require_for_unit
from reporting.services.units import UnitView, list_units, views
from reporting.web.choosing import group_units, search_units
from reporting.web.rendering import render

blp = Blueprint("desk", __name__)

#: Beyond this many units a list to choose from is no help, and the page asks for a name.
MOST_UNITS_LISTED = 300
#: What is done and waived grows from year to year; the desk shows the last of it.
_MOST_SETTLED = 40


@dataclass(frozen=True, slots=True)
class Desk:
    """What a unit has to do, has done, and will be asked for; how many owe it what."""

    unit: UnitView
    unsettled: Sequence[OwedForm]
    settled: Sequence[OwedForm]
    coming: Sequence[Coming]
    coming_below: Sequence[Coming]
    subordinates: Mapping[State, int]


@blp.get("/")
@allows(Right.PAGE)
def choose() -> str:
    """Choose a unit, and then a return among those that it owes.

    Offered are the units of which the visitor may read; the only one, or the one where he sits
    himself, is chosen at once.
    """
    parts, wanted = current_parts(), request.args.get("unit", "").strip()[:100]
    words = request.args.get("q", "").strip()[:100]
    with parts.reading_sessions() as session:
        units = list_units(session, on=parts.today(), limit=None, read_by=current_actor())
        if not wanted and not words:
            wanted = _own_unit(units)
        desk = _desk(session, wanted) if wanted else None
    return render(
        "choose.html",
        groups=group_units(units) if len(units) <= MOST_UNITS_LISTED else None,
        matches=search_units(units, words) if words else None,
        words=words,
        desk=desk,
        titles=_titles(),
        now=parts.clock(),
        zone=parts.settings.time_zone,
    )


@blp.get("/subordinates")
@allows(Right.PAGE)
def show_subordinates() -> str:
    """What the units that report to one owe it, in one state or in all, page by page."""
    parts, asked = current_parts(), request.args
    state = State(asked["state"]) if asked.get("state") in list(State) else None
    after = max(asked.get("after", 0, type=int), 0)
    on, now = parts.today(), parts.clock()
    with parts.reading_sessions() as session:
        unit = unit_named(session, asked.get("unit", "")[:100], on=on)
        require_for_unit(session, actor=current_actor(), act=Act.READ, unit_id=unit.id)
        lines = list_owed(
            session,
            actor=current_actor(),
            unit_id=unit.id,
            now=now,
            of_subordinates=True,
            states=[state] if state else (),
            after=min(after, 2**62),
        )
        counts = count_states(
            session, actor=current_actor(), unit_id=unit.id, now=now, of_subordinates=True
        )
        view = views(session, [unit.id], on=on)[unit.id]
    return render(
        "subordinates.html",
        unit=view,
        lines=lines,
        counts=counts,
        state=state,
        now=now,
        zone=parts.settings.time_zone,
        titles=_titles(),
    )


def _own_unit(units: Sequence[UnitView]) -> str:
    """The code of the one unit that is offered, or of that where the visitor sits; '' for none."""
    if len(units) == 1:
        return units[0].code
    sits_at = g.account.unit_id if g.get("account") else None
    return next((unit.code for unit in units if unit.id == sits_at), "")


def _desk(session: Session, wanted: str) -> Desk:
    """The desk of a unit; of another's, what of it is owed to one's own (the dual line).

    Raises NotFound, NotAllowed.
    """
    parts, actor = current_parts(), current_actor()
    on, now = parts.today(), parts.clock()
    found = unit_named(session, wanted, on=on)
    view = views(session, [found.id], on=on)[found.id]
    owed = partial(list_owed, session, actor=actor, unit_id=found.id, now=now)
    unsettled = owed(states=UNSETTLED)
    settled = owed(states=SETTLED, newest_first=True, limit=_MOST_SETTLED)
    if not may_for_unit(session, actor, Act.READ, found.id):
        if not unsettled and not settled:
            raise not_allowed()
        return Desk(view, unsettled, settled, (), (), {})
    coming = partial(
        list_coming,
        session,
        unit=found,
        catalogue=parts.catalogue,
        zone=parts.settings.time_zone,
        now=now,
    )
    return Desk(
        view,
        unsettled,
        settled,
        coming(),
        coming(of_subordinates=True),
        count_states(session, actor=actor, unit_id=found.id, now=now, of_subordinates=True),
    )


def _titles() -> dict[str, str]:
    return {form.code: form.title_vi for form in current_parts().catalogue.forms}
