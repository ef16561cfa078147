"""Reading what reports contribute to a consolidation: packed cells first, texts where kept.

Set-based: the number of statements depends on the declared sources, never on how many reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.aggregating import distinct_numbers
from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.consolidating import Contribution
from forms.definition import FormVersion, Mode, Source, Table
from forms.returns import Int64Array, Report, RowName
from reporting.errors import Conflict
from reporting.models import PackedTable, ReportingObligation, Submission, UnitKind
from reporting.models.base import table_of
from reporting.services.expected import Expected
from reporting.services.packing import CELLS, ROW_IDS, names_of

_EACH_ROW = ("row_ids", "cells", "states")
_ONLY_TOTAL = ("total_cells", "total_states")

#: Ministries, then agencies, then other bodies, then provinces, as the registry orders the kinds.
_RANK_OF_KIND = {kind.value: rank for rank, kind in enumerate(UnitKind)}


def read_contributions(
    session: Session,
    *,
    form: FormVersion,
    inputs: Sequence[Expected],
    period: str,
    unit_id: int,
    catalogue: Catalogue,
    mapped: Mapping[str, Mapping[str, str]],
) -> list[Contribution]:
    """One contribution for every declared source that anyone reported. Raises Conflict.

    `mapped` gives for each list the code of what senders called otherwise.
    """
    found: list[Contribution] = []
    for source in form.sources:
        mine = [row for row in inputs if row.form_code == source.form]
        if not mine:
            continue
        table = catalogue.form(source.form, mine[0].form_version).table_by_key[source.table]
        if source.mode is Mode.SUM:
            found.append(
                _read_sum(
                    session,
                    form,
                    source,
                    table,
                    mine,
                    period=period,
                    unit_id=unit_id,
                    mapped=mapped,
                )
            )
        elif source.mode is Mode.STACK:
            found.append(_read_stack(session, source, table, mine, period, unit_id, catalogue))
        else:
            found.append(_read_lists(session, source, table, mine, catalogue))
    return found


def _packed(
    session: Session, source: Source, period: str, unit_id: int, columns: Sequence[str]
) -> Mapping[int, Any]:
    """The packed blobs of one table of every report in force, by revision."""
    packed, owed = table_of(PackedTable).c, table_of(ReportingObligation).c
    query = (
        select(packed.submission_id, *(packed[name] for name in columns))
        .join(ReportingObligation, owed.in_force_id == packed.submission_id)
        .where(
            owed.form_code == source.form,
            owed.period == period,
            owed.receiver_id == unit_id,
            packed.table_key == source.table,
        )
    )
    rows: Sequence[Any] = session.connection().execute(query).all()
    return {row[0]: row for row in rows}


def _read_sum(
    session: Session,
    form: FormVersion,
    source: Source,
    table: Table,
    inputs: Sequence[Expected],
    *,
    period: str,
    unit_id: int,
    mapped: Mapping[str, Mapping[str, str]],
) -> Contribution:
    """Mode B: rows of one key are one row, in the section of the unit's level."""
    blobs = _packed(session, source, period, unit_id, _EACH_ROW)
    parts = [blobs[row.submission_id or 0] for row in inputs]
    width = len(table.figures)
    ids = np.frombuffer(b"".join(part[1] for part in parts), ROW_IDS).astype(np.int64)
    values = np.frombuffer(b"".join(part[2] for part in parts), CELLS).reshape(-1, width)
    states = np.frombuffer(b"".join(part[3] for part in parts), np.uint8).reshape(-1, width)
    counts = np.array([len(part[1]) // ROW_IDS.itemsize for part in parts], np.int64)
    target = form.table_by_key[source.into]
    sections = _section_of_kind(target)
    codes = mapped.get(target.heading.code_list, {})
    kinds = sorted({row.unit_kind for row in inputs})
    kind_of_row = np.repeat(
        np.array([kinds.index(row.unit_kind) for row in inputs], np.int64), counts
    )
    distinct, name_of_row = distinct_numbers(ids * len(kinds) + kind_of_row)
    known = names_of(session, sorted({int(number) // len(kinds) for number in distinct}))
    names = [
        _named(
            _listed(known[int(number) // len(kinds)], codes),
            kinds[int(number) % len(kinds)],
            source,
            sections,
        )
        for number in distinct
    ]
    return Contribution(source, table, names, name_of_row, values, states)


def _section_of_kind(table: Table) -> Mapping[str, str]:
    return {kind: section.key for section in table.sections for kind in section.kinds}


def _listed(name: RowName, codes: Mapping[str, str]) -> RowName:
    return name._replace(key=codes[name.key]) if name.key in codes else name


def _named(name: RowName, kind: str, source: Source, sections: Mapping[str, str]) -> RowName:
    if source.row:
        return RowName(source.row, label=source.row)
    if not sections or name.section:
        return name
    if kind not in sections:
        raise Conflict(
            vi=f"Biểu tổng hợp không có mục cho đơn vị loại {kind}.",
            en=f"The consolidated form has no section for units of kind {kind}.",
        )
    return RowName(name.key, sections[kind], name.label)


def _read_stack(
    session: Session,
    source: Source,
    table: Table,
    inputs: Sequence[Expected],
    period: str,
    unit_id: int,
    catalogue: Catalogue,
) -> Contribution:
    """Modes A and C: one row for each agency, the total row (or the only row) of its report."""
    blobs = _packed(session, source, period, unit_id, _ONLY_TOTAL)
    width = len(table.figures)
    mine = list(inputs)
    values = np.frombuffer(
        b"".join(blobs[row.submission_id or 0][1] for row in mine), CELLS
    ).reshape(-1, width)
    states = np.frombuffer(
        b"".join(blobs[row.submission_id or 0][2] for row in mine), np.uint8
    ).reshape(-1, width)
    names = [RowName(row.unit_code, label=row.unit_name) for row in mine]
    order: Int64Array = np.arange(len(names), dtype=np.int64)
    texts: list[Mapping[str, str]] = []
    if table.texts:
        reports = _read_reports(session, mine, catalogue)
        for row in mine:
            rows = reports[row.submission_id or 0].tables[table.key].texts
            texts.append(rows[0] if len(rows) == 1 else {})
    ranks = {row.unit_code: _RANK_OF_KIND[row.unit_kind] for row in mine}
    return Contribution(source, table, names, order, values, states, texts, ranks)


def _read_lists(
    session: Session,
    source: Source,
    table: Table,
    inputs: Sequence[Expected],
    catalogue: Catalogue,
) -> Contribution:
    """Mode D: every row of every list, in the order of agencies, with the agency's name before it.

    The agency's name goes into the consolidated table's own first text column, `don_vi`.
    """
    reports = _read_reports(session, inputs, catalogue)
    names: list[RowName] = []
    ranks: dict[str, int] = {}
    texts: list[Mapping[str, str]] = []
    width = len(table.figures)
    values, states = [np.zeros((0, width), np.int64)], [np.zeros((0, width), np.uint8)]
    for row in inputs:
        data = reports[row.submission_id or 0].tables[table.key]
        values.append(data.values)
        states.append(data.states)
        for name, cells in zip(data.names, data.texts, strict=True):
            names.append(RowName(f"{row.unit_code}.{name.key.rjust(4, '0')}"))
            ranks[names[-1].key] = _RANK_OF_KIND[row.unit_kind]
            texts.append({"don_vi": row.unit_name, **cells})
    order: Int64Array = np.arange(len(names), dtype=np.int64)
    return Contribution(
        source, table, names, order, np.concatenate(values), np.concatenate(states), texts, ranks
    )


def _read_reports(
    session: Session, inputs: Sequence[Expected], catalogue: Catalogue
) -> dict[int, Report]:
    ids = [row.submission_id for row in inputs if row.submission_id is not None]
    found: dict[int, Report] = {}
    for start in range(0, len(ids), 5_000):
        query = select(
            Submission.id, Submission.form_code, Submission.form_version, Submission.canonical
        ).where(Submission.id.in_(ids[start : start + 5_000]))
        for number, code, version, canonical in session.execute(query):
            found[number] = read_report(catalogue.form(code, version), canonical)
    return found
