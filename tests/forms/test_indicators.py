"""The dictionary of indicators: read whole, held against the forms, every fault told at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from forms.catalogue import Catalogue, load_forms
from forms.faults import BadDeclaration
from forms.indicators import AskedCell, IndicatorKind
from tests.forms.declaring import a_form

SHARE = """\
source: Mẫu để thử
indicators:
  - code: T.01
    label: {vi: Tổng, en: All}
    unit: hồ sơ
    kind: flow
    asked:
      - {form: T.01, table: a, row: row, column: c1}
  - code: T.02
    label: {vi: Một, en: One}
    unit: hồ sơ
    kind: flow
    asked:
      - {form: T.01, table: a, row: row, column: c2}
  - code: T.03
    label: {vi: Tỷ lệ, en: Share}
    unit: "%"
    kind: ratio
    of: T.02
    to: T.01
    targets: {2026: 30.5}
"""


def load(folder: Path, dictionary: str, *, form: str | None = None) -> Catalogue:
    """The shipped forms with a folder of one form and one dictionary."""
    (folder / "v1.yaml").write_text(form or a_form(), "utf-8")
    (folder / "indicators.yaml").write_text(dictionary, "utf-8")
    return load_forms([folder])


def faults(folder: Path, dictionary: str, *, form: str | None = None) -> list[str]:
    """What is wrong with a dictionary, each fault from its line on."""
    with pytest.raises(BadDeclaration) as caught:
        load(folder, dictionary, form=form)
    return [
        f"{fault.line}: {fault.key}: {fault.problem}; expected {fault.expected}".replace(
            str(folder), ""
        )
        for fault in caught.value.faults
        if fault.file.endswith("indicators.yaml")
    ]


def test_a_folder_declares_indicators_of_its_own(tmp_path: Path) -> None:
    """Labels, kind, exact targets and places are as they stand in the file."""
    catalogue = load(tmp_path, SHARE)
    share = catalogue.dictionary.indicators["T.03"]
    assert (share.kind, share.of, share.to) == (IndicatorKind.RATIO, "T.02", "T.01")
    assert share.targets == {2026: Decimal("30.5")}
    form = catalogue.latest("T.01")
    assert catalogue.dictionary.cells_of(form) == (
        AskedCell("T.01", "T.01", "a", "row", "c1"),
        AskedCell("T.02", "T.01", "a", "row", "c2"),
    )


def test_a_ratio_is_given_wherever_its_two_counts_are_asked(tmp_path: Path) -> None:
    """No cell of the form has the share; it is worked out from the two cells that there are."""
    catalogue = load(tmp_path, SHARE)
    form = catalogue.latest("T.01")
    assert catalogue.dictionary.given_by(form) == ("T.01", "T.02", "T.03")
    parts = catalogue.dictionary.parts(form, "T.03")
    assert parts is not None
    assert [cell.column for cell in parts] == ["c2", "c1"]


def test_another_folder_may_ask_what_is_asked_already(tmp_path: Path) -> None:
    """A form of a province names the indicator of the shipped dictionary that it asks too."""
    also = """\
source: Mẫu để thử
asked:
  - {indicator: TTHC.01, form: T.01, table: a, row: row, column: c1}
"""
    dictionary = load(tmp_path, also).dictionary
    assert [cell.form for cell in dictionary.asking("TTHC.01")][-1] == "T.01"


def test_every_fault_of_the_shape_is_told_at_once(tmp_path: Path) -> None:
    """A wrong kind, a target of no year, an unknown key, a missing label: each with its line."""
    text = """\
source: Mẫu
indicators:
  - code: T.01
    unit: hồ sơ
    kind: count
    targets: {soon: 30}
    colour: red
"""
    found = faults(tmp_path, text)
    assert [line.split(";")[0] for line in found] == [
        "3: indicators.T.01.label: is missing",
        "5: indicators.T.01.kind: is 'count'",
        "6: indicators.T.01.targets: does not pair years with figures",
        "7: indicators.T.01.colour: is not a key here",
    ]


def test_every_fault_between_files_is_told_at_once(tmp_path: Path) -> None:
    """Codes twice, forms, tables, rows and columns that are not there, ratios of nothing."""
    text = """\
source: Mẫu
indicators:
  - code: TTHC.01
    label: {vi: Tổng, en: All}
    unit: hồ sơ
    kind: flow
    asked:
      - {form: T.09, table: a, row: row, column: c1}
      - {form: T.01, table: b, row: row, column: c1}
      - {form: T.01, table: a, row: total, column: c1}
      - {form: T.01, table: a, row: row, column: c4}
      - {form: T.01, version: 2, table: a, row: row, column: c1}
  - code: T.03
    label: {vi: Tỷ lệ, en: Share}
    unit: "%"
    kind: ratio
    of: T.04
    to: TTHC.06
    asked:
      - {form: T.01, table: a, row: row, column: c1}
asked:
  - {indicator: T.05, form: T.01, table: a, row: row, column: c1}
"""
    found = [line.split(";")[0] for line in faults(tmp_path, text)]
    assert [line.split(" (")[0] for line in found] == [
        "3: indicators.TTHC.01.code: TTHC.01 is already an indicator",
        "8: indicators.TTHC.01.asked.1.form: there is no form T.09",
        "9: indicators.TTHC.01.asked.2.table: form T.01 version 1 has no table b",
        "10: indicators.TTHC.01.asked.3: form T.01 already gives TTHC.01",
        "10: indicators.TTHC.01.asked.3.row: table a of form T.01 version 1 has no row total",
        "11: indicators.TTHC.01.asked.4: form T.01 already gives TTHC.01",
        "11: indicators.TTHC.01.asked.4.column: table a of form T.01 version 1 has no figures c4",
        "12: indicators.TTHC.01.asked.5.version: form T.01 has no version 2",
        "17: indicators.T.03.of: there is no indicator T.04",
        "18: indicators.T.03.to: TTHC.06 is itself a ratio",
        "20: indicators.T.03.asked.1.column: c1 is integer, and T.03 is a ratio",
        "22: asked.1.indicator: there is no indicator T.05",
    ]


def test_a_ratio_says_of_what_and_nothing_else_does(tmp_path: Path) -> None:
    """Both parts are named, and by a ratio alone."""
    text = SHARE.replace("    of: T.02\n    to: T.01\n", "    of: T.02\n")
    (found,) = faults(tmp_path, text)
    assert found.startswith("15: indicators.T.03: is a ratio without `to`")
    text = SHARE.replace("    kind: ratio\n", "    kind: flow\n")
    assert [line.split(";")[0] for line in faults(tmp_path, text)] == [
        "19: indicators.T.03.of: is given for a flow",
        "20: indicators.T.03.to: is given for a flow",
    ]


def test_a_column_of_shares_is_worked_out_from_its_own_counts(tmp_path: Path) -> None:
    """A share of another pair of columns is not the indicator, and is told."""
    column = (
        "      - {id: c5, label: Tỷ lệ, type: percent, digits: 2, formula: 'percent(c3, c1)'}\n"
    )
    text = SHARE + "    asked: [{form: T.01, table: a, row: row, column: c5}]\n"
    form = a_form() + column
    (found,) = faults(tmp_path, text, form=form)
    assert found.endswith(
        "c5 is not worked out from T.02 and T.01; expected formula: percent(c2, c1)"
    )
    assert load(tmp_path, text, form=form.replace("percent(c3, c1)", "percent(c2, c1)"))


def test_the_shipped_dictionary_speaks_of_the_shipped_forms() -> None:
    """Every indicator is asked or worked out; the summary that nobody owes asks nobody."""
    catalogue = load_forms()
    dictionary = catalogue.dictionary
    given = {code for form in catalogue.forms for code in dictionary.given_by(form)}
    assert given == set(dictionary.indicators)
    assert "II.9g/VPCP/KSTT" not in {cell.form for cell in dictionary.cells}
    assert [cell.form for cell in dictionary.asking("KNTC.01")] == ["02/XLD", "03/GQKN"]
