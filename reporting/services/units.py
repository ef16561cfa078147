"""The registry of units: who was what on a day, under whom, by which code, and out of whom.

This is the front of the registry; reading a file and planning an import stand in the files beside
it. Every question names its day, because names, parents and codes change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import Session, aliased

from reporting.models.units import (
    IdentifierScheme,
    LineageExtent,
    ReportingUnit,
    UnitIdentifier,
    UnitKind,
    UnitLineage,
    UnitTerm,
)
from reporting.services.actors import Act, Actor
from reporting.services.identifiers import normalise_identifier
from reporting.services.registry_loading import load_shipped_registry
from reporting.services.rights import reaches
from reporting.services.unit_files import read_unit_file
from reporting.services.unit_imports import import_units

__all__ = [
    "Predecessor",
    "UnitView",
    "ancestors",
    "find_unit",
    "find_units",
    "import_units",
    "list_units",
    "load_shipped_registry",
    "normalise_identifier",
    "predecessors",
    "predecessors_by_unit",
    "read_unit_file",
    "subordinates",
    "views",
]

PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit as it was on one day: its name then, and its parent then."""

    id: int
    code: str
    kind: UnitKind
    name_vi: str
    name_en: str
    parent_id: int | None
    parent_code: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A unit that went into another; only figures of a whole one can be carried over exactly."""

    unit_id: int
    on_date: date
    extent: LineageExtent
    share: tuple[int, int] | None = None


def _valid(dated: type[UnitTerm] | type[UnitIdentifier], on: date) -> ColumnElement[bool]:
    return and_(dated.valid_from <= on, or_(dated.valid_to.is_(None), dated.valid_to >= on))


def find_unit(session: Session, identifier: str, *, on: date) -> ReportingUnit | None:
    """The unit that carried this code on this day, however the code is written; None if no one."""
    return find_units(session, [identifier], on=on).get(identifier)


def find_units(
    session: Session, identifiers: Iterable[str], *, on: date
) -> Mapping[str, ReportingUnit]:
    """The units of many codes in one question, by the code as it was given; unknown ones are out.

    A stable code goes before a mã định danh, that before a statistics code, that before a local.
    """
    wanted = {given: normalise_identifier(given) for given in identifiers}
    codes = sorted({code for code in wanted.values() if code})
    if not codes:
        return {}
    carried = and_(UnitIdentifier.unit_id == ReportingUnit.id, _valid(UnitIdentifier, on))
    by_identifier = (
        select(UnitIdentifier.value, _rank(), ReportingUnit)
        .join(ReportingUnit, carried)
        .where(UnitIdentifier.value.in_(codes), _exists_on(on))
    )
    found: dict[str, ReportingUnit] = {}
    for code, _, unit in sorted(session.execute(by_identifier), key=lambda row: -row[1]):
        found[code] = unit
    by_code = select(ReportingUnit).where(ReportingUnit.code.in_(codes), _exists_on(on))
    found.update({unit.code: unit for unit in session.scalars(by_code)})
    return {given: found[code] for given, code in wanted.items() if code in found}


def _rank() -> ColumnElement[int]:
    order = [IdentifierScheme.MDD, IdentifierScheme.GSO, IdentifierScheme.LOCAL]
    return case(
        *((UnitIdentifier.scheme == scheme, rank) for rank, scheme in enumerate(order)),
        else_=len(order),
    )


def _exists_on(on: date) -> ColumnElement[bool]:
    return (
        select(UnitTerm.id)
        .where(UnitTerm.unit_id == ReportingUnit.id, _valid(UnitTerm, on))
        .exists()
    )


def subordinates(
    session: Session,
    unit_id: int,
    *,
    on: date,
    kinds: Collection[UnitKind] = (),
    whole_subtree: bool = False,
) -> tuple[ReportingUnit, ...]:
    """The units under this one on this day, by code: its own, or all below without itself."""
    under = select(UnitTerm.unit_id).where(UnitTerm.parent_id == unit_id, _valid(UnitTerm, on))
    if whole_subtree:
        # UNION, not UNION ALL: it ends even if someone wrote a circle into the store by hand.
        below = under.cte("below", recursive=True)
        term = aliased(UnitTerm)
        below = below.union(
            select(term.unit_id)
            .join(below, term.parent_id == below.c.unit_id)
            .where(and_(term.valid_from <= on, or_(term.valid_to.is_(None), term.valid_to >= on)))
        )
        under = select(below.c.unit_id)
    query = select(ReportingUnit).where(ReportingUnit.id.in_(under)).order_by(ReportingUnit.code)
    if kinds:
        query = query.where(ReportingUnit.kind.in_(kinds))
    return tuple(session.scalars(query))


def ancestors(session: Session, unit_id: int, *, on: date) -> tuple[ReportingUnit, ...]:
    """The units above this one on this day, the nearest first."""
    parent_of = dict(
        session.execute(
            select(UnitTerm.unit_id, UnitTerm.parent_id).where(_above(unit_id, on))
        ).all()
    )
    chain: list[int] = []
    parent = parent_of.get(unit_id)
    while parent is not None and parent not in chain:
        chain.append(parent)
        parent = parent_of.get(parent)
    found = {
        unit.id: unit
        for unit in session.scalars(select(ReportingUnit).where(ReportingUnit.id.in_(chain)))
    }
    return tuple(found[unit] for unit in chain)


def _above(unit_id: int, on: date) -> ColumnElement[bool]:
    start = select(UnitTerm.unit_id, UnitTerm.parent_id).where(
        UnitTerm.unit_id == unit_id, _valid(UnitTerm, on)
    )
    above = start.cte("above", recursive=True)
    term = aliased(UnitTerm)
    above = above.union(
        select(term.unit_id, term.parent_id)
        .join(above, term.unit_id == above.c.parent_id)
        .where(and_(term.valid_from <= on, or_(term.valid_to.is_(None), term.valid_to >= on)))
    )
    return and_(UnitTerm.unit_id.in_(select(above.c.unit_id)), _valid(UnitTerm, on))


def list_units(
    session: Session,
    *,
    on: date,
    kind: UnitKind | None = None,
    parent: int | None = None,
    after: str = "",
    limit: int | None = PAGE_SIZE,
    read_by: Actor | None = None,
) -> tuple[UnitView, ...]:
    """The units of a day by code, one page of them: the next page begins `after` the last code.

    The registry is no secret; with `read_by` they are those of which one may read reports.
    """
    query = _view_query(on).where(ReportingUnit.code > after).order_by(ReportingUnit.code)
    if kind is not None:
        query = query.where(ReportingUnit.kind == kind)
    if parent is not None:
        query = query.where(UnitTerm.parent_id == parent)
    if read_by is not None:
        query = query.where(reaches(read_by, Act.READ, ReportingUnit.id))
    return tuple(UnitView(*row) for row in session.execute(query.limit(limit)))


def views(session: Session, unit_ids: Collection[int], *, on: date) -> Mapping[int, UnitView]:
    """These units as they were on a day, by id: what a workbook of an old period must print."""
    query = _view_query(on).where(ReportingUnit.id.in_(unit_ids))
    return {view.id: view for view in (UnitView(*row) for row in session.execute(query))}


def _view_query(
    on: date,
) -> Select[int, str, UnitKind, str, str, int | None, str, date, date | None]:
    above = aliased(ReportingUnit)
    return (
        select(
            ReportingUnit.id,
            ReportingUnit.code,
            ReportingUnit.kind,
            UnitTerm.name_vi,
            UnitTerm.name_en,
            UnitTerm.parent_id,
            case((above.code.is_(None), ""), else_=above.code),
            ReportingUnit.valid_from,
            ReportingUnit.valid_to,
        )
        .join(UnitTerm, and_(UnitTerm.unit_id == ReportingUnit.id, _valid(UnitTerm, on)))
        .outerjoin(above, above.id == UnitTerm.parent_id)
    )


def predecessors(
    session: Session, unit_id: int, *, on: date, since: date | None = None
) -> tuple[Predecessor, ...]:
    """The units that went into this one after `since` and up to `on`; without `since`, ever."""
    return predecessors_by_unit(session, [unit_id], on=on, since=since)[unit_id]


def predecessors_by_unit(
    session: Session, unit_ids: Collection[int], *, on: date, since: date | None = None
) -> Mapping[int, tuple[Predecessor, ...]]:
    """The predecessors of many units in one question; a unit without any has an empty tuple.

    Carry-over asks with `since` the last day of the earlier period and `on` that of the later:
    a merged unit continues from its own figure plus those of its predecessors. A predecessor of
    a predecessor counts too, when both mergers fall inside those days.
    """
    query = select(UnitLineage).where(UnitLineage.on_date <= on)
    if since is not None:
        query = query.where(UnitLineage.on_date > since)
    edges: dict[int, list[UnitLineage]] = {}
    for edge in session.scalars(query.order_by(UnitLineage.on_date, UnitLineage.predecessor_id)):
        edges.setdefault(edge.successor_id, []).append(edge)
    return {unit: tuple(_walk(unit, edges)) for unit in unit_ids}


def _walk(unit_id: int, edges: Mapping[int, list[UnitLineage]]) -> Iterable[Predecessor]:
    seen, waiting = {unit_id}, [unit_id]
    while waiting:
        for edge in edges.get(waiting.pop(0), ()):
            if edge.predecessor_id in seen:
                continue
            seen.add(edge.predecessor_id)
            waiting.append(edge.predecessor_id)
            share = edge.share_numerator, edge.share_denominator
            yield Predecessor(
                edge.predecessor_id,
                edge.on_date,
                edge.extent,
                None if share[0] is None or share[1] is None else (share[0], share[1]),
            )
