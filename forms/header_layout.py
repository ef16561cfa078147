"""The header of a table as merged ranges, and the number row with its printed formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forms.definition import Column, Origin, Scope, Table
from forms.expressions import Expression, Linear, PercentOf

_LINE_POINTS = 15.0
_NUMBER_POINTS = 12.5

#: Characters of the small type of the number row that fit where one ordinary character does.
_SMALL = 1.35


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """One cell of the header tree with the range that it covers, all bounds included."""

    text: str
    first_row: int
    last_row: int
    first_col: int
    last_col: int

    @property
    def is_merged(self) -> bool:
        """Whether the range is more than one cell."""
        return (self.first_row, self.first_col) != (self.last_row, self.last_col)


def header_cells(
    paths: Sequence[Sequence[str]], *, top: int, depth: int, left: int = 0
) -> Iterator[HeaderCell]:
    """The merged ranges of a header tree, given the path of each column.

    Neighbours that share the upper part of their path share the cell; a leaf spans down to the
    bottom. Two leaves of one name stay two cells, because each is a column of its own.
    """
    for level in range(depth):
        at = 0
        while at < len(paths):
            path = paths[at]
            if level >= len(path):
                at += 1
                continue
            is_leaf = level == len(path) - 1
            end = at + 1
            while not is_leaf and end < len(paths) and _same_branch(paths[end], path, level):
                end += 1
            bottom = top + depth - 1 if is_leaf else top + level
            yield HeaderCell(path[level], top + level, bottom, left + at, left + end - 1)
            at = end


def _same_branch(path: Sequence[str], other: Sequence[str], level: int) -> bool:
    return len(path) > level + 1 and tuple(path[: level + 1]) == tuple(other[: level + 1])


def number_texts(table: Table, columns: Sequence[Column]) -> tuple[str, ...]:
    """The cells of the number row: `(3)=(4)+(5)+(6)`, further identities on further lines.

    A table without official numbers shows the ordinal of each column, which is also what
    `r05.c02` counts.
    """
    if not any(column.number for column in columns):
        at = {column.id: number for number, column in enumerate(table.columns, start=1)}
        return tuple(f"({at[column.id]})" for column in columns)
    return tuple(_number_text(table, column) for column in columns)


def _number_text(table: Table, column: Column) -> str:
    if not column.number:
        return ""
    identities: list[str] = []
    for printed in _printed_sides(table, column):
        text = _side_text(table, printed)
        if text and text not in identities:
            identities.append(text)
    return "\n".join([f"({column.number})" + "".join(identities[:1]), *identities[1:]])


def _printed_sides(table: Table, column: Column) -> Iterator[Expression | PercentOf | Linear]:
    """What the form prints a column to be equal to, the live formula first."""
    if column.formula is not None and not column.formula.is_external:
        yield column.formula
    for rule in table.rules:
        expression = rule.expression
        if rule.origin is not Origin.PRINTED or rule.scope is not Scope.ROW or rule.is_external:
            continue
        if isinstance(expression, PercentOf):
            if expression.left is not None and _is_column(expression.left, column):
                yield PercentOf(expression.part, expression.whole)
        elif expression.comparison == "==" and _is_column(expression.left, column):
            yield expression.right


def _is_column(linear: Linear, column: Column) -> bool:
    if linear.constant or len(linear.terms) != 1:
        return False
    ref, coefficient = linear.terms[0]
    return coefficient == 1 and ref.column == column.id and not ref.row and ref.kind == "cell"


def _side_text(table: Table, side: Expression | PercentOf | Linear) -> str:
    if isinstance(side, Expression):
        side = side.left
    if isinstance(side, Linear):
        body = linear_text(table, side)
        return f"={body}" if body else ""
    part, whole = linear_text(table, side.part), linear_text(table, side.whole)
    return f"={_bracketed(part)}/{_bracketed(whole)}x100%" if part and whole else ""


def _bracketed(text: str) -> str:
    return f"[{text}]" if text.count("(") > 1 else text


def linear_text(table: Table, linear: Linear) -> str:
    """A sum of columns in the notation of the number row; '' where a column has no number."""
    parts: list[str] = []
    for ref, coefficient in linear.terms:
        column = table.by_id.get(ref.column)
        if column is None or not column.number or ref.row or ref.source or ref.kind != "cell":
            return ""
        sign = "-" if coefficient < 0 else "+" if parts else ""
        factor = "" if abs(coefficient) == 1 else f"{_plain(abs(coefficient))}x"
        parts.append(f"{sign}{factor}({column.number})")
    if linear.constant:
        parts.append(f"{'-' if linear.constant < 0 else '+'}{_plain(abs(linear.constant))}")
    return "".join(parts).removeprefix("+")


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}".replace(".", ",")


def header_heights(
    header: Sequence[HeaderCell],
    *,
    numbers: Sequence[str],
    number_row: int,
    widths: Sequence[float],
) -> tuple[float, ...]:
    """The height of each header row and, last, of the number row.

    Merged cells do not grow by themselves in Excel, so the heights are worked out here; the rows
    of a range share what its text still lacks.
    """
    top = min((cell.first_row for cell in header), default=number_row)
    heights = [_LINE_POINTS + 3] * (number_row - top)
    for cell in sorted(header, key=lambda cell: cell.last_row - cell.first_row):
        room = sum(widths[cell.first_col : cell.last_col + 1])
        wanted = lines_needed(cell.text, room) * _LINE_POINTS + 3
        rows = range(cell.first_row - top, cell.last_row - top + 1)
        lacking = max(0.0, wanted - sum(heights[row] for row in rows))
        for row in rows:
            heights[row] += lacking / len(rows)
    folded = [fold_number(text, widths[col]) for col, text in enumerate(numbers)]
    tallest = max((text.count("\n") + 1 for text in folded), default=1)
    return (*heights, tallest * _NUMBER_POINTS + 4)


def number_width(text: str) -> float:
    """How wide a column must be for its number text to stand on the lines that it has."""
    return max((len(line) for line in text.split("\n")), default=0) / _SMALL + 0.6


def fold_number(text: str, room: float) -> str:
    """A number text broken before a sign, because Excel would break it inside a bracket."""
    lines: list[str] = []
    for line in text.split("\n"):
        current = ""
        for part in re.split(r"(?=[+/-])", line):
            if current and len(current) + len(part) > room * _SMALL:
                lines.append(current)
                current = ""
            current += part
        lines.append(current)
    return "\n".join(lines)


def lines_needed(text: str, room: float, *, breadth: float = 1.0) -> int:
    """How many lines a text takes in a cell `room` characters wide, broken between words.

    `breadth` is the width of an average character against that of a digit.
    """
    count = 0
    for line in text.split("\n"):
        count += 1
        used = 0.0
        for word in line.split():
            width = len(word) * breadth
            if used and used + width + 1 > room:
                count += 1
                used = 0.0
            used += width + (1 if used else 0)
            while used > room:
                count += 1
                used -= room
    return count
