"""Refused attempts of one unit: those that named it, and came from one who sends for it.

An attempt is kept as it came, under whatever code it named. That alone makes it nobody's: a
neighbour may have written the wrong code on his own figures.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, String, and_, cast, exists, literal, or_, select
from sqlalchemy.orm import Session

from reporting.models import (
    Account,
    AuditLine,
    Client,
    RefusedAttempt,
    ReportingUnit,
    UnitIdentifier,
)
from reporting.services.identifiers import normalise_identifier
from reporting.services.units import ancestors


def attempts_of(session: Session, unit: ReportingUnit, *, on: date) -> ColumnElement[bool]:
    """A condition on RefusedAttempt: that it is of the unit. Two statements."""
    above = [unit.id, *(one.id for one in ancestors(session, unit.id, on=on))]
    clients = select(Client.id).where(or_(Client.unit_id.is_(None), Client.unit_id.in_(above)))
    accounts = select(Account.id).where(or_(Account.unit_id.is_(None), Account.unit_id.in_(above)))
    by_other = exists().where(
        AuditLine.subject == literal("attempt/").concat(cast(RefusedAttempt.id, String)),
        # Nothing at all is not among no accounts, either.
        AuditLine.account_id.is_not(None),
        AuditLine.account_id.not_in(accounts),
    )
    return and_(
        RefusedAttempt.unit_code.in_(_spellings(session, unit)),
        or_(RefusedAttempt.client_id.is_(None), RefusedAttempt.client_id.in_(clients)),
        ~by_other,
    )


def _spellings(session: Session, unit: ReportingUnit) -> list[str]:
    """The codes under which attempts came that are codes of the unit, as they were written."""
    codes = {unit.code, *session.scalars(
        select(UnitIdentifier.value).where(UnitIdentifier.unit_id == unit.id)
    )}  # fmt: skip
    given = session.scalars(select(RefusedAttempt.unit_code).distinct())
    return [code for code in given if normalise_identifier(code) in codes]
