"""The JSON door for returns: statuses, receipts, refusals, and what it never lets through."""

from __future__ import annotations

from tests.builders import GOOD_CELLS, a_return
from tests.reporting.doors import Doors


def test_a_good_return_is_received(doors: Doors) -> None:
    """A return that adds up is answered 201 with its receipt and where to find it."""
    answer = doors.send(a_return("X01840"))
    assert answer.status_code == 201
    receipt = answer.get_json()
    assert receipt["verdict"] == "received"
    assert receipt["revision"] == 1
    assert receipt["is_on_time"] is True
    assert answer.headers["Location"] == f"/api/v1/submissions/{receipt['submission']}"
    kept = doors.get(f"/submissions/{receipt['submission']}").get_json()
    assert kept["number"] == receipt["number"]
    assert kept["report"]["tables"]["a"]["total"]["c3"] == "143"


def test_the_same_content_again_gives_the_same_receipt(doors: Doors) -> None:
    """Who is not sure whether it arrived may send again, and nothing happens twice."""
    first = doors.send(a_return("X01840"))
    again = doors.send(a_return("X01840"))
    assert again.status_code == 200
    assert again.get_json() == first.get_json() | {"verdict": "repeated"}


def test_a_wrong_return_is_refused_with_every_issue_and_kept(doors: Doors) -> None:
    """A refusal is a problem document with each issue in both languages, and is on record."""
    wrong = {"Đất đai": {**GOOD_CELLS, "c3": 7}, "Hộ tịch": {**GOOD_CELLS, "c8": "nhiều"}}
    answer = doors.send(a_return("X01840", rows=wrong))
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    told = answer.get_json()
    codes = {issue["code"] for issue in told["issues"]}
    assert {"rule_broken", "not_a_figure"} <= codes
    assert "nhiều" in answer.get_data(as_text=True)
    assert told["attempt"] > 0
    assert doors.get("/submissions").get_json()["items"] == []
