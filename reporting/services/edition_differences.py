"""Where a unit's own report says otherwise than the edition of what it was sent: shown, not hidden.

A province may complete and correct what it sends; whoever reads it is told by how much it is not
the sum of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report, write_report
from forms.catalogue import Catalogue
from forms.definition import FormVersion, Mode
from forms.returns import Report
from forms.typed_rows import rows_left_to_type
from reporting.models import Edition, ReportingObligation
from reporting.services.changed_cells import cells_between


@dataclass(frozen=True, slots=True)
class Differences:
    """The cells in which a report is not its edition: `{"cell", "edition", "report"}`.

    `edition_id` is None where there is no edition to compare with.
    """

    edition_id: int | None = None
    number: int = 0
    cells: Sequence[Mapping[str, str | None]] = ()


def differences_from_edition(
    session: Session,
    catalogue: Catalogue,
    owed: ReportingObligation,
    report: Report | None,
) -> Differences:
    """How a report differs from the newest edition of its unit, form and period: one statement.

    Rows that only the unit itself can type, and the totals that they are part of, are left out.
    """
    form = catalogue.form(owed.form_code, owed.form_version)
    if report is None or not any(source.mode is Mode.SUM for source in form.sources):
        return Differences()
    edition = session.scalars(
        select(Edition)
        .where(
            Edition.form_code == owed.form_code,
            Edition.form_version == owed.form_version,
            Edition.period == owed.period,
            Edition.unit_id == owed.unit_id,
        )
        .order_by(Edition.number.desc())
        .limit(1)
        .options(undefer(Edition.canonical))
    ).one_or_none()
    if edition is None:
        return Differences()
    own = _typed_cells(form, edition.canonical)
    cells = [
        {"cell": one["cell"], "edition": one["old"], "report": one["new"]}
        for one in cells_between(edition.canonical, write_report(form, report))
        if (one["cell"] or "").rpartition("/")[0] not in own and one["cell"] != "note"
    ]
    return Differences(edition.id, edition.number, cells)


def _typed_cells(form: FormVersion, canonical: bytes) -> set[str]:
    """The rows, and totals, that differ because the unit types a row of its own level."""
    tables = read_report(form, canonical).tables
    found: set[str] = set()
    for table in form.tables:
        typed = rows_left_to_type(table, tables[table.key])
        found |= {f"{table.key}/{row.key}" for row in typed}
        if typed:
            found.add(f"{table.key}/total")
    return found
