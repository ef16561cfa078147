"""The JSON door for returns: statuses, receipts, refusals, downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from tests.builders import GOOD_CELLS, LEAF_FORM, a_return
from tests.reporting.doors import Doors

WRONG: Mapping[str, Mapping[str, Any]] = {
    "Đất đai": {**GOOD_CELLS, "c3": 7},
    "Hộ tịch": {**GOOD_CELLS, "c8": "nhiều"},
}

#: Lists that may be narrowed to a form, and a form of which they have something.
LISTS_BY_FORM = {
    "/submissions?": LEAF_FORM,
    "/periods?": LEAF_FORM,
    "/obligations?unit=H55&of=subordinates&": LEAF_FORM,
    "/consolidations?": "II.06c/VPCP/KSTT",
    "/board?period=2026-Q3&": LEAF_FORM,
}


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
    assert kept["is_in_force"] is True
    assert kept["report"]["tables"]["a"]["total"]["c3"] == "143"


def test_the_same_content_again_gives_the_same_receipt(doors: Doors) -> None:
    """Who is not sure whether it arrived may send again, and nothing happens twice."""
    first = doors.send(a_return("X01840"))
    again = doors.send(a_return("X01840"))
    assert again.status_code == 200
    assert again.get_json() == first.get_json() | {"verdict": "repeated"}


def test_other_content_is_a_new_revision(doors: Doors) -> None:
    """Changed figures are the second revision, and the first stays readable."""
    first = doors.send(a_return("X01840")).get_json()
    second = doors.send(a_return("X01840", note="Sửa theo rà soát")).get_json()
    assert (first["revision"], second["revision"]) == (1, 2)
    assert doors.get(f"/submissions/{first['submission']}").get_json()["is_in_force"] is False


def test_a_wrong_return_is_refused_with_every_issue_and_kept(doors: Doors) -> None:
    """A refusal is a problem document with each issue in both languages, and is on record."""
    answer = doors.send(a_return("X01840", rows=WRONG))
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    told = answer.get_json()
    by_code = {issue["code"]: issue for issue in told["issues"]}
    assert by_code["rule_broken"]["cell"] == "r01.c03"
    assert by_code["not_a_figure"]["given"] == "nhiều"
    assert all(issue["message_vi"] and issue["message_en"] for issue in told["issues"])
    assert "nhiều" in answer.get_data(as_text=True)
    assert told["attempt"] > 0
    assert doors.get("/submissions").get_json()["items"] == []


def test_a_filled_template_says_what_json_says(doors: Doors) -> None:
    """The same figures by both ways in are one revision: the second is answered 200."""
    assert doors.send(a_return("X01840")).status_code == 201
    answer = doors.post_file("/submissions", doors.filled_workbook(), "báo cáo quý III.xlsx")
    assert answer.status_code == 200


def test_a_wrong_cell_is_named_as_in_the_sheet(doors: Doors) -> None:
    """A clerk reads the address of the cell in her own file."""
    answer = doors.post_file("/submissions", doors.filled_workbook(WRONG), "a.xlsx")
    assert answer.status_code == 422
    places = {issue["code"]: issue["sheet_cell"] for issue in answer.get_json()["issues"]}
    assert places["not_a_figure"] == "II.06a!H13"


def test_the_file_comes_back_as_it_was_sent(doors: Doors) -> None:
    """What was received can be downloaded, byte for byte, to be saved and not shown."""
    sent = doors.filled_workbook()
    receipt = doors.post_file("/submissions", sent, "báo cáo.xlsx").get_json()
    answer = doors.get(f"/submissions/{receipt['submission']}/file")
    assert answer.data == sent
    assert hashlib.sha256(sent).hexdigest() == receipt["file_sha256"]
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_return_after_the_due_instant_is_late(doors: Doors) -> None:
    """Lateness is decided by when the door had the whole body."""
    doors.clock.now = datetime(2026, 9, 19, 17, 0, tzinfo=UTC)
    assert doors.send(a_return("X01840")).get_json()["is_on_time"] is False


def test_a_check_says_the_same_and_keeps_nothing(doors: Doors) -> None:
    """Trying a return gives its verdict, wrong or right, and leaves no trace."""
    right = doors.send(a_return("X01840"), to="/checks")
    wrong = doors.send(a_return("X01840", rows=WRONG), to="/checks")
    file = doors.post_file("/checks", doors.filled_workbook(), "a.xlsx")
    assert [answer.status_code for answer in (right, wrong, file)] == [200, 200, 200]
    verdicts = [answer.get_json()["verdict"] for answer in (right, wrong, file)]
    assert verdicts == ["received", "refused", "received"]
    assert doors.get("/submissions").get_json()["items"] == []


def test_a_check_before_its_time_has_a_verdict_of_its_own(doors: Doors) -> None:
    """Right figures for a period that is not owed are not promised to be received."""
    early = a_return("X01840", period="2027-Q1")
    tried = doors.send(early, to="/checks").get_json()
    sent = doors.send(early)
    assert (tried["verdict"], sent.status_code) == ("figures_good", 422)
    assert tried["issues"] == sent.get_json()["issues"]


def test_the_list_is_paged_and_filtered(doors: Doors) -> None:
    """The next page begins after the last line of this one, and the last page says so."""
    for note in ("a", "b", "c"):
        doors.send(a_return("X01840", note=note))
    doors.send(a_return("X01843"), "neighbour")
    first = doors.get("/submissions?limit=2&unit=X01840", "province").get_json()
    rest = doors.get(f"/submissions?limit=2&unit=X01840&after={first['next']}", "province")
    assert [item["revision"] for item in first["items"]] == [1, 2]
    assert [item["revision"] for item in rest.get_json()["items"]] == [3]
    assert rest.get_json()["next"] is None
    for filter_ in ("form=01/TCD", "period=2026-Q2", "unit=H55"):
        assert doors.get(f"/submissions?{filter_}", "centre").get_json()["items"] == []
    assert len(doors.get("/submissions", "centre").get_json()["items"]) == 4


def test_a_form_is_known_by_either_spelling(doors: Doors) -> None:
    """With slashes or with dashes it is the same form: sent, tried and asked for."""
    assert (
        doors.send(a_return("X01840", form="II.06a-VPCP-KSTT"), to="/checks").get_json()["form"]
        == LEAF_FORM
    )
    sent = doors.send(a_return("X01840", form="II.06a-VPCP-KSTT"))
    assert (sent.status_code, sent.get_json()["form"]) == (201, LEAF_FORM)
    assert doors.send(a_return("X01840")).status_code == 200
    edition = {"form": "II.06c-VPCP-KSTT", "period": "2026-Q3", "unit": "H55"}
    assert doors.send(edition, "province", to="/consolidations").status_code == 201
    for path, form in LISTS_BY_FORM.items():
        for spelling in (form, form.replace("/", "-")):
            found = doors.get(f"{path}form={spelling}", "province").get_json()
            assert len(found["items"]) >= 1, (path, spelling)


def test_a_filter_that_cannot_be_is_said(doors: Doors) -> None:
    """An empty page would say that nobody has sent anything."""
    doors.send(a_return("X01840"))
    wrong = [f"{path}form=II.06x/VPCP/KSTT" for path in LISTS_BY_FORM]
    wrong += [f"{path}period=2026-Q5" for path in LISTS_BY_FORM if "period" not in path]
    wrong += ["/periods?period=2026-Q5", "/board?period=2026-Q5", "/submissions?unit=X9"]
    for path in wrong:
        answer = doors.get(path, "province")
        assert answer.status_code == 404, path
        assert "Không có" in answer.get_json()["detail"], path
    pause = {"period": "2026-Q3", "forms": ["II.06x"], "reason": "mất mạng"}
    assert doors.send(pause, "centre", to="/suspensions").status_code == 404
    named = {"period": "2026-Q3", "forms": ["II.06a-VPCP-KSTT"], "reason": "mất mạng"}
    assert doors.send(named, "centre", to="/suspensions").get_json()["obligations"] == 2


def test_outcomes_across_reports_are_shown(doors: Doors) -> None:
    """Who reads a revision sees which rule waits for which other report."""
    number = doors.send(a_return("X01840")).get_json()["submission"]
    (row,) = doors.get(f"/submissions/{number}").get_json()["cross_checks"]
    assert (row["rule_id"], row["outcome"]) == ("a.ky_truoc", "exempt")
    assert row["other_period"] == "2026-Q2"


def test_other_bodies_are_not_taken(doors: Doors) -> None:
    """A body that is neither JSON nor a file is 415; a form without its one file is 400."""
    text = doors.http.post("/api/v1/submissions", data="x", headers=doors.token("commune"))
    assert text.status_code == 415
    bare = doors.http.post(
        "/api/v1/submissions",
        data={"another": (BytesIO(b"x"), "a.xlsx")},
        headers=doors.token("commune"),
    )
    assert bare.status_code == 400
    assert bare.mimetype == "application/problem+json"
    nothing = doors.post_file("/submissions", b"", "empty.xlsx")
    assert nothing.status_code == 422
