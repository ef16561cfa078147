"""Imports the persons of many units from a file: all of it, or nothing and every fault of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reporting.models import Person, ReportingUnit
from reporting.services import locks
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.import_faults import ImportFault
from reporting.services.import_files import (
    ImportFile,
    ImportResult,
    ImportRow,
    RowReader,
    in_order,
    read_import_file,
)
from reporting.services.persons import LONGEST_MAIL, LONGEST_NAME, is_mail
from reporting.services.rights import reaches
from reporting.services.units import find_units

COLUMNS = ("unit", "name", "mail")

#: Two persons for each unit of the country; SQLite asks for at most 32,766 codes at once.
MAX_LINES = 30_000


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    unit: str
    name: str
    mail: str


def read_person_file(content: bytes) -> ImportFile:
    """The lines of a CSV unit,name,mail, or what is wrong with it as a file."""
    return read_import_file(content, required=COLUMNS)


def import_persons(
    session: Session,
    rows: Sequence[ImportRow],
    *,
    actor: Actor,
    on: date,
    now: datetime,
    dry_run: bool = False,
) -> ImportResult:
    """Let the persons of a file get messages, or say every fault of it and take none.

    A line makes a person, gives a known one its new name, or takes one up again that had ended;
    nobody is ended. Sending a file again changes nothing. A few statements, however many lines.
    The caller commits.
    """
    if len(rows) > MAX_LINES:
        fault = ImportFault(0, "", "too_many_rows", "", str(MAX_LINES))
        return ImportResult(faults=(fault,), is_dry_run=dry_run)
    if not dry_run:
        locks.keep_other_writers_out(session, Person)
    lines, faults = _read(rows)
    units = find_units(session, {line.unit for line in lines}, on=on)
    faults += _unit_faults(session, lines, units, actor, on)
    if faults:
        return ImportResult(faults=in_order(faults, COLUMNS), is_dry_run=dry_run)
    wanted = {(units[line.unit].id, line.mail): line.name for line in lines}
    return _write(session, wanted, actor=actor, now=now, dry_run=dry_run)


def _read(rows: Sequence[ImportRow]) -> tuple[list[_Line], list[ImportFault]]:
    """The lines that can be read, and the faults of those that cannot."""
    lines: list[_Line] = []
    faults: list[ImportFault] = []
    for row in rows:
        faults += row.faults
        if row.faults:
            continue
        reader = RowReader(row)
        unit = reader.code("unit", is_required=True)
        name = reader.text("name", is_required=True, limit=LONGEST_NAME)
        if not name.isprintable():
            reader.fault("name", "bad_character", repr(name)[1:-1])
        mail = reader.text("mail", is_required=True, limit=LONGEST_MAIL)
        if mail and not is_mail(mail):
            reader.fault("mail", "bad_mail", mail[:60], "ten@h55.gov.vn")
        faults += reader.faults
        if not reader.faults:
            lines.append(_Line(row.line, unit, name, mail))
    return lines, faults


def _unit_faults(
    session: Session,
    lines: Sequence[_Line],
    units: Mapping[str, ReportingUnit],
    actor: Actor,
    on: date,
) -> list[ImportFault]:
    """Units that are not there or not the actor's; persons that stand twice, by whatever code."""
    seen = set(
        session.scalars(
            select(ReportingUnit.id).where(reaches(actor, Act.ADMINISTER, ReportingUnit.id))
        )
    )
    first: dict[tuple[int, str], int] = {}
    faults: list[ImportFault] = []
    for line in lines:
        unit = units.get(line.unit)
        if unit is None:
            faults.append(ImportFault(line.number, "unit", "unknown_unit", line.unit, f"{on}"))
        elif unit.id not in seen:
            faults.append(ImportFault(line.number, "unit", "not_below", line.unit))
        else:
            earlier = first.setdefault((unit.id, line.mail.casefold()), line.number)
            if earlier != line.number:
                faults.append(
                    ImportFault(line.number, "mail", "duplicate_person", line.mail, str(earlier))
                )
    return faults


def _write(
    session: Session,
    wanted: Mapping[tuple[int, str], str],
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool,
) -> ImportResult:
    unit_ids = {unit_id for unit_id, _ in wanted}
    known = {
        (unit_id, mail): (number, name, ended_at)
        for number, unit_id, mail, name, ended_at in session.execute(
            select(Person.id, Person.unit_id, Person.mail, Person.name, Person.ended_at).where(
                Person.unit_id.in_(unit_ids)
            )
        )
    }
    new = [
        {"unit_id": unit_id, "mail": mail, "name": name, "created_at": now}
        for (unit_id, mail), name in wanted.items()
        if (unit_id, mail) not in known
    ]
    changed = [
        {"id": known[key][0], "name": name, "ended_at": None}
        for key, name in wanted.items()
        if key in known and known[key][1:] != (name, None)
    ]
    if new and not dry_run:
        session.execute(insert(Person), new)
    if changed and not dry_run:
        session.execute(update(Person), changed)
    if (new or changed) and not dry_run:
        _record(session, actor, unit_ids, wanted, known, now=now)
    unchanged = len(wanted) - len(new) - len(changed)
    return ImportResult(len(new), len(changed), unchanged, (), dry_run)


def _record(
    session: Session,
    actor: Actor,
    unit_ids: Collection[int],
    wanted: Mapping[tuple[int, str], str],
    known: Mapping[tuple[int, str], tuple[int, str, datetime | None]],
    *,
    now: datetime,
) -> None:
    """One line for the whole file: who gets messages of which unit now, and under which name."""
    changed = [
        {"unit": unit, "mail": mail, "name": name, "before": known[unit, mail][1]}
        if (unit, mail) in known
        else {"unit": unit, "mail": mail, "name": name}
        for (unit, mail), name in sorted(wanted.items())
        if (unit, mail) not in known or known[unit, mail][1:] != (name, None)
    ]
    only = next(iter(unit_ids)) if len(unit_ids) == 1 else None
    entry = Entry(
        act="person.imported", subject="person", unit_id=only, details={"persons": changed}
    )
    record(session, actor, entry, now=now)
