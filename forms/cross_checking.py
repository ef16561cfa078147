"""Rules whose other side is another report: the last period's, or another form's.

They are kept apart from `forms.checking` because the other side may not have arrived. Until it
has, such a rule is pending, never an error; it is run again when either side arrives or is
amended. So the order of arrival never changes an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from forms.addresses import Places
from forms.aggregating import sum_by_name
from forms.checking import batch_of
from forms.compiling import compile_form
from forms.definition import FormVersion, RowModel, Severity, Table
from forms.evaluating import Batch, Figures, empty_aligned
from forms.issues import Issue
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
    form: FormVersion, report: Report, companions: Mapping[str, Companion]
) -> list[CrossOutcome]:
    """Run every external rule of a form on one report; `companions` has every source of it."""
    batch = batch_of(form, [report.tables])
    for source, sent in companions.items():
        companion = in_version(form, sent) if source == "previous" else sent
        if companion.report is not None:
            batch.once[source] = batch_of(companion.form, [companion.report])
            _align(batch, report, source, companion)
    places = Places.of_report(form, report.tables)
    return [
        _cross_outcome(batch, table, position, report, companions, places)
        for table in form.tables
        for position, rule in enumerate(table.rules)
        if rule.is_external
    ]


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
    if companion.form is form or companion.report is None:
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


def _cross_outcome(
    batch: Batch,
    table: Table,
    position: int,
    report: Report,
    companions: Mapping[str, Companion],
    places: Places,
) -> CrossOutcome:
    rule = table.rules[position]
    rule_id = f"{table.key}.{rule.id}"
    sources = [ref.source for ref in rule.expression.refs if ref.source]
    source = sources[0]
    if any(companions[name].is_exempt for name in sources):
        return CrossOutcome(rule_id, source, Outcome.EXEMPT)
    waiting = [name for name in sources if companions[name].report is None]
    if waiting:
        issue = Issue(
            "rule_pending",
            Severity.WARNING,
            cell=table.key,
            label=table.title,
            rule=printed(rule),
            rule_id=rule_id,
            expected=companions[waiting[0]].form.code,
        )
        return CrossOutcome(rule_id, source, Outcome.PENDING, (issue,))
    issues = tuple(
        rule_issue(batch, table, position, report=0, row=row, data=report.tables, places=places)
        for _, row in general_failures(rule, table, batch)
    )
    return CrossOutcome(rule_id, source, Outcome.FAILED if issues else Outcome.MET, issues)


def _align(batch: Batch, report: Report, source: str, companion: Companion) -> None:
    """Bring the other report's rows into the order of ours, by row key; blank where it has none."""
    assert companion.report is not None
    for table in batch.form.tables:
        home = table if source == "previous" else companion.form.tables[0]
        there = companion.report[home.key]
        names = report.tables[table.key].names
        values, states = empty_aligned(home, len(names))
        at = {name.path: index for index, name in enumerate(there.names)}
        if home.model is RowModel.SINGLE and table.model is RowModel.SINGLE:
            rows = [0] * len(names) if there.names else [-1] * len(names)
        else:
            rows = [at.get(name.path, -1) for name in names]
        for index, row in enumerate(rows):
            if row >= 0:
                values[index], states[index] = there.values[row], there.states[row]
        figures = batch.figures[table.key]
        batch.aligned[(source, table.key)] = Figures(
            values,
            states,
            figures.starts,
            figures.counts,
            np.zeros((1, values.shape[1]), np.int64),
            np.full((1, values.shape[1]), State.BLANK, np.uint8),
        )
