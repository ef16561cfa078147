"""What a file of units does to each of them: made, renamed, moved, ended. Pure: no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import timedelta

from reporting.services.import_effects import Effect, What
from reporting.services.unit_plan import Plan, PlannedUnit
from reporting.services.unit_rows import UnitFacts

_DAY = timedelta(days=1)


def as_they_were(plan: Plan, facts: Sequence[UnitFacts]) -> dict[str, PlannedUnit]:
    """The units that a file speaks of, before its lines are placed among theirs."""
    codes = {fact.code for fact in facts}
    return {code: deepcopy(unit) for code, unit in plan.units.items() if code in codes}


def effects_of(
    plan: Plan, before: Mapping[str, PlannedUnit], facts: Sequence[UnitFacts]
) -> Iterator[Effect]:
    """What befalls each unit, by line; of a unit that stays as it was, nothing."""
    lines: dict[str, int] = {}
    for fact in facts:
        lines[fact.code] = min(fact.line, lines.get(fact.code, fact.line))
    for code, line in sorted(lines.items(), key=lambda pair: pair[1]):
        unit = plan.units[code]
        if code not in before:
            yield _effect(unit, line, What.NEW, after=unit.newest.parent)
        elif unit.is_changed:
            yield from _changes(before[code], unit, line)


def _changes(old: PlannedUnit, new: PlannedUnit, line: int) -> Iterator[Effect]:
    told = False
    for what, before, after in (
        (What.RENAMED, old.newest.name_vi, new.newest.name_vi),
        (What.MOVED, old.newest.parent, new.newest.parent),
        (What.ENDED, str(old.whole.last or ""), str(new.whole.last or "")),
    ):
        if before != after and after:
            told = True
            yield _effect(new, line, what, before=before, after=after)
    if not told:
        yield _effect(new, line, What.CHANGED)


def _effect(
    unit: PlannedUnit, line: int, what: What, *, before: str = "", after: str = ""
) -> Effect:
    last = unit.whole.last
    until = None if last is None else last + _DAY
    on = until if what is What.ENDED and until else unit.newest.first
    if what is What.NEW:
        on = unit.whole.first
    name = unit.newest.name_vi
    return Effect(line, what, unit.code, unit.kind, name, on, until, before, after)
