"""What the clock has to do for the obligations of a period: asked when they are frozen.

Every due instant among the obligations of a form and period has its own reminders, late mark,
escalations, closing and consolidations; the instant stands in the occurrence. So whenever an
obligation is added, comes back or moves, the same call asks for what is new, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.regime import Clockwork, Regime
from reporting.models import ReportingObligation, ReportingUnit
from reporting.services.asking_again import ask_for_obligations
from reporting.services.ledger import Action, Ask, ask, instant_text
from reporting.services.opening import end_of_day
from reporting.services.planning import PlannedOpening
from reporting.services.regimes import known_regimes

#: When people are told something: early on a day, by the clock where due dates are dates.
MORNING = time(8)

_ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Due:
    """One due instant of a form and period, with the closing that goes with it."""

    at: datetime
    opens_at: datetime
    closes_at: datetime | None
    receivers: tuple[tuple[str, str], ...]  # code and kind


def ask_follow_ups(
    session: Session,
    *,
    catalogue: Catalogue,
    regime: Regime,
    form_code: str,
    period: str,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Ask for all that is to be done for the obligations of a form and period. Caller commits.

    A few statements, whatever the number of units.
    """
    targets = consolidated_from(catalogue, form_code)
    for_people: list[Ask] = []
    for_editions: list[Ask] = []
    for due in _due_instants(session, form_code, period):
        for_people += _for_people(form_code, period, regime.clockwork, due, zone)
        for_editions += _for_editions(form_code, targets, period, regime.clockwork, due)
    ask_for_obligations(session, for_people, now=now)
    ask(session, for_editions, now=now)


def follow_again(
    session: Session,
    which: Iterable[tuple[str, str, str]],
    *,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Ask for follow-ups anew for regimes, forms and periods whose obligations changed.

    The caller commits.
    """
    session.flush()
    regimes = known_regimes(session, catalogue)
    for regime_code, form_code, period in sorted(set(which)):
        regime = regimes.get(regime_code) or regimes.get(catalogue.latest(form_code).regime)
        if regime is not None:
            ask_follow_ups(
                session,
                catalogue=catalogue,
                regime=regime,
                form_code=form_code,
                period=period,
                zone=zone,
                now=now,
            )


def follow_ups_of(planned: PlannedOpening, catalogue: Catalogue, zone: ZoneInfo) -> list[Ask]:
    """What opening a period will ask for; nothing is written.

    Who will consolidate depends on who is asked to report; a line stands for all of them.
    """
    targets = consolidated_from(catalogue, planned.form.code)
    closes = planned.regime.clockwork.close
    found: list[Ask] = []
    for day in sorted({planned.days.due[kind] for kind in planned.form.reporter_kinds}):
        at = end_of_day(day, zone)
        closes_at = None if closes is None else at + timedelta(days=closes)
        due = _Due(at, planned.opens_at, closes_at, ())
        clockwork = planned.regime.clockwork
        found += _for_people(planned.form.code, planned.period.code, clockwork, due, zone)
        found += [
            Ask(
                Action.CONSOLIDATE,
                at + timedelta(days=days) + _ONE_SECOND,
                target.code,
                planned.period.code,
                occurrence=f"{instant_text(at)} +{days}",
            )
            for target in targets
            for days in clockwork.consolidate
        ]
    return found


def consolidated_from(catalogue: Catalogue, form_code: str) -> list[FormVersion]:
    """The newest version of every form that is consolidated from a form, declared or derived."""
    newest = {form.code: form for form in (*catalogue.forms, *catalogue.consolidated_layouts())}
    return [
        form for form in newest.values() if any(source.form == form_code for source in form.sources)
    ]


def _for_people(
    form_code: str, period: str, clockwork: Clockwork, due: _Due, zone: ZoneInfo
) -> Iterator[Ask]:
    """Reminders before, the late mark just after, escalations later, and the closing."""
    instant = instant_text(due.at)
    for days in clockwork.remind:
        at = _morning(due.at, -days, zone)
        if at >= due.opens_at:
            yield Ask(Action.REMIND, at, form_code, period, occurrence=f"{instant} -{days}")
    yield Ask(Action.MARK_LATE, due.at + _ONE_SECOND, form_code, period, occurrence=instant)
    for days in clockwork.escalate:
        at = max(_morning(due.at, days, zone), due.at + _ONE_SECOND)
        yield Ask(Action.ESCALATE, at, form_code, period, occurrence=f"{instant} +{days}")
    if due.closes_at is not None:
        closing = instant_text(due.closes_at)
        yield Ask(Action.CLOSE, due.closes_at + _ONE_SECOND, form_code, period, occurrence=closing)


def _for_editions(
    form_code: str, targets: list[FormVersion], period: str, clockwork: Clockwork, due: _Due
) -> Iterator[Ask]:
    wanted = [
        (target.code, code)
        for target in targets
        for code, kind in due.receivers
        if _consolidates(target, form_code, kind)
    ]
    instant = instant_text(due.at)
    for days in clockwork.consolidate:
        at = due.at + timedelta(days=days) + _ONE_SECOND
        for target_code, receiver in wanted:
            yield Ask(Action.CONSOLIDATE, at, target_code, period, receiver, f"{instant} +{days}")


def _consolidates(target: FormVersion, form_code: str, kind: str) -> bool:
    """Whether a receiver of this kind makes the target: a form of provinces is no ministry's."""
    is_stack_of_itself = target.code == form_code
    return is_stack_of_itself or not target.reporter_kinds or kind in target.reporter_kinds


def _morning(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    day = instant.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, MORNING, zone)


def _due_instants(session: Session, form_code: str, period: str) -> list[_Due]:
    owed = ReportingObligation
    rows = session.execute(
        select(owed.due_at, owed.opens_at, owed.closes_at, ReportingUnit.code, ReportingUnit.kind)
        .outerjoin(ReportingUnit, ReportingUnit.id == owed.receiver_id)
        .where(owed.form_code == form_code, owed.period == period, owed.suspended_at.is_(None))
        .distinct()
    )
    found: dict[tuple[datetime, datetime | None], tuple[datetime, set[tuple[str, str]]]] = {}
    for due_at, opens_at, closes_at, receiver, kind in rows:
        earliest, receivers = found.setdefault((due_at, closes_at), (opens_at, set()))
        found[due_at, closes_at] = (min(earliest, opens_at), receivers)
        if receiver is not None:
            receivers.add((receiver, str(kind)))
    return [
        _Due(due_at, opens_at, closes_at, tuple(sorted(receivers)))
        for (due_at, closes_at), (opens_at, receivers) in sorted(found.items(), key=_by_due)
    ]


def _by_due(item: tuple[tuple[datetime, datetime | None], object]) -> tuple[datetime, str]:
    (due_at, closes_at), _ = item
    return due_at, "" if closes_at is None else instant_text(closes_at)
