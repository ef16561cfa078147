"""How commands print: a console that does not cut lines when piped, and instants in local time."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import click
from rich.console import Console

from reporting.cli.opening import console_actor
from reporting.parts import Parts
from reporting.services.downloads import NamedFile, note_download
from reporting.services.import_effects import Touched, What
from reporting.services.import_files import ImportResult


def a_console() -> Console:
    """A console that writes where click does; as wide as the window, or wide when piped."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def local_time(parts: Parts, instant: datetime | None) -> str:
    """An instant where due dates are dates."""
    if instant is None:
        return ""
    return f"{instant.astimezone(parts.settings.time_zone):%Y-%m-%d %H:%M:%S}"


@contextmanager
def whole_file(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to be written: it appears whole under its name, or not at all.

    Raises click.FileError where its folder is not there, or closed to us.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error
    try:
        with os.fdopen(handle, "w+b") as file:
            os.fchmod(file.fileno(), mode)
            yield file
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_out(parts: Parts, path: Path, file: NamedFile) -> None:
    """Write a file that leaves the system; it is on the audit before it is there.

    Raises what `whole_file` does.
    """
    with whole_file(path) as written, parts.sessions.begin() as session:
        note_download(session, actor=console_actor(), file=file, now=parts.clock())
        written.write(file.content)


def show_import(result: ImportResult, noun: tuple[str, str]) -> None:
    """What an import did, in both languages; every fault of it, and then exit 1."""
    for fault in result.faults:
        click.echo(fault.sentence("vi"), err=True)
        click.echo(f"    {fault.sentence('en')}", err=True)
    if result.faults:
        count = len(result.faults)
        click.echo(
            f"{count} lỗi; không nạp dòng nào. {count} faults; nothing was loaded.", err=True
        )
        raise click.exceptions.Exit(1)
    counts = (result.created, result.changed, result.unchanged)
    vi, en = ("Sẽ có", "Would be:") if result.is_dry_run else ("Đã nạp", "Loaded:")
    click.echo(f"{vi} {counts[0]} {noun[0]} mới, {counts[1]} thay đổi, {counts[2]} giữ nguyên.")
    click.echo(f"{en} {counts[0]} {noun[1]} made, {counts[1]} changed, {counts[2]} as they were.")


_SIGNS = {
    "exact": "",
    "estimated": " [ước tính / estimated]",
    "refused": " [chưa có tỷ lệ / no shares]",
}


def show_effects(result: ImportResult, touched: Touched | None) -> None:
    """What befalls each unit but those that are new, what to look at, and what it touches."""
    for effect in result.effects:
        if effect.what is not What.NEW:
            sign = _SIGNS[effect.restating] if effect.restating else ""
            change = f"{effect.before} -> {effect.after}" if effect.after else ""
            click.echo(f"{effect.on} {effect.what} {effect.unit}  {change}{sign}")
    for doubt in result.doubts:
        click.echo(doubt.sentence("vi"), err=True)
        click.echo(f"    {doubt.sentence('en')}", err=True)
    if touched is None:
        return
    for period in touched.periods:
        click.echo(
            f"{period.form} {period.period}: {period.owed} phải gửi / owed, {period.missing} chưa "
            f"gửi / missing, {period.received} phải nhận / to receive"
        )
    for opening in touched.openings:
        click.echo(
            f"{opening.form} {opening.period} {opening.opens_at:%Y-%m-%d}: {opening.asked} sẽ gửi "
            f"/ will be asked, {opening.no_more} không còn / no more"
        )
