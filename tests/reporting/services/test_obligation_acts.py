"""What befalls an obligation: each act moves what it must, nothing else, and leaves an event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import (
    JobAction,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    Stand,
)
from reporting.services import obligation_acts as acts
from reporting.services.actors import Actor, of_unit
from reporting.services.board import By, board
from tests.builders import SYSTEM, ZONE, a_province, a_return, a_unit, an_open_period
from tests.builders import shipped_forms as shipped
from tests.reporting.services.receiving import counted_statements, send

NOW = datetime(2026, 9, 10, 9, tzinfo=ZONE)
DUE = datetime(2026, 9, 19, 23, 59, 59, tzinfo=ZONE)
Act = Callable[..., object]


def at(actor: Actor = SYSTEM, *, now: datetime = NOW, reason: str = "Bão") -> acts.Circumstances:
    """The circumstances of an act."""
    return acts.Circumstances(actor, reason, shipped(), ZONE, now)


@pytest.fixture
def province(session: Session) -> ReportingUnit:
    """A province with two communes that owe II.06a."""
    unit = a_province(session)
    for code in ("X1", "X2"):
        a_unit(session, code, parent=unit)
    an_open_period(session)
    return unit


def owed_by(session: Session, code: str) -> ReportingObligation:
    """The obligation of a unit as it stands in the store."""
    session.flush()
    session.expire_all()
    return session.scalars(
        select(ReportingObligation)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .where(ReportingUnit.code == code)
    ).one()


@pytest.mark.usefixtures("province")
def test_more_time_for_one_unit(session: Session) -> None:
    """Its due instant moves, that of the other does not; the declared one stays."""
    number = owed_by(session, "X1").id
    acts.extend(session, at(), obligation_id=number, due_on=date(2026, 9, 25))
    moved, other = owed_by(session, "X1"), owed_by(session, "X2")
    assert moved.due_at == DUE + timedelta(days=6)
    assert (moved.declared_due_at, other.due_at) == (DUE, DUE)
    asked = {row.occurrence[:10] for row in session.scalars(select(JobAction))}
    assert "2026-09-25" in asked
    assert [event.change for event in acts.events_of(session, obligation_id=number)] == ["extended"]
    with pytest.raises(Conflict):
        acts.extend(session, at(), obligation_id=number, due_on=date(2026, 9, 25))


@pytest.mark.usefixtures("province")
def test_a_late_report_is_on_time_after_an_extension(session: Session) -> None:
    """The stand is judged again by the instant that holds now."""
    send(session, a_return("X1"), at=DUE + timedelta(days=1))
    assert owed_by(session, "X1").stand is Stand.LATE
    number = owed_by(session, "X1").id
    acts.extend(session, at(), obligation_id=number, due_on=date(2026, 9, 25))
    assert owed_by(session, "X1").stand is Stand.ON_TIME


@pytest.mark.usefixtures("province")
def test_a_waived_unit_leaves_the_counts(session: Session) -> None:
    """Expected is one less; taken back, it is owed again."""
    number = owed_by(session, "X1").id
    acts.waive(session, at(), obligation_id=number)
    with pytest.raises(Conflict):
        acts.waive(session, at(), obligation_id=number)
    assert len(acts.events_of(session, obligation_id=number)) == 1
    line = board(session, actor=SYSTEM, period="2026-Q3")[0]
    assert (line.expected, line.waived, str(line.completeness)) == (1, 1, "0.0")
    acts.owe_again(session, at(), obligation_id=number)
    assert board(session, actor=SYSTEM, period="2026-Q3")[0].expected == 2
    with pytest.raises(Conflict):
        acts.owe_again(session, at(), obligation_id=number)


@pytest.mark.usefixtures("province")
def test_correcting_after_closing_for_one_unit_alone(session: Session) -> None:
    """The other stays closed; the reopened one takes a return, and closes again by itself."""
    closes = DUE + timedelta(days=10)
    for code in ("X1", "X2"):
        row = owed_by(session, code)
        row.closes_at, row.closed_at = closes, closes
    session.flush()
    after = closes + timedelta(days=1)
    number = owed_by(session, "X1").id
    acts.reopen(session, at(now=after), obligation_id=number, closes_on=date(2026, 10, 5))
    assert send(session, a_return("X1"), at=after).verdict == "received"
    assert send(session, a_return("X2"), at=after).verdict == "refused"
    assert owed_by(session, "X1").stand is Stand.LATE
    closing = session.scalars(select(JobAction).where(JobAction.action == "close")).all()
    assert any(row.occurrence.startswith("2026-10-05") for row in closing)
    with pytest.raises(Conflict):
        acts.reopen(session, at(now=after), obligation_id=number, closes_on=date(2026, 10, 1))


@pytest.mark.usefixtures("province")
@pytest.mark.parametrize(
    ("sent_on", "stand"),
    [(date(2026, 9, 19), Stand.ON_TIME), (date(2026, 9, 20), Stand.LATE)],
)
def test_sent_by_other_means_counts_by_its_date(
    session: Session, sent_on: date, stand: Stand
) -> None:
    """The board counts the letter; figures typed in later do not change whether it was in time."""
    number = owed_by(session, "X1").id
    letter = acts.Letter("12/BC-UBND", sent_on, b"%PDF", "bc.pdf")
    later = at(now=DUE + timedelta(days=3))
    acts.mark_sent_otherwise(session, later, obligation_id=number, letter=letter)
    assert owed_by(session, "X1").stand is stand
    assert board(session, actor=SYSTEM, period="2026-Q3")[0].received == 1
    send(session, a_return("X1"), at=DUE + timedelta(days=5))
    assert owed_by(session, "X1").stand is stand
    with pytest.raises(Conflict):
        acts.mark_sent_otherwise(session, later, obligation_id=number, letter=letter)


@pytest.mark.usefixtures("province")
@pytest.mark.parametrize(
    "letter",
    [
        acts.Letter(" ", date(2026, 9, 1), b"x", "x"),
        acts.Letter("1", date(2026, 9, 1), b"", "x"),
        acts.Letter("1", date(2026, 9, 11), b"x", "x"),
        acts.Letter("1", date(1, 1, 1), b"x", "x"),
        acts.Letter("1", date(2026, 6, 14), b"x", "x"),
    ],
)
def test_a_letter_needs_number_scan_and_a_day_since_the_window_began(
    session: Session, letter: acts.Letter
) -> None:
    """What cannot be proved later is not taken now."""
    number = owed_by(session, "X1").id
    with pytest.raises(Conflict):
        acts.mark_sent_otherwise(session, at(), obligation_id=number, letter=letter)


@pytest.mark.usefixtures("province")
def test_an_outage_moves_what_was_due_during_and_after_it(session: Session) -> None:
    """Two days of outage: two days more, to the end of the day; nothing is marked meanwhile."""
    began = datetime(2026, 9, 18, 10, tzinfo=ZONE)
    assert acts.suspend(session, at(now=began), period="2026-Q3") == 2
    assert acts.suspend(session, at(now=began), period="2026-Q3") == 0
    assert acts.resume(session, at(now=began + timedelta(days=2)), period="2026-Q3") == 2
    moved = owed_by(session, "X1")
    assert (moved.due_at, moved.declared_due_at) == (DUE + timedelta(days=2), DUE)
    assert moved.suspended_at is None
    changes = [event.change for event in acts.events_of(session, obligation_id=moved.id)]
    assert changes == ["suspended", "resumed"]


@pytest.mark.usefixtures("province")
def test_a_pause_after_the_due_instant_moves_nothing(session: Session) -> None:
    """Who was late before the outage stays late."""
    acts.suspend(session, at(now=DUE + timedelta(days=1)), period="2026-Q3")
    acts.resume(session, at(now=DUE + timedelta(days=3)), period="2026-Q3")
    assert owed_by(session, "X1").due_at == DUE


def test_a_pause_is_a_few_statements_however_many_units(
    session: Session, engine: Engine, province: ReportingUnit
) -> None:
    """Thirty more communes are no statement more."""
    counts = []
    for more in (1, 30):
        made = [a_unit(session, f"Y{more}{number}", parent=province) for number in range(more)]
        units = [unit.id for unit in made]
        an_open_period(session)
        with counted_statements(engine) as statements:
            acts.suspend(session, at(), period="2026-Q3", units=units)
            later = at(now=NOW + timedelta(days=1))
            acts.resume(session, later, period="2026-Q3", units=units)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_whose_act_it_is(session: Session, province: ReportingUnit) -> None:
    """The receiving unit acts for its own; the one that owes never for itself; others see none."""
    owed = owed_by(session, "X1")
    stranger = a_unit(session, "Z1")
    itself = of_unit("x1", owed.unit_id)
    above = of_unit("h55", province.id)
    with pytest.raises(NotAllowed):
        acts.waive(session, at(itself), obligation_id=owed.id)
    with pytest.raises(NotFound):
        acts.waive(session, at(of_unit("z", stranger.id)), obligation_id=owed.id)
    with pytest.raises(NotFound):
        acts.waive(session, at(), obligation_id=99_999)
    with pytest.raises(Conflict):
        acts.waive(session, at(reason=" "), obligation_id=owed.id)
    with pytest.raises(NotAllowed):
        acts.suspend(session, at(above), period="2026-Q3")
    assert acts.waive(session, at(above), obligation_id=owed.id).stand is Stand.WAIVED
    event = session.scalars(select(ObligationEvent)).one()
    assert (event.actor, event.reason) == ("h55", "Bão")


@pytest.mark.usefixtures("province")
def test_the_board_by_unit_and_by_form(session: Session) -> None:
    """The same counts, cut otherwise; rates never pass 100 %."""
    send(session, a_return("X1"), at=NOW)
    by_unit = board(session, actor=SYSTEM, period="2026-Q3", by=By.UNIT)
    assert [(line.unit_code, line.received) for line in by_unit] == [("X1", 1), ("X2", 0)]
    by_form = board(session, actor=SYSTEM, period="2026-Q3", by=By.FORM)[0]
    assert (by_form.expected, by_form.on_time, str(by_form.timeliness)) == (2, 1, "50.0")
    send(session, a_return("X1", rows={}) | {"tables": {"a": {"nil": True}}}, at=NOW)
    again = board(session, actor=SYSTEM, period="2026-Q3", by=By.FORM)[0]
    assert str(again.completeness) == "50.0"
