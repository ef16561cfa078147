"""Declared forms over the API: by either spelling of a code, with schema and template."""

from __future__ import annotations

import jsonschema

from forms.reading_xlsx import read_xlsx
from tests.builders import LEAF_FORM, a_return, shipped_forms
from tests.reporting.doors import Doors


def test_every_form_is_listed_with_derived_layouts(doors: Doors) -> None:
    """A program finds what there is to report, and what is made from it."""
    catalogue = shipped_forms()
    listed = doors.get("/forms").get_json()["items"]
    codes = [form["code"] for form in listed]
    assert codes == [form.code for form in (*catalogue.forms, *catalogue.consolidated_layouts())]
    by_code = {form["code"]: form for form in listed}
    assert by_code["II.06c/VPCP/KSTT"]["is_consolidated"] is True
    assert by_code[LEAF_FORM]["is_consolidated"] is False


def test_a_form_is_found_by_both_spellings(doors: Doors) -> None:
    """`/` in a code may be written `-`, as it stands in file names."""
    with_slash = doors.get(f"/forms/{LEAF_FORM}").get_json()
    with_dash = doors.get("/forms/II.06a-VPCP-KSTT?version=1").get_json()
    assert with_slash == with_dash
    (table,) = with_slash["tables"]
    assert [column["id"] for column in table["columns"]][0] == "c3"
    assert table["columns"][0]["is_computed"] is True
    assert table["has_total"] is True
    assert "tiep_nhan" in [rule["id"] for rule in table["rules"]]


def test_an_unknown_form_or_version_is_404(doors: Doors) -> None:
    """What is not declared is not there, nor its schema, nor its template."""
    for path in (
        "/forms/XX", f"/forms/{LEAF_FORM}?version=9", "/forms/XX/schema",
        "/forms/XX/template?unit=X01840&period=2026-Q3",
    ):  # fmt: skip
        assert doors.get(path).status_code == 404


def test_the_schema_takes_a_return_that_is_received(doors: Doors) -> None:
    """What the schema calls valid is what the door takes for a return of the form."""
    answer = doors.get(f"/forms/{LEAF_FORM}/schema")
    assert answer.mimetype == "application/schema+json"
    assert "Số lượng" in answer.text
    jsonschema.validate(a_return("X01840"), answer.get_json())


def test_a_template_is_for_its_unit_and_period(doors: Doors) -> None:
    """The downloaded workbook knows what it is for, and is saved under a name that says so."""
    answer = doors.get("/forms/II.06a-VPCP-KSTT/template?unit=X01840&period=2026-Q3")
    raw = read_xlsx(answer.data)
    assert (raw.form, raw.unit, raw.period) == (LEAF_FORM, "X01840", "2026-Q3")
    assert "II.06a-VPCP-KSTT_X01840_2026-Q3.xlsx" in answer.headers["Content-Disposition"]


def test_regimes_say_when_reports_are_due(doors: Doors) -> None:
    """Each regime has its periods, its window and its due days."""
    regimes = {regime["code"]: regime for regime in doors.get("/regimes").get_json()["items"]}
    assert regimes["TT01-II"]["due"]["commune"] == {"day": 19, "months_after": 0}
    assert regimes["TT01-II"]["predecessors"]["Q1"] == "Y"
