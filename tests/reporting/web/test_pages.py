"""The pages as a clerk walks through them: choose, download, check, send, receipt."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from forms.period import CALENDAR
from forms.regime import DueDay
from reporting.app import create_app
from reporting.models import RefusedAttempt
from reporting.services.regimes import make_regime
from reporting.settings import Environment, Settings
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    LEAF_FORM,
    SYSTEM,
    ZONE,
    a_return,
    a_unit,
    shipped_forms,
)
from tests.reporting.doors import Doors
from tests.reporting.filling import fill_template
from tests.reporting.services.test_assigning import STORM

RETURN = f"unit=X01840&form={LEAF_FORM}&period=2026-Q3"


def post(browser: FlaskClient, action: str, content: bytes, *, of: str = RETURN) -> TestResponse:
    """Drop a file on the page of a return and press one of its buttons."""
    page = browser.get(f"/return?{of}").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    data: dict[str, Any] = {"csrf_token": token[1], "file": (BytesIO(content), "bản nháp.xlsx")}
    return browser.post(f"/return/{action}?{of}", data=data)


def template(browser: FlaskClient, rows: Any = None) -> bytes:
    """The template as downloaded from the page, filled in."""
    answer = browser.get(f"/template?{RETURN}")
    assert answer.status_code == 200
    return fill_template(answer.data, rows)


def test_a_clerk_finds_what_her_unit_owes(doors: Doors) -> None:
    """Units are grouped by kind; the chosen one's reports are listed with their due instants."""
    page = doors.http.get("/?unit=X01840").text
    assert '<optgroup label="Xã, phường, đặc khu">' in page
    assert page.count(LEAF_FORM) >= 1
    assert "23:59, 19/09/2026" in page
    assert "Cần gửi" in page


def test_what_is_overdue_is_marked(doors: Doors) -> None:
    """After the due instant the list and the page of the return both say so."""
    doors.clock.now = doors.clock.now.replace(day=25)
    assert "Quá hạn" in doors.http.get("/?unit=X01840").text
    assert "gửi muộn" in doors.http.get(f"/return?{RETURN}").text


def test_a_unit_is_searched_for_where_there_are_many(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With thousands of units the page asks for a word of the name, however it is spelt."""
    monkeypatch.setattr("reporting.web.desk.MOST_UNITS_LISTED", 2)
    page = doors.http.get("/?q=đức XUÂN").text
    assert 'type="search"' in page
    assert "?unit=X01840" in page
    assert "X01843" not in page


def test_a_good_file_is_checked_and_then_sent(doors: Doors) -> None:
    """The check keeps nothing; sending leads to a receipt that says it all."""
    browser = doors.http
    file = template(browser)
    checked = post(browser, "check", file)
    assert checked.status_code == 200
    assert "Số liệu đạt" in checked.text
    sent = post(browser, "send", file)
    assert sent.status_code == 303
    receipt = browser.get(sent.headers["Location"]).text
    for said in ("Phường Đức Xuân", LEAF_FORM, "Quý III năm 2026", "10:00:00, 10/09/2026",
                 "Đúng hạn", "SHA-256", "bản nháp.xlsx"):  # fmt: skip
        assert said in receipt
    again = post(browser, "send", file)
    assert again.headers["Location"] == f"{sent.headers['Location']}?again=1"
    assert "đã được nhận trước đây" in browser.get(again.headers["Location"]).text


def test_the_sent_file_is_there_to_be_saved(doors: Doors) -> None:
    """From the receipt a clerk gets back exactly what she sent."""
    browser = doors.http
    file = template(browser)
    place = post(browser, "send", file).headers["Location"]
    answer = browser.get(f"{place}/file")
    assert answer.data == file
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_a_wrong_file_is_explained_cell_by_cell(doors: Doors) -> None:
    """Each wrong cell is a line: where it is, what stands there, what was expected."""
    browser = doors.http
    file = template(browser, {"Đất đai": {**GOOD_CELLS, "c3": 7, "c8": "nhiều"}})
    for action, said in (("check", "Chưa đạt"), ("send", "Chưa nhận")):
        answer = post(browser, action, file)
        assert answer.status_code == 422
        assert said in answer.text
        assert "II.06a!H12" in answer.text
        assert "“nhiều”" in answer.text
        assert "<caption>Lỗi phải sửa" in answer.text


def test_a_file_for_another_unit_is_not_sent(doors: Doors) -> None:
    """A file that belongs to another report is pointed out by either button, and not sent."""
    browser = doors.http
    file = template(browser)
    for other in (("X01840", "X01843"), ("2026-Q3", "2026-Q2")):
        checked = post(browser, "check", file, of=RETURN.replace(*other))
        assert checked.status_code == 422
        assert "báo cáo khác" in checked.text
        assert "gửi được" not in checked.text
    answer = post(browser, "send", file, of=RETURN.replace("X01840", "X01843"))
    assert answer.status_code == 422
    assert "báo cáo khác" in answer.text
    assert doors.get("/submissions", "centre").get_json()["items"] == []
    with doors.sessions() as session:
        kept = session.scalars(select(RefusedAttempt)).one()
    assert (kept.unit_code, [issue["code"] for issue in kept.issues]) == (
        "X01840",
        ["other_return"],
    )


def test_a_right_file_before_its_time_is_not_called_ready(doors: Doors) -> None:
    """Before the period opens the figures are told to be right, and that sending must wait."""
    browser = doors.http
    file = template(browser)
    doors.clock.now = datetime(2026, 6, 1, tzinfo=UTC)
    page = post(browser, "check", file).text
    assert "Số liệu đạt, nhưng lúc này chưa gửi được" in page
    assert "Tệp này gửi được" not in page
    assert "chưa mở nhận báo cáo" in page


def test_what_a_sender_wrote_is_shown_as_text(doors: Doors) -> None:
    """Markup in a cell is shown, not run."""
    browser = doors.http
    file = template(browser, {"<script>alert(1)</script>": {**GOOD_CELLS, "c8": "<b>x</b>"}})
    page = post(browser, "check", file).text
    assert "<script>" not in page
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page


def test_something_that_is_no_workbook_is_refused_in_words(doors: Doors) -> None:
    """A PDF dropped by mistake is named for what it is."""
    answer = post(doors.http, "check", b"%PDF-1.7 ...")
    assert answer.status_code == 422
    assert "PDF" in answer.text


def test_a_post_from_another_site_is_refused(doors: Doors) -> None:
    """Without the token of our own page nothing is sent, and the answer is a page."""
    data = {"file": (BytesIO(b"x"), "a.xlsx")}
    answer = doors.http.post(f"/return/send?{RETURN}", data=data)
    assert answer.status_code == 400
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    "path",
    ["/?unit=X99999", "/return?unit=X01840&form=XX&period=2026-Q3", "/receipts/999999",
     "/return?unit=X01840&form=II.06a/VPCP/KSTT&period=2026-13", "/editions/999999/workbook",
     "/template", "/nowhere", "/receipts/99999999999999999999", "/return?unit=%00"],
)  # fmt: skip
def test_an_address_of_nothing_is_a_page_in_words(doors: Doors, path: str) -> None:
    """Whoever follows an old link reads a sentence in both languages."""
    answer = doors.http.get(path)
    assert answer.status_code == 404
    assert 'lang="en"' in answer.text
    assert "Về trang đầu" in answer.text


def test_the_overview_names_who_is_missing(doors: Doors) -> None:
    """For a form and a period each unit is listed, the missing ones first."""
    doors.send(a_return("X01843"), "neighbour")
    page = doors.http.get(f"/periods?period=2026-Q3&form={LEAF_FORM}").text
    assert page.index("Phường Đức Xuân") < page.index("Phường Bắc Kạn")
    assert "Còn thiếu" in page


def test_editions_are_listed_with_their_workbooks(doors: Doors) -> None:
    """An edition is listed with its coverage, and its workbook is one click away."""
    assert "Chưa có bản tổng hợp" in doors.http.get("/editions").text
    doors.send(a_return("X01840"))
    asked = {"form": "II.06c/VPCP/KSTT", "period": "2026-Q3", "unit": "H55"}
    number = doors.send(asked, "centre", to="/consolidations").get_json()["id"]
    page = doors.http.get("/editions").text
    assert "1 / 2" in page
    assert f"/editions/{number}/workbook" in page
    answer = doors.http.get(f"/editions/{number}/workbook")
    assert answer.data == doors.get(f"/consolidations/{number}/workbook", "centre").data


def test_pages_can_be_read_aloud(doors: Doors) -> None:
    """Each page has its language, one first heading, labelled fields, and headed tables."""
    with doors.sessions.begin() as session:
        a_unit(session, "X00009")
    for path in ("/?unit=X01840", f"/return?{RETURN}", f"/periods?form={LEAF_FORM}", "/editions"):
        page = doors.http.get(path).text
        assert '<html lang="vi">' in page
        assert page.count("<h1") == 1
        fields = re.findall(r'<(?:select|input)(?![^>]*type="hidden")[^>]* id="(\w+)"', page)
        assert all(f'<label for="{name}"' in page for name in fields)
        assert len(re.findall(r"<th[ >]", page)) == len(re.findall(r'<th [^>]*scope="', page))
        assert "<script" not in page
        assert " style=" not in page


def test_pages_are_shut_in_production(engine: Engine) -> None:
    """Nobody reads a page of a server without having signed in; the API has its own tokens."""
    settings = Settings(environment=Environment.PRODUCTION, secret_key="k" * 40)
    app = create_app(settings, engine=engine, catalogue=shipped_forms())
    client = app.test_client()
    for path in ("/", "/editions", "/periods", f"/template?{RETURN}"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in")
    assert client.get("/api/v1/forms").status_code == 401
    assert client.get("/health/live").status_code == 200


def test_an_occasion_goes_the_whole_way(doors: Doors) -> None:
    """Asked for at run time on a day's name: assigned, filled in, received, summed, printed."""
    with doors.sessions.begin() as session:
        make_regime(
            session, actor=SYSTEM, content=STORM.encode(), catalogue=shipped_forms(), now=IN_Q3
        )
    lines = [{"form": LEAF_FORM, "unit": "X01840", "period": "2026-10-05"}]
    assert doors.send(lines, "centre", to="/assignments").status_code == 201
    doors.clock.now = datetime(2026, 10, 6, 9, tzinfo=ZONE)
    browser, of = doors.http, f"unit=X01840&form={LEAF_FORM}&period=2026-10-05"
    blank = browser.get(f"/template?{of}")
    assert blank.status_code == 200
    assert "từ ngày 1/10/2026 đến ngày 5/10/2026" in _heading(blank.data)
    sent = post(browser, "send", fill_template(blank.data, {"Đất đai": GOOD_CELLS}), of=of)
    assert sent.status_code == 303, sent.text
    asked = {"form": "II.06c/VPCP/KSTT", "period": "2026-10-05", "unit": "H55"}
    made = doors.send(asked, "province", to="/consolidations")
    assert (made.status_code, made.get_json()["coverage"]["received"]) == (201, 1)
    book = doors.get(f"/consolidations/{made.get_json()['id']}/workbook", "province")
    assert "từ ngày 1/10/2026 đến ngày 5/10/2026" in _heading(book.data)
    asked["period"] = "2026-10-06"
    assert doors.send(asked, "province", to="/consolidations").status_code == 404


def test_a_regime_that_is_edited_leaves_open_periods_as_they_are(doors: Doors) -> None:
    """Window and due instant of what is open stay; a period opened afterwards has the new ones."""
    known = shipped_forms()
    regime = known.regime("TT01-II")
    edited = replace(regime, window=CALENDAR, due=dict.fromkeys(regime.due, DueDay(28)))
    parts = doors.app.extensions["reporting"]
    catalogue = replace(known, regimes={**known.regimes, "TT01-II": edited})
    doors.app.extensions["reporting"] = replace(parts, catalogue=catalogue)
    page = doors.http.get("/?unit=X01840").text
    assert "23:59, 19/09/2026" in page
    blank = doors.http.get(f"/template?{RETURN}")
    assert "từ ngày 15/6/2026 đến ngày 14/9/2026" in _heading(blank.data)
    coming = doors.get("/obligations/coming?unit=X01840").get_json()
    year = next(line for line in coming if (line["form"], line["period"]) == (LEAF_FORM, "2026"))
    assert (year["window_first"], year["window_last"]) == ("2026-01-01", "2026-12-31")
    assert year["due_at"].startswith("2026-12-28T")


def _heading(workbook: bytes) -> str:
    """What stands above the table of the first sheet."""
    rows = load_workbook(BytesIO(workbook)).worksheets[0]["A1:M9"]
    return "\n".join(str(cell.value) for row in rows for cell in row if cell.value)
