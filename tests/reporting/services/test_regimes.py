"""Regimes made at run time: what is refused, what replaces what, and that none stops the others."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from forms.faults import BadDeclaration
from forms.regime import Regime
from reporting.errors import Conflict
from reporting.models import KeptRegime
from reporting.services.planning import PlannedOpening, planned_openings
from reporting.services.regimes import known_regimes, make_regime
from tests.builders import LEAF_FORM, SYSTEM, ZONE, a_province, shipped_forms

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

YEARLY = "periods: [Y]\ndue: {commune: 20, department: 20, subordinate: 20}\n"


def made(session: Session, text: str, *, now: datetime = NOW) -> Regime:
    """The regime that the centre makes of a text."""
    return make_regime(
        session, actor=SYSTEM, content=text.encode(), catalogue=shipped_forms(), now=now
    )


def planned(session: Session) -> list[PlannedOpening]:
    """What opens until the end of the year."""
    return planned_openings(
        session,
        catalogue=shipped_forms(),
        zone=ZONE,
        now=NOW,
        until=datetime(2026, 12, 31, tzinfo=ZONE),
    )


def kept(session: Session, code: str, text: str) -> None:
    """A regime as an older release let it into the store."""
    row = {"code": code, "sha256": code, "declaration": text, "is_run_time": True}
    session.execute(insert(KeptRegime), row | {"kept_at": NOW, "actor": "test"})


def test_periods_without_due_days_are_refused(session: Session) -> None:
    """An ad hoc regime with a quarter and no day on which it is due is not taken."""
    with pytest.raises(BadDeclaration) as caught:
        made(session, STORM + "periods: [Q1]\n")
    assert "due" in [fault.key for fault in caught.value.faults]


def test_every_kind_of_unit_that_owes_needs_a_due_day(session: Session) -> None:
    """A due day for provinces says nothing to communes, who owe the form."""
    with pytest.raises(Conflict) as caught:
        made(session, STORM + "periods: [M]\ndue: {province: 20}\n")
    assert "commune" in caught.value.en


def test_a_regime_that_cannot_be_used_does_not_stop_the_clock(session: Session) -> None:
    """One that can be read no longer, and one whose form is gone: all others are planned."""
    a_province(session)
    expected = planned(session)
    kept(session, "DX-OLD", STORM.replace("CV-BAO", "DX-OLD") + "periods: [Q1]\n")
    kept(session, "DX-GONE", STORM.replace("CV-BAO", "DX-GONE").replace(LEAF_FORM, "99/XX"))
    assert expected
    assert planned(session) == expected
    assert "DX-OLD" not in known_regimes(session, shipped_forms())


def test_an_edit_that_is_taken_back_is_in_force_again(session: Session) -> None:
    """Texts A, B, A: due on 7/10, 8/10, and 7/10 again, also where the clock stands still."""
    other = STORM.replace("due: 2026-10-07", "due: 2026-10-08")
    for text, day in ((STORM, 7), (other, 8), (STORM, 7), (other, 8)):
        made(session, text)
        occasion = known_regimes(session, shipped_forms())["CV-BAO"].occasions[0]
        assert occasion.due.day == day


@pytest.mark.parametrize(
    ("period", "more"),
    [("2026-10-05", ""), ("2026-Q3", ""), ("2026-10-09", YEARLY)],
)
def test_a_second_regime_for_the_same_form_and_period_is_refused(
    session: Session, period: str, more: str
) -> None:
    """An occasion of another regime, a quarter or a year of the form's own: one would be lost."""
    made(session, STORM)
    text = STORM.replace("CV-BAO", "CV-LU").replace("period: 2026-10-05", f"period: {period}")
    with pytest.raises(Conflict) as caught:
        made(session, text + more)
    assert LEAF_FORM in caught.value.vi
    assert "CV-LU" not in known_regimes(session, shipped_forms())
    made(session, text.replace(f"period: {period}", "period: 2026-10-06"))
