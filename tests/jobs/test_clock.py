"""The process that rings: the real clock, one leader among several, a take-over, one on SQLite."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from jobs.cli import main
from jobs.leading import FileLead, SecondScheduler, ServerLead, lead_of
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import JobAction, JobRun, ReportingObligation, UnitKind
from tests.builders import a_unit
from tests.jobs.processes import started, until

#: Within how many seconds another scheduler leads after a death. It asks for the lead every second;
#: the rest is for a busy machine.
TAKE_OVER = 10.0


@pytest.fixture
def store(empty_database_url: str) -> str:
    """A migrated store with a province and a commune."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        province = a_unit(session, "H55", kind=UnitKind.PROVINCE)
        a_unit(session, "X1", parent=province)
    engine.dispose()
    return empty_database_url


@contextmanager
def scheduler(url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`reporting-jobs serve` as a process of its own; ended by its number."""
    with started(["serve", "--every", "0.2"], url, log) as process:
        yield process


def count(engine: sa.Engine, model: type) -> int:
    """How many rows there are."""
    with Session(engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def workers_inside(engine: sa.Engine) -> int:
    """How many schedulers have their worker."""
    with engine.connect() as connection:
        counted = connection.execute(sa.text("SELECT count(*) FROM procrastinate_workers"))
        return int(counted.scalar_one())


def rings_ended(engine: sa.Engine) -> int:
    """How many rings came to their end."""
    with Session(engine) as session:
        query = sa.select(sa.func.count()).select_from(JobRun)
        return session.scalar(query.where(JobRun.finished_at.is_not(None))) or 0


def test_the_real_clock_opens_what_runs_today(store: str, tmp_path: Path) -> None:
    """APScheduler rings, the ledger decides, and obligations of today's periods stand there."""
    log = tmp_path / "log"
    engine = make_engine(store)
    with scheduler(store, log):
        until(lambda: rings_ended(engine), log)
        owed, done = count(engine, ReportingObligation), count(engine, JobAction)
        assert owed
        rings = rings_ended(engine)
        until(lambda: rings_ended(engine) > rings + 1, log)
        assert (count(engine, ReportingObligation), count(engine, JobAction)) == (owed, done)
    engine.dispose()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_another_scheduler_takes_over_from_one_that_was_killed(store: str, tmp_path: Path) -> None:
    """Two on PostgreSQL: one leads; after kill -9 the other rings within seconds."""
    logs = [tmp_path / "first", tmp_path / "second"]
    engine = make_engine(store)
    with scheduler(store, logs[0]) as first:
        until(lambda: "leads" in logs[0].read_text(), logs[0])
        with scheduler(store, logs[1]):
            until(lambda: workers_inside(engine) == 2, logs[1])  # So both are up.
            time.sleep(2)
            assert "leads" not in logs[1].read_text()
            first.send_signal(signal.SIGKILL)
            first.wait(timeout=30)
            rings = count(engine, JobRun)
            until(lambda: "leads" in logs[1].read_text(), logs[1], patience=TAKE_OVER)
            until(lambda: count(engine, JobRun) > rings, logs[1])
    engine.dispose()


def test_a_second_scheduler_on_a_file_refuses_to_start(tmp_path: Path) -> None:
    """It says that there is one already, which, and what to do."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = make_engine(url)
    migrate(engine)
    first = lead_of(engine)
    assert isinstance(first, FileLead)
    assert first.take()
    result = CliRunner(env={"REPORTING_DATABASE_URL": url}).invoke(main, ["serve"])
    assert result.exit_code == 1
    assert str(os.getpid()) in result.output
    assert "PostgreSQL" in result.output
    first.give_up()
    second = lead_of(engine)
    assert second.take()
    with pytest.raises(SecondScheduler):
        first.take()
    second.give_up()
    engine.dispose()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_a_lead_whose_connection_is_gone_is_given_up(store: str, tmp_path: Path) -> None:
    """The server ends the session: the lock is free, and the old leader knows that it has none."""
    engine, log = make_engine(store), tmp_path / "log"
    log.touch()
    first, second = ServerLead(engine), ServerLead(engine)
    assert first.take()
    assert not second.take()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        admin.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
            )
        )
    assert not first.take()
    until(second.take, log)
    assert not first.take()
    second.give_up()
    until(
        first.take, log
    )  # The server lets go of the lock when it sees that the connection is closed.
    first.give_up()
    engine.dispose()


def test_the_clock_outlives_its_database(store: str, tmp_path: Path) -> None:
    """While the database is away the log says so in a sentence; back again, the clock goes on."""
    if store.startswith("sqlite"):
        return  # A file does not go away.
    engine, log = make_engine(store), tmp_path / "log"
    name = engine.url.database
    keeper = sa.create_engine(
        engine.url.set(database="template1"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )

    def let_in(answer: str) -> None:
        with keeper.connect() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {answer}')
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"
                ),
                {"n": name},
            )

    with scheduler(store, log) as process:
        until(lambda: rings_ended(engine) > 1, log)
        engine.dispose()
        let_in("false")
        until(lambda: "leads no more" in log.read_text(), log)
        time.sleep(2)
        assert process.poll() is None
        let_in("true")
        before = rings_ended(engine)
        until(lambda: rings_ended(engine) > before + 1, log)
    assert "Traceback" not in log.read_text()
    with Session(engine) as session:
        done = sa.select(sa.func.count()).where(JobAction.done_at.is_not(None))
        again = done.where(JobAction.attempts > 0)
        assert (session.scalar(done) or 0) > 0
        assert session.scalar(again) == 0
    engine.dispose()
    keeper.dispose()


def test_a_worker_is_for_postgresql(store: str) -> None:
    """It does what is due and ends; on SQLite it says who does the work there."""
    done = CliRunner(env={"REPORTING_DATABASE_URL": store}).invoke(main, ["work", "--once"])
    if store.startswith("sqlite"):
        assert done.exit_code == 1
        assert "SQLite" in done.output
    else:
        assert (done.exit_code, done.output) == (0, "nothing\n")


def test_an_unknown_job_is_a_sentence(store: str) -> None:
    """It names the jobs that there are."""
    done = CliRunner(env={"REPORTING_DATABASE_URL": store}).invoke(main, ["run", "make-coffee"])
    assert done.exit_code == 1
    assert "make-coffee" in done.output
    assert "remind" in done.output


def test_two_schedulers_that_start_together_open_once(store: str, tmp_path: Path) -> None:
    """On an empty store: one leads, and whatever both tried is there once."""
    if store.startswith("sqlite"):
        return  # There the second refuses, see above.
    engine, logs = make_engine(store), (tmp_path / "a", tmp_path / "b")
    with scheduler(store, logs[0]), scheduler(store, logs[1]):
        until(lambda: rings_ended(engine) > 2, logs[0])
        leading = sum(log.read_text().count("this scheduler leads") for log in logs)
    opened = sa.select(sa.func.count()).where(JobAction.action == "open")
    events = sa.select(sa.func.count()).select_from(ReportingObligation)
    with Session(engine) as session:
        kinds = session.execute(
            sa.select(JobAction.form_code, JobAction.period).where(JobAction.action == "open")
        ).all()
        assert session.scalar(opened) == len(set(kinds)) > 0
        assert (session.scalar(events) or 0) > 0
    assert leading == 1
    engine.dispose()
