"""Receiving: once, in any order, with everything kept and nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from forms.period import Period
from forms.reading_json import read_object
from reporting.errors import NotAllowed
from reporting.models import (
    PackedTable,
    RefusedAttempt,
    ReportingObligation,
    ReportingUnit,
    Submission,
    SubmissionStatus,
)
from reporting.services.actors import of_unit
from reporting.services.packing import repack
from reporting.services.receipts import Receipt, Verdict
from reporting.services.submissions import preflight, receipt_of
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import counted_statements, send


@pytest.fixture
def commune(session: Session) -> ReportingUnit:
    """A commune that owes II.06a for 2026-Q3."""
    province = a_province(session)
    commune = a_unit(session, "X05443", parent=province)
    an_open_period(session)
    return commune


def other_cells(more: int) -> dict[str, int]:
    """Figures that add up as well, and differ."""
    return {**GOOD_CELLS, "c4": GOOD_CELLS["c4"] + more, "c8": GOOD_CELLS["c8"] + more}


def codes(receipt: Receipt) -> set[str]:
    """The codes of the errors of a verdict."""
    return {issue.code for issue in receipt.errors}


def test_receiving_twice_is_once(session: Session, commune: ReportingUnit) -> None:
    """The same content again gives the first receipt and no second revision."""
    first = send(session, a_return(commune.code))
    again = send(session, a_return(commune.code), at=IN_Q3 + timedelta(hours=1))
    assert (first.verdict, again.verdict) == (Verdict.RECEIVED, Verdict.REPEATED)
    assert (again.number, again.received_at) == (first.number, first.received_at)
    assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_a_b_a_is_three_revisions(session: Session, commune: ReportingUnit) -> None:
    """The same means the same as what is in force, not the same as anything sent before."""
    sent = [
        a_return(commune.code, rows={"Đất đai": cells})
        for cells in (GOOD_CELLS, other_cells(1), GOOD_CELLS)
    ]
    revisions = [send(session, one).revision for one in sent]
    assert revisions == [1, 2, 3]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 2), min_size=1, max_size=7))
def test_only_what_differs_from_what_is_in_force_is_a_revision(
    session: Session, commune: ReportingUnit, sent: list[int]
) -> None:
    """Whatever is sent in whatever order: twice the same is once, and A, B, A is three."""
    savepoint = session.begin_nested()
    numbers: list[str] = []
    for position, more in enumerate(sent):
        rows = {"Đất đai": other_cells(more)}
        receipt = send(session, a_return(commune.code, rows=rows))
        is_again = position > 0 and sent[position - 1] == more
        assert receipt.verdict is (Verdict.REPEATED if is_again else Verdict.RECEIVED)
        assert (receipt.number in numbers) == is_again
        numbers += [] if is_again else [receipt.number]
        assert receipt.revision == len(numbers)
    stored = select(func.count()).select_from(Submission)
    assert session.scalar(stored) == len(numbers)
    savepoint.rollback()
    session.expire_all()


def test_what_was_returned_may_be_sent_again_unchanged(
    session: Session, commune: ReportingUnit
) -> None:
    """After a return even the same content is a new revision."""
    first = send(session, a_return(commune.code))
    session.execute(
        update(Submission)
        .where(Submission.id == first.submission_id)
        .values(status=SubmissionStatus.RETURNED)
    )
    assert send(session, a_return(commune.code)).revision == 2


def test_a_refused_return_is_kept_as_it_came(session: Session, commune: ReportingUnit) -> None:
    """A sum that does not add refuses; the body is kept, and no revision is made."""
    bad = a_return(commune.code, rows={"Đất đai": {**GOOD_CELLS, "c3": 1}})
    receipt = send(session, bad)
    attempt = session.get_one(RefusedAttempt, receipt.attempt_id)
    assert (receipt.verdict, codes(receipt)) == (Verdict.REFUSED, {"rule_broken"})
    assert b'"c3": 1' in attempt.file
    assert session.scalar(select(func.count()).select_from(Submission)) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": "X99999"}, "unknown_unit"),
        ({"period": "2026-Q4"}, "bad_period"),
        ({"period": "2026-09"}, "bad_period"),
        ({"period": "quý 3"}, "bad_period"),
        ({"period": "20２６-Q3"}, "bad_period"),
        ({"note": "a" * 9_000}, "text_too_long"),
        ({"period": "2025"}, "not_owed"),
        ({"version": 7}, "wrong_version"),
        ({"form": "II.99"}, "unknown_form"),
        ({"form": ""}, "unknown_form"),
    ],
)
def test_a_return_for_something_else_says_what_would_be_right(
    session: Session, commune: ReportingUnit, change: dict[str, Any], code: str
) -> None:
    """Unknown unit, period, version or form is an issue with what is expected, not an exception."""
    receipt = send(session, a_return(commune.code) | change)
    assert code in codes(receipt)
    assert all(issue.expected for issue in receipt.errors if issue.code == code)


def test_a_period_that_is_not_open_yet_refuses(session: Session, commune: ReportingUnit) -> None:
    """Before its opening a period takes nothing."""
    receipt = send(session, a_return(commune.code), at=datetime(2026, 6, 1, tzinfo=UTC))
    assert codes(receipt) == {"period_not_open"}


def test_the_last_second_of_the_due_day_in_ha_noi_is_on_time(
    session: Session, commune: ReportingUnit
) -> None:
    """19/9 ends at 17:00 UTC: 16:59:59 is on time, a second later is late and still received."""
    due = datetime(2026, 9, 19, 16, 59, 59, tzinfo=UTC)
    on_time = send(session, a_return(commune.code), at=due)
    late = send(
        session,
        a_return(commune.code, rows={"Đất đai": other_cells(1)}),
        at=due + timedelta(seconds=1),
    )
    assert (on_time.due_at, on_time.is_on_time, late.is_on_time) == (due, True, False)
    assert late.verdict is Verdict.RECEIVED


def test_nobody_sends_for_a_unit_that_does_not_report_to_them(
    session: Session, commune: ReportingUnit
) -> None:
    """The unit itself and the one above may send; another commune may not."""
    other = a_unit(session, "X05446", parent=session.get(ReportingUnit, commune.id))
    above = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "H55")).one()
    with pytest.raises(NotAllowed):
        send(session, a_return(commune.code), actor=of_unit("o", other.id))
    for actor in (of_unit("c", commune.id), of_unit("p", above.id)):
        send(session, a_return(commune.code), actor=actor)
    assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_preflight_leaves_no_trace(session: Session, commune: ReportingUnit) -> None:
    """Checking beforehand gives the same issues as sending, and changes no table."""
    bad = a_return(commune.code, rows={"Đất đai": {**GOOD_CELLS, "c7": 5}})
    beforehand = preflight(
        session, actor=SYSTEM, raw=read_object(bad), catalogue=shipped_forms(), now=IN_Q3
    )
    counts = [
        session.scalar(select(func.count()).select_from(table))
        for table in (Submission, RefusedAttempt, PackedTable)
    ]
    sent = send(session, bad)
    assert counts == [0, 0, 0]
    assert beforehand.issues == sent.issues
    assert beforehand.verdict is Verdict.REFUSED


def test_preflight_needs_no_open_period(session: Session, commune: ReportingUnit) -> None:
    """Whoever prepares early learns that the figures are right, and why they cannot be sent."""
    bad = {"Đất đai": {**GOOD_CELLS, "c7": 5}}
    tried = [
        ("2026-Q1", IN_Q3, "not_owed"),
        ("2026-Q3", datetime(2026, 6, 1, tzinfo=UTC), "period_not_open"),
    ]
    for period, at, why in tried:
        good, wrong = (
            preflight(
                session,
                actor=SYSTEM,
                raw=read_object(a_return(commune.code, period=period, rows=rows)),
                catalogue=shipped_forms(),
                now=at,
            )
            for rows in (None, bad)
        )
        assert (good.verdict, codes(good)) == (Verdict.FIGURES_GOOD, {why})
        assert (wrong.verdict, codes(wrong)) == (Verdict.REFUSED, {why, "rule_broken"})
        assert send(session, a_return(commune.code, period=period), at=at).issues == good.issues


def test_the_receipt_can_be_given_again(session: Session, commune: ReportingUnit) -> None:
    """What is stored gives the receipt that was handed out."""
    first = send(session, a_return(commune.code))
    again = receipt_of(session, session.get_one(Submission, first.submission_id))
    for field in (
        "issues",
        "number",
        "unit",
        "period",
        "revision",
        "content_sha256",
        "received_at",
    ):
        assert getattr(again, field) == getattr(first, field)


def test_two_spellings_of_one_report_hash_alike(session: Session, commune: ReportingUnit) -> None:
    """Another code of the unit, figures as text, decomposed letters: the same content."""
    first = send(session, a_return(commune.code))
    typed = {column: f" {value} " for column, value in GOOD_CELLS.items()}
    again = send(session, a_return(f" {commune.code.lower()} ", rows={"Đất đai": typed}))
    assert again.verdict is Verdict.REPEATED
    assert again.content_sha256 == first.content_sha256


def test_packed_cells_are_rebuilt_to_the_byte(session: Session, commune: ReportingUnit) -> None:
    """Repacking from canonical JSON gives what receiving had packed."""
    send(session, a_return(commune.code))
    query = select(
        PackedTable.cells,
        PackedTable.states,
        PackedTable.row_ids,
        PackedTable.total_cells,
        PackedTable.total_states,
        PackedTable.is_nil,
    )
    before = session.execute(query).all()
    assert repack(session, catalogue=shipped_forms()) == 1
    assert session.execute(query).all() == before


def test_the_number_of_statements_does_not_grow_with_the_rows(
    session: Session, commune: ReportingUnit, engine: Engine
) -> None:
    """A return of one row and one of thirty cost the database the same number of statements."""
    fields = [entry.label for entry in shipped_forms().lists["linh_vuc"].entries][:30]
    send(session, a_return(commune.code, rows=dict.fromkeys(fields, GOOD_CELLS)))
    with counted_statements(engine) as few:
        send(session, a_return(commune.code))
    with counted_statements(engine) as many:
        send(session, a_return(commune.code, rows=dict.fromkeys(fields, GOOD_CELLS)))
    assert len(few) == len(many)
    assert len(many) <= 10


def test_what_is_in_force_is_the_newest_revision(session: Session, commune: ReportingUnit) -> None:
    """The obligation points at the last revision received."""
    send(session, a_return(commune.code))
    second = send(session, a_return(commune.code, rows={"Đất đai": other_cells(3)}))
    owed = session.scalars(
        select(ReportingObligation).where(ReportingObligation.unit_id == commune.id)
    ).one()
    assert (owed.in_force_id, owed.revisions) == (second.submission_id, 2)


def test_preflight_compares_across_reports_too(session: Session, commune: ReportingUnit) -> None:
    """What receiving would say of last period's figures, checking beforehand says."""
    an_open_period(session, period=Period.parse("2026-Q2"))
    send(session, a_return(commune.code, period="2026-Q2"))
    raw = read_object(a_return(commune.code))
    beforehand = preflight(session, actor=SYSTEM, raw=raw, catalogue=shipped_forms(), now=IN_Q3)
    assert beforehand.issues == send(session, a_return(commune.code)).issues
    assert [issue.rule_id for issue in beforehand.issues] == ["a.ky_truoc"]
