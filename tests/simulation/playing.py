"""Plays years: turns the clock, lets units report, kills schedulers, lets the clock jump."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import JobRun
from reporting.services.ledger import waiting
from tests.simulation.expecting import Heard
from tests.simulation.ringer import centre_of
from tests.simulation.staging import cast, report

_PATIENCE = 60.0

Nursery = subprocess.Popen[str]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played."""

    first: datetime
    last: datetime
    processes: int
    kills: int
    jumps: int
    longest_step: timedelta = timedelta(days=6)


@dataclass
class Play:
    """What was played, on what, and which rings were heard."""

    url: str
    size: Size
    folder: Path
    sessions: sessionmaker[Session]
    reading: sessionmaker[Session]
    kills: int = 0
    jumps: int = 0
    rings: int = 0
    heard: list[Heard] = field(default_factory=list)
    schedulers: list[int] = field(default_factory=list)

    @property
    def clock(self) -> Path:
        """The file in which the instant stands."""
        return self.folder / "clock"

    @property
    def centre(self) -> Path:
        """The folder of the information centre."""
        return centre_of(self.clock)


def play(
    url: str, folder: Path, size: Size, *, seed: int, tell: Callable[[str], None] = lambda _: None
) -> Play:
    """Play the whole of it on a store; the same seed turns the same clock."""
    engine = make_engine(url)
    migrate(engine)
    sessions = make_session_factory(engine), make_session_factory(engine, reading=True)
    game = Play(url, size, folder, *sessions)
    cast(game.sessions, size.first)
    _turn(game.clock, size.first)
    with _nursery(game) as nursery:
        game.schedulers = [_scheduler(nursery) for _ in range(size.processes)]
        _through_the_years(game, nursery, random.Random(seed), tell)  # noqa: S311 - a game's lots
    with game.reading() as session:
        game.rings = session.scalar(sa.select(sa.func.max(JobRun.id))) or 0
    engine.dispose()
    return game


def _through_the_years(
    game: Play, nursery: Nursery, dice: random.Random, tell: Callable[[str], None]
) -> None:
    """Turn the clock step by step; at steps drawn by lot kill a scheduler, or let it jump."""
    size = game.size
    steps = _steps(dice, size)
    unlucky = set(dice.sample(range(1, len(steps)), size.kills))
    jumping = set(dice.sample(range(1, len(steps)), size.jumps))
    for number, now in enumerate(steps):
        report(game.sessions, now)
        if number in jumping:
            game.jumps += 1
            astray = now + dice.choice((-1, 1)) * timedelta(days=1)
            _turn(game.clock, astray)
            _ring_at(game, astray, now)
        _turn(game.clock, now)
        if number in unlucky:
            _kill_one(game, nursery, dice)
        _ring_at(game, now, now)
        if number % 100 == 0:
            tell(f"{now:%d/%m/%Y}: {number} of {len(steps)} steps, {game.kills} kills")


def _steps(dice: random.Random, size: Size) -> list[datetime]:
    steps = [size.first]
    while steps[-1] < size.last:
        hours = dice.randint(1, int(size.longest_step.total_seconds()) // 3600)
        steps.append(min(steps[-1] + timedelta(hours=hours), size.last))
    return steps


def _turn(clock: Path, now: datetime) -> None:
    written = clock.with_suffix(".new")
    written.write_text(now.isoformat())
    written.replace(clock)


@contextmanager
def _nursery(game: Play) -> Iterator[Nursery]:
    """A process that starts schedulers; with its end they end, or are killed."""
    command = [sys.executable, "-m", "tests.simulation.ringer", game.url, str(game.clock)]
    with (
        (game.folder / "ringers.log").open("ab") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as nursery,
    ):
        try:
            yield nursery
        finally:
            for scheduler in game.schedulers:
                _kill(scheduler)


def _scheduler(nursery: Nursery) -> int:
    """Start one, and learn its number."""
    if nursery.stdin is None or nursery.stdout is None:
        raise AssertionError("the nursery has no pipes")
    nursery.stdin.write("one more\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def _kill_one(game: Play, nursery: Nursery, dice: random.Random) -> None:
    """Kill -9 at any statement: a random moment after the clock was turned; another is started."""
    time.sleep(dice.random() * 0.15)
    at = dice.randrange(len(game.schedulers))
    _kill(game.schedulers[at])
    game.schedulers[at] = _scheduler(nursery)
    game.kills += 1


def _kill(scheduler: int) -> None:
    """Kill -9, and wait until it is gone."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(scheduler, signal.SIGKILL)
            time.sleep(0.001)


def _ring_at(game: Play, instant: datetime, step: datetime) -> None:
    """Until a ring at this instant has come to its end and nothing is left for another one."""
    rung = sa.select(JobRun.id).where(JobRun.as_of == instant, JobRun.finished_at.is_not(None))
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        with game.reading() as session:
            has_rung = session.scalars(rung.limit(1)).first() is not None
            if has_rung and session.scalars(waiting(instant).limit(1)).first() is None:
                game.heard.append(Heard(instant, step))
                return
        time.sleep(0.01)
    said = (game.folder / "ringers.log").read_text(errors="replace")[-3_000:]
    raise AssertionError(f"no ring for {instant} within {_PATIENCE:.0f} s:\n{said}")
