"""`reporting obligations` and `reporting assign`: what befalls obligations, at the console."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import click
from sqlalchemy.orm import Session

from reporting.cli.arguments import DAY, NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import local_time, write_out
from reporting.models import ReportingUnit
from reporting.parts import Parts
from reporting.services import obligation_acts as acts
from reporting.services.assigning import assign, read_assignments
from reporting.services.coming import Coming, list_coming
from reporting.services.named import unit_named
from reporting.services.obligation_records import find_document, find_obligation, scan_file
from reporting.services.obligations import State, list_owed

_REASON = click.option("--reason", required=True, help="Why; it stays with the obligation.")


@click.group("obligations")
def obligations_group() -> None:
    """What units owe, and what befell it."""


@obligations_group.command("list")
@click.argument("unit")
@click.option("--subordinates", is_flag=True, help="What is owed to UNIT, not by it.")
@click.option("--state", type=click.Choice([state.value for state in State]))
def list_all(unit: str, state: str | None, *, subordinates: bool) -> None:
    """What UNIT owes, the soonest due first; and what it will be asked for next."""
    with open_parts() as parts, parts.reading_sessions() as session:
        found = unit_named(session, unit, on=parts.today())
        listed = partial(
            list_owed,
            session,
            actor=console_actor(),
            unit_id=found.id,
            now=parts.clock(),
            of_subordinates=subordinates,
            states=[State(state)] if state else (),
        )
        lines = listed()
        while lines:
            for line in lines:
                due = local_time(parts, line.due_at)
                what = f"{line.unit_code} {line.form_code} {line.period}"
                click.echo(f"{line.id:8} {line.state:9} {due} {what}")
            lines = listed(after=lines[-1].id)
        coming = [] if state else _coming(parts, session, found, subordinates=subordinates)
        for one in coming:
            opens, due = local_time(parts, one.opens_at), local_time(parts, one.due_at)
            units = f", {one.units} units" if subordinates else ""
            click.echo(f"    next {opens}: {one.form_code} {one.period}, due {due}{units}")


def _coming(
    parts: Parts, session: Session, unit: ReportingUnit, *, subordinates: bool
) -> list[Coming]:
    return list_coming(
        session,
        unit=unit,
        of_subordinates=subordinates,
        catalogue=parts.catalogue,
        zone=parts.settings.time_zone,
        now=parts.clock(),
    )


@obligations_group.command("extend")
@click.argument("number", type=NUMBER)
@click.argument("day", type=DAY)
@_REASON
def extend(number: int, day: datetime, reason: str) -> None:
    """Give obligation NUMBER until the end of DAY."""
    with open_parts() as parts, parts.sessions.begin() as session:
        at = _circumstances(parts, reason)
        owed = acts.extend(session, at, obligation_id=number, due_on=day.date())
        click.echo(f"due {local_time(parts, owed.due_at)}")


@obligations_group.command("waive")
@click.argument("number", type=NUMBER)
@click.option("--take-back", is_flag=True, help="It is owed again.")
@_REASON
def waive(number: int, reason: str, *, take_back: bool) -> None:
    """Let obligation NUMBER off."""
    act = acts.owe_again if take_back else acts.waive
    with open_parts() as parts, parts.sessions.begin() as session:
        owed = act(session, _circumstances(parts, reason), obligation_id=number)
        click.echo(f"{owed.form_code} {owed.period}: {owed.stand}")


@obligations_group.command("reopen")
@click.argument("number", type=NUMBER)
@click.argument("day", type=DAY)
@_REASON
def reopen(number: int, day: datetime, reason: str) -> None:
    """Let obligation NUMBER be corrected until the end of DAY."""
    with open_parts() as parts, parts.sessions.begin() as session:
        at = _circumstances(parts, reason)
        owed = acts.reopen(session, at, obligation_id=number, closes_on=day.date())
        click.echo(f"closes {local_time(parts, owed.closes_at)}")


@obligations_group.command("sent-otherwise")
@click.argument("number", type=NUMBER)
@click.argument("document")
@click.argument("day", type=DAY)
@click.argument("scan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def sent_otherwise(number: int, document: str, day: datetime, scan: Path) -> None:
    """Count obligation NUMBER as sent by DOCUMENT of DAY, whose SCAN is kept."""
    letter = acts.Letter(document, day.date(), scan.read_bytes(), scan.name)
    with open_parts() as parts, parts.sessions.begin() as session:
        at = _circumstances(parts, "sent by other means")
        owed = acts.mark_sent_otherwise(session, at, obligation_id=number, letter=letter)
        click.echo(f"{owed.form_code} {owed.period}: {owed.stand}")


@obligations_group.command("history")
@click.argument("number", type=NUMBER)
def history(number: int) -> None:
    """What befell obligation NUMBER."""
    with open_parts() as parts, parts.reading_sessions() as session:
        found = find_obligation(session, actor=console_actor(), obligation_id=number)
        for event in found.events:
            when = local_time(parts, event.at)
            click.echo(f"{when} {event.change} by {event.actor}: {event.reason}")
        if not found.events:
            owed = found.owed
            click.echo(f"{owed.form_code} {owed.period}: nothing befell it since it was opened")


@obligations_group.command("scan")
@click.argument("number", type=NUMBER)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the scan.")
def scan_of(number: int, out: Path | None) -> None:
    """The document by which obligation NUMBER was sent otherwise, and its scan."""
    with open_parts() as parts, parts.reading_sessions() as session:
        actor = console_actor()
        found = find_document(session, actor=actor, obligation_id=number)
        click.echo(f"{found.document_number} of {found.document_date}, by {found.actor}")
        click.echo(f"{found.scan_name}, SHA-256 {found.scan_sha256}")
        if out is not None:
            write_out(parts, out, scan_file(session, actor=actor, obligation_id=number))


@click.command("assign")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Look it over, and assign nothing.")
def assign_file(file: Path, *, dry_run: bool) -> None:
    """Assign forms to units for periods by a CSV: form,unit,period; all of it or nothing."""
    lines, faults = read_assignments(file.read_bytes())
    if not faults:
        with open_parts() as parts, parts.sessions.begin() as session:
            done = assign(
                session,
                actor=console_actor(),
                lines=lines,
                catalogue=parts.catalogue,
                zone=parts.settings.time_zone,
                now=parts.clock(),
                dry_run=dry_run,
            )
        faults = list(done.faults)
    for fault in faults:
        click.echo(f"{file.name}:{fault.line}: {fault.vi}\n    {fault.en}", err=True)
    if faults:
        raise SystemExit(1)
    click.echo(f"{done.created} assigned, {done.existing} stood already")


def _circumstances(parts: Parts, reason: str) -> acts.Circumstances:
    zone = parts.settings.time_zone
    return acts.Circumstances(console_actor(), reason, parts.catalogue, zone, parts.clock())
