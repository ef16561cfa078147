"""JSON and a filled template of one return read alike: same issues, same cells, same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.blank_workbook import blank_workbook
from forms.canonical import write_report
from forms.checking import Checked, check
from forms.definition import FormVersion
from forms.period import Period
from forms.reading_json import read_object
from forms.reading_xlsx import read_xlsx
from forms.returns import RawReturn, RowName
from jobs.demo.filling import fill
from jobs.demo.made_return import MadeReturn, MadeRow
from tests.forms.consistent import (
    a_period,
    catalogue,
    circumstances_of,
    consistent_book,
    data_of,
    some_rows,
    window_of,
)
from tests.forms.oracle import Place

UNIT = "H26"
MADE_AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

#: Sections with open keys, rows of units, printed rows, a single row with a list, 121 lines down.
FORMS = [
    "II.06a/VPCP/KSTT",
    "II.06c/VPCP/KSTT",
    "01/TCD",
    "III.01a/VPCP/KSTT",
    "III.01c/VPCP/KSTT",
    "I.02/VPCP/TH",
    "III.01d/VPCP/KSTT",
    "MAU.01/KTXH",
]

#: Cells that are changed, by their number in the form; None clears one.
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.none() | st.integers(-3, 10**6)), max_size=6)


@cache
def _form(code: str) -> FormVersion:
    return catalogue().latest(code)


@cache
def _typed(code: str) -> Mapping[Place, Fraction]:
    """Figures that add up, without those that the template works out."""
    form = _form(code)
    found = {}
    for (key, path, column), figure in consistent_book(form, {}).figures.items():
        table = form.table_by_key[key]
        row = table.row_by_key.get(path)
        if table.by_id[column].formula is None and (row is None or row.formula is None):
            found[key, path, column] = figure
    return found


@cache
def _template(code: str) -> bytes:
    form, rows = _form(code), some_rows(_form(code))
    names = {
        key: [
            RowName(row.path.removeprefix(f"{row.section}:"), row.section, row.label)
            for row in sent
        ]
        for key, sent in rows.items()
    }
    return blank_workbook(
        form,
        unit_code=UNIT,
        unit_name="Hà Nội",
        period=Period.parse(a_period(form)),
        window=window_of(form, a_period(form)),
        made_at=MADE_AT,
        row_names=names,
        lists=catalogue().lists,
    )


def _made(form: FormVersion, data: Mapping[str, Any]) -> MadeReturn:
    """The same return as rows to be typed into a template."""
    tables = {
        key: [
            MadeRow(
                row["key"],
                row["key"],
                row["section"],
                {c: _content(cell) for c, cell in row["cells"].items()},
            )
            for row in table.get("rows", ())
        ]
        for key, table in data["tables"].items()
    }
    return MadeReturn(form, UNIT, data["period"], tables)


def _content(cell: Any) -> Decimal | str:
    return cell if isinstance(cell, str) else Decimal(cell)


def _verdict(form: FormVersion, raw: RawReturn) -> Checked:
    return check(form, raw, circumstances_of(form, a_period(form), UNIT))


def _told(verdict: Checked) -> list[tuple[str, ...]]:
    return sorted(
        (issue.code, issue.severity.value, issue.cell, issue.rule_id, issue.given, issue.expected)
        for issue in verdict.issues
    )


@pytest.mark.parametrize("code", FORMS)
@settings(max_examples=8)
@given(changes=CHANGES)
def test_json_and_a_template_of_one_return_read_alike(
    code: str, changes: list[tuple[int, int | None]]
) -> None:
    """Whatever the figures: right, wrong or missing, both doors say the same and keep the same."""
    form, figures = _form(code), dict(_typed(code))
    places = list(figures)
    for number, figure in changes:
        place = places[number % len(places)]
        if figure is None:
            figures.pop(place, None)
        else:
            figures[place] = Fraction(figure)
    data = data_of(form, figures, some_rows(form))
    by_json = _verdict(form, read_object(data))
    by_file = _verdict(form, read_xlsx(fill(_template(code), _made(form, data)).to_bytes()))
    assert _told(by_file) == _told(by_json)
    if not by_json.is_refused:
        assert write_report(form, by_file.report) == write_report(form, by_json.report)
