"""Regimes: which periods, over which days, due when."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms.catalogue import load_forms
from forms.faults import BadDeclaration
from forms.period import DECREE, WindowRule
from forms.reading_regimes import read_regime
from forms.regime import DueDay, Opens
from tests.forms.declaring import a_form

GOOD = """\
regime: R
name: Chế độ thử
source: Mẫu để thử
kind: định kỳ
legal: {number: 1/TT, issuer: Bộ, issued_by: ministry, document: normative}
content: [figures]
about: Số liệu
reporters: UBND cấp xã
receiver: UBND cấp tỉnh
methods: [software]
periods: [Q1, Q2]
window: decree
predecessors: {Q2: Q1}
due: {commune: 17}
roll: none
outline: [Tình hình]
"""

AD_HOC = """\
regime: DX
name: Báo cáo thiệt hại do bão
source: Công văn 1
kind: đột xuất
legal: {number: 1/CV, issuer: UBND xã, issued_by: commune, document: administrative}
content: [figures]
about: Thiệt hại
reporters: Thôn
receiver: UBND cấp xã
methods: [software]
roll: none
occasions:
  - {period: 2026-10-05, first: 2026-10-01, last: 2026-10-05, opens: 2026-10-05, due: 2026-10-07}
"""


def test_shipped_regimes() -> None:
    """TT01 has no fourth quarter; TT06 has nine months and carries nothing over."""
    regimes = load_forms().regimes
    assert sorted(regimes) == [
        "MAU-DVC",
        "ND09-DC",
        "TT01-I",
        "TT01-II",
        "TT01-III",
        "TT01-IV",
        "TT06-2025",
    ]
    assert regimes["TT01-II"].periods == ("Q1", "Q2", "Q3", "Y")
    assert regimes["TT06-2025"].periods == ("Q1", "Q2", "Q3", "Q4", "H1", "9M", "Y")
    assert regimes["TT06-2025"].predecessors == {}
    due = regimes["TT06-2025"].due
    assert (due["department"], due["province"]) == (DueDay(17), DueDay(20))
    assert {regime.roll for regime in regimes.values() if regime.code != "ND09-DC"} == {"none"}
    assert regimes["ND09-DC"].content == ("narrative",)
    assert len(regimes["ND09-DC"].outline) == 5


def test_a_regime_is_read_as_written() -> None:
    """Every key has its place."""
    regime = read_regime(GOOD.encode(), file="r.yaml")
    assert (regime.code, regime.kind, regime.window) == ("R", "định kỳ", DECREE)
    assert (regime.predecessors, regime.due, regime.note) == (
        {"Q2": "Q1"},
        {"commune": DueDay(17)},
        "",
    )


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key"),
    [
        ("kind: định kỳ", "kind: hằng năm", 4, "kind"),
        ("[Q1, Q2]", "[Q1, Q7]", 11, "periods.2"),
        ("window: decree", "window: 15-14", 12, "window"),
        ("window: decree", "window: {from: 26}", 12, "window.to"),
        ("{Q2: Q1}", "{Q2: Q3}", 13, "predecessors.Q2"),
        ("{Q2: Q1}", "{Q3: Q2}", 13, "predecessors.Q3"),
        ("{Q2: Q1}", "Q1", 13, "predecessors"),
        ("{commune: 17}", "{commune: 31}", 14, "due.commune"),
        ("{commune: 17}", "{commune: {day: 3, months_after: 13}}", 14, "due.commune.months_after"),
        ("{commune: 17}", "{commune: 15}", 14, "due.commune"),
        ("{commune: 17}", "{commune: 17, province: 20}", 1, "guidance"),
        ("due: {commune: 17}\n", "", 1, "due"),
        ("due: {commune: 17}", "due:", 14, "due"),
        ("roll: none", "roll: forward", 15, "roll"),
        ("outline: [Tình hình]\n", "", 1, "outline"),
        ("window: decree\n", "", 1, "window"),
        ("about: Số liệu\n", "", 1, "about"),
        ("issued_by: ministry", "issued_by: government_agency", 5, "legal.issued_by"),
        ("issued_by: ministry", "issued_by: district", 5, "legal.issued_by"),
        ("document: normative", "document: administrative", 5, "legal.document"),
    ],
)
def test_faults_of_a_regime(right: str, wrong: str, line: int, key: str) -> None:
    """Each mistake is told with its line and key: every component of Điều 7 has its case."""
    with pytest.raises(BadDeclaration) as caught:
        read_regime(GOOD.replace(right, wrong).encode(), file="r.yaml")
    assert (line, key) in [(fault.line, fault.key) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("window", "kind", "due", "is_right"),
    [
        ("{from: 26, to: 25, within_year: true}", "Y", "28", False),
        ("{from: 26, to: 25, within_year: true}", "Q4", "27", False),
        ("{from: 26, to: 25, within_year: true}", "Q3", "27", True),
        ("{from: 26, to: 25, within_year: true}", "M", "28", False),
        ("{from: 26, to: 25, within_year: true}", "M", "{day: 3, months_after: 1}", True),
        ("calendar", "Y", "{day: 2, months_after: 1}", False),
        ("calendar", "M", "{day: 3, months_after: 1}", True),
        ("decree", "Q1", "15", False),
        ("decree", "Q1", "16", True),
    ],
)
def test_each_period_can_have_a_working_day_before_it_is_due(
    window: str, kind: str, due: str, *, is_right: bool
) -> None:
    """Điều 8(5)b: not before the window ends, nor with New Year's Day alone between, in no year."""
    text = GOOD.replace("window: decree", f"window: {window}").replace("[Q1, Q2]", f"[{kind}]")
    text = text.replace("{commune: 17}", f"{{commune: {due}}}").replace(
        "predecessors: {Q2: Q1}", ""
    )
    if is_right:
        read_regime(text.encode(), file="r.yaml")
        return
    with pytest.raises(BadDeclaration) as caught:
        read_regime(text.encode(), file="r.yaml")
    assert [fault.key for fault in caught.value.faults] == ["due.commune"]


def test_an_ad_hoc_regime_has_free_days() -> None:
    """Điều 8(5)c: its cut-off and due day are as the issuer asks; no outline is demanded."""
    regime = read_regime(AD_HOC.encode(), file="r.yaml")
    occasion = regime.occasion("2026-10-05")
    assert occasion is not None
    assert (occasion.due.isoformat(), regime.periods, regime.outline) == ("2026-10-07", (), ())
    assert regime.occasion("2026-10-06") is None


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ("period: 2026-10-05", "period: 5/10", "occasions.1.period"),
        ("last: 2026-10-05", "last: 2026-09-05", "occasions.1.last"),
        ("due: 2026-10-07", "due: 2026-10-04", "occasions.1.due"),
        ("due: 2026-10-07", "due: 9999-12-31", "occasions.1.due"),
        ("issued_by: commune", "issued_by: chair", ""),
        ("document: administrative", "document: normative", "legal.document"),
        ("kind: đột xuất", "kind: định kỳ", "due"),
        ("kind: đột xuất", "kind: chuyên đề", "outline"),
    ],
)
def test_faults_of_an_ad_hoc_regime(right: str, wrong: str, key: str) -> None:
    """Its days must be in order, and its document the one of its kind (Điều 9)."""
    text = AD_HOC.replace(right, wrong).encode()
    if not key:
        read_regime(text, file="r.yaml")
        return
    with pytest.raises(BadDeclaration) as caught:
        read_regime(text, file="r.yaml")
    assert key in [fault.key for fault in caught.value.faults]


def test_a_secret_regime_takes_no_form(tmp_path: Path) -> None:
    """Điều 1(2): secret reports stay outside, so a form that names such a regime is refused."""
    folder = tmp_path / "regimes"
    folder.mkdir()
    (folder / "R.yaml").write_text(GOOD + "secret: true\n")
    (tmp_path / "T.yaml").write_text(a_form("T.09", regime="R").replace("[Q1, Y]", "[Q1]"))
    with pytest.raises(BadDeclaration) as caught:
        load_forms([tmp_path])
    assert any("secret" in fault.problem for fault in caught.value.faults)


def test_a_regime_of_figures_needs_a_form(tmp_path: Path) -> None:
    """Component 10: figures without a form are refused; a narrative, or a form of it, is not."""
    folder = tmp_path / "regimes"
    folder.mkdir()
    file = folder / "R.yaml"
    file.write_text(GOOD)
    with pytest.raises(BadDeclaration) as caught:
        load_forms([tmp_path])
    [fault] = caught.value.faults
    assert (fault.file, fault.line, fault.key) == (str(file), 6, "content")
    assert "component 10" in fault.problem
    for right in ("content: [narrative]", "content: [figures]\nforms: [II.06a/VPCP/KSTT]"):
        file.write_text(GOOD.replace("content: [figures]", right))
        assert "R" in load_forms([tmp_path]).regimes


def test_a_window_rule_of_ones_own() -> None:
    """A regime may count from the 26th, open after its window, and be due in the next month."""
    text = GOOD.replace("window: decree", "window: {from: 26, to: 25, within_year: true}")
    text = text.replace("{commune: 17}", "{commune: {day: 3, months_after: 1}}")
    regime = read_regime((text + "opens: after_window\n").encode(), file="r.yaml")
    assert regime.window == WindowRule(26, 25, within_year=True)
    assert regime.due == {"commune": DueDay(3, 1)}
    assert regime.opens is Opens.AFTER_WINDOW
