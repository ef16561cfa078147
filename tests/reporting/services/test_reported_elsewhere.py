"""A figure that was reported on one form is offered on the other, and compared with it."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import read_report
from reporting.models import ReportingUnit, Submission
from reporting.services.actors import Act, Actor, Grant
from reporting.services.reported_elsewhere import Elsewhere, reported_elsewhere
from tests.builders import SYSTEM, a_province, a_unit, an_open_period, shipped_forms
from tests.reporting.services.receiving import counted_statements, send
from tests.reporting.services.test_arrival import UNIT, complaints, petitions


def two_forms(session: Session) -> ReportingUnit:
    """A commune that owes 02/XLD and 03/GQKN."""
    unit = a_unit(session, UNIT, parent=a_province(session))
    for code in ("02/XLD", "03/GQKN"):
        an_open_period(session, form_code=code)
    return unit


def offered(
    session: Session, unit: ReportingUnit, code: str, *, sent: int = 0, actor: Actor = SYSTEM
) -> list[Elsewhere]:
    """What is told beside a form, or beside a report of it."""
    form, report = shipped_forms().latest(code), None
    if sent:
        query = select(Submission.canonical).where(Submission.id == sent)
        report = read_report(form, session.scalars(query).one())
    return list(
        reported_elsewhere(
            session,
            actor=actor,
            catalogue=shipped_forms(),
            form=form,
            unit_id=unit.id,
            period="2026-Q3",
            report=report,
        )
    )


def test_what_was_reported_is_offered_before_anything_is_typed(session: Session) -> None:
    """The complaints of 02/XLD are what 03/GQKN asks for in its first column."""
    unit = two_forms(session)
    assert offered(session, unit, "03/GQKN") == []
    send(session, petitions(120))
    (one,) = offered(session, unit, "03/GQKN")
    assert (one.indicator.code, one.other_form, one.other_cell) == (
        "KNTC.01",
        "02/XLD",
        "a/total/c6",
    )
    assert (one.here, one.there, one.differs) == (None, Decimal(120), False)
    assert one.label == "(1) Tổng số đơn khiếu nại thuộc thẩm quyền"


def test_another_figure_is_told_and_the_same_one_is_not(session: Session) -> None:
    """The report is received; whoever looks at it sees both figures."""
    unit = two_forms(session)
    send(session, petitions(120))
    receipt = send(session, complaints(118))
    assert receipt.verdict == "received"
    (one,) = offered(session, unit, "03/GQKN", sent=receipt.submission_id or 0)
    assert (one.here, one.there, one.differs) == (Decimal(118), Decimal(120), True)
    receipt = send(session, complaints(120))
    (one,) = offered(session, unit, "03/GQKN", sent=receipt.submission_id or 0)
    assert not one.differs
    (back,) = offered(session, unit, "02/XLD")
    assert (back.other_form, back.there) == ("03/GQKN", Decimal(120))


def test_nobody_is_told_what_he_may_not_read(session: Session) -> None:
    """One who may read 03/GQKN alone learns nothing of 02/XLD."""
    unit = two_forms(session)
    send(session, petitions(120))
    grant = Grant(acts=frozenset({Act.READ}), unit_id=unit.id, forms=frozenset({"03/GQKN"}))
    assert offered(session, unit, "03/GQKN", actor=Actor(name="a", grants=(grant,))) == []


def test_a_form_that_shares_nothing_asks_the_store_nothing(session: Session) -> None:
    """01/TCD has indicators of its own, and they cost nothing here."""
    unit = two_forms(session)
    engine = session.get_bind().engine
    with counted_statements(engine) as statements:
        assert offered(session, unit, "01/TCD") == []
    assert statements == []
