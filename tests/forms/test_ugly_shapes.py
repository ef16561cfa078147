"""The four ugly shapes of decision 0002: raw value x rule -> verdict, row by row of its table."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from forms.catalogue import Catalogue, load_forms
from forms.checking import Checked, check
from forms.definition import Severity
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object
from forms.returns import State
from tests.forms.declaring import SHAPES

FIGURES = {"c4": 5, "c5": 1, "c6": 2, "c8": 4, "c9": 1, "c10": 1, "c12": 1, "c13": 1}
MEETINGS = {"c4": 1, "c5": 2, "c6": 3, "c7": 4, "c8": 2}


@lru_cache(maxsize=1)
def catalogue_with_shapes() -> Catalogue:
    """The shipped forms and the unusual ones, read once."""
    return load_forms([SHAPES])


def judge(form_code: str, period: str, tables: dict[str, Any]) -> Checked:
    """The server's verdict on the tables of a return."""
    catalogue = catalogue_with_shapes()
    form = catalogue.latest(form_code)
    window = Period.parse(period).window()
    raw = read_object({"form": form_code, "unit": "H26", "period": period, "tables": tables})
    return check(form, raw, Circumstances(window, catalogue.lists, "H26"))


def found(checked: Checked) -> list[tuple[str, str]]:
    """Codes of the issues, each with the rule that was broken."""
    return [(issue.code, issue.rule_id) for issue in checked.issues]


def fields(*rows: tuple[str, str]) -> dict[str, Any]:
    """Rows of II.06c: (section, field of administration)."""
    return {"a": {"rows": [{"section": part, "key": key, "cells": FIGURES} for part, key in rows]}}


def test_one_field_in_two_sections_is_two_rows() -> None:
    """II.06c: the province's own land dossiers and the communes' are told apart."""
    checked = judge("II.06c/VPCP/KSTT", "2026-Q3", fields(("tinh", "Đất đai"), ("xa", "Đất đai")))
    assert found(checked) == []
    assert [name.path for name in checked.report.tables["a"].names] == [
        "tinh:dat_dai",
        "xa:dat_dai",
    ]


def test_one_field_twice_in_a_section_is_one_row_too_many() -> None:
    """II.06c: spelt otherwise it is the same field."""
    checked = judge("II.06c/VPCP/KSTT", "2026-Q3", fields(("xa", "Đất đai"), ("xa", " ĐẤT  ĐAI ")))
    assert [code for code, _ in found(checked)] == ["duplicate_row"]


@pytest.mark.parametrize(("period", "codes"), [("2026-Q3", ["unknown_section"]), ("2025-Q1", [])])
def test_the_district_section_ends_with_the_districts(period: str, codes: list[str]) -> None:
    """II.06c: mục cấp huyện is asked while its days overlap the data window, and not after."""
    checked = judge("II.06c/VPCP/KSTT", period, fields(("huyen", "Đất đai")))
    assert [code for code, _ in found(checked)] == codes


def tasks(rows_listed: int = 0, **changed: int) -> dict[str, Any]:
    """I.02: 9 tasks, 7 + 2 by secrecy, 4 + 2 + 2 + 1 by state."""
    cells = {"c2": 7, "c3": 2, "c4": 4, "c5": 2, "c6": 2, "c7": 1} | changed
    listed = [
        {"cells": {"van_ban_giao": f"Số {n}", "noi_dung": "Việc", "thoi_han": "30/6/2026",
                   "giai_trinh": "Chờ vốn"}}
        for n in range(rows_listed)
    ]  # fmt: skip
    part2 = {"rows": listed} if listed else {"nil": True}
    return {"a": {"rows": [{"cells": cells}]}, "part2": part2}


def test_a_printed_total_that_was_left_out_is_worked_out() -> None:
    """I.02: the form prints a circle; c1 is the one that is computed."""
    checked = judge("I.02/VPCP/TH", "2026-H1", tasks(1))
    table = checked.report.tables["a"]
    assert found(checked) == []
    assert (table.values[0, 0], table.states[0, 0]) == (9, State.VALUE)


def test_the_second_identity_holds_too() -> None:
    """I.02: by secrecy there are 9, by state 10."""
    checked = judge("I.02/VPCP/TH", "2026-H1", tasks(1, c6=3))
    assert [code for code, _ in found(checked)] == ["rule_broken"]
    assert checked.is_refused


def test_more_overdue_tasks_listed_than_counted_is_a_warning() -> None:
    """I.02: two rows in part II, and only one overdue task in cell 7."""
    checked = judge("I.02/VPCP/TH", "2026-H1", tasks(2))
    assert [issue.severity for issue in checked.issues] == [Severity.WARNING]


def levels(**rows: dict[str, int]) -> dict[str, Any]:
    """Rows of III.01c by key."""
    return {"a": {"rows": [{"key": key, "cells": cells} for key, cells in rows.items()]}}


def test_the_province_types_its_own_row() -> None:
    """III.01c: the communes' row may be left to the consolidation, the province's may not."""
    whole = judge("III.01c/VPCP/KSTT", "2026", levels(tinh=MEETINGS))
    empty = judge("III.01c/VPCP/KSTT", "2026", levels(tinh={}, xa=MEETINGS))
    assert found(whole) == []
    assert {code for code, _ in found(empty)} == {"missing_value"}


def test_a_row_of_a_level_that_has_ended_is_not_asked() -> None:
    """III.01c: meetings of districts cannot be reported for 2026."""
    checked = judge("III.01c/VPCP/KSTT", "2026", levels(tinh=MEETINGS, huyen=MEETINGS))
    assert [code for code, _ in found(checked)] == ["row_not_asked"]


@pytest.fixture(scope="module")
def vertical() -> Callable[..., Checked]:
    """Judges a return of the vertical list of 121 lines in which all but some cells say 0."""
    catalogue = catalogue_with_shapes()
    form = next(form for form in catalogue.forms if any(len(t.rows) == 121 for t in form.tables))
    table = form.tables[0]
    ids = [column.id for column in table.figures]

    def judged(**changed: dict[str, Any]) -> Checked:
        rows = [
            {"key": row.key, "cells": dict.fromkeys(ids, 0) | changed.get(row.key, {})}
            for row in table.rows
        ]
        return judge(form.code, "2026-09", {table.key: {"rows": rows}})

    return judged


def test_a_sum_of_lines_that_does_not_add_is_told_at_its_line_and_column(
    vertical: Callable[..., Checked],
) -> None:
    """121 lines: the rule runs down each column, and names the one where it fails."""
    form = next(
        form
        for form in catalogue_with_shapes().forms
        if any(len(t.rows) == 121 for t in form.tables)
    )
    table = form.tables[0]
    rule = next(rule for rule in table.rules if rule.scope.value == "column")
    line = next(ref.row for ref in rule.expression.refs if not ref.source)
    column = table.figures[1].id
    clean, broken = vertical(), vertical(**{line: {column: 3}})
    assert not clean.is_refused
    assert any(
        issue.rule_id == f"{table.key}.{rule.id}" and issue.cell == f"{table.key}/{line}/{column}"
        for issue in broken.issues
    )
