"""Small forms declared in place, and returns on them, for what no shipped form has."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from forms.checking import Checked, check
from forms.declaration import read_file
from forms.definition import FormVersion
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_object
from tests.forms.declaring import head


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
