"""Rules whose other side is another report: the last period's, or another form's.

They are kept apart from `forms.checking` because the other side may not have arrived. Until it
has, such a rule is pending, never an error; it is run again when either side arrives or is
amended. So the order of arrival never changes an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from forms.addresses import Places
from forms.aggregating import sum_by_name
from forms.aligning import align, has_row, row_sources, rows_left_out, with_blank_rows
from forms.checking import batch_of
from forms.compiling import compile_form
from forms.definition import FormVersion, Rule, Severity, Table
from forms.evaluating import Batch, empty_aligned
from forms.issues import Issue
from forms.period import Period, Window
from forms.returns import Report, State, TableData
from forms.rule_outcomes import general_failures, printed, rule_issue
from forms.values import FIGURE_BOUND


class Outcome(StrEnum):
    """What came of one external rule on one report."""

    PENDING = "pending"
    MET = "met"
    FAILED = "failed"
    EXEMPT = "exempt"  # a unit's first report has no predecessor


@dataclass(frozen=True, slots=True)
class Companion:
    """The other side of external rules: its form and its tables, or that there is none to wait for.

    `report` is None while it has not arrived; `is_exempt` says that none will.
    """

    form: FormVersion
    report: Mapping[str, TableData] | None = None
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class CrossOutcome:
    """One external rule: what came of it, and the issues it gives."""

    rule_id: str
    source: str
    outcome: Outcome
    issues: tuple[Issue, ...] = ()


@lru_cache(maxsize=512)
def sources_of(form: FormVersion) -> tuple[str, ...]:
    """What a form's external rules read: `previous`, or codes of forms."""
    return tuple(
        dict.fromkeys(
            ref.source
            for _, rule in compile_form(form).external
            for ref in rule.expression.refs
            if ref.source
        )
    )


def cross_check(
    form: FormVersion,
    report: Report,
    companions: Mapping[str, Companion],
    *,
    window: Window | None = None,
    places: Places | None = None,
) -> list[CrossOutcome]:
    """Run every external rule of a form on one report; `companions` has every source of it.

    `window` is the days that the report covers: what is not asked in them is not missed. Without
    it, they are those of the decree. `places` are those of the return as it was checked; a report
    that is read back from the store has rows in their order, and no cells of a sheet.
    """
    sides = {
        source: in_version(form, sent) if source == "previous" else sent
        for source, sent in companions.items()
    }
    asker = _Asker(
        form,
        report,
        sides,
        window or Period.parse(report.period).window(),
        places or Places.of_report(form, report.tables),
    )
    return [asker.outcome(table, rule) for table, rule in compile_form(form).external]


def sum_sides(form: FormVersion, sides: Sequence[Companion]) -> Companion:
    """The sum of several reports row by row: what a merged unit's predecessors reported."""
    reports = [side.report for side in (in_version(form, side) for side in sides) if side.report]
    return Companion(
        form,
        {
            table.key: sum_by_name(table, [report[table.key] for report in reports])
            for table in form.tables
        },
    )


def in_version(form: FormVersion, companion: Companion) -> Companion:
    """The other side as if it had been reported on this version of its form.

    Columns keep their ids from version to version. What the older version did not ask, and a
    figure that does not fit the digits of the newer one, is blank.
    """
    if companion.form is form:
        return companion
    if companion.report is None:
        return replace(companion, form=form)
    report = {
        table.key: _in_columns(table, companion.form.table_by_key.get(table.key), companion.report)
        for table in form.tables
    }
    return replace(companion, form=form, report=report)


def _in_columns(table: Table, older: Table | None, report: Mapping[str, TableData]) -> TableData:
    there = report[older.key] if older is not None else None
    names = there.names if there is not None else ()
    values, states = empty_aligned(table, len(names) + 1)  # The last row is the total.
    if older is not None and there is not None:
        old_values = np.vstack([there.values, there.total_values])
        old_states = np.vstack([there.states, there.total_states])
        for position, column in enumerate(table.figures):
            at = older.figure_index.get(column.id)
            if at is None:
                continue
            finer = column.digits - older.figures[at].digits
            scaled = old_values[:, at].astype(object) * 10 ** max(finer, 0)
            whole = scaled // 10 ** max(-finer, 0)
            fits = (scaled % 10 ** max(-finer, 0) == 0) & (np.abs(whole) < FIGURE_BOUND)
            values[:, position] = np.where(fits, whole, 0)
            states[:, position] = np.where(fits, old_states[:, at], State.BLANK)
    return TableData(
        names,
        values[:-1],
        states[:-1],
        there.texts if there is not None else (),
        values[-1],
        states[-1],
        there.nil if there is not None else False,
    )


class _Asked(NamedTuple):
    """A report with the rows that it leaves out, as rows of blanks below its own."""

    batch: Batch
    data: Mapping[str, TableData]


class _Asker:
    """The external rules of one report, asked one by one."""

    def __init__(
        self,
        form: FormVersion,
        report: Report,
        sides: Mapping[str, Companion],
        window: Window,
        places: Places,
    ) -> None:
        self._form = form
        self._places = places
        self._sides = sides
        self._report = report
        self._window = window

    @cached_property
    def _asked(self) -> _Asked:
        """The report as it is asked; not made where no other side has arrived."""
        form, report = self._form, self._report
        there = {name: side.report for name, side in self._sides.items() if side.report is not None}
        once = {name: batch_of(self._sides[name].form, [sent]) for name, sent in there.items()}
        left_out = {
            table.key: rows_left_out(table, report, once, there, self._window)
            for table in form.tables
        }
        data = {
            table.key: with_blank_rows(table, report.tables[table.key], left_out[table.key])
            for table in form.tables
        }
        batch = batch_of(form, [data])
        batch.once.update(once)
        for table in form.tables:
            batch.figures[table.key].left_out = len(left_out[table.key])
            for source in there:
                align(batch, table, data[table.key].names, source, there)
        return _Asked(batch, data)

    def outcome(self, table: Table, rule: Rule) -> CrossOutcome:
        """What came of one rule, and the issues it gives."""
        rule_id = f"{table.key}.{rule.id}"
        sources = [ref.source for ref in rule.expression.refs if ref.source]
        source = sources[0]
        if any(self._sides[name].is_exempt for name in sources):
            return CrossOutcome(rule_id, source, Outcome.EXEMPT)
        waiting = [name for name in sources if self._sides[name].report is None]
        if waiting:
            issue = Issue(
                "rule_pending",
                Severity.WARNING,
                cell=table.key,
                label=table.title,
                rule=printed(rule),
                rule_id=rule_id,
                expected=self._sides[waiting[0]].form.code,
            )
            return CrossOutcome(rule_id, source, Outcome.PENDING, (issue,))
        issues = tuple(
            self._issue(table, table.rules.index(rule), row)
            for _, row in general_failures(rule, table, self._asked.batch)
            if self._concerns(rule, table, row)
        )
        return CrossOutcome(rule_id, source, Outcome.FAILED if issues else Outcome.MET, issues)

    def _concerns(self, rule: Rule, table: Table, row: int) -> bool:
        """Whether a rule is asked of a row: of those left out, only where it reads them."""
        if row < len(self._report.tables[table.key].names):
            return True
        path = self._asked.data[table.key].names[row].path
        return any(
            has_row(table, source, self._sides[source].form, self._sides[source].report, path)
            for source in row_sources(rule)
        )

    def _issue(self, table: Table, position: int, row: int) -> Issue:
        batch, data = self._asked
        issue = rule_issue(
            batch, table, position, report=0, row=row, data=data, places=self._places
        )
        if row < len(self._report.tables[table.key].names):
            return issue
        return replace(issue, code="row_left_out", address="", place="")
