"""`reporting-jobs demo`: the demonstration as a command."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import NoReturn

import click

from jobs.demo.folder import NotOurs
from jobs.demo.sending import Unexpected
from jobs.demo.serving import DidNotStart, take_port
from jobs.demo.stage import Wrong
from jobs.demo.story import Plan, run
from jobs.demo.telling import Teller

_TERMINATED = 143


@click.command()
@click.option("--serve/--no-serve", default=True, help="Serve the page when the story is over.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--folder",
    default=Path("var/demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Made anew by every run; a folder of anybody else is left alone.",
)
@click.option("--small", is_flag=True, help="One province, a few units: for tests.")
def demo(*, serve: bool, port: int, folder: Path, small: bool) -> None:
    """Play a whole reporting period on a throw-away database, then serve its page."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        # Taken before the story, so that nobody waits for it in vain.
        page = take_port(port) if serve else None
    except OSError:
        raise click.ClickException(f"port {port} is taken; choose another: --port 8001") from None
    try:
        run(Plan(folder, serve_on=page, small=small), Teller())
    except (NotOurs, Wrong, Unexpected, DidNotStart) as failure:
        raise click.ClickException(str(failure)) from None


def _terminate(number: int, frame: object) -> NoReturn:
    # As an exception, so that the server is ended on the way out.
    raise SystemExit(_TERMINATED)
