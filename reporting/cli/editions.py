"""`reporting editions`: list, compare, make again, look back, show on another map of units."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from reporting.cli.arguments import DAY, INSTANT, NUMBER
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import local_time, whole_file, write_out
from reporting.services.change_exports import entered_text, workbook_of
from reporting.services.change_record import Changes
from reporting.services.edition_changes import changes_between
from reporting.services.editions import list_editions
from reporting.services.looking_back import look_back
from reporting.services.named import filters_named, form_for_period, unit_named
from reporting.services.rebuilding import rebuild_editions
from reporting.services.restated_workbooks import remarks, restated_workbook
from reporting.services.restating import Restated, restate
from reporting.services.unit_choices import choose_unit


@click.group("editions")
def editions_group() -> None:
    """Editions of consolidated forms."""


@editions_group.command("list")
@click.option("--form", default="", help="Of this form alone.")
@click.option("--period", default="", help="Of this period alone.")
def list_all(form: str, period: str) -> None:
    """Every edition, the oldest first."""
    with open_parts() as parts, parts.reading_sessions() as session:
        code, wanted = filters_named(parts.catalogue, form=form, period=period)
        after = 0
        while found := list_editions(
            session, actor=console_actor(), form_code=code, period=wanted, after=after
        ):
            for edition, unit in found:
                what = f"{edition.id} {edition.form_code} {edition.period} {unit.code}"
                n_of = f"{edition.coverage['received']} of {edition.coverage['expected']}"
                when = local_time(parts, edition.cut_off_at)
                click.echo(f"{what} edition {edition.number}: {n_of}, {when}, {edition.sha256}")
            after = found[-1][0].id


@editions_group.command("rebuild")
@click.argument("edition", type=NUMBER, required=False)
@click.option("--all", "is_all", is_flag=True, help="Every edition that there is.")
def rebuild(edition: int | None, is_all: bool) -> None:
    """Make EDITION again from the evidence of its inputs, and compare it with what is kept.

    Exit 1 where one differs. Nothing is written.
    """
    if (edition is None) == (not is_all):
        raise click.UsageError("name one EDITION, or say --all")
    count = differ = 0
    with open_parts() as parts, parts.reading_sessions() as session:
        for made in rebuild_editions(
            session, actor=console_actor(), catalogue=parts.catalogue, edition_id=edition
        ):
            count += 1
            if made.faults:
                differ += 1
                for fault in made.faults:
                    click.echo(f"{made.edition_id} {made.about}: {fault}", err=True)
            elif not is_all:
                click.echo(f"{made.about}: {made.sha256}")
    click.echo(f"{count} editions rebuilt, {differ} differ")
    if differ:
        raise click.exceptions.Exit(1)


@editions_group.command("diff")
@click.argument("edition", type=NUMBER)
@click.argument("other", type=NUMBER, required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="An .xlsx or .json.")
def diff(edition: int, other: int | None, out: Path | None) -> None:
    """Say what changed in EDITION since OTHER, by default since the one before it.

    By unit with its cause, and by cell; FILE gets all of it, as a workbook or as JSON.
    """
    if out is not None and out.suffix not in (".xlsx", ".json"):
        raise click.UsageError("--out names an .xlsx or a .json file")
    with open_parts() as parts:
        with parts.reading_sessions() as session:
            found = changes_between(
                session,
                actor=console_actor(),
                catalogue=parts.catalogue,
                edition_id=edition,
                since=other,
            )
        if out is not None and out.suffix == ".xlsx":
            write_out(parts, out, workbook_of(found))
    _tell_changes(found)
    if out is not None and out.suffix == ".json":
        data = json.dumps(found.as_data(), ensure_ascii=False, indent=1) + "\n"
        with whole_file(out) as written:
            written.write(data.encode())


def _tell_changes(found: Changes) -> None:
    """Every unit, every thing that decides beside the reports, and every cell that changed."""
    for one in found.units:
        was, now = entered_text(one.old), entered_text(one.new)
        click.echo(f"{one.cause.value} {one.unit_code} {one.unit_name}: {was} -> {now}")
    for changed in found.basis:
        name = f" {changed.name}" if changed.name else ""
        click.echo(f"basis {changed.what}{name}: {changed.old} -> {changed.new}")
    for cell in found.cells:
        delta = f" ({cell.delta_text})" if cell.delta is not None else ""
        click.echo(f"{cell.cell}: {cell.old or '-'} -> {cell.new or '-'}{delta}")
    numbers = f"edition {found.old.number} to {found.new.number}"
    click.echo(f"{numbers}: {len(found.units)} units, {len(found.cells)} cells", err=True)


@editions_group.command("as-of")
@click.argument("form")
@click.argument("period")
@click.argument("unit")
@click.argument("instant", type=INSTANT)
def as_of(form: str, period: str, unit: str, instant: datetime) -> None:
    """Print what consolidating FORM for PERIOD and UNIT would have given at INSTANT, local time.

    The canonical JSON goes to the output, how complete it was to the error stream.
    """
    with open_parts() as parts, parts.reading_sessions() as session:
        version, wanted, window = form_for_period(session, parts.catalogue, form, period)
        found = look_back(
            session,
            actor=console_actor(),
            form=version,
            period=wanted,
            unit=unit_named(session, unit, on=window.last),
            at=instant.replace(tzinfo=parts.settings.time_zone),
            catalogue=parts.catalogue,
        )
    n_of = f"{found.coverage['received']} of {found.coverage['expected']}"
    click.echo(f"{n_of}, {found.sha256}", err=True)
    click.echo(found.canonical.decode())


@editions_group.command("restate")
@click.argument("edition", type=NUMBER)
@click.option("--on", "on", type=DAY, required=True, help="The day of the map of units.")
@click.option("--unit", default="", help="Which part of a unit that was divided.")
@click.option(
    "--out", "file", type=click.Path(dir_okay=False, path_type=Path), help="A workbook of it."
)
def restate_edition(edition: int, on: datetime, unit: str, file: Path | None) -> None:
    """Print EDITION on the map of units of a day, or write it as a workbook. Nothing is stored.

    The canonical JSON goes to the output; what became of which unit, to the error stream.
    """
    with open_parts() as parts, parts.reading_sessions() as session:
        actor = console_actor()
        found = restate(
            session,
            actor=actor,
            catalogue=parts.catalogue,
            edition_id=edition,
            on=on.date(),
            unit=unit,
        )
        if file is not None:
            made = restated_workbook(session, found, actor=actor)
            write_out(parts, file, made)
    _tell_restated(found)
    click.echo(str(file) if file else found.canonical.decode())


def _tell_restated(found: Restated) -> None:
    """What became of which unit, which rows are estimates, and what is not in the figures."""
    for old, parts_of_it in sorted(found.moves.items()):
        into = ", ".join(
            part.unit if part.share == 1 else f"{part.unit} ({part.share})" for part in parts_of_it
        )
        click.echo(f"{old} -> {into}", err=True)
    for table, paths in sorted(found.estimated.items()):
        click.echo(f"estimated: {table}: {', '.join(sorted(paths))}", err=True)
    for remark in remarks(found):
        click.echo(remark, err=True)
    click.echo(f"{found.sources.unit_code} {found.on}, {found.sha256}", err=True)


@editions_group.command("choose")
@click.argument("form")
@click.argument("period")
@click.argument("receiver")
@click.argument("unit")
@click.option("--out/--in", "is_out", required=True, help="Leave UNIT out, or let it enter again.")
@click.option("--reason", required=True, help="Why; it stands with the choice.")
def choose(form: str, period: str, receiver: str, unit: str, is_out: bool, reason: str) -> None:
    """Say whether UNIT enters what RECEIVER consolidates in FORM for PERIOD."""
    with open_parts() as parts, parts.sessions.begin() as session:
        version, wanted, window = form_for_period(session, parts.catalogue, form, period)
        choose_unit(
            session,
            actor=console_actor(),
            form=version,
            period=wanted.code,
            receiver=unit_named(session, receiver, on=window.last),
            unit=unit_named(session, unit, on=window.last),
            enters=not is_out,
            reason=reason,
            catalogue=parts.catalogue,
            now=parts.clock(),
        )
    click.echo(f"{unit}: {'left out' if is_out else 'enters'}; the next edition has it so")
