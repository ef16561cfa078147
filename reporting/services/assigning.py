"""Assigning forms to units for periods in bulk (phân bổ, Điều 18(2) NĐ09), from JSON or CSV.

Everything is looked over first; with one fault nothing is assigned.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import LAST_DAY, BadPeriod, Period
from forms.regime import Regime
from forms.timetable import timetable
from forms.working_days import WorkingCalendar
from reporting.models import ReportingObligation, ReportingUnit, UnitLineage
from reporting.services.actors import Actor
from reporting.services.calendar import working_calendar
from reporting.services.following import ask_follow_ups
from reporting.services.opening import open_period
from reporting.services.regimes import known_regimes
from reporting.services.rights import require_centre
from reporting.services.units import find_units

COLUMNS = ("form", "unit", "period")
MOST_LINES = 200_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an assignment; `number` counts the heading of a CSV as 1.

    `due` is a day such as 2026-10-07; '' is the day that the regime declares.
    """

    number: int
    form: str
    unit: str
    period: str
    due: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentFault:
    """Why a line cannot be assigned, in both languages."""

    line: int
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """What was assigned: obligations made and those that stood already, or the faults."""

    created: int = 0
    existing: int = 0
    faults: tuple[AssignmentFault, ...] = ()


def read_assignments(content: bytes) -> tuple[list[Line], list[AssignmentFault]]:
    """The lines of a CSV with the heading form,unit,period and perhaps due.

    `;` and tabs part cells as well.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [AssignmentFault(0, "Tệp không phải CSV mã UTF-8.", "The file is no UTF-8 CSV.")]
    heading = text.splitlines()[0] if text.strip() else ""
    separator = next((sign for sign in ";\t" if sign in heading), ",")
    rows = csv.DictReader(io.StringIO(text), delimiter=separator, restval="")
    try:
        return _lines(rows)
    except csv.Error as bad:
        vi, en = f"Dòng này không đọc được như CSV: {bad}.", f"This line is no CSV: {bad}."
        return [], [AssignmentFault(rows.line_num + 1, vi, en)]


def _lines(rows: csv.DictReader[str]) -> tuple[list[Line], list[AssignmentFault]]:
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        names = ", ".join(missing)
        return [], [AssignmentFault(1, f"Thiếu cột: {names}.", f"Columns are missing: {names}.")]
    lines = [
        Line(rows.line_num, *(str(row.get(name) or "").strip() for name in (*COLUMNS, "due")))
        for row in rows
    ]
    return lines, []


def assign(
    session: Session,
    *,
    actor: Actor,
    lines: Sequence[Line],
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    dry_run: bool = False,
) -> Assigned:
    """Freeze an obligation for each line; with a fault in any, for none. The caller commits.

    Statements grow with the forms and periods named, not with units. Raises NotAllowed.
    """
    require_centre(actor)
    if len(lines) > MOST_LINES:
        fault = AssignmentFault(0, f"Quá {MOST_LINES:,} dòng.", f"More than {MOST_LINES:,} lines.")
        return Assigned(faults=(fault,))
    regimes, calendar = known_regimes(session, catalogue), working_calendar(session)
    plan = _Plan(session, catalogue, regimes, calendar, zone)
    for key, group in _grouped(lines).items():
        plan.look_over(*key, group)
    if plan.faults:
        return Assigned(faults=tuple(sorted(plan.faults, key=lambda fault: fault.line)))
    created = existing = 0
    for one in plan.wanted.values():
        if dry_run:
            created += len(one.units.keys() - one.standing)
            existing += len(one.units.keys() & one.standing)
            continue
        done = open_period(
            session,
            actor=actor,
            form=one.form,
            regime=one.regime,
            period=one.period,
            zone=zone,
            now=now,
            units=sorted(one.units),
            due={unit: day for unit, day in one.units.items() if day is not None},
            calendar=plan.calendar,
        )
        created, existing = created + done.created, existing + done.existing
        ask_follow_ups(
            session,
            catalogue=catalogue,
            regime=one.regime,
            form_code=one.form.code,
            period=one.period.code,
            zone=zone,
            now=now,
        )
    return Assigned(created, existing)


def _grouped(lines: Iterable[Line]) -> Mapping[tuple[str, str], list[Line]]:
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.form, line.period].append(line)
    return groups


@dataclass(frozen=True)
class _Wanted:
    """The units that are to owe one form for one period, with the due day of its own of each.

    `standing` are those that owe it already, and the day on which it was declared to be due.
    """

    form: FormVersion
    regime: Regime
    period: Period
    units: dict[int, date | None]
    standing: Mapping[int, date]


class _Plan:
    """What is to be assigned, as far as it can be, and what stands against the rest."""

    def __init__(
        self,
        session: Session,
        catalogue: Catalogue,
        regimes: Mapping[str, Regime],
        calendar: WorkingCalendar,
        zone: ZoneInfo,
    ) -> None:
        self._session = session
        self._zone = zone
        self._catalogue = catalogue
        self._regimes = regimes
        self.calendar = calendar
        self.faults: list[AssignmentFault] = []
        self.wanted: dict[tuple[str, str], _Wanted] = {}

    def look_over(self, form_code: str, period_code: str, lines: Sequence[Line]) -> None:
        """Look over the lines of one form and period: two or three statements."""
        form = self._form(form_code)
        if form is None:
            self._blame(lines, f"Không có biểu {form_code}.", f"There is no form {form_code}.")
            return
        found = self._period(form, period_code)
        if found is None:
            kinds = ", ".join(form.periods)
            self._blame(
                lines,
                f"Biểu {form.code} không có kỳ {period_code}. Có: {kinds}.",
                f"Form {form.code} has no period {period_code}. It has: {kinds}.",
            )
            return
        regime, period = found
        if regime.is_secret:
            self._blame(
                lines,
                f"Chế độ {regime.code} là chế độ mật, không phân bổ trên hệ thống.",
                f"Regime {regime.code} is secret and is not assigned here.",
            )
            return
        window = timetable(regime, period, self.calendar).window
        version = self._catalogue.in_force(form.code, window.first, window.last)
        if version is None:
            self._blame(
                lines,
                f"Biểu {form.code} không áp dụng cho kỳ {period}.",
                f"Form {form.code} is not in force for {period}.",
            )
            return
        self._units(version, regime, period, window.last, lines)

    def _units(
        self,
        form: FormVersion,
        regime: Regime,
        period: Period,
        on: date,
        lines: Sequence[Line],
    ) -> None:
        units = find_units(self._session, [line.unit for line in lines], on=on)
        closed = self._successors([line.unit for line in lines if line.unit not in units])
        new = _Wanted(form, regime, period, {}, self._standing(form.code, period.code))
        wanted = self.wanted.setdefault((form.code, period.code), new)
        for line in lines:
            unit, due = units.get(line.unit), self._due(line, on)
            if unit is None and line.unit in closed:
                into = closed[line.unit]
                self._blame(
                    [line],
                    f"Đơn vị {line.unit} đã kết thúc hoạt động trước {on:%d/%m/%Y}{into[0]}.",
                    f"Unit {line.unit} had ended by {on}{into[1]}.",
                )
            elif unit is None:
                what = line.unit[:60]
                self._blame([line], f"Không có đơn vị {what}.", f"There is no unit {what}.")
            elif unit.kind not in form.reporter_kinds and due is None:
                kinds = ", ".join(form.reporter_kinds)
                self._blame(
                    [line],
                    f"Biểu {form.code} không dành cho loại đơn vị {unit.kind}. Có: {kinds}. "
                    "Muốn giao thêm, hãy ghi hạn gửi (due).",
                    f"Form {form.code} is not for a unit of kind {unit.kind}. It has: {kinds}. "
                    "To ask for it all the same, give a due day (due).",
                )
            elif due not in (None, wanted.standing.get(unit.id, due)):
                stands = wanted.standing[unit.id]
                self._blame(
                    [line],
                    f"Đơn vị {line.unit} đã được giao với hạn {stands:%d/%m/%Y}; muốn thêm thời "
                    "gian, hãy gia hạn.",
                    f"Unit {line.unit} owes it already, due on {stands}; to give it more time, "
                    "extend it.",
                )
            else:
                wanted.units[unit.id] = due

    def _standing(self, form: str, period: str) -> Mapping[int, date]:
        """Who owes a form for a period already, and the day on which it was declared to be due."""
        owed = ReportingObligation
        rows = self._session.execute(
            select(owed.unit_id, owed.declared_due_at).where(
                owed.form_code == form, owed.period == period
            )
        )
        return {unit: due_at.astimezone(self._zone).date() for unit, due_at in rows}

    def _due(self, line: Line, last: date) -> date | None:
        """The due day of a line, after the last day of the window; a bad one is blamed."""
        if not line.due:
            return None
        try:
            day = date.fromisoformat(line.due)
        except ValueError:
            day = last
        if not last < day <= LAST_DAY:
            self._blame(
                [line],
                f"Hạn gửi “{line.due[:20]}” phải là ngày sau {last:%d/%m/%Y}, viết như 2026-10-07.",
                f"Due day “{line.due[:20]}” must be a day after {last}, written as 2026-10-07.",
            )
        return day

    def _successors(self, codes: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """For units that have ended: into which they went, in both languages."""
        if not codes:
            return {}
        ended, into = ReportingUnit, aliased(ReportingUnit)
        rows = self._session.execute(
            select(ended.code, into.name_vi, into.code)
            .outerjoin(UnitLineage, UnitLineage.predecessor_id == ended.id)
            .outerjoin(into, into.id == UnitLineage.successor_id)
            .where(ended.code.in_(codes))
        )
        found: dict[str, tuple[str, str]] = {}
        for code, name, successor in rows:
            told = (f", nay là {name} ({successor})", f", now {name} ({successor})")
            found[code] = told if successor else ("", "")
        return found

    def _form(self, code: str) -> FormVersion | None:
        for known in self._catalogue.codes:
            if code in (known, self._catalogue.latest(known).file_code):
                return self._catalogue.latest(known)
        return None

    def _period(self, form: FormVersion, code: str) -> tuple[Regime, Period] | None:
        try:
            period = Period.parse(code)
        except BadPeriod:
            return None
        own = self._regimes.get(form.regime)
        if own is not None and period.kind in form.periods:
            return own, period
        for regime in self._regimes.values():
            asks = form.code in regime.forms or regime is own
            if asks and regime.occasion(period.code) is not None:
                return regime, period
        return None

    def _blame(self, lines: Sequence[Line], vi: str, en: str) -> None:
        self.faults += [AssignmentFault(line.number, vi, en) for line in lines]
