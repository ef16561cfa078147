"""`reporting db`: bring the store up to date, write a new revision, look for drift."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic.util import CommandError

from reporting.cli.opening import open_engine
from reporting.db import check_drift, make_revision, migrate


@click.group("db")
def db_group() -> None:
    """The store: its tables and their history."""


@db_group.command()
@click.option("--to", default="head", show_default=True, help="The revision to go to.")
def upgrade(to: str) -> None:
    """Bring the store to the newest revision; run twice, the second time finds nothing to do."""
    with open_engine() as engine, _told():
        migrate(engine, to=to)
        click.echo(f"{engine.url.render_as_string(hide_password=True)}: {to}")


@db_group.command()
@click.argument("message")
def revision(message: str) -> None:
    """Write the next numbered revision from the difference between the tables and the store."""
    with open_engine() as engine, _told():
        click.echo(str(make_revision(engine, message)))


@db_group.command()
def check() -> None:
    """Say whether the store has what the tables say; exit 1 when it has not."""
    with open_engine() as engine, _told():
        drift = check_drift(engine)
    for line in drift:
        click.echo(line, err=True)
    if drift:
        raise click.exceptions.Exit(1)
    click.echo("no drift")


@contextmanager
def _told() -> Iterator[None]:
    """Turns a refusal of Alembic (a store that is not up to date) into a sentence."""
    try:
        yield
    except CommandError as fault:
        raise click.ClickException(str(fault)) from None
