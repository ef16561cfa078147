"""`reporting units`: load the shipped registry, import a list, look a unit up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from reporting.cli.arguments import DAY
from reporting.cli.opening import console_actor, open_parts, open_settings, open_store
from reporting.cli.printing import show_effects, show_import, whole_file
from reporting.db import make_session_factory
from reporting.errors import Conflict
from reporting.models.units import UnitKind
from reporting.services.import_files import ImportFile, ImportResult
from reporting.services.lineage_files import read_lineage_file
from reporting.services.lineage_imports import import_lineage
from reporting.services.touched_units import touched_by
from reporting.services.unit_archive import find_unit_by_code, note_archive, write_archive
from reporting.services.units import (
    UnitView,
    ancestors,
    find_unit,
    import_units,
    list_units,
    load_shipped_registry,
    predecessors,
    read_unit_file,
    subordinates,
    views,
)


@click.group("units")
def units_group() -> None:
    """The registry: reporting units, their codes and their history."""


UNITS = ("đơn vị", "units")
MERGERS = ("quan hệ sáp nhập", "mergers")

_on_option = click.option("--on", "on", type=DAY, help="The day that is asked about; today.")


def _day(on: datetime | None) -> date:
    return on.date() if on else datetime.now(open_settings().time_zone).date()


@units_group.command()
def load() -> None:
    """Load the shipped agencies, provinces and lineage; a second time finds nothing to do."""
    with open_store() as engine, make_session_factory(engine).begin() as session:
        try:
            done = load_shipped_registry(session, actor=console_actor(), now=datetime.now(UTC))
        except Conflict as conflict:
            raise click.ClickException(f"{conflict.vi}\n{conflict.en}") from None
    click.echo(
        f"Đã nạp {done.created} đơn vị mới, {done.changed} thay đổi, {done.edges} quan hệ sáp nhập."
    )
    click.echo(f"{done.created} units made, {done.changed} changed, {done.edges} mergers added.")


@units_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only check, and say what it would touch.")
def import_(file: Path, *, dry_run: bool) -> None:
    """Take units from a CSV file: all of it, or nothing and every fault by line and column."""
    _take(read_unit_file(file.read_bytes()), import_units, UNITS, dry_run=dry_run)


@units_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only check, and say what it would touch.")
def lineage(file: Path, *, dry_run: bool) -> None:
    """Take mergers, splits and renames from a CSV file: who went into whom, when, in which share.

    Columns: predecessor, successor, on_date, kind (merge, split, rename); and, where wanted, extent
    (whole, part), share (2/5), predecessor_parent, successor_parent. Nothing that was reported is
    changed by it.
    """
    _take(read_lineage_file(file.read_bytes()), import_lineage, MERGERS, dry_run=dry_run)


def _take(
    content: ImportFile,
    take: Callable[..., ImportResult],
    noun: tuple[str, str],
    *,
    dry_run: bool,
) -> None:
    if content.faults:
        show_import(ImportResult(faults=content.faults), noun)
        return
    touched = None
    with open_parts() as parts:
        now, sessions = parts.clock(), parts.reading_sessions if dry_run else parts.sessions
        with sessions.begin() as session:
            result = take(session, content.rows, dry_run=dry_run, actor=console_actor(), now=now)
            if dry_run:
                touched = touched_by(
                    session,
                    result.effects,
                    catalogue=parts.catalogue,
                    zone=parts.settings.time_zone,
                    now=now,
                )
    show_import(result, noun)
    show_effects(result, touched)


@units_group.command("list")
@click.option(
    "--kind", type=click.Choice([kind.value for kind in UnitKind]), help="Only this kind."
)
@_on_option
def list_(kind: str | None, on: datetime | None) -> None:
    """List the units of a day by code."""
    with open_store() as engine, make_session_factory(engine, reading=True)() as session:
        found = list_units(session, on=_day(on), kind=UnitKind(kind) if kind else None, limit=None)
    table = Table("Mã", "Loại", "Tên", "Cấp trên", box=None)
    for unit in found:
        table.add_row(unit.code, unit.kind, unit.name_vi, unit.parent_code)
    Console().print(table)
    click.echo(f"{len(found)} đơn vị / units")


@units_group.command()
@click.argument("code")
@_on_option
def show(code: str, on: datetime | None) -> None:
    """Show one unit by any of its codes: its names, what it stands under, who went into it."""
    day = _day(on)
    with open_store() as engine, make_session_factory(engine, reading=True)() as session:
        unit = find_unit(session, code, on=day)
        if unit is None:
            raise click.ClickException(
                f"Không có đơn vị {code} vào ngày {day}.\nThere is no unit {code} on {day}."
            )
        view = views(session, [unit.id], on=day)[unit.id]
        above = " < ".join(parent.code for parent in ancestors(session, unit.id, on=day))
        below = len(subordinates(session, unit.id, on=day))
        earlier = predecessors(session, unit.id, on=day)
        names = {
            edge.unit_id: old
            for edge in earlier
            for old in views(session, [edge.unit_id], on=_day_before(edge.on_date)).values()
        }
    _show_unit(view, above, below)
    for edge in earlier:
        old = names.get(edge.unit_id)
        label = f"{old.code} {old.name_vi}" if old else str(edge.unit_id)
        click.echo(f"nhập / merged   {edge.on_date}  {label} ({edge.extent})")


@units_group.command()
@click.argument("code")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def archive(code: str, file: Path) -> None:
    """Write all that unit CODE ever entered into FILE, a zip with hashes."""
    with open_parts() as parts:
        now, actor = parts.clock(), console_actor()
        with whole_file(file) as written, parts.reading_sessions() as session:
            unit = find_unit_by_code(session, code)
            archived = write_archive(session, written, actor=actor, unit=unit, now=now)
            with parts.sessions.begin() as writing:
                note_archive(writing, actor=actor, archived=archived, now=now)
    counts = ", ".join(f"{count} {what}" for what, count in archived.counts.items())
    click.echo(f"{file}: {counts}")


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _show_unit(view: UnitView, above: str, below: int) -> None:
    click.echo(f"{view.code}  {view.name_vi} ({view.name_en}), {view.kind}")
    click.echo(f"cấp trên / under      {above or '—'}")
    click.echo(f"trực thuộc / below    {below}")
    click.echo(f"hiệu lực / valid      {view.valid_from} → {view.valid_to or '…'}")
