"""`reporting indicators`: the dictionary of indicators, and what is asked twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table as Grid
from rich.text import Text

from forms.asked_twice import AskedTwice, asked_twice
from forms.indicators import Indicator
from forms.unit_kinds import kind_en, kind_vi
from reporting.cli.forms import folders_option, load_catalogue
from reporting.cli.printing import a_console


@click.group("indicators")
@folders_option
@click.pass_context
def indicators_group(context: click.Context, folders: tuple[Path, ...]) -> None:
    """Indicators: one dictionary across all forms."""
    context.obj = folders


@indicators_group.command("list")
@click.pass_obj
def list_indicators(folders: Sequence[Path]) -> None:
    """List every indicator with the cells that give it."""
    dictionary = load_catalogue(folders).dictionary
    grid = Grid("Code", "Indicator", "Unit", "Kind", "Targets", "Given by", box=None)
    for one in dictionary.indicators.values():
        cells = [str(cell) for cell in dictionary.asking(one.code)]
        if not cells:
            cells = [f"{one.of} / {one.to}"] if one.is_ratio else ["-"]
        row = (one.code, one.label_vi, one.unit, one.kind, _targets(one), "\n".join(cells))
        grid.add_row(*map(Text, row))
    a_console().print(grid)


@indicators_group.command("check")
@click.pass_obj
def check_indicators(folders: Sequence[Path]) -> None:
    """Check every dictionary; warn of what is asked twice of the same unit and period."""
    catalogue = load_catalogue(folders)
    pairs = asked_twice(catalogue)
    for pair in pairs:
        for line in _warning(pair):
            click.echo(line)
    dictionary = catalogue.dictionary
    counted = f"{len(dictionary.indicators)} indicators, {len(dictionary.cells)} cells"
    click.echo(f"{counted}: no faults, {len(pairs)} asked twice.")


def _targets(one: Indicator) -> str:
    return " ".join(f"{year}: {goal:f}" for year, goal in sorted(one.targets.items()))


def _warning(pair: AskedTwice) -> tuple[str, str]:
    periods = " ".join(pair.periods)
    held_vi = f"; quy tắc {pair.held_by} giữ hai số bằng nhau" if pair.held_by else ""
    held_en = f"; rule {pair.held_by} holds them equal" if pair.held_by else ""
    return (
        f"! {pair.indicator.code} {pair.indicator.label_vi}: hỏi hai lần, ở {pair.first} và "
        f"{pair.second}, kỳ {periods}, của {', '.join(map(kind_vi, pair.kinds))}{held_vi}",
        f"  {pair.indicator.label_en}: asked twice, {periods}, of "
        f"{', '.join(map(kind_en, pair.kinds))}{held_en}",
    )
