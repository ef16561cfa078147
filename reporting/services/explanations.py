"""Why a warning is as it should be: said by the sender, read by the receiver, and carried on.

An explanation belongs to a warning by its code, cell and rule, so that it stands as long as the
same warning does, whatever else is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from forms.definition import Severity
from forms.issues import Issue
from reporting.errors import Conflict
from reporting.models import (
    CrossCheck,
    CrossCheckOutcome,
    Explanation,
    Submission,
    SubmissionStatus,
)
from reporting.models.base import table_of
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.cross_checks import outcomes_of
from reporting.services.held import hold_submission
from reporting.services.receipts import issues_from_data
from reporting.services.refusing import short

LONGEST = 2_000
#: What is said for information, or is for the centre to settle: there is nothing to explain.
_NOTES = frozenset(
    {
        "already_accepted", "begun_in_time", "key_not_in_list", "not_owed", "period_closed",
        "period_not_open", "rule_pending",
    }
)  # fmt: skip
#: Who may explain: whoever enters, checks or signs.
WRITERS = (Act.ENTER, Act.CHECK, Act.APPROVE)
_OPEN = (CrossCheckOutcome.PENDING, CrossCheckOutcome.FAILED)


class Warned(NamedTuple):
    """Which warning: what an explanation is found by."""

    code: str
    cell: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What is said about one warning; an empty text takes it back."""

    warned: Warned
    text: str
    actor: str = ""
    at: datetime | None = None


def warned_by(issue: Issue) -> Warned:
    """By what the explanation of an issue is found."""
    return Warned(issue.code, issue.cell, issue.rule_id)


def wants_explanation(issue: Issue) -> bool:
    """Whether a finding about a return on its own must be explained before it is signed."""
    return issue.severity is Severity.WARNING and issue.code not in _NOTES


def unexplained(issues: Iterable[Issue], said: Iterable[Warned]) -> list[Issue]:
    """The issues that nothing has been said about."""
    known = set(said)
    return [issue for issue in issues if warned_by(issue) not in known]


def known_warnings(issues: Iterable[Issue], given: Sequence[Explained]) -> None:
    """Raises Conflict where something is explained that nobody warned of, or at great length."""
    there = {warned_by(issue) for issue in issues}
    for one in given:
        if one.warned not in there:
            where = " ".join(filter(None, one.warned))[:200]
            raise Conflict(
                vi=f"Báo cáo không có cảnh báo {where}.", en=f"There is no warning {where}."
            )
        if len(one.text) > LONGEST:
            raise Conflict(
                vi=f"Giải trình dài nhất {LONGEST} ký tự.",
                en=f"An explanation has {LONGEST} characters at most.",
            )


def open_issues(session: Session, submission: Submission) -> list[Issue]:
    """What stands against accepting a revision unless it is explained.

    Its own warnings, and rules across reports that fail or still wait for the other side.
    """
    checks = outcomes_of(session, [submission.id]).get(submission.id, [])
    return open_among(submission, checks)


def open_among(submission: Submission, checks: Sequence[CrossCheck]) -> list[Issue]:
    """The same, where what came of its rules across reports is known."""
    own = [issue for issue in issues_from_data(submission.issues) if wants_explanation(issue)]
    across = [
        issue
        for check in checks
        if check.outcome in _OPEN
        for issue in issues_from_data(check.issues)
    ]
    return [*own, *across]


def explanations_of(
    session: Session, submission_ids: Sequence[int] | Select[int], *, until: datetime | None = None
) -> Mapping[int, list[Explained]]:
    """What was said about warnings of revisions (by an instant), the last word on each.

    One statement; in the order in which they were first said.
    """
    row = table_of(Explanation).c
    query = select(row.submission_id, row.code, row.cell, row.rule_id, row.text, row.actor, row.at)
    query = query.where(row.submission_id.in_(submission_ids)).order_by(row.id)
    if until is not None:
        query = query.where(row.at <= until)
    found: dict[int, dict[Warned, Explained]] = {}
    for number, code, cell, rule_id, text, actor, at in session.execute(query):
        warned = Warned(code, cell, rule_id)
        found.setdefault(number, {})[warned] = Explained(warned, text, actor, at)
    return {number: [one for one in said.values() if one.text] for number, said in found.items()}


def keep_explanations(
    session: Session, submission_id: int, given: Sequence[Explained], *, at: datetime
) -> None:
    """Write what was said beside a revision, as said by `at`; nothing that stands is changed."""
    rows = [
        one.warned._asdict()
        | {
            "submission_id": submission_id,
            "text": short(one.text, LONGEST),
            "actor": one.actor,
            "at": at,
        }
        for one in given
    ]
    if rows:
        session.connection().execute(insert(table_of(Explanation)), rows)


def explain(
    session: Session,
    *,
    actor: Actor,
    submission_id: int,
    given: Sequence[Explained],
    clock: Callable[[], datetime],
) -> list[Explained]:
    """Explain warnings of a report that was received; gives all that is said about it.

    The instant is stamped while consolidating is kept out, so that what an edition carries is the
    same for ever. The caller commits. Raises NotFound, NotAllowed, Conflict.
    """
    held = hold_submission(session, actor=actor, acts=WRITERS, submission_id=submission_id)
    submission = held.submission
    if not held.is_in_force or submission.status is not SubmissionStatus.RECEIVED:
        raise Conflict(
            vi="Chỉ giải trình được báo cáo đang chờ tiếp nhận.",
            en="Only a report that waits to be accepted can be explained.",
        )
    known_warnings(open_issues(session, submission), given)
    now = clock()
    said = [Explained(one.warned, one.text.strip(), actor.name) for one in given]
    keep_explanations(session, submission.id, said, at=now)
    entry = Entry(
        act="submission.explained",
        subject=f"submission/{submission.id}",
        unit_id=submission.unit_id,
        details={"explanations": as_data(said)},
    )
    record(session, actor, entry, now=now)
    return explanations_of(session, [submission.id]).get(submission.id, [])


def as_data(given: Iterable[Explained]) -> list[dict[str, Any]]:
    """Explanations as plain values: what is hashed, signed and shown."""
    return [one.warned._asdict() | {"text": one.text, "actor": one.actor} for one in given]
