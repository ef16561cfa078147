"""Assigning forms in bulk: every fault by line, all or nothing, and never to what has ended."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed
from reporting.models import (
    LineageExtent,
    LineageKind,
    ReportingObligation,
    ReportingUnit,
    UnitLineage,
)
from reporting.services.actors import of_unit
from reporting.services.assigning import Assigned, Line, assign, read_assignments
from reporting.services.regimes import make_regime
from tests.builders import LEAF_FORM, SYSTEM, ZONE, a_province, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send

NOW = datetime(2026, 10, 6, 9, tzinfo=ZONE)

STORM = f"""\
regime: CV-BAO
name: Báo cáo nhanh sau bão
source: Công văn 12/VPCP
kind: đột xuất
legal: {{number: 12/CV, issuer: Thủ tướng, issued_by: government, document: administrative}}
content: [figures]
about: Hồ sơ bị ảnh hưởng
reporters: UBND cấp xã
receiver: UBND cấp tỉnh
methods: [software]
roll: none
forms: [{LEAF_FORM}]
occasions:
  - {{period: 2026-10-05, first: 2026-10-01, last: 2026-10-05, opens: 2026-10-05, due: 2026-10-07}}
"""


@pytest.fixture
def province(session: Session) -> ReportingUnit:
    """A province, two communes, and one that went into the first on 1/7/2025."""
    unit = a_province(session)
    first = a_unit(session, "X1", parent=unit, name="Xã Mới")
    a_unit(session, "X2", parent=unit)
    old = a_unit(session, "OLD", parent=unit, valid_to=date(2025, 6, 30))
    session.add(
        UnitLineage(
            predecessor_id=old.id,
            successor_id=first.id,
            on_date=date(2025, 7, 1),
            kind=LineageKind.MERGE,
            extent=LineageExtent.WHOLE,
        )
    )
    session.flush()
    return unit


def given(session: Session, text: str, *, dry_run: bool = False) -> Assigned:
    """Assign what a CSV says."""
    lines, faults = read_assignments(text.encode())
    if faults:
        return Assigned(faults=tuple(faults))
    return assign(
        session,
        actor=SYSTEM,
        lines=lines,
        catalogue=shipped_forms(),
        zone=ZONE,
        now=NOW,
        dry_run=dry_run,
    )


def count(session: Session) -> int:
    """How many obligations there are."""
    return session.scalar(select(func.count()).select_from(ReportingObligation)) or 0


@pytest.mark.usefixtures("province")
def test_a_file_is_assigned_once_however_often(session: Session) -> None:
    """Looked over first, then assigned, then found to stand."""
    text = f"form;unit;period\n{LEAF_FORM};X1;2026-Q3\n{LEAF_FORM};X2;2026-Q3\n01/TCD;X1;2026-H1\n"
    assert given(session, text, dry_run=True).created == 3
    assert count(session) == 0
    assert given(session, text) == Assigned(3, 0)
    assert given(session, text) == Assigned(0, 3)


@pytest.mark.usefixtures("province")
def test_every_fault_is_told_by_its_line_and_nothing_is_assigned(session: Session) -> None:
    """An unknown form, a period it has not, a unit that ended, one of another kind, none at all."""
    text = (
        "form,unit,period\n"
        f"{LEAF_FORM},X1,2026-Q3\n"
        "99/XX,X1,2026-Q3\n"
        f"{LEAF_FORM},X1,2026-Q4\n"
        f"{LEAF_FORM},OLD,2026-Q3\n"
        f"{LEAF_FORM},H55,2026-Q3\n"
        f"{LEAF_FORM},NOBODY,2026-Q3\n"
        f"{LEAF_FORM},X1,soon\n"
    )
    done = given(session, text)
    assert [fault.line for fault in done.faults] == [3, 4, 5, 6, 7, 8]
    assert "Xã Mới (X1)" in done.faults[2].vi
    assert "province" in done.faults[3].en
    assert count(session) == 0


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"\xff\xfe", 0), (b"form,unit\n", 1), (b"", 1), (b"a;b;c\n1;2;3\n", 1)],
)
def test_a_file_that_is_no_list(content: bytes, line: int) -> None:
    """The encoding or the heading is told."""
    lines, faults = read_assignments(content)
    assert (lines, [fault.line for fault in faults]) == ([], [line])


def test_only_the_centre_assigns(session: Session, province: ReportingUnit) -> None:
    """A province does not yet, until rights go downward."""
    with pytest.raises(NotAllowed):
        assign(
            session,
            actor=of_unit("h55", province.id),
            lines=[Line(1, LEAF_FORM, "X1", "2026-Q3")],
            catalogue=shipped_forms(),
            zone=ZONE,
            now=NOW,
        )


@pytest.mark.usefixtures("province")
def test_an_ad_hoc_regime_made_at_run_time_is_assigned_and_reported(session: Session) -> None:
    """Its days are its issuer's; the form is one that exists; the return is received and judged."""
    forms = shipped_forms()
    make_regime(session, actor=SYSTEM, content=STORM.encode(), catalogue=forms, now=NOW)
    done = given(session, f"form,unit,period\n{LEAF_FORM},X1,2026-10-05\n")
    assert done == Assigned(1, 0)
    owed = session.scalars(select(ReportingObligation)).one()
    assert owed.due_at == datetime(2026, 10, 7, 23, 59, 59, tzinfo=ZONE)
    assert (owed.window_first, owed.regime_code) == (date(2026, 10, 1), "CV-BAO")
    receipt = send(session, a_return("X1", period="2026-10-05"), at=NOW)
    assert (receipt.verdict, receipt.is_on_time) == ("received", True)
    assert given(session, f"form,unit,period\n{LEAF_FORM},X1,2026-10-06\n").faults


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("regime: CV-BAO", "regime: TT01-II"),
        (f"forms: [{LEAF_FORM}]\n", ""),
        (f"forms: [{LEAF_FORM}]", "forms: [99/XX]"),
    ],
)
def test_what_cannot_be_made_at_run_time(session: Session, right: str, wrong: str) -> None:
    """The code of a file, no form, an unknown form."""
    text = STORM.replace(right, wrong)
    with pytest.raises(Conflict):
        make_regime(
            session, actor=SYSTEM, content=text.encode(), catalogue=shipped_forms(), now=NOW
        )


@pytest.mark.usefixtures("province")
def test_a_secret_regime_takes_no_data(session: Session) -> None:
    """It is listed, and nothing is assigned under it."""
    forms = shipped_forms()
    text = STORM + "secret: true\n"
    make_regime(session, actor=SYSTEM, content=text.encode(), catalogue=forms, now=NOW)
    done = given(session, f"form,unit,period\n{LEAF_FORM},X1,2026-10-05\n")
    assert "mật" in done.faults[0].vi
    assert count(session) == 0


def test_a_line_may_have_a_due_day_of_its_own(session: Session, province: ReportingUnit) -> None:
    """Then a unit of a kind that the form does not name may be asked too."""
    del province
    text = f"form,unit,period,due\n{LEAF_FORM},X1,2026-Q3,2026-10-01\n{LEAF_FORM},X2,2026-Q3,\n"
    plain = given(session, text + f"{LEAF_FORM},H55,2026-Q3,\n")
    assert [fault.line for fault in plain.faults] == [4]
    assert "due" in plain.faults[0].en
    assert given(session, text + f"{LEAF_FORM},H55,2026-Q3,2026-10-02\n").created == 3
    due = session.scalars(select(ReportingObligation.due_at).order_by(ReportingObligation.due_at))
    assert [f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}" for at in due] == [
        "2026-09-19 23:59:59",
        "2026-10-01 23:59:59",
        "2026-10-02 23:59:59",
    ]


@pytest.mark.parametrize("due", ["2026-09-14", "01/10/2026", "soon"])
def test_a_due_day_must_follow_the_window(
    session: Session, province: ReportingUnit, due: str
) -> None:
    """And be written so that nobody takes the day for the month."""
    del province
    done = given(session, f"form,unit,period,due\n{LEAF_FORM},X1,2026-Q3,{due}\n")
    assert [fault.line for fault in done.faults] == [2]
    assert "14/09/2026" in done.faults[0].vi


@pytest.mark.usefixtures("province")
def test_another_due_day_for_what_is_owed_already_is_told(session: Session) -> None:
    """The same day again is nothing new; another one is a fault, since it would be passed over."""

    def given(due: str, *, dry_run: bool = False) -> Assigned:
        lines = [Line(2, LEAF_FORM, "X1", "2026-Q3", due)]
        return assign(
            session,
            actor=SYSTEM,
            lines=lines,
            catalogue=shipped_forms(),
            zone=ZONE,
            now=NOW,
            dry_run=dry_run,
        )

    assert given("2026-10-20").created == 1
    for dry_run in (True, False):
        again = given("2026-10-20", dry_run=dry_run)
        assert (again.created, again.existing, again.faults) == (0, 1, ())
        assert given("", dry_run=dry_run).existing == 1
        [fault] = given("2026-10-25", dry_run=dry_run).faults
        assert "20/10/2026" in fault.vi
        assert "extend" in fault.en


@pytest.mark.usefixtures("province")
def test_what_is_no_csv_and_no_day_is_a_fault_of_its_line(session: Session) -> None:
    """A cell over 128 KiB and a due day at the end of the calendar are told like any other."""
    heading = b"form,unit,period,due\n"
    for text, line in ((heading + b"a,b,c,d\n" + b"x" * 140_000, 3), (b"x" * 140_000, 1)):
        lines, [fault] = read_assignments(text)
        assert (lines, fault.line) == ([], line)
    done = assign(
        session,
        actor=SYSTEM,
        lines=[Line(2, LEAF_FORM, "X1", "2026-Q3", "9999-12-31")],
        catalogue=shipped_forms(),
        zone=ZONE,
        now=NOW,
    )
    assert [fault.line for fault in done.faults] == [2]
