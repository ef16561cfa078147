"""Whoever reports for a unit is told what is wrong, and nobody else is told anything."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from forms.reading_json import read_object
from reporting.errors import NotAllowed
from reporting.models import ReportingObligation, ReportingUnit, UnitIdentifier
from reporting.models.units import IdentifierScheme
from reporting.services.actors import Act, of_unit
from reporting.services.cross_checks import has_readers
from reporting.services.owed import find_owed
from tests.builders import (
    IN_Q3,
    LEAF_FORM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)


def _find(session: Session, above: ReportingUnit, unit: str, period: str) -> list[str]:
    _, issues = find_owed(
        session,
        actor=of_unit("tỉnh", above.id),
        raw=read_object(a_return(unit, period=period)),
        form=shipped_forms().latest(LEAF_FORM),
        catalogue=shipped_forms(),
        received_at=IN_Q3,
        act=Act.APPROVE,
        lock=False,
    )
    return [issue.code for issue in issues]


def test_a_province_is_told_that_its_commune_does_not_owe_a_period(session: Session) -> None:
    """A period that was never opened is an issue, not a question of rights."""
    province = a_province(session)
    a_unit(session, "X01840", parent=province)
    assert _find(session, province, "X01840", "2026-Q3") == ["not_owed"]


def test_a_province_may_name_its_commune_by_another_code(session: Session) -> None:
    """The code of the statistics office finds the same obligation."""
    province = a_province(session)
    commune = a_unit(session, "X01840", parent=province)
    session.add(
        UnitIdentifier(
            unit_id=commune.id,
            scheme=IdentifierScheme.GSO,
            value="01840",
            valid_from=commune.valid_from,
            valid_to=None,
        )
    )
    an_open_period(session)
    assert _find(session, province, "01840", "2026-Q3") == []


def test_another_province_is_told_nothing(session: Session) -> None:
    """Who stands elsewhere may not even learn what a unit owes."""
    a_unit(session, "X01840", parent=a_province(session))
    with pytest.raises(NotAllowed):
        _find(session, a_province(session, "H20"), "X01840", "2026-Q3")


def test_who_reads_a_return_is_found_by_an_index(session: Session) -> None:
    """The rules of all other units of the period are not looked at for each return."""
    asked = select(has_readers()).select_from(ReportingObligation)
    if session.connection().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))  # The tables of a test are small.
        how = "EXPLAIN"
        by_unit = "unit_id = reporting_obligation.unit_id"
    else:
        how = "EXPLAIN QUERY PLAN"
        by_unit = "ix_cross_check_other (other_form=? AND other_period=? AND unit_id=?)"
    written = asked.compile(session.connection(), compile_kwargs={"literal_binds": True})
    explained = session.connection().exec_driver_sql(f"{how} {written}")
    plan = "\n".join(str(row) for row in explained)
    assert by_unit in plan
    assert "ix_cross_check_other" in plan
    assert "hashed" not in plan
    assert "Hash" not in plan
