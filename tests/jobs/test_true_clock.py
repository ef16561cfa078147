"""A machine whose clock is a day off: nothing is rung, and a sentence says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select

from jobs.cli import main
from jobs.clock import Ringer
from jobs.leading import NoLead
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import JobRun
from reporting.parts import Parts, make_parts
from reporting.settings import Settings
from tests.builders import a_province


@pytest.fixture
def parts(empty_database_url: str) -> Iterator[Parts]:
    """The parts of a process on a migrated store."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        a_province(session)
    engine.dispose()
    made = make_parts(Settings(database_url=empty_database_url, secret_key="k" * 40))
    yield made
    made.engine.dispose()


def runs(parts: Parts) -> int:
    """How many ringings have begun."""
    with parts.sessions() as session:
        return session.scalar(select(func.count()).select_from(JobRun)) or 0


def command(parts: Parts, *words: str) -> tuple[int, str]:
    """The exit code and the words of `reporting-jobs`."""
    url = parts.engine.url.render_as_string(hide_password=False)
    done = CliRunner(env={"REPORTING_DATABASE_URL": url}).invoke(main, words)
    return done.exit_code, done.output


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_off_rings_for_nothing(parts: Parts, days: int) -> None:
    """Neither the process nor the command; at a named instant it rings all the same."""
    is_postgresql = parts.engine.dialect.name == "postgresql"
    true_now = datetime.now(UTC)
    ringer = Ringer(parts.bell, NoLead(), 0, now=parts.ringing_now)
    with (
        time_machine.travel(true_now + timedelta(days=days)),
        structlog.testing.capture_logs() as said,
    ):
        ringer.beat()
        code, words = command(parts, "run")
        if not is_postgresql:  # There is no other clock to ask.
            assert (code, runs(parts)) == (0, 2)
            return
        assert (code, runs(parts)) == (1, 0)
        assert "Đồng hồ của máy này" in words
        assert any(line["event"] == "held back" for line in said)
        named = (true_now - timedelta(days=2)).isoformat()
        assert command(parts, "run", "--as-of", named)[0] == 0
    ringer.beat()
    assert runs(parts) == 2


def test_clocks_that_agree_by_minutes_are_believed(parts: Parts) -> None:
    """A little drift stops nothing."""
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=20)):
        Ringer(parts.bell, NoLead(), 0, now=parts.ringing_now).beat()
    assert runs(parts) == 1
