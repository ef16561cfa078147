"""Regimes: which periods, over which days, due when."""

from __future__ import annotations

import pytest

from forms.catalogue import load_forms
from forms.faults import BadDeclaration
from forms.regime import read_regime

GOOD = """\
regime: R
name: Chế độ thử
source: Mẫu để thử
kind: định kỳ
periods: [Q1, Q2]
window: decree
predecessors: {Q2: Q1}
due: {commune: 17}
roll: none
"""


def test_shipped_regimes() -> None:
    """TT01 has no fourth quarter; TT06 has nine months and carries nothing over."""
    regimes = load_forms().regimes
    assert sorted(regimes) == ["TT01-I", "TT01-II", "TT01-III", "TT01-IV", "TT06-2025"]
    assert regimes["TT01-II"].periods == ("Q1", "Q2", "Q3", "Y")
    assert regimes["TT06-2025"].periods == ("Q1", "Q2", "Q3", "Q4", "H1", "9M", "Y")
    assert regimes["TT06-2025"].predecessors == {}
    assert (regimes["TT06-2025"].due["department"], regimes["TT06-2025"].due["province"]) == (
        17,
        20,
    )
    assert {regime.roll for regime in regimes.values()} == {"none"}


def test_a_regime_is_read_as_written() -> None:
    """Every key has its place."""
    regime = read_regime(GOOD.encode(), file="r.yaml")
    assert (regime.code, regime.kind, regime.window) == ("R", "định kỳ", "decree")
    assert (regime.predecessors, regime.due, regime.note) == ({"Q2": "Q1"}, {"commune": 17}, "")


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key"),
    [
        ("kind: định kỳ", "kind: hằng năm", 4, "kind"),
        ("[Q1, Q2]", "[Q1, Q7]", 5, "periods.2"),
        ("window: decree", "window: 15-14", 6, "window"),
        ("{Q2: Q1}", "{Q2: Q3}", 7, "predecessors.Q2"),
        ("{Q2: Q1}", "{Q3: Q2}", 7, "predecessors.Q3"),
        ("{Q2: Q1}", "Q1", 7, "predecessors"),
        ("{commune: 17}", "{commune: 31}", 8, "due.commune"),
        ("due: {commune: 17}\n", "", 1, "due"),
        ("due: {commune: 17}", "due:", 8, "due"),
        ("roll: none", "roll: forward", 9, "roll"),
    ],
)
def test_faults_of_a_regime(right: str, wrong: str, line: int, key: str) -> None:
    """Each mistake is told with its line and key."""
    with pytest.raises(BadDeclaration) as caught:
        read_regime(GOOD.replace(right, wrong).encode(), file="r.yaml")
    assert (line, key) in [(fault.line, fault.key) for fault in caught.value.faults]
