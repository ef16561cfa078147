"""Every edition that a report entered, from its province up to the country."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from reporting.errors import NotFound
from reporting.services.actors import of_unit
from reporting.services.entering import Way, editions_entered
from tests.builders import IN_Q3, SYSTEM
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    Country,
    a_country,
    edition_of,
    report,
)
from tests.reporting.services.test_lineage import LATER, own_report


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def test_a_report_is_followed_to_every_edition_that_it_entered(
    session: Session, country: Country
) -> None:
    """Its province's, the country's by an estimate, the country's by the province's own report."""
    number = report(session, "X05501")
    other = report(session, "X00101")
    province = edition_of(session, country.provinces["H55"])
    estimated = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    own_report(session, "H55", 1)
    national = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER)
    found = editions_entered(session, actor=SYSTEM, submission_id=number)
    assert [(one.edition_id, one.way, one.through) for one in found] == [
        (province.id, Way.REPORT, None),
        (estimated.id, Way.ESTIMATE, province.id),
        (national.id, Way.OWN_REPORT, province.id),
    ]
    assert editions_entered(session, actor=SYSTEM, submission_id=other) == []


def test_an_amendment_did_not_enter_what_was_made_before_it(
    session: Session, country: Country
) -> None:
    """Each revision has its own editions; the report above goes back to the newest before it."""
    h55 = country.provinces["H55"]
    first = report(session, "X05501", 1)
    one = edition_of(session, h55)
    second = report(session, "X05501", 2, at=IN_Q3 + timedelta(minutes=1))
    two = edition_of(session, h55, at=IN_Q3 + timedelta(minutes=2))
    own_report(session, "H55", 2)
    national = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER)
    of = {
        number: [
            line.edition_id
            for line in editions_entered(session, actor=SYSTEM, submission_id=number)
        ]
        for number in (first, second)
    }
    assert of == {first: [one.id], second: [two.id, national.id]}


def test_a_sender_knows_where_the_report_went_and_opens_what_is_there_for_it(
    session: Session, country: Country
) -> None:
    """The commune is told of its province's edition, which the province alone may open."""
    number = report(session, "X05501")
    edition_of(session, country.provinces["H55"])
    for unit, may in ((country.communes["X05501"], False), (country.provinces["H55"], True)):
        actor = of_unit("c", unit.id)
        (one,) = editions_entered(session, actor=actor, submission_id=number)
        assert one.may_read is may
    stranger = of_unit("c", country.communes["X00101"].id)
    with pytest.raises(NotFound):
        editions_entered(session, actor=stranger, submission_id=number)
