"""Drafts: the report that a unit prepares on the server, by several hands, until it is sent.

Nobody overwrites what he has not seen: an act names the version upon which it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.issues import EN, VI, Issue, sentence
from forms.returns import RawReturn
from reporting.errors import Conflict
from reporting.models import (
    CellComment,
    Draft,
    DraftAct,
    DraftChange,
    DraftState,
    ReportingObligation,
    ReportingUnit,
)
from reporting.services.actors import Act
from reporting.services.audit import instant_text
from reporting.services.deliveries import read_return
from reporting.services.downloads import NamedFile
from reporting.services.draft_record import (
    DISCARDED,
    DraftWork,
    changes_of,
    draft_seen,
    find_draft,
    no_draft,
    note_change,
    note_end,
    refuse_unseen,
)
from reporting.services.edition_differences import Differences, differences_from_edition
from reporting.services.explanations import (
    WRITERS,
    Explained,
    Warned,
    explanations_of,
    known_warnings,
    unexplained,
    wants_explanation,
    warned_by,
)
from reporting.services.held import hold_obligation
from reporting.services.owed import find_owed
from reporting.services.receipts import Receipt
from reporting.services.refusing import Delivery, refuse, short
from reporting.services.rights import may_do_to, may_see_draft
from reporting.services.submissions import preflight
from reporting.services.typed_cells import Changed, changed_cells, typed_cells

_LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Typed:
    """A return as it is handed in for a draft."""

    body: bytes
    is_workbook: bool
    file_name: str
    reason: str = ""
    edition_id: int | None = None  # from which it was made, if nobody typed anything


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft with what is found about it and what was said about it.

    `verdict` is what sending it would bring; `to_explain` are the warnings that still want a word
    before it can be signed; `comments` are the receiver's on the revision that it would replace.
    `differences` are where it says otherwise than the unit's newest edition.
    """

    draft: Draft
    owed: ReportingObligation
    unit: ReportingUnit
    raw: RawReturn
    verdict: Receipt
    explanations: Sequence[Explained]
    to_explain: Sequence[Issue]
    changes: Sequence[DraftChange]
    comments: Sequence[CellComment]
    differences: Differences


def save_draft(
    session: Session, at: DraftWork, *, obligation_id: int, typed: Typed, if_match: str = ""
) -> DraftView:
    """Keep a return as the draft for an obligation; what is wrong with it is among its issues.

    What cannot be read at all is kept too. The same bytes again change nothing. The caller commits.
    Raises NotFound, NotAllowed, Conflict for another return, VersionNeeded, Stale.
    """
    owed = hold_obligation(session, actor=at.actor, acts=(Act.ENTER,), obligation_id=obligation_id)
    draft = find_draft(session, owed.id)
    if draft is not None and draft.body == typed.body and not typed.reason:
        return look_at(session, at, owed, draft)
    refuse_unseen(session, owed, draft, if_match)
    raw = read_return(typed.body, is_workbook=typed.is_workbook, limits=at.limits)
    if raw.form:
        _refuse_another(session, at, owed, raw)
    before: Mapping[str, str] = {} if draft is None else typed_cells(_read(at, draft))
    after = typed_cells(raw)
    # Judged before the draft is touched: half a row would be written when the store is asked.
    verdict = _judge(session, at, raw, owed)
    draft = draft or _new_draft(session, at, owed)
    draft.body, draft.is_workbook = typed.body, typed.is_workbook
    draft.file_name, draft.edition_id = short(typed.file_name, 200), typed.edition_id
    draft.reason = short(typed.reason, _LONGEST_REASON) or draft.reason
    draft.changed_by, draft.changed_by_account = at.actor.name, at.actor.account_id
    draft.content_sha256 = verdict.content_sha256
    standing = {warned_by(issue) for issue in verdict.issues}
    draft.explanations = [one for one in draft.explanations if _warned(one) in standing]
    changed = changed_cells(before, after)
    note_change(session, at, owed=owed, draft=draft, act=DraftAct.ENTERED, changed=changed)
    return _viewed(session, at.catalogue, owed, draft, raw, verdict)


def save_delivered(
    session: Session, at: DraftWork, *, delivery: Delivery, typed: Typed, if_match: str = ""
) -> DraftView | Receipt:
    """Keep a return as the draft for the obligation that it names itself.

    A refusal, which is kept, where it names none. The caller commits. Raises what save_draft does.
    """
    raw = delivery.raw
    if raw.form in at.catalogue.codes:
        owed, issues = find_owed(
            session,
            actor=at.actor,
            raw=raw,
            form=at.catalogue.latest(raw.form),
            catalogue=at.catalogue,
            received_at=delivery.received_at,
            act=Act.ENTER,
            lock=False,
        )
        if owed is not None:
            return save_draft(
                session, at, obligation_id=owed.obligation_id, typed=typed, if_match=if_match
            )
    else:
        issues = list(_judge(session, at, raw, None).errors)
    return refuse(session, actor=at.actor, delivery=delivery, issues=tuple(issues))


def explain_draft(
    session: Session,
    at: DraftWork,
    *,
    obligation_id: int,
    given: Sequence[Explained],
    if_match: str,
) -> DraftView:
    """Say why warnings of a draft are as they should be; an empty text takes back what was said.

    It is part of what is signed, so that an approval is void after it. The caller commits. Raises
    NotFound, NotAllowed, Conflict for what nobody warned of, VersionNeeded, Stale.
    """
    owed = hold_obligation(session, actor=at.actor, acts=WRITERS, obligation_id=obligation_id)
    draft = draft_seen(session, owed, if_match)
    raw = _read(at, draft)
    verdict = _judge(session, at, raw, owed)
    known_warnings(verdict.issues, given)
    before = {_warned(one): one for one in draft.explanations}
    said = dict(before)
    for one in given:
        said.pop(one.warned, None)
        if one.text.strip():
            said[one.warned] = _as_kept(at, one)
    changed = [
        {
            "cell": warned.cell or warned.code,
            "old": _text(before, warned),
            "new": _text(said, warned),
        }
        for warned in dict.fromkeys([*before, *said])
        if _text(before, warned) != _text(said, warned)
    ]
    if changed:
        draft.explanations = list(said.values())
        note_change(
            session,
            at,
            owed=owed,
            draft=draft,
            act=DraftAct.EXPLAINED,
            changed=Changed(changed, len(changed)),
        )
    return _viewed(session, at.catalogue, owed, draft, raw, verdict)


def discard_draft(session: Session, at: DraftWork, *, obligation_id: int, if_match: str) -> None:
    """Throw a draft away; its hash stays in the audit. The caller commits.

    Raises NotFound, NotAllowed, VersionNeeded, Stale.
    """
    owed = hold_obligation(
        session, actor=at.actor, acts=(Act.ENTER, Act.APPROVE), obligation_id=obligation_id
    )
    draft = draft_seen(session, owed, if_match)
    note_end(session, at, owed=owed, draft=draft, act=DISCARDED)


def view_draft(session: Session, at: DraftWork, *, obligation_id: int) -> DraftView:
    """A draft, what sending it would bring, and what others did. Raises NotFound."""
    owed = session.scalars(
        select(ReportingObligation).where(
            ReportingObligation.id == obligation_id, may_see_draft(at.actor)
        )
    ).one_or_none()
    draft = find_draft(session, obligation_id) if owed is not None else None
    if owed is None or draft is None:
        raise no_draft(obligation_id)
    return look_at(session, at, owed, draft)


def draft_file(session: Session, at: DraftWork, *, obligation_id: int) -> NamedFile:
    """The body of a draft as it was handed in last. Raises NotFound."""
    view = view_draft(session, at, obligation_id=obligation_id)
    draft = view.draft
    return NamedFile(draft.body, draft.file_name, f"draft/{draft.id}", view.owed.unit_id)


def _new_draft(session: Session, at: DraftWork, owed: ReportingObligation) -> Draft:
    """An empty draft, with what was said about the revision in force: much of it stands again."""
    said = explanations_of(session, [owed.in_force_id]) if owed.in_force_id else {}
    draft = Draft(
        obligation_id=owed.id,
        version=0,
        state=DraftState.ENTERED,
        explanations=[
            one.warned._asdict()
            | {"text": one.text, "actor": one.actor, "at": instant_text(one.at or at.now)}
            for one in said.get(owed.in_force_id or 0, [])
        ],
        created_at=at.now,
        changed_at=at.now,
        approval_id=None,
        checked_by="",
        reason="",
    )
    session.add(draft)
    return draft


def _refuse_another(
    session: Session, at: DraftWork, owed: ReportingObligation, raw: RawReturn
) -> None:
    """Raises Conflict for a return that is of another unit, form or period."""
    known = raw.form in at.catalogue.codes
    found = None
    if known:
        found, _ = find_owed(
            session,
            actor=at.actor,
            raw=raw,
            form=at.catalogue.latest(raw.form),
            catalogue=at.catalogue,
            received_at=at.now,
            act=Act.ENTER,
            lock=False,
        )
    if found is None or found.obligation_id != owed.id:
        unit = session.get_one(ReportingUnit, owed.unit_id)
        other = Issue(
            "other_return",
            given=f"{raw.form}, {raw.unit}, {raw.period}"[:200],
            expected=f"{owed.form_code}, {unit.code}, {owed.period}",
        )
        raise Conflict(vi=sentence(other, VI), en=sentence(other, EN))


def _read(at: DraftWork, draft: Draft) -> RawReturn:
    return read_return(draft.body, is_workbook=draft.is_workbook, limits=at.limits)


def _judge(
    session: Session, at: DraftWork, raw: RawReturn, owed: ReportingObligation | None
) -> Receipt:
    """What sending would bring. A program that may only enter is told as well."""
    acts: tuple[Act, ...] = (Act.READ, *WRITERS)
    if owed is not None:
        acts = tuple(act for act in acts if may_do_to(session, at.actor, act, owed))
    act = next(iter(acts), Act.READ)
    return preflight(session, actor=at.actor, raw=raw, catalogue=at.catalogue, now=at.now, act=act)


def look_at(session: Session, at: DraftWork, owed: ReportingObligation, draft: Draft) -> DraftView:
    """A draft as it is now, judged anew: what it is compared with may have come in meanwhile."""
    raw = _read(at, draft)
    return _viewed(session, at.catalogue, owed, draft, raw, _judge(session, at, raw, owed))


def _viewed(
    session: Session,
    catalogue: Catalogue,
    owed: ReportingObligation,
    draft: Draft,
    raw: RawReturn,
    verdict: Receipt,
) -> DraftView:
    said = explained(draft)
    comments = select(CellComment).where(CellComment.submission_id == owed.in_force_id)
    return DraftView(
        draft,
        owed,
        session.get_one(ReportingUnit, owed.unit_id),
        raw,
        verdict,
        said,
        unexplained(filter(wants_explanation, verdict.issues), (one.warned for one in said)),
        changes_of(session, draft),
        list(session.scalars(comments.order_by(CellComment.id))),
        differences_from_edition(session, catalogue, owed, verdict.report),
    )


def explained(draft: Draft) -> list[Explained]:
    """What was said about the warnings of a draft."""
    return [Explained(_warned(one), one["text"], one["actor"]) for one in draft.explanations]


def _warned(one: Mapping[str, str]) -> Warned:
    return Warned(one["code"], one["cell"], one["rule_id"])


def _as_kept(at: DraftWork, one: Explained) -> dict[str, str]:
    text = short(one.text, 2_000)
    return one.warned._asdict() | {
        "text": text,
        "actor": at.actor.name,
        "at": instant_text(at.now),
    }


def _text(said: Mapping[Warned, Mapping[str, str]], warned: Warned) -> str:
    return said[warned]["text"] if warned in said else ""
