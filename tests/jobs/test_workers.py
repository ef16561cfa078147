"""Workers as they are started, on PostgreSQL: what reaches them, how they share it and die."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import Engine, select

from jobs.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import Edition, JobAction, JobRun, ReportingUnit
from reporting.services import locks
from reporting.services.ledger import Action, Ask, ask
from reporting.work import carry_again, waiting_lines
from tests.builders import LEAF_FORM, a_province, a_return, a_unit
from tests.jobs.processes import started, until
from tests.reporting.services.receiving import send
from tests.reporting.services.towers import Tower, at

FORM, PERIOD = "II.06c/VPCP/KSTT", "2026-Q3"
NOW = at(23)
PROVINCES = ("H55", "H26", "H17")
#: The dead are given up after 15 s without a sign, and looked for every 5 s.
UNTIL_TAKEN_UP = 90.0

pytestmark = pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)


@pytest.fixture
def tower(empty_database_url: str) -> Iterator[Tower]:
    """Three provinces that have something to consolidate, and nothing that is asked for yet."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        for code in PROVINCES:
            a_unit(session, f"{code}X", parent=a_province(session, code))
    tower = Tower(sessions)
    tower.ring(at(15, month=6))
    with sessions.begin() as session:
        for code in PROVINCES:
            assert send(session, a_return(f"{code}X"), at=at(10)).verdict == "received"
        # What the regimes ask for is set aside: each test asks for its own.
        session.execute(sa.update(JobAction).values(done_at=at(22)))
        session.execute(sa.text("DELETE FROM procrastinate_jobs"))
    tower.now = NOW
    yield tower
    engine.dispose()


def engine_of(tower: Tower) -> Engine:
    """The engine of the store."""
    with tower.sessions() as session:
        engine = session.get_bind()
    assert isinstance(engine, Engine)
    return engine


def a_process(
    tower: Tower, log: Path, *words: str
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`reporting-jobs` with these words, whose clock stands where that of the tower does."""
    url = engine_of(tower).url.render_as_string(hide_password=False)
    return started(words, url, log, REPORTING_CLOCK_STANDS_AT=NOW.isoformat())


def ask_for(tower: Tower, *units: str, occurrence: str = "") -> None:
    """Ask for editions of provinces, in one transaction."""
    lines = [Ask(Action.CONSOLIDATE, NOW, FORM, PERIOD, unit, occurrence) for unit in units]
    with tower.sessions.begin() as session:
        ask(session, lines, now=NOW)


def jobs_of(tower: Tower) -> list[tuple[str, str]]:
    """What waits in the queue or is in hand: each line, and how it stands."""
    query = "SELECT queueing_lock, status FROM procrastinate_jobs WHERE task_name = 'work_line'"
    with tower.sessions() as session:
        return sorted((row[0], row[1]) for row in session.execute(sa.text(query)))


def all_done(tower: Tower) -> bool:
    """Whether nothing is left, in the ledger and in the queue."""
    return not waiting_lines(tower.bell, now=NOW) and not jobs_of(tower)


@contextmanager
def consolidating_held_up(tower: Tower) -> Iterator[None]:
    """Someone else has the lock of what H55 is owed: who consolidates stands in the middle."""
    with tower.sessions.begin() as session:
        unit_id = session.scalars(select(ReportingUnit.id).filter_by(code="H55")).one()
        locks.exclude(session, forms=[LEAF_FORM], period=PERIOD, receivers=[unit_id])
        yield


def someone_stands(tower: Tower) -> bool:
    """Whether a consolidation has begun and waits for the lock."""
    query = sa.text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    with tower.sessions() as session:
        return bool(session.scalar(query))


def test_a_job_is_there_if_its_cause_is(tower: Tower) -> None:
    """Rolled back, nothing was asked and nothing comes; committed, one job for one line."""
    line = Ask(Action.CONSOLIDATE, NOW, FORM, PERIOD, "H55")
    with tower.sessions() as session:
        ask(session, [line], now=NOW)
        session.rollback()
    assert jobs_of(tower) == []
    for _ in range(2):
        ask_for(tower, "H55")
    [number] = waiting_lines(tower.bell, now=NOW)
    assert jobs_of(tower) == [(f"line {number}", "todo")]


def test_only_heavy_lines_are_carried_each_from_its_instant_on(tower: Tower) -> None:
    """A reminder is the ring's; a consolidation that is due later comes to workers later."""
    lines = [
        Ask(Action.CONSOLIDATE, at(20, month=10), FORM, PERIOD, "H55"),
        Ask(Action.REMIND, NOW, FORM, PERIOD, "H55"),
    ]
    with tower.sessions.begin() as session:
        ask(session, lines, now=NOW)
        instants = session.scalars(sa.text("SELECT scheduled_at FROM procrastinate_jobs"))
        assert list(instants) == [at(20, month=10)]


def test_what_was_lost_on_the_way_is_brought_again(tower: Tower) -> None:
    """Someone empties the queue: the next ring brings what is due, once."""
    ask_for(tower, *PROVINCES)
    before = jobs_of(tower)
    with tower.sessions.begin() as session:
        session.execute(sa.text("DELETE FROM procrastinate_jobs WHERE id % 2 = 0"))
    kept = jobs_of(tower)
    brought = carry_again(tower.bell, now=NOW)
    assert jobs_of(tower) == before
    assert len(brought) == len(before) - len(kept) > 0
    assert carry_again(tower.bell, now=NOW) == []


def test_working_once_does_what_waits_and_ends(tower: Tower) -> None:
    """Also what a line asks for in turn; the second time there is nothing."""
    ask_for(tower, *PROVINCES)
    url = engine_of(tower).url.render_as_string(hide_password=False)
    runner = CliRunner(
        env={"REPORTING_DATABASE_URL": url, "REPORTING_CLOCK_STANDS_AT": NOW.isoformat()}
    )
    done = [runner.invoke(main, ["work", "--once"]) for _ in range(2)]
    assert [one.exit_code for one in done] == [0, 0]
    assert "3 consolidate" in done[0].output
    assert "3 skipped" in done[0].output  # Handing over, where no folder is named.
    assert done[1].output == "nothing\n"
    assert all_done(tower)


def test_two_workers_share_what_there_is(tower: Tower, tmp_path: Path) -> None:
    """Sixty lines and what they ask for: each is done once, some by either."""
    logs = [tmp_path / "first", tmp_path / "second"]
    with a_process(tower, logs[0], "work"), a_process(tower, logs[1], "work", "--at-once", "2"):
        for number in range(20):
            ask_for(tower, *PROVINCES, occurrence=str(number))
        until(lambda: all_done(tower), logs[0])
    with tower.sessions() as session:
        asked = session.scalars(select(JobAction).where(JobAction.asked_at == NOW)).all()
        runs = session.scalars(select(JobRun.id).where(JobRun.job == "work")).all()
    assert len(asked) == 60 + 3
    assert sorted(line.run_id or 0 for line in asked) == sorted(runs)
    assert tower.count(Edition) == 3


def test_what_a_killed_worker_had_in_hand_is_done_by_another(tower: Tower, tmp_path: Path) -> None:
    """Killed by -9 in the middle of a consolidation: there is one edition, made by the other."""
    logs = [tmp_path / "first", tmp_path / "second"]
    ask_for(tower, "H55")
    with a_process(tower, logs[0], "work") as first:
        with consolidating_held_up(tower):
            until(lambda: someone_stands(tower), logs[0])
            first.send_signal(signal.SIGKILL)
            first.wait(timeout=30)
        with a_process(tower, logs[1], "work"):
            until(lambda: all_done(tower), logs[1], patience=UNTIL_TAKEN_UP)
    assert "taken up from a worker that died" in logs[1].read_text()
    with tower.sessions() as session:
        runs = session.scalars(select(JobRun).where(JobRun.job == "work").order_by(JobRun.id)).all()
        line = session.scalars(
            select(JobAction).where(
                JobAction.asked_at == NOW, JobAction.action == Action.CONSOLIDATE
            )
        ).one()
    assert [run.finished_at is None for run in runs[:2]] == [True, False]
    assert (line.run_id, line.attempts) == (runs[1].id, 0)
    assert tower.count(Edition) == 1


def test_a_worker_that_is_told_to_end_finishes_what_it_has_in_hand(
    tower: Tower, tmp_path: Path
) -> None:
    """It stays until the edition is committed, and takes no more."""
    log = tmp_path / "log"
    ask_for(tower, "H55")
    with a_process(tower, log, "work") as process:
        with consolidating_held_up(tower):
            until(lambda: someone_stands(tower), log)
            process.terminate()
            time.sleep(1)
            assert process.poll() is None
        process.wait(timeout=30)
    assert tower.count(Edition) == 1
    assert [status for _, status in jobs_of(tower)] == ["todo"]  # What the edition asked for.


def test_where_nobody_started_a_worker_the_scheduler_has_one_inside(
    tower: Tower, tmp_path: Path
) -> None:
    """Heavy work goes by the queue there too; only where it is left to others it waits."""
    logs = [tmp_path / "without", tmp_path / "with"]
    ask_for(tower, "H55")
    with a_process(tower, logs[0], "serve", "--every", "0.2", "--no-work"):
        until(lambda: tower.count(JobRun, job="ring") > 2, logs[0])
    assert tower.count(Edition) == 0
    with a_process(tower, logs[1], "serve", "--every", "0.2"):
        until(lambda: tower.count(Edition) == 1, logs[1])
