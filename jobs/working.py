"""The process that works: procrastinate's worker, which calls for each line that comes to it.

The ledger decides what a call does, so that a job that comes twice, late or too early does no
harm: a line is done once. A worker that dies (kill -9, its machine) is silent; after some seconds
the others take up what it had in hand.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import psycopg
import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from reporting.errors import Refusal
from reporting.parts import Parts
from reporting.services.ringing import Rung
from reporting.work import work_line
from reporting.work_queue import QUEUE, WORK_LINE

_log = structlog.get_logger()

#: Seconds between two signs of life of a worker, and after how many without one it is dead.
_SIGN_OF_LIFE, _SILENCE = 5.0, 15.0
#: When it is looked for dead workers: every five seconds (the last field), by one that lives.
_LOOKING = "* * * * * */5"
#: Seconds until a call is made again that could not reach the store, and until the next look for
#: lines whose instant has come; those that are asked for at once are told of at once.
_REST, _POLL = 15, 2.0
#: Seconds until it is asked again whether the worker is to end.
_BEAT = 0.25


class Worker:
    """Does the heavy lines that come to it, some at once; on PostgreSQL."""

    def __init__(self, parts: Parts, *, at_once: int = 1) -> None:
        self._parts = parts
        self._at_once = at_once
        self._ended = Event()
        self.rung = Rung(0)

    def run_once(self) -> Rung:
        """Do what waits, and what it asks for in turn; gives what was done. Then end."""
        asyncio.run(self._run(wait=False))
        return self.rung

    def run(self) -> None:
        """Work until it is told to end; while the store is away, try again."""
        while not self._ended.is_set():
            try:
                asyncio.run(self._until_ended())
            except (ConnectorException, psycopg.Error) as fault:
                reason = str(fault.__cause__ or fault)[:300]
                _log.error("the store is away; this worker tries again", fault=reason)
            self._ended.wait(self.rest)

    #: Seconds until it is tried again to reach a store that is away.
    rest = 2.0

    def end(self) -> None:
        """Take no more; whoever joins the thread waits until what is in hand is done."""
        self._ended.set()

    async def _until_ended(self) -> None:
        running = asyncio.ensure_future(self._run(wait=True))
        while not (self._ended.is_set() or running.done()):
            await asyncio.wait({running}, timeout=_BEAT)
        running.cancel()  # procrastinate takes it as: no more, end what is begun.
        with suppress(asyncio.CancelledError):
            await running

    async def _run(self, *, wait: bool) -> None:
        app = self._app()
        async with app.open_async():
            await app.run_worker_async(
                queues=[QUEUE],
                wait=wait,
                concurrency=self._at_once,
                # The ledger has the history; the queue holds what is to come.
                delete_jobs="always",
                fetch_job_polling_interval=_POLL,
                update_heartbeat_interval=_SIGN_OF_LIFE,
                stalled_worker_timeout=_SILENCE,
                install_signal_handlers=False,
            )

    def _app(self) -> App:
        most = self._at_once + 2
        connecting = _connecting(self._parts)
        app = App(connector=PsycopgConnector(kwargs=connecting, min_size=1, max_size=most))
        app.task(name=WORK_LINE, queue=QUEUE, retry=RetryStrategy(wait=_REST))(self._work_line)

        @app.periodic(cron=_LOOKING)
        @app.task(name="take_up_from_the_dead", queue=QUEUE, priority=1)
        async def take_up_from_the_dead(timestamp: int) -> None:
            jobs = app.job_manager
            for job in await jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=_SILENCE):
                with suppress(ConnectorException):  # Another worker was faster.
                    await jobs.retry_job(job)
                    _log.warning("taken up from a worker that died", task=job.call_string)

        return app

    def _work_line(self, number: int) -> None:
        """Do one line of the ledger, in a thread of its own."""
        try:
            done = work_line(self._parts.bell, number, self._parts.ringing_now())
        except Refusal as refusal:
            _log.error("held back", vi=refusal.vi, en=refusal.en)
            raise
        except SQLAlchemyError as fault:
            _log.error("the store is away; the line is called for again", fault=str(fault)[:300])
            raise
        self.rung.done += Counter(done.done)
        self.rung.failed += done.failed


@contextmanager
def working(parts: Parts, *, at_once: int = 1) -> Iterator[None]:
    """A worker beside whatever the block does; at its end it finishes what it has in hand."""
    _tell_in_our_log()
    worker = Worker(parts, at_once=at_once)
    thread = Thread(target=worker.run, name="worker")
    thread.start()
    try:
        yield
    finally:
        worker.end()
        thread.join()


def _connecting(parts: Parts) -> dict[str, Any]:
    """How the driver reaches the store, as SQLAlchemy understands its URL."""
    _, given = parts.engine.dialect.create_connect_args(make_url(parts.settings.database_url))
    return {**given, "application_name": "reporting-worker"}


class _OurLog(logging.Handler):
    """Tells in our log what the queue says of itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line, without a traceback."""
        _log.log(record.levelno, record.getMessage()[:300])


def _tell_in_our_log() -> None:
    for name in ("procrastinate", "psycopg.pool"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_OurLog(logging.WARNING)], False
