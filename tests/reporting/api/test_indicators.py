"""Indicators and facts over the API, and the page of the dictionary."""

from __future__ import annotations

from typing import Any

from tests.builders import a_return, an_open_period
from tests.reporting.doors import Doors
from tests.reporting.services.test_arrival import complaints, petitions


def of_the_commune(sent: dict[str, Any]) -> dict[str, Any]:
    """The same return of the commune of these tests."""
    sent["tables"]["a"]["rows"][0]["key"] = "X01840"
    return sent | {"unit": "X01840"}


def test_the_dictionary_says_who_asks_what(doors: Doors) -> None:
    """Codes, targets as exact texts, the cells that give each, and what is asked twice."""
    items = {one["code"]: one for one in doors.get("/indicators").get_json()["items"]}
    share = items["DVCTT.03"]
    assert (share["kind"], share["of"], share["to"]) == ("ratio", "DVCTT.02", "DVCTT.01")
    assert share["targets"] == {"2026": "30"}
    assert share["asked"] == [
        {"form": "DVC.01", "version": 0, "table": "a", "row": "row", "column": "c3"}
    ]
    (twice,) = items["KNTC.01"]["asked_twice"]
    assert twice["forms"] == ["02/XLD", "03/GQKN"]
    page = doors.get("/indicators?limit=1").get_json()
    assert page["next"] == "TTHC.01"


def test_facts_are_found_by_indicator_unit_and_period(doors: Doors) -> None:
    """A figure comes with the report that says it; a filter that cannot be is refused."""
    assert doors.send(a_return("X01840")).status_code == 201
    asked = "/facts?indicator=TTHC.02&unit=X01840&period=2026-Q3"
    (fact,) = doors.get(asked).get_json()["items"]
    assert (fact["value"], fact["measure"], fact["form"]) == ("120", "hồ sơ", "II.06a/VPCP/KSTT")
    assert (fact["cell"], fact["status"]) == ("a/total/c4", "received")
    assert doors.get("/facts?period=2026-Q2").get_json() == {"items": [], "next": None}
    assert doors.get("/facts?indicator=TTHC.99").status_code == 404
    assert doors.get("/facts?unit=X99999").status_code == 404
    assert doors.get("/facts?period=2026-13").status_code == 404
    assert doors.get("/facts?indicators=TTHC.02").status_code == 422


def test_the_page_shows_what_is_asked_of_whom(doors: Doors) -> None:
    """Every indicator with its forms, and above them what is asked twice."""
    page = doors.http.get("/indicators")
    assert page.status_code == 200
    assert "Hỏi hai lần cùng đơn vị trong cùng kỳ" in page.text
    assert "DVC.01 cột 3" in page.text
    assert "2026: 30" in page.text


def test_a_figure_that_another_form_has_is_offered_at_every_door(doors: Doors) -> None:
    """A trial says both figures, and so do the page that prepares a return and its receipt."""
    with doors.sessions.begin() as session:
        for form in ("02/XLD", "03/GQKN"):
            an_open_period(session, form_code=form)
    assert doors.send(of_the_commune(petitions(120))).status_code == 201
    tried = doors.send(of_the_commune(complaints(118)), to="/checks").get_json()
    assert tried["verdict"] == "received"
    (one,) = tried["elsewhere"]
    assert (one["indicator"], one["cell_id"]) == ("KNTC.01", "a/total/c1")
    assert (one["here"], one["there"], one["differs"]) == ("118", "120", True)
    assert doors.send(a_return("X01840"), to="/checks").get_json()["elsewhere"] == []
    page = doors.http.get("/return?unit=X01840&form=03/GQKN&period=2026-Q3").text
    assert "Đã báo cáo ở biểu 02/XLD: <strong>120</strong>" in page
    assert "Khác nhau" not in page
    number = doors.send(of_the_commune(complaints(118))).get_json()["submission"]
    receipt = doors.http.get(f"/receipts/{number}").text
    assert "Đã báo cáo ở biểu 02/XLD: <strong>120</strong>" in receipt
    assert "Khác nhau" in receipt
