"""Opening a period: who owes which form by when is worked out once, and frozen.

Nothing here is worked out again later, whatever becomes of the calendar, the regime or the map of
units. What the clock has to do for the obligations is asked for by whoever opens (following).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from forms.definition import FormVersion
from forms.period import Period, Window
from forms.regime import Regime
from forms.timetable import Timetable, timetable
from forms.working_days import WorkingCalendar
from reporting.errors import Conflict, NotAllowed
from reporting.models import ReportingObligation, ReportingUnit, UnitTerm
from reporting.models.base import table_of
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, instant_text, record
from reporting.services.calendar import working_calendar
from reporting.services.published_forms import keep_declaration
from reporting.services.regimes import keep_regime


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a period did: how many obligations it froze, and how many stood already."""

    created: int
    existing: int


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day where due dates are dates."""
    return datetime.combine(day, time(0), zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a day where due dates are dates: what is due on it is due then."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(seconds=1)


def open_period(
    session: Session,
    *,
    actor: Actor,
    form: FormVersion,
    regime: Regime,
    period: Period,
    zone: ZoneInfo,
    now: datetime,
    units: Sequence[int] | None = None,
    opens_at: datetime | None = None,
    calendar: WorkingCalendar | None = None,
    due: Mapping[int, date] | None = None,
) -> Opening:
    """Freeze one obligation for every unit that owes a form for a period; once, however often.

    Who owes is every unit of the form's kinds that exists on the last day of the data window (or
    only `units`); the receiver is the unit it stands under on that day. `due` gives units a due
    day of their own, and then they may be of any kind. The texts of form and regime are kept. Few
    statements, whatever the number of units. The caller commits. Raises NotAllowed, Conflict.
    """
    own_due = due or {}
    _require_may_open(actor, form, regime, period)
    keep_declaration(session, form=form, now=now)
    keep_regime(session, actor=actor, regime=regime, now=now)
    days = timetable(regime, period, calendar or working_calendar(session))
    reporters = _reporters(session, form, days.window, units, own_due)
    existing = set(
        session.scalars(
            select(ReportingObligation.unit_id).where(
                ReportingObligation.form_code == form.code,
                ReportingObligation.period == period.code,
            )
        )
    )
    frozen = _frozen(form, regime, period, days, zone, opens_at)
    rows: list[dict[str, Any]] = [
        frozen
        | {"unit_id": unit_id, "receiver_id": parent_id}
        | _due(end_of_day(own_due.get(unit_id) or days.due[kind], zone), regime)
        for unit_id, kind, parent_id in reporters
        if unit_id not in existing
    ]
    if rows:
        # The table itself: a mapped insert would make a statement for each run of empty receivers.
        session.connection().execute(insert(table_of(ReportingObligation)), rows)
        entry = Entry(
            act="period.opened",
            subject=f"period/{form.code}/{period.code}",
            details={
                "version": form.version,
                "units": [row["unit_id"] for row in rows],
                "due": sorted({instant_text(row["due_at"]) for row in rows}),
            },
        )
        record(session, actor, entry, now=now)
    return Opening(len(rows), len(reporters) - len(rows))


def _require_may_open(actor: Actor, form: FormVersion, regime: Regime, period: Period) -> None:
    if not actor.is_of_centre(Act.ADMINISTER):
        raise NotAllowed(
            vi="Chỉ cơ quan trung ương được mở kỳ báo cáo.",
            en="Only the central office may open a period.",
        )
    if regime.is_secret:
        raise Conflict(
            vi=f"Chế độ {regime.code} là chế độ mật: không nhập số liệu vào hệ thống này.",
            en=f"Regime {regime.code} is secret: its data are not kept in this system.",
        )
    if period.kind not in form.periods and regime.occasion(period.code) is None:
        raise Conflict(
            vi=f"Biểu {form.code} không có kỳ {period}. Có: {', '.join(form.periods)}.",
            en=f"Form {form.code} has no period {period}. It has: {', '.join(form.periods)}.",
        )


def _frozen(
    form: FormVersion,
    regime: Regime,
    period: Period,
    days: Timetable,
    zone: ZoneInfo,
    opens_at: datetime | None,
) -> dict[str, object]:
    return {
        "form_code": form.code,
        "form_version": form.version,
        "regime_code": regime.code,
        "period": period.code,
        "window_first": days.window.first,
        "window_last": days.window.last,
        "opens_at": opens_at or start_of_day(days.opens, zone),
    }


def _due(due_at: datetime, regime: Regime) -> dict[str, datetime | None]:
    close = regime.clockwork.close
    closes_at = None if close is None else due_at + timedelta(days=close)
    return {"declared_due_at": due_at, "due_at": due_at, "closes_at": closes_at}


def _reporters(
    session: Session,
    form: FormVersion,
    window: Window,
    units: Sequence[int] | None,
    due: Mapping[int, date],
) -> list[tuple[int, str, int | None]]:
    on = window.last
    query = (
        select(ReportingUnit.id, ReportingUnit.kind, UnitTerm.parent_id)
        .join(UnitTerm, UnitTerm.unit_id == ReportingUnit.id)
        .where(
            or_(ReportingUnit.kind.in_(form.reporter_kinds), ReportingUnit.id.in_(due)),
            UnitTerm.valid_from <= on,
            or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= on),
        )
        .order_by(ReportingUnit.code)
    )
    if units is not None:
        query = query.where(ReportingUnit.id.in_(units))
    return [(unit, str(kind), parent) for unit, kind, parent in session.execute(query)]
