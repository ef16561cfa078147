"""What a template starts with: figures of the last period, and those that others sent already."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from forms.definition import Column, FormVersion, Mode, Source, Table
from forms.prior_figures import PriorFigures
from forms.returns import RowName, State, TableData


def taken_tables(form: FormVersion, tables: Mapping[str, TableData]) -> dict[str, TableData]:
    """The tables of an edition that the unit's own report starts from.

    Those whose figures the form declares to be sums of other reports, and those in which the form
    itself has a row for each unit below (01/TCD). Other stacked rows and lists are left out: they
    are the reports of others, with their texts, and nobody sends them again.
    """
    taken = {source.into for source in form.sources if is_taken(form, source)}
    return {key: data for key, data in tables.items() if key in taken}


def is_taken(form: FormVersion, source: Source) -> bool:
    """Whether what a source brings is what the unit's own report says again."""
    if source.mode is Mode.SUM:
        return True
    return source.mode is Mode.STACK and source.form == form.code


class PrefilledFigures(PriorFigures):
    """The figures of an edition by row, and of the last period where the edition has none."""

    def __init__(self, table: Table, prior: TableData | None, taken: TableData | None) -> None:
        super().__init__(table, prior)
        self._figures = table.figure_index
        self._digits = [column.digits for column in table.figures]
        self._taken = taken
        self._taken_rows = {} if taken is None else {n.path: at for at, n in enumerate(taken.names)}

    def figure(self, name: RowName, column: Column) -> Decimal | None:
        """What a cell starts with; None where neither says anything."""
        row, at = self._taken_rows.get(name.path), self._figures.get(column.id)
        if self._taken is None or row is None or at is None:
            return super().figure(name, column)
        if self._taken.states[row, at] != State.VALUE:
            return super().figure(name, column)
        return Decimal(int(self._taken.values[row, at])).scaleb(-self._digits[at])
