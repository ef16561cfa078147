"""`reporting regimes`: the regimes in use, and making one at run time."""

from __future__ import annotations

from pathlib import Path

import click

from forms.faults import BadDeclaration
from reporting.cli.opening import console_actor, open_parts
from reporting.services.regimes import known_regimes, make_regime


@click.group("regimes")
def regimes_group() -> None:
    """Reporting regimes: those of the files, and those made at run time."""


@regimes_group.command("list")
def list_all() -> None:
    """Every regime with its kind, periods and legal text."""
    with open_parts() as parts, parts.reading_sessions() as session:
        for code, regime in sorted(known_regimes(session, parts.catalogue).items()):
            when = ", ".join(regime.periods or [one.period for one in regime.occasions])
            secret = " (mật / secret)" if regime.is_secret else ""
            click.echo(f"{code}{secret}: {regime.name}; {regime.kind}; {when}; {regime.source}")


@regimes_group.command("make")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def make(file: Path) -> None:
    """Make the thematic or ad hoc regime of FILE, a YAML file as in the declared forms."""
    with open_parts() as parts:
        try:
            with parts.sessions.begin() as session:
                regime = make_regime(
                    session,
                    actor=console_actor(),
                    content=file.read_bytes(),
                    catalogue=parts.catalogue,
                    now=parts.clock(),
                )
        except BadDeclaration as bad:
            for fault in bad.faults:
                click.echo(str(fault), err=True)
            raise SystemExit(1) from None
        click.echo(f"{regime.code}: {', '.join(one.period for one in regime.occasions)}")
