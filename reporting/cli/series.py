"""`reporting series`: periods of one unit side by side, printed or as a workbook."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from forms.issues import EN, sentence
from forms.series_lines import Block, Heading, Look, SeriesCell, headings, lines_of, rows_named
from forms.time_series import Series
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, write_out
from reporting.services.series_workbooks import series_workbook
from reporting.services.time_views import Of, Wanted, view_series

_BLOCKS = {Block.LAST_YEAR: "", Block.CHANGE: "+/- ", Block.PERCENT: "% "}
_LOOKS = {
    Look.BLANK: "",
    Look.NOT_APPLICABLE: "n/a",
    Look.NOT_ASKED: "not asked",
    Look.MISSING: "missing",
    Look.NONE: "-",
}


@click.command("series")
@click.argument("form")
@click.argument("unit")
@click.argument("periods", nargs=-1, required=True)
@click.option("--row", default="total", help="Print this row, by its place in cell ids.")
@click.option("--of", type=click.Choice([one.value for one in Of]), default=None)
@click.option("--no-compare", is_flag=True, help="Leave the year before out.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a workbook.")
def show_series(
    form: str,
    unit: str,
    periods: tuple[str, ...],
    row: str,
    of: str | None,
    no_compare: bool,
    out: Path | None,
) -> None:
    """Lay PERIODS of FORM for UNIT side by side: year to date, the year before, growth."""
    with open_parts() as parts:
        actor = console_actor()
        wanted = Wanted(form, unit, periods, not no_compare, of or "")
        with parts.reading_sessions() as session:
            view = view_series(session, actor=actor, wanted=wanted, catalogue=parts.catalogue)
        if out is not None:
            file = series_workbook(view)
            write_out(parts, out, file)
            click.echo(f"{out}: {len(file.content)} bytes")
            return
    click.echo(f"{view.form.code} {view.unit_code} {view.unit_name}: {view.of.value}")
    _tell_to_date(view.series)
    for key, table in view.series.canvas.tables.items():
        _print_table(view.series, key, table.table.title, row)
    for issue in view.issues:
        click.echo(sentence(issue, EN), err=True)


def _tell_to_date(series: Series) -> None:
    year = series.to_date
    if year is not None:
        click.echo(f"year to date: {', '.join(period.code for period in year.periods)}")
        if year.missing:
            click.echo(f"    without {', '.join(period.code for period in year.missing)}")
    for check in series.checks:
        missing = ", ".join(period.code for period in check.missing)
        told = f"not compared, missing {missing}" if missing else f"{len(check.differences)} differ"
        click.echo(f"{check.year} against its periods: {told}")


def _print_table(series: Series, key: str, title: str, row: str) -> None:
    rows = rows_named(series, key, row)
    if not rows:
        click.echo(f"{title}: no row {row}", err=True)
        return
    across = headings(series)
    shown = Table("column", "over time", *map(_heading, across), title=f"{title}: {row}")
    for line in lines_of(series, key, rows):
        shown.add_row(line.column.id, line.way.value, *map(_cell, line.cells))
    a_console().print(shown)


def _heading(heading: Heading) -> str:
    until = "until " if heading.to_date else ""
    return f"{_BLOCKS.get(heading.block, '')}{until}{heading.period}"


def _cell(cell: SeriesCell) -> str:
    if cell.value is None:
        return _LOOKS[cell.look]
    return f"{cell.value:f}{'*' if cell.partial else ''}"
