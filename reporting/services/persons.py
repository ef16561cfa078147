"""Persons who get the messages of a unit: it sees to its own, and to those of units below it."""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from reporting.errors import Conflict, NotFound
from reporting.models import Person, ReportingUnit
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.rights import reaches, require_for_unit

PAGE_SIZE = 100

LONGEST_NAME = 200
LONGEST_MAIL = 254

#: Good enough to see a slip of the pen; whether the address lives, its server says.
_MAIL = re.compile(r"[^\s@,;<>\"()]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,60}")


def is_mail(text: str) -> bool:
    """Whether this is one mail address, and nothing that could add a line to a header."""
    return len(text) <= LONGEST_MAIL and text.isprintable() and _MAIL.fullmatch(text) is not None


def add_person(
    session: Session,
    *,
    actor: Actor,
    unit: ReportingUnit,
    name: str,
    mail: str,
    on: date,
    now: datetime,
) -> Person:
    """Let a person get the messages of a unit. The caller commits. NotAllowed, Conflict.

    `on` is the day on which it is asked who stands under whom.
    """
    require_for_unit(session, actor=actor, act=Act.ADMINISTER, unit_id=unit.id)
    name, mail = " ".join(name.split()), mail.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Conflict(vi="Cần họ tên, trên một dòng.", en="A name on one line is needed.")
    if not is_mail(mail):
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
    _record(session, actor, "person.added", known, now=now)
    return known


def end_person(
    session: Session, *, actor: Actor, person_id: int, on: date, now: datetime
) -> Person:
    """Send a person no more messages. The caller commits. NotFound, NotAllowed."""
    person = session.get(Person, person_id)
    if person is None or person.ended_at is not None:
        raise NotFound(vi=f"Không có người số {person_id}.", en=f"There is no person {person_id}.")
    unit = session.get_one(ReportingUnit, person.unit_id)
    require_for_unit(session, actor=actor, act=Act.ADMINISTER, unit_id=unit.id)
    person.ended_at = now
    _record(session, actor, "person.ended", person, now=now)
    return person


def _record(session: Session, actor: Actor, act: str, person: Person, *, now: datetime) -> None:
    details = {"name": person.name, "mail": person.mail}
    entry = Entry(act=act, subject=f"person/{person.id}", unit_id=person.unit_id, details=details)
    record(session, actor, entry, now=now)


def list_persons(
    session: Session,
    *,
    actor: Actor,
    on: date,
    unit_id: int | None = None,
    after: int = 0,
    limit: int | None = PAGE_SIZE,
) -> list[tuple[Person, ReportingUnit]]:
    """Those who get messages, of the units that the actor administers, by unit: one statement.

    Of one unit, where it is named. The next page begins `after` the last id.
    """
    last, its_unit = aliased(Person), aliased(ReportingUnit)
    query = (
        select(Person, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Person.unit_id)
        .where(Person.ended_at.is_(None), reaches(actor, Act.ADMINISTER, Person.unit_id))
        .order_by(ReportingUnit.code, Person.id)
        .limit(limit)
    )
    if unit_id is not None:
        query = query.where(Person.unit_id == unit_id)
    if after:
        code = (
            select(its_unit.code)
            .join(last, last.unit_id == its_unit.id)
            .where(last.id == after)
            .scalar_subquery()
        )
        query = query.where(tuple_(ReportingUnit.code, Person.id) > tuple_(code, literal(after)))
    return [(person, unit) for person, unit in session.execute(query)]
