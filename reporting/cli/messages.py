"""`reporting persons` and `reporting mail`: who gets messages, and mails that were given up."""

from __future__ import annotations

import click

from reporting.cli.opening import console_actor, open_parts
from reporting.services.mailing import list_dead, retry_mail
from reporting.services.named import unit_named
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
            now=parts.clock(),
        )
        click.echo(f"{person.id}: {person.name} <{person.mail}>")


@persons_group.command("list")
def list_all() -> None:
    """Everyone who gets messages, by unit."""
    with open_parts() as parts, parts.reading_sessions() as session:
        for person, unit in list_persons(session, actor=console_actor()):
            click.echo(f"{person.id:6} {unit.code:12} {person.name} <{person.mail}>")


@persons_group.command("end")
@click.argument("number", type=int)
def end(number: int) -> None:
    """Send person NUMBER no more messages."""
    with open_parts() as parts, parts.sessions.begin() as session:
        person = end_person(session, actor=console_actor(), person_id=number, now=parts.clock())
        click.echo(f"{person.mail}: ended")


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
@click.argument("number", type=int)
def retry(number: int) -> None:
    """Let mail NUMBER be tried at the next ring."""
    with open_parts() as parts, parts.sessions.begin() as session:
        mail = retry_mail(session, mail_id=number, now=parts.clock())
        click.echo(f"{mail.recipient}: at the next ring")
