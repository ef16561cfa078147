"""`reporting persons` and `reporting mail`: who gets messages, and mails that were given up."""

from __future__ import annotations

from pathlib import Path

import click

from reporting.cli.arguments import NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import show_import
from reporting.services.import_files import ImportResult
from reporting.services.mailing import list_dead, retry_mail
from reporting.services.named import unit_named
from reporting.services.person_imports import import_persons, read_person_file
from reporting.services.persons import add_person, end_person, list_persons


@click.group("persons")
def persons_group() -> None:
    """Persons who get the messages of a unit."""


@persons_group.command("add")
@click.argument("unit")
@click.argument("name")
@click.argument("mail")
def add(unit: str, name: str, mail: str) -> None:
    """Let NAME at MAIL get the messages of UNIT."""
    with open_parts() as parts, parts.sessions.begin() as session:
        person = add_person(
            session,
            actor=console_actor(),
            unit=unit_named(session, unit, on=parts.today()),
            name=name,
            mail=mail,
            on=parts.today(),
            now=parts.clock(),
        )
        click.echo(f"{person.id}: {person.name} <{person.mail}>")


@persons_group.command("list")
def list_all() -> None:
    """Everyone who gets messages, by unit."""
    with open_parts() as parts, parts.reading_sessions() as session:
        listed = list_persons(session, actor=console_actor(), on=parts.today(), limit=None)
        for person, unit in listed:
            click.echo(f"{person.id:6} {unit.code:12} {person.name} <{person.mail}>")


@persons_group.command("end")
@click.argument("number", type=NUMBER)
def end(number: int) -> None:
    """Send person NUMBER no more messages."""
    with open_parts() as parts, parts.sessions.begin() as session:
        person = end_person(
            session,
            actor=console_actor(),
            person_id=number,
            on=parts.today(),
            now=parts.clock(),
        )
        click.echo(f"{person.mail}: ended")


@persons_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only check; nothing is stored.")
def import_(file: Path, *, dry_run: bool) -> None:
    """Take persons from a CSV unit,name,mail: all of it, or nothing and every fault of it."""
    content = read_person_file(file.read_bytes())
    result = ImportResult(faults=content.faults)
    if not content.faults:
        with open_parts() as parts:
            sessions = parts.reading_sessions if dry_run else parts.sessions
            with sessions.begin() as session:
                result = import_persons(
                    session,
                    content.rows,
                    actor=console_actor(),
                    on=parts.today(),
                    now=parts.clock(),
                    dry_run=dry_run,
                )
    show_import(result, ("người nhận thư", "persons"))


@click.group("mail")
def mail_group() -> None:
    """Mails that no server would take."""


@mail_group.command("list")
def list_given_up() -> None:
    """What was given up, and why."""
    with open_parts() as parts, parts.reading_sessions() as session:
        for mail in list_dead(session):
            click.echo(f"{mail.id:6} {mail.day} {mail.recipient}: {mail.last_error}")


@mail_group.command("retry")
@click.argument("number", type=NUMBER)
def retry(number: int) -> None:
    """Let mail NUMBER be tried at the next ring."""
    with open_parts() as parts, parts.sessions.begin() as session:
        mail = retry_mail(session, mail_id=number, now=parts.clock())
        click.echo(f"{mail.recipient}: at the next ring")
