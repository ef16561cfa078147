"""Small forms declared in place, and returns on them, for what no shipped form has."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from forms.checking import Checked, check
from forms.declaration import read_file
from forms.definition import FormVersion
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object
from tests.forms.declaring import head

#: A form that mixes everything: digits, constants, totals, other rows, other tables, ratios.
MIXED = """\
- key: a
  title: Dự án
  rows: {model: open, heading: {label: Dự án}}
  total: Tổng
  cells: {type: decimal, digits: 2, min: 0}
  columns:
    - {id: c1, label: Vốn, digits: 3}
    - {id: c2, label: Giải ngân}
    - {id: c3, label: Số hộ, type: integer}
    - {id: c4, label: Tỷ lệ, type: percent, digits: 1, not_applicable: true}
    - {id: c5, label: Tỷ trọng, type: percent, digits: 2}
  rules:
    - {id: vuot, check: c2 <= c1}
    - {id: nua, check: 0.5 * c1 + 1.25 >= c2 - c3}
    - {id: khac, check: c3 != 7}
    - {id: it, check: c3 < 40}
    - {id: nhieu, check: c1 > 0.001, blank: zero}
    - {id: ty_le, check: "c4 == percent(c2, c1)"}
    - {id: ty_trong, check: "c5 == percent(c1, total.c1)"}
    - {id: tong, check: total.c1 <= 60.5}
    - {id: dong, check: rows(a) <= 3}
    - {id: chung, check: sum(c3) <= total.c2 + b.i1.c1}
- key: b
  title: Chỉ tiêu
  rows:
    model: fixed
    rows:
      - {key: i1, label: Tổng, formula: i2 + 2 * i3 + 1}
      - {key: i2, label: Một, formula: i3 + i4}
      - {key: i3, label: Hai, digits: 0}
      - {key: i4, label: Ba}
      - {key: i5, label: Cũ, valid_to: 2025-06-30}
  cells: {type: decimal, digits: 2, min: 0}
  columns:
    - {id: c1, label: Kế hoạch}
    - {id: c2, label: Thực hiện, type: integer}
  rules:
    - {id: cot, check: i2 == i3 + i4}
    - {id: han, check: i3 <= 10.5}
    - {id: cu, check: i5 <= i4, blank: zero}
    - {id: rieng, check: c.row.c1 <= 5 * i3.c2, blank: zero}
    - {id: ty, check: i1.c1 >= c.row.c1}
- key: c
  title: Một dòng
  rows: {model: single}
  compulsory: false
  cells: {type: integer, compulsory: true}
  columns:
    - {id: c1, label: Số, min: -100}
"""


def a_trial(tables: str, *, version: int = 1) -> FormVersion:
    """A form of these tables, written from the left margin; its rules are printed ones."""
    said = re.sub(r"(check: .*)\}$", r"\1, origin: printed}", tables, flags=re.MULTILINE)
    text = head("T.01", version=version) + "tables:\n" + textwrap.dedent(said)
    return read_file(text.encode(), file="trial.yaml").form


def send(form: FormVersion, tables: Mapping[str, Any], *, period: str = "2026-Q1") -> Checked:
    """The verdict on a return of these tables, given as JSON has them."""
    data = {"form": form.code, "unit": "H26", "period": period, "tables": tables}
    return check(form, read_object(data), Circumstances(Period.parse(period).window(), {}, "H26"))


def rows(*cells: Mapping[str, Any], keys: Sequence[str] = "abcdefghij") -> dict[str, Any]:
    """A table of rows named a, b, c and so on."""
    return {
        "rows": [{"key": key, "cells": dict(row)} for key, row in zip(keys, cells, strict=False)]
    }


def codes(verdict: Checked) -> list[str]:
    """The codes of what was found, in order."""
    return [issue.code for issue in verdict.issues]


def rules(verdict: Checked) -> list[tuple[str, str]]:
    """(rule id, cell) of every broken rule."""
    return [(issue.rule_id, issue.cell) for issue in verdict.issues if issue.code == "rule_broken"]


def figures(verdict: Checked, table: str = "a") -> list[list[int]]:
    """The packed figures of a table."""
    return verdict.report.tables[table].values.tolist()  # type: ignore[no-any-return]


@cache
def mixed_form() -> FormVersion:
    """The form that mixes everything."""
    return a_trial(MIXED)
