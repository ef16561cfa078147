"""Pages that show many at once: the desk of a unit, its subordinates, the board, the regimes."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest
from sqlalchemy import Engine, update

from forms.period import Period
from reporting.app import create_app
from reporting.models import ReportingObligation, Stand
from reporting.services.actors import of_unit
from reporting.services.board import board_periods
from reporting.services.regimes import make_regime
from reporting.services.signing import ServerKey
from reporting.settings import Environment, Settings
from reporting.web.csv_files import csv_file
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    LEAF_FORM,
    SYSTEM,
    a_return,
    an_open_period,
    shipped_forms,
)
from tests.reporting.doors import Doors
from tests.reporting.services.receiving import counted_statements
from tests.reporting.services.test_assigning import STORM


def test_the_desk_of_a_unit_says_what_comes_next(doors: Doors) -> None:
    """To send; and what regimes and calendar will ask for, with its days."""
    page = doors.http.get("/?unit=X01840").text
    assert "còn 9 ngày" in page
    coming = page[page.index("Sắp tới") :]
    assert "01/TCD" in coming
    assert LEAF_FORM in coming
    assert "15/12/2025 – 14/12/2026" in coming


def test_a_province_sees_what_is_owed_to_it(doors: Doors) -> None:
    """Counted by state on its desk; listed state by state, with the way to each unit."""
    doors.send(a_return("X01840", rows={"Đất đai": GOOD_CELLS}))
    desk = doors.http.get("/?unit=H55").text
    assert "/subordinates?unit=H55&amp;state=due" in desk
    done = doors.http.get("/subordinates?unit=H55&state=done").text
    assert "X01840" in done
    assert "X01843" not in done
    due = doors.http.get("/subordinates?unit=H55&state=due").text
    assert "X01840" not in due
    assert "X01843" in due
    assert doors.http.get("/subordinates?unit=nobody").status_code == 404


def test_a_province_sees_what_comes_for_its_communes(doors: Doors) -> None:
    """How many of them will be asked for what."""
    below = doors.http.get("/?unit=H55").text.split('id="below-title"')[1]
    assert '<td class="figure" data-label="Số đơn vị">2</td>' in below


def test_the_periods_open_on_the_one_that_is_collected(doors: Doors) -> None:
    """A period that was opened early does not hide the one that runs."""
    with doors.sessions.begin() as session:
        an_open_period(session, form_code="01/TCD", period=Period.parse("2026-Q4"))
    page = doors.http.get("/periods").text
    assert '<option value="2026-Q3" selected>' in page
    assert '<option value="2026-Q4">' in page
    assert '<option value="2026-Q4" selected>' in doors.http.get("/periods?period=2026-Q4").text


def test_the_board_comes_in_pages(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line once; the total on every page is that of the whole, and so is the file."""
    monkeypatch.setattr("reporting.web.board.PAGE_SIZE", 1)
    path, seen = "/board?period=2026-Q3&by=unit", []
    while path:
        page = doors.http.get(path).text
        seen += re.findall(r"\((X\w+)\)</small>", page)
        assert '<td class="figure" data-label="Phải gửi">2</td>' in page.split("<tfoot>")[1]
        link = re.search(r'href="(/board\?[^"]*after_form[^"]*)"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    assert seen == ["X01840", "X01843"]
    file = doors.http.get("/board.csv?period=2026-Q3&by=unit").data.decode("utf-8-sig")
    assert [row[2] for row in csv.reader(StringIO(file))][1:] == seen
    assert doors.http.get("/board?after_form=%00&after_unit=%00").status_code == 200
    assert doors.http.get(f"/board?after_form={LEAF_FORM}&after_unit=%00").status_code == 200


def test_the_board_reads_its_periods_from_the_index(doors: Doors, engine: Engine) -> None:
    """Newest first, only those that one may see, and no obligation but one of each is read."""
    with doors.sessions.begin() as session:
        for period in ("2026-Q1", "2025"):
            an_open_period(session, period=Period.parse(period), units=[doors.commune])
        an_open_period(session, period=Period.parse("2026-Q2"), units=[doors.neighbour])
        own = of_unit("x", doors.commune.id)
        with counted_statements(engine) as statements:
            mine = list(board_periods(session, actor=own))
        assert list(board_periods(session, actor=SYSTEM)) == [
            "2026-Q3",
            "2026-Q2",
            "2026-Q1",
            "2025",
        ]
    assert mine == ["2026-Q3", "2026-Q1", "2025"]
    assert len(statements) == 1
    assert "GROUP BY" not in statements[0]


@pytest.mark.parametrize("by", ["form", "receiver"])
def test_the_board_is_counted_once_for_a_page(doors: Doors, engine: Engine, by: str) -> None:
    """The total is the sum of the lines; their pages are cut from what was read."""
    with counted_statements(engine) as statements:
        assert doors.http.get(f"/board?period=2026-Q3&by={by}").status_code == 200
    assert sum("GROUP BY" in statement for statement in statements) == 1


@pytest.mark.parametrize("stand", list(Stand))
def test_every_stand_has_its_word(doors: Doors, stand: Stand) -> None:
    """A unit that was let off is listed like any other, form by form and on its desk."""
    with doors.sessions.begin() as session:
        session.execute(
            update(ReportingObligation)
            .where(ReportingObligation.unit_id == doors.commune.id)
            .values(stand=stand)
        )
    for path in ("/?unit=X01840", f"/periods?period=2026-Q3&form={LEAF_FORM}", "/?unit=H55",
                 "/subordinates?unit=H55"):  # fmt: skip
        assert doors.http.get(path).status_code == 200


def test_the_board_shows_rates_and_totals(doors: Doors) -> None:
    """One of two communes is in: a half, with the comma that Vietnamese has."""
    doors.send(a_return("X01840", rows={"Đất đai": GOOD_CELLS}))
    page = doors.http.get(f"/board?period=2026-Q3&by=receiver&form={LEAF_FORM}").text
    assert "50,0 %" in page
    assert 'value="50.0"' in page
    file = doors.http.get("/board.csv?period=2026-Q3").data.decode("utf-8-sig")
    line = next(row for row in csv.reader(StringIO(file)) if row[1] == LEAF_FORM)
    assert line[4:] == ["2", "1", "1", "0", "1", "0", "0", "50.0", "50.0"]
    lines = doors.get("/audit?act=board.downloaded", "centre").get_json()["items"]
    assert [one["subject"] for one in lines] == ["board/2026-Q3"]
    assert lines[0]["details"]["name"] == "tiep-nhan_2026-Q3.csv"


@pytest.mark.parametrize("asked", ["", "?period=x&by=y&form=z", "?period=2026-Q3&by=unit"])
def test_the_board_answers_whatever_is_asked(doors: Doors, asked: str) -> None:
    """What it does not know it leaves at its beginning: the period that is due next to now."""
    answer = doors.http.get(f"/board{asked}")
    assert answer.status_code == 200
    assert "Quý III năm 2026" in answer.text


def test_the_list_of_regimes_is_open_to_all_and_tells_no_secret(doors: Doors) -> None:
    """Also on a server, where pages are shut; a secret regime is not on it."""
    secret = STORM.replace("Báo cáo nhanh", "Báo cáo mật").replace("CV-BAO", "CV-MAT")
    secret += "secret: true\n"
    with doors.sessions.begin() as session:
        for text in (STORM, secret):
            make_regime(
                session, actor=SYSTEM, content=text.encode(), catalogue=shipped_forms(), now=IN_Q3
            )
    settings = Settings.from_env(
        {
            "REPORTING_ENVIRONMENT": "production",
            "REPORTING_SECRET_KEY": "x" * 40,
            "REPORTING_SIGNING_KEY": ServerKey.new().private_pem().decode(),
        }
    )
    assert settings.environment is Environment.PRODUCTION
    engine = doors.app.extensions["reporting"].engine
    app = create_app(settings, engine=engine, sessions=doors.sessions)
    browser = app.test_client()
    page, file = browser.get("/regimes").text, browser.get("/regimes.csv").text
    for text in (page, file):
        assert "Kiểm soát thủ tục hành chính" in text
        assert "Báo cáo nhanh" in text
        assert "Báo cáo mật" not in text
    assert "ngày 19 tháng cuối kỳ" in page
    assert "Thông tư 01/2020/TT-VPCP, Điều 10; số 01/2020/TT-VPCP" in page
    assert browser.get("/board").headers["Location"] == "/sign-in?next=/board"
    seen = {
        who: "CV-MAT" in {one["code"] for one in doors.get("/regimes", who).get_json()["items"]}
        for who in ("commune", "centre")
    }
    assert seen == {"commune": False, "centre": True}


def test_a_cell_of_a_file_is_no_formula() -> None:
    """A spreadsheet that opens the file runs nothing that someone put into a name."""
    file = csv_file(["a"], [["=HYPERLINK(1)"], ["@x"], [" =1"], ["＝1"], [-5]])
    text = file.decode("utf-8-sig")
    assert text.split("\r\n") == ["a", "'=HYPERLINK(1)", "'@x", "' =1", "'＝1", "-5", ""]
