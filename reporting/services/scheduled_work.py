"""The hands of the ledger: which act belongs to which action, and what the acts ask for in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.opening_xlsx import USUAL_LIMITS
from reporting.models import Edition, JobAction, JobRun, Notice, ReportingUnit, UnitTerm
from reporting.services import clock_acts, locks
from reporting.services.actors import Actor
from reporting.services.consolidation import consolidate
from reporting.services.digests import make_digests
from reporting.services.draft_record import DraftWork
from reporting.services.edition_standing import (
    EditionStanding,
    Standing,
    stale_editions,
    standings_of,
)
from reporting.services.expected import has_received
from reporting.services.following import ask_follow_ups
from reporting.services.following_mergers import follow_mergers
from reporting.services.handing_over import hand_over, remove_unfinished, too_few_to_publish
from reporting.services.ledger import Action, Ask, ask
from reporting.services.named import form_for_period
from reporting.services.opening import open_period
from reporting.services.own_report import draft_own_report
from reporting.services.planning import planned_form
from reporting.services.sign_in_failures import forget_old
from reporting.services.signing import ServerKey
from reporting.services.standing_in import newest_editions
from reporting.services.telling import ask_digest, digest_on

#: When the daily work is due, by the clock where due dates are dates.
_CLEANING = time(2)

#: Editions with an older cut-off are made again by whoever wants them, not by the clock.
_KEPT_FRESH = timedelta(days=100)

#: How an action says that an edition is made again because its estimates alone were overtaken.
_ESTIMATES = " estimates"

#: How long rings are remembered that did nothing, and keys that may be used again. Rings that did
#: something stand as long as the ledger, which is kept for good.
_IDLE_HISTORY = timedelta(days=2)
_KEYED_HISTORY = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an action is done with."""

    catalogue: Catalogue
    zone: ZoneInfo
    clock: Callable[[], datetime]
    now: datetime
    actor: Actor
    hand_over: Path | None


Hand = Callable[[Session, JobAction, Occasion], dict[str, Any]]


def ask_daily(session: Session, *, zone: ZoneInfo, now: datetime) -> None:
    """Ask for the work of this day and hour. What was missed while down is not made up."""
    local = now.astimezone(zone)
    hour = local.replace(minute=0, second=0, microsecond=0)
    named = hour.strftime("%Y-%m-%dT%H")
    ask(session, [Ask(Action.REFRESH, hour, occurrence=named)], now=now)
    if local.time() >= _CLEANING:
        at = datetime.combine(local.date(), _CLEANING, zone)
        day = local.date().isoformat()
        daily = (Action.FOLLOW_MERGERS, Action.CLEAN_UP)
        ask(session, [Ask(action, at, period=day) for action in daily], now=now)


def _open(session: Session, action: JobAction, occasion: Occasion) -> dict[str, Any]:
    form, regime, period = planned_form(
        session, occasion.catalogue, action.form_code, action.period
    )
    opening = open_period(
        session,
        actor=occasion.actor,
        form=form,
        regime=regime,
        period=period,
        zone=occasion.zone,
        now=occasion.now,
    )
    ask_follow_ups(
        session,
        catalogue=occasion.catalogue,
        regime=regime,
        form_code=form.code,
        period=period.code,
        zone=occasion.zone,
        now=occasion.now,
    )
    return {"created": opening.created, "existing": opening.existing}


def _by_the_clock(act: Callable[..., dict[str, Any]]) -> Hand:
    """An act on obligations, as a hand."""

    def hand(session: Session, action: JobAction, occasion: Occasion) -> dict[str, Any]:
        outcome = act(session, action, now=occasion.now)
        if outcome.get("told"):
            ask_digest(session, zone=occasion.zone, now=occasion.now)
        return outcome

    return hand


def _digest(session: Session, action: JobAction, occasion: Occasion) -> dict[str, Any]:
    day = occasion.now.astimezone(occasion.zone).date()
    counts = make_digests(session, day=day, zone=occasion.zone, now=occasion.now)
    waiting = session.scalars(select(Notice.id).where(Notice.digested_at.is_(None)).limit(1))
    if waiting.one_or_none() is not None:
        # Their persons have had their mail of this day: one a day is enough.
        tomorrow = digest_on(day + timedelta(days=1), occasion.zone)
        ask(session, [tomorrow], now=occasion.now)
    return dict(counts)


def _consolidate(session: Session, action: JobAction, occasion: Occasion) -> dict[str, Any]:
    form, period, _ = form_for_period(session, occasion.catalogue, action.form_code, action.period)
    unit = session.scalars(
        select(ReportingUnit).where(ReportingUnit.code == action.unit_code)
    ).one()
    # In the order in which consolidating locks them.
    sources = sorted({source.form for source in form.sources})
    is_estimate = False
    if action.occurrence.endswith(_ESTIMATES):
        # A report that came since it was asked for must not be hidden in an estimate.
        locks.exclude(session, forms=sources, period=action.period, receivers=[unit.id])
        standing = _standing_now(session, action, unit, occasion)
        if standing is None or standing.standing is not Standing.STALE:
            return {"skipped": "it was made again meanwhile"}
        is_estimate = standing.has_stale_estimates_alone
    if not is_estimate and not has_received(
        session, codes=sources, period=action.period, unit_id=unit.id
    ):
        return {"skipped": "nothing has been received"}
    edition, _ = consolidate(
        session,
        actor=occasion.actor,
        form=form,
        period=period,
        unit=unit,
        catalogue=occasion.catalogue,
        clock=occasion.clock,
        with_estimates=is_estimate,
    )
    coverage = edition.coverage
    done = {
        "edition": edition.number,
        "received": coverage["received"],
        "expected": coverage["expected"],
    }
    if is_estimate:  # No report has changed: there is nothing new to draft or to hand over.
        return done
    if _has_nobody_above(session, unit.id):
        key = Ask(
            Action.HAND_OVER,
            occasion.now,
            action.form_code,
            action.period,
            action.unit_code,
            edition.input_sha256,
        )
        ask(session, [key], now=occasion.now)
    return done | {"draft": _draft(session, edition, occasion)}


def _standing_now(
    session: Session, action: JobAction, unit: ReportingUnit, occasion: Occasion
) -> EditionStanding | None:
    """How the newest edition stands that an action is about."""
    ids = newest_editions(action.period, [action.form_code], [unit.id])
    newest = session.scalars(select(Edition).where(Edition.id.in_(select(ids.c.id)))).one_or_none()
    if newest is None:
        return None
    return standings_of(session, [newest], catalogue=occasion.catalogue)[newest.id]


def _draft(session: Session, edition: Edition, occasion: Occasion) -> str:
    """What became of the edition as the draft of the unit's own report."""
    signer = ServerKey.new()  # Nothing is signed by the clock.
    at = DraftWork(occasion.actor, occasion.catalogue, USUAL_LIMITS, signer, occasion.now)
    return draft_own_report(session, at, edition)


def _refresh(session: Session, _action: JobAction, occasion: Occasion) -> dict[str, Any]:
    """Ask for editions anew whose reports or estimates have changed, or were all accepted."""
    since = occasion.now - _KEPT_FRESH
    found = stale_editions(session, catalogue=occasion.catalogue, since=since)
    codes = select(ReportingUnit.id, ReportingUnit.code).where(
        ReportingUnit.id.in_({edition.unit_id for edition, _ in found})
    )
    units: dict[int, str] = dict(iter(session.execute(codes)))
    asked = [
        Ask(
            Action.CONSOLIDATE,
            occasion.now,
            edition.form_code,
            edition.period,
            units[edition.unit_id],
            f"after edition {edition.number}{_why(standing)}",
        )
        for edition, standing in found
    ]
    ask(session, asked, now=occasion.now)
    return {"stale": len(asked)}


def _why(standing: EditionStanding) -> str:
    if standing.has_stale_estimates_alone:
        return _ESTIMATES
    return " final" if standing.is_due else ""


def _hand_over(session: Session, action: JobAction, occasion: Occasion) -> dict[str, Any]:
    if occasion.hand_over is None:
        return {"skipped": "REPORTING_HAND_OVER names no folder"}
    edition_id = session.scalars(
        select(Edition.id)
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .where(
            Edition.form_code == action.form_code,
            Edition.period == action.period,
            ReportingUnit.code == action.unit_code,
            Edition.input_sha256 == action.occurrence,
        )
        .order_by(Edition.number.desc())
        .limit(1)
    ).one()
    if (lacking := too_few_to_publish(session, edition_id)) is not None:
        return {"skipped": lacking}
    place = hand_over(
        session,
        actor=occasion.actor,
        edition_id=edition_id,
        catalogue=occasion.catalogue,
        folder=occasion.hand_over,
        now=occasion.now,
    )
    return {"folder": place.name}


def _follow_mergers(session: Session, action: JobAction, occasion: Occasion) -> dict[str, Any]:
    moved = follow_mergers(
        session,
        actor=occasion.actor.name,
        catalogue=occasion.catalogue,
        zone=occasion.zone,
        now=occasion.now,
        action_id=action.id,
    )
    return dict(moved)


def _clean_up(session: Session, _action: JobAction, occasion: Occasion) -> dict[str, Any]:
    """Forget old ringings that did nothing, half-written folders, old failures to sign in."""
    named = exists().where(JobAction.run_id == JobRun.id)
    idle = and_(JobRun.idempotency_key.is_(None), JobRun.started_at < occasion.now - _IDLE_HISTORY)
    forgotten = session.execute(
        delete(JobRun)
        .where(~named, or_(idle, JobRun.started_at < occasion.now - _KEYED_HISTORY))
        .returning(JobRun.id)
    ).all()
    folder = occasion.hand_over
    unfinished = remove_unfinished(folder) if folder is not None and folder.is_dir() else 0
    failures, sittings = forget_old(session, now=occasion.now)
    return {
        "runs": len(forgotten),
        "unfinished": unfinished,
        "sign_in_failures": failures,
        "sittings": sittings,
    }


def _has_nobody_above(session: Session, unit_id: int) -> bool:
    above = select(UnitTerm.id).where(UnitTerm.unit_id == unit_id, UnitTerm.parent_id.is_not(None))
    return session.scalars(above.limit(1)).one_or_none() is None


HANDS: Mapping[Action, Hand] = {
    Action.OPEN: _open,
    Action.FOLLOW_MERGERS: _follow_mergers,
    Action.REMIND: _by_the_clock(clock_acts.remind),
    Action.MARK_LATE: _by_the_clock(clock_acts.mark_late),
    Action.ESCALATE: _by_the_clock(clock_acts.escalate),
    Action.CLOSE: _by_the_clock(clock_acts.close),
    Action.REFRESH: _refresh,
    Action.CONSOLIDATE: _consolidate,
    Action.HAND_OVER: _hand_over,
    Action.DIGEST: _digest,
    Action.CLEAN_UP: _clean_up,
}

#: Actions that ask for others.
ASKING = frozenset({Action.OPEN, Action.FOLLOW_MERGERS, Action.REFRESH, Action.CONSOLIDATE})
