"""An obligation that comes after its instant was dealt with: marked and told all the same, once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import (
    JobAction,
    Notice,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    UnitKind,
)
from reporting.services import obligation_acts as acts
from reporting.services.assigning import Line, assign
from reporting.services.ledger import Action
from tests.builders import LEAF_FORM, SYSTEM, ZONE, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send
from tests.reporting.services.test_following_mergers import merge
from tests.reporting.services.towers import Tower, at

#: What becomes of a unit that has not reported, at one instant.
ONCE = {"marked_late": 1, "overdue": 1, "escalation": 1}


@pytest.fixture
def tower(session: Session, session_factory: sessionmaker[Session]) -> Tower:
    """A province with two communes whose third quarter is open."""
    province = a_unit(session, "H55", kind=UnitKind.PROVINCE)
    for code in ("X1", "X2"):
        a_unit(session, code, parent=province)
    session.commit()
    tower = Tower(session_factory)
    tower.ring(at(16, month=6))
    return tower


def circumstances(now: datetime) -> acts.Circumstances:
    """The circumstances of an act of the centre."""
    return acts.Circumstances(SYSTEM, "Bão", shipped_forms(), ZONE, now)


def owed_by(session: Session, code: str) -> int:
    """The number of the obligation of a unit."""
    return session.scalars(
        select(ReportingObligation.id)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .where(
            ReportingUnit.code == code,
            ReportingObligation.form_code == LEAF_FORM,
            ReportingObligation.period == "2026-Q3",
        )
    ).one()


def befell(tower: Tower, code: str) -> Counter[str]:
    """What the clock did to a unit: marks, and notices but reminders, by kind.

    That a unit got more time is told by whoever gave it, and is no doing of the clock.
    """
    with tower.sessions() as session:
        number = owed_by(session, code)
        events = select(ObligationEvent.change).where(
            ObligationEvent.obligation_id == number, ObligationEvent.actor == "clock"
        )
        notices = select(Notice.kind).where(
            Notice.obligation_id == number, Notice.kind.not_in(["reminder", "extended"])
        )
        return Counter(map(str, [*session.scalars(events), *session.scalars(notices)]))


def assigned(tower: Tower, *codes: str) -> None:
    """The form and period are given to some units, by the clock of the tower."""
    with tower.sessions.begin() as session:
        lines = [Line(1, LEAF_FORM, code, "2026-Q3") for code in codes]
        done = assign(
            session,
            actor=SYSTEM,
            lines=lines,
            catalogue=shipped_forms(),
            zone=ZONE,
            now=tower.now,
        )
    assert done.faults == ()


def test_one_that_is_assigned_late_is_marked_and_told_once(tower: Tower) -> None:
    """Neither a second file nor a second ring repeats anything, for it or for the others."""
    tower.ring(at(21))
    with tower.sessions.begin() as session:
        province = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "H55")).one()
        a_unit(session, "X3", parent=province)
    assigned(tower, "X3")
    tower.ring(at(22))
    assert [befell(tower, code) for code in ("X1", "X2", "X3")] == [Counter(ONCE)] * 3
    lines = tower.count(JobAction)
    assigned(tower, "X2", "X3")
    assert tower.count(JobAction) == lines
    tower.ring(at(22, 10))
    assert befell(tower, "X3") == Counter(ONCE)


def test_one_whose_waiver_is_taken_back_is_marked_and_told_once(tower: Tower) -> None:
    """Also where it is let off and owes again twice over."""
    with tower.sessions.begin() as session:
        acts.waive(session, circumstances(at(10)), obligation_id=owed_by(session, "X1"))
    tower.ring(at(21))
    assert befell(tower, "X1") == Counter()
    for hour in (10, 11):
        with tower.sessions.begin() as session:
            number, now = owed_by(session, "X1"), circumstances(at(21, hour))
            acts.owe_again(session, now, obligation_id=number)
            acts.waive(session, now, obligation_id=number)
            acts.owe_again(session, now, obligation_id=number)
            acts.waive(session, now, obligation_id=number)
            acts.owe_again(session, now, obligation_id=number)
        tower.ring(at(21, hour))
        assert befell(tower, "X1") == befell(tower, "X2") == Counter(ONCE)
        with tower.sessions.begin() as session:
            acts.waive(session, now, obligation_id=number)


def test_one_that_is_extended_to_a_day_that_is_done_is_marked_for_that_day(tower: Tower) -> None:
    """The other unit, for whom the day was first, is left alone."""
    tower.ring(at(21))
    for code, day in (("X2", 21), ("X1", 27)):
        with tower.sessions.begin() as session:
            number = owed_by(session, code)
            acts.extend(
                session, circumstances(at(day)), obligation_id=number, due_on=date(2026, 9, 25)
            )
        tower.ring(at(27))
    twice = Counter({what: 2 * count for what, count in ONCE.items()})
    assert befell(tower, "X1") == befell(tower, "X2") == twice
    with tower.sessions() as session:
        late = session.get_one(ReportingObligation, owed_by(session, "X1")).late_at
    assert late == datetime(2026, 9, 25, 23, 59, 59, tzinfo=ZONE)


def test_a_successor_that_is_learnt_of_after_the_due_day_is_marked_and_told(tower: Tower) -> None:
    """The registry hears on 25/9 of a merger of July: the new unit owes, and is late at once."""
    tower.ring(at(21))
    with tower.sessions.begin() as session:
        units = {unit.code: unit for unit in session.scalars(select(ReportingUnit))}
        new = a_unit(session, "N1", parent=units["H55"], valid_from=date(2026, 7, 1))
        merge(session, units["X1"], new)
    for hour in (9, 10):
        tower.ring(at(25, hour))
        assert befell(tower, "N1") == befell(tower, "X2") == Counter(ONCE)


def test_one_that_comes_before_the_due_day_gets_the_nearest_reminder_alone(tower: Tower) -> None:
    """Let off while the others were reminded on 15/9; owing again on 16/9, it is told, once."""
    with tower.sessions.begin() as session:
        acts.waive(session, circumstances(at(10)), obligation_id=owed_by(session, "X1"))
    tower.ring(at(15))
    with tower.sessions.begin() as session:
        number, other = owed_by(session, "X1"), owed_by(session, "X2")
        acts.owe_again(session, circumstances(at(16)), obligation_id=number)
    for day in (16, 17):
        tower.ring(at(day))
        for one in (number, other):
            assert tower.count(Notice, kind="reminder", obligation_id=one) == 1


def test_what_was_in_time_and_sent_back_is_not_made_late_by_another(tower: Tower) -> None:
    """A line that is asked for one unit touches no report that was sent back meanwhile."""
    with tower.sessions.begin() as session:
        send(session, a_return("X1"), at=at(10))
        acts.waive(session, circumstances(at(10)), obligation_id=owed_by(session, "X2"))
    tower.ring(at(21))
    with tower.sessions.begin() as session:
        session.get_one(ReportingObligation, owed_by(session, "X1")).stand = "returned"  # type: ignore[assignment]
        acts.owe_again(session, circumstances(at(21)), obligation_id=owed_by(session, "X2"))
    tower.ring(at(21, 10))
    assert (befell(tower, "X1"), befell(tower, "X2")) == (Counter(), Counter(ONCE))


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("who_is_first", ["ring", "assignment"])
def test_a_line_that_is_done_meanwhile_loses_nobody(
    empty_database_url: str, who_is_first: str
) -> None:
    """While one transaction assigns a unit, another marks the period late and does not see it."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        province = a_unit(session, "H55", kind=UnitKind.PROVINCE)
        a_unit(session, "X1", parent=province)
    tower = Tower(sessions)
    tower.ring(at(16, month=6))
    with sessions.begin() as session:
        a_unit(session, "X3", parent=session.get_one(ReportingUnit, province.id))
    tower.now = at(21)
    mark = select(JobAction).where(
        JobAction.action == Action.MARK_LATE,
        JobAction.form_code == LEAF_FORM,
        JobAction.period == "2026-Q3",
    )
    with sessions.begin() as session:
        if who_is_first == "ring":  # The line is in the hands of one who rings, and not done yet.
            session.scalars(mark.with_for_update()).one()
            assigned(tower, "X3")
        else:
            line = Line(1, LEAF_FORM, "X3", "2026-Q3")
            assign(
                session,
                actor=SYSTEM,
                lines=[line],
                catalogue=shipped_forms(),
                zone=ZONE,
                now=at(21),
            )
            tower.ring(at(21))
            assert befell(tower, "X1")["marked_late"] == 0
    tower.ring(at(21, 10))
    assert befell(tower, "X1") == befell(tower, "X3") == Counter(ONCE)
    engine.dispose()


def test_one_that_is_extended_after_closing_closes_again(tower: Tower) -> None:
    """At its own instant, once; also where that instant has passed, or was closed for another."""
    closed = datetime(2026, 9, 22, 23, 59, 59, tzinfo=ZONE)
    with tower.sessions.begin() as session:
        for code in ("X1", "X2"):
            session.get_one(ReportingObligation, owed_by(session, code)).closes_at = closed
        acts.reopen(
            session,
            circumstances(at(16)),
            obligation_id=owed_by(session, "X2"),
            closes_on=date(2026, 9, 23),
        )
    tower.ring(at(24))
    assert (befell(tower, "X1")["closed"], befell(tower, "X2")["closed"]) == (1, 1)
    with tower.sessions.begin() as session:
        number = owed_by(session, "X1")
        acts.extend(session, circumstances(at(24)), obligation_id=number, due_on=date(2026, 9, 20))
        assert session.get_one(ReportingObligation, number).closed_at is None
    for hour in (10, 11):
        tower.ring(at(24, hour))
        assert (befell(tower, "X1")["closed"], befell(tower, "X2")["closed"]) == (2, 1)
