"""Consolidation: a pure function of what is in force, numbered, with coverage and inputs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from forms.period import Period
from reporting.errors import Conflict, NotAllowed, Overflow
from reporting.models import (
    Edition,
    EditionInput,
    ReportingUnit,
    Submission,
    SubmissionStatus,
    UnitKind,
)
from reporting.services.actors import Actor, of_unit
from reporting.services.consolidation import consolidate
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import counted_statements, send

FIELDS = ["Đất đai", "Hộ tịch", "Chứng thực"]


@pytest.fixture
def province(session: Session) -> ReportingUnit:
    """A province with three communes and a department that owe II.06a for 2026-Q3."""
    province = a_province(session)
    for code in ("X00001", "X00002", "X00003"):
        a_unit(session, code, parent=province)
    a_unit(session, "H55.SNV", kind=UnitKind.DEPARTMENT, parent=province)
    an_open_period(session)
    return province


def edition_of(
    session: Session,
    unit: ReportingUnit,
    *,
    form: str = "II.06c/VPCP/KSTT",
    actor: Actor = SYSTEM,
    period: str = "2026-Q3",
) -> Edition:
    """Consolidate now."""
    return consolidate(
        session,
        actor=actor,
        form=shipped_forms().latest(form),
        period=Period.parse(period),
        unit=unit,
        catalogue=shipped_forms(),
        clock=lambda: IN_Q3,
    ).edition


def table_of(edition: Edition) -> dict[str, Any]:
    """Table a of an edition, as it is kept."""
    content: dict[str, Any] = json.loads(edition.canonical)
    table: dict[str, Any] = content["tables"]["a"]
    return table


def cells(times: int) -> dict[str, int]:
    """Figures that add up, some times over."""
    return {column: value * times for column, value in GOOD_CELLS.items()}


def test_rows_are_summed_by_field_within_the_level_of_the_unit(
    session: Session, province: ReportingUnit
) -> None:
    """Communes go to section xa, departments to section tinh; the total is the sum of all."""
    send(session, a_return("X00001", rows={"Đất đai": cells(1), "Hộ tịch": cells(2)}))
    send(session, a_return("X00002", rows={"ĐẤT ĐAI": cells(3)}))
    send(session, a_return("H55.SNV", rows={"Đất đai": cells(5)}))
    table = table_of(edition_of(session, province))
    found = {(row["section"], row["label"]): row["cells"]["c4"] for row in table["rows"]}
    one = GOOD_CELLS["c4"]
    assert found == {
        ("tinh", "Đất đai"): str(5 * one),
        ("xa", "Đất đai"): str(4 * one),
        ("xa", "Hộ tịch"): str(2 * one),
    }
    assert table["total"]["c4"] == str(11 * one)


def test_coverage_says_who_is_in_and_who_is_missing(
    session: Session, province: ReportingUnit
) -> None:
    """n of N, and the missing by code."""
    send(session, a_return("X00002"))
    coverage = edition_of(session, province).coverage
    assert (coverage["expected"], coverage["received"]) == (4, 1)
    assert [row["unit"] for row in coverage["missing"]] == ["H55.SNV", "X00001", "X00003"]


def test_the_same_inputs_give_the_same_edition(session: Session, province: ReportingUnit) -> None:
    """Consolidating twice is once; a change makes edition 2, and edition 1 stays as it was."""
    send(session, a_return("X00001"))
    first = edition_of(session, province)
    digest = first.sha256
    again = edition_of(session, province)
    send(session, a_return("X00001", rows={"Đất đai": cells(2)}))
    second = edition_of(session, province)
    assert (again.id, second.number) == (first.id, 2)
    assert (first.sha256, second.sha256 != digest) == (digest, True)
    assert session.scalar(select(func.count()).select_from(EditionInput)) == 2


def test_a_returned_report_does_not_count(session: Session, province: ReportingUnit) -> None:
    """What was given back is neither in the sum nor missing: it is returned."""
    receipt = send(session, a_return("X00001"))
    session.execute(
        update(Submission)
        .where(Submission.id == receipt.submission_id)
        .values(status=SubmissionStatus.RETURNED)
    )
    edition = edition_of(session, province)
    assert [row["unit"] for row in edition.coverage["returned"]] == ["X00001"]
    assert table_of(edition)["rows"] == []


def test_nothing_received_is_an_edition_of_nothing(
    session: Session, province: ReportingUnit
) -> None:
    """0 of N: blank totals, not zeros."""
    edition = edition_of(session, province)
    assert edition.coverage["received"] == 0
    assert table_of(edition)["total"] == {}


def test_agencies_stand_by_kind_and_then_by_code(session: Session) -> None:
    """The national table begins with ministries and ends with provinces, whatever their codes."""
    centre = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
    kinds = {
        "H26": UnitKind.PROVINCE,
        "NHCSXH": UnitKind.OTHER_LEVEL1,
        "BHXHVN": UnitKind.OTHER_LEVEL1,
        "G19": UnitKind.MINISTERIAL_AGENCY,
        "G21": UnitKind.MINISTRY,
        "G01": UnitKind.MINISTRY,
    }
    for code, kind in kinds.items():
        a_unit(session, code, kind=kind, parent=centre)
    for form in ("II.06g/VPCP/KSTT", "II.06c/VPCP/KSTT"):
        an_open_period(session, form_code=form)
    for code, kind in kinds.items():
        form, section = (
            ("II.06g", "truc_thuoc") if kind is not UnitKind.PROVINCE else ("II.06c", "tinh")
        )
        sent = a_return(code, form=f"{form}/VPCP/KSTT")
        sent["tables"]["a"]["rows"][0]["section"] = section
        assert send(session, sent).verdict == "received", code
    table = table_of(edition_of(session, centre, form="II.9g/VPCP/KSTT"))
    found = [row["key"] for row in table["rows"]]
    assert found == ["G01", "G21", "G19", "BHXHVN", "NHCSXH", "H26"]


def test_a_sum_beyond_fifteen_digits_is_refused(session: Session, province: ReportingUnit) -> None:
    """An overflow is a sentence, and no edition is stored."""
    large = {
        "c4": 6 * 10**14,
        "c5": 0,
        "c6": 0,
        "c8": 6 * 10**14,
        "c9": 0,
        "c10": 0,
        "c12": 0,
        "c13": 0,
    }
    for code in ("X00001", "X00002"):
        send(session, a_return(code, rows={"Đất đai": large}))
    with pytest.raises(Overflow, match="row “Đất đai”, column 3 .* over 15 digits"):
        edition_of(session, province)
    assert session.scalar(select(func.count()).select_from(Edition)) == 0


def test_only_the_unit_itself_or_the_centre_consolidates(
    session: Session, province: ReportingUnit
) -> None:
    """A commune may not consolidate for its province; a leaf form consolidates nothing."""
    with pytest.raises(NotAllowed):
        edition_of(session, province, actor=of_unit("c", province.id + 1))
    with pytest.raises(Conflict):
        edition_of(session, province, form="II.06a/VPCP/KSTT")


def test_the_number_of_statements_does_not_grow_with_the_units(
    session: Session, province: ReportingUnit, engine: Engine
) -> None:
    """One unit or four: the same number of statements."""
    edition_of(session, province)  # The declaration is kept with the first one.
    send(session, a_return("X00001"))
    with counted_statements(engine) as few:
        edition_of(session, province)
    for code in ("X00002", "X00003", "H55.SNV"):
        send(session, a_return(code, rows=dict.fromkeys(FIELDS, GOOD_CELLS)))
    with counted_statements(engine) as many:
        edition_of(session, province)
    assert len(few) == len(many)


def test_an_edition_tells_which_inputs_break_a_rule_across_reports(
    session: Session, province: ReportingUnit
) -> None:
    """9 were carried over where 20 had been left: the figures are in, and the doubt beside them."""
    an_open_period(session, period=Period.parse("2026-Q2"))
    send(session, a_return("X00001", period="2026-Q2"))
    send(session, a_return("X00001"))
    issues = edition_of(session, province).issues
    assert [issue["rule_id"] for issue in issues] == ["a.ky_truoc"]
    assert "X00001" in issues[0]["label"]


SENT = st.lists(
    st.tuples(
        st.sampled_from(["X00001", "X00002", "X00003", "H55.SNV"]),
        st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 999), min_size=1),
    ),
    max_size=6,
)


@settings(max_examples=15)
@given(sent=SENT, chance=st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(
    engine: Engine, sent: list[tuple[str, dict[str, int]]], chance: Any
) -> None:
    """Whatever order the last word of each unit arrives in, the edition has the same bytes."""
    last = dict(sent)
    orders = [list(last.items()), list(last.items())]
    chance.shuffle(orders[1])
    digests = set()
    for order in orders:
        with engine.connect() as connection:
            outer = connection.begin()
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                unit = a_province(session)
                for code in ("X00001", "X00002", "X00003"):
                    a_unit(session, code, parent=unit)
                a_unit(session, "H55.SNV", kind=UnitKind.DEPARTMENT, parent=unit)
                an_open_period(session)
                for code, rows in order:
                    send(session, a_return(code, rows={k: cells(n) for k, n in rows.items()}))
                edition = edition_of(session, unit)
                total = sum(sum(rows.values()) for rows in last.values()) * GOOD_CELLS["c4"]
                assert table_of(edition)["total"].get("c4", "0") == str(total)
                digests.add(edition.sha256)
            outer.rollback()
    assert len(digests) == 1


def test_a_period_that_was_not_opened_is_consolidated_by_nobody(
    session: Session, province: ReportingUnit
) -> None:
    """There is no edition of what nobody was asked for, and the sentence says so."""
    with pytest.raises(Conflict, match="2026-Q2 of form II.06a/VPCP/KSTT was not opened"):
        edition_of(session, province, period="2026-Q2")
    assert session.scalar(select(func.count()).select_from(Edition)) == 0
