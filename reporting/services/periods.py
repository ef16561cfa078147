"""Opening a period by hand, with all that the clock then has to do for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import Period
from reporting.services.actors import Actor
from reporting.services.calendar import working_calendar
from reporting.services.following import ask_follow_ups
from reporting.services.opening import Opening, open_period


def open_regime_period(
    session: Session,
    *,
    actor: Actor,
    forms: Sequence[FormVersion],
    catalogue: Catalogue,
    period: Period,
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, Opening]:
    """Open one period for all forms that have it; gives what was done by form code.

    The ledger is asked here and not left to the clock's own opening, which does not come for a
    period whose due days had passed when the clock first rang. The caller commits.
    """
    calendar = working_calendar(session)
    done: dict[str, Opening] = {}
    for form in forms:
        if period.kind not in form.periods or not form.reporter_kinds:
            continue
        regime = catalogue.regime(form.regime)
        done[form.code] = open_period(
            session,
            actor=actor,
            form=form,
            regime=regime,
            period=period,
            zone=zone,
            now=now,
            calendar=calendar,
        )
        ask_follow_ups(
            session,
            catalogue=catalogue,
            regime=regime,
            form_code=form.code,
            period=period.code,
            zone=zone,
            now=now,
        )
    return done
