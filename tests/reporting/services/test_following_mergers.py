"""A merger that the registry learns of while a period is open: the successor owes, once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from reporting.models import (
    JobAction,
    LineageExtent,
    LineageKind,
    ObligationEvent,
    ReportingObligation,
    ReportingUnit,
    Stand,
    UnitLineage,
    UnitTerm,
)
from reporting.services.board import By, board
from reporting.services.following_mergers import follow_mergers
from tests.builders import (
    SYSTEM,
    ZONE,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import counted_statements, send

NOW = datetime(2026, 8, 1, 3, tzinfo=ZONE)


def followed(session: Session, now: datetime = NOW) -> dict[str, int]:
    """What following the mergers does at an instant."""
    return follow_mergers(session, actor="clock", catalogue=shipped_forms(), zone=ZONE, now=now)


def merge(
    session: Session, old: ReportingUnit, new: ReportingUnit, *, last: date = date(2026, 6, 30)
) -> None:
    """The old unit ends on a day, the new one begins the day after."""
    old.valid_to = last
    for term in session.scalars(select(UnitTerm).where(UnitTerm.unit_id == old.id)):
        term.valid_to = last
    session.add(
        UnitLineage(
            predecessor_id=old.id,
            successor_id=new.id,
            on_date=last + timedelta(days=1),
            kind=LineageKind.MERGE,
            extent=LineageExtent.WHOLE,
        )
    )
    session.flush()


def test_the_successor_owes_what_two_merged_units_had_not_sent(session: Session) -> None:
    """Once for both; the same due instant; the old ones are let go with their reason."""
    province = a_province(session)
    old = [a_unit(session, code, parent=province) for code in ("O1", "O2")]
    other = a_unit(session, "O3", parent=province)
    an_open_period(session)
    new = a_unit(session, "N1", parent=province, valid_from=date(2026, 7, 1))
    for unit in old:
        merge(session, unit, new)
    assert followed(session) == {"moved": 2, "created": 1, "receivers": 0}
    assert followed(session) == {"moved": 0, "created": 0, "receivers": 0}
    lines = board(session, actor=SYSTEM, period="2026-Q3", by=By.UNIT)
    assert {line.unit_code: line.expected for line in lines} == {
        "O1": 0, "O2": 0, "O3": 1, "N1": 1,
    }  # fmt: skip
    rows = session.scalars(
        select(ReportingObligation).where(ReportingObligation.unit_id.in_([new.id, other.id]))
    ).all()
    assert rows[0].due_at == rows[1].due_at
    events = session.scalars(select(ObligationEvent)).all()
    assert [event.details for event in events] == [{"successors": ["N1"]}] * 2


def test_what_was_sent_before_the_merger_stays(session: Session) -> None:
    """A report that is there is history, and is asked of nobody again."""
    province = a_province(session)
    old = a_unit(session, "O1", parent=province)
    an_open_period(session)
    send(session, a_return("O1"))
    new = a_unit(session, "N1", parent=province, valid_from=date(2026, 7, 1))
    merge(session, old, new)
    assert followed(session)["moved"] == 0
    assert session.scalars(select(ReportingObligation)).one().stand is Stand.ON_TIME


def test_following_and_the_board_are_a_few_statements(session: Session, engine: Engine) -> None:
    """However many units there are."""
    province = a_province(session)
    counts = []
    for round_, more in enumerate((1, 20)):
        old = [a_unit(session, f"O{round_}{n}", parent=province) for n in range(more)]
        an_open_period(session, units=old)
        new = a_unit(session, f"N{round_}", parent=province, valid_from=date(2026, 7, 1))
        for unit in old:
            merge(session, unit, new)
        with counted_statements(engine) as statements:
            followed(session)
            board(session, actor=SYSTEM, period="2026-Q3", by=By.UNIT)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_unit_that_ends_between_window_and_due_day_hands_its_report_on(session: Session) -> None:
    """Window to 14/9, end on 18/9, due on 19/9: moved on the 19th, and not before."""
    province = a_province(session)
    old = a_unit(session, "O1", parent=province)
    other = a_unit(session, "O2", parent=province)
    an_open_period(session)
    new = a_unit(session, "N1", parent=province, valid_from=date(2026, 9, 16))
    merge(session, old, new, last=date(2026, 9, 18))
    merge(session, other, new, last=date(2026, 9, 19))
    assert followed(session, datetime(2026, 9, 18, 2, tzinfo=ZONE))["moved"] == 0
    assert followed(session, datetime(2026, 9, 19, 2, tzinfo=ZONE))["moved"] == 1
    assert followed(session, datetime(2026, 9, 21, 2, tzinfo=ZONE))["moved"] == 0
    lines = board(session, actor=SYSTEM, period="2026-Q3", by=By.UNIT)
    assert {line.unit_code: line.expected for line in lines} == {"O1": 0, "O2": 1, "N1": 1}
    assert send(session, a_return("N1")).verdict == "received"


def test_what_is_owed_to_a_merged_province_is_owed_to_its_successor(session: Session) -> None:
    """H55 goes into H99 on 1/8: both what was sent and what was not, and the editions of it."""
    old, new, third = (a_province(session, code) for code in ("H55", "H99", "H98"))
    moved, left, split = (a_unit(session, code, parent=old) for code in ("X1", "X2", "X3"))
    an_open_period(session)
    assert send(session, a_return("X1")).verdict == "received"
    merge(session, old, new, last=date(2026, 7, 31))
    stand_under(session, moved, new)
    stand_under(session, split, third)
    assert followed(session)["receivers"] == 3
    assert followed(session)["receivers"] == 0
    rows = session.scalars(select(ReportingObligation)).all()
    assert {row.unit_id: row.receiver_id for row in rows} == {
        moved.id: new.id, left.id: new.id, split.id: third.id,
    }  # fmt: skip
    events = session.scalars(select(ObligationEvent)).all()
    assert events[0].details == {"from": "H55", "receiver": "H99"}
    asked = session.scalars(select(JobAction.unit_code).where(JobAction.action == "consolidate"))
    assert set(asked) == {"H99", "H98"}


def stand_under(session: Session, unit: ReportingUnit, parent: ReportingUnit) -> None:
    """A unit stands under another one from 1/8/2026 on."""
    first = date(2026, 8, 1)
    term = session.scalars(select(UnitTerm).where(UnitTerm.unit_id == unit.id)).one()
    term.valid_to = first - timedelta(days=1)
    session.add(
        UnitTerm(
            unit_id=unit.id,
            parent_id=parent.id,
            name_vi=unit.name_vi,
            name_en=unit.name_en,
            valid_from=first,
            valid_to=None,
            recorded_at=NOW,
            recorded_by="test",
        )
    )
    session.flush()
