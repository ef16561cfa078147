"""Loads the registry that is shipped: the agencies, the provinces old and new, and the lineage.

The lists are facts retyped from the sources that each file names in its first lines.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from reporting.errors import Conflict
from reporting.models.units import (
    LineageExtent,
    LineageKind,
    ReportingUnit,
    UnitLineage,
    UnitTerm,
)
from reporting.services.actors import Actor
from reporting.services.import_files import ImportRow
from reporting.services.unit_files import read_unit_file
from reporting.services.unit_imports import import_units

#: In this order: the root comes with the agencies.
UNIT_LISTS = ("agencies.csv", "provinces_until_2025.csv", "provinces.csv")
LINEAGE = "lineage.csv"

#: A sample for trials and the demonstration; never loaded by itself.
SAMPLE = "sample_units_mau.csv"


@dataclass(frozen=True, slots=True)
class RegistryLoad:
    """What loading did: units made and changed, and edges of lineage added."""

    created: int
    changed: int
    edges: int


def read_shipped(name: str) -> bytes:
    """A list of the shipped registry, as it stands in the package."""
    return (files("reporting") / "registry" / name).read_bytes()


def load_shipped_registry(session: Session, *, actor: Actor, now: datetime) -> RegistryLoad:
    """Put the shipped registry into the store; a second time it finds nothing to do.

    A term that is stored already is left alone, whatever the list says, so that loading again
    never takes back what an operator has corrected. Raises Conflict if the lists no longer fit.
    """
    stored = set(
        session.execute(
            select(ReportingUnit.code, UnitTerm.valid_from).join(
                UnitTerm, UnitTerm.unit_id == ReportingUnit.id
            )
        )
    )
    rows = [
        row
        for row in _shipped_rows()
        if (row.cells["code"], date.fromisoformat(row.cells["valid_from"])) not in stored
    ]
    result = import_units(session, rows, actor=actor, now=now)
    if result.faults:
        raise Conflict(
            vi="Danh mục kèm theo không khớp với dữ liệu: " + result.faults[0].sentence("vi"),
            en="The shipped registry contradicts the store: " + result.faults[0].sentence("en"),
        )
    return RegistryLoad(result.created, result.changed, _load_lineage(session))


def _shipped_rows() -> tuple[ImportRow, ...]:
    contents = [read_unit_file(read_shipped(name)) for name in UNIT_LISTS]
    return tuple(row for content in contents for row in content.rows)


def _load_lineage(session: Session) -> int:
    lines = read_shipped(LINEAGE).decode().splitlines()
    edges = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    ids = dict(session.execute(select(ReportingUnit.code, ReportingUnit.id)).all())
    stored = set(
        session.execute(
            select(UnitLineage.predecessor_id, UnitLineage.successor_id, UnitLineage.on_date)
        )
    )
    new = [
        {
            "predecessor_id": ids[edge["predecessor"]],
            "successor_id": ids[edge["successor"]],
            "on_date": date.fromisoformat(edge["on_date"]),
            "kind": LineageKind(edge["kind"]),
            "extent": LineageExtent(edge["extent"]),
        }
        for edge in edges
    ]
    new = [
        edge
        for edge in new
        if (edge["predecessor_id"], edge["successor_id"], edge["on_date"]) not in stored
    ]
    if new:
        session.execute(insert(UnitLineage), new)
    return len(new)
