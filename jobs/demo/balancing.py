"""Moving made-up figures until every rule of their form holds.

Figures are moved as little as it takes: a total is spread over its parts in the proportions that
they had, a single cell takes what is missing. Nothing here knows any form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal

from jobs.demo.amounts import Amount, Cell, Relation

_ROUNDS = 60
_ONE = Decimal(1)


class CannotBalance(Exception):
    """The rules were still broken after many rounds."""


class Balance:
    """The cells of one return: those that may be moved, and those that are computed from them."""

    def __init__(
        self,
        figures: Mapping[Cell, Decimal],
        *,
        formulas: Mapping[Cell, Amount | None],
        digits: Mapping[Cell, int],
    ) -> None:
        self.figures = dict(figures)
        self._formulas = formulas
        self._digits = digits
        self._pinned: set[Cell] = set()
        self._inners: dict[Cell, Amount] = {}

    def settle(self, relations: Iterable[Relation]) -> None:
        """Move figures until all relations hold. Raises CannotBalance."""
        spread = [relation for relation in map(self._in_parts, relations) if relation is not None]
        for relation in spread:
            self._pin(relation)
        for _ in range(_ROUNDS):
            broken = [relation for relation in spread if not self._holds(relation)]
            if not broken:
                return
            for relation in broken:
                if not self._holds(relation):
                    self._mend(relation)
        raise CannotBalance(f"{len(broken)} rules, first {broken[0]}")

    def computed(self) -> dict[Cell, Decimal]:
        """What the computed cells come to; ratios are left out."""
        return {
            cell: self._value(self._inner(cell))
            for cell, amount in self._formulas.items()
            if amount is not None
        }

    def _parts(self, amount: Amount) -> Amount:
        """The amount with every computed cell replaced by what it is computed from."""
        if not any(cell in self._formulas for cell in amount.cells):
            return amount
        cells: dict[Cell, Decimal] = {}
        constant = amount.constant
        for cell, factor in amount.cells.items():
            inner = self._inner(cell) if cell in self._formulas else Amount({cell: _ONE})
            constant += factor * inner.constant
            for part, count in inner.cells.items():
                cells[part] = cells.get(part, Decimal(0)) + factor * count
        return Amount(cells, constant)

    def _inner(self, cell: Cell) -> Amount:
        """What a computed cell is made of, worked out once. Raises KeyError for a ratio."""
        if cell not in self._inners:
            formula = self._formulas[cell]
            if formula is None:
                raise KeyError(cell)
            self._inners[cell] = self._parts(formula)
        return self._inners[cell]

    def _in_parts(self, relation: Relation) -> Relation | None:
        try:
            left, right = self._parts(relation.left), self._parts(relation.right)
        except KeyError:
            return None
        return Relation(left, relation.comparison, right)

    def _value(self, amount: Amount) -> Decimal:
        found = amount.constant
        for cell, factor in amount.cells.items():
            found += factor * self.figures[cell]
        return found

    def _holds(self, relation: Relation) -> bool:
        left, right = self._value(relation.left), self._value(relation.right)
        match relation.comparison:
            case "==":
                return left == right
            case "!=":
                return left != right
            case "<=":
                return left <= right
            case ">=":
                return left >= right
            case "<":
                return left < right
        return left > right

    def _pin(self, relation: Relation) -> None:
        """A cell that must equal a number gets it, and is moved no more."""
        cell = _single(relation.left)
        if relation.comparison == "==" and cell is not None and not relation.right.cells:
            self.figures[cell] = relation.right.constant - relation.left.constant
            self._pinned.add(cell)

    def _mend(self, relation: Relation) -> None:
        left, right = relation.left, relation.right
        if relation.comparison == "==":
            # Raising comes first: two rules that only ever raise cannot undo each other for ever.
            low, high = sorted((left, right), key=self._value)
            if not self._bring(low, self._value(high)):
                self._bring(high, self._value(low))
            return
        lesser, greater = (left, right) if relation.comparison in ("<=", "<") else (right, left)
        more = _ONE if relation.comparison in ("<", ">", "!=") else Decimal(0)
        if _single(greater) is not None and self._bring(greater, self._value(lesser) + more):
            return
        if not self._bring(lesser, self._value(greater) - more):
            self._bring(greater, self._value(lesser) + more)

    def _bring(self, amount: Amount, target: Decimal) -> bool:
        """Make an amount come to a target by moving the cells in it that may be moved."""
        moved = {
            cell: factor
            for cell, factor in amount.cells.items()
            if factor > 0 and cell not in self._pinned
        }
        now = sum((factor * self.figures[cell] for cell, factor in moved.items()), Decimal(0))
        room = target - (self._value(amount) - now)
        if room < 0 or not moved:
            return False
        rest = room
        for cell, factor in moved.items():
            weight = self.figures[cell] / now if now else _ONE / sum(moved.values(), Decimal(0))
            self.figures[cell] = self._cut(cell, room * weight)
            rest -= factor * self.figures[cell]
        largest = max(moved, key=lambda cell: (moved[cell] == 1, self.figures[cell]))
        self.figures[largest] += self._cut(largest, rest / moved[largest])
        return True

    def _cut(self, cell: Cell, figure: Decimal) -> Decimal:
        quantum = _ONE.scaleb(-self._digits[cell])
        return figure.quantize(quantum, ROUND_DOWN)


def _single(amount: Amount) -> Cell | None:
    """The one cell that an amount is, apart from a number; None for a sum."""
    if len(amount.cells) != 1:
        return None
    (cell, factor), *_ = amount.cells.items()
    return cell if factor == 1 else None
