"""`ring`: the one function that everything drives, be it APScheduler, cron, the API or a test.

Ringing does what is due by now and not done: in order, each action in a transaction of its own
together with its line in the ledger. Rung twice, late, or from two machines, each happens once.
An action that fails is put off, with its error, and does not hold up the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from forms.catalogue import Catalogue
from reporting.errors import Conflict
from reporting.models import JobAction, JobRun
from reporting.services.actors import Actor
from reporting.services.ledger import Action, in_order, waiting
from reporting.services.mailing import MailServer, send_waiting
from reporting.services.planning import ask_openings
from reporting.services.scheduled_work import ASKING, HANDS, Occasion, ask_daily
from reporting.services.sealing import seal
from reporting.services.signing import Signer

_log = structlog.get_logger()

#: How long a failed action rests before it is tried again, by the number of its failures.
_RESTS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)

#: The door of workers, and what their runs are called: they say nothing of whether the clock runs.
WORKER, WORK = "worker", "work"

CLOCK = Actor(name="clock", is_system=True)


@dataclass(frozen=True)
class Bell:
    """What ringing needs: the store, the declared forms, the zone of due dates, the clock.

    `clock` is read where an instant has to be stamped inside a lock. Without `hand_over` editions
    are made and handed over to no one; without `mail` messages wait in the outbox; without
    `signer` the audit is not sealed.
    """

    sessions: sessionmaker[Session]
    catalogue: Catalogue
    zone: ZoneInfo
    clock: Callable[[], datetime]
    hand_over: Path | None = None
    mail: MailServer | None = None
    signer: Signer | None = None


@dataclass
class Rung:
    """What one ringing did: how many of each action, how many failed, and what they said."""

    run_id: int
    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, object]:
        """For the ledger and for answers."""
        return {"done": dict(sorted(self.done.items())), "failed": self.failed}


def ring(
    bell: Bell,
    *,
    now: datetime,
    door: str = "scheduler",
    actor: Actor = CLOCK,
    only: frozenset[Action] = frozenset(),
    leave: frozenset[Action] = frozenset(),
    run_id: int | None = None,
) -> Rung:
    """Do everything that is due by `now`, or only some kinds of it; opens its own transactions.

    What is to be left is left to other processes (reporting.work). Raises OperationalError where
    the database is away: nothing is half done, and the next ring takes it up.
    """
    with bell.sessions.begin() as session:
        run = _begin(session, run_id, door, actor, now)
        if not only or Action.OPEN in only:
            ask_openings(session, catalogue=bell.catalogue, zone=bell.zone, now=now)
        ask_daily(session, zone=bell.zone, now=now)
    rung = Rung(run)
    tried: set[int] = set()
    while due := _due(bell, now, only or frozenset(Action) - leave, tried):
        for action_id, asks in due:
            tried.add(action_id)
            _do_one(bell, rung, action_id, now)
            if asks:
                break  # What it asked for may be due before what comes next here.
    if bell.mail is not None and not only:
        sent = send_waiting(bell.sessions, bell.mail, now=now)
        rung.done += Counter({"mail": sent.taken, "mail_put_off": sent.put_off + sent.given_up})
    if bell.signer is not None and not only:
        _seal(bell, bell.signer, rung)
    _finish(bell, rung)
    return rung


def _seal(bell: Bell, signer: Signer, rung: Rung) -> None:
    """Seal what was written; a chain that does not fit is told, and holds up nothing else."""
    try:
        with bell.sessions.begin() as session:
            # By the true clock: whoever rings as of an earlier day does not seal on it.
            sealed = seal(session, signer, now=bell.clock())
    except Conflict as broken:
        rung.failed.append("seal: Conflict")
        _log.error("the audit cannot be sealed", why=broken.en)
        return
    rung.done += Counter({"sealed": sealed})  # What is 0 is left out of the counts by `+=`.


def do_line(bell: Bell, *, action_id: int, now: datetime) -> Rung:
    """Do one line of the ledger, whoever says that it is time; opens its own transactions.

    Nothing is done, and no run is written, where the line is not due, done, or in other hands.
    Raises OperationalError where the database is away.
    """
    with bell.sessions.begin() as session:
        line = waiting(now).where(JobAction.id == action_id)
        if session.scalars(line.with_for_update(skip_locked=True)).one_or_none() is None:
            return Rung(0)
        rung = Rung(_begin(session, None, WORKER, CLOCK, now))
    _do_one(bell, rung, action_id, now)
    _finish(bell, rung)
    return rung


def due_lines(bell: Bell, *, now: datetime, only: frozenset[Action]) -> list[int]:
    """The ids of the lines of some kinds that wait to be done by now, in their order."""
    return [action_id for action_id, _ in _due(bell, now, only, set())]


def _finish(bell: Bell, rung: Rung) -> None:
    with bell.sessions.begin() as session:
        session.execute(
            update(JobRun)
            .where(JobRun.id == rung.run_id)
            .values(finished_at=bell.clock(), outcome=rung.as_data())
        )


def _begin(session: Session, run_id: int | None, door: str, actor: Actor, now: datetime) -> int:
    if run_id is not None:
        return run_id
    job = WORK if door == WORKER else "ring"
    run = JobRun(job=job, door=door, actor=actor.name, as_of=now, started_at=now, outcome={})
    session.add(run)
    session.flush()
    return run.id


def _due(
    bell: Bell, now: datetime, only: Iterable[Action], tried: set[int]
) -> list[tuple[int, bool]]:
    """The ids of what is due, in order, and whether doing it asks for more."""
    query = waiting(now).where(JobAction.action.in_(sorted(str(kind) for kind in only)))
    with bell.sessions() as session:
        rows = in_order(session.scalars(query).all())
    return [(row.id, row.action in ASKING) for row in rows if row.id not in tried]


def _do_one(bell: Bell, rung: Rung, action_id: int, now: datetime) -> None:
    """Do one action with its line in the ledger, or put it off with what went wrong."""
    try:
        with bell.sessions.begin() as session:
            action = _take(session, action_id)
            if action is None:
                return  # Someone else has done it, or is doing it.
            occasion = Occasion(bell.catalogue, bell.zone, bell.clock, now, CLOCK, bell.hand_over)
            action.outcome = HANDS[Action(action.action)](session, action, occasion)
            action.done_at, action.run_id, action.last_error = now, rung.run_id, ""
            name = "skipped" if "skipped" in action.outcome else action.action
        rung.done[name] += 1
    except OperationalError as fault:
        if fault.connection_invalidated or _is_away(bell):
            raise
        _put_off(bell, rung, action_id, now, fault)
    except Exception as fault:  # noqa: BLE001 - one action must not hold up the others
        _put_off(bell, rung, action_id, now, fault)


def _take(session: Session, action_id: int) -> JobAction | None:
    """The line, locked until the commit; None where it is done or in other hands."""
    return session.scalars(
        select(JobAction)
        .where(JobAction.id == action_id, JobAction.done_at.is_(None))
        .with_for_update(skip_locked=True)
    ).one_or_none()


def _put_off(bell: Bell, rung: Rung, action_id: int, now: datetime, fault: Exception) -> None:
    with bell.sessions.begin() as session:
        action = _take(session, action_id)
        if action is None:
            return
        action.attempts += 1
        rest = _RESTS[min(action.attempts, len(_RESTS)) - 1]
        action.next_try_at = now + rest
        action.last_error = f"{type(fault).__name__}: {fault}"[:2_000]
        told = f"{action.action} {action.form_code} {action.period} {action.unit_code}".strip()
    rung.failed.append(f"{told}: {type(fault).__name__}")
    _log.error("an action of the clock failed", action=told, exc_info=fault)


def _is_away(bell: Bell) -> bool:
    try:
        with bell.sessions() as session:
            session.execute(select(1))
    except DBAPIError:
        return True
    return False
