"""One mail a day to each person: what is due, what is overdue, who below is missing.

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
    "You receive this because you look after the reports of the unit above. "
    "Each line is a report that it, or a unit below it, still owes."
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


def make_digests(session: Session, *, day: date, zone: ZoneInfo, now: datetime) -> dict[str, int]:
    """Gather what there is to tell into one mail for each person; gives the counts.

    A person who has the mail of this day already gets the rest tomorrow. A few statements,
    whatever the number of persons. The caller commits.
    """
    told = _waiting(session)
    if not told:
        return {"mails": 0, "void": 0, "nobody": 0}
    persons = _persons(session, {line.unit_id for line in told}, day)
    mails, done = [], []
    nobody = void = 0
    by_unit: dict[int, list[_Told]] = defaultdict(list)
    for line in told:
        if line.stand in _VOID or line.suspended_at is not None:
            void += 1
            done.append(line.id)
        else:
            by_unit[line.unit_id].append(line)
    for unit_id, lines in by_unit.items():
        listed = persons.get(unit_id, [])
        if not listed:
            nobody += len(lines)
        if not listed or all(has_mail for *_, has_mail in listed):
            done += [] if listed else [line.id for line in lines]
            continue
        done += [line.id for line in lines]
        for person, unit, has_mail in listed:
            if not has_mail:
                mails.append(_mail(person, unit, lines, day, zone, now))
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


def _persons(
    session: Session, units: set[int], day: date
) -> Mapping[int, list[tuple[Person, ReportingUnit, bool]]]:
    mail = aliased(OutboxMail)
    rows = session.execute(
        select(Person, ReportingUnit, mail.id)
        .join(ReportingUnit, ReportingUnit.id == Person.unit_id)
        .outerjoin(mail, (mail.person_id == Person.id) & (mail.day == day))
        .where(Person.unit_id.in_(units), Person.ended_at.is_(None))
        .order_by(Person.id)
    )
    found: dict[int, list[tuple[Person, ReportingUnit, bool]]] = defaultdict(list)
    for person, unit, mail_id in rows:
        found[person.unit_id].append((person, unit, mail_id is not None))
    return found


def _mail(
    person: Person,
    unit: ReportingUnit,
    lines: Sequence[_Told],
    day: date,
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, object]:
    own = sum(line.owing_id == person.unit_id for line in lines)
    subject = f"[Báo cáo] {unit.name_vi}: {own} báo cáo cần gửi"
    if own < len(lines):
        subject += f", {len(lines) - own} của đơn vị trực thuộc còn thiếu"
    return {
        "person_id": person.id,
        "day": day,
        "recipient": person.mail,
        "subject": subject[:200],
        "body": _body(person, unit, lines, zone, now),
        # The same for this person and day, however often it is tried.
        "message_id": f"<{sha256(f'{person.id}|{day}|{person.mail}'.encode())[:32]}@reporting>",
        "created_at": now,
        "attempts": 0,
        "next_try_at": now,
        "last_error": "",
    }


def _body(
    person: Person, unit: ReportingUnit, lines: Sequence[_Told], zone: ZoneInfo, now: datetime
) -> str:
    parts = [f"Kính gửi {person.name},", "", f"Đơn vị: {unit.name_vi} ({unit.code})", ""]
    for kind, heading in _HEADINGS.items():
        of_kind = [line for line in lines if line.kind == kind]
        if not of_kind:
            continue
        parts.append(f"{heading}: {len(of_kind)}")
        parts += [_line(line, zone, now) for line in of_kind[:_MOST_LINES]]
        if len(of_kind) > _MOST_LINES:
            parts.append(f"  ... và {len(of_kind) - _MOST_LINES} báo cáo nữa")
        parts.append("")
    parts += ["-- ", *textwrap.wrap(_ENGLISH, _WIDTH)]
    return "\n".join(parts) + "\n"


def _line(line: _Told, zone: ZoneInfo, now: datetime) -> str:
    due = line.due_at.astimezone(zone)
    days = (due.date() - now.astimezone(zone).date()).days
    when = f"còn {days} ngày" if days > 0 else "hôm nay" if days == 0 else f"quá {-days} ngày"
    who = f"{line.owing_name}: " if line.kind is NoticeKind.ESCALATION else ""
    wrong = f"; lần gửi gần nhất bị từ chối, {line.wrong_cells} lỗi" if line.wrong_cells else ""
    text = f"{who}{line.form_code}, kỳ {line.period}, hạn {due:%H:%M %d/%m/%Y} ({when}{wrong})"
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
