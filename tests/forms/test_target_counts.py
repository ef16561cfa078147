"""Units that have reached a target: counted exactly, and said as bulletins say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from forms.consolidating import Contribution, consolidate_tables
from forms.indicators import Dictionary
from forms.returns import RowName
from forms.target_counts import TargetCount, count_targets, figure_vi
from tests.forms.consistent import window_of
from tests.forms.templates import catalogue

#: Kind -> procedures in all, and online, of each unit of the kind.
Counts = Mapping[str, Sequence[tuple[int, int]]]

#: 22 ministries and 63 provinces of 1 000 procedures each, 16 235 of all 85 000 wholly online.
BULLETIN: Counts = {
    "ministry": [(1_000, 400)] * 9 + [(1_000, 121)] * 9,
    "ministerial_agency": [(1_000, 121)] * 4,
    "province": [(1_000, 350)] * 15 + [(1_000, 121)] * 47 + [(1_000, 125)],
}


def counted(counts: Counts, *, target: str = "30") -> TargetCount:
    """What an edition of such units says of their share against a target."""
    form = catalogue().latest("DVC.01~TH")
    units = [(kind, each) for kind, all_of in counts.items() for each in all_of]
    values = np.array([[whole, online, 0] for _, (whole, online) in units], np.int64)
    states = np.ones_like(values, np.uint8)
    states[:, 2] = 0
    names = [RowName(f"U{number:03d}") for number in range(len(units))]
    part = Contribution(
        form.sources[0], form.tables[0], names, np.arange(len(units)), values, states
    )
    (one,) = count_targets(
        _aiming(target),
        form,
        consolidate_tables(form, [part], window=window_of(form, "2026-H1"), lists={}),
        leaves={"DVC.01": catalogue().latest("DVC.01")},
        kinds={f"U{number:03d}": kind for number, (kind, _) in enumerate(units)},
        year=2026,
    )
    return one


def _aiming(target: str) -> Dictionary:
    known = catalogue().dictionary
    share = replace(known.indicators["DVCTT.03"], targets={2026: Decimal(target)})
    return Dictionary({**known.indicators, "DVCTT.03": share}, known.cells)


def test_the_sentence_of_the_bulletin() -> None:
    """The national share is that of all procedures; units above the target are told by kind."""
    said = counted(BULLETIN)
    assert said.value == Decimal("19.10")
    assert said.sentence("toàn quốc", strictly=True) == (
        "toàn quốc 19,10 %, 9 bộ và 15 tỉnh trên 30 %"
    )
    assert said.sentence("toàn quốc") == "toàn quốc 19,10 %, 9 bộ và 15 tỉnh từ 30 % trở lên"
    assert [(kind.name, kind.units, kind.above) for kind in said.kinds] == [
        ("bộ", 22, 9),
        ("tỉnh", 63, 15),
    ]


def test_a_unit_exactly_at_the_target_has_reached_it_and_is_not_above() -> None:
    """Both wordings are there, and each counts what it says."""
    said = counted({"ministry": [(10, 3), (10, 4)], "province": [(10, 3)]})
    assert said.sentence("toàn quốc") == "toàn quốc 33,33 %, 2 bộ và 1 tỉnh từ 30 % trở lên"
    assert said.sentence("toàn quốc", strictly=True) == "toàn quốc 33,33 %, 1 bộ trên 30 %"


@pytest.mark.parametrize(("online", "reached"), [(299_999, 0), (300_000, 1), (299_950, 0)])
def test_what_is_rounded_up_to_the_target_has_not_reached_it(online: int, reached: int) -> None:
    """29.9999 % is printed as 30.00 %, and is below 30 % all the same."""
    (kind,) = counted({"province": [(1_000_000, online)]}).kinds
    assert kind.at_or_above == reached


def test_a_target_with_decimals_is_compared_exactly() -> None:
    """One third is above 33.33 % and below 33.34 %; both are written with a decimal comma."""
    below = counted({"province": [(3, 1)]}, target="33.34")
    assert below.sentence("toàn tỉnh") == (
        "toàn tỉnh 33,33 %, chưa có đơn vị nào từ 33,34 % trở lên"
    )
    assert counted({"province": [(3, 1)]}, target="33.33").kinds[0].above == 1


def test_units_without_anything_to_divide_by_are_not_counted() -> None:
    """A unit without procedures is neither below nor above; of nobody there is no figure."""
    said = counted({"ministry": [(0, 0), (10, 9)], "government_agency": [(10, 9)]})
    assert [(kind.name, kind.units) for kind in said.kinds] == [("bộ", 1), ("cơ quan", 1)]
    assert counted({"ministry": [(0, 0)]}).sentence("toàn quốc") == (
        "toàn quốc chưa có số liệu, chưa có đơn vị nào từ 30 % trở lên"
    )


def test_three_kinds_are_joined_as_people_write_them() -> None:
    """Commas, and `và` before the last; a kind that is not known is a unit."""
    said = counted(
        {
            "ministry": [(1, 1)],
            "government_agency": [(1, 1)],
            "province": [(1, 1)] * 2,
            "x": [(1, 1)],
        }
    )
    assert said.sentence("toàn quốc").endswith(
        "1 bộ, 1 cơ quan, 2 tỉnh và 1 đơn vị từ 30 % trở lên"
    )


def test_another_year_has_no_target() -> None:
    """A target is of its own year, and stands for no other."""
    form = catalogue().latest("DVC.01~TH")
    said = count_targets(
        catalogue().dictionary,
        form,
        {},
        leaves={"DVC.01": catalogue().latest("DVC.01")},
        kinds={},
        year=2025,
    )
    assert said == []


def test_figures_are_written_as_in_vietnamese() -> None:
    """A point between thousands, and a decimal comma."""
    assert figure_vi(Decimal("1234567.50")) == "1.234.567,50"
