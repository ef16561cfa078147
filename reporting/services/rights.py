"""Whose affairs an actor may look into: its own, and those of the units that report to it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from reporting.errors import NotAllowed
from reporting.models import ReportingUnit
from reporting.services.actors import Actor
from reporting.services.units import views


def require_sight(session: Session, *, actor: Actor, unit: ReportingUnit, on: date) -> None:
    """Raises NotAllowed unless the actor is of the centre, the unit, or the one above it."""
    if actor.may_administer or actor.unit_id == unit.id:
        return
    view = views(session, [unit.id], on=on).get(unit.id)
    if view is not None and view.parent_id == actor.unit_id:
        return
    raise NotAllowed(
        vi="Tài khoản này không được xem dữ liệu của đơn vị đó.",
        en="This client may not look into the affairs of that unit.",
    )


def require_centre(actor: Actor) -> None:
    """Raises NotAllowed unless the actor speaks for the central office or the system itself."""
    if not actor.may_administer:
        raise NotAllowed(
            vi="Chỉ cơ quan trung ương được làm việc này.",
            en="Only the central office may do this.",
        )
