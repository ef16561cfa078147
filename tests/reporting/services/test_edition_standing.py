"""How an edition stands: provisional until all are accepted, stale when a child changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.models import (
    Edition,
    EditionPart,
    JobAction,
    ReportingObligation,
    ReportingUnit,
    Submission,
    SubmissionStatus,
)
from reporting.services.edition_standing import Standing, stale_editions, standings_of
from reporting.services.ledger import Action, Ask, ask
from reporting.services.ringing import Bell, ring
from reporting.services.unit_choices import choose_unit
from tests.builders import IN_Q3, SIGNER, SYSTEM, ZONE, shipped_forms
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    PROVINCE_FORM,
    RETURN,
    WITHDRAW,
    Country,
    a_country,
    edition_of,
    report,
    settle,
)
from tests.reporting.services.receiving import counted_statements, send


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


@pytest.fixture
def h55(country: Country) -> ReportingUnit:
    """A province of two communes."""
    return country.provinces["H55"]


def standing(session: Session, edition: Edition) -> Standing:
    """How an edition stands now."""
    return standings_of(session, [edition], catalogue=shipped_forms())[edition.id].standing


def overtaken_estimates(
    session: Session, country: Country, sessions: sessionmaker[Session]
) -> Bell:
    """A national edition that holds an edition of H55 which has a newer one; the clock's bell."""
    report(session, "X05501")
    edition_of(session, country.provinces["H55"])
    edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    report(session, "X05502")
    edition_of(session, country.provinces["H55"])
    session.commit()
    return Bell(sessions, shipped_forms(), ZONE, lambda: IN_Q3, signer=SIGNER)


def accept_all(session: Session) -> None:
    """Every revision that was received is accepted."""
    for one in session.scalars(select(Submission)):
        if one.status is SubmissionStatus.RECEIVED:
            one.status = SubmissionStatus.ACCEPTED
    session.flush()


def test_an_edition_is_provisional_until_every_report_is_accepted_and_then_final(
    session: Session, h55: ReportingUnit
) -> None:
    """Received is not accepted; the final edition is one of its own, with the same figures."""
    report(session, "X05501")
    part = edition_of(session, h55)
    report(session, "X05502")
    whole = edition_of(session, h55)
    assert standing(session, whole) is Standing.PROVISIONAL
    assert standing(session, part) is Standing.SUPERSEDED
    accept_all(session)
    assert standings_of(session, [whole], catalogue=shipped_forms())[whole.id].is_due
    final = edition_of(session, h55)
    assert (final.number, final.sha256) == (3, whole.sha256)
    assert standing(session, final) is Standing.FINAL


def test_nothing_of_nothing_is_not_final(session: Session, h55: ReportingUnit) -> None:
    """0 of 2 received: provisional."""
    assert standing(session, edition_of(session, h55)) is Standing.PROVISIONAL


@pytest.mark.parametrize("cause", ["amended", "returned", "withdrawn", "late", "left out"])
def test_an_edition_is_stale_when_what_it_holds_is_not_in_force(
    session: Session, country: Country, h55: ReportingUnit, cause: str
) -> None:
    """And is found by the clock; made again, it is not stale."""
    number = report(session, "X05501")
    edition = edition_of(session, h55)
    if cause == "amended":
        report(session, "X05501", 2)
    elif cause == "late":
        report(session, "X05502")
    elif cause == "left out":
        choose_unit(
            session,
            actor=SYSTEM,
            form=shipped_forms().latest(PROVINCE_FORM),
            period="2026-Q3",
            receiver=h55,
            unit=country.communes["X05501"],
            enters=False,
            reason="đang kiểm tra",
            catalogue=shipped_forms(),
            now=IN_Q3,
        )
    else:
        settle(session, RETURN if cause == "returned" else WITHDRAW, number)
    assert standing(session, edition) is Standing.STALE
    found = stale_editions(session, catalogue=shipped_forms(), since=IN_Q3 - timedelta(days=1))
    assert [one.id for one, _ in found] == [edition.id]
    again = edition_of(session, h55)
    assert again.number == 2
    assert standing(session, again) is Standing.PROVISIONAL


def test_an_estimate_is_never_final(session: Session, country: Country) -> None:
    """Editions stand in for reports that have not come, and the coverage says so."""
    for code in ("H01", "H55"):
        edition_of(session, country.provinces[code])
    national = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    assert [one["unit"] for one in national.coverage["estimated"]] == ["H01", "H55"]
    assert national.coverage["received"] == 0
    assert standing(session, national) is Standing.PROVISIONAL


def test_an_estimate_that_was_overtaken_makes_stale(
    session: Session, country: Country, h55: ReportingUnit
) -> None:
    """The edition that stands in has a newer one; made again, the newer one is in."""
    report(session, "X05501")
    edition_of(session, h55)
    edition_of(session, country.provinces["H01"])
    early = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    report(session, "X05502")
    newer = edition_of(session, h55)
    assert standing(session, early) is Standing.STALE
    again = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    assert (again.number, standing(session, again)) == (2, Standing.PROVISIONAL)
    assert standing(session, early) is Standing.SUPERSEDED
    parts = session.scalars(select(EditionPart.part_id).where(EditionPart.edition_id == again.id))
    assert newer.id in set(parts)


def test_the_clock_makes_overtaken_estimates_again_and_hands_nothing_over(
    session: Session, country: Country, session_factory: sessionmaker[Session]
) -> None:
    """With estimates as before, also where no report has come; nobody has signed any of it."""
    bell = overtaken_estimates(session, country, session_factory)
    for hour in ("1", "2"):
        with session_factory.begin() as asking:
            ask(asking, [Ask(Action.REFRESH, IN_Q3, occurrence=hour)], now=IN_Q3)
        ring(bell, now=IN_Q3, only=frozenset({Action.REFRESH, Action.CONSOLIDATE}))
    national = session.scalars(
        select(Edition).where(Edition.form_code == NATIONAL_FORM).order_by(Edition.id)
    ).all()
    assert [(one.number, len(one.coverage["estimated"])) for one in national] == [(1, 1), (2, 1)]
    actions = session.execute(select(JobAction.action, JobAction.occurrence)).all()
    assert (Action.CONSOLIDATE.value, "after edition 1 estimates") in actions
    assert Action.HAND_OVER.value not in {action for action, _ in actions}


def test_a_report_that_comes_before_the_clock_makes_estimates_again_is_handed_over(
    session: Session, country: Country, session_factory: sessionmaker[Session]
) -> None:
    """Asked for because of estimates alone, the edition is one of reports once one has come."""
    bell = overtaken_estimates(session, country, session_factory)
    with session_factory.begin() as asking:
        ask(asking, [Ask(Action.REFRESH, IN_Q3, occurrence="1")], now=IN_Q3)
    ring(bell, now=IN_Q3, only=frozenset({Action.REFRESH}))
    nil = {
        "form": PROVINCE_FORM,
        "unit": "H01",
        "period": "2026-Q3",
        "tables": {"a": {"nil": True}},
    }
    assert send(session, nil, at=IN_Q3).submission_id is not None
    session.commit()
    ring(bell, now=IN_Q3, only=frozenset({Action.CONSOLIDATE}))
    newest = session.scalars(
        select(Edition).where(Edition.form_code == NATIONAL_FORM, Edition.number == 2)
    ).one()
    assert (newest.coverage["received"], newest.coverage["estimated"]) == (1, [])
    asked = select(JobAction.action).where(JobAction.form_code == NATIONAL_FORM)
    assert Action.HAND_OVER.value in set(session.scalars(asked))


def test_the_standings_of_many_take_the_statements_of_one(
    session: Session, country: Country, engine: Engine
) -> None:
    """However many editions of a form."""
    made = [edition_of(session, one) for one in country.provinces.values()]
    counts = []
    for editions in (made[:1], made):
        with counted_statements(engine) as statements:
            standings_of(session, editions, catalogue=shipped_forms())
        counts.append(len(statements))
    assert counts == [3, 3]


def test_the_clock_makes_a_stale_edition_again_within_the_hour_and_drafts_it(
    session: Session, country: Country, h55: ReportingUnit, session_factory: sessionmaker[Session]
) -> None:
    """Asked once for each edition that went stale, however often the clock rings."""
    report(session, "X05501")
    edition_of(session, h55)
    number = report(session, "X05501", 2)
    settle(session, RETURN, number)
    session.commit()
    bell = Bell(session_factory, shipped_forms(), ZONE, lambda: IN_Q3, signer=SIGNER)
    for _ in range(2):
        with session_factory.begin() as asking:
            ask(asking, [Ask(Action.REFRESH, IN_Q3, occurrence="now")], now=IN_Q3)
        ring(bell, now=IN_Q3, only=frozenset({Action.REFRESH, Action.CONSOLIDATE}))
    editions = session.scalars(select(Edition).order_by(Edition.id)).all()
    assert [(one.number, one.coverage["received"]) for one in editions] == [(1, 1), (2, 0)]
    lines = session.scalars(
        select(JobAction).where(JobAction.action == Action.CONSOLIDATE.value)
    ).all()
    assert [line.occurrence for line in lines] == ["after edition 1"]
    assert lines[0].done_at is not None


def test_a_period_that_is_half_open_is_said_with_the_edition(
    session: Session, country: Country, h55: ReportingUnit
) -> None:
    """One of two communes may not send yet: the edition is made, provisional, and says so."""
    report(session, "X05501")
    owed = session.scalars(
        select(ReportingObligation).where(
            ReportingObligation.unit_id == country.communes["X05502"].id
        )
    ).one()
    owed.opens_at = IN_Q3 + timedelta(days=1)
    session.flush()
    edition = edition_of(session, h55)
    [issue] = [one for one in edition.issues if one["code"] == "period_half_open"]
    assert (issue["given"], issue["expected"]) == ("1", "2")
    assert standing(session, edition) is Standing.PROVISIONAL
