"""Who takes part: the units of the registry, and what each of the sample units will do.

The parts are given out by place in the list of units, so that they are the same on every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from jobs.demo.mistakes import WORKBOOK_MISTAKES, Mistake
from reporting.models import UnitKind
from reporting.services.units import UnitView, list_units

#: The provinces whose communes and departments are in the sample list.
SAMPLE_PROVINCES = ("H55", "H20", "H17")

#: Above all of them, for whom the national tables are made.
CENTRE = "CP"

_LEAVES = (UnitKind.COMMUNE, UnitKind.DEPARTMENT)
_CENTRAL = (
    UnitKind.PROVINCE,
    UnitKind.MINISTRY,
    UnitKind.MINISTERIAL_AGENCY,
    UnitKind.GOVERNMENT_AGENCY,
    UnitKind.OTHER_LEVEL1,
)


class Conduct(StrEnum):
    """What a unit does when its report is due."""

    PUNCTUAL = "punctual"
    CORRECTS = "corrects"  # breaks the return, is refused, sends it right
    GIVES_UP = "gives up"  # breaks the return, is refused, and never comes back
    LATE = "late"
    SILENT = "silent"


#: What happens to the n-th province and the n-th ministry of the list.
_TURNS: Mapping[int, Conduct] = {
    2: Conduct.CORRECTS,
    3: Conduct.LATE,
    6: Conduct.LATE,
    8: Conduct.CORRECTS,
    13: Conduct.SILENT,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One unit with what it does."""

    unit: UnitView
    conduct: Conduct = Conduct.PUNCTUAL
    mistake: Mistake | None = None


@dataclass(frozen=True)
class Cast:
    """Everyone, by what they do in the story."""

    leaves: Sequence[Part]  # communes and departments of the sample provinces
    central: Sequence[Part]  # provinces, ministries and agencies
    provinces: Sequence[str] = field(default=SAMPLE_PROVINCES)

    def leaves_of(self, province: str) -> list[Part]:
        """The units of one province."""
        return [part for part in self.leaves if part.unit.parent_code == province]

    @property
    def by_code(self) -> Mapping[str, Part]:
        """Unit code -> part."""
        return {part.unit.code: part for part in (*self.leaves, *self.central)}


def choose_cast(session: Session, *, on: date, small: bool) -> Cast:
    """Give out the parts; `small` keeps one province with a few units, and few agencies."""
    provinces = SAMPLE_PROVINCES[:1] if small else SAMPLE_PROVINCES
    units = [unit for kind in _LEAVES for unit in list_units(session, on=on, kind=kind, limit=None)]
    leaves = [unit for unit in units if unit.parent_code in provinces]
    agencies = [
        unit for kind in _CENTRAL for unit in list_units(session, on=on, kind=kind, limit=None)
    ]
    if small:
        leaves = _few(leaves, 8)
        agencies = [unit for unit in agencies if unit.code in provinces]
        for kind in _CENTRAL:
            agencies += list_units(session, on=on, kind=kind, limit=3)
        agencies = list({unit.code: unit for unit in agencies}.values())
    return Cast(_leaf_parts(leaves), _central_parts(agencies, provinces), provinces)


def _few(units: Sequence[UnitView], count: int) -> list[UnitView]:
    """Some of each kind, evenly from the list."""
    step = max(1, len(units) // count)
    return list(units[::step])[:count]


def _leaf_parts(units: Sequence[UnitView]) -> list[Part]:
    """Every third unit or so has something happen to it; the others send in time."""
    turns: list[tuple[Conduct, Mistake | None]] = []
    for at, mistake in enumerate(WORKBOOK_MISTAKES):
        turns.append((Conduct.GIVES_UP if at % 5 == 4 else Conduct.CORRECTS, mistake))
        if at % 2:
            turns.append((Conduct.LATE if at % 4 == 1 else Conduct.SILENT, None))
    turns = turns[: max(4, len(units) // 3)]
    step = max(1, len(units) // len(turns))
    parts = [Part(unit) for unit in units]
    for at, turn in enumerate(turns):
        place = at * step
        if place < len(parts):
            parts[place] = Part(units[place], *turn)
    return parts


def _central_parts(units: Sequence[UnitView], provinces: Sequence[str]) -> list[Part]:
    """Most send in time; a few come late, and one province and one agency never."""
    parts: list[Part] = []
    by_kind: dict[str, int] = {}
    for unit in units:
        at = by_kind[unit.kind] = by_kind.get(unit.kind, 0) + 1
        conduct = Conduct.PUNCTUAL
        if unit.code not in provinces and unit.kind in (UnitKind.PROVINCE, UnitKind.MINISTRY):
            conduct = _TURNS.get(at, conduct)
        parts.append(Part(unit, conduct))
    return parts
