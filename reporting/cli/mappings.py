"""`reporting mappings`: what senders called a row, and the entry of a list that it is."""

from __future__ import annotations

import click

from reporting.cli.opening import console_actor, open_parts
from reporting.services.key_mapping import list_mappings, map_key


@click.group("mappings")
def mappings_group() -> None:
    """Rows that came under a name that no list has: map them once."""


@mappings_group.command("list")
def list_all() -> None:
    """Every mapping, the oldest first; the newest of a text counts."""
    with open_parts() as parts, parts.reading_sessions() as session:
        for line in list_mappings(session):
            what = f"{line.code_list}: {line.key} -> {line.code or '(apart)'}"
            click.echo(f"{what} ({line.actor}) {line.reason}".rstrip())


@mappings_group.command("add")
@click.argument("code_list")
@click.argument("text")
@click.argument("code", default="")
@click.option("--reason", default="", help="Why; it stays with the mapping.")
def add(code_list: str, text: str, code: str, reason: str) -> None:
    """Let TEXT stand for CODE of CODE_LIST; without CODE, keep it apart again."""
    with open_parts() as parts, parts.sessions.begin() as session:
        line = map_key(
            session,
            actor=console_actor(),
            catalogue=parts.catalogue,
            code_list=code_list,
            text=text,
            code=code,
            reason=reason[:1000],
            now=parts.clock(),
        )
        click.echo(f"{line.key} -> {line.code or '(apart)'}; the next edition has it")
