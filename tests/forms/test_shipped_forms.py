"""The forms say what the printed ones say."""

from __future__ import annotations

import pytest

from forms.catalogue import Catalogue, load_forms
from forms.definition import CellType, Mode, Origin, RowModel, Severity
from forms.expressions import Ref

II_06 = {"c3 == c4 + c5 + c6", "c7 == c8 + c9 + c10", "c11 == c12 + c13"}
III_01 = {"c1 == c2 + c3 + c4", "c1 == c5 + c6"}

#: Every identity that stands on a number row.
PRINTED = {
    "II.06a/VPCP/KSTT": II_06,
    "II.06c/VPCP/KSTT": II_06,
    "II.06g/VPCP/KSTT": II_06,
    "II.9g/VPCP/KSTT": II_06,
    "I.02/VPCP/TH": {"c1 == c2 + c3", "c1 == c4 + c5 + c6 + c7"},
    "III.01a/VPCP/KSTT": III_01,
    "III.01d/VPCP/KSTT": III_01,
    "III.01c/VPCP/KSTT": {"c3 == c4 + c5 + c6", "c3 == c7 + c8"},
    "IV.01/VPCP/KSTT": {"c1 == c2 + c3 + c4", "c5 == c6 + c7 + c8"},
    "01/TCD": {
        "c1 == c5 + c11 + c17",
        "c2 == c6 + c12 + c18",
        "c3 == c7 + c13 + c19",
        "c4 == c8 + c14 + c20",
    },
    "02/XLD": {
        "c3 == c4 + c23",
        "c4 == c6 + c12 + c19",
        "c6 == c7 + c8",
        "c6 == c9 + c10 + c11",
        "c12 == c13 + c14",
        "c12 == c15 + c16 + c17 + c18",
        "c19 == c20 + c21 + c22",
        "c23 == c24 + c25",
    },
    "03/GQKN": {"c2 == c3 + c4 + c5 + c6", "c7 == c8 + c9 + c10 + c11 + c12"},
}

#: Model, first and last printed number, total row.
SHAPES = {
    "II.06a/VPCP/KSTT": (RowModel.OPEN, "3", "13", "TỔNG CỘNG"),
    "II.06c/VPCP/KSTT": (RowModel.OPEN, "3", "13", "TỔNG CỘNG"),
    "II.06g/VPCP/KSTT": (RowModel.OPEN, "3", "13", "TỔNG CỘNG"),
    "II.9g/VPCP/KSTT": (RowModel.UNITS, "3", "13", "TỔNG CỘNG"),
    "I.02/VPCP/TH": (RowModel.SINGLE, "1", "7", None),
    "III.01a/VPCP/KSTT": (RowModel.SINGLE, "1", "6", None),
    "III.01d/VPCP/KSTT": (RowModel.SINGLE, "1", "6", None),
    "III.01c/VPCP/KSTT": (RowModel.FIXED, "3", "8", "TỔNG CỘNG"),
    "IV.01/VPCP/KSTT": (RowModel.SINGLE, "1", "8", None),
    "01/TCD": (RowModel.UNITS, "1", "22", "Tổng"),
    "02/XLD": (RowModel.UNITS, "1", "26", "Tổng"),
    "03/GQKN": (RowModel.UNITS, "1", "24", "Tổng"),
}


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """The forms that come with the software."""
    return load_forms()


@pytest.mark.parametrize("code", PRINTED)
def test_every_printed_identity_is_a_rule(shipped: Catalogue, code: str) -> None:
    """No identity of the number row is left out, and none is made up."""
    rules = [rule for rule in shipped.latest(code).tables[0].rules if rule.origin is Origin.PRINTED]
    assert {rule.text for rule in rules} == PRINTED[code]
    assert all(rule.severity is Severity.ERROR for rule in rules)


@pytest.mark.parametrize("code", SHAPES)
def test_columns_carry_the_printed_numbers(shipped: Catalogue, code: str) -> None:
    """Numbers run from the first to the last without a gap, under ids that have them."""
    model, first, last, total = SHAPES[code]
    table = shipped.latest(code).tables[0]
    numbers = [column.number for column in table.columns]
    assert table.model is model
    assert numbers == [str(number) for number in range(int(first), int(last) + 1)]
    assert [column.id for column in table.columns] == [f"c{number}" for number in numbers]
    assert (table.total.label if table.total else None) == total


def test_every_computed_column_has_its_rule(shipped: Catalogue) -> None:
    """A live formula is printed on the form, so a figure that was sent is held to it."""
    for form in shipped.forms:
        for table in form.tables:
            printed = [
                rule.expression.refs for rule in table.rules if rule.origin is Origin.PRINTED
            ]
            for column in table.columns:
                if column.formula is not None:
                    assert (Ref(column=column.id), *column.formula.refs) in printed


def test_money_and_land_have_digits(shipped: Catalogue) -> None:
    """03/GQKN counts money to the thousand đồng and land to the square decimetre."""
    columns = shipped.latest("03/GQKN").tables[0].by_id
    assert {
        id_: (column.digits, column.unit)
        for id_, column in columns.items()
        if column.type is CellType.DECIMAL
    } == {
        "c13": (3, "triệu đồng"),
        "c14": (2, "m2"),
        "c15": (3, "triệu đồng"),
        "c16": (2, "m2"),
    }


def test_notes_of_the_guidance_refuse_and_our_reasoning_warns(shipped: Catalogue) -> None:
    """Only what law says can refuse a return."""
    for form in shipped.forms:
        for table in form.tables:
            for rule in table.rules:
                is_ours = rule.origin is Origin.DERIVED
                assert (rule.severity is Severity.WARNING) is is_ours, (form.code, rule.id)


def test_carry_over_is_printed_under_06g_only(shipped: Catalogue) -> None:
    """The sentence on column 6 stands under II.06g; on II.06a and II.06c it only warns."""
    origins = {
        code: next(
            rule.origin
            for rule in shipped.latest(code).tables[0].rules
            if rule.text == "c6 == previous(c11)"
        )
        for code in ("II.06a/VPCP/KSTT", "II.06c/VPCP/KSTT", "II.06g/VPCP/KSTT")
    }
    assert list(origins.values()) == [Origin.DERIVED, Origin.DERIVED, Origin.NOTE]


def test_the_cascade_of_dossiers(shipped: Catalogue) -> None:
    """II.06a is added up by section into II.06c and II.06g, and these are stacked into II.9g."""
    province = shipped.latest("II.06c/VPCP/KSTT")
    assert [(source.form, source.mode) for source in province.sources] == [
        ("II.06a/VPCP/KSTT", Mode.SUM)
    ]
    assert [section.kinds for section in province.tables[0].sections] == [
        ("department",),
        ("district",),
        ("commune",),
    ]
    assert {source.form for source in shipped.latest("II.9g/VPCP/KSTT").sources} == {
        "II.06c/VPCP/KSTT",
        "II.06g/VPCP/KSTT",
    }


@pytest.mark.parametrize("code", ["01/TCD", "02/XLD", "03/GQKN"])
def test_inspection_forms_are_stacked_from_themselves(shipped: Catalogue, code: str) -> None:
    """One row per unit and a total: the upper level's form is the same form."""
    (source,) = shipped.latest(code).sources
    assert (source.form, source.mode) == (code, Mode.STACK)
