"""Holds what years of ringing left in the store and the centre's folder against the expected.

The ledger is not asked: every effect is read where it is an effect, with the instant it bears.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forms.canonical import sha256
from reporting.models import (
    Edition,
    Notice,
    ObligationChange,
    ObligationEvent,
    OutboxMail,
    ReportingObligation,
    ReportingUnit,
    Submission,
)
from tests.builders import ZONE
from tests.simulation.expecting import Effect, Reports, Rings, expected
from tests.simulation.playing import Play
from tests.simulation.staging import CAST

_BY_THE_CLOCK = (ObligationChange.MARKED_LATE, ObligationChange.CLOSED)


@dataclass
class Tally:
    """How many deadlines took effect, and what happened twice, unasked for, or not at all."""

    deadlines: int = 0
    twice: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def hold(self, what: str, *, expected: int, found: int) -> None:
        """Note where an effect is not there so many times."""
        if found > expected:
            self.twice.append(f"{what}: {found}, not {expected}")
        elif found < expected:
            self.missed.append(f"{what}: {found}, not {expected}")


def wanted_of(session: Session, game: Play) -> Counter[Effect]:
    """What should have happened in a play, by its rings and by who had sent what when."""
    return expected(game.heard, _reports(session))


def count(session: Session, game: Play, wanted: Counter[Effect]) -> Tally:
    """Hold every expected effect against those that are there.

    A deadline is a period that opens; a unit's due instant, whose mark and notice are two effects
    of one; and each reminder, escalation, closing, edition and handing over that had to be.
    """
    there = _effects(session, game.centre)
    tally = Tally(deadlines=len({_deadline(effect) for effect in wanted}))
    for effect in wanted.keys() | there.keys():
        told = " ".join(map(str, effect))
        tally.hold(told, expected=wanted[effect], found=there[effect])
    _count_mails(session, game, wanted, tally)
    return tally


def _deadline(effect: Effect) -> Effect:
    if effect.what == "open":
        return effect._replace(unit="")
    if effect.what.startswith("overdue"):
        return effect._replace(what="marked_late")
    return effect


def _reports(session: Session) -> Reports:
    rows = session.execute(
        sa.select(Submission.form_code, Submission.period, ReportingUnit.code, Submission)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .order_by(Submission.id.desc())
    )
    return {(form, period, unit): sent.received_at for form, period, unit, sent in rows}


def _effects(session: Session, centre: Path) -> Counter[Effect]:
    """Every effect that is there, so many times."""
    owed, owing, told = ReportingObligation, aliased(ReportingUnit), aliased(ReportingUnit)
    about = (owed.form_code, owed.period, owing.code)
    opened = sa.select(sa.literal("open"), *about, sa.null())
    events = (
        sa.select(ObligationEvent.change, *about, ObligationEvent.at)
        .join(owed, owed.id == ObligationEvent.obligation_id)
        .where(ObligationEvent.change.in_(_BY_THE_CLOCK))
    )
    notices = (
        sa.select(sa.type_coerce(Notice.kind, sa.String) + " to " + told.code, *about)
        .add_columns(Notice.created_at)
        .join(owed, owed.id == Notice.obligation_id)
        .join(told, told.id == Notice.unit_id)
    )
    editions = sa.select(
        sa.literal("edition"), Edition.form_code, Edition.period, owing.code, Edition.cut_off_at
    ).join(owing, owing.id == Edition.unit_id)
    found = Counter(_handed_over(centre))
    for query in (opened.select_from(owed), events, notices):
        whole = query.join(owing, owing.id == owed.unit_id)
        found.update(Effect(*row) for row in session.execute(whole))
    found.update(Effect(*row) for row in session.execute(editions))
    return found


def _handed_over(centre: Path) -> Iterator[Effect]:
    """Folders of the information centre that are whole, by the hashes of their manifest."""
    for place in sorted(centre.glob("*")):
        if not (place / "manifest.json").is_file():
            continue
        told: dict[str, Any] = json.loads((place / "manifest.json").read_text())
        is_whole = all(
            (place / name).is_file() and sha256((place / name).read_bytes()) == digest
            for name, digest in told["files"].items()
        )
        if is_whole:
            at = datetime.fromisoformat(told["cut_off_at"]).astimezone(UTC)
            yield Effect("hand_over", told["form"], told["period"], told["unit"], at)


def _count_mails(session: Session, game: Play, wanted: Counter[Effect], tally: Tally) -> None:
    """No address has two mails of one day, and every notice reached its address in time.

    A notice may wait for the mail of the next day; a report that comes in meanwhile makes it void.
    """
    mails = session.scalars(sa.select(OutboxMail).order_by(OutboxMail.created_at)).all()
    for (to, day), number in Counter((mail.recipient, mail.day) for mail in mails).items():
        tally.hold(f"mail to {to} {day}", expected=1, found=number)
    told = [(m.recipient, m.created_at, " ".join(m.body.split())) for m in mails]
    rings, reports = Rings(game.heard), _reports(session)
    for effect in wanted:
        whose = effect.what.partition(" to ")[2]
        if whose not in _ADDRESSES or effect.at is None:
            continue
        until = rings.first(_in_two_days(effect.at))
        sent_at = reports.get((effect.form, effect.period, effect.unit))
        if until is None or (sent_at and sent_at <= rings.heard[until].step):
            continue
        last = rings.heard[until].instant
        said = f"{effect.form}, kỳ {effect.period}, hạn"
        address = _ADDRESSES[whose]
        if not any(
            to == address and effect.at <= at <= last and said in body for to, at, body in told
        ):
            tally.missed.append(f"mail of {' '.join(map(str, effect))}")


_ADDRESSES = {unit.code: unit.mail for unit in CAST if unit.mail}


def _in_two_days(at: datetime) -> datetime:
    """By when whoever had a mail already on the day of a notice has that of the next."""
    local = at.astimezone(ZONE) + timedelta(days=2)
    return local.replace(hour=8, minute=30, second=0).astimezone(UTC)
