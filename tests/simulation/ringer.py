"""Scheduler processes of the simulation: the real lead and the real ring on a clock in a file."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from jobs.clock import Ringer
from jobs.leading import lead_of
from reporting.db import make_engine, make_session_factory
from reporting.services.ringing import Bell
from tests.builders import ZONE
from tests.simulation.staging import staged_forms

#: Seconds between two looks at the clock, and between two rings where nobody turned it.
_LOOK, _AGAIN = 0.01, 0.2


def centre_of(clock: Path) -> Path:
    """The folder of the information centre, beside the clock."""
    return clock.with_name("centre")


def main(url: str, clock_file: str) -> None:
    """Start a scheduler for each line that is read, and answer its process number.

    A process that is forked rings at once; a new interpreter would first read its modules for
    seconds, after each kill.
    """
    staged_forms()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Who was killed is gone, and no zombie.
    nursery = os.getpid()
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            _ring_for_good(url, Path(clock_file), nursery)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _ring_for_good(url: str, clock: Path, nursery: int) -> None:
    """Ring until killed, or until the play is over."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # The log; the pipe is for numbers alone.
    engine = make_engine(url)

    def now() -> datetime:
        return datetime.fromisoformat(clock.read_text())

    sessions = make_session_factory(engine)
    bell = Bell(sessions, staged_forms(), ZONE, now, centre_of(clock))
    ringer = Ringer(bell, lead_of(engine), every=0)
    rang, shown = float("-inf"), ""
    while os.getppid() == nursery:
        turned = clock.read_text() != shown
        if turned or time.monotonic() - rang > _AGAIN:
            rang, shown = time.monotonic(), clock.read_text()
            ringer.beat()
        time.sleep(_LOOK)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
