"""What a consolidation would have been at an instant: what counted then, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from forms.period import Period
from reporting.errors import NotAllowed
from reporting.models import ReportingUnit
from reporting.services.actors import of_unit
from reporting.services.looking_back import LookedBack, look_back
from tests.builders import IN_Q3, SYSTEM, shipped_forms
from tests.reporting.services.countries import (
    PROVINCE_FORM,
    RETURN,
    WITHDRAW,
    Country,
    a_country,
    edition_of,
    report,
    settle,
)
from tests.reporting.services.receiving import counted_statements

HOURS = [IN_Q3 + timedelta(hours=number) for number in range(8)]


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def seen(session: Session, unit: ReportingUnit, at: datetime) -> LookedBack:
    """The province's consolidation as of an instant."""
    return look_back(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest(PROVINCE_FORM),
        period=Period.parse("2026-Q3"),
        unit=unit,
        at=at,
        catalogue=shipped_forms(),
    )


def test_at_the_cut_off_of_each_edition_it_is_that_edition(
    session: Session, country: Country
) -> None:
    """Arrival, amendment, return, withdrawal: four editions, each found again by its instant."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1, at=HOURS[0])
    made = [edition_of(session, h55, at=HOURS[1])]
    report(session, "X05501", 2, at=HOURS[2])
    other = report(session, "X05502", 5, at=HOURS[2])
    made.append(edition_of(session, h55, at=HOURS[3]))
    settle(session, RETURN, other, at=HOURS[4])
    made.append(edition_of(session, h55, at=HOURS[4]))
    last = report(session, "X05501", 3, at=HOURS[5])
    settle(session, WITHDRAW, last, at=HOURS[6])
    made.append(edition_of(session, h55, at=HOURS[6]))
    assert [one.number for one in made] == [1, 2, 3, 4]
    for edition in made:
        found = seen(session, h55, edition.cut_off_at)
        assert (found.sha256, found.canonical) == (edition.sha256, edition.canonical)
        for key in ("expected", "received", "missing", "returned"):
            assert found.coverage[key] == edition.coverage[key], (edition.number, key)


def test_before_anything_came_it_is_nothing(session: Session, country: Country) -> None:
    """0 of 2, and blank totals."""
    h55 = country.provinces["H55"]
    report(session, "X05501", at=HOURS[2])
    found = seen(session, h55, HOURS[1])
    assert (found.coverage["expected"], found.coverage["received"]) == (2, 0)
    assert b'"total":{}' in found.canonical


def test_only_who_may_read_the_unit_looks_back(session: Session, country: Country) -> None:
    """A commune sees nothing of its neighbours through the province's past."""
    actor = of_unit("c", country.communes["X00101"].id)
    with pytest.raises(NotAllowed):
        look_back(
            session,
            actor=actor,
            form=shipped_forms().latest(PROVINCE_FORM),
            period=Period.parse("2026-Q3"),
            unit=country.provinces["H55"],
            at=IN_Q3,
            catalogue=shipped_forms(),
        )


def test_looking_back_takes_the_same_statements_for_one_and_for_three(
    session: Session, country: Country, engine: Engine
) -> None:
    """However many reported."""
    h01 = country.provinces["H01"]
    counts = []
    for code in ("X00101", "X00102", "X00103"):
        report(session, code)
        with counted_statements(engine) as statements:
            seen(session, h01, IN_Q3)
        counts.append(len(statements))
    assert len(set(counts)) == 1
