"""The receiver chooses which units enter; the choice is recorded and the edition says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed
from reporting.models import AuditLine, EditionInput
from reporting.services.actors import Actor, of_unit
from reporting.services.unit_choices import choose_unit
from tests.builders import IN_Q3, SYSTEM, shipped_forms
from tests.reporting.services.countries import (
    PROVINCE_FORM,
    Country,
    a_country,
    edition_of,
    report,
    total,
)


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def choose(
    session: Session,
    country: Country,
    unit: str,
    *,
    enters: bool,
    actor: Actor = SYSTEM,
    reason: str = "số liệu đang kiểm tra",
    after: int = 0,
) -> None:
    """Say whether a commune of H55 enters its province's edition."""
    choose_unit(
        session,
        actor=actor,
        form=shipped_forms().latest(PROVINCE_FORM),
        period="2026-Q3",
        receiver=country.provinces["H55"],
        unit=country.communes[unit],
        enters=enters,
        reason=reason,
        catalogue=shipped_forms(),
        now=IN_Q3 + timedelta(minutes=after),
    )


def test_a_unit_that_is_left_out_is_in_no_figure_and_is_named(
    session: Session, country: Country
) -> None:
    """Neither expected nor missing; it enters again by the same act, and every edition stays."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    report(session, "X05502", 10)
    whole = edition_of(session, h55)
    choose(session, country, "X05502", enters=False)
    part = edition_of(session, h55)
    assert (total(whole), total(part)) == ("1320", "120")
    assert (part.coverage["expected"], part.coverage["received"]) == (1, 1)
    assert [one["unit"] for one in part.coverage["left_out"]] == ["X05502"]
    kept = select(EditionInput.submission_id).where(EditionInput.edition_id == part.id)
    assert len(session.scalars(kept).all()) == 1
    choose(session, country, "X05502", enters=True, after=1)
    again = edition_of(session, h55, at=IN_Q3 + timedelta(minutes=2))
    assert (again.number, again.sha256, again.input_sha256) == (
        3,
        whole.sha256,
        whole.input_sha256,
    )


def test_the_choice_is_on_record(session: Session, country: Country) -> None:
    """Who, whom, why."""
    choose(session, country, "X05502", enters=False)
    line = session.scalars(select(AuditLine).where(AuditLine.act == "unit.left-out")).one()
    assert b"X05502" in line.body
    assert "số liệu đang kiểm tra".encode() in line.body


def test_a_choice_needs_the_right_a_reason_and_a_unit_that_reports(
    session: Session, country: Country
) -> None:
    """A commune chooses nobody; nothing is left out without a word; strangers cannot be."""
    commune = of_unit("c", country.communes["X05501"].id)
    with pytest.raises(NotAllowed):
        choose(session, country, "X05502", enters=False, actor=commune)
    with pytest.raises(Conflict, match="A reason is needed"):
        choose(session, country, "X05502", enters=False, reason=" ")
    with pytest.raises(Conflict, match="owes nothing that is consolidated here"):
        choose(session, country, "X00101", enters=False)
