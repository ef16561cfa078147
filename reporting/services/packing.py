"""Packed cells: the figures of a report as bytes, and the numbers that stand for its row names.

Derived data. Everything here can be rebuilt from canonical JSON (`repack`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Engine, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.returns import Report, RowName, TableData
from reporting.models import PackedRowName, PackedTable, Submission
from reporting.models.base import table_of

CELLS = np.dtype("<i8")
ROW_IDS = np.dtype("<i4")

#: Row names that are known to be committed, per database of this process.
_known: WeakKeyDictionary[Engine, dict[RowName, int]] = WeakKeyDictionary()
INSERT_PACKED = insert(table_of(PackedTable))
_NEW = "row names this session has written"


def packed_rows(session: Session, *, submission_id: int, report: Report) -> list[dict[str, Any]]:
    """The packed tables of one revision, ready to be written by `INSERT_PACKED`."""
    ids = name_ids(session, _names(report))
    return [pack(submission_id, key, data, ids) for key, data in report.tables.items()]


def pack(
    submission_id: int, table_key: str, data: TableData, ids: Mapping[RowName, int]
) -> dict[str, Any]:
    """One table as the row that stores it."""
    row_ids = np.array([ids[name] for name in data.names], ROW_IDS)
    return {
        "submission_id": submission_id,
        "table_key": table_key,
        "row_ids": row_ids.tobytes(),
        "cells": data.values.astype(CELLS, copy=False).tobytes(),
        "states": data.states.tobytes(),
        "total_cells": data.total_values.astype(CELLS, copy=False).tobytes(),
        "total_states": data.total_states.tobytes(),
        "is_nil": data.nil,
    }


def name_ids(session: Session, names: Iterable[RowName]) -> Mapping[RowName, int]:
    """The numbers of row names; names never met before are added, once for all machines."""
    engine = session.get_bind().engine
    known = _known.setdefault(engine, {})
    missing = sorted(set(names).difference(known), key=_stored)
    if not missing:
        return known
    found = _look_up(session, missing)
    unknown = [name for name in missing if name not in found]
    if unknown:
        rows = [name._asdict() for name in unknown]
        # Sorted, so that two machines adding the same names wait for each other, not in a circle.
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(dialect.insert(PackedRowName).on_conflict_do_nothing(), rows)
        session.info.setdefault(_NEW, set()).update(unknown)
        found |= _look_up(session, unknown)
    # What this session wrote may yet be rolled back, and must not be remembered.
    unsure = session.info.get(_NEW, set())
    known.update({name: number for name, number in found.items() if name not in unsure})
    return {**known, **found}


def names_of(session: Session, ids: Sequence[int]) -> dict[int, RowName]:
    """The names behind numbers."""
    names: dict[int, RowName] = {}
    for start in range(0, len(ids), 5_000):
        chunk = list(ids[start : start + 5_000])
        query = select(
            PackedRowName.id, PackedRowName.section, PackedRowName.key, PackedRowName.label
        ).where(PackedRowName.id.in_(chunk))
        for number, section, key, label in session.execute(query):
            names[number] = RowName(key, section, label)
    return names


def repack(session: Session, *, catalogue: Catalogue, batch: int = 500) -> int:
    """Rebuild the packed cells of every revision from its canonical JSON; gives how many.

    Flushes batch by batch; the caller commits.
    """
    session.execute(delete(PackedTable))
    last, count = 0, 0
    while True:
        query = (
            select(
                Submission.id, Submission.form_code, Submission.form_version, Submission.canonical
            )
            .where(Submission.id > last)
            .order_by(Submission.id)
            .limit(batch)
        )
        revisions = session.execute(query).all()
        if not revisions:
            return count
        for number, code, version, canonical in revisions:
            report = read_report(catalogue.form(code, version), canonical)
            rows = packed_rows(session, submission_id=number, report=report)
            session.connection().execute(INSERT_PACKED, rows)
        last, count = revisions[-1][0], count + len(revisions)


def _names(report: Report) -> Iterable[RowName]:
    return (name for data in report.tables.values() for name in data.names)


def _stored(name: RowName) -> tuple[str, str, str]:
    return (name.section, name.key, name.label)


def _look_up(session: Session, names: Sequence[RowName]) -> dict[RowName, int]:
    found: dict[RowName, int] = {}
    for start in range(0, len(names), 300):
        query = select(
            PackedRowName.section, PackedRowName.key, PackedRowName.label, PackedRowName.id
        ).where(
            tuple_(PackedRowName.section, PackedRowName.key, PackedRowName.label).in_(
                [_stored(name) for name in names[start : start + 300]]
            )
        )
        for section, key, label, number in session.execute(query):
            found[RowName(key, section, label)] = number
    return found
