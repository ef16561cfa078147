"""Indicators (chỉ tiêu): what is asked, whichever form asks it, and which cell of a form gives it.

The same question stands on several forms in other words and other columns. The dictionary says
once what is the same; figures are then found by indicator, unit and period, and a question that is
put twice to one unit can be seen before it is put (Nghị định 09/2019/NĐ-CP, Điều 8(6)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from forms.definition import ONLY_ROW, FormVersion, Mode, Table
from forms.expressions import TOTAL


class IndicatorKind(StrEnum):
    """A flow counts what happened in a period, a stock what there is at its end; or a ratio."""

    FLOW = "flow"
    STOCK = "stock"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One entry of the dictionary.

    A ratio is the percentage that the indicator `of` is of the indicator `to`. Targets are by year,
    in the unit of measure.
    """

    code: str
    label_vi: str
    label_en: str
    unit: str
    kind: IndicatorKind
    of: str = ""
    to: str = ""
    targets: Mapping[int, Decimal] = field(default_factory=dict)
    note: str = ""

    @property
    def is_ratio(self) -> bool:
        """Whether it is worked out from two others."""
        return self.kind is IndicatorKind.RATIO


@dataclass(frozen=True, slots=True)
class AskedCell:
    """The cell of a form that gives an indicator; `version` 0 is every version of the form."""

    indicator: str
    form: str
    table: str
    row: str  # `total`, `row` where it is the only one, or the key of a declared row
    column: str
    version: int = 0

    @property
    def is_of_the_report(self) -> bool:
        """Whether the figure speaks for the whole report, and not for one declared row of it."""
        return self.row in (TOTAL, ONLY_ROW)

    def is_in(self, form: FormVersion) -> bool:
        """Whether this form version has the cell."""
        return self.form == form.code and self.version in (0, form.version)

    def __str__(self) -> str:
        return f"{self.form} {self.table}/{self.row}/{self.column}"


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Every indicator by its code, in the order of the files, and every cell that gives one."""

    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    cells: tuple[AskedCell, ...] = ()

    @cached_property
    def _by_form(self) -> Mapping[str, tuple[AskedCell, ...]]:
        found: dict[str, tuple[AskedCell, ...]] = {}
        for cell in self.cells:
            found[cell.form] = (*found.get(cell.form, ()), cell)
        return found

    def cells_of(self, form: FormVersion) -> tuple[AskedCell, ...]:
        """The cells of a form version that give indicators."""
        return tuple(cell for cell in self._by_form.get(form.code, ()) if cell.is_in(form))

    def asking(self, code: str) -> tuple[AskedCell, ...]:
        """The cells, of whatever form, that give an indicator."""
        return tuple(cell for cell in self.cells if cell.indicator == code)

    def cell(self, form: FormVersion, code: str) -> AskedCell | None:
        """The cell of a form version that gives an indicator; None if none does."""
        return next((cell for cell in self.cells_of(form) if cell.indicator == code), None)

    def parts(self, form: FormVersion, code: str) -> tuple[AskedCell, AskedCell] | None:
        """The two cells of a form version from which a ratio is worked out.

        None if it is no ratio, or the form does not ask both of the same row.
        """
        indicator = self.indicators[code]
        if not indicator.is_ratio:
            return None
        part, whole = self.cell(form, indicator.of), self.cell(form, indicator.to)
        if part is None or whole is None:
            return None
        return (part, whole) if (part.table, part.row) == (whole.table, whole.row) else None

    def given_by(self, form: FormVersion) -> tuple[str, ...]:
        """The indicators that a report of a form version gives: asked, or worked out from two."""
        return tuple(
            code
            for code in self.indicators
            if self.cell(form, code) is not None or self.parts(form, code) is not None
        )

    def columns_of(
        self, form: FormVersion, table: Table, leaves: Mapping[str, FormVersion]
    ) -> Iterator[tuple[Indicator, str]]:
        """The indicators that the columns of a stacked table give, one agency to a row.

        `leaves` are the forms by code whose reports stand in it; their cells give the columns.
        """
        seen: set[str] = set()
        for source in form.sources:
            if source.into != table.key or source.mode is not Mode.STACK:
                continue
            leaf = leaves.get(source.form)
            renamed = {there: here for here, there in source.columns.items()}
            for cell in self.cells_of(leaf) if leaf is not None else ():
                column = renamed.get(cell.column, cell.column)
                is_here = cell.table == source.table and cell.is_of_the_report
                if is_here and column in table.by_id and cell.indicator not in seen:
                    seen.add(cell.indicator)
                    yield self.indicators[cell.indicator], column
