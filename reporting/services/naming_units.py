"""Which units the rows of a return may be of: the registry's answer, for tables of units."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from forms.definition import FormVersion, RowModel
from forms.naming_rows import one_line
from forms.returns import RawReturn
from reporting.services.owed import Owed
from reporting.services.units import find_units, subordinates


def units_in_rows(
    session: Session, *, form: FormVersion, raw: RawReturn, owed: Owed
) -> Mapping[str, str]:
    """The stable codes of the sender and of units below it that rows name, by any of their codes.

    As the registry was on the last day of the window. Asks the store only where a row names
    another unit than the sender.
    """
    named = {
        one_line(row.key)
        for table in form.tables
        if table.model is RowModel.UNITS and table.key in raw.tables
        for row in raw.tables[table.key].rows[: table.max_rows]
    } - {"", owed.unit_code}
    if not named:
        return {}
    on = owed.window.last
    below = {unit.id for unit in subordinates(session, owed.unit_id, on=on)} | {owed.unit_id}
    found = find_units(session, named, on=on)
    return {given: unit.code for given, unit in found.items() if unit.id in below}
