"""Making the report of an edition from its basis and its inputs: what is pure in consolidating.

Used when an edition is made, when it is made again to be compared, and to look back at an instant.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.consolidating import Contribution, TotalTooLarge, consolidate_tables
from forms.returns import Report
from reporting.errors import Overflow
from reporting.services.contributions import Input, InputReader, KeptInputs, contributions_of
from reporting.services.edition_basis import Basis
from reporting.services.kept_reports import read_editions


def make_report(
    session: Session,
    catalogue: Catalogue,
    basis: Basis,
    *,
    inputs: Sequence[Input],
    parts: Sequence[Input],
    reader: InputReader,
) -> Report:
    """The consolidated report; `parts` are editions that stand in for reports.

    Raises Overflow with the cell that has over 15 digits, Conflict where the form has no place
    for a unit, NotFound for a lost declaration.
    """
    if not parts:
        return make_from(session, catalogue, basis, (inputs, reader))
    known = KeptInputs(read_editions(session, catalogue, [part.key for part in parts]))
    return make_from(session, catalogue, basis, (inputs, reader), (parts, known))


def make_from(
    session: Session,
    catalogue: Catalogue,
    basis: Basis,
    *brought: tuple[Sequence[Input], InputReader],
) -> Report:
    """The same from inputs of any kind, each with what reads them."""
    contributions = [
        one
        for inputs, reader in brought
        for one in contributions_of(
            basis, inputs, session=session, catalogue=catalogue, reader=reader
        )
    ]
    return _build(basis, contributions)


def _build(basis: Basis, contributions: Sequence[Contribution]) -> Report:
    form, unit = basis.form, basis.unit_code
    try:
        tables = consolidate_tables(form, contributions, window=basis.window, lists=basis.lists)
    except TotalTooLarge as error:
        row, column = error.row, error.column
        raise Overflow(
            vi=f"Tổng hợp {form.code} kỳ {basis.period} cho {unit}: "
            f"{f'dòng «{row}»' if row else 'dòng tổng'}, cột {column.number} «{column.label}» "
            "có hơn 15 chữ số. Hãy tìm báo cáo có số rất lớn ở ô này và trả lại để sửa.",
            en=f"Consolidating {form.code} for {basis.period} for {unit}: "
            f"{f'row “{row}”' if row else 'the total row'}, column {column.number} "
            f"“{column.label}” has over 15 digits. Find the report with a very large figure in "
            "this cell, and return it to be corrected.",
        ) from None
    return Report(form.code, form.version, unit, basis.period, tables)
