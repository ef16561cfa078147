"""Reads the whole registry into memory and writes a plan back, in a few statements each.

Three questions read it and at most six statements write it, however long the file was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reporting.models.units import ReportingUnit, UnitIdentifier, UnitTerm
from reporting.services.actors import Actor
from reporting.services.unit_plan import Carried, Plan, PlannedUnit, Term


def read_registry(session: Session) -> dict[str, PlannedUnit]:
    """Every unit with its terms and codes, by its stable code."""
    by_id = {
        id_: PlannedUnit(code, kind, id_)
        for id_, code, kind in session.execute(
            select(ReportingUnit.id, ReportingUnit.code, ReportingUnit.kind)
        )
    }
    terms = select(
        UnitTerm.id,
        UnitTerm.unit_id,
        UnitTerm.parent_id,
        UnitTerm.name_vi,
        UnitTerm.name_en,
        UnitTerm.valid_from,
        UnitTerm.valid_to,
    )
    for id_, unit_id, parent_id, name_vi, name_en, first, last in session.execute(terms):
        parent = "" if parent_id is None else by_id[parent_id].code
        by_id[unit_id].terms.append(Term(first, last, id_, 0, name_vi, name_en, parent))
    carried = select(
        UnitIdentifier.id,
        UnitIdentifier.unit_id,
        UnitIdentifier.scheme,
        UnitIdentifier.value,
        UnitIdentifier.valid_from,
        UnitIdentifier.valid_to,
    )
    for id_, unit_id, scheme, value, first, last in session.execute(carried):
        spans = by_id[unit_id].carried.setdefault(scheme, [])
        spans.append(Carried(first, last, id_, 0, value))
    return {unit.code: unit for unit in by_id.values()}


def write_plan(session: Session, plan: Plan, *, actor: Actor, now: datetime) -> None:
    """Write what the file made or changed. Stays inside the transaction of the caller."""
    changed = [unit for unit in plan.units.values() if unit.is_changed]
    new = [unit for unit in changed if not unit.id]
    _insert(session, ReportingUnit, [_unit_values(unit) for unit in new])
    if new:
        ids = dict(session.execute(select(ReportingUnit.code, ReportingUnit.id)).all())
        for unit in new:
            unit.id = ids[unit.code]
    created = {unit.code for unit in new}
    old = [unit for unit in changed if unit.code not in created]
    _update(session, ReportingUnit, [{"id": unit.id, **_unit_values(unit)} for unit in old])
    _write(session, UnitTerm, list(_term_values(plan, changed, actor=actor, now=now)))
    _write(session, UnitIdentifier, list(_identifier_values(changed)))
    # Units that the caller has already loaded are read anew, with their new names.
    session.expire_all()


def _unit_values(unit: PlannedUnit) -> dict[str, Any]:
    whole, newest = unit.whole, unit.newest
    return {
        "code": unit.code,
        "kind": unit.kind,
        "name_vi": newest.name_vi,
        "name_en": newest.name_en,
        "valid_from": whole.first,
        "valid_to": whole.last,
    }


def _term_values(
    plan: Plan, units: Iterable[PlannedUnit], *, actor: Actor, now: datetime
) -> Iterator[dict[str, Any]]:
    for unit in units:
        for term in unit.terms:
            if term.line:
                yield {
                    "id": term.id,
                    "unit_id": unit.id,
                    "parent_id": plan.units[term.parent].id if term.parent else None,
                    "name_vi": term.name_vi,
                    "name_en": term.name_en,
                    "valid_from": term.first,
                    "valid_to": term.last,
                    "recorded_at": now,
                    "recorded_by": actor.name,
                }


def _identifier_values(units: Iterable[PlannedUnit]) -> Iterator[dict[str, Any]]:
    for unit in units:
        for scheme, spans in unit.carried.items():
            for span in spans:
                if span.line:
                    yield {
                        "id": span.id,
                        "unit_id": unit.id,
                        "scheme": scheme,
                        "value": span.value,
                        "valid_from": span.first,
                        "valid_to": span.last,
                    }


def _write(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    """Change the rows that are stored and add the others. Changes first: they make room."""
    _update(session, table, [row for row in rows if row["id"]])
    _insert(
        session,
        table,
        [
            {name: value for name, value in row.items() if name != "id"}
            for row in rows
            if not row["id"]
        ],
    )


def _insert(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        # Without render_nulls a blank column would be left out, and each change between blank
        # and filled in would begin another statement.
        session.execute(insert(table).execution_options(render_nulls=True), rows)


def _update(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(update(table), rows)
