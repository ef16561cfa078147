"""Who plays in the simulation, under which regimes, and who reports what when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forms.catalogue import Catalogue
from reporting.models import Person, ReportingObligation, ReportingUnit, Stand, UnitKind
from tests.builders import LEAF_FORM, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send

PROVINCE_FORM = "II.06c/VPCP/KSTT"

#: No shipped regime closes its periods; in the play this one does, days after each due day.
CLOSING, CLOSES_AFTER = "TT01-II", 12


@dataclass(frozen=True, slots=True)
class Member:
    """One unit of the cast, and the mail address of who looks after its reports, if anyone."""

    code: str
    kind: UnitKind
    parent: str = ""
    mail: str = ""


CAST = (
    Member("CP", UnitKind.GOVERNMENT),
    Member("H55", UnitKind.PROVINCE, "CP", "binh@h55.gov.test"),
    Member("G01", UnitKind.MINISTRY, "CP"),
    Member("X1", UnitKind.COMMUNE, "H55"),
    # Whoever looks after this commune looks after the province as well.
    Member("X2", UnitKind.COMMUNE, "H55", "binh@h55.gov.test"),
    Member("S1", UnitKind.DEPARTMENT, "H55", "dat@s1.gov.test"),
    Member("T1", UnitKind.SUBORDINATE, "G01"),
)

#: Who reports at all, which form, and whether before the due instant or only once marked late.
_REPORTERS = (("X1", LEAF_FORM, True), ("X2", LEAF_FORM, False), ("H55", PROVINCE_FORM, True))


@lru_cache(maxsize=1)
def staged_forms() -> Catalogue:
    """The shipped forms, with one regime that closes."""
    shipped = shipped_forms()
    regime = shipped.regime(CLOSING)
    closing = replace(regime, clockwork=replace(regime.clockwork, close=CLOSES_AFTER))
    return replace(shipped, regimes={**shipped.regimes, CLOSING: closing})


def cast(sessions: sessionmaker[Session], now: datetime) -> None:
    """Put the units and their persons into the store."""
    with sessions.begin() as session:
        units: dict[str, ReportingUnit] = {}
        for one in CAST:
            unit = a_unit(session, one.code, kind=one.kind, parent=units.get(one.parent))
            units[one.code] = unit
            if one.mail:
                session.add(Person(unit_id=unit.id, name=one.code, mail=one.mail, created_at=now))


def report(sessions: sessionmaker[Session], now: datetime) -> None:
    """Let whoever reports send what it owes of its form, on time or late."""
    with sessions.begin() as session:
        for unit, form, is_diligent in _REPORTERS:
            for period in session.scalars(_owing(unit, form, now, is_diligent=is_diligent)).all():
                receipt = send(session, _sent(unit, form, period), at=now, catalogue=staged_forms())
                if receipt.verdict != "received":
                    raise AssertionError(f"{unit} was refused: {receipt.issues}")


def _owing(unit: str, form: str, now: datetime, *, is_diligent: bool) -> sa.Select[str]:
    owed = ReportingObligation
    in_time = sa.and_(owed.late_at.is_(None), owed.due_at >= now)
    return (
        sa.select(owed.period)
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .where(
            ReportingUnit.code == unit,
            owed.form_code == form,
            owed.stand == Stand.MISSING,
            owed.opens_at <= now,
            owed.closed_at.is_(None),
            owed.closes_at > now,
            in_time if is_diligent else owed.due_at < now,
        )
    )


def _sent(unit: str, form: str, period: str) -> dict[str, Any]:
    if form == LEAF_FORM:
        return a_return(unit, period=period)
    return a_return(unit, form=form, period=period) | {"tables": {"a": {"nil": True}}}
