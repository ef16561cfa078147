"""Where figures come from and went, over the API."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.builders import GOOD_CELLS, a_return
from tests.reporting.doors import Doors

ASKED = {"form": "II.06c-VPCP-KSTT", "period": "2026-Q3", "unit": "H55"}


@pytest.fixture
def edition(doors: Doors) -> str:
    """The address of the province's second edition, one report more than the first."""
    doors.send(a_return("X01840"))
    doors.send(ASKED, "centre", to="/consolidations")
    doors.send(a_return("X01843"), "neighbour")
    doors.clock.now = doors.clock.now.replace(minute=5)
    place = doors.send(ASKED, "centre", to="/consolidations").headers["Location"]
    return place.removeprefix("/api/v1")


def test_a_cell_is_followed_to_the_reports_of_communes(doors: Doors, edition: str) -> None:
    """Parts with receipt, hash and place; they add up to the value."""
    level: Any = doors.get(f"{edition}/lineage?cell=a/xa:dat_dai/c4", "province").get_json()
    (whole,) = level["additions"]
    assert level["value"] == whole["value"] == "240"
    assert [one["value"] for one in whole["parts"]] == ["120", "120"]
    part = whole["parts"][0]
    assert (part["unit"], part["place"]) == ("X01840", "/tables/a/rows/0/cells/c4")
    assert part["submission"]["content_sha256"]
    assert part["below"] is None
    for cell in ("", "a/none/c4", "x"):
        assert doors.get(f"{edition}/lineage?cell={cell}", "province").status_code == 404
    assert doors.get(f"{edition}/lineage?cell=a/total/c4&levels=9", "province").status_code == 422
    assert doors.get(f"{edition}/lineage?cell=a/total/c4", "commune").status_code == 404


def test_what_changed_is_answered_and_handed_out(doors: Doors, edition: str) -> None:
    """As JSON and as a workbook; of an edition that is not there it is 404."""
    said: Any = doors.get(f"{edition}/changes", "province").get_json()
    assert [(one["cause"], one["unit"]) for one in said["units"]] == [("late_arrival", "X01843")]
    total = next(one for one in said["cells"] if one["cell"] == "a/total/c4")
    assert (total["delta"], total["causes"][0]["delta"]) == ("120", str(GOOD_CELLS["c4"]))
    made = doors.get(f"{edition}/changes/workbook?since={said['old']['id']}", "centre")
    assert made.status_code == 200
    names = load_workbook(BytesIO(made.data)).sheetnames
    assert names == ["Tóm tắt", "Theo nguyên nhân", "Theo ô"]
    assert doors.get(f"{edition}/changes?since=999", "province").status_code == 404
    first = said["old"]["id"]
    later = doors.get(f"/consolidations/{first}/changes?since={said['new']['id']}", "province")
    assert later.status_code == 409
    assert "is earlier than edition" in later.get_json()["detail_en"]
    assert doors.get(f"{edition}/changes", "neighbour").status_code == 404


def test_a_sender_is_told_which_editions_have_the_report(doors: Doors, edition: str) -> None:
    """Both; the sender may not open them, and a stranger is told nothing."""
    inputs: Any = doors.get(edition, "province").get_json()["inputs"]
    number = inputs[0]["submission"]
    found: Any = doors.get(f"/submissions/{number}/editions").get_json()
    assert [(one["number"], one["way"], one["may_read"]) for one in found] == [
        (1, "report", False),
        (2, "report", False),
    ]
    assert doors.get(f"/submissions/{number}/editions", "neighbour").status_code == 404
