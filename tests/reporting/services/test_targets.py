"""An edition says how the country stands to a target, from returns to the workbook."""

from __future__ import annotations

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from forms.period import Period
from reporting.models import ReportingUnit, UnitKind
from reporting.services.consolidation import consolidate
from reporting.services.exports import edition_workbook
from tests.builders import IN_Q3, SYSTEM, a_return, a_unit, an_open_period, shipped_forms
from tests.reporting.services.receiving import counted_statements, send
from tests.reporting.workbooks.editions import lines, read_back

H1 = Period.parse("2026-H1")
#: By kind of unit, the procedures that are wholly online of 1 000 each: 16 235 of 85 000.
ONLINE = {
    UnitKind.MINISTRY: [400] * 9 + [121] * 9,
    UnitKind.MINISTERIAL_AGENCY: [121] * 4,
    UnitKind.PROVINCE: [350] * 15 + [121] * 47 + [125],
}
LETTERS = {UnitKind.MINISTRY: "G", UnitKind.MINISTERIAL_AGENCY: "K", UnitKind.PROVINCE: "H"}
NAMES = {
    UnitKind.MINISTRY: "Bộ",
    UnitKind.MINISTERIAL_AGENCY: "Cơ quan ngang bộ",
    UnitKind.PROVINCE: "Tỉnh",
}


@pytest.fixture
def country(session: Session) -> ReportingUnit:
    """22 ministries and 63 provinces that have reported for the first half of 2026."""
    whole = a_unit(session, "CP", kind=UnitKind.GOVERNMENT, name="Chính phủ")
    sent: dict[str, int] = {}
    for kind, counts in ONLINE.items():
        for number, count in enumerate(counts, 1):
            letter, name = LETTERS[kind], NAMES[kind]
            code = f"{letter}{number:02d}"
            unit = a_unit(session, code, kind=kind, parent=whole, name=f"{name} {number}")
            sent[unit.code] = count
    an_open_period(session, form_code="DVC.01", period=H1)
    for code, count in sent.items():
        body = a_return(code, form="DVC.01", period="2026-H1")
        body["tables"]["a"]["rows"] = [{"key": "row", "cells": {"c1": 1_000, "c2": count}}]
        receipt = send(session, body)
        assert receipt.verdict == "received", receipt.issues
    return whole


def workbook(session: Session, country: ReportingUnit) -> bytes:
    """The workbook of the edition of the whole country."""
    edition, _ = consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest("DVC.01"),
        period=H1,
        unit=country,
        catalogue=shipped_forms(),
        clock=lambda: IN_Q3,
    )
    return edition_workbook(
        session, actor=SYSTEM, edition_id=edition.id, catalogue=shipped_forms()
    ).content


def texts(sheet: Worksheet) -> list[str]:
    """Every text of a sheet."""
    return [str(cell) for line in lines(sheet) for cell in line if isinstance(cell, str)]


def test_the_workbook_says_the_sentence_of_the_bulletin(
    session: Session, country: ReportingUnit
) -> None:
    """19.10 % of all procedures, and the units that have reached 30 %, by kind."""
    sheets = read_back(workbook(session, country), values=True)
    assert list(sheets)[:2] == ["DVC.01", "Mục tiêu"]
    said = "toàn quốc 19,10 %, 9 bộ và 15 tỉnh từ 30 % trở lên"
    assert any(said in text for text in texts(sheets["DVC.01"]))
    found = texts(sheets["Mục tiêu"])
    assert any(said in text for text in found)
    assert any("toàn quốc 19,10 %, 9 bộ và 15 tỉnh trên 30 %" in text for text in found)
    assert [line[4:] for line in lines(sheets["Mục tiêu"])[-2:]] == [
        ["bộ", 22, 9, 9],
        ["tỉnh", 63, 15, 15],
    ]
    total = next(line for line in lines(sheets["DVC.01"]) if "TỔNG CỘNG" in line)
    assert total[-3:] == [85_000, 16_235, 19.1]


def test_what_is_said_of_targets_costs_one_statement_more(
    session: Session, country: ReportingUnit
) -> None:
    """The kinds of all units in one; a form without a target asks nothing more."""
    engine = session.get_bind().engine
    workbook(session, country)
    with counted_statements(engine) as statements:
        workbook(session, country)
    assert sum("edition_input" in one and "kind" in one for one in statements) == 1
