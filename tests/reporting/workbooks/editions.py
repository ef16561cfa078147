"""Editions to write workbooks of: reports of real forms with figures that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from forms.catalogue import Catalogue, load_forms
from forms.checking import check
from forms.definition import FormVersion
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object
from forms.returns import Report, RowName
from reporting.workbooks.edition_facts import EditionFacts, InputFacts
from tests.forms.declaring import SHAPES

CUT_OFF = datetime(2026, 9, 22, 10, 5, tzinfo=UTC)


@cache
def catalogue() -> Catalogue:
    """The shipped forms and those of unusual shapes, read once."""
    return load_forms([SHAPES])


def a_form(code: str) -> FormVersion:
    """The newest version of a form, or of a layout that is derived from one."""
    return catalogue().latest(code)


def a_report(form: FormVersion, tables: Mapping[str, Any], *, period: str) -> Report:
    """A checked report; `tables` are those of a JSON return."""
    raw = read_object(
        {"form": form.code, "unit": "H26", "period": period, "note": "", "tables": dict(tables)}
    )
    window = Period.parse(period).window()
    checked = check(form, raw, Circumstances(window, catalogue().lists, "H26"))
    assert not checked.is_refused, checked.issues
    return checked.report


def named(report: Report, labels: Mapping[str, str], *, table: str = "a") -> Report:
    """The same report with other labels for some keys of a table's rows."""
    data = report.tables[table]
    names = tuple(
        RowName(name.key, name.section, labels.get(name.key, name.label)) for name in data.names
    )
    return replace(report, tables={**report.tables, table: replace(data, names=names)})


def dossiers(seed: int, *, most: int = 5_000) -> dict[str, int]:
    """Figures of one row of II.06a, II.06c, II.06g and II.9g that add up, other ones by seed."""
    online, by_hand, carried = (seed * prime % most for prime in (7_919, 104_729, 1_299_709))
    early, on_time, late = online // 2, by_hand // 3, carried // (seed + 2)
    pending = online + by_hand + carried - early - on_time - late
    overdue = pending // 7
    return {
        "c4": online,
        "c5": by_hand,
        "c6": carried,
        "c8": early,
        "c9": on_time,
        "c10": late,
        "c12": pending - overdue,
        "c13": overdue,
    }


def a_province_report(*, fields: int = 12) -> Report:
    """A II.06c with both sections that are asked in 2026."""
    form = a_form("II.06c/VPCP/KSTT")
    labels = [entry.label for entry in catalogue().lists["linh_vuc"].entries]
    rows = [
        {"key": label, "section": section, "cells": dossiers(number + shift)}
        for section, count, shift in (("tinh", fields, 1), ("xa", fields - 4, 50))
        for number, label in enumerate(labels[:count])
    ]
    return a_report(form, {"a": {"rows": rows}}, period="2026-Q3")


def a_national_report(units: Sequence[str]) -> Report:
    """A II.9g with one row per unit; the names are the units' own."""
    form = a_form("II.9g/VPCP/KSTT")
    rows = [
        {"key": f"H{number:02d}", "cells": dossiers(number, most=90_000)}
        for number in range(1, len(units) + 1)
    ]
    report = a_report(form, {"a": {"rows": rows}}, period="2026-Q3")
    return named(report, {f"H{number:02d}": name for number, name in enumerate(units, 1)})


def an_indicator_report() -> Report:
    """The vertical list, whose sums run down the rows."""
    form = a_form("MAU.01/KTXH")
    columns = [column.id for column in form.tables[0].figures if column.formula is None]
    rows = [
        {"key": row.key, "cells": dict.fromkeys(columns, at + 1)}
        for at, row in enumerate(form.tables[0].rows)
        if row.formula is None
    ]
    return a_report(form, {"a": {"rows": rows}}, period="2026-09")


def an_edition(period: str = "2026-Q3", **changes: Any) -> EditionFacts:
    """The facts of an edition with one report missing."""
    parsed = Period.parse(period)
    facts = EditionFacts(
        number=1,
        unit_code="H26",
        unit_name="Ủy ban nhân dân thành phố Hà Nội",
        period=parsed,
        window=parsed.window(),
        cut_off_at=CUT_OFF,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        coverage={
            "expected": 3,
            "received": 2,
            "on_time": 1,
            "late": 1,
            "missing": [{"unit": "H26.101", "name": "Ủy ban nhân dân phường Ba Đình"}],
            "returned": [],
        },
        inputs=(
            InputFacts("H26.1", "Sở Tư pháp", 11, 1, "ab" * 32, CUT_OFF),
            InputFacts("H26.2", "Sở Y tế", 12, 3, "cd" * 32, CUT_OFF),
        ),
    )
    return replace(facts, **changes)


def read_back(content: bytes, *, values: bool = False) -> dict[str, Worksheet]:
    """The sheets of a workbook by name: formulas, or with `values` what they show."""
    workbook = load_workbook(BytesIO(content), data_only=values)
    return {sheet.title: sheet for sheet in workbook.worksheets}


def lines(sheet: Worksheet) -> list[list[Any]]:
    """The cells of a sheet row by row, blanks at the right end left out."""
    rows = []
    for cells in sheet.iter_rows(values_only=True):
        row = list(cells)
        while row and row[-1] is None:
            row.pop()
        rows.append(row)
    return rows
