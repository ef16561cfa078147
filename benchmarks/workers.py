"""Two workers against one: provincial editions, each of 100 communes (27 rows, 297 figures).

On one PostgreSQL that waits for the disk, which has the same cores as the workers. From the first
line taken to the last one done, by the instants of their runs, so that starting does not count.
All editions are of one form and period, which is hardest to share.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.consolidating import PERIOD, fill
from forms.catalogue import load_forms
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import Edition, EditionInput, JobAction, JobRun, UnitTerm
from reporting.services.ledger import Action, Ask, ask
from tests.postgres import running_cluster

PROVINCES, COMMUNES, ROUNDS = 40, 100, 5
BAR = 1.3
_PATIENCE = 300.0


def run() -> list[dict[str, Any]]:
    """One line: seconds with one worker and with two, the best of some rounds of each in turn."""
    with running_cluster(as_on_a_server=True) as url:
        engine = make_engine(url)
        migrate(engine)
        sessions = make_session_factory(engine)
        units = _fill(engine, sessions)
        rounds = [[_round(url, sessions, units, workers=n) for n in (1, 2)] for _ in range(ROUNDS)]
        engine.dispose()
    one, two = (min(seconds) for seconds in zip(*rounds, strict=True))
    return [
        {
            "name": f"{PROVINCES} editions of {COMMUNES} units: two workers, and one (bare)",
            "ours": round(two, 2),
            "bare": round(one, 2),
            "unit": "s",
            "ratio": round(one / two, 2),
            "bar": f">= {BAR}",
            "met": one / two >= BAR,
        }
    ]


def _fill(engine: Engine, sessions: sessionmaker[Session]) -> list[str]:
    """Provinces whose communes have all reported, below one that has them: their codes."""
    catalogue = load_forms()
    codes = [f"H{100 + number}" for number in range(PROVINCES)]
    above = fill(sessions, catalogue, units=0)
    for code in codes:
        unit_id = fill(sessions, catalogue, units=COMMUNES, root=code)
        with sessions.begin() as session:
            session.add(
                UnitTerm(
                    unit_id=unit_id,
                    parent_id=above,
                    name_vi=code,
                    name_en=code,
                    valid_from=date(2025, 7, 1),
                    recorded_at=datetime.now(UTC),
                    recorded_by="benchmark",
                )
            )
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return codes


def _round(url: str, sessions: sessionmaker[Session], units: list[str], *, workers: int) -> float:
    """Seconds for all lines. Raises AssertionError where one was not done, or failed."""
    with sessions.begin() as session:
        for model in (EditionInput, Edition, JobAction, JobRun):
            session.execute(delete(model))
    with ExitStack() as started:
        for _ in range(workers):
            started.enter_context(_worker(url))
        _until(sessions, select(func.count()).select_from(text("procrastinate_workers")), workers)
        now = datetime.now(UTC)
        form = "II.06c/VPCP/KSTT"
        lines = [Ask(Action.CONSOLIDATE, now, form, PERIOD.code, unit) for unit in units]
        with sessions.begin() as session:
            ask(session, lines, now=now)
        done = select(func.count(JobRun.finished_at)).where(JobRun.job == "work")
        _until(sessions, done, len(units))
    with sessions() as session:
        made = session.scalar(select(func.count()).select_from(Edition))
        if made != len(units):
            raise AssertionError(f"{made} editions of {len(units)} were made")
        first = session.scalars(select(func.min(JobRun.started_at))).one()
        last = session.scalars(select(func.max(JobRun.finished_at))).one()
    if last is None:
        raise AssertionError("no worker has worked")
    return (last - first).total_seconds()


@contextmanager
def _worker(url: str) -> Iterator[None]:
    """A worker as it is started on a server; told to end when the block ends."""
    program = "import sys; from jobs.cli import main; sys.exit(main())"
    given = os.environ | {"REPORTING_DATABASE_URL": url}
    with subprocess.Popen([sys.executable, "-c", program, "work"], env=given) as process:
        try:
            yield
        finally:
            process.terminate()


def _until(sessions: sessionmaker[Session], counted: Any, wanted: int) -> None:
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        with sessions() as session:
            if session.scalar(counted) == wanted:
                return
        time.sleep(0.2)
    raise AssertionError(f"the workers did not come to {wanted} in time")


if __name__ == "__main__":
    for line in run():
        print(line)
