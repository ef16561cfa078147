"""Periods of one unit side by side as a page: a row at a time, with a picture, and the workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, request

from forms.definition import FormVersion
from forms.expressions import TOTAL
from forms.series_lines import (
    Block,
    Heading,
    SeriesCell,
    SeriesLine,
    headings,
    lines_of,
    rows_named,
)
from forms.time_series import Series, year_before
from reporting.errors import NotFound, Overflow
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.series_workbooks import series_workbook, source_text
from reporting.services.time_views import TimeView, Wanted, view_series
from reporting.web.pictures import Picture, picture_of
from reporting.web.rendering import figure, render
from reporting.workbooks.figure_cells import plain
from reporting.workbooks.series_sheets import WARNED, check_text
from reporting.workbooks.series_table import (
    LEGEND,
    WAYS,
    heading_text,
    to_date_text,
    word_of,
)

blp = Blueprint("series_pages", __name__)

#: More rows than these are chosen from the workbook.
MOST_ROWS = 400


class Asked(NamedTuple):
    """What the address asks for; the words stay in the fields, whatever becomes of them."""

    form: str
    unit: str
    periods: str
    compare: bool
    row: str
    column: str

    @property
    def wanted(self) -> Wanted:
        """The same for the service."""
        codes = self.periods.replace(";", " ").replace(",", " ").split()
        return Wanted(self.form, self.unit, codes, self.compare)


class Compared(NamedTuple):
    """One cell with what it was the year before, and how it grew; None where that is not asked."""

    heading: Heading
    cell: SeriesCell
    before: SeriesCell | None = None
    change: SeriesCell | None = None
    percent: SeriesCell | None = None


class Shown(NamedTuple):
    """One table of a series as a page shows it: one row of it, and the rows to choose from."""

    key: str
    title: str
    rows: Sequence[tuple[str, str]]
    row: str
    lines: Sequence[tuple[SeriesLine, Sequence[Compared]]]
    column: str
    drawn_label: str
    picture: Picture | None


@blp.get("/series")
@allows(Right.PAGE)
def show_series() -> Response | str:
    """Choose a form, a unit and periods; see a row of it over the periods, and its picture."""
    asked = _asked()
    if not (asked.form and asked.unit and asked.periods):
        return _page(asked)
    try:
        view = _view(asked)
    except (NotFound, Overflow) as refusal:
        return make_response(_page(asked, refusal=refusal), 404)
    tables = [_table(view.series, key, asked) for key in view.series.canvas.tables]
    return _page(asked, view=view, tables=tables)


@blp.get("/series/workbook")
@allows(Right.PAGE)
def download_series() -> Response:
    """The workbook of the same series."""
    return hand_out(series_workbook(_view(_asked())), XLSX)


def _asked() -> Asked:
    given = request.args
    words = {
        name: given.get(name, "").replace("\x00", "")[:longest].strip()
        for name, longest in (("form", 100), ("unit", 100), ("periods", 400), ("row", 500))
    }
    compare = given.get("compare", "last_year") == "last_year"
    return Asked(**words, compare=compare, column=given.get("column", "")[:60])


def _view(asked: Asked) -> TimeView:
    parts = current_parts()
    with parts.reading_sessions() as session:
        return view_series(
            session, actor=current_actor(), wanted=asked.wanted, catalogue=parts.catalogue
        )


def _page(asked: Asked, **values: Any) -> str:
    """The page; without a view it is only what there is to choose."""
    catalogue = current_parts().catalogue
    view = values.get("view")
    more: dict[str, Any] = {"view": None, "tables": [], "refusal": None}
    if view is not None:
        more |= {
            "across": [one for one in headings(view.series) if one.block is Block.FIGURES],
            "is_compared": any(one.block is Block.LAST_YEAR for one in headings(view.series)),
            "to_date": to_date_text(view.series),
            "checks": [(check, check_text(check)) for check in view.series.checks],
        }
    forms = [(form.code, form.title_vi) for form in catalogue.forms if _has_figures(form)]
    return render(
        "series.html",
        asked=asked,
        forms=list(dict(forms).items()),
        ways=WAYS,
        legend=LEGEND,
        heading_text=heading_text,
        word_of=word_of,
        source_text=source_text,
        figure=figure,
        scaled=plain,
        warned=WARNED,
        **(more | values),
    )


def _has_figures(form: FormVersion) -> bool:
    return any(table.figures for table in form.tables)


def _table(series: Series, key: str, asked: Asked) -> Shown:
    """One table: the row that was chosen, else the total, else the first row."""
    table = series.canvas.tables[key]
    names = [(name.path, name.label or name.path) for name in table.lines]
    paths = [path for path, _ in names]
    row = asked.row if asked.row in paths else TOTAL
    lines = list(lines_of(series, key, rows_named(series, key, row)))
    if (
        row == TOTAL
        and len(paths) > 1
        and not any(cell.value is not None for line in lines for cell in line.cells)
    ):
        row = paths[0]
        lines = list(lines_of(series, key, rows_named(series, key, row)))
    drawn = next((line for line in lines if line.column.id == asked.column), lines[0])
    picture = picture_of(drawn, headings(series))
    rows = [names[-1], *names[:-1]][:MOST_ROWS]
    across = headings(series)
    paired = [(line, _compared(across, line)) for line in lines]
    return Shown(key, table.table.title, rows, row, paired, *_named(drawn), picture)


def _named(line: SeriesLine) -> tuple[str, str]:
    return line.column.id, line.column.label


def _compared(across: Sequence[Heading], line: SeriesLine) -> list[Compared]:
    """The cells of a line, each with those of the other blocks that belong to it."""
    cells = {
        (one.block, one.period, one.to_date): cell
        for one, cell in zip(across, line.cells, strict=True)
    }
    return [
        Compared(
            one,
            cells[one.block, one.period, one.to_date],
            cells.get((Block.LAST_YEAR, year_before(one.period), one.to_date)),
            cells.get((Block.CHANGE, one.period, one.to_date)),
            cells.get((Block.PERCENT, one.period, one.to_date)),
        )
        for one in across
        if one.block is Block.FIGURES
    ]
