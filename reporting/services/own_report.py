"""The cascade: an edition becomes the draft of the higher unit's own report.

The unit looks it over, completes what its form lets it, signs and sends: nothing goes up by itself.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.prefilled_figures import is_taken
from reporting.models import Draft, Edition, ReportingObligation, ReportingUnit
from reporting.services.draft_record import DraftWork, find_draft, tag_of
from reporting.services.drafts import Typed, save_draft
from reporting.services.templates import make_template

#: What became of an edition as a draft.
NOT_OWED, SENT, KEPT, DRAFTED = (
    "the unit reports nothing of this form",
    "the unit has sent its report; differences are shown beside it",
    "people have changed the draft; differences are shown beside it",
    "drafted",
)


def draft_own_report(session: Session, at: DraftWork, edition: Edition) -> str:
    """Make the draft of the unit's own report from its newest edition; gives what became of it.

    A draft that people have changed stays theirs, and so does a report that was sent: only what an
    edition made is replaced by a newer one, which takes an approval back and says what changed.
    The caller commits. Raises NotFound, NotAllowed.
    """
    form = at.catalogue.form(edition.form_code, edition.form_version)
    if not any(is_taken(form, source) for source in form.sources):
        return NOT_OWED
    owed = session.scalars(
        select(ReportingObligation).where(
            ReportingObligation.unit_id == edition.unit_id,
            ReportingObligation.form_code == edition.form_code,
            ReportingObligation.form_version == edition.form_version,
            ReportingObligation.period == edition.period,
        )
    ).one_or_none()
    if owed is None:
        return NOT_OWED
    draft = find_draft(session, owed.id)
    if draft is None and owed.in_force_id is not None:
        return SENT
    if draft is not None and draft.edition_id is None:
        return KEPT
    typed = Typed(_workbook(session, at, owed), True, _file_name(edition), edition_id=edition.id)
    save_draft(session, at, obligation_id=owed.id, typed=typed, if_match=_tag(draft))
    return DRAFTED


def _workbook(session: Session, at: DraftWork, owed: ReportingObligation) -> bytes:
    """The template of the report, with the figures of the edition in it."""
    unit = session.get_one(ReportingUnit, owed.unit_id)
    made = make_template(
        session,
        actor=at.actor,
        form_code=owed.form_code,
        unit_code=unit.code,
        period_code=owed.period,
        catalogue=at.catalogue,
        made_at=at.now,
    )
    return made.content


def _file_name(edition: Edition) -> str:
    code = edition.form_code.replace("/", "-")
    return f"{code}_{edition.period}_tong-hop-so-{edition.number}.xlsx"


def _tag(draft: Draft | None) -> str:
    return tag_of(draft) if draft is not None else ""
