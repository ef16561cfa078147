"""The command line `reporting-jobs`: what is done by the clock, and the demonstration of it all.

Exit codes for schedulers of others: 0 done or already done, 75 try again, 1 failed, also where
the command was not written right.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text
from sqlalchemy.exc import OperationalError

from forms.faults import BadDeclaration
from forms.period import FIRST_DAY, LAST_DAY
from forms.unit_kinds import kind_vi
from jobs.clock import Ringer, serve
from jobs.demo.cli import demo
from jobs.leading import SecondScheduler, lead_of
from jobs.working import Worker, working
from reporting.db import is_migrated
from reporting.errors import Refusal
from reporting.logs import configure_logging
from reporting.parts import Parts, make_parts
from reporting.services.actors import Actor
from reporting.services.job_runs import (
    EVERYTHING,
    PURPOSES,
    list_failing,
    list_runs,
    retry,
    run_job,
    would_do,
)
from reporting.services.preview import look_ahead
from reporting.services.ringing import ring
from reporting.settings import BadSettings, Settings
from reporting.work import carry_again, ring_lightly

LARGEST_ID = 2**63 - 1

TRY_AGAIN = 75
FAILED = 1
_TERMINATED = 143


class Commands(click.Group):
    """Commands for schedulers of others, which know three codes: wrong usage is a failure too."""

    def main(self, *given: Any, **more: Any) -> Any:
        """Run a command; what click ends with 2 ends with 1."""
        try:
            return super().main(*given, **more)
        except SystemExit as end:
            if end.code == click.UsageError.exit_code:
                raise SystemExit(FAILED) from None
            raise


@click.group(cls=Commands)
def main() -> None:
    """Scheduled work, and the demonstration."""


main.add_command(demo)


class Instant(click.ParamType[datetime]):
    """An instant with its zone."""

    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant; a naive one is refused."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            self.fail("expected such as 2026-09-16T10:00:00+07:00", param, ctx)
        if not FIRST_DAY < instant.date() < LAST_DAY:
            self.fail(f"{value} is not between {FIRST_DAY} and {LAST_DAY}", param, ctx)
        return instant


@contextmanager
def _opened() -> Iterator[Parts]:
    """The parts of this process; every failure ends with a sentence and its exit code."""
    try:
        parts = make_parts(Settings.from_env(os.environ))
    except BadSettings as bad:
        raise click.ClickException("\n".join(bad.faults)) from None
    except BadDeclaration as bad:
        raise click.ClickException("\n".join(str(fault) for fault in bad.faults)) from None
    configure_logging(parts.settings.environment)
    try:
        with parts.engine.connect() as connection:
            if not is_migrated(connection):
                raise click.ClickException("the store is not up to date: run reporting db upgrade")
        yield parts
    except OperationalError as fault:
        click.echo(f"the store is away or busy; try again: {fault.orig}", err=True)
        raise SystemExit(TRY_AGAIN) from None
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.vi}\n{refusal.en}") from None
    finally:
        parts.engine.dispose()


def _actor() -> Actor:
    name = os.environ.get("USER") or os.environ.get("LOGNAME") or "console"
    return Actor(name=f"console:{name}", is_system=True)


def _local(parts: Parts, instant: datetime | None) -> str:
    zone = parts.settings.time_zone
    return "" if instant is None else f"{instant.astimezone(zone):%d/%m/%Y %H:%M}"


@main.command("list")
def list_jobs() -> None:
    """The jobs that can be rung for."""
    for job, (vi, en) in PURPOSES.items():
        click.echo(f"{job:12} {vi} · {en}")


@main.command()
@click.argument("job", default=EVERYTHING)
@click.option("--as-of", type=Instant(), help="Ring for this instant instead of now.")
@click.option("--key", help="The same key rings once; ringing again answers the first run.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def run(job: str, as_of: datetime | None, key: str | None, *, dry_run: bool) -> None:
    """Do what is due: everything, or one JOB. For cron and whoever else keeps time."""
    with _opened() as parts:
        if dry_run:
            instant = as_of or parts.clock()
            for one in would_do(parts.bell, job=job, as_of=instant, actor=_actor(), key=key):
                what = f"{one.form_code} {one.period} {one.unit_code} {one.occurrence}"
                click.echo(f"{_local(parts, one.due_at)}  {one.action}  {' '.join(what.split())}")
            return
        if as_of is None:
            parts.ringing_now()
        done, is_new = run_job(
            parts.bell, job=job, as_of=as_of, door="command", actor=_actor(), key=key
        )
    outcome = done.outcome or {"done": {}, "failed": []}
    counts = ", ".join(f"{count} {what}" for what, count in outcome["done"].items()) or "nothing"
    click.echo(f"run {done.id}{'' if is_new else ' (rung before)'}: {counts}")
    for line in outcome["failed"]:
        click.echo(f"  failed: {line}", err=True)
    if outcome["failed"]:
        raise SystemExit(FAILED)


@main.command()
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 400))
def preview(days: int) -> None:
    """What will fire in the days to come, for whom, and why."""
    with _opened() as parts:
        grid = Grid("When", "What", "Form", "Period", "Units", "Why", box=None)
        for one in look_ahead(parts.bell, now=parts.clock(), span=timedelta(days=days)):
            units = "; ".join(f"{n} {kind_vi(kind)}" for kind, n in one.units.items())
            units = ": ".join(filter(None, (one.unit_code, units)))
            why = "\n".join(("! " if why.is_warning else "") + why.vi for why in one.reasons)
            cells = (_local(parts, one.at), one.action, one.form_code, one.period, units, why)
            grid.add_row(*map(Text, cells))
    Console(width=None if Console().is_terminal else 200).print(grid)


@main.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
def history(limit: int) -> None:
    """The last runs, and what failed and waits to be tried again."""
    with _opened() as parts:
        with parts.reading_sessions() as session:
            runs, failing = list_runs(session, limit=limit), list_failing(session)
        for one in runs:
            done = (one.outcome or {}).get("done", {})
            said = ", ".join(f"{count} {what}" for what, count in done.items()) or "-"
            end = _local(parts, one.finished_at) or "not finished"
            click.echo(
                f"{one.id:6} {_local(parts, one.as_of)} {one.job} by {one.actor}: {said}; {end}"
            )
        for row in failing:
            what = f"{row.action} {row.form_code} {row.period} {row.unit_code}"
            click.echo(f"failed {row.id}: {' '.join(what.split())}, {row.attempts} times")
            click.echo(f"    {row.last_error.splitlines()[0] if row.last_error else ''}")


@main.command("retry")
@click.argument("number", type=click.IntRange(0, LARGEST_ID))
def retry_one(number: int) -> None:
    """Let failed action NUMBER (see history) be tried at the next ring."""
    with _opened() as parts, parts.sessions.begin() as session:
        action = retry(session, actor=_actor(), action_id=number, now=parts.clock())
        click.echo(f"{action.action} {action.form_code} {action.period}: at the next ring")


@main.command("serve")
@click.option("--every", default=15.0, show_default=True, type=click.FloatRange(0.1, 3600))
@click.option("--no-work", is_flag=True, help="Leave heavy work to reporting-jobs work.")
def serve_clock(every: float, *, no_work: bool) -> None:
    """Ring for good; of several on PostgreSQL one leads, and another takes over."""
    with _opened() as parts, _until_told():
        if no_work:
            _refuse_on_sqlite(parts)
        is_carried = parts.engine.dialect.name == "postgresql"
        act = ring_lightly if is_carried else ring
        ringer = Ringer(parts.bell, lead_of(parts.engine), every, act, now=parts.ringing_now)
        try:
            with working(parts) if is_carried and not no_work else nullcontext():
                serve(ringer)
        except SecondScheduler as second:
            raise click.ClickException(str(second)) from None


@main.command("work")
@click.option("--at-once", default=1, show_default=True, type=click.IntRange(1, 12))
@click.option("--once", is_flag=True, help="Do what is due, and end.")
def work_for_good(at_once: int, *, once: bool) -> None:
    """Consolidate and hand over as it falls due; on PostgreSQL, with as many workers as wanted."""
    with _opened() as parts, _until_told():
        _refuse_on_sqlite(parts)
        carry_again(parts.bell, now=parts.ringing_now())
        if not once:
            with working(parts, at_once=at_once):
                threading.Event().wait()
        rung = Worker(parts, at_once=at_once).run_once()
        click.echo(", ".join(f"{count} {what}" for what, count in rung.done.items()) or "nothing")
        if rung.failed:
            raise click.ClickException("\n".join(rung.failed))


@contextmanager
def _until_told() -> Iterator[None]:
    """Until the process is told to end, by a signal or at the console."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("ended")


def _refuse_on_sqlite(parts: Parts) -> None:
    if parts.engine.dialect.name == "sqlite":
        raise click.ClickException(
            "Trên SQLite, tiến trình lập lịch tự làm việc nặng (reporting-jobs serve); muốn có "
            "tiến trình riêng, hãy dùng PostgreSQL.\n"
            "On SQLite the scheduler does heavy work itself (reporting-jobs serve); for processes "
            "of their own use PostgreSQL."
        )


def _terminate(number: int, frame: object) -> NoReturn:
    # As an exception, so that the lead is given up on the way out.
    raise SystemExit(_TERMINATED)
