"""`reporting repack` and `reporting settings`: what an operator does now and then."""

from __future__ import annotations

import os

import click
from rich.table import Table as Grid
from rich.text import Text

from reporting.cli.opening import open_parts, open_settings
from reporting.cli.printing import a_console
from reporting.services.packing import repack


@click.command("repack")
def repack_cells() -> None:
    """Rebuild the packed cells of every revision from its canonical JSON."""
    with open_parts() as parts, parts.sessions.begin() as session:
        count = repack(session, catalogue=parts.catalogue)
    click.echo(f"{count} revisions repacked")


@click.command("settings")
def show_settings() -> None:
    """Every setting with its value, without secrets."""
    grid = Grid("Variable", "Value", "From", "Meaning", box=None)
    for line in open_settings().describe(os.environ):
        cells = (line.variable, line.value, line.source, line.meaning)
        grid.add_row(*(Text(cell) for cell in cells))
    a_console().print(grid)
