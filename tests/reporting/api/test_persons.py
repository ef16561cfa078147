"""Who gets messages, over the API: listed, added, ended, taken from a file."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from tests.reporting.doors import Doors

DAT = {"unit": "X01840", "name": "Nguyễn Đạt", "mail": "dat@x.gov.vn"}


def listed(doors: Doors, who: str, more: str = "") -> list[dict[str, Any]]:
    """The first page of what someone sees."""
    found: list[dict[str, Any]] = doors.get(f"/persons{more}", who).get_json()["items"]
    return found


def test_a_unit_and_the_one_above_it_say_who_gets_messages(doors: Doors) -> None:
    """A neighbour neither adds, nor sees, nor ends; once ended, the person is gone."""
    assert doors.send(DAT, "neighbour", to="/persons").status_code == 403
    made = doors.send(DAT, "commune", to="/persons")
    assert made.status_code == 201
    assert made.get_json()["unit_name"] == "Phường Đức Xuân"
    assert doors.send(DAT, "province", to="/persons").status_code == 409
    seen = {who: len(listed(doors, who)) for who in doors.tokens}
    assert seen == {"commune": 1, "neighbour": 0, "province": 1, "centre": 1}
    assert listed(doors, "centre", "?unit=X01843") == []
    ending = f"/persons/{made.get_json()['id']}/ending"
    assert doors.send({}, "neighbour", to=ending).status_code == 403
    assert doors.send({}, "province", to=ending).get_json()["ended_at"] is not None
    assert doors.send({}, "province", to=ending).status_code == 404
    assert listed(doors, "centre") == []


def test_what_is_no_person_is_told(doors: Doors) -> None:
    """A missing mail, one that is none, a unit that is not there."""
    assert doors.send({"unit": "X01840", "name": "A"}, to="/persons").status_code == 422
    assert doors.send(DAT | {"mail": "dat"}, to="/persons").status_code == 409
    assert doors.send(DAT | {"unit": "NOBODY"}, to="/persons").status_code == 404


def test_a_file_is_looked_over_and_then_taken(doors: Doors) -> None:
    """Every fault has its line, column and sentence; a dry run keeps nothing."""

    def post(text: bytes, more: str = "", who: str = "province") -> TestResponse:
        return doors.http.post(
            f"/api/v1/persons/imports{more}",
            data=text,
            headers=doors.token(who),
            content_type="text/csv",
        )

    good = "unit;name;mail\nX01840;Nguyễn Đạt;dat@x.gov.vn\nH55;Trần Bình;binh@x.gov.vn\n".encode()
    tried = post(good, "?dry_run=true")
    assert (tried.status_code, tried.get_json()["created"]) == (200, 2)
    assert listed(doors, "province") == []
    taken = post(good)
    assert (taken.status_code, taken.get_json()) == (
        201,
        {"created": 2, "changed": 0, "unchanged": 0},
    )
    assert [line["unit"] for line in listed(doors, "province")] == ["H55", "X01840"]
    refused = post(b"unit,name,mail\nX01840,A,a\n,B,b@c.vn\n")
    assert refused.status_code == 422
    faults = refused.get_json()["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(2, "mail"), (3, "unit")]
    assert faults[0]["vi"].startswith("Dòng 2, cột mail:")
    assert post(b"PK\x03\x04").get_json()["faults"][0]["code"] == "wrong_encoding"
    assert post(good, who="neighbour").get_json()["faults"][0]["code"] == "not_below"
