"""Handing on: who administers a part of the country may give rights in it, and none beyond.

Asked of one grant as a whole: what is handed on must lie inside it in units, in forms and in days.
Two grants do not add up to a third.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from reporting.errors import NotAllowed
from reporting.services.actors import Act, Actor, Grant
from reporting.services.rights import may_for_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of what something is handed on: a unit or all (None), forms or all, until a day or for good.

    With `ever` it does not matter until when.
    """

    unit_id: int | None
    below: bool = True
    forms: frozenset[str] = frozenset()
    until: date | None = None
    ever: bool = False


def may_hand_on(session: Session, actor: Actor, part: Part) -> bool:
    """Whether one grant of the actor to administer has the whole of a part in it."""
    wide = tuple(grant for grant in actor.grants_of(Act.ADMINISTER) if _is_as_wide(grant, part))
    return may_for_unit(session, replace(actor, grants=wide), Act.ADMINISTER, part.unit_id)


def require_may_hand_on(session: Session, *, actor: Actor, part: Part) -> None:
    """Raises NotAllowed unless the actor may hand on rights of a part."""
    if not may_hand_on(session, actor, part):
        raise NotAllowed(
            vi="Chỉ được giao quyền trong phạm vi đơn vị, biểu mẫu và thời hạn mình quản trị.",
            en="Rights can be given only within the units, forms and days that one administers.",
        )


def _is_as_wide(grant: Grant, part: Part) -> bool:
    if grant.forms and not (part.forms and part.forms <= grant.forms):
        return False
    if part.below and grant.unit_id is not None and not grant.below:
        return False
    return (
        part.ever or grant.until is None or (part.until is not None and part.until <= grant.until)
    )
