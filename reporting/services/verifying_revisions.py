"""Checking that revisions still say what their receipts say, and that each has the other.

The chain proves the lines of the audit; this ties to them what lies beside: the canonical JSON of
each revision and the file as it came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import LargeBinary, cast, func, select
from sqlalchemy.orm import Session

from reporting.models import AuditLine, Submission
from reporting.models.base import table_of
from reporting.services.audit import RECEIVED, signed_as
from reporting.services.sealing import instant_column
from reporting.services.verifying import Progress, Verified

#: Each has a file of up to some megabytes.
_PAGE = 20
_LINES = 2_000

_sent, _line = table_of(Submission).c, table_of(AuditLine).c
_NAMED = (
    "revision", "content_sha256", "file_sha256", "file_name", "is_on_time", "signer", "reason",
)  # fmt: skip


def verify_revisions(
    session: Session,
    found: Verified,
    *,
    trusted: Mapping[str, str],
    progress: Progress = lambda _count: None,
) -> None:
    """Add to what was found whatever of a revision is not what its receipt says, or is gone.

    Revisions of before there were receipts (by their number) have none, and are only held against
    their own hashes.
    """
    first = _first_with_receipt(session)
    for rows in _pages(session):
        receipts = _receipts_of(session, [row.id for row in rows])
        for row in rows:
            found.revisions += 1
            for what in _faults(row, receipts[row.id], trusted, wanted=row.id >= first):
                found.blame(0, f"revision {row.id}: {what}")
        progress(len(rows))
    for line_id in _without_revision(session):
        found.blame(0, f"line {line_id}: the revision of this receipt is gone")


def count_revisions(session: Session) -> int:
    """How many revisions there are to check."""
    return session.scalar(select(func.count()).select_from(table_of(Submission))) or 0


def _pages(session: Session) -> Iterator[Sequence[Any]]:
    query = (
        select(
            _sent.id,
            _sent.unit_id,
            _sent.period,
            _sent.form_code,
            _sent.form_version,
            instant_column(session, _sent.received_at).label("received_at"),
            instant_column(session, _sent.recorded_at).label("recorded_at"),
            *(_sent[name] for name in _NAMED),
            cast(_sent.canonical, LargeBinary).label("canonical"),
            cast(_sent.file, LargeBinary).label("file"),
        )
        .order_by(_sent.id)
        .limit(_PAGE)
    )
    after = 0
    while True:
        rows: Sequence[Any] = session.execute(query.where(_sent.id > after)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _without_revision(session: Session) -> Iterator[int]:
    """The numbers of the receipts whose revisions are no more."""
    query = (
        select(_line.id, _line.subject)
        .where(_line.act == RECEIVED, _line.signature != "")
        .order_by(_line.id)
        .limit(_LINES)
    )
    after = 0
    while rows := session.execute(query.where(_line.id > after)).all():
        numbers = {row.id: _number_in(row.subject) for row in rows}
        revisions = select(_sent.id).where(_sent.id.in_(set(numbers.values())))
        there = set(session.scalars(revisions))
        yield from (line_id for line_id, number in numbers.items() if number not in there)
        after = rows[-1].id


def _first_with_receipt(session: Session) -> int:
    """The number of the first revision that was received when there were receipts."""
    numbers = (
        select(_line.subject)
        .where(_line.act == RECEIVED, _line.signature != "")
        .order_by(_line.id)
        .limit(1)
    )
    return _number_in(session.scalar(numbers)) or 2**62


def _number_in(subject: Any) -> int:
    """The revision that a line is about, as its column says; 0 where that names none."""
    number = str(subject).removeprefix("submission/")
    return int(number) if len(number) < 19 and number.isascii() and number.isdigit() else 0


def _receipts_of(session: Session, ids: Sequence[int]) -> Mapping[int, list[Any]]:
    subjects = {f"submission/{number}": number for number in ids}
    query = select(
        _line.subject, _line.key_id, _line.signature, cast(_line.body, LargeBinary).label("body")
    ).where(_line.subject.in_(list(subjects)), _line.act == RECEIVED)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        found[subjects[row.subject]].append(row)
    return found


def _faults(
    row: Any, receipts: Sequence[Any], trusted: Mapping[str, str], *, wanted: bool
) -> Iterator[str]:
    if sha256(row.canonical).hexdigest() != row.content_sha256:
        yield "what it says was altered"
    if sha256(row.file).hexdigest() != row.file_sha256:
        yield "its file was altered"
    read = (
        signed_as(RECEIVED, trusted.get(one.key_id, ""), one.body, one.signature)
        for one in receipts
    )
    said = next(filter(None, read), None)
    if said is None:
        if wanted or receipts:
            yield "it has no receipt that is signed by a key that is trusted"
        return
    details = said["details"]
    shown = {
        "unit": row.unit_id, "form": row.form_code, "version": row.form_version,
        "period": row.period, "received_at": row.received_at, "recorded_at": row.recorded_at,
    }  # fmt: skip
    told = {name: details[name] for name in ("form", "version", "period", "received_at")}
    told |= {"unit": said["unit"], "recorded_at": said["at"]}
    for name in _NAMED:
        shown[name], told[name] = getattr(row, name), details[name]
    wrong = sorted(name for name, value in shown.items() if told[name] != value)
    if wrong:
        yield f"its receipt says otherwise: {', '.join(wrong)}"
