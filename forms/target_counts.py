"""How many units have reached the target of an indicator, counted exactly, and the sentence of it.

A share is compared with its target by its counts, never by what it was rounded to: 29.996 % is
printed as 30.00 % and is below 30 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from forms.definition import FormVersion, Table
from forms.expressions import Linear, PercentOf
from forms.indicators import Dictionary, Indicator
from forms.returns import State, TableData
from forms.values import write_figure

#: What units of a kind are called where they are counted, kinds of one name together.
_COUNTED: Mapping[str, str] = {
    "ministry": "bộ",
    "ministerial_agency": "bộ",
    "government_agency": "cơ quan",
    "other_level1": "cơ quan",
    "province": "tỉnh",
    "department": "sở",
    "subordinate": "đơn vị trực thuộc",
    "commune": "xã",
    "district": "huyện",
}
_OTHERS = "đơn vị"
_ORDER = (*dict.fromkeys(_COUNTED.values()), _OTHERS)


@dataclass(frozen=True, slots=True)
class KindCount:
    """Units counted under one name: with a figure, at or above the target, and above it."""

    name: str
    units: int
    at_or_above: int
    above: int


@dataclass(frozen=True, slots=True)
class TargetCount:
    """An indicator of a consolidated table beside its target for a year.

    `value` is the figure of the total row as it is printed, None where there is none.
    """

    indicator: Indicator
    target: Decimal
    value: Decimal | None
    kinds: tuple[KindCount, ...]

    def sentence(self, whole: str, *, strictly: bool = False) -> str:
        """As bulletins say it: `toàn quốc 19,10 %, 9 bộ và 15 tỉnh từ 30 % trở lên`.

        `strictly` counts those above the target alone: `trên 30 %`.
        """
        goal = self._written(self.target)
        reached = f"trên {goal}" if strictly else f"từ {goal} trở lên"
        counts = [(kind.above if strictly else kind.at_or_above, kind.name) for kind in self.kinds]
        named = [f"{count} {name}" for count, name in counts if count]
        who = _joined(named) or "chưa có đơn vị nào"
        value = "chưa có số liệu" if self.value is None else self._written(self.value)
        return f"{whole} {value}, {who} {reached}"

    def _written(self, figure: Decimal) -> str:
        return f"{figure_vi(figure)} {self.indicator.unit}"


def figure_vi(figure: Decimal) -> str:
    """A figure as it is written in Vietnamese: 1.234,50."""
    return f"{figure:,f}".translate(str.maketrans(",.", ".,"))


def count_targets(
    dictionary: Dictionary,
    form: FormVersion,
    tables: Mapping[str, TableData],
    *,
    leaves: Mapping[str, FormVersion],
    kinds: Mapping[str, str],
    year: int,
) -> list[TargetCount]:
    """The indicators with a target for a year that the stacked tables of an edition give.

    `leaves` are the forms by code whose reports stand in it, `kinds` the kinds of units by code.
    """
    return [
        _count(indicator, indicator.targets[year], table, column, tables[table.key], kinds)
        for table in form.tables
        for indicator, column in dictionary.columns_of(form, table, leaves)
        if year in indicator.targets
    ]


def _count(
    indicator: Indicator,
    target: Decimal,
    table: Table,
    column: str,
    data: TableData,
    kinds: Mapping[str, str],
) -> TargetCount:
    at = table.figure_index[column]
    counts: dict[str, list[int]] = {}
    for name, values, states in zip(data.names, data.values, data.states, strict=True):
        amount = _amount(table, column, values.tolist(), states.tolist())
        if amount is None:
            continue
        called = _COUNTED.get(kinds.get(name.key, ""), _OTHERS)
        so_far = counts.setdefault(called, [0, 0, 0])
        so_far[0] += 1
        so_far[1] += amount >= Fraction(target)
        so_far[2] += amount > Fraction(target)
    has_total = data.total_states[at] == State.VALUE
    text = write_figure(int(data.total_values[at]), table.by_id[column].digits)
    return TargetCount(
        indicator,
        target,
        Decimal(text) if has_total else None,
        tuple(KindCount(name, *counts[name]) for name in _ORDER if name in counts),
    )


def _amount(
    table: Table, column: str, values: Sequence[int], states: Sequence[int]
) -> Fraction | None:
    """What a row has, exactly: a share by its counts where they are there; None where nothing."""
    formula = table.by_id[column].formula
    at = table.figure_index[column]
    if isinstance(formula, PercentOf):
        part = _linear(formula.part, table, values, states)
        whole = _linear(formula.whole, table, values, states)
        if part is not None and whole is not None:
            return part * 100 / whole if whole else None
    return _exact(table, at, values) if states[at] == State.VALUE else None


def _linear(
    linear: Linear, table: Table, values: Sequence[int], states: Sequence[int]
) -> Fraction | None:
    total = Fraction(linear.constant)
    for ref, factor in linear.terms:
        at = table.figure_index[ref.column]
        if states[at] != State.VALUE:
            return None
        total += Fraction(factor) * _exact(table, at, values)
    return total


def _exact(table: Table, at: int, values: Sequence[int]) -> Fraction:
    return Fraction(values[at], 10 ** table.figures[at].digits)


def _joined(parts: Sequence[str]) -> str:
    """`9 bộ, 1 cơ quan và 15 tỉnh`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} và {parts[-1]}"
