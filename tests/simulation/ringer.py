"""A scheduler process of the simulation: the real lead and the real ring on a clock in a file."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

from jobs.clock import Ringer
from jobs.leading import lead_of
from reporting.db import make_engine, make_session_factory
from reporting.services.ringing import Bell
from tests.builders import ZONE, shipped_forms

_BEAT = 0.02


def main(url: str, clock_file: str) -> None:
    """Ring until killed."""
    engine = make_engine(url)
    clock = Path(clock_file)

    def now() -> datetime:
        return datetime.fromisoformat(clock.read_text())

    bell = Bell(make_session_factory(engine), shipped_forms(), ZONE, now)
    ringer = Ringer(bell, lead_of(engine), every=0)
    while True:
        ringer.beat()
        time.sleep(_BEAT)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
