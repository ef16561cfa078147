"""Formulas and rules of a declaration as Excel formula text for given cells of a sheet.

What Excel and LibreOffice show must be what checking on the server says: a computed cell is
blank until every cell that it needs holds a figure, and a rule that skips blanks holds while one
of its cells is blank or says KAD. Text never makes #VALUE!, because figures are only reached
through SUM, N and COUNT. Rules that read another report stay with the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from forms.compiling import figure_digits
from forms.definition import BlankMeans, Column, Rule
from forms.expressions import TOTAL, Expression, Linear, PercentOf, Ref
from forms.sheet_texts import unread
from forms.workbook_layout import FormLayout, LineKind, TableLayout

_COMPARISONS = {"==": "=", "!=": "<>"}


def column_letters(col: int) -> str:
    """The letters of a column counted from 0: 27 -> `AB`."""
    letters = ""
    col += 1
    while col:
        col, rest = divmod(col - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, col: int) -> str:
    """The address of a cell counted from 0: (6, 2) -> `C7`."""
    return f"{column_letters(col)}{row + 1}"


def range_name(first_row: int, first_col: int, last_row: int, last_col: int) -> str:
    """The address of a range: `C7:E7`, or `C7` where it is one cell."""
    first, last = cell_name(first_row, first_col), cell_name(last_row, last_col)
    return first if first == last else f"{first}:{last}"


@dataclass(frozen=True, slots=True)
class Spot:
    """From where an expression is read: a row of a table, and the column for rules down columns.

    `started_col` is the sheet column where a template keeps 1 for every row that is filled in;
    without it the rows of a table are counted by the layout.
    """

    layout: FormLayout
    table: TableLayout
    row: int
    column: str = ""
    started_col: int | None = None

    def table_of(self, ref: Ref) -> TableLayout:
        """The table that a ref names."""
        if not ref.table:
            return self.table
        return next(t for t in self.layout.tables if t.table.key == ref.table)

    def cell(self, ref: Ref) -> tuple[int, int] | None:
        """Row and column of the cell that a ref names; None where the form does not ask it now."""
        there = self.table_of(ref)
        col = there.col_of.get(ref.column or self.column)
        row: int | None
        if ref.row == TOTAL:
            row = there.total_row
        elif ref.row:
            row = there.row_of.get(ref.row)
        else:
            row = there.first_row if ref.table else self.row
        return None if col is None or row is None else (row, col)

    def name(self, row: int, col: int) -> str:
        """The address of a cell; rows other than the one at hand stay put when it is copied."""
        return f"{column_letters(col)}{'' if row == self.row else '$'}{row + 1}"

    def span(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """The address of a range, rows fixed as in `name`."""
        return self.name(*first) if first == last else f"{self.name(*first)}:{self.name(*last)}"

    def column_range(self, ref: Ref) -> str | None:
        """The data cells of the column that `sum(...)` runs over."""
        there = self.table_of(ref)
        col = there.col_of.get(ref.column or self.column)
        if col is None or there.last_row < there.first_row:
            return None
        return self.span((there.first_row, col), (there.last_row, col))

    def row_count(self, ref: Ref) -> str:
        """How many rows the table of a ref has, as a formula or a number."""
        there = self.table_of(ref)
        if self.started_col is None or not there.grows:
            return str(sum(line.kind is LineKind.DATA for line in there.lines()))
        col = column_letters(self.started_col)
        return f"SUM(${col}${there.first_row + 1}:${col}${there.last_row + 1})"


def column_formula(column: Column, spot: Spot) -> str | None:
    """The live formula of a computed cell, with its `=`; None where there is none in the file."""
    formula = column.formula
    if formula is None or formula.is_external:
        return None
    if isinstance(formula, PercentOf):
        return _percent_formula(formula, spot, digits=column.digits)
    return linear_formula(formula.left, spot, digits=column.digits)


def linear_formula(linear: Linear, spot: Spot, *, digits: int) -> str | None:
    """`=IF(COUNT(D12:F12)<3,"",SUM(D12:F12))`: blank until every cell that it needs is there."""
    if any(ref.source for ref in linear.refs) or not linear.terms:
        return None
    if any(ref.kind == "cell" and spot.cell(ref) is None for ref in linear.refs):
        return None
    text = _rounded(_linear_text(linear, spot), linear, digits)
    return f'=IF({_unknown(linear.refs, spot)},"",{text})'


def total_formula(column: Column, table: TableLayout) -> str | None:
    """The cell of the total row: the sum of the data rows, blank where none has a figure."""
    col = table.col_of[column.id]
    if table.last_row < table.first_row:
        return None
    cells = range_name(table.first_row, col, table.last_row, col)
    total = f"ROUND(SUM({cells}),{column.digits})" if column.digits else f"SUM({cells})"
    return f'=IF(COUNT({cells})=0,"",{total})'


def rule_formula(rule: Rule, spot: Spot) -> str | None:
    """What is TRUE where a rule holds or is skipped, without `=`; None where it is not written."""
    expression = rule.expression
    if rule.is_external:
        return None
    absent = any(ref.kind == "cell" and spot.cell(ref) is None for ref in expression.refs)
    if absent and rule.blank is BlankMeans.SKIP:
        return None
    if isinstance(expression, PercentOf):
        holds = _percent_holds(expression, spot)
    else:
        holds = _comparison_text(expression, spot)
    if holds is None:
        return None
    zero = rule.blank is BlankMeans.ZERO and not isinstance(expression, PercentOf)
    unseen = _unseen(expression.refs, spot, cells_too=zero)
    unless = [*unseen, *([] if zero else [_unknown(expression.refs, spot)])]
    return f"OR({','.join((*unless, holds))})" if unless else holds


def _unseen(refs: Sequence[Ref], spot: Spot, *, cells_too: bool) -> list[str]:
    """What is TRUE where a figure written as text stands in what a rule adds up.

    The server reads it and the sheet does not, so that the sheet says nothing. A rule that skips
    blanks counts its own cells anyway; `cells_too` asks for them where it does not.
    """
    found: dict[str, None] = {}
    for ref in refs:
        there = spot.table_of(ref)
        column = there.table.by_id.get(ref.column or spot.column)
        cells = spot.column_range(ref) if ref.kind == "sum" or ref.row == TOTAL else None
        if cells:
            found[unread(cells, column)] = None
        place = spot.cell(ref) if cells_too and ref.kind == "cell" else None
        if place:
            found[unread(spot.name(*place), column)] = None
    return list(found)


def _comparison_text(expression: Expression, spot: Spot) -> str | None:
    """`ROUND(left-right,digits)=0`, because 0.1+0.2 is not 0.3 in a spreadsheet either."""
    difference = expression.difference
    digits = max((_digits(ref, spot) + _decimals(k) for ref, k in difference.terms), default=0)
    digits = max(digits, _decimals(difference.constant))
    comparison = expression.comparison or "=="
    sign = _COMPARISONS.get(comparison, comparison)
    return f"ROUND({_linear_text(difference, spot)},{digits}){sign}0"


def _percent_holds(percent: PercentOf, spot: Spot) -> str | None:
    if percent.left is None:
        return None
    digits = max((_digits(ref, spot) for ref in percent.left.refs), default=0)
    whole = _linear_text(percent.whole, spot)
    left = _linear_text(percent.left, spot)
    ratio = f"ROUND(({_linear_text(percent.part, spot)})*100/({whole}),{digits})"
    return f"IF({whole}=0,TRUE,ROUND({left}-{ratio},{digits})=0)"


def _percent_formula(percent: PercentOf, spot: Spot, *, digits: int) -> str | None:
    refs = percent.part.refs + percent.whole.refs
    if any(ref.kind == "cell" and spot.cell(ref) is None for ref in refs):
        return None
    whole = _linear_text(percent.whole, spot)
    part = _linear_text(percent.part, spot)
    return f'=IF({_unknown(refs, spot)},"",IF({whole}=0,"",ROUND(({part})*100/({whole}),{digits})))'


def _digits(ref: Ref, spot: Spot) -> int:
    named = ref if ref.column or not spot.column else Ref(column=spot.column, table=ref.table)
    return figure_digits(named, spot.layout.form, spot.table.table)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(text: str, linear: Linear, digits: int) -> str:
    whole = digits == 0 and not any(_decimals(k) for _, k in linear.terms)
    return text if whole else f"ROUND({text},{digits})"


def _unknown(refs: Sequence[Ref], spot: Spot) -> str:
    """What is TRUE while one of the refs has no figure."""
    parts: list[str] = []
    cells = {place for ref in refs if ref.kind == "cell" and (place := spot.cell(ref))}
    if cells:
        parts.append(f"COUNT({','.join(_runs(sorted(cells), spot))})<{len(cells)}")
    for ref in refs:
        cells_of = spot.column_range(ref) if ref.kind == "sum" else None
        if cells_of:
            parts.append(f"AND(COUNT({cells_of})=0,{spot.row_count(ref)}>0)")
    if not parts:
        return "FALSE"
    return parts[0] if len(parts) == 1 else f"OR({','.join(parts)})"


def _linear_text(linear: Linear, spot: Spot) -> str:
    """`SUM(D12:F12)-N(G12)+2*N(H12)+1`; a cell that is not asked counts as nothing."""
    groups: dict[Decimal, list[tuple[int, int]]] = {}
    parts: list[tuple[Decimal, str]] = []
    for ref, coefficient in linear.terms:
        if ref.kind == "rows":
            parts.append((coefficient, spot.row_count(ref)))
        elif ref.kind == "sum":
            cells = spot.column_range(ref)
            parts.append((coefficient, f"SUM({cells})" if cells else "0"))
        elif place := spot.cell(ref):
            if coefficient not in groups:
                parts.append((coefficient, ""))
            groups.setdefault(coefficient, []).append(place)
    text = "".join(
        _term(k, body or _sum_of(groups[k], spot), n == 0) for n, (k, body) in enumerate(parts)
    )
    if linear.constant:
        text += _term(linear.constant, "", not text)
    return text or "0"


def _term(coefficient: Decimal, body: str, is_first: bool) -> str:
    sign = "-" if coefficient < 0 else "" if is_first else "+"
    factor = f"{abs(coefficient).normalize():f}"
    if not body:
        return f"{sign}{factor}"
    return f"{sign}{body}" if factor == "1" else f"{sign}{factor}*{body}"


def _sum_of(places: Sequence[tuple[int, int]], spot: Spot) -> str:
    if len(places) == 1:
        return f"N({spot.name(*places[0])})"
    return f"SUM({','.join(_runs(places, spot))})"


def _runs(places: Sequence[tuple[int, int]], spot: Spot) -> list[str]:
    """Neighbours in one row, or one below the other, as ranges: D12, E12, F12 -> `D12:F12`."""
    runs: list[list[tuple[int, int]]] = []
    for place in places:
        if runs and _continues(runs[-1], place):
            runs[-1].append(place)
        else:
            runs.append([place])
    return [spot.span(run[0], run[-1]) for run in runs]


def _continues(run: Sequence[tuple[int, int]], place: tuple[int, int]) -> bool:
    step = (place[0] - run[-1][0], place[1] - run[-1][1])
    if step not in ((0, 1), (1, 0)):
        return False
    return len(run) == 1 or step == (run[-1][0] - run[-2][0], run[-1][1] - run[-2][1])
