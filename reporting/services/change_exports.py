"""Workbooks of what changed between two editions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.derived import SUFFIX
from forms.period import Period
from reporting.models import Edition
from reporting.services.actors import Actor
from reporting.services.change_record import (
    CAUSES_IN_WORDS,
    BasisChange,
    Cause,
    CellChange,
    Changes,
)
from reporting.services.downloads import NamedFile
from reporting.services.edition_changes import changes_between
from reporting.services.taking_apart import Entered
from reporting.workbooks.changes_workbook import ChangesFacts, EditionSide, write_changes
from reporting.workbooks.plain_sheet import Value

#: What may decide an edition beside its reports, as it is told.
BASIS_IN_WORDS = {
    "version": "Phiên bản biểu",
    "checksum": "Khai báo biểu",
    "window": "Thời gian chốt số liệu",
    "publish_from": "Ngưỡng công bố (%)",
    "final": "Chính thức",
    "engine": "Phiên bản cách ghi",
    "list": "Danh mục",
    "mapping": "Quy đổi tên dòng",
    "name": "Tên đơn vị",
    "choice": "Không đưa vào tổng hợp",
}


def changes_workbook(
    session: Session,
    *,
    actor: Actor,
    edition_id: int,
    since: int | None,
    catalogue: Catalogue,
) -> NamedFile:
    """The workbook of what changed since another edition. Raises NotFound, Conflict."""
    found = changes_between(
        session, actor=actor, catalogue=catalogue, edition_id=edition_id, since=since
    )
    return workbook_of(found)


def workbook_of(found: Changes, *, note: str = "") -> NamedFile:
    """The workbook of changes; the note says what they are an erratum of."""
    new, code = found.new, found.form.file_code.removesuffix(SUFFIX)
    numbers = f"{found.old.number}-{new.number}"
    name = f"{code}_{found.unit.code}_{new.period}_{numbers}_thay-doi.xlsx"
    content = write_changes(_facts(found, note))
    return NamedFile(content, name, f"edition/{new.id}", new.unit_id)


def _facts(found: Changes, note: str) -> ChangesFacts:
    shares = [(cell, one) for cell in found.cells for one in cell.causes]
    shares.sort(key=lambda pair: (list(Cause).index(pair[1].cause), pair[1].unit_code))
    return ChangesFacts(
        form_code=found.form.code.removesuffix(SUFFIX),
        unit_name=found.unit.name_vi,
        period=Period.parse(found.new.period),
        old=_side(found.old),
        new=_side(found.new),
        causes=[
            (
                CAUSES_IN_WORDS[cause][0],
                sum(one.cause is cause for one in found.units),
                sum(any(one.cause is cause for one in cell.causes) for cell in found.cells),
            )
            for cause in Cause
            if any(one.cause is cause for one in found.units)
            or any(one.cause is cause for _, one in shares)
        ],
        units=[
            (
                one.unit_code,
                one.unit_name,
                CAUSES_IN_WORDS[one.cause][0],
                entered_text(one.old),
                entered_text(one.new),
            )
            for one in found.units
        ],
        basis=[(basis_text(one), one.name, one.old, one.new) for one in found.basis],
        shares=[
            (
                CAUSES_IN_WORDS[one.cause][0],
                one.unit_code,
                one.unit_name,
                cell.row_label,
                cell.column_label,
                _figure(cell.text_of(one), cell),
            )
            for cell, one in shares
        ],
        cells=[
            (
                cell.row_label,
                cell.column_label,
                _figure(cell.old, cell),
                _figure(cell.new, cell),
                _figure(cell.delta_text, cell),
                cell.cell,
            )
            for cell in found.cells
        ],
        note=note,
    )


def entered_text(entered: Entered | None) -> str:
    """What entered of a unit, in words."""
    if entered is None:
        return "không có"
    return f"{'ước theo bản tổng hợp' if entered.is_estimate else 'bản'} số {entered.revision}"


def basis_text(one: BasisChange) -> str:
    """What decides an edition, in words."""
    return BASIS_IN_WORDS.get(one.what, one.what)


def _side(edition: Edition) -> EditionSide:
    return EditionSide(edition.number, edition.cut_off_at, edition.sha256)


def _figure(text: str, cell: CellChange) -> Value:
    """A whole number as a number, and any other with the decimal comma, as it is read."""
    if cell.delta is None:
        return text
    digits = text.removeprefix("-")
    return int(text) if digits.isdigit() else text.replace(".", ",")
