"""Where a cell stands in the file that a sender handed in: `Sheet!F19`, or a path in its JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.addresses import Places
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.expressions import TOTAL
from forms.naming_rows import Circumstances, RowNamer
from forms.opening_xlsx import USUAL_LIMITS
from forms.period import Window
from forms.returns import Mark, RawReturn, RawRow
from reporting.models import ReportingObligation, ReportingUnit, Submission
from reporting.services.deliveries import read_return
from reporting.services.edition_basis import form_as_published


def places_in_files(
    session: Session, catalogue: Catalogue, wanted: Mapping[int, Collection[str]]
) -> dict[tuple[int, str], str]:
    """The place of each wanted cell of each revision; '' where the sender left it to be worked out.

    Every file is read again as it came in: one statement, and the time that reading takes.
    """
    owed = ReportingObligation
    query = (
        select(
            Submission.id,
            Submission.file,
            Submission.form_code,
            Submission.form_version,
            owed.window_first,
            owed.window_last,
            ReportingUnit.code,
            ReportingUnit.name_vi,
        )
        .join(owed, owed.id == Submission.obligation_id)
        .join(ReportingUnit, ReportingUnit.id == Submission.unit_id)
        .where(Submission.id.in_(list(wanted)))
    )
    found: dict[tuple[int, str], str] = {}
    for number, file, code, version, first, last, unit, name in session.execute(query):
        form = form_as_published(session, catalogue, code, version)
        around = Circumstances(Window(first, last), catalogue.lists, unit, name)
        is_workbook = file[:2] == b"PK"
        raw = read_return(file, is_workbook=is_workbook, limits=USUAL_LIMITS)
        for cell in wanted[number]:
            found[number, cell] = _place(form, raw, around, cell, is_workbook=is_workbook)
    return found


def _place(
    form: FormVersion, raw: RawReturn, around: Circumstances, cell: str, *, is_workbook: bool
) -> str:
    key, _, rest = cell.partition("/")
    path, _, column = rest.rpartition("/")
    sent = raw.tables.get(key)
    if sent is None:
        return ""
    if path == TOTAL:
        row, where = sent.total, f"/tables/{key}/total"
    else:
        namer = RowNamer(form.table_by_key[key], around, Places(form), [])
        named = namer.name(sent)
        row = next((one for name, one in named if name.path == path), None)
        at = next((at for at, one in enumerate(sent.rows) if one is row), -1)
        where = f"/tables/{key}/rows/{at}/cells"
    if row is None or not _is_said(row, column):
        return ""
    return row.places.get(column, "") if is_workbook else f"{where}/{column}"


def _is_said(row: RawRow, column: str) -> bool:
    return row.cells.get(column) not in (None, "", Mark.OWN_FORMULA)
