"""One mail a day to each address: what is due, what is overdue, who below is missing.

A notice that is void by now (the report has come in, is waived, or rests) is not told.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, aliased

from forms.canonical import sha256
from reporting.models import (
    Notice,
    NoticeKind,
    OutboxMail,
    Person,
    RefusedAttempt,
    ReportingObligation,
    ReportingUnit,
    Stand,
)
from reporting.models.base import table_of

_WIDTH = 76
_MOST_LINES = 200
_VOID = (Stand.ON_TIME, Stand.LATE, Stand.WAIVED)

_HEADINGS: Mapping[NoticeKind, str] = {
    NoticeKind.RETURNED: "Báo cáo bị trả lại, cần sửa và gửi lại",
    NoticeKind.OVERDUE: "Đã quá hạn, chưa gửi",
    NoticeKind.REMINDER: "Sắp đến hạn, chưa gửi",
    NoticeKind.EXTENDED: "Được gia hạn",
    NoticeKind.ESCALATION: "Đơn vị trực thuộc chưa gửi báo cáo đã quá hạn",
}

_ENGLISH = (
    "You receive this because you look after the reports of the units above. "
    "Each line is a report that one of them, or a unit below it, still owes."
)


class _Told(NamedTuple):
    """One notice with what it is about, as it stands now."""

    id: int
    kind: NoticeKind
    unit_id: int
    owing_id: int
    owing_code: str
    owing_name: str
    form_code: str
    period: str
    due_at: datetime
    stand: Stand
    suspended_at: datetime | None
    wrong_cells: int


class _Listed(NamedTuple):
    """One person of a unit, and whether the address has its mail of the day."""

    person: Person
    unit: ReportingUnit
    address: str
    has_mail: bool


class _Part(NamedTuple):
    """What one mail tells of one unit."""

    person: Person
    unit: ReportingUnit
    lines: Sequence[_Told]


def make_digests(session: Session, *, day: date, zone: ZoneInfo, now: datetime) -> dict[str, int]:
    """Gather what there is to tell into one mail for each address; gives the counts.

    Whoever stands in several units reads of all of them in one mail. Where someone has the mail of
    this day already, what concerns that unit is told tomorrow. A few statements, whatever the
    number of persons. The caller commits.
    """
    told = _waiting(session)
    if not told:
        return {"mails": 0, "void": 0, "nobody": 0}
    persons = _persons(session, {line.unit_id for line in told}, day)
    by_unit: dict[int, list[_Told]] = defaultdict(list)
    done, nobody = [], 0
    for line in told:
        if line.stand in _VOID or line.suspended_at is not None:
            done.append(line.id)
        else:
            by_unit[line.unit_id].append(line)
    void = len(done)
    parts: dict[str, list[_Part]] = defaultdict(list)
    for unit_id, lines in by_unit.items():
        listed = persons.get(unit_id, [])
        if any(one.has_mail for one in listed):
            continue
        nobody += 0 if listed else len(lines)
        done += [line.id for line in lines]
        for one in listed:
            parts[one.address].append(_Part(one.person, one.unit, lines))
    mails = [_mail(address, of_one, day, zone, now) for address, of_one in parts.items()]
    if mails:
        session.connection().execute(insert(table_of(OutboxMail)), mails)
    notice = table_of(Notice)
    if done:
        session.execute(update(notice).where(notice.c.id.in_(done)).values(digested_at=now))
    return {"mails": len(mails), "void": void, "nobody": nobody}


def _waiting(session: Session) -> list[_Told]:
    owing = aliased(ReportingUnit)
    owed = ReportingObligation
    rows = session.execute(
        select(
            Notice.id,
            Notice.kind,
            Notice.unit_id,
            owing.id,
            owing.code,
            owing.name_vi,
            owed.form_code,
            owed.period,
            owed.due_at,
            owed.stand,
            owed.suspended_at,
        )
        .join(owed, owed.id == Notice.obligation_id)
        .join(owing, owing.id == owed.unit_id)
        .where(Notice.digested_at.is_(None))
        .order_by(owed.due_at, owed.form_code, owing.code)
    ).all()
    wrong = _wrong_cells(session, {row[4] for row in rows}, {row[7] for row in rows})
    return [_Told(*row, wrong.get((row[4], row[6], row[7]), 0)) for row in rows]


def _wrong_cells(
    session: Session, units: set[str], periods: set[str]
) -> Mapping[tuple[str, str, str], int]:
    """How many errors the last refused attempt of each report had: one statement."""
    if not units:
        return {}
    attempt = RefusedAttempt
    rows = session.execute(
        select(attempt.unit_code, attempt.form_code, attempt.period, attempt.issues)
        .where(attempt.unit_code.in_(units), attempt.period.in_(periods))
        .order_by(attempt.id)
    )
    return {
        (unit, form, period): sum(issue.get("severity") == "error" for issue in issues)
        for unit, form, period, issues in rows
    }


def _persons(session: Session, units: set[int], day: date) -> Mapping[int, list[_Listed]]:
    """Who is told of each unit, and whether the address has its mail of the day already."""
    rows = session.execute(
        select(Person, ReportingUnit)
        .join(ReportingUnit, ReportingUnit.id == Person.unit_id)
        .where(Person.unit_id.in_(units), Person.ended_at.is_(None))
        .order_by(ReportingUnit.code, Person.id)
    )
    made = select(OutboxMail.recipient).where(OutboxMail.day == day)
    had = {recipient.lower() for recipient in session.scalars(made)}
    found: dict[int, list[_Listed]] = defaultdict(list)
    for person, unit in rows:
        address = person.mail.lower()
        found[person.unit_id].append(_Listed(person, unit, address, address in had))
    return found


def _mail(
    address: str, parts: Sequence[_Part], day: date, zone: ZoneInfo, now: datetime
) -> dict[str, object]:
    parts = sorted(parts, key=lambda part: part.unit.code)
    first = parts[0]
    return {
        "person_id": first.person.id,
        "day": day,
        "recipient": first.person.mail,
        "subject": _subject(parts)[:200],
        "body": _body(parts, zone, now),
        # The same for this address and day, however often it is tried; so the key of the outbox
        # keeps two digests that are made at once from making two mails.
        "message_id": f"<{sha256(f'{address}|{day}'.encode())[:32]}@reporting>",
        "created_at": now,
        "attempts": 0,
        "next_try_at": now,
        "last_error": "",
    }


def _subject(parts: Sequence[_Part]) -> str:
    own = sum(line.owing_id == part.unit.id for part in parts for line in part.lines)
    below = sum(len(part.lines) for part in parts) - own
    more = f" và {len(parts) - 1} đơn vị khác" if len(parts) > 1 else ""
    subject = f"[Báo cáo] {parts[0].unit.name_vi}{more}: {own} báo cáo cần gửi"
    return f"{subject}, {below} của đơn vị trực thuộc còn thiếu" if below else subject


def _body(parts: Sequence[_Part], zone: ZoneInfo, now: datetime) -> str:
    names = ", ".join(dict.fromkeys(part.person.name for part in parts))
    said = [f"Kính gửi {names},", ""]
    for part in parts:
        said += [f"Đơn vị: {part.unit.name_vi} ({part.unit.code})", ""]
        for kind, heading in _HEADINGS.items():
            of_kind = [line for line in part.lines if line.kind == kind]
            if not of_kind:
                continue
            said.append(f"{heading}: {len(of_kind)}")
            said += [_line(line, zone, now) for line in of_kind[:_MOST_LINES]]
            if len(of_kind) > _MOST_LINES:
                said.append(f"  ... và {len(of_kind) - _MOST_LINES} báo cáo nữa")
            said.append("")
    said += ["-- ", *textwrap.wrap(_ENGLISH, _WIDTH)]
    return "\n".join(said) + "\n"


def _line(line: _Told, zone: ZoneInfo, now: datetime) -> str:
    due = line.due_at.astimezone(zone)
    days = (due.date() - now.astimezone(zone).date()).days
    when = f"còn {days} ngày" if days > 0 else "hôm nay" if days == 0 else f"quá {-days} ngày"
    who = f"{line.owing_name}: " if line.kind is NoticeKind.ESCALATION else ""
    wrong = f"; lần gửi gần nhất bị từ chối, {line.wrong_cells} lỗi" if line.wrong_cells else ""
    text = f"{who}{line.form_code}, kỳ {line.period}, hạn {due:%H:%M %d/%m/%Y} ({when}{wrong})"
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
