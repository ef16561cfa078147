"""Which units the rows of a return may be of: the registry's answer, for tables of units."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy.orm import Session

from forms.definition import FormVersion, RowModel
from forms.naming_rows import one_line
from forms.returns import RawReturn
from forms.text import normalise
from reporting.services.owed import Owed
from reporting.services.units import find_units, subordinates, views


def units_in_rows(
    session: Session, *, form: FormVersion, raw: RawReturn, owed: Owed
) -> Mapping[str, str]:
    """The stable codes of the sender and of units below it that rows name, by code or by name.

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
    below = subordinates(session, owed.unit_id, on=on, whole_subtree=True)
    ids = {unit.id for unit in below} | {owed.unit_id}
    by_code = {
        given: unit.code
        for given, unit in find_units(session, named, on=on).items()
        if unit.id in ids
    }
    if named <= by_code.keys():
        return by_code
    by_name = _by_name(session, ids, on)
    return {given: by_name[normalise(given)] for given in named if normalise(given) in by_name} | (
        by_code
    )


def _by_name(session: Session, ids: Collection[int], on: date) -> dict[str, str]:
    """Normalized name as it was then -> code; a name that two units have names neither."""
    names: dict[str, list[str]] = {}
    for view in views(session, ids, on=on).values():
        names.setdefault(normalise(view.name_vi), []).append(view.code)
    return {name: codes[0] for name, codes in names.items() if len(codes) == 1}
