"""Drafts over the API: versions in ETags, programs that only enter, many signed at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from reporting.models import ReportingObligation, ReportingUnit
from reporting.services.actors import Act
from reporting.services.clients import Limits, create_client
from tests.builders import GOOD_CELLS, IN_Q3, SYSTEM, a_return, as_json
from tests.reporting.doors import Doors
from tests.reporting.services.signing_off import ODD_CELLS

OTHER = {**GOOD_CELLS, "c12": 18, "c13": 2}


def a_token_for(doors: Doors, who: str, *acts: Act, signer: str = "") -> str:
    """A token of the commune for some acts, kept under a name."""
    with doors.sessions.begin() as session:
        _, token = create_client(
            session,
            actor=SYSTEM,
            name=who,
            unit_id=doors.commune.id,
            now=IN_Q3,
            limits=Limits(acts=acts, signer=signer),
        )
    doors.tokens[who] = token
    return who


def obligation(doors: Doors, unit: ReportingUnit | None = None) -> int:
    """What the commune owes."""
    wanted = (unit or doors.commune).id
    with doors.sessions() as session:
        query = select(ReportingObligation.id).where(ReportingObligation.unit_id == wanted)
        return session.scalars(query).one()


def ask(
    doors: Doors, method: str, rest: str = "", *, who: str, tag: str = "", json: object = None
) -> TestResponse:
    """One request about the draft of the commune."""
    headers = doors.token(who) | ({"If-Match": tag} if tag else {})
    path = f"/api/v1/obligations/{obligation(doors)}/draft{rest}"
    more: dict[str, Any] = {}
    if json:
        more = {"data": as_json(json), "content_type": "application/json"}
    return doors.http.open(path, method=method, headers=headers, **more)


@pytest.fixture
def clerk(doors: Doors) -> str:
    """A token that may only enter."""
    return a_token_for(doors, "phần mềm", Act.ENTER)


@pytest.fixture
def head(doors: Doors) -> str:
    """A token that may only sign, for someone."""
    return a_token_for(doors, "lãnh đạo", Act.READ, Act.APPROVE, signer="Trần Văn Bình, Chủ tịch")


def test_a_program_that_only_enters_makes_a_draft(doors: Doors, clerk: str, head: str) -> None:
    """202 with the address of the draft; it is received when another has signed and sent it."""
    kept = doors.send(a_return("X01840"), clerk)
    assert kept.status_code == 202
    place, tag = kept.headers["Location"], kept.headers["ETag"]
    assert place == f"/api/v1/obligations/{obligation(doors)}/draft"
    assert doors.get("/submissions", "centre").get_json()["items"] == []
    approved = ask(doors, "POST", "/approval", who=head, tag=tag)
    assert approved.get_json()["state"] == "approved"
    sent = ask(doors, "POST", "/submission", who=clerk, tag=approved.headers["ETag"])
    assert sent.status_code == 201
    assert sent.get_json()["signer"] == "Trần Văn Bình, Chủ tịch"
    assert ask(doors, "GET", who=clerk).status_code == 404


def test_a_program_that_only_enters_loses_nothing_of_others(doors: Doors, clerk: str) -> None:
    """Another return over a draft names the draft; the same again is safe."""
    tag = doors.send(a_return("X01840"), clerk).headers["ETag"]
    assert doors.send(a_return("X01840"), clerk).headers["ETag"] == tag
    changed = a_return("X01840", rows={"Đất đai": OTHER})
    assert doors.send(changed, clerk).status_code == 428
    path = "/api/v1/submissions"
    headers = doors.token(clerk) | {"If-Match": tag}
    for status in (202, 412):
        answer = doors.http.post(
            path, data=as_json(changed | {"note": str(status)}), headers=headers,
            content_type="application/json",
        )  # fmt: skip
        assert answer.status_code == status


def test_what_names_no_obligation_is_refused_and_kept(doors: Doors, clerk: str) -> None:
    """There is nothing to make a draft for."""
    for body in (a_return("X01840", period="2026-Q2"), b"no JSON", a_return("X01840", form="?")):
        answer = doors.send(body, clerk)
        assert answer.status_code == 422
        assert answer.get_json()["attempt"] > 0


def test_the_second_of_two_is_told_what_the_first_has_changed(doors: Doors, clerk: str) -> None:
    """412 with the cells, old and new; without If-Match 428."""
    first = ask(doors, "PUT", who=clerk, json=a_return("X01840"))
    assert first.status_code == 200
    tag = first.headers["ETag"]
    changed = a_return("X01840", rows={"Đất đai": OTHER})
    assert ask(doors, "PUT", who="commune", tag=tag, json=changed).status_code == 200
    stale = ask(doors, "PUT", who=clerk, tag=tag, json=a_return("X01840", note="muộn"))
    assert stale.status_code == 412
    assert stale.content_type == "application/problem+json"
    (change,) = stale.get_json()["changes"]
    assert change["cells"][0] == {"cell": "a/đất đai/c12", "old": "19", "new": "18"}
    assert ask(doors, "PUT", who=clerk, json=a_return("X01840", note="!")).status_code == 428
    assert ask(doors, "DELETE", who=clerk).status_code == 428
    now = ask(doors, "GET", who=clerk).headers["ETag"]
    assert ask(doors, "DELETE", who=clerk, tag=now).status_code == 204


def test_an_invented_tag_is_told_as_such(doors: Doors, clerk: str) -> None:
    """412 says where the draft is, and not that others changed 0 cells of it."""
    tag = ask(doors, "PUT", who=clerk, json=a_return("X01840")).headers["ETag"]
    now = tag.strip('"')
    stale = ask(doors, "PUT", who=clerk, tag=f'"{now}7"', json=a_return("X01840", note="muộn"))
    assert stale.status_code == 412
    told = stale.get_json()
    assert f"which is at {now}." in told["detail_en"]
    assert "đọc lại bản nháp" in told["detail"]


def test_warnings_are_explained_before_they_are_signed(doors: Doors, clerk: str, head: str) -> None:
    """409 names each that wants a word; explained, it is signed."""
    kept = ask(doors, "PUT", who=clerk, json=a_return("X01840", rows={"Đất đai": ODD_CELLS}))
    refused = ask(doors, "POST", "/approval", who=head, tag=kept.headers["ETag"])
    assert refused.status_code == 409
    words = [
        {"code": one["code"], "cell": one["cell_id"], "rule_id": one["rule_id"], "text": "Mới"}
        for one in refused.get_json()["issues"]
    ]
    assert words
    said = ask(
        doors, "POST", "/explanations", who=clerk, tag=kept.headers["ETag"],
        json={"explanations": words},
    )  # fmt: skip
    assert said.get_json()["to_explain"] == []
    tag = said.headers["ETag"]
    approved = ask(doors, "POST", "/approval", who=head, tag=tag)
    assert approved.status_code == 200
    sent = ask(doors, "POST", "/submission", who=head, tag=approved.headers["ETag"])
    number = sent.get_json()["submission"]
    kept_said = doors.get(f"/submissions/{number}", "province").get_json()["explanations"]
    assert [one["text"] for one in kept_said] == ["Mới"] * len(words)


def test_the_file_of_a_draft_is_there_to_be_saved(doors: Doors, clerk: str) -> None:
    """A colleague goes on from what was handed in last."""
    file = doors.filled_workbook()
    answer = doors.post_file("/submissions", file, "bản nháp.xlsx", who=clerk)
    assert answer.status_code == 202
    saved = ask(doors, "GET", "/file", who=clerk)
    assert saved.data == file
    assert saved.headers["Content-Disposition"].startswith("attachment;")


def test_drafts_are_listed_for_those_whose_affair_they_are(doors: Doors, clerk: str) -> None:
    """The neighbour sees none, and is answered as if there were none."""
    doors.send(a_return("X01840"), clerk)
    assert len(doors.get("/drafts?state=entered", clerk).get_json()["items"]) == 1
    assert doors.get("/drafts?state=checked", clerk).get_json()["items"] == []
    assert doors.get("/drafts", "neighbour").get_json()["items"] == []
    assert ask(doors, "GET", who="neighbour").status_code == 404
    assert ask(doors, "PUT", who="neighbour", json=a_return("X01840")).status_code == 404


def test_many_drafts_are_signed_each_for_itself(doors: Doors, head: str) -> None:
    """One is sent, one was changed meanwhile, one is not there: three results."""
    made = {}
    for unit in (doors.commune, doors.neighbour):
        path = f"/api/v1/obligations/{obligation(doors, unit)}/draft"
        answer = doors.http.put(
            path, data=as_json(a_return(unit.code)), headers=doors.token("province"),
            content_type="application/json",
        )  # fmt: skip
        made[unit.code] = answer.headers["ETag"]
    items = [
        {"obligation": obligation(doors), "etag": made["X01840"]},
        {"obligation": obligation(doors, doors.neighbour), "etag": '"9.9"'},
        {"obligation": 999_999, "etag": '"1.1"'},
    ]
    answer = doors.send({"items": items}, "province", to="/drafts/approvals")
    assert answer.status_code == 200
    results = answer.get_json()["items"]
    assert [one["status"] for one in results] == [201, 412, 404]
    assert results[0]["receipt"]["number"]
    assert doors.send({"items": items}, head, to="/drafts/approvals").status_code == 200
    assert len(doors.get("/submissions", "centre").get_json()["items"]) == 1
