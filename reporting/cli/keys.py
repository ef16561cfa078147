"""`reporting keys` and `reporting receipts`: what signs, and what was signed."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.table import Table as Grid
from rich.text import Text

from reporting.cli.arguments import NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time
from reporting.services.chain_files import export_keys
from reporting.services.keys import list_keys
from reporting.services.receipt_files import receipt_file
from reporting.services.signing import ServerKey

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("keys")
def keys_group() -> None:
    """The keys that sign receipts."""


@keys_group.command("new")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Its file, mode 0600.")
def new(out: Path | None) -> None:
    """Make a private key, for REPORTING_SIGNING_KEY; needs no store.

    Never writes over a file: a key that is lost cannot sign again.
    """
    key = ServerKey.new()
    if out is None:
        click.echo(key.private_pem().decode(), nl=False)
    else:
        try:
            handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as fault:
            raise click.ClickException(f"{out}: {fault.strerror}") from None
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_pem())
    click.echo(f"key {key.key_id}", err=True)


@keys_group.command("list")
def list_all() -> None:
    """Every key that has signed here, the newest first."""
    grid = Grid("Key", "First used", "Retired", box=None)
    with open_parts() as parts, parts.reading_sessions() as session:
        for key in list_keys(session):
            cells = (
                key.id,
                local_time(parts, key.first_used_at),
                local_time(parts, key.retired_at),
            )
            grid.add_row(*(Text(cell) for cell in cells))
    a_console().print(grid)


@keys_group.command("export")
@click.argument("folder", type=_FOLDER)
def export(folder: Path) -> None:
    """Write every public key into FOLDER, to be given to whoever checks receipts."""
    with open_parts() as parts, parts.reading_sessions() as session:
        count = export_keys(session, folder)
    click.echo(f"{count} keys in {folder}")


@click.group("receipts")
def receipts_group() -> None:
    """Signed receipts as files."""


@receipts_group.command("export")
@click.argument("submissions", type=NUMBER, nargs=-1, required=True)
@click.option("--folder", type=_FOLDER, default=Path(), help="Where to; here, if left out.")
def export_receipts(submissions: tuple[int, ...], folder: Path) -> None:
    """Write the receipts of SUBMISSIONS, to be checked by verify_receipt.py."""
    with open_parts() as parts, parts.reading_sessions() as session:
        made = [
            receipt_file(session, actor=console_actor(), submission_id=number)
            for number in submissions
        ]
    folder.mkdir(parents=True, exist_ok=True)
    for file in made:
        (folder / file.name).write_bytes(file.content)
        click.echo(folder / file.name)
