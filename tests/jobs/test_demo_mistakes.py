"""The mistakes of the demonstration are refused for what is wrong with them."""

from __future__ import annotations

import json
from functools import cache

import pytest
from sqlalchemy.orm import Session

from forms.blank_workbook import blank_workbook
from forms.canonical import write_report
from forms.checking import check
from forms.issues import sentence
from forms.naming_rows import Circumstances
from forms.reading_json import read_json
from forms.reading_xlsx import read_xlsx
from forms.returns import RawReturn
from jobs.demo.book import Book
from jobs.demo.filling import NoRoom, fill
from jobs.demo.made_return import MadeReturn
from jobs.demo.mistakes import DATA_MISTAKES, WORKBOOK_MISTAKES, DataMistake, Mistake
from reporting.models import Door, UnitKind
from reporting.services.receipts import Receipt, Verdict
from reporting.services.refusing import Delivery
from reporting.services.submissions import receive
from reporting.services.templates import make_template
from reporting.services.units import UnitView, list_units
from tests.builders import (
    IN_Q3,
    LEAF_FORM,
    Q3,
    SIGNER,
    SYSTEM,
    a_province,
    a_unit,
    an_open_period,
    shipped_forms,
)

PROVINCE_FORM = "II.06c/VPCP/KSTT"


@cache
def _book() -> Book:
    return Book(shipped_forms(), periods=("2026-Q3",))


@pytest.fixture
def commune(session: Session) -> UnitView:
    """A commune that owes II.06a for Q3/2026, and its province, which owes II.06c."""
    province = a_province(session)
    a_unit(session, "X01840", parent=province, name="Phường Đức Xuân")
    an_open_period(session)
    an_open_period(session, form_code=PROVINCE_FORM)
    return list_units(session, on=IN_Q3.date(), kind=UnitKind.COMMUNE)[0]


def _template(session: Session, unit: UnitView) -> bytes:
    return make_template(
        session,
        actor=SYSTEM,
        form_code=LEAF_FORM,
        unit_code=unit.code,
        period_code="2026-Q3",
        catalogue=shipped_forms(),
        made_at=IN_Q3,
    ).content


def _receive(session: Session, raw: RawReturn, body: bytes) -> Receipt:
    return receive(
        session,
        actor=SYSTEM,
        delivery=Delivery(raw, body, "return", Door.API, IN_Q3),
        catalogue=shipped_forms(),
        clock=lambda: IN_Q3,
        signer=SIGNER,
    )


@pytest.mark.parametrize("mistake", WORKBOOK_MISTAKES, ids=lambda mistake: mistake.code)
def test_a_mistake_in_a_workbook_gives_its_issue(
    session: Session, commune: UnitView, mistake: Mistake
) -> None:
    """The broken file is refused with the issue of the mistake, which names its cell."""
    broken = fill(_template(session, commune), _book().of(LEAF_FORM, commune, "2026-Q3"))
    mistake.make(broken)
    body = broken.to_bytes()
    receipt = _receive(session, read_xlsx(body), body)
    assert receipt.verdict is Verdict.REFUSED
    issue = next(issue for issue in receipt.errors if issue.code == mistake.code)
    # Of a whole file there is no cell to name.
    whole = mistake.code in ("not_owed", "wrong_version")
    assert bool(issue.place) is not whole
    assert sentence(issue)


@pytest.mark.parametrize("mistake", DATA_MISTAKES, ids=lambda mistake: mistake.code)
def test_a_mistake_in_json_gives_its_issue(
    session: Session, commune: UnitView, mistake: DataMistake
) -> None:
    """A program's broken return is refused with the issue of the mistake."""
    province = list_units(session, on=IN_Q3.date(), kind=UnitKind.PROVINCE)[0]
    data = json.loads(_book().of(PROVINCE_FORM, province, "2026-Q3").as_json())
    mistake.make(data)
    body = json.dumps(data).encode()
    receipt = _receive(session, read_json(body), body)
    assert receipt.verdict is Verdict.REFUSED
    assert mistake.code in {issue.code for issue in receipt.errors}


def test_the_same_file_without_the_mistake_is_received(session: Session, commune: UnitView) -> None:
    """The filled template is received without a finding, and JSON of the same is the same again."""
    made = _book().of(LEAF_FORM, commune, "2026-Q3")
    body = fill(_template(session, commune), made).to_bytes()
    receipt = _receive(session, read_xlsx(body), body)
    assert (receipt.verdict, receipt.issues) == (Verdict.RECEIVED, ())
    again = _receive(session, read_json(made.as_json()), made.as_json())
    assert (again.verdict, again.number) == (Verdict.REPEATED, receipt.number)


def test_every_form_can_be_filled_in_by_a_clerk() -> None:
    """openpyxl keeps all that is needed: the filled template says what the JSON says."""
    catalogue = shipped_forms()
    for form in catalogue.forms:
        period = "2026-Q3" if "Q3" in form.periods else "2026"
        kind = UnitKind((form.reporter_kinds or ("ministry",))[0])
        unit = UnitView(1, "H55", kind, "Tỉnh", "Province", None, "", Q3.window().first, None)
        made = _book().of(form.code, unit, period)
        window = Q3.window() if period == "2026-Q3" else Q3.parse("2026").window()
        around = Circumstances(window, catalogue.lists, "H55")
        filled = check(form, read_xlsx(_filled(made, window_of=period)), around)
        said = check(form, read_json(made.as_json()), around)
        assert (filled.issues, said.issues) == ((), ())
        assert write_report(form, filled.report) == write_report(form, said.report)


def test_a_template_that_is_too_short_is_told(session: Session, commune: UnitView) -> None:
    """More rows than a template has blank lines are no silent loss."""
    made = _book().of(LEAF_FORM, commune, "2026-Q3")
    rows = [
        type(row)(f"{row.key}-{at}", f"{row.label} {at}", "", row.cells)
        for row in made.tables["a"]
        for at in range(20)
    ]
    longer = MadeReturn(made.form, made.unit, made.period, {"a": rows})
    with pytest.raises(NoRoom):
        fill(_template(session, commune), longer)


def _filled(made: MadeReturn, *, window_of: str) -> bytes:
    period = Q3.parse(window_of)
    blank = blank_workbook(
        made.form,
        unit_code=made.unit,
        unit_name="Tỉnh",
        period=period,
        window=period.window(),
        made_at=IN_Q3,
        lists=shipped_forms().lists,
    )
    return fill(blank, made).to_bytes()
