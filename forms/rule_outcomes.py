"""Which rules fail where, and how a failure is told.

The rules over one row (nearly all of them) fail or hold by one matrix product per table; the
others, over totals, other rows, other tables and percentages, one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from forms.addresses import Places, row_label
from forms.compiling import INT64_BOUND, CompiledTable, PlainRules, at_digits, scale
from forms.definition import BlankMeans, Rule, Scope, Table
from forms.evaluating import (
    Batch,
    BoolArray,
    Evaluated,
    Figures,
    evaluate,
    fails,
    percentages,
    spread,
)
from forms.expressions import TOTAL, Expression, Linear, PercentOf
from forms.issues import Issue
from forms.returns import RowName, State, TableData
from forms.values import FIGURE_BOUND, write_figure

_VALUE = int(State.VALUE)
_COLUMN_ID = re.compile(r"c(\d+)")
_REFERENCE = re.compile(
    r'(?P<previous>previous\()?(?:form\("(?P<form>[^"]+)"\)\.)?(?P<kind>sum\(|rows\()?'
    r"(?P<path>[A-Za-z_]\w*(?:\.\w+)*)(?![\w(.])(?P<close>\)*)"
)
_RAISED = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}


def rule_failures(compiled: CompiledTable, batch: Batch) -> Iterator[tuple[int, int, int]]:
    """Every failure of a table's internal rules: (rule position, report, row in the report)."""
    table, figures = compiled.table, batch.figures[compiled.table.key]
    order = compiled.order
    if len(figures.values) and compiled.plain.rules:
        rows, rules = np.nonzero(_plain_failures(compiled.plain, figures))
        if len(rows):
            reports = np.searchsorted(figures.starts, rows, side="right") - 1
            for row, report, index in zip(
                rows.tolist(), reports.tolist(), rules.tolist(), strict=True
            ):
                yield (
                    order[compiled.plain.rules[index].id],
                    report,
                    row - int(figures.starts[report]),
                )
    for rule in compiled.general:
        for report, row in general_failures(rule, table, batch):
            yield order[rule.id], report, row


def _plain_failures(plain: PlainRules, figures: Figures) -> BoolArray:
    """(rows, rules): where a rule over the cells of one row does not hold."""
    values = figures.values
    if plain.weight * FIGURE_BOUND > INT64_BOUND:
        values = values.astype(object)
    differences = values @ plain.matrix + plain.constants
    failed: BoolArray = np.zeros(differences.shape, np.bool_)
    failed[:, plain.equal] = differences[:, plain.equal] != 0
    for position, comparison in plain.other:
        failed[:, position] = fails(differences[:, position], comparison)
    if failed.any():
        missing = (figures.states != _VALUE).astype(np.int64) @ plain.uses
        failed &= missing == 0
    return failed


def general_failures(rule: Rule, table: Table, batch: Batch) -> Iterator[tuple[int, int]]:
    """Where one rule does not hold: (report, row in the report or -1)."""
    for column in range(len(table.figures)) if rule.scope is Scope.COLUMN else (None,):
        outcome = _outcome(rule, table, batch, column)
        figures = batch.figures[table.key]
        for index in np.nonzero(outcome.values & outcome.known)[0].tolist():
            if outcome.per_row:
                report = int(np.searchsorted(figures.starts, index, side="right")) - 1
                yield report, index - int(figures.starts[report])
            else:
                yield index, -1 if column is None else -2 - column


def _outcome(rule: Rule, table: Table, batch: Batch, column: int | None) -> Evaluated:
    """Where a rule fails (values are booleans) and where that is known."""
    zero = rule.blank is BlankMeans.ZERO
    others = {code: other.form for code, other in batch.once.items()}

    def digits_of(linear: Linear) -> int:
        return scale(linear, batch.form, table, others, column=column).digits

    def work_out(linear: Linear, digits: int = 0) -> Evaluated:
        scaled = scale(linear, batch.form, table, others, column=column)
        return evaluate(
            at_digits(scaled, max(digits, scaled.digits)),
            batch,
            table,
            blank_is_zero=zero,
            column=column,
        )

    if isinstance(rule.expression, PercentOf):
        return _percent_outcome(rule.expression, batch.figures[table.key], work_out, digits_of)
    result = work_out(rule.expression.difference)
    assert rule.expression.comparison is not None
    return Evaluated(fails(result.values, rule.expression.comparison), result.known, result.per_row)


def _percent_outcome(
    expression: PercentOf,
    figures: Figures,
    work_out: Callable[..., Evaluated],
    digits_of: Callable[[Linear], int],
) -> Evaluated:
    assert expression.left is not None
    digits = digits_of(expression.left)
    finest = max(digits_of(expression.part), digits_of(expression.whole))
    left, part, whole = spread(
        figures,
        work_out(expression.left),
        work_out(expression.part, finest),
        work_out(expression.whole, finest),
    )
    values, known, zero = percentages(part, whole, digits=digits)
    wrong = np.asarray(left.values.astype(object) != values, np.bool_)
    return Evaluated(wrong, left.known & known & ~zero, left.per_row)


def rule_issue(
    batch: Batch,
    table: Table,
    position: int,
    *,
    report: int,
    row: int,
    data: Mapping[str, TableData],
    places: Places,
) -> Issue:
    """Tell one failure: where, the rule as the form prints it, what it is and should be."""
    rule = table.rules[position]
    name = data[table.key].names[row] if row >= 0 else RowName("")
    column = -2 - row if row < -1 else None
    given, expected = _sides(rule, batch, table, report, row, column)
    named = [ref for ref in rule.expression.refs if not ref.source and ref.kind == "cell"]
    target = table.by_id.get(named[0].column) if named and named[0].column else None
    if column is not None:
        target = table.figures[column]
    if row < 0 and named and named[0].row:
        name = RowName(named[0].row, label=_row_text(table, named[0].row))
    return Issue(
        "rule_broken",
        rule.severity,
        cell="/".join(filter(None, (table.key, name.path, target.id if target else ""))),
        address=places.address(table, name, target) if target else places.prefix(table) or "",
        place=places.place(table, name, target) if target else "",
        given=given,
        expected=expected,
        rule=printed(rule),
        rule_id=f"{table.key}.{rule.id}",
        label=(row_label(name) + (target.label if target else table.title)),
        note=rule.note,
    )


def _row_text(table: Table, key: str) -> str:
    row = table.row_by_key.get(key)
    return row.label if row else (table.total.label if table.total else key)


def _sides(
    rule: Rule, batch: Batch, table: Table, report: int, row: int, column: int | None
) -> tuple[str, str]:
    """The left side as it is, and what the right side makes of it, as texts."""
    others = {code: other.form for code, other in batch.once.items()}
    start = int(batch.figures[table.key].starts[report])

    def value(linear: Linear) -> tuple[int, int]:
        scaled = scale(linear, batch.form, table, others, column=column)
        result = evaluate(scaled, batch, table, blank_is_zero=True, column=column)
        index = start + row if result.per_row and row >= 0 else report
        return int(result.values[index]), scaled.digits

    if isinstance(rule.expression, PercentOf):
        assert rule.expression.left is not None
        left, digits = value(rule.expression.left)
        part, whole = (
            write_figure(*value(side)) for side in (rule.expression.part, rule.expression.whole)
        )
        return write_figure(left, digits), f"{part} / {whole} × 100"
    assert isinstance(rule.expression, Expression)
    left, digits = value(rule.expression.left)
    right, right_digits = value(rule.expression.right)
    comparison = rule.expression.comparison or "=="
    sign = "" if comparison == "==" else f"{_RAISED.get(comparison, comparison)} "
    return write_figure(left, digits), f"{sign}{write_figure(right, right_digits)}"


def printed(rule: Rule) -> str:
    """The rule in the notation of the forms, what it reads elsewhere in words.

    `c3 == c4 + c5` -> `(3) = (4) + (5)`; `c1 >= form("02/XLD").c7` -> `(1) ≥ (7) của biểu 02/XLD`.
    `forms.issues.sentence` knows these words in English.
    """
    text = _REFERENCE.sub(_in_words, rule.text)
    for sign, raised in _RAISED.items():
        text = text.replace(sign, raised)
    return text


def _in_words(found: re.Match[str]) -> str:
    path, kind = found["path"].split("."), found["kind"] or ""
    closed = len(kind and "(") + len(found["previous"] and "(" or "")
    words = [f"số dòng phần {path[-1]}"] if kind.startswith("rows") else _cell_in_words(path, kind)
    if found["form"]:
        words.append(f"của biểu {found['form']}")
    if found["previous"]:
        words.append("của kỳ trước")
    return " ".join(words) + found["close"][closed:]


def _cell_in_words(path: list[str], kind: str) -> list[str]:
    number = _COLUMN_ID.fullmatch(path[-1])
    words = ["tổng"] if kind else []
    words.append(f"({number[1] if number else path[-1]})")
    if len(path) > 1:
        words.append("dòng tổng" if path[-2] == TOTAL else f"dòng {path[-2]}")
    if len(path) > 2:
        words.append(f"phần {path[0]}")
    return words
