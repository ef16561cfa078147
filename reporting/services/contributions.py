"""What reports contribute to a consolidation, whichever way their figures are read.

Two readers give the same: `PackedInputs` from packed cells, for what is in force; `KeptInputs`
from canonical bytes, for what once went in. The number of statements depends on the declared
sources, never on how many reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.aggregating import distinct_numbers
from forms.catalogue import Catalogue
from forms.consolidating import Contribution
from forms.definition import Mode, Source, Table
from forms.returns import Int64Array, Report, RowName, StateArray
from reporting.errors import Conflict
from reporting.models import PackedTable, ReportingObligation, UnitKind
from reporting.models.base import table_of
from reporting.services.edition_basis import Basis, form_as_published
from reporting.services.kept_reports import read_reports
from reporting.services.packing import CELLS, ROW_IDS, names_of

#: What is read where every row is wanted, and where only the total row is.
_EACH_ROW = ("cells", "states", "is_nil", "row_ids")
_ONLY_TOTAL = ("total_cells", "total_states", "is_nil")

#: Ministries, then agencies, then other bodies, then provinces, as the registry orders the kinds.
_RANK_OF_KIND = {kind.value: rank for rank, kind in enumerate(UnitKind)}


class Input(NamedTuple):
    """One report that goes in: the id of its revision (or edition), whose it is, of which form."""

    key: int
    unit_code: str
    unit_kind: str
    form_code: str
    form_version: int


class Rows(NamedTuple):
    """The rows of one table of several reports, one below the other, in the order of reports.

    `ids` number the row names; `names` is what a number stands for; `counts` are rows by report.
    """

    ids: Int64Array
    names: Mapping[int, RowName]
    values: Int64Array
    states: StateArray
    counts: Int64Array


class Totals(NamedTuple):
    """The total row (or the only row) of one table of several reports."""

    values: Int64Array
    states: StateArray


class InputReader(Protocol):
    """How figures of inputs are read."""

    def rows(self, source: Source, table: Table, inputs: Sequence[Input]) -> Rows:
        """Every row of one table of each input."""

    def totals(self, source: Source, table: Table, inputs: Sequence[Input]) -> Totals:
        """The total row of one table of each input."""

    def reports(self, inputs: Sequence[Input]) -> Mapping[int, Report]:
        """Whole reports by the key of the input."""


@dataclass
class PackedInputs:
    """Reads packed cells of what is in force for some receivers: each table once for all of them.

    Whoever is consolidated together, a country of provinces say, shares the reading.
    """

    session: Session
    catalogue: Catalogue
    period: str
    receivers: Sequence[int]
    _found: dict[tuple[str, str, tuple[str, ...]], Mapping[int, Any]] = field(default_factory=dict)
    _names: dict[int, RowName] = field(default_factory=dict)

    def rows(self, source: Source, table: Table, inputs: Sequence[Input]) -> Rows:
        """Every row of one table of each input."""
        blobs = self._blobs(source, _EACH_ROW)
        parts = [blobs[one.key] for one in inputs]
        width = len(table.figures)
        values = np.frombuffer(b"".join([part[1] for part in parts]), CELLS).reshape(-1, width)
        states = np.frombuffer(b"".join([part[2] for part in parts]), np.uint8)
        ids = np.frombuffer(b"".join([part[4] for part in parts]), ROW_IDS).astype(np.int64)
        counts = np.array([len(part[4]) // ROW_IDS.itemsize for part in parts], np.int64)
        self._learn(ids)
        return Rows(ids, self._names, values, states.reshape(-1, width), counts)

    def totals(self, source: Source, table: Table, inputs: Sequence[Input]) -> Totals:
        """The total row of one table of each input."""
        blobs = self._blobs(source, _ONLY_TOTAL)
        parts = [blobs[one.key] for one in inputs]
        width = len(table.figures)
        values = np.frombuffer(b"".join([part[1] for part in parts]), CELLS).reshape(-1, width)
        states = np.frombuffer(b"".join([part[2] for part in parts]), np.uint8)
        return Totals(values, states.reshape(-1, width))

    def reports(self, inputs: Sequence[Input]) -> Mapping[int, Report]:
        """Whole reports by the key of the input."""
        return read_reports(self.session, self.catalogue, [one.key for one in inputs])

    def is_nil(self) -> set[int]:
        """The revisions that have said, so far as was read, that there was nothing to report."""
        return self._all(lambda rows: {key for key, row in rows if row[3]})

    def is_zero(self) -> set[int]:
        """The revisions with figures of which each is 0."""
        return self._all(
            lambda rows: {
                key for key, row in rows if not row[3] and not _says(row[1]) and _says(row[2])
            }
        )

    def _all(self, said: Callable[[Iterable[tuple[int, Any]]], set[int]]) -> set[int]:
        """The revisions of which something holds in every table that was read."""
        yes: set[int] = set()
        no: set[int] = set()
        for rows in self._found.values():
            here = said(rows.items())
            yes |= here
            no |= rows.keys() - here
        return yes - no

    def _blobs(self, source: Source, columns: tuple[str, ...]) -> Mapping[int, Any]:
        """Packed blobs of one table of every report in force, by revision: read once."""
        wanted = (source.form, source.table, columns)
        if wanted not in self._found:
            packed, owed = table_of(PackedTable).c, table_of(ReportingObligation).c
            query = (
                select(packed.submission_id, *(packed[name] for name in columns))
                .join(ReportingObligation, owed.in_force_id == packed.submission_id)
                .where(
                    owed.form_code == source.form,
                    owed.period == self.period,
                    owed.receiver_id.in_(list(self.receivers)),
                    packed.table_key == source.table,
                )
            )
            rows: Sequence[Any] = self.session.connection().execute(query).all()
            self._found[wanted] = {row[0]: row for row in rows}
        return self._found[wanted]

    def _learn(self, ids: Int64Array) -> None:
        """Look names up that are not known yet."""
        distinct, _ = distinct_numbers(ids)
        unknown = [number for number in distinct.tolist() if number not in self._names]
        if unknown:
            self._names |= names_of(self.session, unknown)


def _says(packed: bytes) -> bool:
    """Whether any byte is not 0."""
    return bool(packed.strip(b"\x00"))


@dataclass
class KeptInputs:
    """Reads the canonical bytes of reports, whether or not they are in force."""

    known: Mapping[int, Report]

    def rows(self, source: Source, table: Table, inputs: Sequence[Input]) -> Rows:
        """Every row of one table of each input."""
        tables = [self.known[one.key].tables[source.table] for one in inputs]
        numbers: dict[RowName, int] = {}
        ids = [numbers.setdefault(name, len(numbers)) for data in tables for name in data.names]
        width = len(table.figures)
        blank = np.zeros((0, width), np.int64)
        return Rows(
            np.array(ids, np.int64),
            {number: name for name, number in numbers.items()},
            np.concatenate([blank, *(data.values for data in tables)]),
            np.concatenate([blank.astype(np.uint8), *(data.states for data in tables)]),
            np.array([len(data.names) for data in tables], np.int64),
        )

    def totals(self, source: Source, table: Table, inputs: Sequence[Input]) -> Totals:
        """The total row of one table of each input."""
        tables = [self.known[one.key].tables[source.table] for one in inputs]
        return Totals(
            np.array([data.total_values for data in tables], np.int64),
            np.array([data.total_states for data in tables], np.uint8),
        )

    def reports(self, inputs: Sequence[Input]) -> Mapping[int, Report]:
        """Whole reports by the key of the input."""
        return self.known


def contributions_of(
    basis: Basis,
    inputs: Sequence[Input],
    *,
    session: Session,
    catalogue: Catalogue,
    reader: InputReader,
) -> list[Contribution]:
    """One contribution for every declared source and version of it that anyone reported.

    Raises Conflict where the form has no place for a unit, NotFound for a lost declaration.
    """
    found: list[Contribution] = []
    for source in basis.form.sources:
        mine = [one for one in inputs if one.form_code == source.form]
        versions = sorted({one.form_version for one in mine})
        tables = {
            version: form_as_published(session, catalogue, source.form, version).table_by_key[
                source.table
            ]
            for version in versions
        }
        asked = {column.id for table in tables.values() for column in table.figures}
        for version in versions:
            table = tables[version]
            made = _READ[source.mode](
                basis, source, table, [one for one in mine if one.form_version == version], reader
            )
            unasked = asked - {column.id for column in table.figures}
            found.append(replace(made, not_asked=frozenset(unasked)))
    return found


def _summed(
    basis: Basis, source: Source, table: Table, inputs: Sequence[Input], reader: InputReader
) -> Contribution:
    """Mode B: rows of one key are one row, in the section of the unit's level."""
    rows = reader.rows(source, table, inputs)
    target = basis.form.table_by_key[source.into]
    sections = _section_of_kind(target)
    codes = basis.mapped.get(target.heading.code_list, {})
    kinds = sorted({one.unit_kind for one in inputs})
    kind_of_row = np.repeat(
        np.array([kinds.index(one.unit_kind) for one in inputs], np.int64), rows.counts
    )
    distinct, name_of_row = distinct_numbers(rows.ids * len(kinds) + kind_of_row)
    names = [
        _named(
            _listed(rows.names[number // len(kinds)], codes),
            kinds[number % len(kinds)],
            source,
            sections,
        )
        for number in distinct.tolist()
    ]
    return Contribution(source, table, names, name_of_row, rows.values, rows.states)


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


def _stacked(
    basis: Basis, source: Source, table: Table, inputs: Sequence[Input], reader: InputReader
) -> Contribution:
    """Modes A and C: one row for each agency, the total row (or the only row) of its report."""
    totals = reader.totals(source, table, inputs)
    names = [RowName(one.unit_code, label=basis.labels[one.unit_code]) for one in inputs]
    order: Int64Array = np.arange(len(names), dtype=np.int64)
    texts: list[Mapping[str, str]] = []
    if table.texts:
        reports = reader.reports(inputs)
        for one in inputs:
            rows = reports[one.key].tables[table.key].texts
            texts.append(rows[0] if len(rows) == 1 else {})
    ranks = {one.unit_code: _RANK_OF_KIND[one.unit_kind] for one in inputs}
    return Contribution(source, table, names, order, totals.values, totals.states, texts, ranks)


def _listed_one_by_one(
    basis: Basis, source: Source, table: Table, inputs: Sequence[Input], reader: InputReader
) -> Contribution:
    """Mode D: every row of every list, in the order of agencies, with the agency's name before it.

    The agency's name goes into the consolidated table's own first text column, `don_vi`.
    """
    reports = reader.reports(inputs)
    names: list[RowName] = []
    ranks: dict[str, int] = {}
    texts: list[Mapping[str, str]] = []
    width = len(table.figures)
    values, states = [np.zeros((0, width), np.int64)], [np.zeros((0, width), np.uint8)]
    for one in inputs:
        data = reports[one.key].tables[table.key]
        values.append(data.values)
        states.append(data.states)
        for name, cells in zip(data.names, data.texts, strict=True):
            names.append(RowName(f"{one.unit_code}.{name.key.rjust(4, '0')}"))
            ranks[names[-1].key] = _RANK_OF_KIND[one.unit_kind]
            texts.append({"don_vi": basis.labels[one.unit_code], **cells})
    order: Int64Array = np.arange(len(names), dtype=np.int64)
    return Contribution(
        source, table, names, order, np.concatenate(values), np.concatenate(states), texts, ranks
    )


_READ = {Mode.SUM: _summed, Mode.STACK: _stacked, Mode.CONCATENATE: _listed_one_by_one}
