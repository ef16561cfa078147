"""Reads one line of an import into checked facts, or says all that is wrong with it by itself.

Knows nothing of the database, nor of the other lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from forms.period import FIRST_DAY, LAST_DAY
from reporting.models.units import IdentifierScheme, UnitKind
from reporting.services.import_faults import ImportFault
from reporting.services.import_files import LONGEST_CODE, ImportRow, RowReader
from reporting.services.unit_spans import Span

#: Under which kinds a unit of a kind may stand; the root stands under nothing.
PARENT_KINDS: Mapping[UnitKind, frozenset[UnitKind]] = {
    UnitKind.GOVERNMENT: frozenset(),
    UnitKind.MINISTRY: frozenset({UnitKind.GOVERNMENT}),
    UnitKind.MINISTERIAL_AGENCY: frozenset({UnitKind.GOVERNMENT}),
    UnitKind.GOVERNMENT_AGENCY: frozenset({UnitKind.GOVERNMENT}),
    UnitKind.OTHER_LEVEL1: frozenset({UnitKind.GOVERNMENT}),
    UnitKind.PROVINCE: frozenset({UnitKind.GOVERNMENT}),
    UnitKind.DISTRICT: frozenset({UnitKind.PROVINCE}),
    # Under a district until 2025-06-30.
    UnitKind.COMMUNE: frozenset({UnitKind.PROVINCE, UnitKind.DISTRICT}),
    UnitKind.DEPARTMENT: frozenset({UnitKind.PROVINCE}),
    UnitKind.SUBORDINATE: frozenset(UnitKind) - {UnitKind.GOVERNMENT},
}

_GSO_DIGITS: Mapping[UnitKind, int] = {
    UnitKind.PROVINCE: 2,
    UnitKind.DISTRICT: 3,
    UnitKind.COMMUNE: 5,
}

_NAME_LENGTH = 300
_ISO_DAY = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
_LOCAL_DAY = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What one line says: from this day to that day the unit was this, called so, under that."""

    line: int
    code: str
    kind: UnitKind
    name_vi: str
    name_en: str
    parent: str
    valid_from: date
    valid_to: date | None
    identifiers: Mapping[IdentifierScheme, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartialFacts:
    """What can be read of a line that has no place in time: '' and None are what cannot be.

    Of a line whose last day cannot be read `days` is its first day.
    """

    line: int
    code: str
    kind: UnitKind | None
    parent: str
    days: Span | None
    identifiers: Mapping[IdentifierScheme, str]


def read_row(row: ImportRow) -> tuple[UnitFacts | PartialFacts, list[ImportFault]]:
    """What one line says, and every fault of it by itself.

    A fault that leaves code, kind and days alone keeps no line from being held against the others.
    """
    reader = _UnitReader(row)
    kind = reader.kind()
    name_vi = reader.name("name_vi", is_required=True)
    code = reader.code("code", is_required=True)
    parent = reader.code("parent", is_required=kind not in (None, UnitKind.GOVERNMENT))
    name_en = reader.name("name_en", is_required=False)
    first = read_day(reader, "valid_from", is_required=True)
    last = read_day(reader, "valid_to", is_required=False)
    identifiers = reader.identifiers(kind)
    if first and last and last < first:
        reader.fault("valid_to", "ends_before_start", last.isoformat(), first.isoformat())
    wrong = {fault.column for fault in reader.faults}
    code, parent = (
        "" if column in wrong else text for column, text in (("code", code), ("parent", parent))
    )
    identifiers = {scheme: value for scheme, value in identifiers.items() if scheme not in wrong}
    if kind is None or first is None or wrong & {"code", "valid_to"}:
        days = Span(first, first if "valid_to" in wrong else last) if first else None
        return PartialFacts(row.line, code, kind, parent, days, identifiers), reader.faults
    facts = UnitFacts(row.line, code, kind, name_vi, name_en, parent, first, last, identifiers)
    return facts, reader.faults


def read_day(reader: RowReader, column: str, *, is_required: bool) -> date | None:
    """A day of 1900 to 2199, as 2025-07-01 or, day/month/year as in Vietnam, as 1/7/2025."""
    text = reader.text(column, is_required=is_required, limit=LONGEST_CODE)
    if not text:
        return None
    match = _ISO_DAY.fullmatch(text) or _LOCAL_DAY.fullmatch(text)
    if match is not None:
        with suppress(ValueError):  # 31/02/2026 has the shape of a day.
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            if FIRST_DAY <= day <= LAST_DAY:
                return day
    reader.fault(column, "bad_date", text, "2025-07-01, 01/07/2025")
    return None


class _UnitReader(RowReader):
    """Reads the cells of a line about a unit."""

    def name(self, column: str, *, is_required: bool) -> str:
        return self.text(column, is_required=is_required, limit=_NAME_LENGTH)

    def kind(self) -> UnitKind | None:
        text = self.text("kind", is_required=True, limit=LONGEST_CODE).lower()
        if text in list(UnitKind):
            return UnitKind(text)
        if text:
            self.fault("kind", "unknown_kind", text, ", ".join(UnitKind))
        return None

    def identifiers(self, kind: UnitKind | None) -> dict[IdentifierScheme, str]:
        values = {scheme: self.code(scheme.value, is_required=False) for scheme in IdentifierScheme}
        gso, digits = values[IdentifierScheme.GSO], _GSO_DIGITS.get(kind) if kind else None
        if gso and digits and not (gso.isdigit() and len(gso) == digits):
            # Excel takes 04 for the number 4; the zero is not put back by guessing.
            self.fault("gso", "bad_code", gso, "0" * (digits - 1) + "4")
        return {scheme: value for scheme, value in values.items() if value}
