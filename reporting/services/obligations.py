"""Who owes which form for which period: opening a period, and finding what a unit owes.

Opening freezes the list; nothing here is worked out again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from forms.definition import FormVersion
from forms.period import Period, Window
from forms.regime import Regime
from reporting.errors import Conflict, NotAllowed
from reporting.models import ReportingObligation, ReportingUnit, UnitTerm
from reporting.models.base import table_of
from reporting.services.actors import Actor
from reporting.services.published_forms import keep_declaration


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a period did: how many obligations it froze, and how many stood already."""

    created: int
    existing: int


def due_instant(regime: Regime, kind: str, period: Period, zone: ZoneInfo) -> datetime:
    """The last second of the due day, in the zone where due dates are dates.

    The regime names a day of the last month of the period for each kind of reporter.
    """
    day = regime.due[kind]
    due = date(period.year, period.months[1], day)
    midnight = datetime.combine(due + timedelta(days=1), time(0), zone)
    return midnight - timedelta(seconds=1)


def opening_instant(window: Window, zone: ZoneInfo) -> datetime:
    """Sending may begin when the first day of the data window begins."""
    return datetime.combine(window.first, time(0), zone)


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
) -> Opening:
    """Freeze one obligation for every unit that owes a form for a period; once, however often.

    Who owes is every unit of the form's kinds that exists on the last day of the data window (or
    only `units`); the receiver is the unit it stands under on that day. The declaration is kept.
    Few statements, whatever the number of units. The caller commits. Raises NotAllowed, Conflict.
    """
    if not actor.may_administer:
        raise NotAllowed(
            vi="Chỉ cơ quan trung ương được mở kỳ báo cáo.",
            en="Only the central office may open a period.",
        )
    if period.kind not in form.periods:
        raise Conflict(
            vi=f"Biểu {form.code} không có kỳ {period}. Có: {', '.join(form.periods)}.",
            en=f"Form {form.code} has no period {period}. It has: {', '.join(form.periods)}.",
        )
    keep_declaration(session, form=form, now=now)
    window = period.window(regime.window)
    reporters = _reporters(session, form, window, units)
    existing = set(
        session.scalars(
            select(ReportingObligation.unit_id).where(
                ReportingObligation.form_code == form.code,
                ReportingObligation.period == period.code,
            )
        )
    )
    rows = [
        {
            "unit_id": unit_id,
            "receiver_id": parent_id,
            "form_code": form.code,
            "form_version": form.version,
            "period": period.code,
            "window_first": window.first,
            "window_last": window.last,
            "opens_at": opens_at or opening_instant(window, zone),
            "declared_due_at": (due := due_instant(regime, kind, period, zone)),
            "due_at": due,
            "regime_code": regime.code,
        }
        for unit_id, kind, parent_id in reporters
        if unit_id not in existing
    ]
    if rows:
        # The table itself: a mapped insert would make a statement for each run of empty receivers.
        session.connection().execute(insert(table_of(ReportingObligation)), rows)
    return Opening(len(rows), len(reporters) - len(rows))


def _reporters(
    session: Session, form: FormVersion, window: Window, units: Sequence[int] | None
) -> list[tuple[int, str, int | None]]:
    on = window.last
    query = (
        select(ReportingUnit.id, ReportingUnit.kind, UnitTerm.parent_id)
        .join(UnitTerm, UnitTerm.unit_id == ReportingUnit.id)
        .where(
            ReportingUnit.kind.in_(form.reporter_kinds),
            UnitTerm.valid_from <= on,
            or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= on),
        )
        .order_by(ReportingUnit.code)
    )
    if units is not None:
        query = query.where(ReportingUnit.id.in_(units))
    return [(unit, str(kind), parent) for unit, kind, parent in session.execute(query)]


@dataclass(frozen=True, slots=True)
class OwedForm:
    """One line of what a unit owes."""

    form_code: str
    form_version: int
    period: str
    opens_at: datetime
    due_at: datetime
    is_received: bool


def list_owed(
    session: Session, *, unit_id: int, form_code: str = "", period: str = ""
) -> list[OwedForm]:
    """What a unit owes, the soonest due first; of one form or period only, where one is named."""
    query = (
        select(ReportingObligation)
        .where(ReportingObligation.unit_id == unit_id)
        .order_by(ReportingObligation.due_at, ReportingObligation.form_code)
        .limit(500)
    )
    if form_code:
        query = query.where(ReportingObligation.form_code == form_code)
    if period:
        query = query.where(ReportingObligation.period == period)
    return [
        OwedForm(
            row.form_code,
            row.form_version,
            row.period,
            row.opens_at,
            row.due_at,
            row.in_force_id is not None,
        )
        for row in session.scalars(query)
    ]


def open_regime_period(
    session: Session,
    *,
    actor: Actor,
    forms: Sequence[FormVersion],
    regimes: Mapping[str, Regime],
    period: Period,
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, Opening]:
    """Open one period for all forms that have it; gives what was done by form code."""
    return {
        form.code: open_period(
            session,
            actor=actor,
            form=form,
            regime=regimes[form.regime],
            period=period,
            zone=zone,
            now=now,
        )
        for form in forms
        if period.kind in form.periods and form.reporter_kinds
    }
