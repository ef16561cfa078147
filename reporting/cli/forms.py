"""`reporting forms`: look at declared forms, check declaration files, publish a version."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from forms.catalogue import Catalogue, UnknownForm, load_forms, shipped_folder
from forms.definition import Column, FormVersion, RowModel, Table
from forms.faults import BadDeclaration
from forms.json_schema import json_schema
from forms.locking import is_published, publish

#: Where more declarations are, for commands that need no store.
folders_option = click.option(
    "--folder",
    "folders",
    multiple=True,
    envvar="REPORTING_FORMS",
    type=click.Path(path_type=Path),
    help="A folder with more forms; may be given more than once.",
)


@click.group("forms")
@folders_option
@click.pass_context
def forms_group(context: click.Context, folders: tuple[Path, ...]) -> None:
    """Declared forms: check, list, show, publish, JSON Schema."""
    context.obj = folders


@forms_group.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def check_files(folders: Sequence[Path], files: tuple[Path, ...]) -> None:
    """Check every declaration, and FILES with them."""
    catalogue = load_catalogue(folders, files=files)
    counted = f"{len(catalogue.forms)} form versions, {len(catalogue.regimes)} regimes"
    click.echo(f"{counted}, {len(catalogue.lists)} lists: no faults.")


@forms_group.command("list")
@click.pass_obj
def list_forms(folders: Sequence[Path]) -> None:
    """List every form version."""
    catalogue = load_catalogue(folders)
    grid = Grid("Form", "Version", "Regime", "Periods", "State", "Title", box=None)
    for form in catalogue.forms:
        state = "published" if catalogue.is_published(form) else "draft"
        periods = " ".join(form.periods)
        _add(grid, form.code, str(form.version), form.regime, periods, state, form.title_vi)
    _console().print(grid)


@forms_group.command("show")
@click.argument("code")
@click.option("--version", type=int, help="The newest one, if not given.")
@click.pass_obj
def show_form(folders: Sequence[Path], code: str, version: int | None) -> None:
    """Show the form CODE: its columns, rows and rules."""
    form = _find(load_catalogue(folders), code, version)
    console = _console()
    lines = [
        f"{form.code} v{form.version}: {form.title_vi}",
        form.title_en,
        f"{form.source}; {form.regime}; {' '.join(form.periods)}; {form.unit}",
        f"{form.reporter} -> {form.receiver}",
    ]
    for line in lines:
        console.print(line, markup=False)
    for table in form.tables:
        console.print(f"\n{table.key}: {table.title} ({table.model})", markup=False)
        console.print(_columns_grid(table))
        if table.model in (RowModel.FIXED, RowModel.OUTLINE):
            console.print(_rows_grid(table))
        if table.sections:
            console.print(_sections_grid(table))
        if table.total is not None:
            console.print(f"total: {table.total.label}", markup=False)
        if table.rules:
            console.print(_rules_grid(table))
    for source in form.sources:
        row = f", row {source.row}" if source.row else ""
        console.print(f"\n<- {source.form} {source.table} ({source.mode}{row})", markup=False)


@forms_group.command("publish")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_obj
def publish_forms(folders: Sequence[Path], files: Sequence[Path]) -> None:
    """Lock the form versions in FILES: from then on they never change. All of them, or none."""
    catalogue = load_catalogue(folders, files=files)
    roots = (shipped_folder(), *folders)
    found = [_to_publish(catalogue, roots, file) for file in files]
    problems = [problem for problem in found if isinstance(problem, str)]
    if problems:
        raise click.ClickException("\n".join(problems))
    for root, form in (each for each in found if not isinstance(each, str)):
        publish(root, form)
        click.echo(f"{form.code} version {form.version} is published: {form.checksum}")


def _to_publish(
    catalogue: Catalogue, roots: Sequence[Path], file: Path
) -> tuple[Path, FormVersion] | str:
    """The folder in whose lock a form is to stand, and the form; or why it cannot be published."""
    place = file.resolve()
    form = next((form for form in catalogue.forms if Path(form.path).resolve() == place), None)
    if form is None:
        return f"{file} is a regime or a list; only forms are published"
    root = next((root for root in roots if place.is_relative_to(root.resolve())), None)
    if root is None:
        return f"{file} is in no folder of forms; name its folder: --folder"
    if is_published(root, form):
        return f"{form.code} version {form.version} is already published"
    return root, form


@forms_group.command("json-schema")
@click.argument("code")
@click.option("--version", type=int, help="The newest one, if not given.")
@click.pass_obj
def print_json_schema(folders: Sequence[Path], code: str, version: int | None) -> None:
    """Print the JSON Schema (2020-12) of a return of the form CODE."""
    schema = json_schema(_find(load_catalogue(folders), code, version))
    click.echo(json.dumps(schema, ensure_ascii=False, indent=2))


def load_catalogue(folders: Sequence[Path], *, files: Sequence[Path] = ()) -> Catalogue:
    """The catalogue; where something is wrong with it, all of that is printed, and exit 1."""
    try:
        return load_forms(folders, files=files)
    except BadDeclaration as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        count = len(error.faults)
        click.echo(f"{count} fault{'s' if count != 1 else ''}", err=True)
        raise click.exceptions.Exit(1) from None


def _find(catalogue: Catalogue, code: str, version: int | None) -> FormVersion:
    try:
        return catalogue.latest(code) if version is None else catalogue.form(code, version)
    except UnknownForm as error:
        known = ", ".join(catalogue.codes)
        raise click.ClickException(f"{error}; there are {known}") from None


def _console() -> Console:
    """A console that writes where click does, and does not cut lines when piped to a file."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


def _add(grid: Grid, *cells: str) -> None:
    """Add a row of plain text: a label such as `[1]` is no markup."""
    grid.add_row(*(Text(cell) for cell in cells))


def _columns_grid(table: Table) -> Grid:
    grid = Grid("No.", "Column", "Type", "Unit", "Computed", "Header", box=None)
    for column in table.columns:
        computed = "yes" if column.formula else ""
        _add(grid, column.number, column.id, _type(column), column.unit, computed, column.label)
    return grid


def _type(column: Column) -> str:
    type_ = f"{column.type}({column.digits})" if column.digits else str(column.type)
    return f"{type_}*" if column.compulsory else type_


def _rows_grid(table: Table) -> Grid:
    grid = Grid("No.", "Row", "Section", "From", "Until", "Label", box=None)
    for row in table.rows:
        until = row.validity.valid_to.isoformat() if row.validity.valid_to else ""
        _add(grid, row.number, row.key, row.section, row.taken_from, until, row.label)
    return grid


def _sections_grid(table: Table) -> Grid:
    grid = Grid("Section", "Kinds", "Until", "Label", box=None)
    for section in table.sections:
        until = section.validity.valid_to.isoformat() if section.validity.valid_to else ""
        _add(grid, section.key, " ".join(section.kinds), until, section.label)
    return grid


def _rules_grid(table: Table) -> Grid:
    grid = Grid("Rule", "Severity", "Origin", "Scope", "Check", box=None)
    for rule in table.rules:
        _add(grid, rule.id, rule.severity, rule.origin, rule.scope, rule.text)
    return grid
