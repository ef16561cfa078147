"""Templates as the store makes them: whose, which version, and what the last period brings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from forms.period import Period
from forms.reading_xlsx import read_xlsx
from reporting.errors import NotAllowed, NotFound
from reporting.models import Door, UnitKind
from reporting.services.actors import Actor, of_unit
from reporting.services.downloads import NamedFile
from reporting.services.refusing import Delivery
from reporting.services.submissions import receive
from reporting.services.templates import make_template
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    LEAF_FORM,
    SIGNER,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import send
from tests.reporting.services.test_consolidation import edition_of

#: When the year 2026 is reported.
AFTER_2026 = datetime(2026, 12, 16, 3, 0, tzinfo=UTC)


def template(session: Session, *, actor: Actor = SYSTEM, **asked: str) -> NamedFile:
    """The template of X01840 for II.06a and 2026-Q3, or of what is asked for instead."""
    what = {"form_code": LEAF_FORM, "unit_code": "X01840", "period_code": "2026-Q3"} | asked
    return make_template(
        session,
        actor=actor,
        catalogue=shipped_forms(),
        made_at=IN_Q3,
        form_code=what["form_code"],
        unit_code=what["unit_code"],
        period_code=what["period_code"],
    )


def test_a_template_knows_what_it_is_for(session: Session) -> None:
    """The file carries form, version, unit and period, and its name says so too."""
    a_unit(session, "X01840")
    made = template(session, form_code="II.06a-VPCP-KSTT")
    raw = read_xlsx(made.content)
    assert (raw.form, raw.version, raw.unit, raw.period) == (LEAF_FORM, 1, "X01840", "2026-Q3")
    assert made.name == "II.06a-VPCP-KSTT_X01840_2026-Q3.xlsx"


def test_the_last_periods_figures_are_carried_over(session: Session) -> None:
    """What was in progress at the end of the second quarter begins the third."""
    unit = a_unit(session, "X01840")
    an_open_period(session, period=Period.parse("2026-Q2"), units=[unit])
    send(session, a_return("X01840", period="2026-Q2"))
    rows = read_xlsx(template(session).content).tables["a"].rows
    assert [(row.key, row.cells["c6"]) for row in rows] == [("Đất đai", 20)]


def meetings(times: int) -> dict[str, int]:
    """The figures of one row of III.01c that adds up, some times over."""
    cells = {"c4": 24, "c5": 110, "c6": 31, "c7": 120, "c8": 45}
    return {column: figure * times for column, figure in cells.items()}


def test_a_row_taken_from_the_communes_is_filled_in(session: Session) -> None:
    """The template of III.01c starts with what communes sent; the province types its own row."""
    province = a_province(session)
    communes = [a_unit(session, code, parent=province) for code in ("X00001", "X00002")]
    year = Period.parse("2026")
    for form, units in (("III.01a/VPCP/KSTT", communes), ("III.01c/VPCP/KSTT", [province])):
        an_open_period(session, form_code=form, period=year, units=units)
    renamed = {f"c{int(column[1:]) - 2}": figure for column, figure in meetings(1).items()}
    for commune in communes:
        sent = a_return(
            commune.code, form="III.01a/VPCP/KSTT", period="2026", rows={"row": renamed}
        )
        assert send(session, sent, at=AFTER_2026).verdict == "received"
    edition = edition_of(session, province, form="III.01c/VPCP/KSTT", period="2026")
    assert [(issue["code"], issue["cell"]) for issue in edition.issues] == [
        ("row_left_to_type", "a/tinh")
    ]
    made = template(session, form_code="III.01c/VPCP/KSTT", unit_code="H55", period_code="2026")
    rows = {row.key: row.cells for row in read_xlsx(made.content).tables["a"].rows}
    assert {column: rows["xa"].get(column) for column in meetings(2)} == meetings(2)
    assert "c4" not in rows.get("tinh", {})


def test_rows_of_an_edition_are_filled_in_and_can_be_sent_as_they_are(session: Session) -> None:
    """The template of II.06c has the rows of the newest edition, each under its heading."""
    province = a_province(session)
    a_unit(session, "X00001", parent=province)
    a_unit(session, "H55.SNV", kind=UnitKind.DEPARTMENT, parent=province)
    for form in (LEAF_FORM, "II.06c/VPCP/KSTT"):
        an_open_period(session, form_code=form)
    for unit in ("X00001", "H55.SNV"):
        send(session, a_return(unit))
    edition_of(session, province)
    content = template(session, form_code="II.06c/VPCP/KSTT", unit_code="H55").content
    delivery = Delivery(read_xlsx(content), content, "II.06c.xlsx", Door.API, IN_Q3)
    receipt = receive(
        session,
        actor=SYSTEM,
        delivery=delivery,
        catalogue=shipped_forms(),
        clock=lambda: IN_Q3,
        signer=SIGNER,
    )
    assert (receipt.verdict, receipt.errors) == ("received", ())
    rows = read_xlsx(content).tables["a"].rows
    assert [(row.section, row.key, row.cells["c4"]) for row in rows] == [
        ("tinh", "Đất đai", GOOD_CELLS["c4"]),
        ("xa", "Đất đai", GOOD_CELLS["c4"]),
    ]


def test_an_unknown_form_period_or_unit_is_said(session: Session) -> None:
    """Whatever does not exist is refused in words, also a form that the unit does not report."""
    a_province(session, "H55")
    a_unit(session, "X01840")
    for asked in (
        {"form_code": "không có"},
        {"period_code": "2026-13"},
        {"period_code": "2026-H1"},
        {"unit_code": "X99999"},
        {"unit_code": "H55"},
    ):
        with pytest.raises(NotFound):
            template(session, actor=SYSTEM, **asked)


def test_a_neighbours_template_is_not_given(session: Session) -> None:
    """A template has last period's figures in it: only the unit and the one above it get it."""
    province = a_province(session)
    unit = a_unit(session, "X01840", parent=province)
    neighbour = a_unit(session, kind=UnitKind.COMMUNE, parent=province)
    for allowed in (unit, province):
        assert template(session, actor=of_unit("a", allowed.id)).content
    with pytest.raises(NotAllowed):
        template(session, actor=of_unit("a", neighbour.id))
