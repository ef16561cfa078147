"""Series from what is kept: newest editions or own reports, by rights, in few statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.period import Period
from forms.returns import State
from forms.series_lines import Block, Look, headings, lines_of, rows_named
from reporting.errors import NotFound
from reporting.models import ReportingUnit, UnitKind
from reporting.services.actors import Actor, of_unit
from reporting.services.consolidation import consolidate
from reporting.services.series_workbooks import series_workbook
from reporting.services.time_views import Of, TimeView, Wanted, view_series
from tests.builders import (
    GOOD_CELLS,
    LEAF_FORM,
    SYSTEM,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.countries import RETURN, settle
from tests.reporting.services.receiving import counted_statements, send

AFTER = datetime(2026, 12, 16, 3, 0, tzinfo=UTC)
PROVINCE_FORM = "II.06c/VPCP/KSTT"
QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3")


class Place(NamedTuple):
    """A province with a commune, and another one."""

    province: ReportingUnit
    commune: ReportingUnit
    stranger: ReportingUnit


@pytest.fixture
def place(session: Session) -> Place:
    """Nothing is sent yet."""
    province = a_unit(session, "H55", kind=UnitKind.PROVINCE, name="Tỉnh H55")
    other = a_unit(session, "H20", kind=UnitKind.PROVINCE)
    return Place(province, a_unit(session, "X1", parent=province), other)


def report(
    session: Session, unit: ReportingUnit, period: str, cells: Mapping[str, int], **more: Any
) -> None:
    """Open a period for a unit and send its II.06a."""
    an_open_period(session, period=Period.parse(period), units=[unit])
    rows = {"Đất đai": {**GOOD_CELLS, **cells}}
    receipt = send(session, a_return(unit.code, period=period, rows=rows), at=AFTER, **more)
    assert receipt.submission_id is not None, receipt


def edition(session: Session, unit: ReportingUnit, period: str, *, hours: int = 0) -> int:
    """Consolidate II.06c of a province; the number of the edition."""
    made = consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest(PROVINCE_FORM),
        period=Period.parse(period),
        unit=unit,
        catalogue=shipped_forms(),
        clock=lambda: AFTER + timedelta(hours=hours),
    )
    return made.edition.number


def view(
    session: Session,
    *periods: str,
    form: str = LEAF_FORM,
    unit: str = "X1",
    actor: Actor = SYSTEM,
    catalogue: Catalogue | None = None,
    **more: Any,
) -> TimeView:
    """What somebody sees."""
    wanted = Wanted(form, unit, periods or QUARTERS, **more)
    return view_series(session, actor=actor, wanted=wanted, catalogue=catalogue or shipped_forms())


def figures(found: TimeView, column: str, block: Block = Block.FIGURES) -> list[Any]:
    """The total of a column under one block: figures as numbers, other cells by their look."""
    across = headings(found.series)
    rows = rows_named(found.series, "a", "total")
    line = next(line for line in lines_of(found.series, "a", rows) if line.column.id == column)
    return [
        cell.look if cell.value is None else cell.value
        for heading, cell in zip(across, line.cells, strict=True)
        if heading.block is block
    ]


def test_the_own_reports_of_a_leaf(session: Session, place: Place) -> None:
    """Quarters side by side and to date; what is asked for alone reads those before it too."""
    for number, period in enumerate(QUARTERS, 1):
        report(session, place.commune, period, {"c4": 120 + number})
    found = view(session)
    assert found.of is Of.REPORTS
    assert figures(found, "c4") == [121, 122, 123, 366]
    assert figures(found, "c6") == [9, 9, 9, 9]
    alone = view(session, "2026-Q3")
    assert figures(alone, "c4") == [123, 366]


def test_the_newest_editions_of_a_province(session: Session, place: Place) -> None:
    """An edition that was made again takes the place of the one before."""
    for period in ("2026-Q2", "2026-Q3"):
        report(session, place.commune, period, {"c4": 130})
        edition(session, place.province, period)
    rows = {"Đất đai": {**GOOD_CELLS, "c4": 150}}
    send(session, a_return("X1", period="2026-Q3", rows=rows), at=AFTER)
    assert edition(session, place.province, "2026-Q3", hours=1) == 2
    found = view(session, form=PROVINCE_FORM, unit="H55")
    assert (found.of, found.unit_name) == (Of.EDITIONS, "Tỉnh H55")
    assert figures(found, "c4") == [Look.MISSING, 130, 150, 280]
    assert found.kept["2026-Q3"].number == 2
    assert (found.kept["2026-Q3"].received, found.kept["2026-Q3"].expected) == (1, 1)
    assert [period.code for period in found.series.missing] == ["2026-Q1"]


def test_growth_against_the_year_before(session: Session, place: Place) -> None:
    """By how much and by how many percent; no percentage where the year before has nothing."""
    report(session, place.commune, "2025-Q3", {"c4": 96})
    report(session, place.commune, "2026-Q3", {"c4": 120})
    found = view(session, "2026-Q2", "2026-Q3")
    assert figures(found, "c4", Block.LAST_YEAR) == [Look.MISSING, 96, 96]
    assert figures(found, "c4", Block.CHANGE) == [Look.NONE, 24, 24]
    assert figures(found, "c4", Block.PERCENT) == [Look.NONE, Decimal("25.00"), Decimal("25.00")]
    assert {heading.block for heading in headings(view(session, compare=False).series)} == {
        Block.FIGURES
    }


def test_a_year_below_its_quarters_is_told(session: Session, place: Place) -> None:
    """The Year is a report of its own; what is less than its three quarters is a warning."""
    for period in QUARTERS:
        report(session, place.commune, period, {})
    report(session, place.commune, "2026", {"c4": 359, "c8": 900})
    found = view(session, "2026")
    assert {issue.cell.rpartition("/")[2] for issue in found.issues} >= {"c4"}
    assert {issue.code for issue in found.issues} == {"year_below_parts"}
    (check,) = found.series.checks
    told = {line.column.id: line for line in check.differences if line.row.path == "total"}
    assert (told["c4"].year, told["c4"].parts) == (359, 360)
    assert told["c8"].issue is None


def test_two_versions_on_one_canvas(session: Session, place: Place) -> None:
    """A column that came with version 2 is not asked in the quarter of version 1."""
    known = shipped_forms()
    form = known.latest(LEAF_FORM)
    (table,) = form.tables
    more = replace(table.by_id["c4"], id="c14", number="14", path=("Toàn trình",))
    second = replace(
        form,
        version=2,
        tables=(replace(table, columns=(*table.columns, more)),),
        validity=replace(form.validity, valid_from=Period.parse("2026-Q3").window().first),
    )
    newer = replace(known, forms=(*known.forms, second))
    report(session, place.commune, "2026-Q2", {})
    an_open_period(session, period=Period.parse("2026-Q3"), units=[place.commune], catalogue=newer)
    rows = {"Đất đai": {**GOOD_CELLS, "c14": 50}}
    assert send(session, a_return("X1", rows=rows), at=AFTER, catalogue=newer).submission_id
    found = view(session, "2026-Q2", "2026-Q3", catalogue=newer)
    assert figures(found, "c14") == [Look.NOT_ASKED, 50, 50]
    assert found.series.to_date is not None
    states = found.series.canvas.tables["a"].layers["2026-Q2"].states
    assert set(states[:, -1].tolist()) == {State.NOT_ASKED}
    assert found.form.version == 2
    book = load_workbook(BytesIO(series_workbook(found).content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    unasked = [cell for cell in cells if cell.value == "không hỏi"]
    assert unasked
    assert {cell.fill.fill_type for cell in unasked} == {"lightUp"}


def test_nobody_sees_what_is_anothers(session: Session, place: Place) -> None:
    """The rights are asked in the query: to a stranger there is nothing at all."""
    report(session, place.commune, "2026-Q3", {})
    edition(session, place.province, "2026-Q3")
    for who in (place.province, place.commune):
        assert view(session, actor=of_unit("x", who.id)).unit_code == "X1"
    stranger = of_unit("x", place.stranger.id)
    for form, unit in ((LEAF_FORM, "X1"), (PROVINCE_FORM, "H55")):
        with pytest.raises(NotFound) as refused:
            view(session, form=form, unit=unit, actor=stranger)
        assert "Tỉnh" not in refused.value.vi
    with pytest.raises(NotFound):
        view(session, form=PROVINCE_FORM, unit="H55", actor=of_unit("x", place.commune.id))


def test_a_returned_report_is_not_shown(session: Session, place: Place) -> None:
    """Nor is a report shown where editions are asked for."""
    report(session, place.commune, "2026-Q3", {})
    with pytest.raises(NotFound):
        view(session, of=Of.EDITIONS.value)
    found = view(session, of=Of.REPORTS.value)
    settle(session, RETURN, found.kept["2026-Q3"].id, at=AFTER)
    with pytest.raises(NotFound):
        view(session)


@pytest.mark.parametrize("periods", [("2026-Q4",), ("hôm qua",), ("2026-Q1",) * 25])
def test_periods_that_there_are_not(
    session: Session, place: Place, periods: tuple[str, ...]
) -> None:
    """TT01 has no Q4; each is refused with the periods that there are."""
    report(session, place.commune, "2026-Q3", {})
    with pytest.raises(NotFound) as refused:
        view(session, *periods)
    assert "Q" in refused.value.vi


def test_a_series_is_read_in_few_statements(session: Session, engine: Engine, place: Place) -> None:
    """As many for one quarter as for two years of them."""
    for period in ("2025-Q1", "2025-Q2", "2025-Q3", "2025", *QUARTERS):
        report(session, place.commune, period, {})
        edition(session, place.province, period)
    counts = set()
    for periods in (("2026-Q1",), ("2025", "2025-Q3", *QUARTERS)):
        session.expire_all()
        with counted_statements(engine) as statements:
            view(session, *periods, form=PROVINCE_FORM, unit="H55")
        counts.add(len(statements))
    assert counts == {4}


def test_the_workbook_is_the_same_each_time(session: Session, place: Place) -> None:
    """As long as the same reports hold; it has the figures, the year, and where they come from."""
    for period in ("2025-Q3", *QUARTERS, "2026"):
        report(session, place.commune, period, {})
    asked = (*QUARTERS, "2026")
    first, again = (series_workbook(view(session, *asked)) for _ in range(2))
    assert first == again
    assert first.name == "II.06a-VPCP-KSTT_X1_2026-Q1_2026_chuoi.xlsx"
    book = load_workbook(BytesIO(first.content))
    assert book.sheetnames == ["Chuỗi số liệu", "Năm và các kỳ", "Nguồn"]
    values = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
    assert 360 in values  # c4 of three quarters
    assert "chưa có" in values  # 2025-Q1
    assert "Báo cáo của đơn vị, bản số 1" in [row[2].value for row in book["Nguồn"].iter_rows()]
