"""What a cell of a template takes: validation with Vietnamese words; red and amber marks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlsxwriter.worksheet import Worksheet

from forms.definition import CellType, Column, Rule, Scope, Severity
from forms.excel_formulas import cell_name, column_letters, rule_formula
from forms.naming_rows import LONGEST_KEY
from forms.sheet_styles import AMBER, RED, Styles
from forms.sheet_texts import NOT_APPLICABLE, never_a_figure, unread
from forms.template_checks import TableChecks, anchor_ref, is_needed
from forms.values import FIGURE_BOUND, LONGEST_TEXT, write_figure
from forms.workbook_layout import Line

#: Excel cuts nothing: it refuses a longer title or message.
_TITLE, _MESSAGE = 32, 250


def column_validation(
    column: Column, *, digits: int, first: tuple[int, int], source: str, carried: str = ""
) -> dict[str, Any]:
    """The validation of a cell, `first` being the first cell that it is laid over.

    `carried` is the column of the last period whose figure may stand in it already.
    """
    brought = " Nền vàng: số kỳ trước mang sang" if carried else ""
    brought += "; hãy cộng thêm số kỳ này." if carried == column.id else "." if carried else ""
    words_in = {
        "input_title": f"Cột ({column.number})" if column.number else "Nhập liệu",
        "input_message": _cut(f"{column.label}. {_hint(column, digits)}{brought}"),
        "error_title": "Số liệu chưa hợp lệ",
        "error_message": _cut(f"{column.path[-1]}: {_hint(column, digits)}"),
    }
    return {k: v[:_TITLE] if k.endswith("title") else v for k, v in words_in.items()} | _criterion(
        column, digits, first, source
    )


def _criterion(column: Column, digits: int, first: tuple[int, int], source: str) -> dict[str, Any]:
    if column.type is CellType.CODE and source:
        return {"validate": "list", "source": source}
    if column.type is CellType.DATE:
        return {"validate": "custom", "value": _date_test(cell_name(*first))}
    if not column.is_figure:
        return {"validate": "length", "criteria": "<=", "value": LONGEST_TEXT}
    least = -FIGURE_BOUND + 1 if column.minimum is None else column.minimum
    most = FIGURE_BOUND - 1 if column.maximum is None else column.maximum
    low, high = write_figure(least, column.digits), write_figure(most, column.digits)
    if column.not_applicable:
        return {"validate": "custom", "value": _lenient(cell_name(*first), low, high, digits)}
    if digits == 0:
        low, high = low.split(".")[0], high.split(".")[0]
        return {"validate": "integer", "criteria": "between", "minimum": low, "maximum": high}
    return {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high}


def _lenient(cell: str, low: str, high: str, digits: int) -> str:
    allowed = ",".join(f'UPPER(TRIM({cell}))="{word}"' for word in NOT_APPLICABLE)
    inside = f"{cell}>={low},{cell}<={high},ROUND(N({cell}),{digits})=N({cell})"
    return f"=OR(AND(ISNUMBER({cell}),{inside}),{allowed})"


def _date_test(cell: str) -> str:
    """A date of Excel, or the text of one: the server reads both, Excel must not refuse either."""
    return f"=OR(AND(ISNUMBER({cell}),{cell}>0),LEN({cell})>=8)"


def _hint(column: Column, digits: int) -> str:
    if column.type is CellType.DATE:
        return "Ghi ngày, ví dụ 14/9/2026."
    if column.type is CellType.CODE:
        return "Chọn trong danh mục."
    if not column.is_figure:
        return f"Ghi chữ, không quá {LONGEST_TEXT} ký tự."
    kind = "số nguyên" if digits == 0 else f"số, nhiều nhất {digits} chữ số thập phân"
    least = ", không âm" if column.minimum == 0 else ""
    zero = " Không có phát sinh thì ghi 0." if column.compulsory else ""
    skip = " Không áp dụng thì ghi KAD." if column.not_applicable else ""
    own = " Ô tự tính; có thể để nguyên." if column.formula is not None else ""
    return f"Ghi {kind}{least}.{zero}{skip}{own}"


def heading_validation(label: str, source: str) -> dict[str, Any]:
    """The dropdown of the names of rows: a name that is not in the list is no fault."""
    return {
        "validate": "list",
        "source": source,
        "input_title": _cut(label, _TITLE),
        "input_message": "Chọn trong danh mục, hoặc ghi tên khác nếu danh mục chưa có.",
        "error_title": "Chưa có trong danh mục",
        "error_message": "Tên chưa có trong danh mục vẫn gửi được; cơ quan tổng hợp sẽ đối chiếu.",
        "error_type": "information",
    }


def name_validation() -> dict[str, Any]:
    """Names of rows without a list: any text that is not too long."""
    return {
        "validate": "length",
        "criteria": "<=",
        "value": LONGEST_KEY,
        "error_message": f"Tên dòng không quá {LONGEST_KEY} ký tự.",
    }


def mark_table(sheet: Worksheet, styles: Styles, checks: TableChecks, lines: list[Line]) -> None:
    """Lay the red and amber marks over the cells of a table."""
    for (first_row, first_col, last_row, last_col), formula, colours in _marks(checks, lines):
        rule = {"type": "formula", "criteria": f"={formula}", "format": styles.mark(colours)}
        sheet.conditional_format(first_row, first_col, last_row, last_col, rule)


_Area = tuple[int, int, int, int]


def _marks(checks: TableChecks, lines: list[Line]) -> Iterator[tuple[_Area, str, dict[str, str]]]:
    table = checks.table
    if not lines:
        return
    first, last = table.first_row, table.last_row
    flag = f"${column_letters(checks.helpers.started)}{first + 1}"
    for column in table.columns:
        col = table.col_of[column.id]
        area, cell = (first, col, last, col), cell_name(first, col)
        if column.is_figure:
            found = unread(cell, column)
            yield area, f"IF({found},{never_a_figure(cell, column)},FALSE)", RED
            yield area, found, AMBER
            if column.minimum == 0:
                yield area, f"AND(ISNUMBER({cell}),N({cell})<0)", RED
        if is_needed(column):
            yield area, f"AND({flag}=1,LEN(TRIM({cell}))=0)", RED
    if table.grows and table.heading_col is not None:
        name = cell_name(first, table.heading_col)
        area = (first, table.heading_col, last, table.heading_col)
        yield area, f"AND({flag}=1,LEN(TRIM({name}))=0)", RED
    for rule in table.table.rules:
        yield from _rule_marks(checks, rule)
    if table.total_row is not None:
        for column in checks.summed:
            col = table.col_of[column.id]
            yield (table.total_row, col, table.total_row, col), checks.total_differs(column), RED


def _rule_marks(checks: TableChecks, rule: Rule) -> Iterator[tuple[_Area, str, dict[str, str]]]:
    table, ref = checks.table, anchor_ref(rule)
    colours = RED if rule.severity is Severity.ERROR else AMBER
    if ref is None:
        return
    if rule.scope is Scope.COLUMN:
        yield from _column_rule_marks(checks, rule, ref.row, colours)
        return
    spot = checks.spot(table.first_row)
    place = spot.cell(ref)
    verdict = rule_formula(rule, spot)
    if place is None or verdict is None:
        return
    row, col = place
    if ref.row or rule.scope is Scope.TABLE:
        verdict = rule_formula(rule, checks.spot(row)) or verdict
        yield (row, col, row, col), f"NOT({verdict})", colours
    else:
        yield (table.first_row, col, table.last_row, col), f"NOT({verdict})", colours


def _column_rule_marks(
    checks: TableChecks, rule: Rule, row_key: str, colours: dict[str, str]
) -> Iterator[tuple[_Area, str, dict[str, str]]]:
    row = checks.table.row_of.get(row_key)
    if row is None:
        return
    for column in checks.table.columns:
        verdict = rule_formula(rule, checks.spot(row, column.id)) if column.is_figure else None
        if verdict:
            col = checks.table.col_of[column.id]
            yield (row, col, row, col), f"NOT({verdict})", colours


def _cut(text: str, longest: int = _MESSAGE) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
