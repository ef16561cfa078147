"""Templates as the store makes them: whose, which version, and what the last period brings."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from forms.period import Period
from forms.reading_xlsx import read_xlsx
from reporting.errors import NotAllowed, NotFound
from reporting.models import UnitKind
from reporting.services.actors import Actor, of_unit
from reporting.services.templates import NamedFile, make_template
from tests.builders import (
    IN_Q3,
    LEAF_FORM,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import send


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
