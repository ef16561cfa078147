"""What editions are to be made from, as it stands now: inputs, choices, estimates, basis.

A few statements for all units together. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import Period
from reporting.models import Edition, ReportingUnit
from reporting.services.contributions import Input
from reporting.services.edition_basis import (
    Basis,
    Mapped,
    basis_of,
    hash_inputs,
    input_line,
    lists_of,
    part_line,
)
from reporting.services.expected import Expected
from reporting.services.key_mapping import mapped_keys
from reporting.services.named import window_of
from reporting.services.standing_in import StandIn, standing_in
from reporting.services.unit_choices import left_out


@dataclass(frozen=True)
class Plan:
    """What one unit's edition is to be made from."""

    unit: ReportingUnit
    expected: Sequence[Expected]
    counted: Sequence[Expected]  # whose reports go in
    basis: Basis
    kept_basis: bytes
    input_sha256: str
    latest: Edition | None

    @property
    def is_made(self) -> bool:
        """Whether the newest edition has the same basis and inputs."""
        return self.latest is not None and self.latest.input_sha256 == self.input_sha256

    @cached_property
    def inputs(self) -> list[Input]:
        """The reports that go in."""
        return [_input(row, row.submission_id) for row in self.counted]

    @cached_property
    def estimates(self) -> list[Input]:
        """The editions that stand in for reports."""
        return [_input(row, row.stand_in) for row in self.expected if row.stand_in is not None]

    @property
    def number(self) -> int:
        """The number of the next edition."""
        return self.latest.number + 1 if self.latest else 1


def plan_editions(
    session: Session,
    form: FormVersion,
    period: Period,
    units: Sequence[ReportingUnit],
    owed: Iterable[Expected],
    catalogue: Catalogue,
    cut_off: datetime,
    *,
    with_estimates: bool = False,
) -> list[Plan]:
    """What each unit's edition is made from, of what they are owed, in the order of unit codes.

    A few statements for all units.
    """
    ids = [unit.id for unit in units]
    out = left_out(session, form_code=form.code, period=period.code, receivers=ids, until=cut_off)
    expected: dict[int, list[Expected]] = {unit.id: [] for unit in units}
    for row in owed:
        is_out = (row.receiver_id, row.unit_id) in out
        expected[row.receiver_id].append(row._replace(chosen=False) if is_out else row)
    parts = _estimates(session, form, period, expected) if with_estimates else {}
    window = window_of(session, catalogue=catalogue, form=form, period=period)
    mapped = _mapped(session, form, cut_off)
    latest = _latest(session, form.code, period.code, ids)
    plans = []
    for unit in units:
        rows = expected[unit.id]
        basis = basis_of(
            form,
            period=period.code,
            unit_code=unit.code,
            window=window,
            catalogue=catalogue,
            mapped=mapped,
            expected=rows,
        )
        kept = basis.as_bytes()
        counted = [row for row in rows if row.counts]
        lines = [input_line(row) for row in counted]
        lines += [part_line(*parts[row.stand_in][:4]) for row in rows if row.stand_in is not None]
        digest = hash_inputs(kept, lines)
        plans.append(Plan(unit, rows, counted, basis, kept, digest, latest.get(unit.id)))
    return plans


def _estimates(
    session: Session, form: FormVersion, period: Period, expected: dict[int, list[Expected]]
) -> dict[int, StandIn]:
    """Put the edition that stands in for a report beside whoever has not sent it."""
    found = standing_in(
        session,
        period=period.code,
        wanted=[row for rows in expected.values() for row in rows if _lacks(row)],
    )
    for rows in expected.values():
        rows[:] = [
            row._replace(stand_in=found[row.unit_id, row.form_code].edition_id)
            if _lacks(row) and (row.unit_id, row.form_code) in found
            else row
            for row in rows
        ]
    return {part.edition_id: part for part in found.values()}


def _lacks(row: Expected) -> bool:
    return row.chosen and not row.is_waived and not row.counts


def _input(row: Expected, key: int | None) -> Input:
    return Input(key or 0, row.unit_code, row.unit_kind, row.form_code, row.form_version)


def _mapped(session: Session, form: FormVersion, cut_off: datetime) -> Mapped:
    """What senders called rows of each list of the form, as mapped by the cut-off."""
    return {name: mapped_keys(session, name, until=cut_off) for name in lists_of(form)}


def _latest(
    session: Session, form_code: str, period: str, units: Sequence[int]
) -> Mapping[int, Edition]:
    """The newest edition of each unit: one statement."""
    same = (Edition.form_code == form_code, Edition.period == period, Edition.unit_id.in_(units))
    newest = (
        select(Edition.unit_id, func.max(Edition.number).label("number"))
        .where(*same)
        .group_by(Edition.unit_id)
        .subquery()
    )
    query = (
        select(Edition)
        .join(newest, (newest.c.unit_id == Edition.unit_id) & (newest.c.number == Edition.number))
        .where(*same)
    )
    return {edition.unit_id: edition for edition in session.scalars(query)}
