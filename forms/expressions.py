"""The expression language of declarations: parsed once, to a whitelisted and linear tree.

The language is + - and x by a constant, comparisons, `sum(c3)`, `rows(part2)`, `previous(...)`,
`form("02/XLD")...` and, as a whole formula or the right side of a comparison, `percent(a, b)`.
Everything but `percent` is a linear form `k0 + k1*x1 + k2*x2 ...`, so one matrix product
evaluates all rules of a table on one report or on ten thousand (forms.checking), and a bound on
the result is proved before the first figure is read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Comparison = Literal["==", "!=", "<=", ">=", "<", ">"]

_COMPARISONS: dict[type[ast.cmpop], Comparison] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.Gt: ">",
}

#: Row names with a meaning of their own in `row.column`.
TOTAL = "total"

#: A longer text than this is nobody's rule; it would only be a way to tire the parser.
_LONGEST = 2_000

_QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")

#: Python reads a constant with a point as a double, which is exact up to 15 digits.
_LONG_NUMBER = re.compile(r"(?:\d[._]?){16}|\d[eE]")


class BadExpression(ValueError):
    """The text is not in the language; the message says which part and what was expected."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One figure that an expression names.

    `row` is '' for "the row at hand", `total` for the total row, or a declared row key;
    `column` is '' when the expression runs down the rows of one column.
    `kind` is `cell`, `sum` (over the data rows) or `rows` (how many there are).
    `source` is '' for this report, `previous` for the preceding period, or the code of a form.
    """

    column: str = ""
    row: str = ""
    table: str = ""
    kind: Literal["cell", "sum", "rows"] = "cell"
    source: str = ""

    def __str__(self) -> str:
        inner = ".".join(part for part in (self.table, self.row, self.column) if part)
        if self.kind != "cell":
            inner = f"{self.kind}({inner})"
        if self.source == "previous":
            return f"previous({inner})"
        return f'form("{self.source}").{inner}' if self.source else inner


@dataclass(frozen=True, slots=True)
class Linear:
    """`constant + sum(coefficient * ref)`; terms keep the order in which they were written."""

    terms: tuple[tuple[Ref, Decimal], ...] = ()
    constant: Decimal = Decimal(0)

    def plus(self, other: Linear, sign: int = 1) -> Linear:
        """The sum (or, with sign -1, the difference) of two linear forms."""
        gathered: dict[Ref, Decimal] = dict(self.terms)
        for ref, coefficient in other.terms:
            gathered[ref] = gathered.get(ref, Decimal(0)) + sign * coefficient
        terms = tuple((ref, value) for ref, value in gathered.items() if value)
        return Linear(terms, self.constant + sign * other.constant)

    def times(self, factor: Decimal) -> Linear:
        """The linear form with every coefficient multiplied."""
        terms = tuple((ref, value * factor) for ref, value in self.terms if value * factor)
        return Linear(terms, self.constant * factor)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What it names."""
        return tuple(ref for ref, _ in self.terms)


@dataclass(frozen=True, slots=True)
class PercentOf:
    """`percent(part, whole)`: part / whole * 100, rounded half up to the cell's digits.

    Where the whole is 0 there is no percentage and the cell is not applicable.
    As a rule, `left == percent(part, whole)`.
    """

    part: Linear
    whole: Linear
    left: Linear | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What it names."""
        left = self.left.refs if self.left else ()
        return left + self.part.refs + self.whole.refs

    @property
    def is_external(self) -> bool:
        """Whether it reads another report."""
        return any(ref.source for ref in self.refs)


@dataclass(frozen=True, slots=True)
class Expression:
    """A linear form (`comparison` is None) or a comparison of two linear forms."""

    left: Linear
    comparison: Comparison | None = None
    right: Linear = Linear()

    @property
    def difference(self) -> Linear:
        """`left - right`, which the comparison compares with 0."""
        return self.left.plus(self.right, -1)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What it names, left side first."""
        return self.left.refs + self.right.refs

    @property
    def is_external(self) -> bool:
        """Whether it reads another report."""
        return any(ref.source for ref in self.refs)


def parse_rule(text: str) -> Expression | PercentOf:
    """Read a comparison, such as `c3 == c4 + c5`. Raises BadExpression."""
    return _exact(text, _rule)


def parse_formula(text: str) -> Expression | PercentOf:
    """Read what a computed cell holds, such as `c4 + c5 + c6`. Raises BadExpression."""
    return _exact(text, _formula)


def _rule(text: str) -> Expression | PercentOf:
    node = _parse(text)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise BadExpression(f"{text!r} is not one comparison; expected such as c3 == c4 + c5 + c6")
    comparison = _COMPARISONS.get(type(node.ops[0]))
    if comparison is None:
        raise BadExpression(f"{text!r}: expected one of == != <= >= < >")
    left = _linear(node.left)
    right = node.comparators[0]
    if _is_call(right, "percent"):
        if comparison != "==":
            raise BadExpression(f"{text!r}: percent(...) can only be compared with ==")
        return replace(_percent(right), left=left)
    return Expression(left, comparison, _linear(right))


def _formula(text: str) -> Expression | PercentOf:
    node = _parse(text)
    if isinstance(node, ast.Compare):
        raise BadExpression(f"{text!r} compares; a formula is a sum such as c4 + c5 + c6")
    if _is_call(node, "percent"):
        return _percent(node)
    return Expression(_linear(node))


def _exact(text: str, read: Callable[[str], Expression | PercentOf]) -> Expression | PercentOf:
    """Read a text; refuse factors that came out too long, and nesting that cannot be followed."""
    try:
        expression = read(text)
    except RecursionError:
        raise BadExpression(f"{text[:60]!r}… is nested too deeply") from None
    for linear in walk(expression):
        for number in (linear.constant, *(factor for _, factor in linear.terms)):
            if len(number.as_tuple().digits) > 15 or abs(number) >= 10**15:
                raise BadExpression(f"{text!r}: {number} has more than 15 digits")
    return expression


def walk(expression: Expression | PercentOf) -> Iterator[Linear]:
    """The linear forms of an expression."""
    if isinstance(expression, PercentOf):
        if expression.left is not None:
            yield expression.left
        yield expression.part
        yield expression.whole
    else:
        yield expression.left
        yield expression.right


def rename(expression: Expression | PercentOf, names: Mapping[Ref, Ref]) -> Expression | PercentOf:
    """The same expression over other refs."""

    def renamed(linear: Linear) -> Linear:
        terms = tuple((names.get(ref, ref), value) for ref, value in linear.terms)
        return Linear(terms, linear.constant)

    if isinstance(expression, PercentOf):
        left = renamed(expression.left) if expression.left is not None else None
        return PercentOf(renamed(expression.part), renamed(expression.whole), left)
    return Expression(renamed(expression.left), expression.comparison, renamed(expression.right))


def _parse(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise BadExpression(f"longer than {_LONGEST} characters")
    if _LONG_NUMBER.search(_QUOTED.sub("''", text)):
        raise BadExpression(f"{text!r}: a number of more than 15 digits is not kept exactly")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"{text!r} is not an expression: {error}") from None


def _is_call(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _percent(node: ast.expr) -> PercentOf:
    assert isinstance(node, ast.Call)
    if len(node.args) != 2 or node.keywords:
        raise BadExpression("percent takes two parts: percent(c5, c1)")
    return PercentOf(_linear(node.args[0]), _linear(node.args[1]))


def _linear(node: ast.expr) -> Linear:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value):
            return Linear((), Decimal(str(value)))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _linear(operand).times(Decimal(-1))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _linear(left).plus(_linear(right))
        case ast.BinOp(op=ast.Sub(), left=left, right=right):
            return _linear(left).plus(_linear(right), -1)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return _product(_linear(left), _linear(right))
        case ast.Name() | ast.Attribute() | ast.Call():
            return Linear(((_ref(node), Decimal(1)),))
    raise BadExpression(
        f"{ast.unparse(node)!r} is not allowed; expected cells, numbers, + - * and "
        "sum, rows, previous, form"
    )


def _product(left: Linear, right: Linear) -> Linear:
    if not left.terms:
        return right.times(left.constant)
    if not right.terms:
        return left.times(right.constant)
    raise BadExpression("two cells are multiplied; one side of * must be a number")


def _ref(node: ast.expr) -> Ref:
    match node:
        case ast.Call(func=ast.Name(id="previous"), args=[inner], keywords=[]):
            return _with_source(_ref(inner), "previous")
        case ast.Call(func=ast.Name(id="sum"), args=[inner], keywords=[]):
            return replace(_ref(inner), kind="sum")
        case ast.Call(func=ast.Name(id="rows"), args=[ast.Name(id=table)], keywords=[]):
            return Ref(table=table, kind="rows")
        case ast.Name(id=name):
            return Ref(column=name)
        case ast.Attribute():
            return _dotted(node)
    raise BadExpression(f"{ast.unparse(node)!r} names no cell; expected such as c3 or total.c3")


def _dotted(node: ast.expr) -> Ref:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    source = ""
    match node:
        case ast.Name(id=name):
            names.insert(0, name)
        case ast.Call(func=ast.Name(id="form"), args=[ast.Constant(value=str(code))], keywords=[]):
            source = code
        case _:
            raise BadExpression(f'{ast.unparse(node)!r} names no form; expected form("02/XLD")')
    if len(names) > 3:
        raise BadExpression(f"{'.'.join(names)} has too many parts; expected table.row.column")
    table, row, column = ([""] * (3 - len(names))) + names
    return Ref(column=column, row=row, table=table, source=source)


def _with_source(ref: Ref, source: str) -> Ref:
    if ref.source:
        raise BadExpression(f"previous(...) of another form is not in the language: {ref}")
    return replace(ref, source=source)
