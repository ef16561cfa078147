"""What is on file about one obligation: what befell it, and the document by which it went.

An obligation that the actor may not see is answered like one that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from reporting.errors import NotFound
from reporting.models import ObligationEvent, ReportingObligation, SentDocument
from reporting.services.actors import Act, Actor
from reporting.services.downloads import NamedFile
from reporting.services.rights import may_do


@dataclass(frozen=True, slots=True)
class OnFile:
    """One obligation with its events, in order, and its document if it was sent by other means."""

    owed: ReportingObligation
    events: Sequence[ObligationEvent]
    document: SentDocument | None


def find_obligation(session: Session, *, actor: Actor, obligation_id: int) -> OnFile:
    """What is on file about an obligation: three statements. Raises NotFound."""
    query = select(ReportingObligation).where(
        ReportingObligation.id == obligation_id, may_do(actor, Act.READ)
    )
    owed = session.scalars(query).one_or_none()
    if owed is None:
        raise NotFound(
            vi=f"Không có nghĩa vụ báo cáo số {obligation_id}.",
            en=f"There is no obligation {obligation_id}.",
        )
    document = session.get(SentDocument, owed.id)
    return OnFile(owed, events_of(session, obligation_id=owed.id), document)


def events_of(session: Session, *, obligation_id: int) -> list[ObligationEvent]:
    """What befell an obligation, in order: one statement."""
    query = select(ObligationEvent).where(ObligationEvent.obligation_id == obligation_id)
    return list(session.scalars(query.order_by(ObligationEvent.id)))


def find_document(session: Session, *, actor: Actor, obligation_id: int) -> SentDocument:
    """The document by which a report went, with its scan. Raises NotFound."""
    owed = find_obligation(session, actor=actor, obligation_id=obligation_id).owed
    query = select(SentDocument).where(SentDocument.obligation_id == owed.id)
    whole = query.options(undefer(SentDocument.scan)).execution_options(populate_existing=True)
    document = session.scalars(whole).one_or_none()
    if document is None:
        raise NotFound(
            vi="Báo cáo này không được ghi nhận gửi bằng hình thức khác.",
            en="This report is not marked as sent by other means.",
        )
    return document


def scan_file(session: Session, *, actor: Actor, obligation_id: int) -> NamedFile:
    """The scan of that document exactly as it came in. Raises NotFound."""
    document = find_document(session, actor=actor, obligation_id=obligation_id)
    owed = session.get_one(ReportingObligation, obligation_id)
    return NamedFile(document.scan, document.scan_name, f"obligation/{owed.id}", owed.unit_id)
