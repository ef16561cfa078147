"""The registry in memory, the lines of a file placed into it, and what then contradicts itself.

Knows nothing of the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from reporting.models.units import IdentifierScheme, UnitKind
from reporting.services.import_faults import ImportFault
from reporting.services.unit_rows import PARENT_KINDS, PartialFacts, UnitFacts
from reporting.services.unit_spans import Overlap, Span, covers, make_room, standing_at


@dataclass(slots=True)
class Term(Span):
    """What a unit is called and under whom, while it is so."""

    name_vi: str = ""
    name_en: str = ""
    parent: str = ""


@dataclass(slots=True)
class Carried(Span):
    """A code that a unit carries, while it does."""

    value: str = ""


@dataclass(slots=True)
class PlannedUnit:
    """A unit with all its terms and codes, stored or about to be."""

    code: str
    kind: UnitKind
    id: int = 0
    terms: list[Term] = field(default_factory=list)
    carried: dict[IdentifierScheme, list[Carried]] = field(default_factory=dict)

    @property
    def is_changed(self) -> bool:
        """Whether a line of the file says something that the store does not."""
        codes = (span for spans in self.carried.values() for span in spans)
        return any(span.line for span in (*self.terms, *codes))

    @property
    def whole(self) -> Span:
        """From the first day of the first term to the last day of the last."""
        last = max(self.terms, key=lambda term: term.first)
        return Span(min(term.first for term in self.terms), last.last)

    @property
    def newest(self) -> Term:
        """The term whose names the unit goes by."""
        return max(self.terms, key=lambda term: term.first)


@dataclass(slots=True)
class Plan:
    """Every unit by its code."""

    units: dict[str, PlannedUnit]
    unplaced: list[UnitFacts] = field(default_factory=list)  # lines that found no room


def place(plan: Plan, facts: Iterable[UnitFacts]) -> Iterator[ImportFault]:
    """Put each line where it belongs in time; yields what has no room."""
    for fact in facts:
        unit = plan.units.setdefault(fact.code, PlannedUnit(fact.code, fact.kind))
        if unit.kind != fact.kind:
            yield ImportFault(fact.line, "kind", "kind_changed", fact.kind, unit.kind)
            plan.unplaced.append(fact)
            continue
        try:
            _place_term(unit, fact)
        except Overlap as overlap:
            standing = f"{fact.code} ({overlap.standing})"
            yield ImportFault(fact.line, "code", "duplicate_code", fact.code, standing)
            plan.unplaced.append(fact)
            continue
        for scheme, value in fact.identifiers.items():
            try:
                _place_identifier(unit, fact, scheme, value)
            except Overlap as overlap:
                standing = f"{fact.code} ({overlap.standing})"
                yield ImportFault(fact.line, scheme, "duplicate_identifier", value, standing)
        _close_codes(unit, fact.line)


def _place_term(unit: PlannedUnit, fact: UnitFacts) -> None:
    term = standing_at(unit.terms, fact.valid_from)
    if term is None:
        term = Term(fact.valid_from, fact.valid_to)
        unit.terms.append(term)
    elif _says_the_same(term, fact):
        return
    term.line, term.last, term.parent = fact.line, fact.valid_to, fact.parent
    term.name_vi, term.name_en = fact.name_vi, fact.name_en or fact.name_vi
    make_room(unit.terms, term)


def _says_the_same(term: Term, fact: UnitFacts) -> bool:
    names = fact.name_vi, fact.name_en or fact.name_vi
    return (term.last, term.parent, term.name_vi, term.name_en) == (
        fact.valid_to,
        fact.parent,
        *names,
    )


def _place_identifier(
    unit: PlannedUnit, fact: UnitFacts, scheme: IdentifierScheme, value: str
) -> None:
    spans = unit.carried.setdefault(scheme, [])
    carried = standing_at(spans, fact.valid_from)
    if carried is None:
        carried = Carried(fact.valid_from, fact.valid_to)
        spans.append(carried)
    elif (carried.last, carried.value) == (fact.valid_to, value):
        return
    carried.line, carried.last, carried.value = fact.line, fact.valid_to, value
    make_room(spans, carried)


def _close_codes(unit: PlannedUnit, line: int) -> None:
    """A unit that has ended carries no code any more, so that the code may be used again."""
    last = unit.whole.last
    for span in (span for spans in unit.carried.values() for span in spans):
        if last is not None and span.last is None and span.first <= last:
            span.last, span.line = last, line


def check_plan(
    plan: Plan, facts: Sequence[UnitFacts], *, mentioned: Collection[str]
) -> Iterator[ImportFault]:
    """What contradicts itself once every line is in its place.

    `mentioned` are the codes of all lines, readable or not: a parent whose own line is at fault
    is not also reported as unknown by each of its children.
    """
    for fact in facts:
        yield from parent_faults(plan, fact, mentioned)
    yield from _validity_faults(plan)
    yield from _circles(plan)
    yield from _shared_codes(plan)


def parent_faults(
    plan: Plan, fact: UnitFacts | PartialFacts, mentioned: Collection[str]
) -> Iterator[ImportFault]:
    """A parent that is not there, or of a kind under which the unit may not stand."""
    allowed = frozenset(UnitKind) if fact.kind is None else PARENT_KINDS[fact.kind]
    expected = ", ".join(kind for kind in UnitKind if kind in allowed) or "—"
    parent = plan.units.get(fact.parent)
    if not fact.parent:
        return
    if parent is None:
        if fact.parent not in mentioned:
            yield ImportFault(fact.line, "parent", "unknown_parent", fact.parent)
    elif parent.kind not in allowed:
        yield ImportFault(fact.line, "parent", "wrong_parent_kind", fact.parent, expected)


def _validity_faults(plan: Plan) -> Iterator[ImportFault]:
    """Children outlive no parent, whether the line was that of the child or that of the parent."""
    for unit in plan.units.values():
        for term in unit.terms:
            parent = plan.units.get(term.parent)
            if parent is None or not parent.terms or covers(parent.terms, term):
                continue
            whole = parent.whole
            if term.line:
                yield ImportFault(term.line, "parent", "parent_not_valid", parent.code, str(whole))
            else:
                line = max(span.line for span in parent.terms)
                yield ImportFault(
                    line, "valid_to", "children_left", str(whole.last), f"{unit.code} ({term})"
                )


def _circles(plan: Plan) -> Iterator[ImportFault]:
    """Only units below another of their kind can come to stand under themselves.

    A circle holds from the latest first day of its terms on, so each first day is tried.
    """
    for unit in plan.units.values():
        if unit.kind != UnitKind.SUBORDINATE:
            continue
        for term in unit.terms:
            chain = _chain(plan, unit, term)
            if chain:
                yield ImportFault(term.line, "parent", "circle", " → ".join(chain))


def _chain(plan: Plan, unit: PlannedUnit, term: Term) -> tuple[str, ...]:
    day = Span(term.first, term.first)
    chain = [unit.code]
    while True:
        above = plan.units.get(term.parent)
        if above is None:
            return ()
        chain.append(above.code)
        if above is unit:
            return tuple(chain)
        next_term = next((span for span in above.terms if span.overlaps(day)), None)
        if next_term is None or chain.count(above.code) > 1:
            return ()
        term = next_term


def _shared_codes(plan: Plan) -> Iterator[ImportFault]:
    """One code names one unit on one day; and no one carries the stable code of another."""
    owners: dict[tuple[IdentifierScheme, str], list[tuple[Carried, PlannedUnit]]] = {}
    for unit in plan.units.values():
        for scheme, spans in unit.carried.items():
            for span in spans:
                owners.setdefault((scheme, span.value), []).append((span, unit))
    for (scheme, value), held in owners.items():
        held.sort(key=lambda pair: pair[0].first)
        for (earlier, owner), (later, other) in pairwise(held):
            if owner is not other and earlier.overlaps(later):
                line = max(earlier.line, later.line)
                standing = owner if line == later.line else other
                yield ImportFault(line, scheme, "duplicate_identifier", value, standing.code)
        for span, unit in held:
            namesake = plan.units.get(value)
            if span.line and namesake is not None and namesake is not unit:
                yield ImportFault(span.line, scheme, "duplicate_identifier", value, value)
