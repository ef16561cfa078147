"""A form of which a part is consolidated and a part is typed, such as III.01c."""

from __future__ import annotations

from dataclasses import replace

from forms.definition import RowModel
from jobs.demo.made_return import MadeReturn


def with_consolidated(typed: MadeReturn, consolidated: MadeReturn) -> MadeReturn:
    """What a unit sends: the consolidated rows, and its own in the rows that no report feeds."""
    form = typed.form
    fed = {
        (source.into, source.row) for source in form.sources if source.row
    }  # the declared rows that a consolidation fills
    tables = dict(consolidated.tables)
    for table in form.tables:
        if table.model is not RowModel.FIXED:
            continue
        made = {row.key: row for row in consolidated.tables[table.key]}
        tables[table.key] = [
            made[row.key] if (table.key, row.key) in fed and row.key in made else row
            for row in typed.tables[table.key]
        ]
    return replace(typed, tables=tables)
