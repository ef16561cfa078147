"""The erratum that a handed-over edition makes of an earlier one: noted by itself, in words.

An edition that was handed over is not taken back; the next one says which it replaces, why, and
by how much each cell is another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.derived import SUFFIX
from forms.period import Period
from reporting.models import AuditLine, Edition
from reporting.services.actors import Actor
from reporting.services.change_exports import workbook_of
from reporting.services.change_record import CAUSES_IN_WORDS, Cause, Changes
from reporting.services.edition_changes import changes_between

HANDED_OVER = "edition.handed-over"


@dataclass(frozen=True)
class Erratum:
    """What goes with an edition that replaces one that was handed over before."""

    number: int
    note_vi: str
    note_en: str
    replaces: Mapping[str, Any]
    files: Mapping[str, bytes]


def erratum_of(
    session: Session, *, actor: Actor, edition: Edition, catalogue: Catalogue
) -> Erratum | None:
    """The erratum of the edition that was handed over last before this one, if that said otherwise.

    What was handed over after this one plays no part, so that asking again gives the same.
    """
    earlier = _handed_over_before(session, edition)
    if not earlier or earlier[-1][0].sha256 == edition.sha256:
        return None
    old, folder = earlier[-1]
    digests = [one.sha256 for one, _ in earlier] + [edition.sha256]
    number = sum(one != other for one, other in zip(digests, digests[1:], strict=False))
    replaces = {
        "edition": old.number,
        "edition_sha256": old.sha256,
        "cut_off_at": old.cut_off_at.isoformat(),
        "folder": folder,
    }
    if old.basis is None or edition.basis is None:
        vi, en = _note(edition, old, number, "", "")
        return Erratum(number, vi, en, replaces, {})
    found = changes_between(
        session, actor=actor, catalogue=catalogue, edition_id=edition.id, since=old.id
    )
    vi, en = _note(edition, old, number, *_why(found))
    workbook = workbook_of(found, note=vi)
    said = {"number": number, "note_vi": vi, "note_en": en, "replaces": replaces}
    written = json.dumps(said | found.as_data(), ensure_ascii=False, indent=1, sort_keys=True)
    files = {"erratum.json": written.encode() + b"\n", workbook.name: workbook.content}
    return Erratum(number, vi, en, replaces, files)


def _handed_over_before(session: Session, edition: Edition) -> list[tuple[Edition, str]]:
    """Earlier editions that had been handed over before this one was, with their folders.

    In the order in which each was first handed over: two statements.
    """
    own = _first_handed_over(session, edition)
    earlier = {
        f"edition/{one.id}": one
        for one in session.scalars(
            select(Edition).where(
                Edition.form_code == edition.form_code,
                Edition.period == edition.period,
                Edition.unit_id == edition.unit_id,
                Edition.number < edition.number,
            )
        )
    }
    lines = select(AuditLine.subject, AuditLine.body).where(
        AuditLine.subject.in_(list(earlier)), AuditLine.act == HANDED_OVER
    )
    if own is not None:
        lines = lines.where(AuditLine.id < own)
    found: dict[str, str] = {}
    for subject, body in session.execute(lines.order_by(AuditLine.id)):
        found.setdefault(subject, json.loads(body)["details"]["folder"])
    return sorted(
        ((earlier[subject], folder) for subject, folder in found.items()),
        key=lambda pair: pair[0].number,
    )


def was_handed_over(session: Session, edition: Edition) -> bool:
    """Whether it is on record that an edition was handed over; later ones ask for it."""
    return _first_handed_over(session, edition) is not None


def _first_handed_over(session: Session, edition: Edition) -> int | None:
    """The number of the line that says so for the first time."""
    return session.scalar(
        select(func.min(AuditLine.id)).where(
            AuditLine.subject == f"edition/{edition.id}", AuditLine.act == HANDED_OVER
        )
    )


def _why(found: Changes) -> tuple[str, str]:
    """The causes with the number of units, in both languages."""
    present = {one.cause for one in found.units} | {
        one.cause for cell in found.cells for one in cell.causes
    }
    vi, en = [], []
    for cause in Cause:
        if cause in present:
            count = sum(one.cause is cause for one in found.units)
            words = CAUSES_IN_WORDS[cause]
            vi.append(f"{words[0][0].lower()}{words[0][1:]}" + (f" ({count} đơn vị)" * bool(count)))
            en.append(words[1] + (f" ({count} units)" * bool(count)))
    cells = len(found.cells)
    return f"{cells} ô thay đổi: {', '.join(vi)}", f"{cells} cells changed: {', '.join(en)}"


def _note(edition: Edition, old: Edition, number: int, why_vi: str, why_en: str) -> tuple[str, str]:
    code, period = edition.form_code.removesuffix(SUFFIX), Period.parse(edition.period)
    vi = (
        f"Đính chính số {number}: bản tổng hợp số {edition.number} biểu {code} "
        f"{period.label_vi} thay cho bản số {old.number} đã bàn giao"
    )
    en = (
        f"Erratum {number}: edition {edition.number} of {code} for {period.code} replaces "
        f"edition {old.number}, which was handed over"
    )
    return (
        f"{vi}; {why_vi}." if why_vi else f"{vi}.",
        f"{en}; {why_en}." if why_en else f"{en}.",
    )
