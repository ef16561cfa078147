"""Heavy work by name: what another process than the one that rings may do, on any machine.

A name is an action of the ledger. A service asks for work with `ledger.ask` in the transaction of
its cause, and knows no more; who does it is decided here. Where there is one process, it rings and
works. On PostgreSQL any number of workers take heavy lines from the ledger, each line one of them:
it stays locked until its effect is committed, and is free again when its worker dies.
"""

from __future__ import annotations

from datetime import datetime

from reporting.services.ledger import Action
from reporting.services.ringing import WORKER, Bell, Rung, is_due, ring

#: What takes long, so that reminders need not wait for it.
HEAVY = frozenset({Action.CONSOLIDATE, Action.HAND_OVER})


def work(bell: Bell, *, now: datetime) -> Rung:
    """Do the heavy work that is due and in nobody's hands; opens its own transactions.

    Raises OperationalError where the database is away.
    """
    if not is_due(bell, now=now, only=HEAVY):
        return Rung(0)  # A worker that has nothing to do leaves no trace of it.
    return ring(bell, now=now, door=WORKER, only=HEAVY)


def ring_lightly(bell: Bell, *, now: datetime) -> Rung:
    """Ring, and leave the heavy work to workers."""
    return ring(bell, now=now, leave=HEAVY)
