"""LibreOffice works every formula out again and comes to the figures of the store."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from forms.definition import FormVersion
from forms.period import Period
from forms.returns import Report, State
from forms.workbook_layout import LineKind, lay_out
from reporting.workbooks.completeness_table import Standing, UnitStanding, write_completeness
from reporting.workbooks.consolidated_table import write_consolidated
from tests.libreoffice import recalculate
from tests.reporting.workbooks.editions import (
    CUT_OFF,
    a_form,
    a_national_report,
    a_province_report,
    a_report,
    an_edition,
    an_indicator_report,
)


def ratios() -> Report:
    """Percentages of one decimal that have to be rounded, and one that cannot be."""
    cells = ({"c1": 3, "c2": 1, "c4": 7}, {"c1": 16, "c2": 1, "c4": 0}, {"c1": 0, "c2": 0, "c4": 2})
    rows = [{"key": f"H26.{n}", "cells": row} for n, row in enumerate(cells)]
    return a_report(a_form("MAU.03/TYLE"), {"a": {"rows": rows}}, period="2026-09")


CASES: dict[str, tuple[str, str, Callable[[], Report]]] = {
    "sections": ("II.06c/VPCP/KSTT", "2026-Q3", a_province_report),
    "agencies": (
        "II.9g/VPCP/KSTT",
        "2026-Q3",
        lambda: a_national_report([f"Cơ quan {n}" for n in range(60)]),
    ),
    "ratios": ("MAU.03/TYLE", "2026-09", ratios),
    "vertical list": ("MAU.01/KTXH", "2026-09", an_indicator_report),
}


def stored_figures(form: FormVersion, report: Report, period: str) -> dict[tuple[int, int], Any]:
    """Every figure of the store by the cell (from 1) in which the workbook shows it."""
    rows = {key: data.names for key, data in report.tables.items()}
    layout = lay_out(form, window=Period.parse(period).window(), rows=rows)
    found: dict[tuple[int, int], Any] = {}
    for table in layout.tables:
        data = report.tables[table.table.key]
        position = {name.key + name.section: at for at, name in enumerate(data.names)}
        for line in table.lines():
            if line.kind is LineKind.SECTION:
                continue
            values, states = data.total_values, data.total_states
            if line.name is not None:
                section = "" if line.declared else line.name.section
                at = position[line.name.key + section]
                values, states = data.values[at], data.states[at]
            for column in table.columns:
                if column.is_figure:
                    at = table.table.figure_index[column.id]
                    cell = (line.row + 1, table.col_of[column.id] + 1)
                    state = State(int(states[at]))
                    figure = Decimal(int(values[at])).scaleb(-column.digits)
                    texts = {State.NOT_APPLICABLE: "KAD", State.NOT_ASKED: "x"}
                    found[cell] = figure if state is State.VALUE else texts.get(state)
    return found


def shown_figures(path: Path, cells: dict[tuple[int, int], Any]) -> dict[tuple[int, int], Any]:
    """What the first sheet of a file shows in some cells, numbers as exact decimals."""
    sheet = load_workbook(path, data_only=True).worksheets[0]
    shown = {cell: sheet.cell(*cell).value for cell in cells}
    return {
        cell: Decimal(repr(value)) if isinstance(value, int | float) else value
        for cell, value in shown.items()
    }


@pytest.mark.xdist_group("libreoffice")
@pytest.mark.parametrize("case", CASES)
def test_store_cached_and_recalculated_figures_are_the_same(
    case: str, tmp_path: Path, libreoffice: str
) -> None:
    """The report, the file as written and the file as recalculated agree in every cell."""
    code, period, make = CASES[case]
    form, report = a_form(code), make()
    path = tmp_path / "bieu.xlsx"
    path.write_bytes(write_consolidated(form, report, edition=an_edition(period)))
    stored = stored_figures(form, report, period)
    assert any(isinstance(figure, Decimal) for figure in stored.values())
    assert shown_figures(path, stored) == stored
    assert shown_figures(recalculate(path), stored) == stored


@pytest.mark.xdist_group("libreoffice")
def test_a_figure_that_is_changed_changes_the_totals(tmp_path: Path, libreoffice: str) -> None:
    """Formulas are live: who corrects a cell by hand sees what becomes of the sums."""
    form, report = a_form("II.9g/VPCP/KSTT"), a_national_report(["Một", "Hai"])
    path = tmp_path / "bieu.xlsx"
    path.write_bytes(write_consolidated(form, report, edition=an_edition()))
    workbook = load_workbook(path)
    sheet = workbook.worksheets[0]
    sheet["D12"] = sheet["D12"].value + 5
    workbook.save(path)
    recalculated = load_workbook(recalculate(path), data_only=True).worksheets[0]
    before = report.tables["a"]
    assert recalculated["C12"].value == before.values[0, 0] + 5
    assert recalculated["C14"].value == before.total_values[0] + 5


@pytest.mark.xdist_group("libreoffice")
def test_the_counts_of_completeness_are_recalculated_alike(
    tmp_path: Path, libreoffice: str
) -> None:
    """What LibreOffice counts is what stands there."""
    standings = (Standing.ON_TIME, Standing.LATE, Standing.MISSING, Standing.RETURNED)
    units = [
        UnitStanding(f"H{at}", f"Tỉnh {at}", {"01/TCD": standing})
        for at, standing in enumerate(standings * 3)
    ]
    period = Period.parse("2026-Q3")
    path = tmp_path / "tien_do.xlsx"
    path.write_bytes(
        write_completeness(
            units,
            forms=["01/TCD"],
            agency="Thanh tra Chính phủ",
            period=period,
            window=period.window(),
            at=CUT_OFF,
        )
    )
    sheet = load_workbook(recalculate(path), data_only=True).worksheets[0]
    assert [cell.value for cell in sheet["D"][18:23]] == [12, 6, 3, 3, 3]
