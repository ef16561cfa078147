"""Heavy work by name: what another process than the one that rings may do, on any machine.

A name is an action of the ledger. A service asks for work with `ledger.ask` in the transaction of
its cause, and knows no more. On SQLite there is one process, which rings and works. On PostgreSQL
a queue brings the ids of heavy lines to any number of workers (reporting.work_queue), each of
which calls `work_line`. The ledger decides: a line stays locked by one worker until its effect is
committed, is free again when that worker dies, and is not done twice, however often it is brought.
"""

from __future__ import annotations

from datetime import datetime

from reporting.services.ledger import HEAVY
from reporting.services.ringing import Bell, Rung, do_line, due_lines, ring
from reporting.work_queue import carry_lost


def work_line(bell: Bell, action_id: int, now: datetime) -> Rung:
    """Do one line; once, however often and from however many machines it is called for.

    Nothing is done where the line is not due, is done, or in other hands. One that fails is put
    off by the ledger, and waits again later: the one who calls need not try again. Raises
    OperationalError where the database is away.
    """
    return do_line(bell, action_id=action_id, now=now)


def ring_lightly(bell: Bell, *, now: datetime) -> Rung:
    """Ring, leave the heavy work to workers, and see that none of it has been lost on the way."""
    rung = ring(bell, now=now, leave=HEAVY)
    carry_again(bell, now=now)
    return rung


def waiting_lines(bell: Bell, *, now: datetime) -> list[int]:
    """The ids of the heavy lines that wait to be done by now, in their order."""
    return due_lines(bell, now=now, only=HEAVY)


def carry_again(bell: Bell, *, now: datetime) -> list[int]:
    """Bring to the workers what is due and in no job; gives the ids. Opens its own transactions.

    Lines that failed and have rested, whose job was lost or came too early by the clock of a
    worker, and those from before there was a queue.
    """
    waiting = waiting_lines(bell, now=now)
    with bell.sessions.begin() as session:
        return carry_lost(session, waiting, now=now)
