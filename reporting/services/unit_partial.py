"""Lines of an import that have no place in time, held against the lines and units that have one.

A line whose kind, code or days cannot be read is refused anyway; what else is wrong with it is told
all the same, so that nobody mends a file one fault at a time. Only what is certain is told: of a
line whose last day cannot be read, its first day is taken alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from reporting.models.units import IdentifierScheme
from reporting.services.import_faults import ImportFault
from reporting.services.unit_plan import Plan, parent_faults
from reporting.services.unit_rows import PartialFacts, UnitFacts
from reporting.services.unit_spans import Overlap, Span, covers, make_room, standing_at


def check_partial(
    plan: Plan, partial: Iterable[PartialFacts], *, mentioned: Collection[str]
) -> Iterator[ImportFault]:
    """What contradicts the plan in lines that are not in it, besides what they were refused for."""
    carriers = _Carriers(plan)
    for fact in partial:
        unit = plan.units.get(fact.code)
        if unit is not None and fact.kind is not None and unit.kind != fact.kind:
            yield ImportFault(fact.line, "kind", "kind_changed", fact.kind, unit.kind)
        yield from parent_faults(plan, fact, mentioned)
        if fact.days is not None:
            yield from _day_faults(plan, fact, fact.days)
        yield from carriers.faults(fact)


def check_unplaced(plan: Plan, facts: Iterable[UnitFacts]) -> Iterator[ImportFault]:
    """Codes of others in lines that could be read and found no room."""
    carriers = _Carriers(plan)
    for fact in facts:
        days = Span(fact.valid_from, fact.valid_to)
        yield from carriers.faults(
            PartialFacts(fact.line, fact.code, fact.kind, fact.parent, days, fact.identifiers)
        )


def _day_faults(plan: Plan, fact: PartialFacts, days: Span) -> Iterator[ImportFault]:
    parent, unit = plan.units.get(fact.parent), plan.units.get(fact.code)
    if fact.code and fact.code == fact.parent:
        yield ImportFault(fact.line, "parent", "circle", f"{fact.code} → {fact.code}")
    elif parent is not None and parent.terms and not covers(parent.terms, days):
        whole = str(parent.whole)
        yield ImportFault(fact.line, "parent", "parent_not_valid", parent.code, whole)
    if unit is None:
        return
    rewritten = standing_at(unit.terms, days.first)
    # Copies: a line that is refused closes nothing.
    others = [replace(term) for term in unit.terms if term is not rewritten]
    try:
        make_room(others, replace(days, line=fact.line))
    except Overlap as overlap:
        standing = f"{fact.code} ({overlap.standing})"
        yield ImportFault(fact.line, "code", "duplicate_code", fact.code, standing)


class _Carriers:
    """Which unit carries which code when, the lines that were looked at already included."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._held: dict[tuple[IdentifierScheme, str], list[tuple[Span, str]]] = {}
        for unit in plan.units.values():
            for scheme, spans in unit.carried.items():
                for span in spans:
                    self._held.setdefault((scheme, span.value), []).append((span, unit.code))

    def faults(self, fact: PartialFacts) -> Iterator[ImportFault]:
        """The codes of a line that are another unit's on its days."""
        for scheme, value in fact.identifiers.items():
            owner = value if value in self._plan.units and value != fact.code else ""
            if fact.days is not None:
                held = self._held.setdefault((scheme, value), [])
                days = fact.days
                standing = (code for span, code in held if span.overlaps(days))
                owner = owner or next((code for code in standing if code != fact.code), "")
                held.append((days, fact.code))
            if owner:
                yield ImportFault(fact.line, scheme, "duplicate_identifier", value, owner)
