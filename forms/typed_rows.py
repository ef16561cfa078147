"""Rows that a form has its reporter type beside rows that are taken from other forms."""

from __future__ import annotations

from collections.abc import Mapping

from forms.definition import FormVersion, Row, Severity, Table
from forms.issues import Issue
from forms.returns import State, TableData


def rows_left_to_type(table: Table, data: TableData) -> tuple[Row, ...]:
    """The rows of a consolidated table that only its own unit can fill in and that are blank.

    A consolidation adds up what others sent, and the row of the unit's own level is in none of
    it: the unit types that row into its own report, which starts from the edition. So the edition
    never takes the row back from that report (figures would go round in a circle, and an edition
    would change without any of its inputs), and says instead that its total is a part.
    """
    if not any(row.taken_from for row in table.rows):
        return ()
    blank = {
        name.key
        for name, states in zip(data.names, data.states, strict=True)
        if not (states == State.VALUE).any()
    }
    return tuple(
        row for row in table.rows if row.key in blank and not row.taken_from and row.formula is None
    )


def partial_totals(form: FormVersion, tables: Mapping[str, TableData]) -> list[Issue]:
    """A note for each row that a total does not have yet because it is typed, not taken."""
    return [
        Issue(
            "row_left_to_type",
            Severity.WARNING,
            cell=f"{table.key}/{row.key}",
            label=row.label,
            expected=form.code,
        )
        for table in form.tables
        for row in rows_left_to_type(table, tables[table.key])
    ]
