"""Plays years: turns the clock, lets units report, kills schedulers, lets the clock jump."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import JobRun, ReportingObligation, ReportingUnit, Stand, UnitKind
from reporting.services.ringing import Bell, ring
from tests.builders import LEAF_FORM, ZONE, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send

#: The unit that reports everything of one form on time; the others never report.
DILIGENT = "X1"

_PATIENCE = 60.0


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
    """What was played, and on what."""

    url: str
    size: Size
    kills: int = 0
    jumps: int = 0
    rings: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)


def play(
    url: str, folder: Path, size: Size, *, seed: int, tell: Callable[[str], None] = lambda _: None
) -> Play:
    """Play the whole of it on a store; the same seed turns the same clock."""
    engine = make_engine(url)
    migrate(engine)
    sessions = make_session_factory(engine)
    _cast(sessions)
    clock = folder / "clock"
    _turn(clock, size.first)
    game = Play(url, size)
    dice = random.Random(seed)  # noqa: S311 - the lots of a game, not a secret
    try:
        game.processes = [_scheduler(url, clock, folder) for _ in range(size.processes)]
        _through_the_years(game, dice, clock, folder, sessions, tell)
    finally:
        for process in game.processes:
            process.kill()
            process.wait(timeout=30)
    # What a kill left undone at the very end is caught up by a last ring.
    bell = Bell(sessions, shipped_forms(), ZONE, lambda: size.last)
    ring(bell, now=size.last)
    with sessions() as session:
        game.rings = session.scalar(sa.select(sa.func.max(JobRun.id))) or 0
    engine.dispose()
    return game


def _through_the_years(
    game: Play,
    dice: random.Random,
    clock: Path,
    folder: Path,
    sessions: sessionmaker[Session],
    tell: Callable[[str], None],
) -> None:
    """Turn the clock step by step; at steps drawn by lot kill the leader, or let the clock jump."""
    size = game.size
    steps = _steps(dice, size)
    unlucky = set(dice.sample(range(1, len(steps)), size.kills))
    jumping = set(dice.sample(range(1, len(steps)), size.jumps))
    for number, now in enumerate(steps):
        _report(sessions, now)
        if number in jumping:
            game.jumps += 1
            _turn(clock, now + dice.choice((-1, 1)) * timedelta(days=1))
            time.sleep(0.05)
        _turn(clock, now)
        if number in unlucky:
            _kill_one(game, dice, clock, folder)
        _wait_for_a_ring(sessions, now, folder)
        if number % 100 == 0:
            tell(f"{now:%d/%m/%Y}: {number} of {len(steps)} steps, {game.kills} kills")


def _steps(dice: random.Random, size: Size) -> list[datetime]:
    steps = [size.first]
    while steps[-1] < size.last:
        hours = dice.randint(1, int(size.longest_step.total_seconds()) // 3600)
        steps.append(min(steps[-1] + timedelta(hours=hours), size.last))
    return steps


def _cast(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        government = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
        province = a_unit(session, "H55", kind=UnitKind.PROVINCE, parent=government)
        ministry = a_unit(session, "G01", kind=UnitKind.MINISTRY, parent=government)
        a_unit(session, DILIGENT, parent=province)
        a_unit(session, "X2", parent=province)
        a_unit(session, "S1", kind=UnitKind.DEPARTMENT, parent=province)
        a_unit(session, "T1", kind=UnitKind.SUBORDINATE, parent=ministry)


def _report(sessions: sessionmaker[Session], now: datetime) -> None:
    """The diligent unit sends what it owes of its form and is not late with."""
    owed = ReportingObligation
    query = (
        sa.select(owed.period)
        .join(ReportingUnit, ReportingUnit.id == owed.unit_id)
        .where(
            ReportingUnit.code == DILIGENT,
            owed.form_code == LEAF_FORM,
            owed.stand == Stand.MISSING,
            owed.late_at.is_(None),
            owed.opens_at <= now,
            owed.due_at >= now,
        )
    )
    with sessions.begin() as session:
        for period in session.scalars(query).all():
            receipt = send(session, a_return(DILIGENT, period=period), at=now)
            if receipt.verdict != "received":
                raise AssertionError(f"the diligent unit was refused: {receipt.issues}")


def _turn(clock: Path, now: datetime) -> None:
    written = clock.with_suffix(".new")
    written.write_text(now.isoformat())
    written.replace(clock)


def _scheduler(url: str, clock: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.simulation.ringer", url, str(clock)]
    with (folder / "ringers.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ.copy())


def _kill_one(game: Play, dice: random.Random, clock: Path, folder: Path) -> None:
    """Kill -9 at any statement: a random moment after the clock was turned; another is started."""
    time.sleep(dice.random() * 0.15)
    at = dice.randrange(len(game.processes))
    victim = game.processes[at]
    victim.send_signal(signal.SIGKILL)
    victim.wait(timeout=30)
    game.processes[at] = _scheduler(game.url, clock, folder)
    game.kills += 1


def _wait_for_a_ring(sessions: sessionmaker[Session], now: datetime, folder: Path) -> None:
    """Until some ring for this instant has come to its end."""
    rung = sa.select(JobRun.id).where(JobRun.as_of >= now, JobRun.finished_at.is_not(None))
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        with sessions() as session:
            if session.scalars(rung.limit(1)).first() is not None:
                return
        time.sleep(0.005)
    said = (folder / "ringers.log").read_text(errors="replace")[-3_000:]
    raise AssertionError(f"no ring for {now} within {_PATIENCE:.0f} s:\n{said}")
