"""A small country for tests of consolidation: a centre, two provinces, their communes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from forms.period import Period
from reporting.models import Edition, ReportingUnit, Submission, UnitKind
from reporting.services import acceptance
from reporting.services.acceptance import Which
from reporting.services.consolidation import consolidate
from reporting.services.obligation_acts import Circumstances
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    SYSTEM,
    ZONE,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import send

PROVINCE_FORM = "II.06c/VPCP/KSTT"
NATIONAL_FORM = "II.9g/VPCP/KSTT"
#: Codes of communes by their province.
COMMUNES: Mapping[str, tuple[str, ...]] = {
    "H01": ("X00101", "X00102", "X00103"),
    "H55": ("X05501", "X05502"),
}


class Country(NamedTuple):
    """The units by what they are."""

    centre: ReportingUnit
    provinces: Mapping[str, ReportingUnit]
    communes: Mapping[str, ReportingUnit]


def a_country(session: Session) -> Country:
    """Communes that owe II.06a for 2026-Q3 to provinces that owe II.06c to the centre."""
    centre = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
    provinces, communes = {}, {}
    for code, below in COMMUNES.items():
        provinces[code] = a_unit(session, code, kind=UnitKind.PROVINCE, parent=centre)
        for commune in below:
            communes[commune] = a_unit(session, commune, parent=provinces[code])
    an_open_period(session)
    an_open_period(session, form_code=PROVINCE_FORM)
    return Country(centre, provinces, communes)


def cells(times: int) -> dict[str, int]:
    """Figures that add up, some times over."""
    return {column: value * times for column, value in GOOD_CELLS.items()}


def report(
    session: Session, unit: str, times: int = 1, *, at: datetime = IN_Q3, field: str = "Đất đai"
) -> int:
    """Send II.06a of a commune; the id of its revision."""
    receipt = send(session, a_return(unit, rows={field: cells(times)}), at=at)
    assert receipt.submission_id is not None, receipt
    return receipt.submission_id


def edition_of(
    session: Session,
    unit: ReportingUnit,
    *,
    form: str = PROVINCE_FORM,
    at: datetime = IN_Q3,
    with_estimates: bool = False,
) -> Edition:
    """Consolidate for 2026-Q3 at an instant."""
    return consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest(form),
        period=Period.parse("2026-Q3"),
        unit=unit,
        catalogue=shipped_forms(),
        clock=lambda: at,
        with_estimates=with_estimates,
    ).edition


def settle(
    session: Session,
    act: Callable[[Session, Circumstances, Which], Submission],
    number: int,
    *,
    at: datetime = IN_Q3,
) -> None:
    """Accept, return or withdraw a revision at an instant."""
    around = Circumstances(SYSTEM, "Vì thử", shipped_forms(), ZONE, at)
    act(session, around, Which(number))


RETURN, ACCEPT, WITHDRAW = acceptance.return_report, acceptance.accept, acceptance.withdraw


def total(edition: Edition, column: str = "c4") -> str:
    """The total of a column of an edition."""
    return str(json.loads(edition.canonical)["tables"]["a"]["total"].get(column, ""))
