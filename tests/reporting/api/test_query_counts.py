"""A page of a list costs the same number of statements, however many lines it has."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from reporting.services.persons import add_person
from tests.builders import IN_Q3, SYSTEM, a_return, a_unit, an_open_period
from tests.reporting.doors import Doors
from tests.reporting.services.receiving import counted_statements

LISTS = [
    "/api/v1/persons", "/api/v1/obligations/coming?unit=H55&of=subordinates",
    "/board.csv?period=2026-Q3&by=unit",
    "/api/v1/submissions", "/api/v1/units", "/api/v1/periods", "/api/v1/consolidations",
    "/api/v1/obligations?unit=X01840", "/periods?form=II.06a/VPCP/KSTT", "/editions",
    "/?unit=X01840", "/?unit=H55", "/subordinates?unit=H55", "/board?by=unit", "/regimes",
    "/api/v1/obligations?unit=H55&of=subordinates", "/api/v1/obligations/coming?unit=H55",
    "/api/v1/board?period=2026-Q3&by=unit", "/api/v1/regimes", "/api/v1/facts", "/indicators",
    "/series?form=II.06c/VPCP/KSTT&unit=H55&periods=2026-Q3",
    "/api/v1/series?form=II.06c/VPCP/KSTT&unit=H55&periods=2026-Q3",
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_statements_do_not_grow_with_lines(doors: Doors, engine: Engine, path: str) -> None:
    """Six more units, their reports and another edition cost no more statements."""
    _fill(doors, "1")
    before = _statements(doors, engine, path)
    for letter in "234567":
        _fill(doors, letter)
    assert _statements(doors, engine, path) == before
    assert before > 0


def _fill(doors: Doors, letter: str) -> None:
    with doors.sessions.begin() as session:
        unit = a_unit(session, f"X0000{letter}", parent=doors.province)
        an_open_period(session, units=[unit])
        mail = f"{letter}@x.gov.vn"
        add_person(
            session, actor=SYSTEM, unit=unit, name="A", mail=mail, on=IN_Q3.date(), now=IN_Q3
        )
    assert doors.send(a_return(f"X0000{letter}"), "centre").status_code == 201
    asked = {"form": "II.06c/VPCP/KSTT", "period": "2026-Q3", "unit": "H55"}
    assert doors.send(asked, "centre", to="/consolidations").status_code == 201


def _statements(doors: Doors, engine: Engine, path: str) -> int:
    with counted_statements(engine) as statements:
        answer = doors.http.get(path, headers=doors.token("centre"))
    assert answer.status_code == 200
    return len(statements)
