"""Imports units from a file: all of it, or nothing and every fault of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from reporting.models import ReportingUnit, UnitKind
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.identifiers import normalise_identifier
from reporting.services.import_effects import Effect, What
from reporting.services.import_faults import ImportFault
from reporting.services.import_files import ImportResult, ImportRow, in_order
from reporting.services.unit_effects import as_they_were, effects_of
from reporting.services.unit_files import COLUMNS
from reporting.services.unit_map import LineageCircle, follow, read_edges
from reporting.services.unit_partial import check_partial, check_unplaced
from reporting.services.unit_plan import Plan, check_plan, place
from reporting.services.unit_rows import PartialFacts, UnitFacts, read_row
from reporting.services.unit_store import read_registry, write_plan


def import_units(
    session: Session,
    rows: Iterable[ImportRow],
    *,
    dry_run: bool = False,
    actor: Actor,
    now: datetime,
) -> ImportResult:
    """Take the units of a file into the registry, or say every fault of it and take none.

    A line says what a unit was from one day to another. A line that begins on the same day as a
    stored term rewrites that term; one that begins later closes the stored open-ended term on the
    day before. What a line leaves blank of codes stays as it was. Sending a file again changes
    nothing.
    """
    rows = tuple(rows)
    if not dry_run:
        locks.keep_other_writers_out(session, ReportingUnit)
    facts, partial, faults = _read(rows)
    plan = Plan(read_registry(session))
    before = as_they_were(plan, facts)
    faults.extend(place(plan, facts))
    mentioned = {normalise_identifier(row.cells.get("code") or "") for row in rows}
    faults.extend(check_plan(plan, facts, mentioned=mentioned))
    faults.extend(check_partial(plan, partial, mentioned=mentioned))
    faults.extend(check_unplaced(plan, plan.unplaced))
    if faults:
        return ImportResult(faults=in_order(faults, COLUMNS), is_dry_run=dry_run)
    touched = [plan.units[code] for code in {fact.code for fact in facts}]
    created = sum(not unit.id for unit in touched)
    changed = sum(unit.id != 0 and unit.is_changed for unit in touched)
    effects = tuple(effects_of(plan, before, facts))
    doubts = tuple(_doubts(session, plan, effects))
    if not dry_run:
        write_plan(session, plan, actor=actor, now=now)
    if (created or changed) and not dry_run:
        details = {
            "created": created,
            "changed": changed,
            "units": sorted({fact.code for fact in facts}),
        }
        record(session, actor, Entry(act="unit.imported", subject="unit", details=details), now=now)
    same = len(touched) - created - changed
    return ImportResult(created, changed, same, (), dry_run, effects, doubts)


def _doubts(session: Session, plan: Plan, effects: Iterable[Effect]) -> Iterator[ImportFault]:
    """Communes that come under another province than the one that their own became."""
    moved = [
        effect
        for effect in effects
        if effect.what is What.MOVED
        and effect.kind == UnitKind.COMMUNE
        and plan.units[effect.before].kind == plan.units[effect.after].kind
    ]
    if not moved:
        return
    edges, lives = read_edges(session)
    for day in sorted({effect.on for effect in moved}):
        try:
            moves = follow(edges, lives, since=day - timedelta(days=1), on=day)
        except LineageCircle:
            return  # Whoever asks for another map is told; units can be mended all the same.
        for effect in (effect for effect in moved if effect.on == day):
            into = [part.unit for part in moves.get(effect.before, ())] or [effect.before]
            if effect.after not in into:
                told = ", ".join(into)
                yield ImportFault(effect.line, "parent", "other_province", effect.before, told)


def _read(
    rows: Iterable[ImportRow],
) -> tuple[list[UnitFacts], list[PartialFacts], list[ImportFault]]:
    """The lines with a place in time, in its order; those without; what is wrong with either."""
    facts: list[UnitFacts] = []
    partial: list[PartialFacts] = []
    faults: list[ImportFault] = []
    for row in rows:
        faults.extend(row.faults)
        if row.faults:
            continue  # Its cells may stand under the wrong heading.
        fact, wrong = read_row(row)
        faults.extend(wrong)
        if isinstance(fact, UnitFacts):
            facts.append(fact)
        else:
            partial.append(fact)
    return sorted(facts, key=lambda fact: (fact.valid_from, fact.line)), partial, faults
