"""Layouts of the higher level that no file declares."""

from __future__ import annotations

import pytest

from forms.catalogue import Catalogue, load_forms
from forms.definition import CellType, Mode, RowModel
from forms.derived import stacked
from tests.forms.declaring import SHAPES


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """The forms that come with the software."""
    return load_forms()


def test_single_row_forms_without_a_declared_higher_form_get_one(shipped: Catalogue) -> None:
    """III.01a is consolidated by III.01c, so only the other four are derived."""
    assert [form.code for form in shipped.consolidated_layouts()] == [
        "DVC.01~TH",
        "I.02/VPCP/TH~TH",
        "III.01d/VPCP/KSTT~TH",
        "IV.01/VPCP/KSTT~TH",
    ]
    assert "I.02/VPCP/TH~TH" not in shipped.codes


def test_a_derived_layout_is_found_like_any_form(shipped: Catalogue) -> None:
    """By code and version, as published as its leaf."""
    form = shipped.form("I.02/VPCP/TH~TH", 1)
    assert form is shipped.latest("I.02/VPCP/TH~TH")
    assert shipped.is_published(form)
    assert form.title_vi.startswith("Tổng hợp: ")
    assert form.reporter_kinds == ()


def test_a_single_row_becomes_a_row_per_agency(shipped: Catalogue) -> None:
    """Columns, numbers and the rules within a row stay; a total row is added."""
    leaf = shipped.latest("I.02/VPCP/TH").tables[0]
    table = shipped.latest("I.02/VPCP/TH~TH").tables[0]
    assert (table.model, table.columns) == (RowModel.UNITS, leaf.columns)
    assert table.heading.label == "Bộ, cơ quan, địa phương"
    assert table.total is not None
    assert table.total.label == "TỔNG CỘNG"
    # The count of part II was within one report, and has no meaning over many.
    assert [rule.id for rule in table.rules] == ["theo_van_ban", "theo_ket_qua"]


def test_a_list_is_concatenated_behind_its_agency(shipped: Catalogue) -> None:
    """Part II of I.02 gets the agency's name before each row."""
    form = shipped.latest("I.02/VPCP/TH~TH")
    table = form.tables[1]
    assert [column.id for column in table.columns][:2] == ["don_vi", "van_ban_giao"]
    assert table.columns[0].type is CellType.TEXT
    assert [(source.into, source.mode) for source in form.sources] == [
        ("a", Mode.STACK),
        ("part2", Mode.CONCATENATE),
    ]
    assert {source.form for source in form.sources} == {"I.02/VPCP/TH"}


def test_a_narrative_has_no_place_in_a_layout() -> None:
    """What is only text is read agency by agency."""
    assert stacked(load_forms([SHAPES]).latest("MAU.04/DC")).tables == ()
