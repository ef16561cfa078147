"""Heavy work by name: what another process than the one that rings may do, on any machine.

A name is an action of the ledger. A service asks for work with `ledger.ask` in the transaction of
its cause, and knows no more; who does it is decided here. Where there is one process, it rings and
works. On PostgreSQL any number of workers take heavy lines from the ledger, each line one of them:
it stays locked until its effect is committed, and is free again when its worker dies.

A queue of others (docs/operating.md) asks for the ids of the lines that wait, and hands each to
`work_line` on whatever machine, at its own pace, as often as it likes.
"""

from __future__ import annotations

from datetime import datetime

from reporting.services.ledger import Action
from reporting.services.ringing import WORKER, Bell, Rung, do_line, due_lines, ring

#: What takes long, so that reminders need not wait for it.
HEAVY = frozenset({Action.CONSOLIDATE, Action.HAND_OVER})


def work(bell: Bell, *, now: datetime) -> Rung:
    """Do the heavy work that is due and in nobody's hands; opens its own transactions.

    Raises OperationalError where the database is away.
    """
    if not waiting_lines(bell, now=now):
        return Rung(0)  # A worker that has nothing to do leaves no trace of it.
    return ring(bell, now=now, door=WORKER, only=HEAVY)


def waiting_lines(bell: Bell, *, now: datetime) -> list[int]:
    """The ids of the heavy lines that wait to be done by now, in their order."""
    return due_lines(bell, now=now, only=HEAVY)


def work_line(bell: Bell, action_id: int, now: datetime) -> Rung:
    """Do one line; once, however often and from however many machines it is called for.

    Nothing is done where the line is not due, is done, or in other hands. One that fails is put
    off by the ledger, and waits again later: the one who calls need not try again. Raises
    OperationalError where the database is away.
    """
    return do_line(bell, action_id=action_id, now=now)


def ring_lightly(bell: Bell, *, now: datetime) -> Rung:
    """Ring, and leave the heavy work to workers."""
    return ring(bell, now=now, leave=HEAVY)
