"""Units, periods and obligations over the API."""

from __future__ import annotations

from tests.builders import a_return
from tests.reporting.doors import Doors


def test_units_are_paged_and_filtered(doors: Doors) -> None:
    """The registry is read page by page, by kind, and by the unit above."""
    first = doors.get("/units?limit=2").get_json()
    rest = doors.get(f"/units?limit=2&after={first['next']}").get_json()
    codes = [unit["code"] for unit in (*first["items"], *rest["items"])]
    assert codes == ["H55", "X01840", "X01843"]
    assert rest["next"] is None
    below = doors.get("/units?kind=commune&parent=H55").get_json()["items"]
    assert [(unit["code"], unit["parent"]) for unit in below] == [
        ("X01840", "H55"),
        ("X01843", "H55"),
    ]
    assert doors.get("/units?on=2019-12-31").get_json()["items"] == []


def test_a_unit_is_found_however_its_code_is_written(doors: Doors) -> None:
    """Lower case and blanks make no other code."""
    assert doors.get("/units/x01840").get_json()["name_vi"] == "Phường Đức Xuân"
    assert doors.get("/units/X99999").status_code == 404


def test_a_period_counts_what_is_there(doors: Doors) -> None:
    """A province sees that one of its two communes has sent, and one is missing."""
    doors.send(a_return("X01840"))
    (line,) = doors.get("/periods?form=II.06a/VPCP/KSTT&period=2026-Q3", "province").get_json()[
        "items"
    ]
    assert (line["expected"], line["received"], line["missing"]) == (2, 1, 1)


def test_obligations_say_what_is_owed_and_when(doors: Doors) -> None:
    """A unit reads the last second by which its report is owed, and whether it is there."""
    doors.send(a_return("X01840"))
    (line,) = doors.get("/obligations?unit=X01840").get_json()["items"]
    assert line["form"] == "II.06a/VPCP/KSTT"
    assert line["due_at"] == "2026-09-19T16:59:59+00:00"
    assert line["is_received"] is True
    assert doors.get("/obligations?unit=X01840&period=2026-Q2").get_json()["items"] == []


def test_lists_of_words_come_in_pages(doors: Doors) -> None:
    """The same lines one by one as all together; a cursor that is not there ends the list."""
    for path in ("/forms", "/regimes", "/periods"):
        whole = doors.get(path).get_json()["items"]
        found, after = [], ""
        while True:
            page = doors.get(path, query_string={"limit": 1, "after": after}).get_json()
            found += page["items"]
            if page["next"] is None:
                break
            after = page["next"]
        assert found == whole
        assert doors.get(f"{path}?after=nowhere").get_json() == {"items": [], "next": None}
