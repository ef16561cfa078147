"""Scheduled work over the API: for the scheduler of a cluster, with a token and a key."""

from __future__ import annotations

import pytest

from tests.reporting.doors import Doors

AT = {"as_of": "2026-09-10T00:00:00+00:00"}


def test_ringing_twice_with_a_key_answers_the_first_run(doors: Doors) -> None:
    """201, then 200 with the same run; with another body 422."""
    first = doors.send(AT, "centre", to="/jobs/ring/runs", key="k1")
    again = doors.send(AT, "centre", to="/jobs/ring/runs", key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert first.get_json()["outcome"]["done"]["open"] > 0
    other = doors.send({"as_of": "2026-09-09T00:00:00Z"}, "centre", to="/jobs/ring/runs", key="k1")
    assert other.status_code == 422


def test_a_key_without_an_instant_and_the_same_instant_in_another_zone(doors: Doors) -> None:
    """Whoever names none rings once for the first instant; an instant is the same everywhere."""
    path = "/jobs/ring/runs"
    answers = [doors.send({}, "centre", to=path, key="k2") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].get_json() == answers[1].get_json()
    here = {"as_of": "2026-09-10T07:00:00+07:00"}
    answers = [doors.send(body, "centre", to=path, key="k3") for body in (AT, here)]
    assert [answer.status_code for answer in answers] == [201, 200]
    dry = doors.send(here | {"dry_run": True}, "centre", to=path, key="k3")
    assert dry.status_code == 422


def test_a_dry_run_writes_nothing(doors: Doors) -> None:
    """It says what would be done, also for an instant to come."""
    asked = {"as_of": "2027-01-01T00:00:00Z", "dry_run": True}
    answer = doors.send(asked, "centre", to="/jobs/open/runs")
    assert answer.status_code == 200
    assert {one["action"] for one in answer.get_json()["would_do"]} == {"open"}
    assert doors.get("/jobs/runs", "centre").get_json()["items"] == []


@pytest.mark.parametrize(
    ("job", "body", "status"),
    [
        ("opne", AT, 404),
        ("ring", {"as_of": "2030-01-01T00:00:00Z"}, 409),
        ("ring", {"as_of": "2026-09-10"}, 422),
        ("ring", {"as": "x"}, 422),
        ("ring", {"as_of": "0001-01-01T00:00:00Z"}, 422),
        ("ring", {"as_of": "9999-12-31T23:59:59-07:00", "dry_run": True}, 422),
    ],
)
def test_what_cannot_be_rung_for(doors: Doors, job: str, body: dict[str, str], status: int) -> None:
    """An unknown job, an instant to come, one without a zone, a misspelt name."""
    assert doors.send(body, "centre", to=f"/jobs/{job}/runs").status_code == status


def test_only_the_centre_rings(doors: Doors) -> None:
    """A province neither rings nor looks into the history."""
    assert doors.send(AT, "province", to="/jobs/ring/runs").status_code == 403
    assert doors.get("/jobs/runs", "province").status_code == 403
    assert doors.get("/jobs/preview", "province").status_code == 403


def test_readiness_tells_how_the_clock_does(doors: Doors) -> None:
    """When it last rang, and since when something waits that should have been done."""
    before = doors.http.get("/health/ready").get_json()
    assert (before["status"], before["last_ring"]) == ("ready", None)
    doors.send(AT, "centre", to="/jobs/ring/runs")
    after = doors.http.get("/health/ready").get_json()
    assert after["seconds_since_ring"] >= 0
    assert after["oldest_overdue"] is None


def test_the_preview_over_the_api(doors: Doors) -> None:
    """Days, units and reasons in both languages."""
    ahead = doors.get("/jobs/preview?days=30", "centre").get_json()
    opening = next(one for one in ahead if one["action"] == "open")
    assert opening["units"]
    assert opening["reasons"][0]["vi"]
    assert all(one["reasons"] for one in ahead)
    assert doors.get("/jobs", "centre").get_json()[0]["id"] == "ring"
