"""Files that leave the system: each is on the audit before it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from forms.canonical import sha256
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file, the name under which it is saved, what it is of (`edition/12`) and of which unit."""

    content: bytes
    name: str
    subject: str
    unit_id: int | None


def note_download(session: Session, *, actor: Actor, file: NamedFile, now: datetime) -> None:
    """Write who takes which file out. The caller commits before the file goes."""
    said = {"name": file.name, "sha256": sha256(file.content), "bytes": len(file.content)}
    noun = file.subject.partition("/")[0]
    entry = Entry(
        act=f"{noun}.downloaded", subject=file.subject, unit_id=file.unit_id, details=said
    )
    record(session, actor, entry, now=now)
