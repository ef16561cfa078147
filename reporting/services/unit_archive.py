"""All that a unit ever entered, in one zip (Nghị định 09/2019/NĐ-CP, Điều 21).

Every revision with its file, its receipt and what was said about it; refused attempts, drafts,
letters, obligations; the audit of the unit for its administrators; and the keys and the program
by which the receipts can be checked without us.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.resources import files
from typing import IO, Any

from sqlalchemy import ColumnElement, Select, Table, select, true
from sqlalchemy.orm import Session

from reporting.errors import NotFound
from reporting.models import (
    AuditLine,
    AuditLink,
    CellComment,
    Draft,
    DraftChange,
    Explanation,
    ObligationEvent,
    Person,
    RefusedAttempt,
    ReportingObligation,
    ReportingUnit,
    SentDocument,
    Submission,
)
from reporting.models.base import Base, table_of
from reporting.services.actors import Act, Actor
from reporting.services.attempts import attempts_of
from reporting.services.audit import RECEIVED, Entry, instant_text, record
from reporting.services.identifiers import normalise_identifier
from reporting.services.keys import list_keys
from reporting.services.receipt_files import receipt_name
from reporting.services.receipts import Proof
from reporting.services.rights import may_for_unit, may_see_draft, require_for_unit
from reporting.services.zip_writing import ZipWriting, one_line_json, safe_part

_PAGE = 20
_LINES = 1_000

#: An archive that is larger is put together on disk.
LARGEST_IN_MEMORY = 16 * 1024 * 1024

README = """Tất cả dữ liệu mà đơn vị đã nhập vào hệ thống (Nghị định 09/2019/NĐ-CP, Điều 21)
All that the unit ever entered (Decree 09/2019/NĐ-CP, Article 21)

reports/BIỂU/KỲ/LẦN-SỐ/   nội dung (report.json), tệp như đã nhận, biên nhận ký số, giải trình,
                          ý kiến của cơ quan nhận
                          what was said, the file as received, the signed receipt, explanations,
                          comments of the receiver
refused/                  những lần gửi bị từ chối / attempts that were refused
drafts/                   bản đang soạn, chỉ có khi người tải là quản trị hoặc được nhập, kiểm tra,
                          duyệt của đơn vị
                          drafts, only where an administrator, or who enters, checks or approves for
                          the unit, takes this out
letters/                  văn bản gửi bằng hình thức khác / letters sent by other means
obligations.csv           nghĩa vụ báo cáo / what was owed
obligation_events.jsonl   những gì đã xảy ra với nghĩa vụ / what befell it
persons.json              người nhận thông báo / who gets messages
audit.jsonl               nhật ký của đơn vị, chỉ có khi người tải là quản trị
                          the audit of the unit, only where an administrator takes this out
keys/                     khóa công khai / public keys
verify_receipt.py         kiểm tra biên nhận, không cần mạng / checks a receipt, without a network:
                          python verify_receipt.py receipt-SỐ.json --key keys/KHÓA.pem --file TỆP
MANIFEST.json             SHA-256 của từng tệp / SHA-256 of every file
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """What an archive holds: how many of each."""

    unit: ReportingUnit
    counts: dict[str, int]


def find_unit_by_code(session: Session, code: str) -> ReportingUnit:
    """A unit by its own code, also one that is no more. Raises NotFound."""
    found = session.scalars(
        select(ReportingUnit).where(ReportingUnit.code == normalise_identifier(code))
    ).one_or_none()
    if found is None:
        raise NotFound(vi=f"Không có đơn vị {code[:60]}.", en=f"There is no unit {code[:60]}.")
    return found


def note_archive(session: Session, *, actor: Actor, archived: Archived, now: datetime) -> None:
    """Write who takes the archive of a unit out. The caller commits before it goes."""
    entry = Entry(
        act="unit.archived",
        subject=f"unit/{archived.unit.id}",
        unit_id=archived.unit.id,
        details={"counts": archived.counts},
    )
    record(session, actor, entry, now=now)


def write_archive(
    session: Session, file: IO[bytes], *, actor: Actor, unit: ReportingUnit, now: datetime
) -> Archived:
    """Write the archive of a unit into a file. Raises NotAllowed.

    Reads in pages and keeps one of them in memory. Who may read only some forms may not: an
    archive with gaps would not be one.
    """
    whole = replace(actor, grants=tuple(grant for grant in actor.grants if not grant.forms))
    require_for_unit(session, actor=whole, act=Act.READ, unit_id=unit.id)
    administers = may_for_unit(session, whole, Act.ADMINISTER, unit.id)
    zipped = ZipWriting(file)
    zipped.put("README.txt", README.encode())
    zipped.put("verify_receipt.py", (files("reporting.proof") / "verify_receipt.py").read_bytes())
    for key in list_keys(session):
        zipped.put(f"keys/{safe_part(key.id)}.pem", key.public_pem.encode())
    counts = {
        "revisions": _put_revisions(session, zipped, unit),
        "refused": _put_refused(session, zipped, unit, now.date()),
        "drafts": _put_drafts(
            session, zipped, unit, true() if administers else may_see_draft(actor)
        ),
        "letters": _put_letters(session, zipped, unit),
        "obligations": _put_obligations(session, zipped, unit),
        "persons": _put_persons(session, zipped, unit),
    }
    if administers:
        counts["audit"] = _put_audit(session, zipped, unit)
    about = {"unit": unit.code, "name": unit.name_vi, "made_at": instant_text(now)}
    zipped.close(about | {"made_by": actor.name, "counts": counts})
    return Archived(unit, counts)


def _put_revisions(session: Session, zipped: ZipWriting, unit: ReportingUnit) -> int:
    sent = table_of(Submission)
    count = 0
    for rows in _pages(session, select(sent).where(sent.c.unit_id == unit.id), sent.c.id, _PAGE):
        ids = [row.id for row in rows]
        receipts = _receipts(session, ids)
        said = {
            name: _by_submission(session, model, ids)
            for name, model in (("explanations", Explanation), ("comments", CellComment))
        }
        for row in rows:
            place = f"reports/{_form_part(row)}/{row.revision:03}-{row.id}"
            zipped.put_json(f"{place}/about.json", _plain(row, "canonical", "file"))
            zipped.put(f"{place}/report.json", row.canonical)
            zipped.put(f"{place}/file-{safe_part(row.file_name)}", row.file)
            if row.id in receipts:
                zipped.put(f"{place}/{receipt_name(row)}", receipts[row.id].as_file())
            for name, lines in said.items():
                if lines.get(row.id):
                    zipped.put_json(f"{place}/{name}.json", lines[row.id])
        count += len(rows)
    return count


def _receipts(session: Session, ids: Sequence[int]) -> dict[int, Proof]:
    """The signed line of each revision; the first, as it was given."""
    line = table_of(AuditLine).c
    subjects = {f"submission/{number}": number for number in ids}
    query = (
        select(line.subject, line.body, line.sha256, line.key_id, line.signature)
        .where(line.subject.in_(list(subjects)), line.act == RECEIVED, line.signature != "")
        .order_by(line.id.desc())
    )
    return {subjects[subject]: Proof(*rest) for subject, *rest in session.execute(query)}


def _by_submission(
    session: Session, model: type[Base], ids: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    table = table_of(model)
    query = select(table).where(table.c.submission_id.in_(ids)).order_by(table.c.id)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in session.execute(query):
        found.setdefault(row.submission_id, []).append(_plain(row))
    return found


def _put_refused(session: Session, zipped: ZipWriting, unit: ReportingUnit, on: date) -> int:
    attempts = table_of(RefusedAttempt)
    query = select(attempts).where(attempts_of(session, unit, on=on))
    count = 0
    for rows in _pages(session, query, attempts.c.id, _PAGE):
        for row in rows:
            place = f"refused/{row.id}"
            zipped.put_json(f"{place}/about.json", _plain(row, "file"))
            zipped.put(f"{place}/file-{safe_part(row.file_name)}", row.file)
        count += len(rows)
    return count


def _put_drafts(
    session: Session, zipped: ZipWriting, unit: ReportingUnit, may_see: ColumnElement[bool]
) -> int:
    """To the receiver, who may read all below him, there is nothing until it is sent."""
    draft, change = table_of(Draft), table_of(DraftChange)
    seen = select(ReportingObligation.id).where(ReportingObligation.unit_id == unit.id, may_see)
    query = select(draft).where(draft.c.obligation_id.in_(seen))
    count = 0
    for rows in _pages(session, query, draft.c.id, _PAGE):
        for row in rows:
            place = f"drafts/{row.id}"
            changes = session.execute(
                select(change).where(change.c.draft_id == row.id).order_by(change.c.id)
            )
            zipped.put_json(f"{place}/about.json", _plain(row, "body"))
            zipped.put(f"{place}/file-{safe_part(row.file_name)}", row.body)
            zipped.put_json(f"{place}/changes.json", [_plain(line) for line in changes])
        count += len(rows)
    return count


def _put_letters(session: Session, zipped: ZipWriting, unit: ReportingUnit) -> int:
    letter = table_of(SentDocument)
    query = select(letter).where(_is_owed_by(letter, unit))
    count = 0
    for rows in _pages(session, query, letter.c.obligation_id, _PAGE):
        for row in rows:
            place = f"letters/{row.obligation_id}"
            zipped.put_json(f"{place}/about.json", _plain(row, "scan"))
            zipped.put(f"{place}/scan-{safe_part(row.scan_name)}", row.scan)
        count += len(rows)
    return count


def _put_obligations(session: Session, zipped: ZipWriting, unit: ReportingUnit) -> int:
    owed, event = table_of(ReportingObligation), table_of(ObligationEvent)
    rows = session.execute(select(owed).where(owed.c.unit_id == unit.id).order_by(owed.c.id)).all()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(column.name for column in owed.c)
    writer.writerows(_plain(row).values() for row in rows)
    zipped.put("obligations.csv", text.getvalue().encode("utf-8-sig"))
    events = select(event).where(_is_owed_by(event, unit))
    _put_lines(zipped, "obligation_events.jsonl", _pages(session, events, event.c.id, _LINES))
    return len(rows)


def _put_persons(session: Session, zipped: ZipWriting, unit: ReportingUnit) -> int:
    person = table_of(Person)
    query = select(person).where(person.c.unit_id == unit.id).order_by(person.c.id)
    persons = [_plain(row) for row in session.execute(query)]
    zipped.put_json("persons.json", persons)
    return len(persons)


def _put_audit(session: Session, zipped: ZipWriting, unit: ReportingUnit) -> int:
    line, link = table_of(AuditLine), table_of(AuditLink)
    query = (
        select(*line.c, link.c.number.label("link"))
        .outerjoin_from(line, link, link.c.line_id == line.c.id)
        .where(line.c.unit_id == unit.id)
    )
    return _put_lines(zipped, "audit.jsonl", _pages(session, query, line.c.id, _LINES))


def _put_lines(zipped: ZipWriting, name: str, pages: Iterator[Sequence[Any]]) -> int:
    """A file with one line of JSON for each row."""
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for rows in pages:
            count += len(rows)
            yield b"".join(one_line_json(_plain(row)) for row in rows)

    zipped.put_parts(name, lines())
    return count


def _pages(
    session: Session, query: Select[Any], key: ColumnElement[int], size: int
) -> Iterator[Sequence[Any]]:
    """The rows of a query by their key, page by page."""
    after = -1
    while True:
        rows: Sequence[Any] = session.execute(
            query.where(key > after).order_by(key).limit(size)
        ).all()
        if not rows:
            return
        yield rows
        after = getattr(rows[-1], str(key.key))


def _is_owed_by(table: Table, unit: ReportingUnit) -> ColumnElement[bool]:
    """Whether a row of a table is of an obligation of the unit."""
    owed = table_of(ReportingObligation).c
    of_unit: ColumnElement[bool] = table.c.obligation_id.in_(
        select(owed.id).where(owed.unit_id == unit.id)
    )
    return of_unit


def _form_part(row: Any) -> str:
    return f"{safe_part(row.form_code)}/{safe_part(row.period)}"


def _plain(row: Any, *left_out: str) -> dict[str, Any]:
    """A row as JSON has it: instants and days as text, bytes as text where they are JSON."""
    return {name: _written(value) for name, value in row._mapping.items() if name not in left_out}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
