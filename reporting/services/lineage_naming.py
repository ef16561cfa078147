"""Which units the lines of a file of lineage speak of: each day asks for its own.

A code alone names nobody: the code and the day do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.models.units import ReportingUnit, UnitIdentifier
from reporting.services.import_faults import ImportFault
from reporting.services.lineage_files import LineageFacts
from reporting.services.units import UnitView, find_units, views

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line with its units: the old one as it was on the day before, the new one on the day."""

    fact: LineageFacts
    old: UnitView
    new: UnitView


def name_units(
    session: Session, facts: Sequence[LineageFacts]
) -> tuple[list[NamedLine], list[ImportFault]]:
    """The lines whose units are known, and what is wrong with the others and with their parents.

    Some statements for each day that the file speaks of, however many lines it has.
    """
    lines: list[NamedLine] = []
    faults: list[ImportFault] = []
    unknown: list[tuple[int, str, str, date]] = []
    for day in sorted({fact.on for fact in facts}):
        mine = [fact for fact in facts if fact.on == day]
        old = _views(session, {fact.predecessor for fact in mine}, day - _DAY)
        new = _views(session, {fact.successor for fact in mine}, day)
        above = _codes(session, {fact.predecessor_parent for fact in mine}, day - _DAY)
        now_above = _codes(session, {fact.successor_parent for fact in mine}, day)
        for fact in mine:
            one, other = old.get(fact.predecessor), new.get(fact.successor)
            if one is None:
                unknown.append((fact.line, "predecessor", fact.predecessor, day - _DAY))
            if other is None:
                unknown.append((fact.line, "successor", fact.successor, day))
            faults += _parents(fact, "predecessor_parent", one, above)
            faults += _parents(fact, "successor_parent", other, now_above)
            if one is not None and other is not None:
                lines.append(NamedLine(fact, one, other))
    return lines, [*faults, *_why_unknown(session, unknown)]


def codes_of_others(session: Session, lines: Sequence[NamedLine]) -> Iterator[ImportFault]:
    """Codes that another unit carried on another day, with whom they were taken for."""
    taken = [(line.fact.line, "predecessor", line.fact.predecessor, line.old) for line in lines]
    taken += [(line.fact.line, "successor", line.fact.successor, line.new) for line in lines]
    codes = {code for _, _, code, view in taken if code != view.code}
    owners: dict[str, set[int]] = {}
    query = select(UnitIdentifier.value, UnitIdentifier.unit_id)
    for code, unit_id in session.execute(query.where(UnitIdentifier.value.in_(sorted(codes)))):
        owners.setdefault(code, set()).add(unit_id)
    for line, column, code, view in taken:
        if owners.get(code, {view.id}) != {view.id}:
            told = f"{view.code} {view.name_vi}"
            yield ImportFault(line, column, "code_had_others", code, told)


def _views(session: Session, codes: set[str], on: date) -> Mapping[str, UnitView]:
    units = find_units(session, codes, on=on)
    found = views(session, [unit.id for unit in units.values()], on=on)
    return {code: found[unit.id] for code, unit in units.items()}


def _codes(session: Session, given: set[str], on: date) -> Mapping[str, str]:
    found = find_units(session, given - {""}, on=on)
    return {code: unit.code for code, unit in found.items()}


def _parents(
    fact: LineageFacts, column: str, unit: UnitView | None, known: Mapping[str, str]
) -> Iterator[ImportFault]:
    """A unit that is filed under another than it stood under on its day."""
    filed: str = getattr(fact, column)
    if unit is not None and filed and known.get(filed) != unit.parent_code:
        yield ImportFault(fact.line, column, "not_under", filed, unit.parent_code or "—")


def _why_unknown(
    session: Session, unknown: Sequence[tuple[int, str, str, date]]
) -> Iterator[ImportFault]:
    """Why nobody is found under a code on a day: ended, not there yet, another's code, no code."""
    codes = sorted({code for _, _, code, _ in unknown})
    if not codes:
        return
    lives = {
        unit.code: unit
        for unit in session.scalars(select(ReportingUnit).where(ReportingUnit.code.in_(codes)))
    }
    carried: dict[str, list[str]] = {}
    query = (
        select(
            UnitIdentifier.value,
            ReportingUnit.code,
            UnitIdentifier.valid_from,
            UnitIdentifier.valid_to,
        )
        .join(ReportingUnit, ReportingUnit.id == UnitIdentifier.unit_id)
        .where(UnitIdentifier.value.in_(codes))
        .order_by(UnitIdentifier.valid_from)
    )
    for value, owner, first, last in session.execute(query):
        carried.setdefault(value, []).append(f"{owner} ({first} → {last or '…'})")
    for line, column, code, day in unknown:
        unit = lives.get(code)
        if unit is not None and unit.valid_to is not None and unit.valid_to < day:
            fault = ("ended_already", str(unit.valid_to))
        elif unit is not None and unit.valid_from > day:
            fault = ("not_yet", str(unit.valid_from))
        elif code in carried:
            fault = ("code_of_other", ", ".join(carried[code]))
        else:
            fault = ("unknown_unit", str(day))
        yield ImportFault(line, column, fault[0], code, fault[1])
