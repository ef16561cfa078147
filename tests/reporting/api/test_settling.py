"""Accepting, returning, withdrawing and correcting over the API."""

from __future__ import annotations

from typing import Any

from tests.builders import GOOD_CELLS, a_return
from tests.reporting.doors import Doors
from tests.reporting.services.signing_off import ODD_CELLS

OTHER = {**GOOD_CELLS, "c12": 18, "c13": 2}


def sent(doors: Doors, unit: str = "X01840", who: str = "commune", **more: Any) -> int:
    """The id of a report that was just sent."""
    answer = doors.send(a_return(unit, **more), who)
    assert answer.status_code == 201, answer.text
    number: int = answer.get_json()["submission"]
    return number


def test_a_report_is_returned_with_comments_amended_and_accepted(doors: Doors) -> None:
    """The sender reads the comment at its cell, and sends revision 2 with its reason."""
    number = sent(doors)
    body = {"reason": "Chưa khớp", "comments": [{"cell": "a/dat_dai/c12", "text": "Xem lại"}]}
    assert doors.send(body, to=f"/submissions/{number}/return").status_code == 403
    back = doors.send(body, "province", to=f"/submissions/{number}/return")
    assert back.get_json()["status"] == "returned"
    (comment,) = doors.get(f"/submissions/{number}/comments").get_json()["items"]
    assert (comment["cell"], comment["text"]) == ("a/dat_dai/c12", "Xem lại")
    again = doors.send(
        a_return("X01840", rows={"Đất đai": OTHER}), to="/submissions?reason=Sửa cột 12"
    )
    assert (again.status_code, again.get_json()["reason"]) == (201, "Sửa cột 12")
    newer = again.get_json()["submission"]
    accepted = doors.send({}, "province", to=f"/submissions/{newer}/acceptance")
    assert accepted.get_json()["status"] == "accepted"
    shown = doors.get(f"/submissions/{newer}").get_json()
    assert (shown["status"], shown["reason"], shown["revision"]) == ("accepted", "Sửa cột 12", 2)


def test_of_two_receivers_the_second_is_told(doors: Doors) -> None:
    """409 names who did what when; with an old ETag it is 412."""
    number = sent(doors)
    seen = doors.get(f"/submissions/{number}", "province").headers["ETag"]
    path = f"/submissions/{number}/acceptance"
    assert doors.send({}, "province", to=path).status_code == 200
    second = doors.send({}, "centre", to=path)
    assert second.status_code == 409
    assert "máy gửi, 10:00 10/09/2026" in second.get_json()["detail"]
    headers = doors.token("centre") | {"If-Match": seen}
    stale = doors.http.post(f"/api/v1{path}", headers=headers)
    assert stale.status_code == 412


def test_a_warning_keeps_a_report_from_being_accepted_until_it_is_explained(doors: Doors) -> None:
    """The answer has the warnings; the sender explains them; then it is accepted."""
    number = sent(doors, rows={"Đất đai": ODD_CELLS})
    path = f"/submissions/{number}/acceptance"
    refused = doors.send({}, "province", to=path)
    assert refused.status_code == 409
    words = [
        {"code": one["code"], "cell": one["cell_id"], "rule_id": one["rule_id"], "text": "Mới"}
        for one in refused.get_json()["issues"]
    ]
    said = doors.send({"explanations": words}, to=f"/submissions/{number}/explanations")
    assert [one["text"] for one in said.get_json()["items"]] == ["Mới"] * len(words)
    assert doors.send({}, "province", to=path).status_code == 200


def test_an_accepted_report_is_corrected_where_that_is_allowed(doors: Doors) -> None:
    """422 `already_accepted` until the receiver allows it, and again afterwards."""
    number = sent(doors)
    doors.send({}, "province", to=f"/submissions/{number}/acceptance")
    changed = a_return("X01840", rows={"Đất đai": OTHER})
    refused = doors.send(changed)
    assert [one["code"] for one in refused.get_json()["issues"]] == ["already_accepted"]
    allowed = {"reason": "Công văn 12"}
    assert doors.send(allowed, to=f"/submissions/{number}/amendment").status_code == 403
    assert doors.send(allowed, "province", to=f"/submissions/{number}/amendment").status_code == 200
    assert doors.send(changed).status_code == 201


def test_the_sender_withdraws(doors: Doors) -> None:
    """Nothing is in force then; it is missing again."""
    number = sent(doors)
    gone = doors.send({"reason": "Nhầm"}, to=f"/submissions/{number}/withdrawal")
    shown = gone.get_json()
    assert (shown["status"], shown["is_in_force"]) == ("withdrawn", False)
    (period,) = doors.get("/periods").get_json()["items"]
    assert period["received"] == 0
    assert doors.send({"reason": "?"}, to=f"/submissions/{number}/withdrawal").status_code == 409


def test_many_are_accepted_or_returned_each_for_itself(doors: Doors) -> None:
    """A result for each, in order."""
    first, second = sent(doors), sent(doors, "X01843", "neighbour")
    items = [{"submission": first}, {"submission": 999_999}]
    done = doors.send({"items": items}, "province", to="/submissions/acceptances")
    assert [one["status"] for one in done.get_json()["items"]] == [200, 404]
    items = [{"submission": first}, {"submission": second}]
    back = doors.send({"items": items, "reason": "Sai"}, "province", to="/submissions/returns")
    assert [one["status"] for one in back.get_json()["items"]] == [409, 200]


def test_a_stranger_is_answered_as_if_there_were_nothing(doors: Doors) -> None:
    """404 for a neighbour's report, whatever is asked."""
    number = sent(doors)
    for rest, body in (
        ("acceptance", {}),
        ("return", {"reason": "x"}),
        ("withdrawal", {"reason": "x"}),
        ("amendment", {"reason": "x"}),
        ("explanations", {"explanations": [{"code": "x", "text": "x"}]}),
    ):
        answer = doors.send(body, "neighbour", to=f"/submissions/{number}/{rest}")
        assert answer.status_code == 404, rest
    assert doors.get(f"/submissions/{number}/comments", "neighbour").status_code == 404
