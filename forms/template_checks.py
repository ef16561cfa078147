"""The live checks of a template: hidden helper cells beside each row, and one line that sums up.

Each row keeps in hidden columns whether it is started, what is wrong with it in words, and its
row number where something is; the status line at the top counts those and quotes the first
three. Only functions that Excel 2016 and LibreOffice share are used: no arrays to enter with
Ctrl+Shift+Enter, no TEXTJOIN, no LET, and no cell reads the one above it, so rows may be
inserted and deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forms.definition import Column, Consolidate, Rule, Scope, Severity
from forms.excel_formulas import Spot, column_letters, range_name, rule_formula
from forms.expressions import Linear, Ref
from forms.prior_figures import PriorFigures
from forms.rule_outcomes import printed
from forms.sheet_texts import alike, never_a_figure, unread
from forms.workbook_layout import FormLayout, Line, TableLayout

NOTHING_YET = "CHƯA NHẬP SỐ LIỆU"
ALL_WELL = "SỐ LIỆU KHỚP, SẴN SÀNG GỬI"

#: Something that is no figure at all; a figure that only the server can read.
_WORDS, _TYPED = "chữ ở ô số", "số ghi dạng chữ"

#: A text in a formula has at most 255 characters.
_LONGEST_LABEL = 250

#: Excel refuses a formula of more than 8,192 characters.
_LONGEST_FORMULA = 8_000


@dataclass(frozen=True, slots=True)
class HelperColumns:
    """The hidden columns right of the sheet, counted from 0."""

    started: int
    errors: int
    error_row: int
    warnings: int
    warning_row: int
    waiting: int

    @classmethod
    def after(cls, last_col: int) -> HelperColumns:
        """The helper columns of a sheet whose last printed column is `last_col`."""
        return cls(*range(last_col + 2, last_col + 8))


@dataclass(frozen=True)
class TableChecks:
    """The checks of one table of a template.

    What a row brings along from the last period does not make it started, but a row that brings
    something along waits to be filled in.
    """

    layout: FormLayout
    table: TableLayout
    helpers: HelperColumns
    nil: tuple[int, int]
    prior: PriorFigures

    @property
    def carried(self) -> frozenset[str]:
        """The columns that start with a figure of the last period."""
        return frozenset(self.prior.carried)

    def of_line(self, line: Line, *, waits: bool) -> Iterator[tuple[int, str]]:
        """Helper column and formula of one data line; `waits` where it has to be filled in."""
        row = line.row
        flag = f"${column_letters(self.helpers.started)}{row + 1}"
        is_computed = line.declared is not None and line.declared.formula is not None
        yield self.helpers.started, "=0" if is_computed else self._started(line)
        own = [] if is_computed else list(self._own_faults(line, flag))
        figures = [c for c in self.table.columns if c.is_figure]
        doubts = [] if is_computed else self._typed(row, figures)
        yield from self._told(row, own, doubts, self._rules_at(line))
        if waits and not is_computed:
            nil = f"LEN(TRIM({_fixed(*self.nil)}))>0"
            yield self.helpers.waiting, f"=IF(OR({flag}=1,{nil}),0,1)"

    def of_total(self) -> Iterator[tuple[int, str]]:
        """The same for the total row: it must be the sum of the rows, if it is typed over."""
        row = self.table.last_row + 1
        wrong = [self.total_differs(column) for column in self.summed]
        faults = self._no_figures(row, self.summed)
        if wrong:
            faults.append((f"OR({','.join(wrong)})", "dòng tổng khác cộng các dòng"))
        yield from self._told(row, faults, self._typed(row, self.summed), ())

    def of_table(self) -> Iterator[tuple[int, str]]:
        """The checks of the table as a whole, kept beside its number row."""
        row, table = self.table.number_row, self.table
        flags = self._flags()
        marked = f"LEN(TRIM({_fixed(*self.nil)}))>0"
        filled = f"SUM({flags})>0"
        brought = [
            f'COUNTIF({cells},"{sign}0")>0' for cells in self._brought() for sign in (">", "<")
        ]
        some = f"OR({','.join((filled, *brought))})" if brought else filled
        faults = [(f"AND({marked},{some})", "vừa đánh dấu không phát sinh vừa có số liệu")]
        yield from self._told(row, faults, (), self._rules_of_table())
        if table.grows and table.table.compulsory:
            yield self.helpers.waiting, f"=IF(OR({marked},{filled}),0,1)"

    @property
    def summed(self) -> tuple[Column, ...]:
        """The columns whose total row is the sum of the rows."""
        return tuple(
            c for c in self.table.columns if c.is_figure and c.consolidate is Consolidate.SUM
        )

    def total_differs(self, column: Column) -> str:
        """What is TRUE where a typed total is not the sum of its column, as far as it is seen."""
        row, col = self.table.last_row + 1, self.table.col_of[column.id]
        cell = range_name(row, col, row, col)
        cells = range_name(self.table.first_row, col, self.table.last_row, col)
        differs = f"ROUND(N({cell})-SUM({cells}),{column.digits})<>0"
        return f"AND(ISNUMBER({cell}),NOT({unread(cells, column)}),{differs})"

    def spot(self, row: int, column: str = "") -> Spot:
        """From where the rules of a row are read."""
        return Spot(self.layout, self.table, row, column, self.helpers.started)

    def _brought(self) -> Iterator[str]:
        """The ranges into which figures of the last period were put."""
        table = self.table
        for column in table.columns:
            if column.id in self.carried and table.last_row >= table.first_row:
                col = table.col_of[column.id]
                yield range_name(table.first_row, col, table.last_row, col)

    def _flags(self) -> str:
        col = self.helpers.started
        return range_name(self.table.first_row, col, max(self.table.last_row, 0), col)

    def _started(self, line: Line) -> str:
        prefilled = line.name is not None
        columns = [c for c in self.table.columns if not (prefilled and c.id in self.carried)]
        cols = [self.table.col_of[c.id] for c in columns]
        if self.table.grows and not prefilled and self.table.heading_col is not None:
            cols.insert(0, self.table.heading_col)
        blank = "+".join(f"COUNTBLANK({r})" for r in _grid(line.row, cols))
        return f"=IF({blank or '0'}<{len(cols)},1,0)"

    def _own_faults(self, line: Line, flag: str) -> Iterator[tuple[str, str]]:
        """What can be wrong with the cells of a row before any rule: (condition, words)."""
        table, row = self.table, line.row
        if table.grows and table.heading_col is not None:
            heading = f"${column_letters(table.heading_col)}{row + 1}"
            yield f"AND({flag}=1,LEN(TRIM({heading}))=0)", "thiếu tên dòng"
        figures = [c for c in table.columns if c.is_figure]
        yield from self._no_figures(row, figures)
        needed = [table.col_of[c.id] for c in table.columns if is_needed(c)]
        if needed:
            blank = "+".join(f"COUNTBLANK({r})" for r in _grid(row, needed))
            yield f"AND({flag}=1,{blank}>0)", "thiếu số liệu"
        unsigned = [table.col_of[c.id] for c in figures if c.minimum == 0]
        if unsigned:
            below = "+".join(f'COUNTIF({r},"<0")' for r in _grid(row, unsigned))
            yield f"{below}>0", "số âm"

    def _no_figures(self, row: int, columns: Sequence[Column]) -> list[tuple[str, str]]:
        """Cells of a row that the server refuses to read: (condition, words)."""
        return [
            (f"IF({found},{never_a_figure(cells, column)},FALSE)", _WORDS)
            for cells, column, found in self._unread(row, columns)
        ]

    def _typed(self, row: int, columns: Sequence[Column]) -> list[tuple[str, str]]:
        """Cells of a row with texts, figures for the server perhaps: (condition, words)."""
        found = [found for _, _, found in self._unread(row, columns)]
        return [(f"OR({','.join(found)})", _TYPED)] if found else []

    def _unread(self, row: int, columns: Sequence[Column]) -> Iterator[tuple[str, Column, str]]:
        """Range, one of its columns, and what is TRUE where it holds more than figures."""
        for group in alike(columns):
            for cells in _grid(row, [self.table.col_of[c.id] for c in group]):
                yield cells, group[0], unread(cells, group[0])

    def _rules_at(self, line: Line) -> Iterator[tuple[Rule, str]]:
        """The rules that a data line breaks by itself, each with its verdict formula."""
        for rule in self.table.table.rules:
            if rule.scope is Scope.ROW:
                yield from self._of_row(rule, line)
            elif rule.scope is Scope.COLUMN and line.name and anchor_row(rule) == line.name.key:
                yield from self._down_columns(rule)

    def _of_row(self, rule: Rule, line: Line) -> Iterator[tuple[Rule, str]]:
        """The verdict on one row; on one with figures of the last period, while it has its name."""
        settled = self.prior.settled(rule, line.name) if rule.is_external else rule
        verdict = rule_formula(settled, self.spot(line.row)) if settled else None
        if settled is None or verdict is None:
            return
        if rule.is_external and self.table.grows:
            started = f"${column_letters(self.helpers.started)}{line.row + 1}=0"
            verdict = f"OR({started},{verdict})"
            if line.name is not None and self.table.heading_col is not None:
                heading = _fixed_col(line.row, self.table.heading_col)
                label = line.label.replace('"', '""')[:_LONGEST_LABEL]
                verdict = f'OR({heading}<>"{label}",{verdict})'
        yield settled, verdict

    def _rules_of_table(self) -> Iterator[tuple[Rule, str]]:
        for rule in self.table.table.rules:
            if rule.scope is Scope.TABLE:
                settled = self.prior.settled(rule, None) if rule.is_external else rule
                spot = self.spot(self.table.number_row)
                verdict = rule_formula(settled, spot) if settled else None
                if settled and verdict:
                    yield settled, verdict
            elif rule.scope is Scope.COLUMN and anchor_row(rule) not in self.table.row_of:
                yield from self._down_columns(rule)

    def _down_columns(self, rule: Rule) -> Iterator[tuple[Rule, str]]:
        """One verdict over all figure columns, because the words are the same for each."""
        found: list[str] = []
        told = rule
        for column in self.table.columns:
            if not column.is_figure:
                continue
            settled = self.prior.settled(rule, None, column.id) if rule.is_external else rule
            verdict = rule_formula(settled, self.spot(-1, column.id)) if settled else None
            if settled and verdict:
                told = settled
                found.append(verdict)
        if found:
            yield told, f"AND({','.join(found)})"

    def _told(
        self,
        row: int,
        faults: Sequence[tuple[str, str]],
        doubts: Sequence[tuple[str, str]],
        rules: Iterator[tuple[Rule, str]] | tuple[()],
    ) -> Iterator[tuple[int, str]]:
        """Message and row number of a row's errors, then of its warnings where it can have any."""
        found = list(rules)
        pieces = list(faults)
        pieces += [(f"NOT({v})", words(r)) for r, v in found if r.severity is Severity.ERROR]
        mild = [(f"NOT({v})", words(r)) for r, v in found if r.severity is Severity.WARNING]
        yield from _message(row, pieces, self.helpers.errors, self.helpers.error_row)
        yield from _message(row, [*doubts, *mild], self.helpers.warnings, self.helpers.warning_row)


def is_needed(column: Column) -> bool:
    """Whether a started row must have the cell: computed cells may be left to the form."""
    return column.compulsory and column.formula is None


def words(rule: Rule) -> str:
    """A rule in the notation of the form, short enough for the status line."""
    return printed(rule).replace(" ", "").replace('"', "”").replace(";", ",")[:120]


def anchor_ref(rule: Rule) -> Ref | None:
    """The cell that a rule is about: the single cell on its left side."""
    expression = rule.expression
    left: Linear | None = expression.left
    if left is None or len(left.terms) != 1 or left.refs[0].kind != "cell":
        return None
    return left.refs[0]


def anchor_row(rule: Rule) -> str:
    """The declared row that a rule down the columns is about; '' where there is none."""
    ref = anchor_ref(rule)
    return ref.row if ref else ""


def status_formula(
    layout: FormLayout, helpers: HelperColumns, nils: Sequence[tuple[int, int]]
) -> str:
    """The one line that says what does not add up, what is still to do, or that all is well."""
    first, last = layout.tables[0].number_row, layout.bottom

    def column(col: int, top: int = first) -> str:
        letters = column_letters(col)
        return f"${letters}${top + 1}:${letters}${last + 1}"

    def quoted(messages: int, rows: int) -> str:
        told = [
            f'IF(COUNT({column(rows)})>={n},"dòng "&SMALL({column(rows)},{n})&": "&'
            f'INDEX({column(messages, 0)},SMALL({column(rows)},{n})),"")'
            for n in (1, 2, 3)
        ]
        return "&".join((*told, f'IF(COUNT({column(rows)})>3,"…","")'))

    errors, doubts = column(helpers.error_row), column(helpers.warning_row)
    marked = "+".join(f"LEN(TRIM({_fixed(*nil)}))" for nil in nils)
    return (
        f'=IF(COUNT({errors})>0,"CÓ "&COUNT({errors})&" LỖI: "&'
        f"{quoted(helpers.errors, helpers.error_row)},"
        f'IF(SUM({column(helpers.started)})+{marked}=0,"{NOTHING_YET}",'
        f'IF(SUM({column(helpers.waiting)})>0,"CÒN "&SUM({column(helpers.waiting)})'
        f'&" DÒNG CHƯA NHẬP",'
        f'IF(COUNT({doubts})>0,"SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: "&'
        f"{quoted(helpers.warnings, helpers.warning_row)},"
        f'"{ALL_WELL}"))))'
    )


def _message(
    row: int, pieces: Sequence[tuple[str, str]], text_col: int, row_col: int
) -> Iterator[tuple[int, str]]:
    kept: list[str] = []
    for condition, text in pieces:
        piece = f'IF({condition},"{text}; ","")'
        if sum(map(len, kept)) + len(piece) < _LONGEST_FORMULA:
            kept.append(piece)
    if not kept:
        return
    cell = range_name(row, text_col, row, text_col)
    # ROW() rather than a number: the words stay right when rows are inserted above.
    yield text_col, f'=IFERROR({"&".join(kept)},"ô báo lỗi; ")'
    yield row_col, f'=IF(LEN({cell})=0,"",ROW())'


def _grid(row: int, cols: Sequence[int]) -> list[str]:
    """Cells of one row as as few ranges as there are gaps, columns fixed: `$C12:$F12`."""
    ranges: list[list[int]] = []
    for col in sorted(cols):
        if ranges and ranges[-1][1] == col - 1:
            ranges[-1][1] = col
        else:
            ranges.append([col, col])
    return [
        f"${column_letters(first)}{row + 1}:${column_letters(last)}{row + 1}"
        for first, last in ranges
    ]


def _fixed_col(row: int, col: int) -> str:
    return f"${column_letters(col)}{row + 1}"


def _fixed(row: int, col: int) -> str:
    return f"${column_letters(col)}${row + 1}"
