"""The JSON Schema of a return: shape and types, from the declaration alone."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forms.catalogue import Catalogue, load_forms
from forms.checking import check
from forms.json_schema import json_schema
from forms.reading_json import read_object
from tests.forms.consistent import circumstances_of
from tests.forms.declaring import SHAPES


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped forms and those of unusual shapes."""
    return load_forms([SHAPES])


def validator(catalogue: Catalogue, code: str) -> Draft202012Validator:
    """A validator of returns of a form."""
    return Draft202012Validator(json_schema(catalogue.latest(code)))


def a_return(code: str, period: str, **tables: Any) -> dict[str, Any]:
    """A return of one unit."""
    return {"form": code, "version": 1, "unit": "H26", "period": period, "tables": tables}


def ii_06a(**cells: Any) -> dict[str, Any]:
    """A return of II.06a with one row; figures not named are 0."""
    figures = {f"c{number}": 0 for number in (4, 5, 6, 8, 9, 10, 12, 13)}
    row = {"key": "Đất đai", "section": "", "cells": {**figures, **cells}}
    return a_return("II.06a/VPCP/KSTT", "2026-Q3", a={"nil": False, "rows": [row]})


def test_every_schema_is_a_schema(catalogue: Catalogue) -> None:
    """All forms, derived layouts included, give valid JSON Schema 2020-12."""
    for form in (*catalogue.forms, *catalogue.consolidated_layouts()):
        Draft202012Validator.check_schema(json_schema(form))


@pytest.mark.parametrize("cells", [{}, {"c4": 12, "c3": 12}, {"c4": "1.234"}, {"c3": None}])
def test_good_returns_fit(catalogue: Catalogue, cells: dict[str, Any]) -> None:
    """Figures come as numbers or as text; computed columns may be left out."""
    assert validator(catalogue, "II.06a/VPCP/KSTT").is_valid(ii_06a(**cells))


@pytest.mark.parametrize(
    "cells", [{"c4": 1.5}, {"c4": True}, {"c4": None}, {"c4": -1}, {"c4": [1]}, {"c99": 1}]
)
def test_bad_cells_do_not_fit(catalogue: Catalogue, cells: dict[str, Any]) -> None:
    """A fraction of a dossier, a blank compulsory cell and an unknown column are refused."""
    assert not validator(catalogue, "II.06a/VPCP/KSTT").is_valid(ii_06a(**cells))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("form", "01/TCD"),
        ("version", 2),
        ("unit", ""),
        ("period", "2026-Q4"),
        ("period", "2026-H1"),
        ("period", "2026-09"),
        ("tables", {}),
        ("tables", {"b": {}}),
        ("tables", {"a": {"nil": "yes"}}),
        ("tables", {"a": {"rows": [{"cells": {}}]}}),
        ("extra", 1),
    ],
)
def test_bad_shapes_do_not_fit(catalogue: Catalogue, key: str, value: Any) -> None:
    """Another form, another version, a period of another kind and unknown keys are refused."""
    assert not validator(catalogue, "II.06a/VPCP/KSTT").is_valid({**ii_06a(), key: value})


@pytest.mark.parametrize(
    ("code", "period", "tables"),
    [
        ("II.06a/VPCP/KSTT", "2026", {"a": {"nil": True}}),
        ("MAU.02/VON", "2026-09", {"a": {"rows": [], "total": {"c4": "1,5"}}}),
        (
            "MAU.04/DC",
            "2026-H1",
            {"de_cuong": {"rows": [{"key": "ket_qua", "cells": {"noi_dung": "Tốt"}}]}},
        ),
        (
            "III.01c/VPCP/KSTT",
            "2025",
            {"a": {"rows": [{"key": "tinh", "cells": {"c4": 1}}, {"key": "xa", "cells": {}}]}},
        ),
        (
            "MAU.03/TYLE",
            "2026-09",
            {"a": {"rows": [{"cells": {"c1": 0, "c2": 0, "c3": "KAD", "c4": 1}}]}},
        ),
    ],
)
def test_other_row_models_fit(
    catalogue: Catalogue, code: str, period: str, tables: dict[str, Any]
) -> None:
    """Nil returns, narratives, fixed rows and rows of units have their shapes."""
    errors = list(validator(catalogue, code).iter_errors(a_return(code, period, **tables)))
    assert errors == []


@pytest.mark.parametrize(
    ("section", "fits"),
    [
        ({"section": "xa"}, True),
        ({"section": "III. Tổng hợp thuộc thẩm quyền các UBND cấp xã"}, True),
        ({"section": "lang"}, False),
        ({"section": ""}, False),
        ({"section": None}, False),
        ({}, False),
    ],
)
def test_a_row_under_headings_names_one_of_them(
    catalogue: Catalogue, section: dict[str, Any], fits: bool
) -> None:
    """The schema refuses a row without a section, or with an unknown one, as the server does."""
    form = catalogue.latest("II.06c/VPCP/KSTT")
    cells = {column.id: 0 for column in form.tables[0].figures}
    sent = a_return(
        form.code, "2026-Q3", a={"rows": [{"key": "Đất đai", "cells": cells} | section]}
    )
    assert validator(catalogue, form.code).is_valid(sent) is fits
    around = circumstances_of(form, "2026-Q3")
    codes = [issue.code for issue in check(form, read_object(sent), around).issues]
    assert ("unknown_section" in codes) is not fits


def test_bounds_are_whole_numbers_only(catalogue: Catalogue) -> None:
    """A schema carries no binary fraction: 100.0 with one digit is 100."""
    schema = json_schema(catalogue.latest("MAU.03/TYLE"))
    rows = schema["properties"]["tables"]["properties"]["a"]["properties"]["rows"]
    share = rows["items"]["properties"]["cells"]["properties"]["c3"]
    assert share["maximum"] == 100
    assert isinstance(share["maximum"], int)
