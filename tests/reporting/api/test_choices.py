"""Leaving a unit out over the API, and looking back at an instant."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from tests.builders import a_return
from tests.reporting.doors import Doors

ASKED = {"form": "II.06c-VPCP-KSTT", "period": "2026-Q3"}


def choose(doors: Doors, sender: str, **more: object) -> int:
    """Leave a commune out; the status of the answer."""
    wanted = ASKED | {"receiver": "H55", "unit": "X01843", "enters": False, "reason": "thử"} | more
    return int(doors.send(wanted, sender, to="/consolidations/choices").status_code)


def test_a_unit_that_is_left_out_is_named_in_the_next_edition(doors: Doors) -> None:
    """The province leaves one commune out; who has no right to, or gives no reason, may not."""
    doors.send(a_return("X01840"))
    doors.send(a_return("X01843"), "neighbour")
    assert choose(doors, "neighbour") == 403
    assert choose(doors, "province", reason=" ") == 409
    assert choose(doors, "province", unit="X00000") == 404
    assert choose(doors, "province") == 201
    made = doors.send(ASKED | {"unit": "H55"}, "province", to="/consolidations")
    path = made.headers["Location"].removeprefix("/api/v1")
    coverage = doors.get(path, "province").get_json()["coverage"]
    assert (coverage["expected"], coverage["received"]) == (1, 1)
    assert [one["unit"] for one in coverage["left_out"]] == ["X01843"]


def test_at_an_instant_only_what_had_come_counts(doors: Doors) -> None:
    """One report an hour apart from the other; a naive instant is refused."""
    doors.send(a_return("X01840"))
    between = doors.clock.now + timedelta(minutes=30)
    doors.clock.now += timedelta(hours=1)
    doors.send(a_return("X01843"), "neighbour")
    query = f"/consolidations/as-of?form={ASKED['form']}&period=2026-Q3&unit=H55&at="
    then = doors.get(query + quote(between.isoformat()), "province").get_json()
    now = doors.get(query + quote(doors.clock.now.isoformat()), "province").get_json()
    assert [one["unit"] for one in then["inputs"]] == ["X01840"]
    assert (then["coverage"]["received"], now["coverage"]["received"]) == (1, 2)
    assert now["report"]["tables"]["a"]["total"]["c3"] == "286"
    assert doors.get(query + "2026-09-10T10:00:00", "province").status_code == 422
    assert doors.get(query + quote(between.isoformat()), "neighbour").status_code == 403
