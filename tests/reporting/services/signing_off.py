"""Who signs reports off in tests, and each act as a door would do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.opening_xlsx import USUAL_LIMITS
from reporting.models import Door, ReportingObligation, ReportingUnit, Role, Submission
from reporting.services import acceptance, drafts, sign_off
from reporting.services.actors import ACTS, Actor, Grant
from reporting.services.cell_comments import Comment
from reporting.services.draft_record import DraftWork, find_draft, tag_of
from reporting.services.drafts import DraftView, Typed
from reporting.services.explanations import Explained, Warned
from reporting.services.obligation_acts import Circumstances
from reporting.services.sign_off import Sending, Sent
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    SIGNER,
    ZONE,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    as_json,
    shipped_forms,
)

#: c3 = 144 and c7 + c11 = 143: a derived rule warns, and wants an explanation.
ODD_CELLS = {**GOOD_CELLS, "c4": 121}


def a_person(name: str, number: int, unit: ReportingUnit, *roles: Role, title: str = "") -> Actor:
    """Someone with an account and some roles for a unit."""
    grants = [Grant(acts=ACTS[role], unit_id=unit.id, title=title) for role in roles]
    return Actor(name=name, account_id=number, grants=tuple(grants))


@dataclass
class Office:
    """A commune that owes II.06a for 2026-Q3 to its province, and those who work there."""

    session: Session
    commune: ReportingUnit
    province: ReportingUnit
    owed: ReportingObligation
    clerk: Actor
    colleague: Actor
    checker: Actor
    head: Actor
    receiver: Actor
    now: datetime = IN_Q3
    more: dict[str, Any] = field(default_factory=dict)

    def work(self, actor: Actor, **more: Any) -> DraftWork:
        """What an act on a draft is done with."""
        return DraftWork(actor, shipped_forms(), USUAL_LIMITS, SIGNER, self.now, **more)

    def at(self, actor: Actor, reason: str = "") -> Circumstances:
        """What an act on a report is done with."""
        return Circumstances(actor, reason, shipped_forms(), ZONE, self.now)

    def tag(self) -> str:
        """What names the draft as it is now; '' where there is none."""
        draft = find_draft(self.session, self.owed.id)
        return tag_of(draft) if draft is not None else ""

    def save(
        self,
        cells: Mapping[str, Any] | None = None,
        *,
        by: Actor | None = None,
        tag: str | None = None,
        body: bytes | None = None,
    ) -> DraftView:
        """Keep one row as the draft."""
        sent = a_return(self.commune.code, rows={"Đất đai": cells or GOOD_CELLS})
        typed = Typed(body or as_json(sent), False, "return.json")
        return drafts.save_draft(
            self.session,
            self.work(by or self.clerk),
            obligation_id=self.owed.id,
            typed=typed,
            if_match=self.tag() if tag is None else tag,
        )

    def check(self, *, by: Actor | None = None) -> DraftView:
        """Look the draft over."""
        return sign_off.check_draft(
            self.session,
            self.work(by or self.checker),
            obligation_id=self.owed.id,
            if_match=self.tag(),
        )

    def approve(self, *, by: Actor | None = None, **more: Any) -> DraftView:
        """Sign the draft."""
        return sign_off.approve_draft(
            self.session,
            self.work(by or self.head, **more),
            obligation_id=self.owed.id,
            if_match=self.tag(),
        )

    def submit(self, *, by: Actor | None = None, reason: str = "") -> Sent:
        """Send the draft."""
        return sign_off.submit_draft(
            self.session,
            self.work(by or self.head),
            Sending(Door.PAGE, lambda: self.now, reason=reason),
            obligation_id=self.owed.id,
            if_match=self.tag(),
        )

    def explain(self, view: DraftView, text: str = "Dự án mới", *, by: Actor | None = None) -> None:
        """Say the same about every warning of the draft that wants a word."""
        given = [
            Explained(Warned(issue.code, issue.cell, issue.rule_id), text)
            for issue in view.to_explain
        ]
        drafts.explain_draft(
            self.session,
            self.work(by or self.clerk),
            obligation_id=self.owed.id,
            given=given,
            if_match=self.tag(),
        )

    def send(self, cells: Mapping[str, Any] | None = None, *, reason: str = "") -> int:
        """From the first figure to the receipt; gives the id of the revision."""
        view = self.save(cells)
        if view.to_explain:
            self.explain(view)
        self.approve()
        sent = self.submit(reason=reason)
        assert sent.receipt is not None
        return sent.receipt.submission_id

    def accept(self, number: int, *, by: Actor | None = None, tag: str = "") -> Submission:
        """Accept a revision."""
        which = acceptance.Which(number, tag)
        return acceptance.accept(self.session, self.at(by or self.receiver), which)

    def give_back(
        self, number: int, *, tag: str = "", comments: Sequence[Comment] = ()
    ) -> Submission:
        """Return a revision."""
        at = self.at(self.receiver, "Số liệu chưa khớp")
        which = acceptance.Which(number, tag)
        return acceptance.return_report(self.session, at, which, comments=comments)


def an_office(session: Session) -> Office:
    """Put the office into the store."""
    province = a_province(session)
    commune = a_unit(session, "X01840", parent=province, name="Phường Đức Xuân")
    an_open_period(session, units=[commune])
    owed = session.scalars(
        select(ReportingObligation).where(ReportingObligation.unit_id == commune.id)
    ).one()
    return Office(
        session,
        commune,
        province,
        owed,
        clerk=a_person("Lý Thị Mai", 1, commune, Role.ENTER),
        colleague=a_person("Hoàng Văn Nam", 2, commune, Role.ENTER),
        checker=a_person("Nông Thị Hà", 3, commune, Role.CHECK),
        head=a_person("Trần Văn Bình", 4, commune, Role.APPROVE, title="Chủ tịch"),
        receiver=a_person("Vũ Thị Thu", 5, province, Role.RECEIVE),
    )
