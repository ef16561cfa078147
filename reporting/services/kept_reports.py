"""Reports and editions as they are kept, read from their canonical bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.returns import Report
from reporting.models import Edition, Submission
from reporting.services.edition_basis import form_as_published

#: Revisions and editions asked for in one statement.
_AT_ONCE = 5_000


def read_reports(
    session: Session, catalogue: Catalogue, submissions: Sequence[int]
) -> dict[int, Report]:
    """The reports of revisions by id. Raises NotFound for a lost declaration."""
    return _read(session, catalogue, Submission, submissions)


def read_editions(
    session: Session, catalogue: Catalogue, editions: Sequence[int]
) -> dict[int, Report]:
    """The consolidated reports of editions by id. Raises NotFound for a lost declaration."""
    return _read(session, catalogue, Edition, editions)


def _read(
    session: Session,
    catalogue: Catalogue,
    kept: type[Submission] | type[Edition],
    ids: Sequence[int],
) -> dict[int, Report]:
    found: dict[int, Report] = {}
    for start in range(0, len(ids), _AT_ONCE):
        query = select(kept.id, kept.form_code, kept.form_version, kept.canonical).where(
            kept.id.in_(ids[start : start + _AT_ONCE])
        )
        for number, code, version, canonical in session.execute(query):
            form = form_as_published(session, catalogue, code, version)
            found[number] = read_report(form, canonical)
    return found


def contents_of(session: Session, submissions: Sequence[int]) -> Mapping[int, bytes]:
    """The canonical bytes of revisions by id."""
    found: dict[int, bytes] = {}
    for start in range(0, len(submissions), _AT_ONCE):
        query = select(Submission.id, Submission.canonical).where(
            Submission.id.in_(submissions[start : start + _AT_ONCE])
        )
        found |= dict(iter(session.execute(query)))
    return found
