"""Persons who get the messages of a unit."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import Person, ReportingUnit
from reporting.services.actors import Actor

#: Good enough to see a slip of the pen; whether the address lives, its server says.
_MAIL = re.compile(r"[^\s@,;<>\"()]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,60}")


def add_person(
    session: Session, *, actor: Actor, unit: ReportingUnit, name: str, mail: str, now: datetime
) -> Person:
    """Let a person get the messages of a unit. The caller commits. NotAllowed, Conflict."""
    _require_own(actor, unit.id)
    name, mail = " ".join(name.split()), mail.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise Conflict(vi="Cần họ tên, trên một dòng.", en="A name on one line is needed.")
    if not _MAIL.fullmatch(mail):
        raise Conflict(
            vi=f"“{mail[:60]}” không phải địa chỉ thư.", en=f"{mail[:60]!r} is no mail address."
        )
    known = session.scalars(
        select(Person).where(Person.unit_id == unit.id, Person.mail == mail)
    ).one_or_none()
    if known is not None and known.ended_at is None:
        raise Conflict(
            vi=f"{mail} đã có trong danh sách của {unit.code}.",
            en=f"{mail} is already on the list of {unit.code}.",
        )
    if known is None:
        known = Person(unit_id=unit.id, name=name, mail=mail, created_at=now)
        session.add(known)
    known.name, known.ended_at = name, None
    session.flush()
    return known


def end_person(session: Session, *, actor: Actor, person_id: int, now: datetime) -> Person:
    """Send a person no more messages. The caller commits. NotFound, NotAllowed."""
    person = session.get(Person, person_id)
    if person is None or person.ended_at is not None:
        raise NotFound(vi=f"Không có người số {person_id}.", en=f"There is no person {person_id}.")
    _require_own(actor, person.unit_id)
    person.ended_at = now
    return person


def list_persons(session: Session, *, actor: Actor) -> list[tuple[Person, ReportingUnit]]:
    """Those who get messages, by unit: one statement."""
    query = (
        select(Person, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Person.unit_id)
        .where(Person.ended_at.is_(None))
        .order_by(ReportingUnit.code, Person.mail)
    )
    if actor.unit_id is not None:
        query = query.where(Person.unit_id == actor.unit_id)
    return [(person, unit) for person, unit in session.execute(query)]


def _require_own(actor: Actor, unit_id: int) -> None:
    if not actor.may_administer and actor.unit_id != unit_id:
        raise NotAllowed(
            vi="Tài khoản này không quản lý người nhận thư của đơn vị đó.",
            en="This client may not say who gets the messages of that unit.",
        )
