"""From commune to Government: editions become drafts of reports, which are looked over and sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import read_report
from forms.opening_xlsx import USUAL_LIMITS
from forms.period import Period
from reporting.models import Door, Draft, DraftState, ReportingObligation, UnitKind
from reporting.services import sign_off
from reporting.services.consolidation import consolidate
from reporting.services.draft_record import DraftWork, tag_of
from reporting.services.drafts import DraftView, Typed, save_draft, view_draft
from reporting.services.own_report import DRAFTED, KEPT, NOT_OWED, SENT, draft_own_report
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    SIGNER,
    SYSTEM,
    a_return,
    a_unit,
    an_open_period,
    as_json,
    shipped_forms,
)
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    PROVINCE_FORM,
    Country,
    a_country,
    edition_of,
    report,
    total,
)
from tests.reporting.services.receiving import send

LATER = IN_Q3 + timedelta(minutes=5)
WORK = DraftWork(SYSTEM, shipped_forms(), USUAL_LIMITS, SIGNER, IN_Q3)


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def owed_by(session: Session, country: Country, code: str) -> ReportingObligation:
    """What a province owes the centre."""
    query = select(ReportingObligation).where(
        ReportingObligation.unit_id == country.provinces[code].id,
        ReportingObligation.form_code == PROVINCE_FORM,
    )
    return session.scalars(query).one()


def draft_of(session: Session, country: Country, code: str = "H55") -> DraftView:
    """The draft of the province's own report."""
    return view_draft(session, WORK, obligation_id=owed_by(session, country, code).id)


def send_draft(session: Session, view: DraftView) -> None:
    """Sign the draft and send it."""
    way = sign_off.Sending(Door.PAGE, lambda: LATER, LATER)
    sent = sign_off.approve_and_submit(
        session, WORK, way, obligation_id=view.owed.id, if_match=tag_of(view.draft)
    )
    assert sent.receipt is not None
    assert sent.receipt.verdict == "received", sent


def test_an_edition_becomes_the_draft_of_the_report_and_goes_up_when_it_is_signed(
    session: Session, country: Country
) -> None:
    """Two communes, their province's draft with the same total, and the national table with it."""
    report(session, "X05501", 1)
    report(session, "X05502", 2)
    edition = edition_of(session, country.provinces["H55"])
    assert draft_own_report(session, WORK, edition) == DRAFTED
    view = draft_of(session, country)
    assert view.draft.edition_id == edition.id
    assert (view.draft.state, view.verdict.verdict) == (DraftState.ENTERED, "received")
    assert view.differences.cells == []
    send_draft(session, view)
    national = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER)
    assert total(national) == total(edition) == str(3 * GOOD_CELLS["c4"])
    assert draft_own_report(session, WORK, edition) == SENT


def test_a_newer_edition_takes_the_place_of_a_draft_that_nobody_touched(
    session: Session, country: Country
) -> None:
    """And only of such a one: what people typed stays, and the difference is shown."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    assert draft_own_report(session, WORK, edition_of(session, h55)) == DRAFTED
    report(session, "X05501", 2)
    assert draft_own_report(session, WORK, edition_of(session, h55)) == DRAFTED
    view = draft_of(session, country)
    changed = {one["cell"].rpartition("/")[2]: one["new"] for one in view.changes[-1].cells}
    assert changed["c4"] == str(2 * GOOD_CELLS["c4"])
    typed = a_return("H55", form=PROVINCE_FORM)
    typed["tables"]["a"]["rows"][0]["section"] = "xa"
    save_draft(
        session,
        WORK,
        obligation_id=view.owed.id,
        typed=Typed(as_json(typed), False, "own.json"),
        if_match=tag_of(view.draft),
    )
    report(session, "X05502", 5)
    newest = edition_of(session, h55)
    assert draft_own_report(session, WORK, newest) == KEPT
    shown = draft_of(session, country).differences
    assert (shown.edition_id, shown.number) == (newest.id, 3)
    found = {one["cell"]: (one["edition"], one["report"]) for one in shown.cells}
    assert found["a/xa:dat_dai/c4"] == ("840", "120")
    assert found["a/total/c4"] == ("840", "120")


def test_a_row_of_the_provinces_own_is_left_to_be_typed(session: Session, country: Country) -> None:
    """III.01c: the row of communes is there, that of the province is asked for; no difference."""
    year = Period.parse("2026")
    an_open_period(session, form_code="III.01a/VPCP/KSTT", period=year)
    an_open_period(session, form_code="III.01c/VPCP/KSTT", period=year)
    meetings = {"c1": 6, "c2": 1, "c3": 2, "c4": 3, "c5": 4, "c6": 2}
    sent = {
        "form": "III.01a/VPCP/KSTT",
        "unit": "X05501",
        "period": "2026",
        "tables": {"a": {"rows": [{"cells": meetings}]}},
    }
    at = IN_Q3.replace(month=12, day=16)
    assert send(session, sent, at=at).verdict == "received"
    edition = consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest("III.01c/VPCP/KSTT"),
        period=year,
        unit=country.provinces["H55"],
        catalogue=shipped_forms(),
        clock=lambda: at,
    ).edition
    work = DraftWork(SYSTEM, shipped_forms(), USUAL_LIMITS, SIGNER, at)
    assert draft_own_report(session, work, edition) == DRAFTED
    owed = session.scalars(
        select(ReportingObligation).where(
            ReportingObligation.form_code == "III.01c/VPCP/KSTT",
            ReportingObligation.unit_id == country.provinces["H55"].id,
        )
    ).one()
    view = view_draft(session, work, obligation_id=owed.id)
    missing = {issue.cell for issue in view.verdict.issues if issue.code == "missing_value"}
    assert missing
    assert all(cell.startswith("a/tinh/") for cell in missing)
    assert view.differences.cells == []
    kept = read_report(shipped_forms().latest("III.01c/VPCP/KSTT"), edition.canonical)
    assert [name.key for name in kept.tables["a"].names] == ["tinh", "xa"]


def test_who_owes_nothing_gets_no_draft(session: Session, country: Country) -> None:
    """The Government Office makes II.9g itself: its edition is nobody's draft."""
    edition = edition_of(session, country.centre, form=NATIONAL_FORM)
    assert draft_own_report(session, WORK, edition) == NOT_OWED
    assert session.scalars(select(Draft)).all() == []


def test_a_vertical_body_in_the_province_is_not_added_into_it(
    session: Session, country: Country
) -> None:
    """TT06 Điều 7: what reports to its own head elsewhere is in no total of the province."""
    ministry = a_unit(session, "G99", kind=UnitKind.MINISTRY, parent=country.centre)
    vertical = a_unit(session, "G99.01", kind=UnitKind.SUBORDINATE, parent=ministry)
    an_open_period(session, units=None)
    report(session, "X05501", 1)
    assert send(session, a_return(vertical.code)).verdict == "received"
    edition = edition_of(session, country.provinces["H55"])
    assert total(edition) == str(GOOD_CELLS["c4"])
    assert (edition.coverage["expected"], edition.coverage["received"]) == (2, 1)


def test_a_child_that_is_amended_after_its_parent_was_signed_is_told_and_changes_no_figure(
    session: Session, country: Country
) -> None:
    """The province's report stays as it was signed; the national edition says what it is unlike."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    draft_own_report(session, WORK, edition_of(session, h55))
    send_draft(session, draft_of(session, country))
    before = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER)
    assert [one["code"] for one in before.issues] == []
    report(session, "X05501", 3)
    newest = edition_of(session, h55)
    assert draft_own_report(session, WORK, newest) == SENT
    report(session, "X00101", 1)  # Something of another province, to make the next edition.
    draft_own_report(session, WORK, edition_of(session, country.provinces["H01"]))
    send_draft(session, draft_of(session, country, "H01"))
    after = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER)
    assert total(after) == str(2 * GOOD_CELLS["c4"])
    [doubt] = [one for one in after.issues if one["code"] == "unlike_its_parts"]
    assert (doubt["given"], doubt["expected"]) == ("2", "6")
    assert doubt["cell"] == "a/total/c10"
    assert "H55" in doubt["label"]


def test_a_form_with_a_row_for_each_unit_below_starts_from_their_rows(
    session: Session, country: Country
) -> None:
    """01/TCD: the province's draft has the rows of its communes, and the total of the edition."""
    an_open_period(session, form_code="01/TCD")
    form = shipped_forms().latest("01/TCD")
    typed = {column.id: 0 for column in form.table_by_key["a"].figures if column.formula is None}
    for commune in ("X05501", "X05502"):
        rows = [{"key": commune, "cells": typed}]
        sent = {
            "form": "01/TCD",
            "unit": commune,
            "period": "2026-Q3",
            "tables": {"a": {"rows": rows}},
        }
        assert send(session, sent).verdict == "received"
    edition = edition_of(session, country.provinces["H55"], form="01/TCD")
    assert draft_own_report(session, WORK, edition) == DRAFTED
    owed = session.scalars(
        select(ReportingObligation).where(
            ReportingObligation.form_code == "01/TCD",
            ReportingObligation.unit_id == country.provinces["H55"].id,
        )
    ).one()
    view = view_draft(session, WORK, obligation_id=owed.id)
    assert view.verdict.verdict == "received", view.verdict.issues
    assert view.verdict.report is not None
    names = [name.key for name in view.verdict.report.tables["a"].names]
    assert names == ["X05501", "X05502"]
    assert view.differences.cells == []
    assert view.differences.edition_id == edition.id
