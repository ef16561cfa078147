"""`reporting clients`: tokens for the programs that send."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from rich.table import Table as Grid
from rich.text import Text

from reporting.cli.arguments import NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time
from reporting.services.actors import EVERY_ACT
from reporting.services.clients import (
    MAY,
    OVERLAP,
    Limits,
    acts_named,
    create_client,
    list_clients,
    revoke,
    rotate,
)
from reporting.services.named import form_named, unit_named
from reporting.services.opening import end_of_day


@click.group("clients")
def clients_group() -> None:
    """Machine clients and their tokens."""


@clients_group.command("create")
@click.argument("name")
@click.option("--unit", help="The unit it acts for; without one it acts for the central office.")
@click.option("--may", multiple=True, type=click.Choice(list(MAY)), help="All, if none is named.")
@click.option("--form", "forms", multiple=True, help="For this form only; several may be.")
@click.option("--network", "networks", multiple=True, help="Only from there: 10.1.0.0/16.")
@click.option("--signer", default="", help="Who has signed what it sends: name and title.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
def create(
    name: str,
    unit: str | None,
    may: tuple[str, ...],
    forms: tuple[str, ...],
    networks: tuple[str, ...],
    signer: str,
    expires: datetime | None,
) -> None:
    """Make a client called NAME and print its token, which is never shown again."""
    with open_parts() as parts:
        limits = Limits(
            acts=acts_named(may) if may else EVERY_ACT,
            forms=[form_named(parts.catalogue, form).code for form in forms],
            networks=networks,
            signer=signer,
            expires_at=end_of_day(expires.date(), parts.settings.time_zone) if expires else None,
        )
        with parts.sessions.begin() as session:
            unit_id = unit_named(session, unit, on=parts.today()).id if unit else None
            client, token = create_client(
                session,
                actor=console_actor(),
                name=name,
                unit_id=unit_id,
                now=parts.clock(),
                limits=limits,
            )
        click.echo(f"client {client.id}, {client.name}, {unit or 'central office'}", err=True)
    click.echo(token)


@clients_group.command("list")
def list_all() -> None:
    """Every client, with the beginning of its token."""
    grid = Grid("No.", "Name", "Unit", "Token", "May", "Made", "Expires", "Revoked", box=None)
    with open_parts() as parts, parts.reading_sessions() as session:
        for client, unit in list_clients(session, actor=console_actor()):
            made, expires, revoked = (
                local_time(parts, instant)
                for instant in (client.created_at, client.expires_at, client.revoked_at)
            )
            may = "all" if len(client.acts) == len(EVERY_ACT) else ", ".join(client.acts)
            token = f"{client.token_prefix}…"
            cells = (str(client.id), client.name, unit, token, may, made, expires, revoked)
            grid.add_row(*(Text(cell) for cell in cells))
    a_console().print(grid)


@clients_group.command("rotate")
@click.argument("number", type=NUMBER)
@click.option("--days", default=OVERLAP.days, help="How long the old token stays good.")
def rotate_one(number: int, days: int) -> None:
    """Make a token in the place of that of client NUMBER, and print it."""
    with open_parts() as parts, parts.sessions.begin() as session:
        client, token = rotate(
            session,
            actor=console_actor(),
            client_id=number,
            now=parts.clock(),
            overlap=timedelta(days=max(days, 0)),
        )
        click.echo(f"client {client.id} in the place of {number}, {client.name}", err=True)
    click.echo(token)


@clients_group.command("revoke")
@click.argument("number", type=NUMBER)
def revoke_one(number: int) -> None:
    """Take back the token of client NUMBER, for good."""
    with open_parts() as parts, parts.sessions.begin() as session:
        client = revoke(session, actor=console_actor(), client_id=number, now=parts.clock())
        click.echo(f"client {client.id}, {client.name}: revoked")
