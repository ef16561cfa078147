"""Which periods are to be opened, and when: worked out anew at each ring from regimes and calendar.

A regime counts from the first ring that saw it (the ledger's `adopt`). What came due since, also
while everything was down, is opened; what had ended before is history and stays closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import Period
from forms.regime import Regime
from forms.timetable import Timetable, timetable
from forms.working_days import WorkingCalendar
from reporting.errors import Conflict
from reporting.models import JobAction
from reporting.services.calendar import working_calendar
from reporting.services.ledger import Action, Ask, ask, instant_text
from reporting.services.opening import end_of_day, start_of_day
from reporting.services.regimes import known_regimes

_log = structlog.get_logger()

#: How far a preview looks ahead unless it is told otherwise.
HORIZON = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PlannedOpening:
    """One form of one period that a regime asks for, with its days."""

    form: FormVersion
    regime: Regime
    period: Period
    days: Timetable
    opens_at: datetime
    last_due_at: datetime
    zone: ZoneInfo

    def due(self, kind: str) -> str:
        """The due instant of a kind of unit, as occurrences have it."""
        return instant_text(end_of_day(self.days.due[kind], self.zone))


def ask_openings(session: Session, *, catalogue: Catalogue, zone: ZoneInfo, now: datetime) -> None:
    """Ask the ledger for every opening that is due by now. The caller commits."""
    regimes = known_regimes(session, catalogue)
    _adopt(session, regimes, now)
    asked = [
        Ask(Action.OPEN, one.opens_at, one.form.code, one.period.code)
        for one in planned_openings(session, catalogue=catalogue, zone=zone, now=now, until=now)
    ]
    ask(session, asked, now=now)


def planned_openings(
    session: Session, *, catalogue: Catalogue, zone: ZoneInfo, now: datetime, until: datetime
) -> list[PlannedOpening]:
    """Openings up to an instant that the ledger has not been asked for, in their order.

    A regime that no ring has seen yet counts from `now` on.
    """
    regimes = known_regimes(session, catalogue)
    adopted = _adopted(session)
    opened = select(JobAction.form_code, JobAction.period).where(JobAction.action == Action.OPEN)
    asked = {(form_code, period) for form_code, period in session.execute(opened)}
    calendar = working_calendar(session)
    found: list[PlannedOpening] = []
    for regime in regimes.values():
        since = adopted.get(regime.code, now)
        if regime.is_secret:
            continue
        try:
            found += _openings(catalogue, regime, calendar, zone, since, until, asked)
        except Exception as fault:  # noqa: BLE001 - one regime must not stop the clock of all others
            _log.error(
                "a regime cannot be planned and is left out", regime=regime.code, exc_info=fault
            )
    return sorted(found, key=lambda one: (one.opens_at, one.form.code, one.period.code))


def _openings(
    catalogue: Catalogue,
    regime: Regime,
    calendar: WorkingCalendar,
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    asked: set[tuple[str, str]],
) -> Iterator[PlannedOpening]:
    forms = _forms_of(catalogue, regime)
    for period in _periods(regime, since, until):
        wanted = [code for code in forms if (code, period.code) not in asked]
        if not wanted:
            continue
        days = timetable(regime, period, calendar)
        opens_at = start_of_day(days.opens, zone)
        if opens_at > until or _is_before_the_law(regime, days):
            continue
        for code in wanted:
            form = catalogue.in_force(code, days.window.first, days.window.last)
            if form is None or not _asks(form, regime, period):
                continue
            due = max(days.due[kind] for kind in form.reporter_kinds)
            last_due_at = end_of_day(due, zone)
            if last_due_at >= since:
                yield PlannedOpening(form, regime, period, days, opens_at, last_due_at, zone)


def _forms_of(catalogue: Catalogue, regime: Regime) -> list[str]:
    own = (code for code in catalogue.codes if catalogue.latest(code).regime == regime.code)
    return [*own, *regime.forms]


def _asks(form: FormVersion, regime: Regime, period: Period) -> bool:
    if not form.reporter_kinds:
        return False
    return period.kind in form.periods or regime.occasion(period.code) is not None


def _is_before_the_law(regime: Regime, days: Timetable) -> bool:
    return regime.legal.valid_from is not None and days.window.last < regime.legal.valid_from


def _periods(regime: Regime, since: datetime, until: datetime) -> Iterator[Period]:
    """Every period of a regime that may open by `until` and still be due after `since`.

    A period is due at most a year after its own, so that one year more on each side is enough.
    """
    for occasion in regime.occasions:
        yield Period.parse(occasion.period)
    for year in range(since.astimezone(UTC).year - 1, until.astimezone(UTC).year + 2):
        for kind in regime.periods:
            if kind == "M":
                yield from (Period(year, kind, month) for month in range(1, 13))
            else:
                yield Period(year, kind)


def _adopt(session: Session, regimes: Mapping[str, Regime], now: datetime) -> None:
    known = _adopted(session)
    new = [Ask(Action.ADOPT, now, code) for code in sorted(regimes) if code not in known]
    ask(session, new, now=now)


def _adopted(session: Session) -> Mapping[str, datetime]:
    rows = session.execute(
        select(JobAction.form_code, JobAction.asked_at).where(JobAction.action == Action.ADOPT)
    )
    return dict(iter(rows))


def planned_form(
    session: Session, catalogue: Catalogue, form_code: str, period: str
) -> tuple[FormVersion, Regime, Period]:
    """The form version in force for a period, and the regime that asks for it.

    Raises Conflict where neither a declared nor a run-time regime asks for it any more.
    """
    wanted = Period.parse(period)
    regimes = known_regimes(session, catalogue)
    own = regimes.get(catalogue.latest(form_code).regime)
    asking = [
        regime
        for regime in (own, *(one for one in regimes.values() if form_code in one.forms))
        if regime is not None
        and (wanted.kind in regime.periods or regime.occasion(wanted.code) is not None)
    ]
    for regime in asking:
        window = timetable(regime, wanted, working_calendar(session)).window
        form = catalogue.in_force(form_code, window.first, window.last)
        if form is not None:
            return form, regime, wanted
    raise Conflict(
        vi=f"Không còn chế độ nào yêu cầu biểu {form_code} cho kỳ {period}.",
        en=f"No regime asks for form {form_code} in {period} any more.",
    )
