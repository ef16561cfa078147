"""Where a unit's own report says otherwise than the edition of what it was sent: shown, not hidden.

A province may complete and correct what it sends; whoever reads it is told by how much it is not
the sum of its parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report, write_report
from forms.catalogue import Catalogue
from forms.definition import FormVersion, Severity
from forms.issues import Issue
from forms.prefilled_figures import is_taken
from forms.returns import Report
from forms.typed_rows import rows_left_to_type
from reporting.models import Edition, ReportingObligation
from reporting.services.changed_cells import cells_between
from reporting.services.expected import Expected
from reporting.services.kept_reports import contents_of
from reporting.services.standing_in import newest_editions


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
    if report is None or not _is_sum(form):
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
    cells = cells_unlike(form, edition.canonical, write_report(form, report))
    return Differences(edition.id, edition.number, cells)


def reports_unlike_their_parts(
    session: Session, catalogue: Catalogue, expected: Sequence[Expected], *, period: str
) -> Mapping[int, list[Issue]]:
    """A doubt for each report that goes in and is not what the newest edition of its unit says.

    By receiver. Such a report stays in as it was signed; whoever reads the sum is told. Two
    statements, and none where nothing that goes in is a sum itself.
    """
    forms = {(row.form_code, row.form_version) for row in expected}
    sums = {key for key in forms if _is_sum(catalogue.form(*key))}
    if not sums:
        return {}
    wanted = {
        (row.form_code, row.unit_id): row
        for row in expected
        if (row.form_code, row.form_version) in sums and row.counts
    }
    editions = _newest(session, wanted, period) if wanted else {}
    reports = contents_of(session, [wanted[key].submission_id or 0 for key in editions])
    found: dict[int, list[Issue]] = {}
    for key, (version, number, canonical) in sorted(editions.items()):
        row = wanted[key]
        if version != row.form_version:
            continue
        form = catalogue.form(row.form_code, version)
        cells = cells_unlike(form, canonical, reports[row.submission_id or 0])
        if cells:
            found.setdefault(row.receiver_id, []).append(_doubt(row, number, cells))
    return found


def cells_unlike(
    form: FormVersion, edition: bytes, report: bytes
) -> list[Mapping[str, str | None]]:
    """The cells of a canonical report that are not those of an edition, but for typed rows."""
    own = _typed_cells(form, edition)
    return [
        {"cell": one["cell"], "edition": one["old"], "report": one["new"]}
        for one in cells_between(edition, report)
        if (one["cell"] or "").rpartition("/")[0] not in own and one["cell"] != "note"
    ]


def _doubt(row: Expected, number: int, cells: Sequence[Mapping[str, str | None]]) -> Issue:
    first = next((one for one in cells if "/total/" in (one["cell"] or "")), cells[0])
    return Issue(
        "unlike_its_parts",
        Severity.WARNING,
        cell=first["cell"] or "",
        label=f"{row.unit_name}, {row.form_code}, bản số {number}, {first['cell']}",
        given=first["report"] or "",
        expected=first["edition"] or "",
    )


def _is_sum(form: FormVersion) -> bool:
    return any(is_taken(form, source) for source in form.sources)


def _newest(
    session: Session, wanted: Collection[tuple[str, int]], period: str
) -> dict[tuple[str, int], tuple[int, int, bytes]]:
    """The version, number and bytes of the newest edition of each form and unit."""
    newest = newest_editions(period, {form for form, _ in wanted}, {unit for _, unit in wanted})
    query = select(
        Edition.form_code,
        Edition.unit_id,
        Edition.form_version,
        Edition.number,
        Edition.canonical,
    ).join(newest, newest.c.id == Edition.id)
    rows = session.execute(query)
    return {
        (row[0], row[1]): (row[2], row[3], row[4]) for row in rows if (row[0], row[1]) in wanted
    }


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
