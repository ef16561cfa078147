"""Which unit became which between two days: mergers, splits and renames followed to their end.

A unit that keeps its code through a merger has no edge to itself: it stays, with what it did not
give away. Back in time only a rename is exact; whatever was merged cannot be taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from forms.apportioning import Part, UnitMap
from reporting.errors import Conflict
from reporting.models.units import LineageExtent, LineageKind, ReportingUnit, UnitLineage

_DAY = timedelta(days=1)

#: The first and the last day of a unit.
Life = tuple[date, date | None]

#: The day and the place in it at which a unit passes its figures on; the smaller comes first.
_When = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """One unit went into another on a day, by stable codes."""

    predecessor: str
    successor: str
    on: date
    extent: LineageExtent
    share: Fraction | None = None
    kind: LineageKind | None = None


class LineageCircle(ValueError):
    """Units that went into each other on one day, in a circle."""

    def __init__(self, chain: Sequence[str]) -> None:
        super().__init__(" -> ".join(chain))
        self.chain = tuple(chain)


def unit_map(session: Session, *, since: date, on: date) -> UnitMap:
    """Where the figures of each unit of one day belong on the map of another: one statement.

    A unit that is not in it is what it was. Raises Conflict for a circle in the lineage.
    """
    edges, lives = read_edges(session, between=(min(since, on), max(since, on)))
    try:
        return follow(edges, lives, since=since, on=on)
    except LineageCircle as circle:
        chain = " → ".join(circle.chain)
        raise Conflict(
            vi=f"Quan hệ sáp nhập đi thành vòng: {chain}. Hãy sửa danh mục trước khi quy đổi.",
            en=f"The lineage goes in a circle: {chain}. Mend the registry before restating.",
        ) from None


def read_edges(
    session: Session, *, between: tuple[date, date] | None = None
) -> tuple[list[Edge], dict[str, Life]]:
    """The lineage, of the days after one and up to another perhaps, and the lives of its units."""
    old, new = aliased(ReportingUnit), aliased(ReportingUnit)
    query = (
        select(UnitLineage, old.code, old.valid_from, old.valid_to, new.code, new.valid_from)
        .add_columns(new.valid_to)
        .join(old, old.id == UnitLineage.predecessor_id)
        .join(new, new.id == UnitLineage.successor_id)
        .order_by(UnitLineage.on_date, old.code, new.code)
    )
    if between is not None:
        query = query.where(UnitLineage.on_date > between[0], UnitLineage.on_date <= between[1])
    edges: list[Edge] = []
    lives: dict[str, Life] = {}
    for edge, old_code, old_from, old_to, new_code, new_from, new_to in session.execute(query):
        lives[old_code], lives[new_code] = (old_from, old_to), (new_from, new_to)
        edges.append(Edge(old_code, new_code, edge.on_date, edge.extent, _share(edge), edge.kind))
    return edges, lives


def follow(
    edges: Iterable[Edge], lives: Mapping[str, Life], *, since: date, on: date
) -> dict[str, tuple[Part, ...]]:
    """The map from one day to another, by lineage alone. Raises LineageCircle."""
    if since <= on:
        steps = _forwards([edge for edge in edges if since < edge.on <= on], lives)
    else:
        steps = _backwards([edge for edge in edges if on < edge.on <= since], lives)
    found = {unit: _walk(unit, steps) for unit in steps}
    return {unit: parts for unit, parts in found.items() if parts != (Part(unit),)}


_Steps = Mapping[str, Mapping[_When, Sequence[Part]]]


def _forwards(edges: Sequence[Edge], lives: Mapping[str, Life]) -> _Steps:
    places = _places(edges)
    steps: dict[str, dict[_When, Sequence[Part]]] = {}
    for (unit, day), gone in _grouped((edge.predecessor, edge) for edge in edges).items():
        parts = passed_on(gone, goes_on=_is_alive(lives[unit], day))
        steps.setdefault(unit, {})[day.toordinal(), places[day, unit]] = parts
    return steps


def circle_in(edges: Sequence[Edge]) -> tuple[str, ...]:
    """A circle of units that went into each other on one day, or whole for whole over days.

    Parts may go to and fro over the years; () where there is no circle.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for edge in edges:
        if edge.extent is LineageExtent.WHOLE:
            sorter.add(edge.successor, edge.predecessor)
    try:
        _places(edges)
        sorter.prepare()
    except LineageCircle as circle:
        return circle.chain
    except CycleError as error:
        return tuple(error.args[1])
    return ()


def passed_on(gone: Sequence[Edge], *, goes_on: bool) -> list[Part]:
    """What the edges of one unit and day give to whom; a unit that goes on keeps the rest."""
    if len(gone) == 1 and gone[0].extent is LineageExtent.WHOLE:
        return [Part(gone[0].successor)]
    parts = [Part(edge.successor, edge.share) for edge in gone]
    if goes_on and all(edge.extent is LineageExtent.PART for edge in gone):
        given = [part.share for part in parts if part.share is not None]
        rest = 1 - sum(given, Fraction(0)) if len(given) == len(parts) else None
        if rest != 0:
            parts.append(Part(gone[0].predecessor, rest))
    return parts


def _backwards(edges: Sequence[Edge], lives: Mapping[str, Life]) -> _Steps:
    """A unit that was there before, or of which several are parts, cannot be taken apart."""
    places = _places(edges)
    steps: dict[str, dict[_When, Sequence[Part]]] = {}
    for (unit, day), come in _grouped((edge.successor, edge) for edge in edges).items():
        was_there = _is_alive(lives[unit], day - _DAY)
        if len(come) == 1 and come[0].extent is LineageExtent.WHOLE and not was_there:
            parts = [Part(come[0].predecessor)]
        else:
            parts = [Part(edge.predecessor, None) for edge in come]
            parts += [Part(unit, None)] if was_there else []
        steps.setdefault(unit, {})[-day.toordinal(), -places[day, unit]] = parts
    return steps


def _walk(start: str, steps: _Steps) -> tuple[Part, ...]:
    """Where the figures of one unit end, in the order of codes, with their shares."""
    held: dict[str, Fraction | None] = {start: Fraction(1)}
    waiting = [(when, start) for when in steps.get(start, {})]
    waiting.sort()
    while waiting:
        when, unit = heappop(waiting)
        if unit not in held:
            continue
        share = held.pop(unit)
        for part in steps[unit][when]:
            held[part.unit] = _plus(held.get(part.unit, Fraction(0)), share, part.share)
            if part.unit != unit:
                for later in steps.get(part.unit, {}):
                    if later > when and (later, part.unit) not in waiting:
                        heappush(waiting, (later, part.unit))
    return tuple(Part(unit, share) for unit, share in sorted(held.items()) if share != 0)


def _plus(
    known: Fraction | None, share: Fraction | None, of_it: Fraction | None
) -> Fraction | None:
    """What is held and a share of a share; unknown as soon as one of them is."""
    if known is None or share is None or of_it is None:
        return None
    return known + share * of_it


def _places(edges: Sequence[Edge]) -> dict[tuple[date, str], int]:
    """The order within each day: who went into another on it comes before that other."""
    by_day: dict[date, TopologicalSorter[str]] = {}
    for edge in edges:
        by_day.setdefault(edge.on, TopologicalSorter()).add(edge.successor, edge.predecessor)
    places: dict[tuple[date, str], int] = {}
    for day, sorter in by_day.items():
        try:
            places |= {(day, unit): at for at, unit in enumerate(sorter.static_order())}
        except CycleError as error:
            raise LineageCircle(error.args[1]) from None
    return places


def _grouped(edges: Iterable[tuple[str, Edge]]) -> dict[tuple[str, date], list[Edge]]:
    found: dict[tuple[str, date], list[Edge]] = {}
    for unit, edge in edges:
        found.setdefault((unit, edge.on), []).append(edge)
    return found


def _is_alive(life: Life, day: date) -> bool:
    return life[0] <= day and (life[1] is None or life[1] >= day)


def _share(edge: UnitLineage) -> Fraction | None:
    if edge.share_numerator is None or edge.share_denominator is None:
        return None
    return Fraction(edge.share_numerator, edge.share_denominator)
