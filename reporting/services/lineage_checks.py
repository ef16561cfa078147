"""What contradicts itself in lines of lineage, once the units are known. Pure: no database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

from reporting.models.units import LineageExtent, LineageKind
from reporting.services.import_faults import ImportFault
from reporting.services.lineage_naming import NamedLine
from reporting.services.unit_map import Edge, Life, LineageCircle, circle_in, follow

WHOLE, PART = LineageExtent.WHOLE, LineageExtent.PART
_DAY = timedelta(days=1)


def edge_of(line: NamedLine) -> Edge:
    """What a line says, by stable codes."""
    fact = line.fact
    return Edge(line.old.code, line.new.code, fact.on, fact.extent, fact.share, fact.kind)


def check_lines(lines: Sequence[NamedLine], stored: Iterable[Edge]) -> Iterator[ImportFault]:
    """Every contradiction of the lines with themselves, with each other and with the record."""
    known = {_key(edge): edge for edge in stored}
    first: dict[tuple[object, ...], int] = {}
    for line in lines:
        edge, number = edge_of(line), line.fact.line
        if edge.predecessor == edge.successor:
            yield ImportFault(number, "successor", "same_unit", edge.successor)
        if _key(edge) in first:
            yield ImportFault(number, "predecessor", "duplicate_edge", str(first[_key(edge)]))
        first.setdefault(_key(edge), number)
        yield from _against_record(number, edge, known.get(_key(edge)))
        yield from _whole(line, edge)
    known |= {_key(edge): edge for edge in map(edge_of, lines)}
    edges = [edge for edge in known.values() if edge.predecessor != edge.successor]
    yield from _into_several(lines, edges)
    yield from _renames(lines, edges)
    chain = circle_in(edges)
    for line in lines:
        if {line.old.code, line.new.code} <= set(chain):
            yield ImportFault(line.fact.line, "successor", "lineage_circle", " → ".join(chain))


def other_provinces(
    lines: Sequence[NamedLine],
    edges: Sequence[Edge],
    lives: Mapping[str, Life],
    kinds: Mapping[str, str],
) -> Iterator[ImportFault]:
    """New units that do not stand under what became of the parent of the old one: a doubt.

    It does happen that a commune changes its province in a merger; it also happens in typing.
    """
    for day in sorted({line.fact.on for line in lines}):
        try:
            moves = follow(edges, lives, since=day - _DAY, on=day)
        except LineageCircle:
            return  # Told as a fault.
        for line in (line for line in lines if line.fact.on == day):
            old, new = line.old.parent_code, line.new.parent_code
            into = [part.unit for part in moves.get(old, ())] or [old]
            if kinds.get(old) == kinds.get(new) and new not in into:
                told = ", ".join(into)
                yield ImportFault(line.fact.line, "successor", "other_province", old, told)


def _key(edge: Edge) -> tuple[object, ...]:
    return edge.predecessor, edge.successor, edge.on


def _against_record(number: int, edge: Edge, known: Edge | None) -> Iterator[ImportFault]:
    """What is on record stays; only a share may still be declared."""
    if known is not None and (known.kind, known.extent) != (edge.kind, edge.extent):
        told, was = f"{edge.kind}, {edge.extent}", f"{known.kind}, {known.extent}"
        yield ImportFault(number, "kind", "edge_differs", told, was)


def _whole(line: NamedLine, edge: Edge) -> Iterator[ImportFault]:
    number, old = line.fact.line, line.old
    if edge.extent is not WHOLE:
        return
    if edge.share not in (None, 1):
        yield ImportFault(number, "share", "share_of_whole", str(edge.share), PART)
    if old.valid_to is None or old.valid_to >= edge.on:
        yield ImportFault(number, "predecessor", "goes_on", old.code, str(edge.on))


def _into_several(lines: Sequence[NamedLine], edges: Sequence[Edge]) -> Iterator[ImportFault]:
    """One predecessor whole into two, or in shares that do not add to 1."""
    gone: dict[str, list[Edge]] = {}
    for edge in edges:
        gone.setdefault(edge.predecessor, []).append(edge)
    for line in lines:
        number, fact, code = line.fact.line, line.fact, line.old.code
        mine = gone.get(code, [])
        into = sorted({edge.successor for edge in mine})
        if len(into) > 1 and any(
            edge.extent is WHOLE and other.on >= edge.on and other.successor != edge.successor
            for edge in mine
            for other in mine
        ):
            told = ", ".join(into)
            yield ImportFault(number, "predecessor", "whole_twice", code, told)
            continue
        shares = [edge.share for edge in mine if edge.on == fact.on and edge.extent is PART]
        declared = [share for share in shares if share is not None]
        total = sum(declared, Fraction(0))
        goes_on = line.old.valid_to is None or line.old.valid_to >= fact.on
        if declared and len(declared) < len(shares) and fact.share is None:
            yield ImportFault(number, "share", "share_missing", code)
        elif total > 1 or (declared and len(declared) == len(shares) and not goes_on and total < 1):
            yield ImportFault(number, "share", "shares_not_one", code, f"{total} ≠ 1")


def _renames(lines: Sequence[NamedLine], edges: Sequence[Edge]) -> Iterator[ImportFault]:
    come: dict[tuple[object, ...], int] = {}
    for edge in edges:
        key = (edge.successor, edge.on)
        come[key] = come.get(key, 0) + 1
    for line in lines:
        fact, new = line.fact, line.new
        if fact.kind is LineageKind.RENAME and (
            fact.extent is PART or come.get((new.code, fact.on), 0) > 1 or new.valid_from < fact.on
        ):
            told = f"{line.old.code} → {new.code}"
            yield ImportFault(fact.line, "kind", "rename_of_many", told)
