"""`reporting periods` and `reporting consolidate`: opening periods, and making editions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.table import Table as Grid
from rich.text import Text

from forms.period import BadPeriod, Period
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time, write_out
from reporting.services import obligation_acts as acts
from reporting.services.board import By, board
from reporting.services.consolidation import consolidate
from reporting.services.exports import edition_workbook
from reporting.services.named import filters_named, form_for_period, obligations_named, unit_named
from reporting.services.periods import open_regime_period
from reporting.services.standing import list_periods


@click.group("periods")
def periods_group() -> None:
    """Reporting periods: open one, see how they stand."""


@periods_group.command("open")
@click.argument("period")
@click.option("--form", "codes", multiple=True, help="Only this form; may be given more than once.")
def open_one(period: str, codes: tuple[str, ...]) -> None:
    """Freeze who owes what for PERIOD (2026-09, 2026-Q3, 2026-H1, 2026-9M, 2026); once only."""
    wanted = _period(period)
    with open_parts() as parts:
        known = parts.catalogue
        named = codes or [one for one in known.codes if wanted.kind in known.latest(one).periods]
        with parts.sessions.begin() as session:
            done = open_regime_period(
                session,
                actor=console_actor(),
                forms=[form_for_period(session, known, one, wanted.code)[0] for one in named],
                catalogue=known,
                period=wanted,
                zone=parts.settings.time_zone,
                now=parts.clock(),
            )
    if not done:
        raise click.ClickException(f"no form is reported for {wanted}")
    for code, opening in done.items():
        click.echo(f"{code} {wanted}: {opening.created} opened, {opening.existing} stood already")


@periods_group.command("list")
def list_all() -> None:
    """Every open form and period: expected, received, late, missing."""
    grid = Grid("Period", "Form", "Due", "Expected", "Received", "Late", "Missing", box=None)
    with open_parts() as parts:
        with parts.reading_sessions() as session:
            lines = list_periods(session, actor=console_actor())
        for line in lines:
            due = local_time(parts, line.last_due_at)
            counts = map(str, (line.expected, line.received, line.late, line.missing))
            grid.add_row(*(Text(cell) for cell in (line.period, line.form_code, due, *counts)))
    a_console().print(grid)


@periods_group.command("board")
@click.argument("period")
@click.option("--by", type=click.Choice(list(By)), default=By.RECEIVER, show_default=True)
def show_board(period: str, by: str) -> None:
    """How PERIOD stands, by form and receiving unit, or by form or unit alone."""
    names = ("Form", "Unit", "Expected", "Received", "Late", "Missing", "Complete", "Timely")
    grid = Grid(*names, box=None)
    with open_parts() as parts, parts.reading_sessions() as session:
        _, wanted = filters_named(parts.catalogue, form="", period=period)
        for line in board(session, actor=console_actor(), period=wanted, by=By(by)):
            counts = (line.expected, line.received, line.late, line.missing + line.returned)
            rates = (f"{line.completeness} %", f"{line.timeliness} %")
            cells = (line.form_code, line.unit_name, *map(str, counts), *rates)
            grid.add_row(*map(Text, cells))
    a_console().print(grid)


def _pausing(command: Callable[..., None]) -> Callable[..., None]:
    """What a pause and its end are told alike: for which forms and units, and why."""
    options = (
        click.argument("period"),
        click.option("--form", "forms", multiple=True, help="Only this form; may be repeated."),
        click.option("--unit", "units", multiple=True, help="Only this unit; may be repeated."),
        click.option("--reason", required=True, help="Why, such as an outage."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _pause(
    act: Callable[..., int],
    period: str,
    forms: tuple[str, ...],
    units: tuple[str, ...],
    reason: str,
) -> None:
    wanted = _period(period).code
    with open_parts() as parts, parts.sessions.begin() as session:
        zone = parts.settings.time_zone
        at = acts.Circumstances(console_actor(), reason, parts.catalogue, zone, parts.clock())
        named = obligations_named(
            session, parts.catalogue, period=wanted, forms=forms, units=units, on=parts.today()
        )
        count = act(session, at, period=named.period, forms=named.forms, units=named.units)
    click.echo(f"{period}: {count} obligations")


@periods_group.command("suspend")
@_pausing
def suspend_one(period: str, forms: tuple[str, ...], units: tuple[str, ...], reason: str) -> None:
    """Stop the clock for PERIOD: nobody is reminded, marked late, or locked out."""
    _pause(acts.suspend, period, forms, units, reason)


@periods_group.command("resume")
@_pausing
def resume_one(period: str, forms: tuple[str, ...], units: tuple[str, ...], reason: str) -> None:
    """Let the clock go on for PERIOD; due instants move by the length of the pause."""
    _pause(acts.resume, period, forms, units, reason)


@click.command("consolidate")
@click.argument("form")
@click.argument("period")
@click.argument("unit")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the workbook.")
def consolidate_form(form: str, period: str, unit: str, out: Path | None) -> None:
    """Make the next edition of FORM for PERIOD and UNIT; the last again if nothing changed."""
    with open_parts() as parts:
        with parts.sessions.begin() as session:
            version, wanted, window = form_for_period(session, parts.catalogue, form, period)
            owner = unit_named(session, unit, on=window.last)
            edition, _ = consolidate(
                session,
                actor=console_actor(),
                form=version,
                period=wanted,
                unit=owner,
                catalogue=parts.catalogue,
                clock=parts.clock,
            )
            about = f"{edition.form_code} {edition.period} {owner.code}, edition {edition.number}"
        coverage = edition.coverage
        click.echo(f"{about}: {coverage['received']} of {coverage['expected']}, {edition.sha256}")
        for line in coverage["missing"]:
            click.echo(f"  missing: {line['unit']} {line['name']}")
        if out is not None:
            with parts.reading_sessions() as session:
                made = edition_workbook(
                    session,
                    actor=console_actor(),
                    edition_id=edition.id,
                    catalogue=parts.catalogue,
                )
            write_out(parts, out, made)
            click.echo(str(out))


def _period(text: str) -> Period:
    try:
        return Period.parse(text)
    except BadPeriod as bad:
        raise click.ClickException(str(bad)) from None
