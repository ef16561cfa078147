"""Units and periods as a page offers them: by kind, by a word of the name, next to now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from forms.text import normalise
from reporting.services.units import UnitView
from reporting.web.rendering import KINDS

_MOST_MATCHES = 60


def nearest_period(periods: Mapping[str, datetime], now: datetime) -> str:
    """The period that is just being collected: the one that is due, or was, next to now."""
    return min(periods, key=lambda period: abs(periods[period] - now), default="")


def group_units(units: Sequence[UnitView]) -> list[tuple[str, list[UnitView]]]:
    """The units under the names of their kinds, in the order of their names."""
    groups = [
        (label, sorted((unit for unit in units if unit.kind == kind), key=_by_name))
        for kind, label in KINDS.items()
    ]
    return [(label, members) for label, members in groups if members]


def search_units(units: Sequence[UnitView], words: str) -> list[UnitView]:
    """The units that have every word in their name or code, however it is spelt."""
    wanted = normalise(words).split()
    found = [unit for unit in units if _has(unit, wanted)]
    return sorted(found, key=_by_name)[:_MOST_MATCHES]


def _has(unit: UnitView, wanted: Sequence[str]) -> bool:
    text = normalise(f"{unit.code} {unit.name_vi} {unit.name_en} {unit.parent_code}")
    return all(word in text for word in wanted)


def _by_name(unit: UnitView) -> tuple[str, str]:
    return normalise(unit.name_vi), unit.code
