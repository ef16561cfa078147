"""The web server of the demonstration is ended whatever happens, and says why it did not start."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.demo import serving
from jobs.demo.sending import Sender, Unexpected
from jobs.demo.serving import HOST, DidNotStart, port_of, running_server, take_port
from reporting.db import make_engine, migrate

SOME_DAY = datetime(2026, 9, 16, 1, 30, tzinfo=UTC)


def _database(folder: Path) -> str:
    url = f"sqlite:///{folder / 'demo.sqlite3'}"
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()
    return url


def _workers_of(master: int) -> list[int]:
    children = Path(f"/proc/{master}/task/{master}/children")
    return [int(number) for number in children.read_text().split()]


def _is_running(number: int) -> bool:
    """Whether a process works; one that has ended and that nobody has asked about does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_is_stuck_is_ended_with_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that cannot be ended in order does not outlive the demonstration."""
    monkeypatch.setattr(serving, "_STOP_SECONDS", 2)
    url, log = _database(tmp_path), tmp_path / "server.log"
    with (
        take_port() as held,
        running_server(database_url=url, on=held, at=SOME_DAY, log=log) as process,
    ):
        workers = _workers_of(process.pid)
        assert workers
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
    give_up = time.monotonic() + 10
    while any(_is_running(worker) for worker in workers) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not any(_is_running(worker) for worker in workers)


def test_the_server_is_ended_on_a_failure_too(tmp_path: Path) -> None:
    """A failure inside the story leaves no process behind."""
    started = []

    def play() -> None:
        url = _database(tmp_path)
        with take_port() as held:
            address = HOST, port_of(held)
            log = tmp_path / "server.log"
            with running_server(database_url=url, on=held, at=SOME_DAY, log=log) as process:
                started.append(process)
                assert Sender(address, "").get("/health/ready").data["status"] == "ready"
                Sender(address, "wrong").get("/api/v1/forms")

    with pytest.raises(Unexpected, match="401"):
        play()
    assert started[0].poll() is not None


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """What the server wrote is in the message."""
    log = tmp_path / "server.log"
    with (
        take_port() as held,
        pytest.raises(DidNotStart, match="REPORTING_DATABASE_URL"),
        running_server(database_url="mysql://nobody", on=held, at=SOME_DAY, log=log),
    ):
        pytest.fail("it started")


def test_a_port_that_is_held_cannot_be_taken_again() -> None:
    """Two servers never share a port, so that no return goes to the wrong one."""
    with take_port() as held, pytest.raises(OSError, match="in use"):
        take_port(port_of(held))
