"""`reporting clients`: tokens for the programs that send."""

from __future__ import annotations

import click
from rich.table import Table as Grid
from rich.text import Text

from reporting.cli.arguments import NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time
from reporting.services.clients import create_client, list_clients, revoke
from reporting.services.named import unit_named


@click.group("clients")
def clients_group() -> None:
    """Machine clients and their tokens."""


@clients_group.command("create")
@click.argument("name")
@click.option("--unit", help="The unit it acts for; without one it acts for the central office.")
def create(name: str, unit: str | None) -> None:
    """Make a client called NAME and print its token, which is never shown again."""
    with open_parts() as parts:
        with parts.sessions.begin() as session:
            unit_id = unit_named(session, unit, on=parts.today()).id if unit else None
            client, token = create_client(
                session, actor=console_actor(), name=name, unit_id=unit_id, now=parts.clock()
            )
        click.echo(f"client {client.id}, {client.name}, {unit or 'central office'}", err=True)
    click.echo(token)


@clients_group.command("list")
def list_all() -> None:
    """Every client, with the beginning of its token."""
    grid = Grid("No.", "Name", "Unit", "Token", "Made", "Revoked", box=None)
    with open_parts() as parts, parts.reading_sessions() as session:
        for client, unit in list_clients(session, actor=console_actor()):
            made, revoked = (
                local_time(parts, instant) for instant in (client.created_at, client.revoked_at)
            )
            cells = (str(client.id), client.name, unit, f"{client.token_prefix}…", made, revoked)
            grid.add_row(*(Text(cell) for cell in cells))
    a_console().print(grid)


@clients_group.command("revoke")
@click.argument("number", type=NUMBER)
def revoke_one(number: int) -> None:
    """Take back the token of client NUMBER, for good."""
    with open_parts() as parts, parts.sessions.begin() as session:
        client = revoke(session, actor=console_actor(), client_id=number, now=parts.clock())
        click.echo(f"client {client.id}, {client.name}: revoked")
