"""Series at every door: the page with its picture, the answer to a program, the console."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from forms.period import Period
from reporting.cli import main
from reporting.db import make_engine, make_session_factory, migrate
from tests.builders import GOOD_CELLS, LEAF_FORM, a_return, an_open_period
from tests.reporting.doors import Doors
from tests.reporting.services.countries import a_country, edition_of, report

ASKED = f"form={LEAF_FORM}&unit=X01840&periods=2026-Q2,2026-Q3"


@pytest.fixture
def sent(doors: Doors) -> Doors:
    """Quarters of a commune; c4 is 120 in the second, 150 in the third, 100 the year before."""
    with doors.sessions.begin() as session:
        for period in ("2025-Q3", "2026-Q2"):
            an_open_period(session, period=Period.parse(period), units=[doors.commune])
    for period, online in (("2025-Q3", 100), ("2026-Q2", 120), ("2026-Q3", 150)):
        rows = {"Đất đai": {**GOOD_CELLS, "c4": online, "c8": online - 19}}
        assert doors.send(a_return("X01840", period=period, rows=rows)).status_code == 201
    return doors


def test_the_page_shows_the_total_over_the_periods(sent: Doors) -> None:
    """Figures as Vietnam writes them, what is missing by name, and a bar for each period."""
    page = sent.http.get(f"/series?{ASKED}&column=c4").text
    assert "CHƯA CÓ: Quý I năm 2026" in page
    assert '<td class="figure sum">270<small>năm trước 100</small></td>' in page
    assert "150<small>năm trước 100</small><small>+50 (+50,00 %)</small>" in page
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert ">150</text>" in picture
    assert picture.count("<rect") == 4  # one of them without height: 2025-Q2 is not there
    assert "chưa có" in picture
    assert "style=" not in page
    row = sent.http.get(f"/series?{ASKED}&row=dat_dai").text
    assert '<option value="dat_dai" selected>Đất đai</option>' in row
    assert sent.http.get(f"/series?{ASKED}&compare=none").text.count("<rect") == 2
    before = f"/series?form={LEAF_FORM}&unit=X01840&periods=2025-Q3"
    assert "Chưa có số liệu cùng kỳ năm trước" in sent.http.get(before).text


def test_the_page_of_editions_leads_there(sent: Doors) -> None:
    """With the quarters of the year up to that of the edition."""
    asked = {"form": "II.06c/VPCP/KSTT", "period": "2026-Q3", "unit": "H55"}
    assert sent.send(asked, "centre", to="/consolidations").status_code == 201
    page = sent.http.get("/editions").text
    link = re.search(r'href="(/series[^"]*)"', page)
    assert link is not None
    shown = sent.http.get(link[1].replace("&amp;", "&")).text
    assert "Bản tổng hợp số 1" in shown
    assert 'value="2026-Q1,2026-Q2,2026-Q3"' in shown


@pytest.mark.parametrize(
    "asked",
    ["form=x&unit=X01840&periods=2026-Q3", f"form={LEAF_FORM}&unit=y&periods=2026-Q3",
     f"form={LEAF_FORM}&unit=X01840&periods=2026-Q4", f"form={LEAF_FORM}&unit=X01840&periods=%00,"],
)  # fmt: skip
def test_what_cannot_be_shown_is_said_and_nothing_is_lost(sent: Doors, asked: str) -> None:
    """The words stay in the fields."""
    answer = sent.http.get(f"/series?{asked}")
    assert answer.status_code == 404
    assert re.search(r'name="unit" type="text" value="(X01840|y)"', answer.text)
    assert sent.http.get("/series").status_code == 200


def test_the_workbook_is_handed_out_at_both_doors(sent: Doors) -> None:
    """The same file, and it is on the audit."""
    page = sent.http.get(f"/series/workbook?{ASKED}")
    program = sent.get(f"/series/workbook?{ASKED}")
    assert page.data == program.data
    assert load_workbook(BytesIO(page.data)).sheetnames[0] == "Chuỗi số liệu"
    lines = sent.get("/audit?act=series.downloaded", "centre").get_json()["items"]
    assert [line["subject"] for line in lines] == [f"series/{LEAF_FORM}/X01840"] * 2


def test_a_program_gets_figures_as_texts(sent: Doors) -> None:
    """Each cell says what it is; the headings say which."""
    answer = sent.get(f"/series?{ASKED}&row=total").get_json()
    assert [one["number"] for one in answer["periods"]] == [1, 1]
    assert answer["year_to_date"] == {
        "until": "2026-Q3", "periods": ["2026-Q2", "2026-Q3"], "missing": ["2026-Q1"],
    }  # fmt: skip
    lines = {line["column"]: line for line in answer["tables"][0]["lines"]}
    assert lines["c4"]["over_time"] == "flow"
    assert [cell["value"] for cell in lines["c4"]["cells"]][:3] == ["120", "150", "270"]
    assert answer["headings"][2] == {"block": "figures", "period": "2026-Q3", "to_date": True}
    assert sent.get(f"/series?{ASKED}&compare=yesterday").status_code == 422
    assert sent.get("/series?form=x&unit=y&periods=2026-Q3").status_code == 404
    assert sent.get(f"/series?{ASKED}", "neighbour").status_code == 404


def test_the_console_prints_or_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`reporting series` prints the total, or another row, or writes the workbook."""
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    monkeypatch.setenv("REPORTING_DATABASE_URL", url)
    engine = make_engine(url)
    migrate(engine)
    with make_session_factory(engine).begin() as session:
        country = a_country(session)
        report(session, "X05501", 2)
        edition_of(session, country.provinces["H55"])
    engine.dispose()
    asked = ["series", "II.06c-VPCP-KSTT", "H55", "2026-Q2", "2026-Q3"]
    run = CliRunner().invoke
    printed = run(main, asked)
    assert printed.exit_code == 0, printed.output
    assert "without 2026-Q1, 2026-Q2" in printed.output
    assert re.search(r"c4 .*flow .*missing .*240 .*240", printed.output)
    assert "no row nowhere" in run(main, [*asked, "--row", "nowhere"]).output
    file = tmp_path / "chuoi.xlsx"
    assert run(main, [*asked, "--out", str(file), "--no-compare"]).exit_code == 0
    assert load_workbook(file).sheetnames == ["Chuỗi số liệu", "Nguồn"]
    refused = run(main, ["series", "II.06c-VPCP-KSTT", "H55", "2026-Q4"])
    assert refused.exit_code == 1
    assert "không có kỳ 2026-Q4" in refused.output
