"""How a period stands: counts that add up, and the missing by name."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from reporting.models import ReportingObligation, Stand, Submission, SubmissionStatus
from reporting.services.actors import of_unit
from reporting.services.standing import list_periods, list_standing
from tests.builders import LEAF_FORM, SYSTEM, a_province, a_return, a_unit, an_open_period
from tests.reporting.services.receiving import send

LATE = datetime(2026, 9, 25, tzinfo=UTC)


def test_expected_received_late_and_missing_add_up(session: Session) -> None:
    """Of four units one is on time, one late, one sent back, and one silent."""
    province = a_province(session)
    for code in ("X1", "X2", "X3", "X4"):
        a_unit(session, code, parent=province)
    an_open_period(session)
    send(session, a_return("X1"))
    send(session, a_return("X2"), at=LATE)
    returned = send(session, a_return("X3"))
    sent_back = session.get_one(Submission, returned.submission_id)
    sent_back.status = SubmissionStatus.RETURNED
    session.get_one(ReportingObligation, sent_back.obligation_id).stand = Stand.RETURNED
    session.flush()
    (line,) = list_periods(session, actor=SYSTEM, form_code=LEAF_FORM, period="2026-Q3")
    assert (line.expected, line.received, line.on_time) == (4, 2, 1)
    assert (line.late, line.missing) == (1, 2)
    lines = list_standing(session, actor=SYSTEM, form_code=LEAF_FORM, period="2026-Q3")
    assert [(line.unit_code, line.stand) for line in lines] == [
        ("X4", Stand.MISSING),
        ("X3", Stand.RETURNED),
        ("X2", Stand.LATE),
        ("X1", Stand.ON_TIME),
    ]


def test_a_unit_sees_only_itself_and_what_it_receives(session: Session) -> None:
    """A commune sees its own obligation, its province all of its communes, another one none."""
    province, other = a_province(session, "H55"), a_province(session, "H26")
    commune = a_unit(session, "X1", parent=province)
    a_unit(session, "X2", parent=province)
    an_open_period(session)
    seen = {
        unit.code: len(
            list_standing(
                session,
                actor=of_unit("a", unit.id),
                form_code=LEAF_FORM,
                period="2026-Q3",
            )
        )
        for unit in (commune, province, other)
    }
    assert seen == {"X1": 1, "H55": 2, "H26": 0}
    assert list_periods(session, actor=of_unit("a", other.id)) == []
