"""`reporting audit`: checking the chain, sealing, reading lines, and the chain as files."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.progress import Progress

from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time
from reporting.db import read_broken_texts
from reporting.parts import Parts
from reporting.services.audit import list_lines
from reporting.services.audit_reading import told
from reporting.services.chain_files import export_chain, read_heads
from reporting.services.keys import trusted_keys
from reporting.services.sealing import accept_end, seal
from reporting.services.signing import named_by
from reporting.services.unit_archive import find_unit_by_code
from reporting.services.verifying import Verified, count_links, verify
from reporting.services.verifying_revisions import count_revisions, verify_revisions

_MOST_SHOWN = 50
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("audit")
def audit_group() -> None:
    """Who did what, and the proof that nothing of it was altered."""


@audit_group.command("verify")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of `audit export` that was kept elsewhere: finds a chain that was cut off.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A public key that was kept elsewhere, for each that has signed: no other is believed.",
)
@click.option("--chain-only", is_flag=True, help="Leave out whether revisions say what they said.")
def verify_all(against: Path | None, keys: tuple[Path, ...], *, chain_only: bool) -> None:
    """Check every line, link, signed end and revision; ends with 1 where anything does not fit."""
    try:
        known = read_heads(against) if against else {}
        pinned = dict(map(_read_key, keys))
    except (OSError, ValueError) as bad:
        raise click.ClickException(str(bad)) from None
    with open_parts() as parts:
        found = _check(parts, known, pinned, chain_only=chain_only)
    for fault in found.faults[:_MOST_SHOWN]:
        click.echo(f"{fault.number or '-'}: {fault.what}", err=True)
    if found.count > _MOST_SHOWN:
        click.echo(f"and {found.count - _MOST_SHOWN} more", err=True)
    for late in found.late[:_MOST_SHOWN]:
        click.echo(f"{late.number}: sealed late: {late.what}", err=True)
    click.echo(
        f"{found.links} links, {found.unsealed} unsealed, {found.revisions} revisions, "
        f"{len(found.late)} sealed late, {found.count} faults"
    )
    if found.count:
        raise click.exceptions.Exit(1)


def _read_key(path: Path) -> tuple[str, str]:
    """A public key and its name. Raises OSError, ValueError."""
    pem = path.read_text(encoding="ascii")
    if not named_by(pem):
        raise ValueError(f"{path} is no public key of Ed25519 in PEM")
    return named_by(pem), pem


def _check(
    parts: Parts, known: dict[int, str], pinned: dict[str, str], *, chain_only: bool
) -> Verified:
    console = a_console()
    with (
        parts.reading_sessions() as session,
        # Nothing of it is printed where nobody looks.
        Progress(console=console, transient=True, disable=not console.is_terminal) as shown,
    ):
        read_broken_texts(session)
        trusted = pinned or trusted_keys(session, parts.signer)
        task = shown.add_task("chain", total=count_links(session))
        found = verify(
            session,
            trusted=trusted,
            known_heads=known,
            progress=lambda count: shown.advance(task, count),
        )
        if not chain_only:
            more = shown.add_task("revisions", total=count_revisions(session))
            verify_revisions(
                session,
                found,
                trusted=trusted,
                progress=lambda count: shown.advance(more, count),
            )
    return found


@audit_group.command("seal")
@click.option(
    "--go-on", is_flag=True, help="Also after an end that was altered, once that was looked into."
)
def seal_all(*, go_on: bool) -> None:
    """Put every line that has no place in the chain yet into it, and sign its end."""
    with open_parts() as parts, parts.sessions.begin() as session:
        now = parts.clock()
        if go_on:
            accept_end(session, actor=console_actor(), signer=parts.signer, now=now)
        count = seal(session, parts.signer, now=now, from_the_first=True)
    click.echo(f"{count} lines sealed")


@audit_group.command("list")
@click.option("--unit", default="", help="Only of this unit.")
@click.option("--subject", default="", help="Only upon this, such as submission/12.")
@click.option("--act", default="", help="Only this act, such as submission.received.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
def list_all(unit: str, subject: str, act: str, limit: int) -> None:
    """Lines of the audit, the newest first."""
    with open_parts() as parts, parts.reading_sessions() as session:
        unit_id = find_unit_by_code(session, unit).id if unit else None
        lines = list_lines(
            session,
            actor=console_actor(),
            unit_id=unit_id,
            subject=subject,
            act=act,
            limit=limit,
        )
        for line in (told(row, code) for row, code in lines):
            who = f"{line.actor} {line.address}".strip()
            click.echo(
                f"{line.id:8} {local_time(parts, line.at)} {line.act} {line.subject} "
                f"{line.unit or '-'} {who}: {json.dumps(line.details, ensure_ascii=False)}"
            )


@audit_group.command("export")
@click.argument("folder", type=_FOLDER)
def export(folder: Path) -> None:
    """Write the chain up to its last signed end into FOLDER: hashes and signatures alone.

    Keep it elsewhere, and give it to whoever checks receipts.
    """
    with open_parts() as parts, parts.reading_sessions() as session:
        last = export_chain(session, folder)
    click.echo(f"{last} links in {folder}")
