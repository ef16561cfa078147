"""The process that rings: APScheduler as its clock, the ledger as its memory.

APScheduler decides nothing. It calls every second; what is due is asked of the ledger, and done
by whoever leads. So a call that comes late, twice or never changes no outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import SQLAlchemyError

from jobs.leading import Lead
from reporting.errors import Refusal
from reporting.services.ringing import Bell, Rung, ring

_log = structlog.get_logger()

#: Seconds between two calls: how soon another scheduler takes over from one that died.
_BEAT = 1.0


@dataclass
class Ringer:
    """Rings every so many seconds while it leads; told of the store's absence, it tries again.

    `act` is `ring` unless heavy work is left to workers; a worker does nothing else. `now` may
    refuse to say what time it is: then nothing is done, and the log says why.
    """

    bell: Bell
    lead: Lead
    every: float
    act: Callable[..., Rung] = ring
    on_ring: Callable[[Rung], None] = lambda _: None
    now: Callable[[], datetime] | None = None
    _rang: float = field(default=float("-inf"), init=False)
    _led: bool = field(default=False, init=False)

    def beat(self) -> None:
        """One call of the clock. Raises SecondScheduler where there may be one alone."""
        leads = self.lead.take()
        if leads and not self._led:
            _log.info("this scheduler leads")
            self._rang = float("-inf")
        if self._led and not leads:
            _log.warning("this scheduler leads no more: the store is away, or another one leads")
        self._led = leads
        if not leads or time.monotonic() - self._rang < self.every:
            return
        self._rang = time.monotonic()
        try:
            now = (self.now or self.bell.clock)()
            self.on_ring(self.act(self.bell, now=now))
        except Refusal as refusal:
            _log.error("held back", vi=refusal.vi, en=refusal.en)
        except SQLAlchemyError as fault:
            _log.error("the store is away; the next ring takes it up", fault=str(fault)[:300])


def serve(ringer: Ringer, *, beat: float = _BEAT) -> None:
    """Ring until the process is told to end. Raises SecondScheduler."""
    ringer.lead.take()  # Where only one may be, the second says so before it does anything.
    scheduler = BlockingScheduler(timezone=UTC)
    scheduler.add_job(
        ringer.beat,
        "interval",
        seconds=beat,
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    try:
        scheduler.start()
    finally:
        ringer.lead.give_up()
