"""Mergers, splits and renames taken from a file: all of it, or nothing and every fault of it.

A line adds an edge and nothing else: no report, no edition and no unit is touched. What is on
record stays as it is; only a share that was not known may still be declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from reporting.models.units import LineageKind, ReportingUnit, UnitLineage
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.import_effects import Effect, Restating, What
from reporting.services.import_faults import ImportFault
from reporting.services.import_files import ImportResult, ImportRow, in_order
from reporting.services.lineage_checks import PART, check_lines, edge_of, other_provinces
from reporting.services.lineage_files import COLUMNS, read_lines
from reporting.services.lineage_naming import NamedLine, codes_of_others, name_units
from reporting.services.rights import require_centre
from reporting.services.unit_map import Edge, read_edges

#: All communes twice over; SQLite asks for at most 32,766 codes at once.
MAX_LINES = 15_000

_WHAT = {
    LineageKind.MERGE: What.MERGED,
    LineageKind.SPLIT: What.SPLIT,
    LineageKind.RENAME: What.RENAMED,
}


def import_lineage(
    session: Session,
    rows: Iterable[ImportRow],
    *,
    dry_run: bool = False,
    actor: Actor,
    now: datetime,
) -> ImportResult:
    """Take the lineage of a file into the registry, or say every fault of it and take none.

    Sending a file again changes nothing. Raises NotAllowed for all but the central office. The
    caller commits.
    """
    require_centre(actor)
    rows = tuple(rows)
    if len(rows) > MAX_LINES:
        fault = ImportFault(0, "", "too_many_rows", "", str(MAX_LINES))
        return ImportResult(faults=(fault,), is_dry_run=dry_run)
    if not dry_run:
        locks.keep_other_writers_out(session, UnitLineage)
    facts, faults = read_lines(rows)
    lines, wrong = name_units(session, facts)
    stored, lives = read_edges(session)
    faults += [*wrong, *check_lines(lines, stored)]
    doubts = list(codes_of_others(session, lines))
    if faults:
        told = in_order(faults, COLUMNS)
        return ImportResult(faults=told, is_dry_run=dry_run, doubts=in_order(doubts, COLUMNS))
    edges = list({_key(edge): edge for edge in (*stored, *map(edge_of, lines))}.values())
    for line in lines:
        for view in (line.old, line.new):
            lives[view.code] = (view.valid_from, view.valid_to)
    doubts += other_provinces(lines, edges, lives, _kinds(session, lines))
    known = {_key(edge): edge for edge in stored}
    new = [line for line in lines if _key(edge_of(line)) not in known]
    declared = [line for line in lines if _declares(line, known.get(_key(edge_of(line))))]
    if not dry_run and (new or declared):
        _write(session, new, declared)
        _note(session, new, declared, actor=actor, now=now)
    return ImportResult(
        len(new),
        len(declared),
        len(lines) - len(new) - len(declared),
        is_dry_run=dry_run,
        effects=tuple(_effects(new, declared, edges)),
        doubts=in_order(doubts, COLUMNS),
    )


def _key(edge: Edge) -> tuple[object, ...]:
    return edge.predecessor, edge.successor, edge.on


def _declares(line: NamedLine, known: Edge | None) -> bool:
    """Whether a line says a share that the record has not."""
    return known is not None and line.fact.share not in (None, known.share)


def _kinds(session: Session, lines: Sequence[NamedLine]) -> dict[str, str]:
    above = {view.parent_code for line in lines for view in (line.old, line.new)}
    query = select(ReportingUnit.code, ReportingUnit.kind)
    rows = session.execute(query.where(ReportingUnit.code.in_(sorted(above))))
    return {code: str(kind) for code, kind in rows}


def _effects(
    new: Sequence[NamedLine], declared: Sequence[NamedLine], edges: Sequence[Edge]
) -> Iterable[Effect]:
    later = {line.fact.line for line in declared}
    undeclared = {(edge.predecessor, edge.on) for edge in edges if edge.share is None}
    for line in (*new, *declared):
        fact, old = line.fact, line.old
        restating = Restating.EXACT
        if fact.extent is PART:
            is_known = (old.code, fact.on) not in undeclared
            restating = Restating.ESTIMATED if is_known else Restating.REFUSED
        share = "" if fact.share is None else f" ({fact.share})"
        yield Effect(
            line=fact.line,
            what=What.SHARED if fact.line in later else _WHAT[fact.kind],
            unit=old.code,
            kind=old.kind,
            name=old.name_vi,
            on=fact.on,
            until=None if old.valid_to is None else old.valid_to + timedelta(days=1),
            before=old.name_vi,
            after=f"{line.new.code} {line.new.name_vi}{share}",
            restating=restating,
        )


def _write(session: Session, new: Sequence[NamedLine], declared: Sequence[NamedLine]) -> None:
    if new:
        rows = [
            {
                "predecessor_id": line.old.id,
                "successor_id": line.new.id,
                "on_date": line.fact.on,
                "kind": line.fact.kind,
                "extent": line.fact.extent,
                **_share(line),
            }
            for line in new
        ]
        session.execute(insert(UnitLineage).execution_options(render_nulls=True), rows)
    for line in declared:
        session.execute(
            update(UnitLineage)
            .where(
                UnitLineage.predecessor_id == line.old.id,
                UnitLineage.successor_id == line.new.id,
                UnitLineage.on_date == line.fact.on,
            )
            .values(**_share(line))
        )


def _share(line: NamedLine) -> dict[str, Any]:
    share = line.fact.share
    return {
        "share_numerator": None if share is None else share.numerator,
        "share_denominator": None if share is None else share.denominator,
    }


def _note(
    session: Session,
    new: Sequence[NamedLine],
    declared: Sequence[NamedLine],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    details = {
        "created": len(new),
        "changed": len(declared),
        "edges": [
            f"{line.old.code} {line.new.code} {line.fact.on} {line.fact.extent} "
            f"{line.fact.share or ''}".strip()
            for line in (*new, *declared)
        ],
    }
    entry = Entry(act="unit.lineage_imported", subject="unit", details=details)
    record(session, actor, entry, now=now)
