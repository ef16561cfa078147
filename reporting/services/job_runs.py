"""Ringing as others ask for it: once for each idempotency key, tried before, looked back upon.

cron, a cluster's scheduler and a person at the console all come through here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forms.canonical import sha256
from reporting.errors import Conflict, NotFound, OtherRequest
from reporting.models import JobAction, JobRun
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, instant_text, record
from reporting.services.ledger import Action, in_order, waiting
from reporting.services.planning import planned_openings
from reporting.services.rights import require_centre
from reporting.services.ringing import WORK, Bell, Rung, ring

#: The job that does everything that is due; each action is a job of its own as well.
EVERYTHING = "ring"

#: What an action is for, in the words of those who read the list.
PURPOSES: dict[str, tuple[str, str]] = {
    EVERYTHING: ("Làm mọi việc đến hạn, theo thứ tự", "Do everything that is due, in order"),
    Action.OPEN: ("Mở kỳ, chốt danh sách phải gửi", "Open periods, freeze who owes what"),
    Action.FOLLOW_MERGERS: (
        "Chuyển nghĩa vụ của đơn vị đã nhập sang đơn vị mới",
        "Let successors owe what merged units had not sent",
    ),
    Action.REMIND: ("Nhắc đơn vị chưa gửi trước hạn", "Remind who has not sent, before it is due"),
    Action.MARK_LATE: ("Đánh dấu quá hạn", "Mark who has not sent by the due instant"),
    Action.CLOSE: ("Khóa kỳ", "Close periods"),
    Action.ESCALATE: ("Báo cấp trên", "Tell the unit above who is missing"),
    Action.CONSOLIDATE: ("Tổng hợp", "Consolidate"),
    Action.HAND_OVER: ("Giao bản tổng hợp", "Hand editions over to the information centre"),
    Action.DIGEST: ("Soạn thư nhắc, mỗi người một thư một ngày", "One mail a day to each person"),
    Action.CLEAN_UP: ("Dọn dẹp", "Clean up"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """One action that would be done."""

    action: str
    form_code: str
    period: str
    unit_code: str
    occurrence: str
    due_at: datetime


def run_job(
    bell: Bell,
    *,
    job: str,
    as_of: datetime | None,
    door: str,
    actor: Actor,
    key: str | None = None,
) -> tuple[JobRun, bool]:
    """Ring for a job, once for each key of an actor; gives the run and whether it is a new one.

    Without an instant it is the one of the first ringing with the key. A run that broke off is
    taken up again under its number, for its instant. The same key with another job or instant is
    another request and is refused. Opens its own transactions. Raises NotAllowed, NotFound,
    OtherRequest, Conflict for an instant to come.
    """
    only = actions_of(job)
    require_centre(actor, Act.RING)
    digest = _digest(job, as_of)
    run = _first_run(bell, actor, key, digest)
    is_new = run is None
    if run is None:
        run = _new_run(bell, job, as_of or bell.clock(), door, actor, key, digest)
    if run is None:
        is_new, run = False, _first_run(bell, actor, key, digest)
    if run is None:
        raise LookupError("a run that stood in the way is gone")
    if run.finished_at is None:
        rung = ring(bell, now=run.as_of, door=door, actor=actor, only=only, run_id=run.id)
        if not is_new:
            _tell_the_whole(bell, run.id, rung)
    with bell.sessions() as session:
        return session.get_one(JobRun, run.id), is_new


def would_do(
    bell: Bell, *, job: str, as_of: datetime, actor: Actor, key: str | None = None
) -> list[Due]:
    """What a run would do at an instant, also one to come; nothing is written, a key neither.

    What actions would ask for in turn is not among it. Raises NotAllowed, NotFound, and
    OtherRequest where the key already stands for a run that was to be done.
    """
    only = actions_of(job)
    require_centre(actor, Act.RING)
    _first_run(bell, actor, key, digest="")
    with bell.sessions() as session:
        asked = [_due(row) for row in in_order(session.scalars(waiting(as_of)).all())]
        openings = [
            Due(Action.OPEN, one.form.code, one.period.code, "", "", one.opens_at)
            for one in planned_openings(
                session, catalogue=bell.catalogue, zone=bell.zone, now=bell.clock(), until=as_of
            )
        ]
        session.rollback()
    found = [*openings, *asked]
    return [one for one in found if not only or one.action in only]


def actions_of(job: str) -> frozenset[Action]:
    """The actions of a job; none stands for all of them. Raises NotFound."""
    if job == EVERYTHING:
        return frozenset()
    if job in PURPOSES:
        return frozenset({Action(job)})
    raise NotFound(
        vi=f"Không có việc {job[:40]!r}. Có: {', '.join(PURPOSES)}.",
        en=f"There is no job {job[:40]!r}. There are: {', '.join(PURPOSES)}.",
    )


def list_runs(session: Session, *, before: int = 0, limit: int = 50) -> list[JobRun]:
    """Runs, the newest first, from before a number on: one statement."""
    query = select(JobRun).order_by(JobRun.id.desc()).limit(limit)
    return list(session.scalars(query.where(JobRun.id < before) if before else query))


def list_failing(session: Session) -> list[JobAction]:
    """Actions that failed and are not done, the oldest first: one statement."""
    query = select(JobAction).where(JobAction.done_at.is_(None), JobAction.attempts > 0)
    return list(session.scalars(query.order_by(JobAction.due_at, JobAction.id).limit(500)))


def retry(session: Session, *, actor: Actor, action_id: int, now: datetime) -> JobAction:
    """Let a failed action be tried at the next ring. Caller commits. NotAllowed, NotFound."""
    require_centre(actor, Act.RING)
    action = session.get(JobAction, action_id)
    if action is None or action.done_at is not None or not action.attempts:
        raise NotFound(
            vi=f"Không có việc lỗi nào mang số {action_id}.",
            en=f"No failed action has the number {action_id}.",
        )
    action.next_try_at = None
    named = {"action": action.action, "form": action.form_code, "period": action.period}
    entry = Entry(act="job.retried", subject=f"action/{action.id}", details=named)
    record(session, actor, entry, now=now)
    return action


def last_ring(session: Session) -> datetime | None:
    """When a ring last came to its end: one statement."""
    return session.scalar(select(func.max(JobRun.finished_at)).where(JobRun.job != WORK))


def oldest_overdue(session: Session, *, now: datetime) -> datetime | None:
    """Since when the oldest action waits that should have been done: one statement."""
    query = select(func.min(JobAction.due_at))
    return session.scalar(query.where(JobAction.done_at.is_(None), JobAction.due_at < now))


def _digest(job: str, as_of: datetime | None) -> str:
    """The request as it was sent; an instant is the same in whatever zone it is written."""
    return sha256(f"{job}|{'' if as_of is None else as_of.astimezone(UTC).isoformat()}".encode())


def _first_run(bell: Bell, actor: Actor, key: str | None, digest: str) -> JobRun | None:
    if key is None:
        return None
    with bell.sessions() as session:
        run = session.scalars(
            select(JobRun).where(JobRun.actor == actor.name, JobRun.idempotency_key == key)
        ).one_or_none()
    if run is None:
        return None
    if run.request_sha256 != digest:
        raise OtherRequest(
            vi="Khóa Idempotency-Key này đã dùng cho một yêu cầu khác.",
            en="This Idempotency-Key was used for another request.",
        )
    return run


def _new_run(
    bell: Bell,
    job: str,
    as_of: datetime,
    door: str,
    actor: Actor,
    key: str | None,
    digest: str,
) -> JobRun | None:
    """A new run; None where another came first with the same key. Raises Conflict."""
    if as_of > bell.clock():
        raise Conflict(
            vi="Không chạy trước thời điểm của tương lai; hãy dùng dry_run để xem trước.",
            en="A run cannot be as of the future; use dry_run to look ahead.",
        )
    run = JobRun(
        job=job,
        door=door,
        actor=actor.name,
        idempotency_key=key,
        request_sha256=digest,
        as_of=as_of,
        started_at=bell.clock(),
        outcome={},
    )
    try:
        with bell.sessions.begin() as session:
            session.add(run)
            session.flush()
            if not (actor.is_system and job == EVERYTHING):
                # What cron rings every few minutes stands in the history, and would fill the audit.
                details = {"job": job, "as_of": instant_text(as_of), "door": door}
                entry = Entry(act="job.run", subject=f"run/{run.id}", details=details)
                record(session, actor, entry, now=run.started_at)
            session.refresh(run)
    except IntegrityError:
        return None
    return run


def _tell_the_whole(bell: Bell, run_id: int, rung: Rung) -> None:
    """Count also what a run had done before it broke off: its lines in the ledger say so."""
    with bell.sessions.begin() as session:
        query = select(JobAction.action, JobAction.outcome).where(JobAction.run_id == run_id)
        done = Counter(
            "skipped" if "skipped" in outcome else action
            for action, outcome in session.execute(query)
        )
        # Mails are no lines of the ledger; of theirs only this ringing is known.
        done += Counter({name: n for name, n in rung.done.items() if name.startswith("mail")})
        whole = Rung(run_id, done, rung.failed)
        session.get_one(JobRun, run_id).outcome = whole.as_data()


def _due(row: JobAction) -> Due:
    return Due(row.action, row.form_code, row.period, row.unit_code, row.occurrence, row.due_at)
