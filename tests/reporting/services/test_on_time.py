"""On time or late, open or closed: the last second of the due day, and what may move it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forms.reading_json import read_json
from reporting.models import Door, ReportingObligation, ReportingUnit, Stand
from reporting.services.obligation_acts import Circumstances, Letter, mark_sent_otherwise
from reporting.services.receipts import Receipt
from reporting.services.refusing import Delivery
from reporting.services.submissions import receive
from tests.builders import (
    SIGNER,
    SYSTEM,
    ZONE,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    as_json,
)
from tests.builders import shipped_forms as shipped

#: The last second of 19/9/2026 in Hà Nội, on a server whose clock is in UTC.
DUE = datetime(2026, 9, 19, 16, 59, 59, tzinfo=UTC)


@pytest.fixture
def commune(session: Session) -> ReportingUnit:
    """A commune that owes II.06a for the third quarter."""
    unit = a_unit(session, "X1", parent=a_province(session))
    an_open_period(session)
    return unit


def deliver(session: Session, at: datetime, *, begun: datetime | None = None) -> Receipt:
    """Send the return of X1, complete at one instant and begun at another."""
    body = as_json(a_return("X1"))
    delivery = Delivery(read_json(body), body, "r.json", Door.API, at, begun)
    return receive(
        session,
        actor=SYSTEM,
        delivery=delivery,
        catalogue=shipped(),
        clock=lambda: at,
        signer=SIGNER,
    )


def obligation(session: Session) -> ReportingObligation:
    """The one obligation, as it stands."""
    session.expire_all()
    return session.scalars(select(ReportingObligation)).one()


@pytest.mark.usefixtures("commune")
@pytest.mark.parametrize(
    ("late", "stand"), [(timedelta(0), Stand.ON_TIME), (timedelta(seconds=1), Stand.LATE)]
)
def test_the_last_second_of_the_due_day(session: Session, late: timedelta, stand: Stand) -> None:
    """23:59:59 in Hà Nội is on time, midnight is late; late is not locked."""
    receipt = deliver(session, DUE + late)
    assert receipt.verdict == "received"
    assert receipt.is_on_time is (stand is Stand.ON_TIME)
    assert obligation(session).stand is stand


@pytest.mark.usefixtures("commune")
@pytest.mark.parametrize(
    ("begun", "done", "is_on_time"),
    [
        (-timedelta(seconds=1), timedelta(minutes=9), True),
        (timedelta(0), timedelta(minutes=10), True),
        (-timedelta(seconds=1), timedelta(minutes=10, seconds=1), False),
        (timedelta(seconds=1), timedelta(seconds=2), False),
    ],
)
def test_who_began_before_the_due_instant_has_ten_minutes(
    session: Session, begun: timedelta, done: timedelta, is_on_time: bool
) -> None:
    """A slow line at 23:59 makes nobody late, and the receipt says why it is on time."""
    receipt = deliver(session, DUE + done, begun=DUE + begun)
    assert receipt.is_on_time is is_on_time
    assert ("begun_in_time" in {issue.code for issue in receipt.issues}) is is_on_time


@pytest.mark.usefixtures("commune")
def test_a_closed_period_takes_nothing(session: Session) -> None:
    """After its closing instant a return is refused, kept, and told whom to ask."""
    closes = DUE + timedelta(days=30)
    session.execute(update(ReportingObligation).values(closes_at=closes))
    refused = deliver(session, closes + timedelta(seconds=1))
    assert (refused.verdict, {issue.code for issue in refused.issues}) == (
        "refused",
        {"period_closed"},
    )
    assert deliver(session, closes).verdict == "received"


@pytest.mark.usefixtures("commune")
def test_figures_entered_after_a_letter_count_by_the_letter(session: Session) -> None:
    """Sent by other means in time, typed in a week later: on time."""
    session.execute(update(ReportingObligation).values(sent_otherwise_at=DUE))
    assert deliver(session, DUE + timedelta(days=7)).is_on_time


@pytest.mark.usefixtures("commune")
def test_a_waived_obligation_may_still_be_met(session: Session) -> None:
    """The return is received, and the unit stays out of the counts."""
    session.execute(update(ReportingObligation).values(stand=Stand.WAIVED))
    assert deliver(session, DUE).verdict == "received"
    assert obligation(session).stand is Stand.WAIVED


@pytest.mark.usefixtures("commune")
@pytest.mark.parametrize(
    ("begun", "done", "is_marked"),
    [
        (-timedelta(days=1), -timedelta(hours=8), False),
        (-timedelta(seconds=1), timedelta(minutes=9), False),
        (timedelta(hours=1), timedelta(hours=2), True),
    ],
)
def test_a_report_in_time_takes_back_the_mark_of_a_clock_that_was_ahead(
    session: Session, begun: timedelta, done: timedelta, is_marked: bool
) -> None:
    """Marked late too early, or while it was still being sent; what comes too late stays marked."""
    session.execute(update(ReportingObligation).values(late_at=DUE))
    deliver(session, DUE + done, begun=DUE + begun)
    assert (obligation(session).late_at is not None) is is_marked


@pytest.mark.usefixtures("commune")
@pytest.mark.parametrize(("day", "is_marked"), [(19, False), (20, True)])
def test_a_letter_in_time_takes_back_the_mark(session: Session, day: int, is_marked: bool) -> None:
    """It was sent by other means by the due day, and recorded after it."""
    session.execute(update(ReportingObligation).values(late_at=DUE))
    at = Circumstances(SYSTEM, "Mất mạng", shipped(), ZONE, DUE + timedelta(days=3))
    letter = Letter("12/BC", date(2026, 9, day), b"%PDF", "bc.pdf")
    mark_sent_otherwise(session, at, obligation_id=obligation(session).id, letter=letter)
    session.flush()
    assert (obligation(session).late_at is not None) is is_marked
