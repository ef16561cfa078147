"""A merger that the registry learns of while a period is open: the successor owes, once."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from reporting.models import (
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


def merge(session: Session, old: ReportingUnit, new: ReportingUnit) -> None:
    """The old unit ends on 30/6/2026, the new one begins the day after."""
    last = date(2026, 6, 30)
    old.valid_to = last
    for term in session.scalars(select(UnitTerm).where(UnitTerm.unit_id == old.id)):
        term.valid_to = last
    session.add(
        UnitLineage(
            predecessor_id=old.id,
            successor_id=new.id,
            on_date=date(2026, 7, 1),
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
    assert followed(session) == {"moved": 2, "created": 1}
    assert followed(session) == {"moved": 0, "created": 0}
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
