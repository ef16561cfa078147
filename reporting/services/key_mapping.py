"""Mapping what senders called a row to an entry of a dated list: once, by the centre.

Nothing that was received changes. A consolidation reads the mappings of its cut-off; a text that
is in no list and not mapped stays a row of its own, and the edition says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.text import normalise
from reporting.errors import Conflict, NotFound
from reporting.models import KeyMapping
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.rights import require_centre


def mapped_keys(session: Session, code_list: str, *, until: datetime) -> Mapping[str, str]:
    """Normalized text -> code of the list, as it stood at an instant: one statement."""
    query = (
        select(KeyMapping.key, KeyMapping.code)
        .where(KeyMapping.code_list == code_list, KeyMapping.mapped_at <= until)
        .order_by(KeyMapping.mapped_at, KeyMapping.id)
    )
    newest = dict(iter(session.execute(query)))
    return {key: code for key, code in newest.items() if code}


def list_mappings(session: Session) -> list[KeyMapping]:
    """Every line that was ever written, the oldest first."""
    return list(session.scalars(select(KeyMapping).order_by(KeyMapping.id)))


def map_key(
    session: Session,
    *,
    actor: Actor,
    catalogue: Catalogue,
    code_list: str,
    text: str,
    code: str,
    reason: str,
    now: datetime,
) -> KeyMapping:
    """Let a text stand for an entry of a list; an empty code keeps it apart again.

    Flushes; the caller commits. Raises NotAllowed, NotFound, Conflict.
    """
    require_centre(actor, Act.RECEIVE)
    listed = catalogue.lists.get(code_list)
    if listed is None:
        known = ", ".join(catalogue.lists)
        raise NotFound(
            vi=f"Không có danh mục {code_list}. Có: {known}.",
            en=f"There is no list {code_list}. There are: {known}.",
        )
    if code and code not in listed.by_code:
        raise NotFound(
            vi=f"Danh mục {listed.title} không có mã {code}.",
            en=f"The list {code_list} has no code {code}.",
        )
    key = normalise(text)[:400]
    named = listed.match(text, now.date())
    if not key or named is not None:
        raise Conflict(
            vi=f"“{text}” đã có trong danh mục, là {named.label}." if named else "Cần tên dòng.",
            en=f"“{text}” is in the list: {named.code}." if named else "The text is missing.",
        )
    before = mapped_keys(session, code_list, until=now).get(key, "")
    mapping = KeyMapping(
        code_list=code_list, key=key, code=code, reason=reason, mapped_at=now, actor=actor.name
    )
    session.add(mapping)
    session.flush()
    entry = Entry(
        act="mapping.made",
        subject=f"mapping/{mapping.id}",
        details={"list": code_list, "text": key, "from": before, "to": code, "reason": reason},
    )
    record(session, actor, entry, now=now)
    return mapping
