"""What is done to a draft, written down: its version, the line of its changes, the audit.

Every act on a draft passes here, so that none can change it and leave no trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import sha256
from forms.catalogue import Catalogue
from forms.opening_xlsx import XlsxLimits
from reporting.errors import NotFound, Stale, VersionNeeded
from reporting.models import (
    AuditLine,
    Draft,
    DraftAct,
    DraftChange,
    DraftState,
    ReportingObligation,
)
from reporting.services.actors import Actor
from reporting.services.audit import Entry, instant_text, record
from reporting.services.signing import Signer
from reporting.services.typed_cells import Changed

_NOTHING_CHANGED = Changed()
#: How a draft ends.
SENT, DISCARDED = "draft.sent", "draft.discarded"


@dataclass(frozen=True, slots=True)
class DraftWork:
    """What every act on a draft is done with."""

    actor: Actor
    catalogue: Catalogue
    limits: XlsxLimits
    signer: Signer
    now: datetime
    approver_differs: bool = False  # in every regime, whatever the regime says


def tag_of(draft: Draft) -> str:
    """What names this draft as it is now, and never another: the inside of its ETag."""
    return f"{draft.id}.{draft.version}"


def find_draft(session: Session, obligation_id: int) -> Draft | None:
    """The draft for an obligation, as it is now."""
    query = select(Draft).where(Draft.obligation_id == obligation_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def draft_seen(session: Session, owed: ReportingObligation, if_match: str) -> Draft:
    """The draft, as the one who acts has seen it last.

    Raises NotFound, VersionNeeded where it is not said which one, Stale with what others did.
    """
    draft = find_draft(session, owed.id)
    if draft is None and not if_match:
        raise no_draft(owed.id)
    refuse_unseen(session, owed, draft, if_match)
    assert draft is not None
    return draft


def no_draft(obligation_id: int) -> NotFound:
    """There is nothing to be seen or signed."""
    return NotFound(
        vi=f"Chưa có bản nháp cho nghĩa vụ báo cáo số {obligation_id}.",
        en=f"There is no draft for obligation {obligation_id}.",
    )


def refuse_unseen(
    session: Session, owed: ReportingObligation, draft: Draft | None, if_match: str
) -> None:
    """Raises VersionNeeded or Stale unless `if_match` names the draft as it is now, or none is."""
    if draft is not None and not if_match:
        raise VersionNeeded(
            vi="Đã có bản nháp. Hãy mở bản đang có trước khi thay đổi (tiêu đề If-Match).",
            en="There is a draft already. Look at it first and name its version (If-Match).",
        )
    if draft is None and if_match:
        raise _gone(session, owed)
    if draft is not None and if_match != tag_of(draft):
        seen = _version_seen(draft, if_match)
        changes = changes_of(session, draft, after=seen)
        raise _stale(draft, changes) if seen else _unknown(draft, changes)


def changes_of(session: Session, draft: Draft, *, after: int = 0) -> list[DraftChange]:
    """What was done to a draft after a version, in order: one statement."""
    query = select(DraftChange).where(DraftChange.draft_id == draft.id, DraftChange.version > after)
    return list(session.scalars(query.order_by(DraftChange.version, DraftChange.id)))


def note_change(
    session: Session,
    at: DraftWork,
    *,
    owed: ReportingObligation,
    draft: Draft,
    act: DraftAct,
    changed: Changed = _NOTHING_CHANGED,
    details: Mapping[str, Any] | None = None,
    is_signed: bool = False,
) -> int:
    """Count an act on a draft and write it down; gives the number of its line in the audit.

    Whatever is not a step forward takes the draft back to entered, and voids its approval.
    """
    goes_on = act in (DraftAct.CHECKED, DraftAct.APPROVED)
    voided = draft.approval_id is not None and not goes_on
    if not goes_on:
        draft.state, draft.checked_by, draft.approval_id = DraftState.ENTERED, "", None
    draft.version += 1
    draft.changed_at = at.now
    session.flush()
    session.add(
        DraftChange(
            draft_id=draft.id,
            version=draft.version,
            at=at.now,
            actor=at.actor.name,
            account_id=at.actor.account_id,
            act=act,
            voided_approval=voided,
            cells=[dict(cell) for cell in changed.cells],
            cells_changed=changed.count,
        )
    )
    session.flush()
    entry = Entry(
        act=f"draft.{act}",
        subject=f"obligation/{owed.id}",
        unit_id=owed.unit_id,
        details={
            "draft": tag_of(draft),
            "file_sha256": file_sha256(draft),
            "voided_approval": voided,
            "cells": list(changed.cells),
            "cells_changed": changed.count,
        }
        | dict(details or {}),
    )
    signer = at.signer if is_signed else None
    return record(session, at.actor, entry, now=at.now, signer=signer)


def note_end(
    session: Session,
    at: DraftWork,
    *,
    owed: ReportingObligation,
    draft: Draft,
    act: str,
    **more: Any,
) -> None:
    """Write down how a draft ended, and take it away."""
    entry = Entry(
        act=act,
        subject=f"obligation/{owed.id}",
        unit_id=owed.unit_id,
        details={"draft": tag_of(draft), "file_sha256": file_sha256(draft)} | more,
    )
    record(session, at.actor, entry, now=at.now)
    session.delete(draft)
    session.flush()


def change_as_data(change: DraftChange) -> dict[str, Any]:
    """One change as programs are told of it."""
    return {
        "version": change.version,
        "at": instant_text(change.at),
        "actor": change.actor,
        "act": change.act.value,
        "voided_approval": change.voided_approval,
        "cells": change.cells,
        "cells_changed": change.cells_changed,
    }


def _stale(draft: Draft, changes: Sequence[DraftChange]) -> Stale:
    who = ", ".join(dict.fromkeys(change.actor for change in changes)) or draft.changed_by
    cells = sum(change.cells_changed for change in changes)
    return Stale(
        vi=f"Bản nháp vừa được {who} thay đổi ({cells} ô) sau khi bạn mở. Chưa ghi gì; hãy xem "
        "thay đổi rồi làm lại.",
        en=f"The draft was changed by {who} ({cells} cells) after you opened it. Nothing was "
        "written; look at the changes and do it again.",
        changes=[change_as_data(change) for change in changes],
        version=tag_of(draft),
    )


def _unknown(draft: Draft, changes: Sequence[DraftChange]) -> Stale:
    now = tag_of(draft)
    return Stale(
        vi=f"Thẻ phiên bản nêu ra không phải của bản nháp này, nay ở {now}. Chưa ghi gì; hãy đọc "
        "lại bản nháp rồi làm lại.",
        en=f"The tag is not of this draft, which is at {now}. Nothing was written; read the draft "
        "again and do it again.",
        changes=[change_as_data(change) for change in changes],
        version=now,
    )


def _version_seen(draft: Draft, tag: str) -> int:
    """Which earlier version of this draft a tag names; 0 where it never had such a tag."""
    version = tag.removeprefix(f"{draft.id}.")[:18]
    seen = int(version) if version.isascii() and version.isdigit() else 0
    return seen if tag == f"{draft.id}.{seen}" and seen < draft.version else 0


def _gone(session: Session, owed: ReportingObligation) -> Stale:
    query = select(AuditLine.actor, AuditLine.act).where(
        AuditLine.subject == f"obligation/{owed.id}", AuditLine.act.in_((SENT, DISCARDED))
    )
    row = session.execute(query.order_by(AuditLine.id.desc()).limit(1)).one_or_none()
    who, act = (row[0], row[1]) if row else ("", "")
    vi = f"đã được {who} {'gửi đi' if act == SENT else 'bỏ'}" if row else "không còn"
    en = f"was {'sent' if act == SENT else 'thrown away'} by {who}" if row else "is gone"
    return Stale(vi=f"Bản nháp {vi}.", en=f"The draft {en}.", changes=[], version="")


def file_sha256(draft: Draft) -> str:
    """The SHA-256 of the packet: the body as it was handed in."""
    return sha256(draft.body)
