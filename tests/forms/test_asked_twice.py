"""What is asked twice of the same units in the same periods is found, and said before it is."""

from __future__ import annotations

from pathlib import Path

from forms.asked_twice import asked_twice, reasons_of
from forms.catalogue import load_forms
from tests.forms.declaring import a_form


def test_the_shipped_forms_ask_one_thing_twice() -> None:
    """02/XLD and 03/GQKN ask for the complaints within competence, and a rule says they agree."""
    (pair,) = asked_twice(load_forms())
    assert (pair.indicator.code, pair.first.form, pair.second.form) == (
        "KNTC.01",
        "02/XLD",
        "03/GQKN",
    )
    assert pair.periods == ("Q1", "Q2", "Q3", "Q4", "H1", "9M", "Y")
    assert "commune" in pair.kinds
    assert pair.held_by == "03/GQKN a.don_khieu_nai"


def test_a_form_of_a_province_that_asks_again_is_found(tmp_path: Path) -> None:
    """Only for the periods and the kinds of unit that both ask, and no rule holds them equal."""
    (tmp_path / "v1.yaml").write_text(a_form(), "utf-8")
    (tmp_path / "indicators.yaml").write_text(
        "source: Mẫu\nasked:\n  - {indicator: VB.01, form: T.01, table: a, row: row, column: c1}\n",
        "utf-8",
    )
    pairs = asked_twice(load_forms([tmp_path]))
    assert [(pair.indicator.code, pair.periods, pair.kinds, pair.held_by) for pair in pairs] == [
        ("KNTC.01", pairs[0].periods, pairs[0].kinds, "03/GQKN a.don_khieu_nai"),
        ("VB.01", ("Q1", "Y"), ("province",), ""),
    ]
    (reason,) = reasons_of(pairs, "T.01", "Q1")
    assert reason.is_warning
    assert "VB.01 (Văn bản gửi) cũng hỏi tỉnh, thành phố" in reason.vi
    assert "IV.01/VPCP/KSTT" in reason.en
    assert list(reasons_of(pairs, "T.01", "Q2")) == []
    assert list(reasons_of(pairs, "II.06a/VPCP/KSTT", "Q1")) == []
