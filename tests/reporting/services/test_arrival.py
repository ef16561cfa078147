"""Arrival: neither the order nor the company in which reports arrive changes an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import permutations
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from forms.blank_workbook import blank_workbook
from forms.period import Period
from forms.reading_xlsx import read_xlsx
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import (
    CrossCheck,
    CrossCheckOutcome,
    Door,
    LineageExtent,
    LineageKind,
    ReportingObligation,
    Submission,
    UnitLineage,
)
from reporting.services.consolidation import consolidate
from reporting.services.receipts import Verdict
from reporting.services.refusing import Delivery
from reporting.services.submissions import preflight, receive
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    LEAF_FORM,
    Q3,
    SIGNER,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.forms.templates import filled
from tests.reporting.services.receiving import send

UNIT = "X05443"


def petitions(received: int) -> dict[str, Any]:
    """A 02/XLD of so many petitions, all first complaints about land."""
    cells = dict.fromkeys((f"c{number}" for number in range(1, 26)), 0)
    cells |= dict.fromkeys(("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c9"), received)
    return _one_row("02/XLD", cells)


def complaints(received: int) -> dict[str, Any]:
    """A 03/GQKN of so many complaints, all taken up."""
    cells = dict.fromkeys((f"c{number}" for number in range(1, 24)), 0)
    cells |= {"c1": received, "c2": received, "c4": received}
    return _one_row("03/GQKN", cells)


def _one_row(form: str, cells: dict[str, int]) -> dict[str, Any]:
    rows = [{"key": UNIT, "cells": cells}]
    return {"form": form, "unit": UNIT, "period": "2026-Q3", "tables": {"a": {"rows": rows}}}


def _outcomes(session: Session) -> list[tuple[str, str]]:
    """What came of the external rules of every report in force."""
    query = (
        select(Submission.form_code, Submission.period, CrossCheck.rule_id, CrossCheck.outcome)
        .join(CrossCheck, CrossCheck.submission_id == Submission.id)
        .join(ReportingObligation, ReportingObligation.in_force_id == Submission.id)
    )
    rows = session.execute(query)
    return sorted((code, f"{period} {rule} {outcome}") for code, period, rule, outcome in rows)


def _after(engine: Engine, arrivals: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            a_unit(session, UNIT, parent=a_province(session))
            for form in ("02/XLD", "03/GQKN", LEAF_FORM):
                an_open_period(session, form_code=form)
            for earlier in ("2026-Q1", "2026-Q2"):
                an_open_period(session, period=Period.parse(earlier))
            for arrival in arrivals:
                assert send(session, arrival).verdict is Verdict.RECEIVED
            found = _outcomes(session)
        outer.rollback()
    return found


@pytest.mark.parametrize(("sent", "outcome"), [(7, "met"), (9, "failed")])
def test_a_rule_between_forms_ends_alike_in_every_order(
    engine: Engine, sent: int, outcome: str
) -> None:
    """03.c1 = 02.c6 is met or failed by what is in force, not by what came first."""
    arrivals = [petitions(7), complaints(sent)]
    found = {tuple(_after(engine, order)) for order in permutations(arrivals)}
    assert len(found) == 1
    assert any(line.endswith(outcome) for _, line in found.pop())


def _dossiers(period: str, carried: int, left: int, *, unit: str = UNIT) -> dict[str, Any]:
    """A II.06a with so many carried over from before and so many left at the end."""
    cells = {"c4": 50 + left - carried, "c5": 0, "c6": carried, "c8": 50, "c9": 0, "c10": 0,
             "c12": left, "c13": 0}  # fmt: skip
    return a_return(unit, period=period, rows={"Đất đai": cells})


#: Five reports of which each looks at another, or is looked at, in one form or across periods.
REPORTS = st.tuples(
    st.integers(0, 2).map(petitions),
    st.integers(0, 2).map(complaints),
    st.integers(0, 2).map(lambda left: _dossiers("2026-Q1", 0, left)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda two: _dossiers("2026-Q2", *two)),
    st.integers(0, 2).map(lambda carried: _dossiers("2026-Q3", carried, 1)),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REPORTS, st.permutations(range(5)), st.integers(1, 5))
def test_pending_rules_end_alike_in_every_order(
    engine: Engine, reports: tuple[dict[str, Any], ...], order: list[int], count: int
) -> None:
    """Of five reports any that have arrived, in any order: what is met, failed, or still waits."""
    here = order[:count]
    found = _after(engine, [reports[number] for number in here])
    assert found == _after(engine, [reports[number] for number in sorted(here)])
    assert {code for code, _ in found} <= {str(reports[number]["form"]) for number in here}


def test_a_rule_waits_for_the_other_side_and_blocks_nothing(engine: Engine) -> None:
    """Without 02/XLD the rule of 03/GQKN is pending; the return is received all the same."""
    found = _after(engine, [complaints(7)])
    assert [line.split()[-1] for _, line in found] == ["pending"]


def test_an_amended_other_side_is_compared_again(engine: Engine) -> None:
    """A rule that failed is met once the other form is amended, and the other way round."""
    mended = _after(engine, [petitions(7), complaints(9), petitions(9)])
    broken = _after(engine, [petitions(9), complaints(9), petitions(7)])
    assert any(line.endswith("met") for _, line in mended)
    assert any(line.endswith("failed") for _, line in broken)


def _carried(session: Session, unit: str, period: str, carried: int, left: int) -> None:
    """A II.06a with so many carried over from before and so many left at the end."""
    sent = _dossiers(period, carried, left, unit=unit)
    assert send(session, sent).verdict is Verdict.RECEIVED


def test_a_rule_across_periods_names_the_cell_of_the_sheet(session: Session) -> None:
    """In pre-flight and in the receipt; run again without the workbook, it names the cell only."""
    unit = a_unit(session, UNIT, parent=a_province(session))
    an_open_period(session, period=Period.parse("2026-Q2"))
    an_open_period(session)
    _carried(session, UNIT, "2026-Q2", 0, 5)
    raw = read_xlsx(_filled_template(unit.code, carried=9))
    told = preflight(session, actor=SYSTEM, raw=raw, catalogue=shipped_forms(), now=IN_Q3)
    (issue,) = [each for each in told.issues if each.rule_id == "a.ky_truoc"]
    assert (issue.address, issue.place) == ("r01.c06", "II.06a!F12")
    body = _filled_template(unit.code, carried=9)
    delivery = Delivery(read_xlsx(body), body, "a.xlsx", Door.API, IN_Q3)
    receipt = receive(
        session,
        actor=SYSTEM,
        delivery=delivery,
        catalogue=shipped_forms(),
        clock=lambda: IN_Q3,
        signer=SIGNER,
    )
    assert [each.place for each in receipt.issues if each.rule_id] == ["II.06a!F12"]
    _carried(session, UNIT, "2026-Q2", 0, 6)
    (kept,) = session.scalars(select(CrossCheck).where(CrossCheck.outcome == "failed"))
    (again,) = kept.issues
    assert (again["address"], again["place"], again["expected"]) == ("r01.c06", "", "6")


def _filled_template(unit: str, *, carried: int) -> bytes:
    form = shipped_forms().latest("II.06a/VPCP/KSTT")
    template = blank_workbook(
        form,
        unit_code=unit,
        unit_name=unit,
        period=Q3,
        window=Q3.window(),
        made_at=IN_Q3,
        lists=shipped_forms().lists,
    )
    cells = {"B": "Đất đai", "D": 11, "E": 0, "F": carried, "H": 10 + carried, "I": 0, "J": 0}
    cells |= {"L": 1, "M": 0}
    return filled(template, {f"{letters}12": value for letters, value in cells.items()})


@pytest.mark.parametrize(("carried", "outcome"), [(7, "met"), (4, "failed")])
def test_a_merged_unit_carries_over_what_its_predecessors_left(
    session: Session, carried: int, outcome: str
) -> None:
    """3 left by one and 4 by the other are the 7 carried over by the unit they became."""
    province = a_province(session)
    parts = [a_unit(session, code, parent=province) for code in ("X00001", "X00002")]
    an_open_period(session, period=Period.parse("2026-Q2"))
    for part, left in zip(parts, (3, 4), strict=True):
        _carried(session, part.code, "2026-Q2", 0, left)
    successor = a_unit(session, "X00003", parent=province)
    for part in parts:
        session.add(
            UnitLineage(
                predecessor_id=part.id,
                successor_id=successor.id,
                on_date=date(2026, 7, 1),
                kind=LineageKind.MERGE,
                extent=LineageExtent.WHOLE,
            )
        )
    an_open_period(session, units=[successor])
    _carried(session, successor.code, "2026-Q3", carried, 5)
    found = session.scalars(
        select(CrossCheck.outcome).join(Submission).where(Submission.unit_id == successor.id)
    ).all()
    assert found == [CrossCheckOutcome(outcome)]


def test_the_first_report_of_a_unit_is_exempt(session: Session) -> None:
    """Nothing was owed before, so there is nothing to wait for."""
    a_unit(session, UNIT, parent=a_province(session))
    an_open_period(session)
    send(session, a_return(UNIT))
    assert session.scalars(select(CrossCheck.outcome)).all() == [CrossCheckOutcome.EXEMPT]


def test_the_same_return_from_many_machines_at_once_is_one_revision(
    empty_database_url: str,
) -> None:
    """Eight at a time: one is received, seven get its receipt."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        a_unit(session, UNIT, parent=a_province(session))
        an_open_period(session)
    together = Barrier(8)

    def one(_number: int) -> tuple[Verdict, str]:
        together.wait()
        with sessions.begin() as session:
            receipt = send(session, a_return(UNIT))
            return receipt.verdict, receipt.number

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    engine.dispose()
    assert [verdict for verdict, _ in answers].count(Verdict.RECEIVED) == 1
    assert len({number for _, number in answers}) == 1


def test_nothing_recorded_before_a_cut_off_is_missing_from_its_edition(
    empty_database_url: str,
) -> None:
    """Receiving and consolidating at once: what an edition lacks was recorded after its cut-off."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        province = a_province(session)
        codes = [a_unit(session, f"X{n:05d}", parent=province).code for n in range(12)]
        an_open_period(session)
    ticks = iter(range(1_000_000))
    together = Barrier(4)

    def clock() -> Any:
        # One clock for all: every look at it is later than the one before.
        return IN_Q3 + timedelta(microseconds=next(ticks))

    def sender(mine: list[str]) -> None:
        together.wait()
        for code in mine:
            with sessions.begin() as session:
                send(session, a_return(code, rows={"Đất đai": GOOD_CELLS}), clock=clock)

    def consolidator() -> list[tuple[Any, int]]:
        together.wait()
        found = []
        for _ in range(6):
            with sessions.begin() as session:
                edition, _ = consolidate(
                    session,
                    actor=SYSTEM,
                    form=shipped_forms().latest("II.06c/VPCP/KSTT"),
                    period=Q3,
                    unit=session.merge(province),
                    catalogue=shipped_forms(),
                    clock=clock,
                )
                found.append((edition.cut_off_at, int(str(edition.coverage["received"]))))
        return found

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(sender, codes[n::3]) for n in range(3)]
        editions = pool.submit(consolidator).result()
        for job in jobs:
            job.result()
    with sessions() as session:
        recorded = session.scalars(select(Submission.recorded_at)).all()
    engine.dispose()
    assert len(recorded) == 12
    for cut_off, received in editions:
        assert received == sum(1 for instant in recorded if instant <= cut_off)


def test_two_who_consolidate_at_once_make_one_edition(empty_database_url: str) -> None:
    """The second waits for the first, finds nothing changed, and says that it made nothing."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        province = a_province(session)
        a_unit(session, UNIT, parent=province)
        an_open_period(session)
        send(session, a_return(UNIT))
    together = Barrier(2)

    def consolidator() -> tuple[int, bool]:
        together.wait()
        with sessions.begin() as session:
            made = consolidate(
                session,
                actor=SYSTEM,
                form=shipped_forms().latest("II.06c/VPCP/KSTT"),
                period=Q3,
                unit=session.merge(province),
                catalogue=shipped_forms(),
                clock=lambda: IN_Q3,
            )
            return made.edition.number, made.is_new

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(consolidator) for _ in range(2)]
        found = [job.result() for job in jobs]
    engine.dispose()
    assert sorted(found) == [(1, False), (1, True)]
