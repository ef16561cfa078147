"""Checking a return against its form: all issues at once, and the report that it makes.

`check` takes one raw return; `check_batch` takes any number of reports that are figures already
and runs the same compiled rules over all of them in one go. `check` calls it with one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forms.addresses import Places
from forms.compiling import compile_form
from forms.definition import (
    ONLY_ROW,
    CellType,
    Column,
    FormVersion,
    RowModel,
    Severity,
    Table,
)
from forms.evaluating import Batch, Figures, compute_columns, compute_rows
from forms.issues import Issue
from forms.naming_rows import Circumstances
from forms.returns import (
    Int64Array,
    Mark,
    RawCell,
    RawReturn,
    RawTable,
    Report,
    RowName,
    State,
    StateArray,
    TableData,
)
from forms.rule_outcomes import rule_failures, rule_issue
from forms.tabulating import tabulate
from forms.totals import check_totals
from forms.values import FIGURE_BOUND, Fault, read_text, write_figure

#: More than these are counted, not told.
MOST_ISSUES = 1_000
_NOTE = Column("note", ("Ghi chú",), CellType.TEXT)


@dataclass(frozen=True)
class Checked:
    """The verdict on a return. `places` tells where its rows stood as they were sent."""

    report: Report
    issues: tuple[Issue, ...]
    places: Places

    @property
    def is_refused(self) -> bool:
        """Whether any error stands among the issues."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)


def check(form: FormVersion, raw: RawReturn, circumstances: Circumstances) -> Checked:
    """Check a return against one form version.

    Never raises on anything a sender may write. Rules whose other side is another report are not
    evaluated here (see forms.cross_checking): whether they hold may not depend on what arrived
    first.
    """
    issues = list(raw.issues)
    places = Places(form)
    data: dict[str, TableData] = {}
    readable: set[str] = set()
    issues.extend(_unknown_tables(form, raw))
    issues.extend(_note_issues(raw.note))
    for table in form.tables:
        sent = raw.tables.get(table.key)
        if sent is None or _says_nothing(table, sent):
            data[table.key] = _empty(table)
            if table.compulsory:
                issues.append(Issue("missing_table", cell=table.key, label=table.title))
                continue
        else:
            data[table.key], found = tabulate(table, sent, circumstances, places)
            issues.extend(found)
        readable.add(table.key)
    batch = batch_of(form, [data])
    if compute(batch):
        issues.extend(overflows(batch))
    issues.extend(check_totals(batch, places))  # Rules may read the totals.
    for position, _, rule_table, row in _failures(batch, readable):
        issues.append(
            rule_issue(batch, rule_table, position, report=0, row=row, data=data, places=places)
        )
    report = Report(
        form.code, form.version, raw.unit, raw.period, tables_of_batch(batch, data), raw.note
    )
    return Checked(report, _told(issues), places)


def broken_rules(form: FormVersion, tables: Mapping[str, TableData]) -> list[Issue]:
    """The internal rules that a report of figures breaks, such as a consolidated one."""
    batch, places = batch_of(form, [tables]), Places.of_report(form, tables)
    return [
        rule_issue(batch, table, position, report=0, row=row, data=tables, places=places)
        for position, _, table, row in _failures(batch, None)
    ]


def batch_of(form: FormVersion, reports: Sequence[Mapping[str, TableData]]) -> Batch:
    """Lay the figures of many reports of one form below each other."""
    figures: dict[str, Figures] = {}
    for table in form.tables:
        parts = [report[table.key] for report in reports]
        counts = np.array([len(part.names) for part in parts], np.int64)
        single = len(parts) == 1
        figures[table.key] = Figures(
            values=parts[0].values if single else np.concatenate([p.values for p in parts]),
            states=parts[0].states if single else np.concatenate([p.states for p in parts]),
            starts=np.cumsum(counts) - counts,
            counts=counts,
            total_values=np.array([part.total_values for part in parts], np.int64),
            total_states=np.array([part.total_states for part in parts], np.uint8),
        )
        if table.rows:
            figures[table.key].row_at = _row_positions(table, parts, figures[table.key].starts)
        elif table.model is RowModel.SINGLE:
            starts = figures[table.key].starts
            figures[table.key].row_at = {ONLY_ROW: np.where(counts > 0, starts, -1)}
    return Batch(form, figures, len(reports))


def compute(batch: Batch) -> bool:
    """Fill every computed cell that was left out, rows before columns; tells whether any was."""
    filled = False
    for compiled in compile_form(batch.form).tables:
        filled |= compute_rows(compiled, batch)
        filled |= compute_columns(compiled, batch)
    return filled


def overflows(batch: Batch) -> list[Issue]:
    """Computed figures of more than 15 digits: none is kept, so every bound proved later holds."""
    issues: list[Issue] = []
    for table in batch.form.tables:
        figures = batch.figures[table.key]
        too_large = np.abs(figures.values) >= FIGURE_BOUND
        for row, column in zip(*np.nonzero(too_large), strict=True):
            target = table.figures[int(column)]
            given = write_figure(int(figures.values[row, column]), target.digits)
            issues.append(Issue("overflow", cell=table.key, label=target.label, given=given))
            figures.values[row, column], figures.states[row, column] = 0, State.BLANK
    return issues


@dataclass(frozen=True, slots=True)
class Failure:
    """One broken rule of one report of a batch; `row` counts in that report, -1 is the whole."""

    report: int
    table: str
    rule: int
    row: int


def check_batch(batch: Batch) -> list[Failure]:
    """Every broken rule of every report, in the order of reports, tables, rows and rules."""
    found: list[Failure] = []
    for rule, report, table, row in _failures(batch, None):
        found.append(Failure(report, table.key, rule, row))
    return sorted(found, key=lambda failure: failure.report)


def _failures(batch: Batch, readable: set[str] | None) -> list[tuple[int, int, Table, int]]:
    """(rule position in its table, report, table, row in the report)."""
    found: list[tuple[int, int, Table, int]] = []
    for compiled in compile_form(batch.form).tables:
        if readable is None or compiled.table.key in readable:
            for rule, report, row in rule_failures(compiled, batch):
                found.append((rule, report, compiled.table, row))
    return found


def _row_positions(
    table: Table, parts: Sequence[TableData], starts: Int64Array
) -> dict[str, Int64Array]:
    """For every declared row, where it stands in each report; -1 where it is not asked."""
    positions = {row.key: np.full(len(parts), -1, np.int64) for row in table.rows}
    known: dict[tuple[RowName, ...], dict[str, int]] = {}
    for report, part in enumerate(parts):
        order = known.get(part.names)
        if order is None:
            order = {name.key: index for index, name in enumerate(part.names)}
            known[part.names] = order
        for key, index in order.items():
            positions[key][report] = starts[report] + index
    return positions


def tables_of_batch(batch: Batch, data: Mapping[str, TableData]) -> dict[str, TableData]:
    """The tables of a batch of one report, with their computed cells and totals in place."""
    return {
        key: TableData(
            table.names,
            batch.figures[key].values,
            batch.figures[key].states,
            table.texts,
            batch.figures[key].total_values[0],
            batch.figures[key].total_states[0],
            table.nil,
        )
        for key, table in data.items()
    }


def _says_nothing(table: Table, sent: RawTable) -> bool:
    """Whether a table has no row and no nil mark; headings without a word below are no rows."""
    if sent.nil or not sent.rows:
        return not sent.nil
    if table.model is not RowModel.OUTLINE or not table.compulsory:
        return False
    return not any(_is_said(value) for row in sent.rows for value in row.cells.values())


def _is_said(value: RawCell) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value is not Mark.OWN_FORMULA


def _empty(table: Table) -> TableData:
    width = len(table.figures)
    zeros: Callable[..., Int64Array] = np.zeros
    states: StateArray = np.zeros((0, width), np.uint8)
    return TableData(
        (),
        zeros((0, width), np.int64),
        states,
        (),
        zeros(width, np.int64),
        np.full(width, State.BLANK, np.uint8),
    )


def _told(issues: list[Issue]) -> tuple[Issue, ...]:
    """As many issues as a person may want to read, errors first, and how many more there are."""
    if len(issues) <= MOST_ISSUES:
        return tuple(issues)
    ordered = sorted(issues, key=lambda issue: issue.severity is not Severity.ERROR)
    more = Issue("more_issues", ordered[0].severity, given=str(len(issues) - MOST_ISSUES))
    return (*ordered[:MOST_ISSUES], more)


def _note_issues(note: str) -> list[Issue]:
    """The note line is a text like any other: of one page, without control signs."""
    outcome = read_text(note, _NOTE)
    if not isinstance(outcome, Fault):
        return []
    return [
        Issue(
            outcome.code,
            cell="note",
            address="note",
            given=outcome.given,
            expected=outcome.expected,
            label="Ghi chú",
        )
    ]


def _unknown_tables(form: FormVersion, raw: RawReturn) -> list[Issue]:
    return [
        Issue("unknown_table", given=str(key)[:60], expected=", ".join(form.table_by_key))
        for key in raw.tables
        if key not in form.table_by_key
    ]
