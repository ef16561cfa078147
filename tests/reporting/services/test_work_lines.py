"""A queue of others: it holds ids of lines, delivers them twice and at once; each is done once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from sqlalchemy import func, select

from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import Edition, JobAction, JobRun
from reporting.services import scheduled_work
from reporting.services.ledger import Action
from reporting.work import ring_lightly, waiting_lines, work_line
from tests.builders import a_province, a_return, a_unit
from tests.reporting.services.receiving import send
from tests.reporting.services.towers import Tower, at


@pytest.fixture
def tower(empty_database_url: str) -> Iterator[Tower]:
    """Three provinces that have something to consolidate, and a ring that left it."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        for code in ("H55", "H26", "H17"):
            a_unit(session, f"{code}X", parent=a_province(session, code))
    tower = Tower(sessions)
    tower.ring(at(15, month=6))
    with sessions.begin() as session:
        for code in ("H55", "H26", "H17"):
            assert send(session, a_return(f"{code}X"), at=at(10)).verdict == "received"
    tower.now = at(23)
    ring_lightly(tower.bell, now=tower.now)
    yield tower
    engine.dispose()


def delivered(tower: Tower, numbers: list[int]) -> int:
    """How many lines four workers of a queue did, to whom every id came three times."""
    queue: SimpleQueue[int] = SimpleQueue()
    for number in numbers * 3:
        queue.put(number)

    def worker(_: int) -> int:
        done = 0
        while True:
            try:
                number = queue.get_nowait()
            except Empty:
                return done
            done += sum(work_line(tower.bell, number, tower.now).done.values())

    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(worker, range(4)))


def test_a_foreign_runner_takes_lines_by_their_ids(tower: Tower) -> None:
    """As many effects as lines; what these ask for in turn is found the next time."""
    waits = waiting_lines(tower.bell, now=tower.now)
    assert delivered(tower, waits) == len(waits) > 4
    assert tower.count(Edition) == 3
    handing_over = waiting_lines(tower.bell, now=tower.now)
    assert delivered(tower, handing_over) == len(handing_over) == 3
    assert waiting_lines(tower.bell, now=tower.now) == []


def test_a_line_that_is_done_or_not_due_is_left_alone(tower: Tower) -> None:
    """Nothing is done and no run is written, for an unknown id neither."""
    with tower.sessions() as session:
        to_come = session.scalar(select(JobAction.id).where(JobAction.due_at > tower.now).limit(1))
        done = session.scalar(select(func.min(JobAction.id)).where(JobAction.done_at.is_not(None)))
    runs = tower.count(JobRun)
    for number in (to_come, done, 424_242):
        assert number is not None
        assert work_line(tower.bell, number, tower.now).done == Counter()
    assert tower.count(JobRun) == runs


def test_a_line_that_fails_is_put_off_by_the_ledger(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is told and need not try again: the line waits until its rest is over."""

    def broken(*_: Any) -> dict[str, Any]:
        raise RuntimeError("the disk is full")

    first, *others = waiting_lines(tower.bell, now=tower.now)
    hands = {**scheduled_work.HANDS, Action.CONSOLIDATE: broken}
    with monkeypatch.context() as patched:
        patched.setattr("reporting.services.ringing.HANDS", hands)
        rung = work_line(tower.bell, first, tower.now)
    assert len(rung.failed) == 1
    assert waiting_lines(tower.bell, now=tower.now) == others
    with tower.sessions() as session:
        assert "the disk is full" in session.get_one(JobAction, first).last_error
