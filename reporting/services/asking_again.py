"""Asking for what is done to single obligations, also where the line of that instant is done.

An obligation may come after its instant: assigned late, owed again, extended to a day that has
been dealt with, or taken over from a merged unit. A line that is done does nothing any more, so a
further one is asked for; it touches only the obligations that no line has dealt with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, exists, literal, select, union_all
from sqlalchemy.orm import Session

from reporting.models import JobAction, ReportingObligation
from reporting.models.base import table_of
from reporting.services.clock_acts import due_of, left_by
from reporting.services.ledger import Action, Ask, again, ask, first_of

_line = table_of(JobAction).c
_owed = table_of(ReportingObligation).c


def ask_for_obligations(session: Session, asked: Sequence[Ask], *, now: datetime) -> None:
    """Ask for actions upon the obligations of one form and period; the caller commits.

    Whoever rings may do a line while this transaction is not committed, and would not see its
    obligations. So a line that waits is kept from him until the commit, and one that is in his
    hands counts as done. A few statements, whatever the number of units.
    """
    ask(session, asked, now=now)
    passed = _not_kept(session, asked)
    if not passed:
        return
    numbers = _numbers(session, passed)
    fit = [one for one in passed if _may_still_be_done(one, asked, now)]
    while fit := _with_someone_left(session, list(_numbered(fit, numbers, now))):
        ask(session, fit, now=now)
        fit = _not_kept(session, fit)


def _not_kept(session: Session, asked: Sequence[Ask]) -> list[Ask]:
    """Those that are done or in other hands; the others wait, and wait until the commit."""
    if not asked:
        return []
    rows = session.execute(
        select(_line.action, _line.occurrence)
        .where(*_lines_of(asked), _line.done_at.is_(None))
        .with_for_update(read=True, skip_locked=True)
    )
    kept = {(action, occurrence) for action, occurrence in rows}
    return [one for one in asked if (one.action, one.occurrence) not in kept]


def _numbers(session: Session, asked: Sequence[Ask]) -> Counter[tuple[str, str]]:
    """How many lines there are for each action and instant."""
    rows = session.execute(select(_line.action, _line.occurrence).where(*_lines_of(asked)))
    return Counter((action, first_of(occurrence)) for action, occurrence in rows)


def _lines_of(asked: Sequence[Ask]) -> Iterator[ColumnElement[bool]]:
    yield _line.form_code == asked[0].form_code
    yield _line.period == asked[0].period
    yield _line.action.in_(sorted({str(one.action) for one in asked}))


def _may_still_be_done(one: Ask, asked: Sequence[Ask], now: datetime) -> bool:
    """A reminder is not told anew once the instant has passed or a nearer one is due as well."""
    if one.action is not Action.REMIND:
        return True
    others = [other for other in asked if other.action is Action.REMIND and other.due_at <= now]
    nearest = max(
        (other.due_at for other in others if due_of(other) == due_of(one)), default=one.due_at
    )
    return now <= due_of(one) and one.due_at == nearest


def _numbered(
    asked: Sequence[Ask], numbers: Counter[tuple[str, str]], now: datetime
) -> Iterator[Ask]:
    """The same once more, under the next number; no sooner than now, when its cause came about."""
    for one in asked:
        key = (str(one.action), first_of(one.occurrence))
        numbers[key] += 1
        occurrence = again(one.occurrence, numbers[key])
        yield replace(one, occurrence=occurrence, due_at=max(one.due_at, now))


def _with_someone_left(session: Session, asked: Sequence[Ask]) -> list[Ask]:
    """Those for which there is an obligation that no line has dealt with: one statement."""
    if not asked:
        return []
    parts = [
        select(literal(number)).where(exists(select(_owed.id).where(left_by(one))))
        for number, one in enumerate(asked)
    ]
    return [asked[number] for number in session.scalars(union_all(*parts))]
