"""Rules read and worked out a second time, in the plainest way there is, to hold the engine to.

The text of a rule is Python, so Python itself reads it; every name becomes a term of a sum, and
the sum is worked out cell by cell in fractions. Nothing here knows the engine's own tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from forms.definition import FIGURE_TYPES, FormVersion, RowModel, Rule, Table
from forms.returns import State, TableData

Place = tuple[str, str, str]  # table, row path, column

#: Whose returns the tests make.
SENDER = "H26"


@dataclass(frozen=True)
class Book:
    """The figures of one report: what is not there is blank."""

    form: FormVersion
    figures: Mapping[Place, Fraction]
    rows: Mapping[str, Sequence[str]]  # table -> row paths

    def total(self, table: Table, column: str) -> Fraction | None:
        """The sum of a column; None where no row has a figure."""
        places = [(table.key, row, column) for row in self.rows[table.key]]
        found = [self.figures[place] for place in places if place in self.figures]
        return sum(found, Fraction(0)) if found else None


def book_of(form: FormVersion, tables: Mapping[str, TableData]) -> Book:
    """The figures of a checked report, cell by cell."""
    figures: dict[Place, Fraction] = {}
    for table in form.tables:
        data = tables[table.key]
        for at, name in enumerate(data.names):
            for position, column in enumerate(table.figures):
                if data.states[at, position] == State.VALUE:
                    value = Fraction(int(data.values[at, position]), 10**column.digits)
                    figures[table.key, name.path, column.id] = value
    return Book(form, figures, {key: [n.path for n in data.names] for key, data in tables.items()})


@dataclass(frozen=True)
class Named:
    """A dotted name of a rule, and which report it is looked up in."""

    parts: tuple[str, ...]
    source: str = ""
    kind: str = "cell"

    def __getattr__(self, name: str) -> Named:
        if name.startswith("_"):
            raise AttributeError(name)
        return replace(self, parts=(*self.parts, name))


@dataclass(frozen=True)
class Sum:
    """Names with their factors, and a number."""

    terms: tuple[tuple[Named, Fraction], ...] = ()
    constant: Fraction = Fraction(0)

    def times(self, factor: Fraction) -> Sum:
        """Every factor multiplied."""
        return Sum(tuple((name, f * factor) for name, f in self.terms), self.constant * factor)


@dataclass(frozen=True)
class Ratio:
    """percent(part, whole)."""

    part: Sum
    whole: Sum


@dataclass(frozen=True)
class Said:
    """A comparison as it is written."""

    left: Sum
    comparison: str
    right: Sum | Ratio


def _sum(value: Any) -> Sum:
    if isinstance(value, Named):
        return Sum(((value, Fraction(1)),))
    return value if isinstance(value, Sum) else Sum((), Fraction(str(value)))


def _added(left: Any, right: Any, sign: int = 1) -> Sum:
    one, two = _sum(left), _sum(right).times(Fraction(sign))
    return Sum(one.terms + two.terms, one.constant + two.constant)


def _multiplied(left: Any, right: Any) -> Sum:
    one, two = _sum(left), _sum(right)
    return two.times(one.constant) if not one.terms else one.times(two.constant)


def _comparing(comparison: str) -> Any:
    return lambda left, right: Said(
        _sum(left), comparison, right if isinstance(right, Ratio) else _sum(right)
    )


_OPERATORS: dict[str, Any] = {
    "__add__": _added,
    "__radd__": lambda right, left: _added(left, right),
    "__sub__": lambda left, right: _added(left, right, -1),
    "__rsub__": lambda right, left: _added(left, right, -1),
    "__mul__": _multiplied,
    "__rmul__": _multiplied,
    "__neg__": lambda value: _sum(value).times(Fraction(-1)),
    "__eq__": _comparing("=="),
    "__ne__": _comparing("!="),
    "__le__": _comparing("<="),
    "__ge__": _comparing(">="),
    "__lt__": _comparing("<"),
    "__gt__": _comparing(">"),
}
for _name, _function in _OPERATORS.items():
    setattr(Named, _name, _function)
    setattr(Sum, _name, _function)


class _Names(dict[str, Any]):
    """Every name that Python meets in a rule."""

    def __missing__(self, name: str) -> Any:
        return {
            "sum": lambda named: replace(named, kind="sum"),
            "rows": lambda named: replace(named, kind="rows"),
            "previous": lambda named: replace(named, source="previous"),
            "form": lambda code: Named((), source=code),
            "percent": lambda part, whole: Ratio(_sum(part), _sum(whole)),
        }.get(name, Named((name,)))


def read_rule(text: str) -> Said:
    """What the text of a rule says, as Python reads it."""
    said = eval(text, {"__builtins__": {}}, _Names())  # noqa: S307
    assert isinstance(said, Said)
    return said


@dataclass(frozen=True)
class Amount:
    """Cells of one report with their factors, and a number; `gaps` says that a side is blank."""

    cells: Mapping[Place, Fraction] = field(default_factory=dict)
    constant: Fraction = Fraction(0)
    gaps: bool = False

    def plus(self, other: Amount, factor: Fraction) -> Amount:
        """The sum of this and a multiple of another."""
        cells = dict(self.cells)
        for place, count in other.cells.items():
            cells[place] = cells.get(place, Fraction(0)) + factor * count
        return Amount(cells, self.constant + factor * other.constant, self.gaps or other.gaps)


@dataclass(frozen=True)
class Statement:
    """One rule at one place: a row, a column, or the whole."""

    rule_id: str
    place: tuple[str, str]  # row path and column id, '' for none
    left: Amount
    comparison: str
    right: Amount
    whole: Amount | None  # right / whole * 100, at `digits`
    digits: int
    skips: bool  # what is blank makes the rule say nothing


def statements_of(
    form: FormVersion, book: Book, others: Mapping[str, Book], *, blanks: bool = True
) -> Iterator[Statement]:
    """Every rule of a form at every place of a report; those with an absent side are left out.

    With `blanks` a cell that is not in the book is a gap; without, it is a cell still to be filled.
    """
    for table in form.tables:
        for rule in table.rules:
            said = read_rule(rule.text)
            sums = [said.left, *([said.right] if isinstance(said.right, Sum) else [])]
            if isinstance(said.right, Ratio):
                sums += [said.right.part, said.right.whole]
            names = [name for each in sums for name, _ in each.terms]
            if all(name.source in ("", *others) for name in names):
                for row, column in _places(table, names, book, others):
                    asker = _Asker(form, table, row, column, book, others, blanks)
                    yield asker.statement(rule, said)


def _places(
    table: Table, names: Sequence[Named], book: Book, others: Mapping[str, Book]
) -> list[tuple[str, str]]:
    bare = [
        name.parts[0]
        for name in names
        if name.kind == "cell" and len(name.parts) == 1 and name.source in ("", "previous")
    ]
    if bare and bare[0] in {column.id for column in table.columns}:
        rows = [*book.rows[table.key], *_missed(table, names, book, others)]
        return [(row, "") for row in dict.fromkeys(rows)]
    if bare:
        return [("", column.id) for column in table.columns if column.type in FIGURE_TYPES]
    return [("", "")]


def _missed(
    table: Table, names: Sequence[Named], book: Book, others: Mapping[str, Book]
) -> Iterator[str]:
    """The rows that a rule finds in another report and that the book could have, and has not.

    Here that is every row of a table of the same kind, as long as its section is still there; of
    rows of units it is the sender's own.
    """
    own = (SENDER,) if table.model is RowModel.UNITS else ()
    for name in names:
        if not name.source or name.kind != "cell" or len(name.parts) != 1:
            continue
        other = others[name.source]
        home = table if name.source == "previous" else other.form.tables[0]
        for row in other.rows[home.key] if home.model is table.model else ():
            section = row.rpartition(":")[0]
            ended = {each.key for each in table.sections if each.validity.valid_to}
            if row not in book.rows[table.key] and section not in ended and (not own or row in own):
                yield row


@dataclass(frozen=True)
class _Asker:
    """What the names of a rule mean at one place."""

    form: FormVersion
    table: Table
    row: str
    column: str
    book: Book
    others: Mapping[str, Book]
    blanks: bool

    def statement(self, rule: Rule, said: Said) -> Statement:
        ratio = said.right if isinstance(said.right, Ratio) else None
        first = said.left.terms[0][0] if said.left.terms else None
        column = self.table.by_id.get(first.parts[-1] if first else "")
        return Statement(
            f"{self.table.key}.{rule.id}",
            (self.row, self.column),
            self.amount(said.left),
            said.comparison,
            self.amount(ratio.part if ratio else said.right),  # type: ignore[arg-type]
            self.amount(ratio.whole) if ratio else None,
            column.digits if column else 0,
            rule.blank == "skip",
        )

    def amount(self, written: Sum) -> Amount:
        found = Amount(constant=written.constant)
        for name, factor in written.terms:
            found = found.plus(self._one(name), factor)
        return found

    def _one(self, name: Named) -> Amount:
        book = self.others[name.source] if name.source else self.book
        tables = book.form.table_by_key
        table = self.table if name.source in ("", "previous") else book.form.tables[0]
        parts = list(name.parts)
        if name.kind == "rows":
            return Amount(constant=Fraction(len(book.rows[parts[0]])))
        if len(parts) > 1 and parts[0] in tables and (len(parts) == 3 or name.kind == "sum"):
            table = tables[parts.pop(0)]
        if name.kind == "sum" or (len(parts) == 2 and parts[0] == "total"):
            empty_is_zero = name.kind == "sum" and not book.rows[table.key]
            return self._down(book, name.source, table, parts[-1], empty_is_zero)
        if len(parts) == 2:
            return self._cell(book, name.source, table, parts[0], parts[1])
        if self.column:
            return self._cell(book, name.source, table, parts[0], self.column)
        only = table.model is RowModel.SINGLE and book.rows[table.key]
        row = book.rows[table.key][0] if only else self.row
        return self._cell(book, name.source, table, row, parts[0])

    def _down(
        self, book: Book, source: str, table: Table, column: str, empty_is_zero: bool
    ) -> Amount:
        found = Amount(gaps=book.total(table, column) is None and not empty_is_zero)
        if not source and not self.blanks:
            found = Amount()
        for row in book.rows[table.key]:
            cell = self._cell(book, source, table, row, column)
            found = found.plus(replace(cell, gaps=False), Fraction(1))
        return found

    def _cell(self, book: Book, source: str, table: Table, row: str, column: str) -> Amount:
        place = (table.key, row, column)
        if not source and (place in book.figures or not self.blanks):
            return Amount({place: Fraction(1)})
        return Amount(constant=book.figures.get(place, Fraction(0)), gaps=place not in book.figures)


def worth(amount: Amount, figures: Mapping[Place, Fraction]) -> Fraction:
    """What an amount comes to."""
    return amount.constant + sum(
        (factor * figures[place] for place, factor in amount.cells.items()), Fraction(0)
    )


def holds(statement: Statement, figures: Mapping[Place, Fraction]) -> bool:
    """Whether a statement is true, or has nothing to say."""
    sides = [statement.left, statement.right, *([statement.whole] if statement.whole else [])]
    if statement.skips and any(side.gaps for side in sides):
        return True
    left, right = worth(statement.left, figures), worth(statement.right, figures)
    if statement.whole is not None:
        whole = worth(statement.whole, figures)
        return whole == 0 or left == half_up(right * 100 / whole, statement.digits)
    return {
        "==": left == right,
        "!=": left != right,
        "<=": left <= right,
        ">=": left >= right,
        "<": left < right,
        ">": left > right,
    }[statement.comparison]


def half_up(figure: Fraction, digits: int) -> Fraction:
    """Rounded to so many digits, halves away from zero."""
    whole = int(abs(figure) * 10**digits + Fraction(1, 2))
    return Fraction(whole if figure >= 0 else -whole, 10**digits)


def broken_rules(
    form: FormVersion, book: Book, others: Mapping[str, Book] | None = None
) -> set[tuple[str, str, str]]:
    """(rule id, row path, column id) of everything that does not hold in a report."""
    return {
        (statement.rule_id, *statement.place)
        for statement in statements_of(form, book, others or {})
        if not holds(statement, book.figures)
    }
