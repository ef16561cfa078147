"""`reporting calendar`: days that are worked or free against the ordinary calendar."""

from __future__ import annotations

from datetime import date, datetime

import click

from forms.working_days import DayChange
from reporting.cli.arguments import DAY
from reporting.cli.opening import console_actor, open_parts
from reporting.services.calendar import change_day, forget_change, list_changes


@click.group("calendar")
def calendar_group() -> None:
    """The calendar of working days; a change touches no period that is open already."""


@calendar_group.command("list")
def list_days() -> None:
    """Every changed day, shipped ones too."""
    with open_parts() as parts, parts.reading_sessions() as session:
        for day, change, actor in list_changes(session):
            kind = "worked" if change.is_working else "free"
            click.echo(f"{day} {kind:7} {change.name} {f'({actor})' if actor else ''}".rstrip())


@calendar_group.command("set")
@click.argument("day", type=DAY)
@click.argument("kind", type=click.Choice(["worked", "free"]))
@click.option("--name", default="", help="Why, such as the decision that swapped it.")
def set_day(day: datetime, kind: str, name: str) -> None:
    """Make DAY worked or free."""
    change = DayChange(kind == "worked", name[:200])
    with open_parts() as parts, parts.sessions.begin() as session:
        change_day(session, actor=console_actor(), day=_date(day), change=change, now=parts.clock())
    click.echo(f"{_date(day)}: {kind}")


@calendar_group.command("unset")
@click.argument("day", type=DAY)
def unset_day(day: datetime) -> None:
    """Let DAY be ordinary again."""
    with open_parts() as parts, parts.sessions.begin() as session:
        forget_change(session, actor=console_actor(), day=_date(day), now=parts.clock())
    click.echo(f"{_date(day)}: ordinary")


def _date(day: datetime) -> date:
    return day.date()
