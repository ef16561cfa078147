"""What becomes of a report: accepted, returned, withdrawn, corrected; each of them once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound, PeriodClosed, Stale
from reporting.models import (
    AuditLine,
    CellComment,
    CrossCheck,
    CrossCheckOutcome,
    Notice,
    NoticeKind,
    ObligationChange,
    ReportingObligation,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.services import acceptance
from reporting.services.acceptance import Which, tag_of_submission
from reporting.services.actors import Actor, of_unit
from reporting.services.cell_comments import Comment, comments_of
from reporting.services.consolidation import consolidate
from reporting.services.explanations import Explained, Warned, explain, open_issues
from reporting.services.exports import edition_workbook
from reporting.services.obligation_acts import events_of
from reporting.services.receipts import Verdict
from tests.builders import GOOD_CELLS, IN_Q3, Q3, SYSTEM, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send
from tests.reporting.services.signing_off import ODD_CELLS, Office, an_office
from tests.reporting.workbooks.editions import lines, read_back

#: As the canonical report names it.
CELL = "a/dat_dai/c12"
OTHER = {**GOOD_CELLS, "c12": 18, "c13": 2}


def acts_of(session: Session, number: int) -> list[str]:
    """What the audit says was done to a revision."""
    query = select(AuditLine.act).where(AuditLine.subject == f"submission/{number}")
    return list(session.scalars(query.order_by(AuditLine.id)))


#: What is said of a rule whose other side has not arrived.
PENDING = {
    "code": "rule_pending", "severity": "warning", "cell": "", "address": "", "place": "",
    "given": "", "expected": "kỳ trước", "rule": "(6) = (11) của kỳ trước", "rule_id": "a.r1",
    "label": "Biểu", "note": "",
}  # fmt: skip


def acceptance_checks(session: Session, number: int) -> list[CrossCheck]:
    """The rules across reports of a revision."""
    return list(session.scalars(select(CrossCheck).where(CrossCheck.submission_id == number)))


def an_actor_of(unit_id: int) -> Actor:
    """Someone who may do everything, for another unit."""
    return of_unit("người lạ", unit_id)


def first_report(session: Session) -> tuple[Office, int]:
    """An office whose first report can be accepted."""
    office = an_office(session)
    return office, office.send()


def test_an_accepted_report_is_settled(session: Session) -> None:
    """Its event and its line are there, and a second acceptance is told of the first."""
    office, number = first_report(session)
    assert office.accept(number).status is SubmissionStatus.ACCEPTED
    (event,) = events_of(session, obligation_id=office.owed.id)
    assert (event.change, event.actor) == (ObligationChange.ACCEPTED, "Vũ Thị Thu")
    assert acts_of(session, number) == ["submission.received", "submission.accepted"]
    with pytest.raises(Conflict, match=r"accepted already \(Vũ Thị Thu, 10:00 10/09/2026\)"):
        office.accept(number)
    with pytest.raises(Conflict, match="accepted already"):
        office.give_back(number)


def test_a_report_is_not_accepted_while_it_waits_for_another(session: Session) -> None:
    """A rule across reports that is pending stands against it, until it is explained."""
    office, number = first_report(session)
    submission = session.get_one(Submission, number)
    for check in acceptance_checks(session, number):
        check.outcome = CrossCheckOutcome.PENDING
        check.issues = [PENDING]
    session.flush()
    if not open_issues(session, submission):
        pytest.fail("the form has no rule across reports")
    with pytest.raises(Conflict, match="do not agree") as refused:
        office.accept(number)
    (issue,) = refused.value.more["issues"]
    word = Explained(Warned(issue["code"], issue["cell_id"], issue["rule_id"]), "Kỳ trước miễn")
    explain(
        session,
        actor=office.clerk,
        submission_id=number,
        given=[word],
        clock=lambda: office.now,
    )
    assert office.accept(number).status is SubmissionStatus.ACCEPTED


def test_a_program_explains_after_it_was_received(session: Session) -> None:
    """A machine sends at once; its warnings are explained before they are accepted."""
    office = an_office(session)
    sent = send(session, a_return("X01840", rows={"Đất đai": ODD_CELLS}))
    with pytest.raises(Conflict, match="not explained") as refused:
        office.accept(sent.submission_id)
    given = [
        Explained(Warned(one["code"], one["cell_id"], one["rule_id"]), "Hồ sơ chuyển kỳ")
        for one in refused.value.more["issues"]
    ]
    with pytest.raises(NotAllowed):
        explain(
            session,
            actor=office.receiver,
            submission_id=sent.submission_id,
            given=given,
            clock=lambda: office.now,
        )
    explain(
        session,
        actor=office.clerk,
        submission_id=sent.submission_id,
        given=given,
        clock=lambda: office.now,
    )
    office.accept(sent.submission_id)
    with pytest.raises(Conflict, match="waits to be accepted"):
        explain(
            session,
            actor=office.clerk,
            submission_id=sent.submission_id,
            given=given,
            clock=lambda: office.now,
        )


def test_a_returned_report_has_its_reason_and_its_comments(session: Session) -> None:
    """The sender reads them at the cells; its persons are told; the report counts no more."""
    office, number = first_report(session)
    comments = [Comment(CELL, "Khác biên bản"), Comment("", "Xem lại cả biểu")]
    office.give_back(number, comments=comments)
    assert office.owed.stand is Stand.RETURNED
    told = session.scalars(select(Notice)).one()
    assert (told.kind, told.unit_id) == (NoticeKind.RETURNED, office.commune.id)
    read = comments_of(session, actor=office.clerk, submission_id=number)
    assert [(one.cell, one.text) for one in read] == [(one.cell, one.text) for one in comments]
    view = office.save(OTHER)
    assert [one.text for one in view.comments] == ["Khác biên bản", "Xem lại cả biểu"]
    office.approve()
    sent = office.submit(reason="Sửa theo nhận xét")
    assert sent.receipt is not None
    assert sent.receipt.revision == 2
    assert session.get_one(ReportingObligation, office.owed.id).stand is Stand.ON_TIME
    with pytest.raises(Conflict, match="returned already"):
        office.accept(number)
    office.accept(sent.receipt.submission_id)


def test_a_comment_is_on_a_cell_that_there_is(session: Session) -> None:
    """A cell that the report has not is refused, and nothing is returned."""
    office, number = first_report(session)
    for comment in (Comment("a/dat_dai/c99", "?"), Comment("", "  ")):
        with pytest.raises(Conflict):
            office.give_back(number, comments=[comment])
    assert session.get_one(Submission, number).status is SubmissionStatus.RECEIVED
    assert session.scalars(select(CellComment)).all() == []


def test_returning_wants_a_reason(session: Session) -> None:
    """Whoever gets it back must know why."""
    office, number = first_report(session)
    with pytest.raises(Conflict, match="reason"):
        acceptance.return_report(session, office.at(office.receiver, " "), Which(number))


def test_who_signs_may_withdraw_before_it_is_accepted(session: Session) -> None:
    """Nothing is in force then; a new report is the next revision, and needs no reason."""
    office, number = first_report(session)
    acceptance.withdraw(session, office.at(office.head, "Nhầm kỳ"), Which(number))
    assert (office.owed.in_force_id, office.owed.stand) == (None, Stand.MISSING)
    assert office.owed.late_at is None
    again = office.send()
    assert session.get_one(Submission, again).revision == 2
    with pytest.raises(Conflict, match="withdrawn already"):
        acceptance.withdraw(session, office.at(office.head, "Lần nữa"), Which(number))
    office.accept(again)
    with pytest.raises(Conflict, match="accepted already"):
        acceptance.withdraw(session, office.at(office.head, "Muộn rồi"), Which(again))


def test_what_is_withdrawn_after_its_due_instant_is_late_at_once(session: Session) -> None:
    """The clock rang long ago, and will not ring for it again."""
    office, number = first_report(session)
    office.now = IN_Q3.replace(day=25)
    acceptance.withdraw(session, office.at(office.head, "Nhầm kỳ"), Which(number))
    assert (office.owed.stand, office.owed.late_at) == (Stand.MISSING, office.owed.due_at)
    events = [one.change for one in events_of(session, obligation_id=office.owed.id)]
    assert events == [ObligationChange.MARKED_LATE, ObligationChange.WITHDRAWN]


def test_nothing_is_withdrawn_that_could_not_be_sent_again(session: Session) -> None:
    """After closing the report stays, unless the period is reopened for the unit."""
    office, number = first_report(session)
    office.owed.closes_at = IN_Q3
    office.now = IN_Q3.replace(day=25)
    with pytest.raises(PeriodClosed):
        acceptance.withdraw(session, office.at(office.head, "Nhầm kỳ"), Which(number))


def test_a_clerk_does_not_withdraw_and_a_stranger_sees_nothing(session: Session) -> None:
    """Withdrawing is for who signs; a neighbour is answered as if there were nothing."""
    office, number = first_report(session)
    with pytest.raises(NotAllowed):
        acceptance.withdraw(session, office.at(office.clerk, "Nhầm"), Which(number))
    with pytest.raises(NotAllowed, match="receiving unit"):
        acceptance.accept(session, office.at(office.head), Which(number))
    stranger = an_actor_of(a_unit(session, "X09999").id)
    with pytest.raises(NotFound):
        acceptance.accept(session, office.at(stranger), Which(number))


def test_an_accepted_report_is_corrected_only_where_that_is_allowed(session: Session) -> None:
    """Refused and kept until the receiver allows it; allowed once; who did is on record."""
    office, number = first_report(session)
    office.accept(number)
    changed = a_return("X01840", rows={"Đất đai": OTHER})
    refused = send(session, changed)
    assert [issue.code for issue in refused.errors] == ["already_accepted"]
    at = office.at(office.receiver, "Công văn 12/UBND")
    acceptance.allow_amendment(session, at, Which(number))
    with pytest.raises(Conflict, match="Vũ Thị Thu"):
        acceptance.allow_amendment(session, at, Which(number))
    sent = send(session, changed)
    assert (sent.verdict, sent.revision) == (Verdict.RECEIVED, 2)
    session.refresh(office.owed)
    assert office.owed.amendable_at is None
    assert "submission.amendable" in acts_of(session, number)
    office.accept(sent.submission_id)
    again = send(session, a_return("X01840", rows={"Đất đai": GOOD_CELLS}))
    assert [issue.code for issue in again.errors] == ["already_accepted"]
    first = session.get_one(Submission, number)
    assert (first.status, first.revision) == (SubmissionStatus.ACCEPTED, 1)


def test_what_was_seen_must_be_what_is_there(session: Session) -> None:
    """With an old name of the revision the second of two receivers is told what befell it."""
    office, number = first_report(session)
    seen = tag_of_submission(session.get_one(Submission, number), is_in_force=True)
    office.give_back(number, tag=seen)
    with pytest.raises(Stale, match="returned, Vũ Thị Thu"):
        office.accept(number, tag=seen)


def test_only_the_revision_in_force_is_settled(session: Session) -> None:
    """A receiver who looks at revision 1 does not accept what revision 2 says."""
    office, number = first_report(session)
    office.save(OTHER)
    office.approve()
    office.submit(reason="Sửa")
    with pytest.raises(Conflict, match="newer revision"):
        office.accept(number)
    owed = session.get_one(ReportingObligation, office.owed.id)
    assert owed.in_force_id != number


def test_what_was_said_travels_into_the_workbook_of_the_edition(session: Session) -> None:
    """Only what was said by its cut-off, so that the same edition gives the same bytes for ever."""
    office = an_office(session)
    number = office.send(ODD_CELLS)
    office.now = IN_Q3 + timedelta(hours=1)
    edition, _ = consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest("II.06c/VPCP/KSTT"),
        period=Q3,
        unit=office.province,
        catalogue=shipped_forms(),
        clock=lambda: office.now,
    )

    def workbook() -> bytes:
        return edition_workbook(
            session, actor=SYSTEM, edition_id=edition.id, catalogue=shipped_forms()
        ).content

    first = workbook()
    row = lines(read_back(first)["Giải trình"])[-1]
    assert row[1:4] == ["X01840", "Phường Đức Xuân", "r01.c03"]
    assert "Đang là 144, phải là 143" in str(row[4])
    assert row[5:] == ["Dự án mới", "Lý Thị Mai"]
    submission = session.get_one(Submission, number)
    (issue,) = open_issues(session, submission)
    said = Explained(Warned(issue.code, issue.cell, issue.rule_id), "Nói thêm sau")
    later = office.now + timedelta(minutes=1)
    explain(session, actor=office.clerk, submission_id=number, given=[said], clock=lambda: later)
    assert workbook() == first
