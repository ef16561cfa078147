"""Rows of units: of the sender and of those below it, under whatever code they are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from reporting.models import Submission, UnitKind
from tests.builders import a_province, a_return, a_unit, an_open_period
from tests.reporting.services.receiving import send


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("H55", "H55"),
        ("Tỉnh H55", "H55"),
        ("H55.01", "H55.01"),
        ("000.01.H55", "H55.01"),
        ("SỞ NỘI VỤ", "H55.01"),
    ],
)
def test_a_row_of_a_unit_is_kept_under_its_stable_code(
    session: Session, named: str, kept: str
) -> None:
    """The sender's own row, by code or name, and those of units below it, by any of their codes."""
    _two_provinces(session)
    receipt = send(session, _a_row_of(named))
    assert [issue.code for issue in receipt.errors] == []
    stored = session.get_one(Submission, receipt.submission_id)
    (row,) = json.loads(stored.canonical)["tables"]["a"]["rows"]
    assert row["key"] == kept


@pytest.mark.parametrize("named", ["H26", "H55.99", "Đất đai", "Sở Y tế"])
def test_a_row_of_another_unit_is_refused(session: Session, named: str) -> None:
    """Nobody reports for a unit that does not belong to them."""
    _two_provinces(session)
    receipt = send(session, _a_row_of(named))
    (issue,) = receipt.errors
    assert (issue.code, issue.address, issue.given) == ("row_of_another_unit", "r01", named)
    assert "H55 (Tỉnh H55)" in issue.expected


def _two_provinces(session: Session) -> None:
    province = a_province(session)
    a_province(session, "H26")
    a_unit(session, "H55.01", kind=UnitKind.DEPARTMENT, parent=province, name="Sở Nội vụ")
    for code in ("H55.02", "H55.03"):
        a_unit(session, code, kind=UnitKind.DEPARTMENT, parent=province, name="Sở Y tế")
    an_open_period(session, form_code="01/TCD", units=[province])


def _a_row_of(named: str) -> dict[str, Any]:
    cells = {f"c{number}": 0 for number in range(5, 22)}
    return a_return("H55", form="01/TCD", rows={named: cells})
