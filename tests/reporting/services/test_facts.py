"""Facts by indicator, unit and period: exact, of what is in force, and of what one may see."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.indicators import AskedCell
from forms.period import Period
from reporting.errors import NotFound
from reporting.models import ReportingUnit, UnitKind
from reporting.services.actors import Act, Actor, Grant
from reporting.services.facts import Fact, indicator_named, list_facts
from tests.builders import (
    GOOD_CELLS,
    LEAF_FORM,
    Q3,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import counted_statements, send

YEAR = Period.parse("2026")


def facts(session: Session, actor: Actor = SYSTEM, indicator: str = "") -> list[Fact]:
    """All facts on one page."""
    return list(
        list_facts(session, actor=actor, catalogue=shipped_forms(), indicator=indicator).facts
    )


def figures(found: list[Fact]) -> dict[tuple[str, str], Decimal | None]:
    """The values by unit and indicator."""
    return {(fact.unit_code, fact.indicator.code): fact.value for fact in found}


def two_communes(session: Session) -> None:
    """Two communes of two provinces, both with a report of two fields in force."""
    for province, commune in (("H55", "X00001"), ("H20", "X00002")):
        a_unit(session, commune, parent=a_province(session, province))
    an_open_period(session)
    rows = {"Đất đai": GOOD_CELLS, "Hộ tịch": GOOD_CELLS}
    for commune in ("X00001", "X00002"):
        assert send(session, a_return(commune, rows=rows)).verdict == "received"


def test_the_total_of_a_report_is_the_fact(session: Session) -> None:
    """Two rows of one report are one fact; a share that no form prints is worked out exactly."""
    two_communes(session)
    found = facts(session)
    known = figures(found)
    assert known["X00001", "TTHC.01"] == 2 * (120 + 14 + 9)
    assert known["X00001", "TTHC.02"] == 240
    assert known["X00001", "TTHC.04"] == 4
    assert known["X00001", "TTHC.06"] == Decimal("1.63")  # 4 of 246: 1.626...
    by_code = {fact.indicator.code: fact for fact in found}
    assert by_code["TTHC.01"].cell == "a/total/c3"
    assert by_code["TTHC.06"].cell == ""
    assert len(found) == 12


def test_an_amendment_takes_the_place_of_what_it_amends(session: Session) -> None:
    """Only the revision in force says anything."""
    two_communes(session)
    changed = {**GOOD_CELLS, "c4": 220, "c8": 201}
    send(session, a_return("X00001", rows={"Đất đai": changed}))
    (fact, _) = facts(session, indicator="TTHC.02")
    assert (fact.value, fact.revision) == (Decimal(220), 2)


def test_a_declared_row_gives_what_the_unit_itself_did(session: Session) -> None:
    """Of III.01c only the province's own row; the meetings of its communes are their own facts."""
    a_province(session)
    an_open_period(session, form_code="III.01c/VPCP/KSTT", period=YEAR)
    cells = {"c4": 10, "c5": 20, "c6": 0, "c7": 24, "c8": 6}
    other = {"c4": 900, "c5": 0, "c6": 0, "c7": 900, "c8": 0}
    sent = a_return("H55", form="III.01c/VPCP/KSTT", period="2026")
    sent["tables"]["a"]["rows"] = [{"key": "xa", "cells": other}, {"key": "tinh", "cells": cells}]
    assert send(session, sent).verdict == "received"
    known = figures(facts(session))
    assert known == {("H55", "HOP.01"): 30, ("H55", "HOP.02"): 6, ("H55", "HOP.03"): 20}


def test_nothing_to_divide_by_is_told_as_not_applicable(session: Session) -> None:
    """A ministry without procedures has its counts, and no share."""
    a_unit(session, "G01", kind=UnitKind.MINISTRY)
    an_open_period(session, form_code="DVC.01", period=YEAR)
    sent = a_return("G01", form="DVC.01", period="2026")
    sent["tables"]["a"]["rows"] = [{"key": "row", "cells": {"c1": 0, "c2": 0}}]
    assert send(session, sent).verdict == "received"
    assert figures(facts(session, indicator="DVCTT.03")) == {("G01", "DVCTT.03"): None}


def test_only_what_one_may_read_is_told(session: Session) -> None:
    """A reader of one province sees the facts of its communes and of no other."""
    two_communes(session)
    below = a_reader(session, "H55")
    assert {fact.unit_code for fact in facts(session, below)} == {"X00001"}
    for_another = a_reader(session, "H55", forms=frozenset({"01/TCD"}))
    assert facts(session, for_another) == []


def a_reader(session: Session, code: str, *, forms: frozenset[str] = frozenset()) -> Actor:
    """Someone who may read a unit and all below it."""
    unit = session.scalars(select(ReportingUnit).where(ReportingUnit.code == code)).one()
    grant = Grant(acts=frozenset({Act.READ}), unit_id=unit.id, forms=forms)
    return Actor(name="reader", grants=(grant,))


def test_pages_follow_each_other_to_the_end(session: Session) -> None:
    """A page has whole reports; the next one begins after the last of them."""
    two_communes(session)
    first = list_facts(session, actor=SYSTEM, catalogue=shipped_forms(), limit=1)
    assert {fact.unit_code for fact in first.facts} == {"X00001"}
    assert first.next is not None
    second = list_facts(session, actor=SYSTEM, catalogue=shipped_forms(), limit=1, after=first.next)
    assert {fact.unit_code for fact in second.facts} == {"X00002"}
    assert second.next is not None
    last = list_facts(session, actor=SYSTEM, catalogue=shipped_forms(), limit=1, after=second.next)
    assert (last.facts, last.next) == ((), None)


def test_a_page_of_an_old_version_is_not_the_last(session: Session) -> None:
    """A report of a version without the table says nothing, and those after it are still told."""
    a_unit(session, "X00001", parent=a_province(session))
    known = shipped_forms()
    form = known.latest(LEAF_FORM)
    second = replace(
        form,
        version=2,
        tables=(replace(form.tables[0], key="b"),),
        validity=replace(form.validity, valid_from=Q3.window().first),
    )
    asked = AskedCell("TTHC.02", LEAF_FORM, "b", "total", "c4", version=2)
    newer = replace(
        known,
        forms=(*known.forms, second),
        dictionary=replace(known.dictionary, cells=(asked,)),
    )
    an_open_period(session, period=Period.parse("2026-Q2"))
    assert send(session, a_return("X00001", period="2026-Q2")).verdict == "received"
    an_open_period(session, catalogue=newer)
    sent = a_return("X00001")
    sent["tables"] = {"b": sent["tables"]["a"]}
    assert send(session, sent, catalogue=newer).verdict == "received"
    first = list_facts(session, actor=SYSTEM, catalogue=newer, limit=1)
    assert first.facts == ()
    assert first.next is not None
    rest = list_facts(session, actor=SYSTEM, catalogue=newer, limit=2, after=first.next)
    assert [(fact.period, fact.value) for fact in rest.facts] == [("2026-Q3", Decimal(120))]
    assert rest.next is None


def test_the_number_of_statements_does_not_grow(session: Session) -> None:
    """One for the page and one for the names of declared rows, however many reports."""
    two_communes(session)
    engine = session.get_bind().engine
    with counted_statements(engine) as statements:
        facts(session)
    assert len(statements) == 2
    with counted_statements(engine) as statements:
        facts(session, indicator="TTHC.01")
    assert len(statements) == 1


def test_an_indicator_that_is_not_there_is_said() -> None:
    """A misspelt code is no empty list."""
    with pytest.raises(NotFound, match="TTHC.99"):
        indicator_named(shipped_forms().dictionary, "TTHC.99")
