"""What befalls obligations over the API, bulk assignment, run-time regimes, the board."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.builders import LEAF_FORM
from tests.reporting.doors import Doors
from tests.reporting.services.test_assigning import STORM


def owed(doors: Doors, unit: str = "X01840") -> dict[str, Any]:
    """The obligation of a commune for the quarter."""
    found: list[dict[str, Any]] = doors.get(
        f"/obligations?unit={unit}&period=2026-Q3", "centre"
    ).get_json()["items"]
    return found[0]


def test_a_province_gives_more_time_and_the_list_shows_it(doors: Doors) -> None:
    """The unit itself may not; afterwards the due instant differs from the declared one."""
    path = f"/obligations/{owed(doors)['id']}/extension"
    asked = {"due_on": "2026-09-30", "reason": "Mất điện do bão"}
    assert doors.send(asked, "commune", to=path).status_code == 403
    assert doors.send(asked, "neighbour", to=path).status_code == 404
    answer = doors.send(asked, "province", to=path)
    assert answer.status_code == 200
    assert answer.get_json()["events"][0]["reason"] == "Mất điện do bão"
    line = owed(doors)
    assert line["due_at"].startswith("2026-09-30")
    assert line["declared_due_at"].startswith("2026-09-19")


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("waiver", {"reason": "Chia tách"}, 200),
        ("waiver", {}, 422),
        ("waiver", {"reason": "x", "owed_again": True}, 409),
        ("reopening", {"closes_on": "2026-10-30", "reason": "Sửa"}, 409),
        ("extension", {"due_on": "30/09/2026", "reason": "x"}, 422),
        ("extension", {"due_on": "9999-12-31", "reason": "x"}, 422),
        ("reopening", {"closes_on": "9999-12-31", "reason": "x"}, 422),
        (
            "other-means",
            {
                "document_number": "1/BC",
                "document_date": "2026-09-01",
                "scan": base64.b64encode(b"%PDF").decode(),
                "scan_name": "a.pdf",
            },
            200,
        ),
        (
            "other-means",
            {"document_number": "1", "document_date": "2026-09-01", "scan": "?", "scan_name": "a"},
            400,
        ),
    ],
)
def test_acts_on_one_obligation(doors: Doors, act: str, body: dict[str, Any], status: int) -> None:
    """Each says what it did, or why not."""
    answer = doors.send(body, "province", to=f"/obligations/{owed(doors)['id']}/{act}")
    assert answer.status_code == status


def test_the_document_and_its_scan_are_read_back(doors: Doors) -> None:
    """By whoever may see the obligation; one that was sent as usual has none."""
    path = f"/obligations/{owed(doors)['id']}"
    assert doors.get(f"{path}/other-means/scan", "province").status_code == 404
    assert doors.get(path, "commune").get_json()["document"] is None
    letter = {
        "document_number": "1/BC",
        "document_date": "2026-09-01",
        "scan": base64.b64encode(b"%PDF-1").decode(),
        "scan_name": "báo cáo.pdf",
    }
    assert doors.send(letter, "province", to=f"{path}/other-means").status_code == 200
    scan = doors.get(f"{path}/other-means/scan", "commune")
    assert (scan.data, scan.headers["Content-Disposition"][:10]) == (b"%PDF-1", "attachment")
    (line,) = doors.get("/audit?act=obligation.downloaded", "centre").get_json()["items"]
    assert (line["unit"], line["details"]["bytes"]) == ("X01840", len(b"%PDF-1"))
    told = doors.get(path, "commune").get_json()
    assert (told["document"]["document_number"], told["stand"]) == ("1/BC", "on_time")
    assert [event["change"] for event in told["events"]] == ["sent_otherwise"]
    for place in (path, f"{path}/other-means/scan"):
        assert doors.get(place, "neighbour").status_code == 404


def test_what_a_province_is_owed(doors: Doors) -> None:
    """Its communes' obligations, by state."""
    path = "/obligations?unit=H55&of=subordinates&period=2026-Q3"
    lines = doors.get(path, "province").get_json()["items"]
    assert {line["unit"] for line in lines} == {"X01840", "X01843"}
    assert {line["state"] for line in lines} == {"due"}
    assert doors.get(f"{path}&state=done", "province").get_json()["items"] == []
    assert doors.get(f"{path}&state=lost", "province").status_code == 422
    first = doors.get(f"{path}&limit=1", "province").get_json()
    second = doors.get(f"{path}&limit=1&after={first['next']}", "province").get_json()
    assert [page["items"][0]["id"] for page in (first, second)] == [line["id"] for line in lines]
    assert doors.get(path, "commune").status_code == 403


def test_the_clock_is_stopped_and_goes_on(doors: Doors) -> None:
    """By the centre alone; an unknown unit is told."""
    asked = {"period": "2026-Q3", "reason": "Hệ thống lỗi"}
    assert doors.send(asked, "province", to="/suspensions").status_code == 403
    assert doors.send(asked, "centre", to="/suspensions").get_json()["obligations"] > 0
    assert owed(doors)["state"] == "suspended"
    assert doors.send(asked, "centre", to="/resumptions").get_json()["obligations"] > 0
    for slip in ({"units": ["NOBODY"]}, {"forms": ["II.O6a"]}, {"period": "2031-Q1"}):
        assert doors.send(asked | slip, "centre", to="/suspensions").status_code == 404


def test_forms_are_assigned_in_bulk(doors: Doors) -> None:
    """As a list or as CSV; looked over first; with faults by line."""
    lines = [{"form": LEAF_FORM, "unit": "X01840", "period": "2026-Q2"}]
    dry = doors.send(lines, "centre", to="/assignments?dry_run=true")
    assert (dry.status_code, dry.get_json()) == (200, {"created": 1, "existing": 0})
    made = doors.send(lines, "centre", to="/assignments")
    assert (made.status_code, made.get_json()) == (201, {"created": 1, "existing": 0})
    for text, status in ((f"form,unit,period\n{LEAF_FORM},NOBODY,2026-Q2\n", 422), ("x\n", 422)):
        answer = doors.http.post(
            "/api/v1/assignments",
            data=text.encode(),
            headers=doors.token("centre"),
            content_type="text/csv",
        )
        assert answer.status_code == status
        assert answer.get_json()["faults"][0]["vi"]
    assert doors.send([{"form": 1}], "centre", to="/assignments").status_code == 400
    assert doors.send(lines, "province", to="/assignments").status_code == 403


def test_an_ad_hoc_regime_over_the_api(doors: Doors) -> None:
    """Made from YAML; what is wrong with it is told line by line."""

    def post(text: str, who: str = "centre") -> Any:
        return doors.http.post(
            "/api/v1/regimes",
            data=text.encode(),
            headers=doors.token(who),
            content_type="text/yaml",
        )

    assert post(STORM).status_code == 201
    faulty = post(STORM.replace("kind: đột xuất", "kind: chuyên đề"))
    assert faulty.status_code == 422
    assert any("outline" in fault for fault in faulty.get_json()["faults"])
    assert post(STORM, "province").status_code == 403


def test_the_board_over_the_api(doors: Doors) -> None:
    """A province sees its own lines; rates are text with one decimal."""
    lines = doors.get("/board?period=2026-Q3&by=form", "province").get_json()["items"]
    line = next(line for line in lines if line["form"] == LEAF_FORM)
    assert (line["expected"], line["received"], line["completeness"]) == (2, 0, "0.0")
    assert doors.get("/board?period=2026-Q3&by=colour", "province").status_code == 422
    paged: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        path = f"/board?period=2026-Q3&by=unit&limit=1&after={after}"
        page = doors.get(path, "province").get_json()
        paged += page["items"]
        after = page["next"]
    assert [line["unit"] for line in paged] == ["X01840", "X01843"]
