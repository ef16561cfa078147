"""Editions over the API: made once for the same inputs, whole, and as a workbook."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests.builders import a_return
from tests.reporting.doors import Doors

ASKED = {"form": "II.06c-VPCP-KSTT", "period": "2026-Q3", "unit": "H55"}


def test_an_edition_says_who_is_in_and_who_is_missing(doors: Doors) -> None:
    """One of two communes has sent: the edition is made of it and names the other."""
    number = doors.send(a_return("X01840")).get_json()["submission"]
    made = doors.send(ASKED, "province", to="/consolidations")
    assert made.status_code == 201
    edition = doors.get(made.headers["Location"].removeprefix("/api/v1"), "province").get_json()
    assert edition["form"] == "II.06c/VPCP/KSTT"
    assert [line["submission"] for line in edition["inputs"]] == [number]
    assert edition["coverage"]["received"] == 1
    assert edition["coverage"]["missing"] == [{"unit": "X01843", "name": "Phường Bắc Kạn"}]
    assert edition["report"]["tables"]["a"]["total"]["c3"] == "143"


def test_nothing_new_makes_no_new_edition(doors: Doors) -> None:
    """Asking again gives the same edition; a report that came in since makes the second."""
    doors.send(a_return("X01840"))
    first = doors.send(ASKED, "centre", to="/consolidations")
    doors.clock.now = doors.clock.now.replace(minute=5)
    again = doors.send(ASKED, "centre", to="/consolidations")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    doors.send(a_return("X01843"), "neighbour")
    second = doors.send(ASKED, "centre", to="/consolidations")
    assert (second.status_code, second.get_json()["number"]) == (201, 2)
    listed = doors.get("/consolidations?limit=1", "province").get_json()
    assert [item["number"] for item in listed["items"]] == [1]
    rest = doors.get(f"/consolidations?after={listed['next']}", "province").get_json()
    assert [item["number"] for item in rest["items"]] == [2]


def test_the_workbook_of_an_edition_is_the_same_each_time(doors: Doors) -> None:
    """Downloaded twice it is the same file, and its total is that of the report."""
    doors.send(a_return("X01840"))
    place = doors.send(ASKED, "centre", to="/consolidations").headers["Location"]
    path = f"{place.removeprefix('/api/v1')}/workbook"
    first, again = doors.get(path, "centre"), doors.get(path, "province")
    assert first.data == again.data
    assert "II.06c-VPCP-KSTT_H55_2026-Q3_1.xlsx" in first.headers["Content-Disposition"]
    sheet = load_workbook(BytesIO(first.data), data_only=True).worksheets[0]
    assert 143 in [cell for row in sheet.iter_rows(values_only=True) for cell in row]


def test_anothers_edition_is_not_there(doors: Doors) -> None:
    """A commune sees neither its province's edition nor its workbook."""
    place = doors.send(ASKED, "province", to="/consolidations").headers["Location"]
    path = place.removeprefix("/api/v1")
    assert doors.get(path, "commune").status_code == 404
    assert doors.get(f"{path}/workbook", "commune").status_code == 404


def test_what_cannot_be_consolidated_is_said(doors: Doors) -> None:
    """A form that is made from no other is 409; an unknown one 404; half a question 422."""
    statuses = [
        doors.send(ASKED | change, "centre", to="/consolidations").status_code
        for change in (
            {"form": "II.06a/VPCP/KSTT"}, {"form": "XX"}, {"period": "2026-H1"}, {"unit": "X9"},
        )
    ]  # fmt: skip
    assert statuses == [409, 404, 404, 404]
    half = doors.send({"form": "XX"}, "centre", to="/consolidations")
    assert half.status_code == 422
    assert {"period", "unit"} <= set(half.get_json()["parameters"]["json"])


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"form": ' + b"9" * 5_001 + b"}",
        b'{"form": NaN}',
        b'{"form": "\\ud800", "period": "2026-Q3", "unit": "H55"}',
        b"\xff\xfe",
        b"{" + b",".join(b'"k%d": 1' % number for number in range(5_000)) + b"}",
    ],
)
def test_a_body_that_is_no_json_of_ours_is_a_bad_request(doors: Doors, body: bytes) -> None:
    """However deep, long or torn it is: a short sentence, and never a failure of ours."""
    answer = doors.send(body, "province", to="/consolidations")
    assert answer.status_code == 400
    assert len(answer.data) < 2_000
    assert answer.get_json()["reason"]


def test_half_a_character_in_a_parameter_is_refused(doors: Doors) -> None:
    """What no database keeps is refused before it gets there."""
    assert doors.get("/consolidations?form=%ED%A0%80", "province").status_code in (404, 422)
    assert doors.get("/consolidations?" + "a=1&" * 500, "province").status_code in (400, 422)


def test_a_row_is_mapped_over_the_api(doors: Doors) -> None:
    """By the centre; listed with who said so."""
    asked = {"list": "linh_vuc", "text": "Nhà đất", "code": "dat_dai", "reason": "cùng lĩnh vực"}
    assert doors.send(asked, "province", to="/mappings").status_code == 403
    assert doors.send(asked, "centre", to="/mappings").status_code == 201
    assert doors.send(asked | {"code": "x"}, "centre", to="/mappings").status_code == 404
    (line,) = doors.get("/mappings", "centre").get_json()
    assert (line["code"], line["reason"]) == ("dat_dai", "cùng lĩnh vực")
    assert doors.get("/mappings", "province").status_code == 403
