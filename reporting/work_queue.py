"""The way from the ledger to workers: procrastinate carries the ids of lines, on PostgreSQL.

A job is written in the transaction that asks for the line, so that both are there or neither. It
is no more than a call: the ledger says whether the line is still to be done, and does it once. On
SQLite nothing is carried: there the process that rings works. The task itself, and the workers,
are in `jobs`; here it is known by its name alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Session

from reporting.db import driver_of

#: The queue of our workers, should others have theirs in the same store.
QUEUE = "reporting"
#: The task that does one line; its one argument is `number`, the id of the line.
WORK_LINE = "work_line"

#: Never opened: it only writes jobs through connections that are given to it.
_writing = App(connector=SyncPsycopgConnector())

#: Jobs that will come to a line by themselves, or are at it now.
_LIVE = text(
    "SELECT queueing_lock FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') AND queueing_lock = ANY(:names)"
).bindparams(bindparam("names", type_=ARRAY(TEXT)))


def is_carried(session: Session) -> bool:
    """Whether heavy lines of this store go to workers."""
    return session.get_bind().dialect.name == "postgresql"


def carry(session: Session, lines: Iterable[tuple[int, datetime]], *, now: datetime) -> None:
    """Hand lines to the workers, each from its instant on; once this transaction is committed.

    One statement for all of them. Raises AlreadyEnqueued where a line waits there already.
    """
    jobs = [_job(number, due_at, now) for number, due_at in lines]
    if not jobs or not is_carried(session):
        return
    with driver_of(session.connection()) as driver:
        try:
            _writing.job_manager.batch_defer_jobs(jobs, connection=driver)
        except ConnectorException as fault:
            # As the driver says it: the doors know those, and what to answer.
            raise fault.__cause__ or fault from None


def carry_lost(session: Session, numbers: Sequence[int], *, now: datetime) -> list[int]:
    """Hand to the workers those of some lines that no job will come to; gives which these are.

    Two statements at most. The caller commits.
    """
    if not numbers or not is_carried(session):
        return []
    names = {_name(number): number for number in numbers}
    live: set[str] = set(session.scalars(_LIVE, {"names": list(names)}))
    lost = [number for name, number in names.items() if name not in live]
    try:
        with session.begin_nested():
            carry(session, [(number, now) for number in lost], now=now)
    except AlreadyEnqueued:
        return []  # Another process was faster; what it did not see is seen the next time.
    return lost


def _job(number: int, due_at: datetime, now: datetime) -> Job:
    later: dict[str, Any] = {"schedule_at": due_at} if due_at > now else {}
    deferrer = _writing.configure_task(WORK_LINE, queue=QUEUE, queueing_lock=_name(number), **later)
    return deferrer.make_new_job(number=number)


def _name(number: int) -> str:
    """What a line is called in the queue, where it waits at most once."""
    return f"line {number}"
