"""A small size of the simulation, and that its counting would see what it looks for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reporting.db import make_engine
from reporting.models import Notice, ObligationEvent, ReportingObligation
from tests.builders import ZONE
from tests.simulation.counting import count
from tests.simulation.playing import Size, play

FIRST = datetime(2027, 1, 5, tzinfo=ZONE)


def test_nothing_happens_twice_and_nothing_is_missed(
    empty_database_url: str, tmp_path: Path
) -> None:
    """Half a year with kills and jumps: every deadline once; and a count that can tell."""
    processes = 2 if empty_database_url.startswith("postgresql") else 1
    size = Size(FIRST, datetime(2027, 7, 5, tzinfo=ZONE), processes, kills=4, jumps=4)
    game = play(empty_database_url, tmp_path, size, seed=1)
    engine = make_engine(empty_database_url)
    with Session(engine) as session:
        tally = count(session, size)
        assert (tally.twice, tally.missed) == ([], [])
        assert tally.deadlines > 100
        assert (game.kills, game.jumps) == (4, 4)
        assert _spoilt(session, size) == {"twice", "missed"}
        session.rollback()
    engine.dispose()


def _spoilt(session: Session, size: Size) -> set[str]:
    """What the count says after one mark was doubled and one notice taken away."""
    mark = session.scalars(sa.select(ObligationEvent).limit(1)).one()
    session.add(
        ObligationEvent(
            obligation_id=mark.obligation_id,
            change=mark.change,
            at=mark.at,
            actor="clock",
            details={},
        )
    )
    notice = session.scalars(sa.select(Notice).where(Notice.kind == "overdue").limit(1)).one()
    session.delete(notice)
    session.flush()
    tally = count(session, size)
    return {name for name in ("twice", "missed") if getattr(tally, name)}


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_the_count_misses_a_unit_that_was_forgotten(
    empty_database_url: str, tmp_path: Path
) -> None:
    """A period without one of its obligations is a period that was not opened right."""
    size = Size(FIRST, datetime(2027, 2, 5, tzinfo=ZONE), 1, kills=0, jumps=0)
    play(empty_database_url, tmp_path, size, seed=2)
    engine = make_engine(empty_database_url)
    with Session(engine) as session:
        row = session.scalars(
            sa.select(ReportingObligation)
            .where(ReportingObligation.id.not_in(sa.select(Notice.obligation_id)))
            .limit(1)
        ).one()
        session.delete(row)
        session.flush()
        assert len(count(session, size).missed) == 1
        session.rollback()
    engine.dispose()
