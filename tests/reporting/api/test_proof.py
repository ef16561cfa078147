"""Proof over the API: receipts, keys, the audit, and the archive of a unit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from forms.canonical import sha256
from reporting.models import AuditLine
from reporting.proof import verify_receipt
from reporting.services.actors import Act
from reporting.services.audit import Entry, record
from reporting.services.clients import Limits, create_client
from tests.builders import GOOD_CELLS, IN_Q3, SYSTEM, a_return
from tests.reporting.doors import Doors
from tests.reporting.services.tampering import let_tamper, tamper


def sent(doors: Doors, unit: str = "X01840", **more: Any) -> dict[str, Any]:
    """The answer to a return that was received."""
    answer = doors.send(a_return(unit, **more), "centre")
    assert answer.status_code == 201, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def acts(doors: Doors, act: str) -> list[dict[str, Any]]:
    """What lines of an act say, the oldest first."""
    with doors.sessions() as session:
        lines = session.query(AuditLine).filter_by(act=act).order_by(AuditLine.id)
        return [json.loads(line.body) for line in lines]


def test_a_receipt_is_checked_without_us(doors: Doors, tmp_path: Path) -> None:
    """From the API to the verifier: the receipt, the key, and the file that was sent."""
    number = sent(doors)["submission"]
    answer = doors.get(f"/submissions/{number}/receipt")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=receipt-")
    (tmp_path / "receipt.json").write_bytes(answer.data)
    keys = doors.http.get("/api/v1/keys").get_json()["items"]
    (tmp_path / "key.pem").write_text(keys[0]["public_pem"])
    (tmp_path / "sent.json").write_bytes(doors.get(f"/submissions/{number}/file").data)
    words = [str(tmp_path / name) for name in ("receipt.json", "key.pem", "sent.json")]
    assert verify_receipt.main([words[0], "--key", words[1], "--file", words[2]]) == 0


def test_the_answer_to_a_return_carries_the_same_receipt(doors: Doors) -> None:
    """Who keeps the answer keeps the proof."""
    answer = sent(doors)
    file = doors.get(f"/submissions/{answer['submission']}/receipt")
    assert json.loads(file.data) == answer["proof"]


def test_the_receipt_of_another_unit_is_not_there(doors: Doors) -> None:
    """It is answered like one that was never given."""
    number = sent(doors)["submission"]
    assert doors.get(f"/submissions/{number}/receipt", "neighbour").status_code == 404
    assert doors.get(f"/submissions/{number}/receipt", "province").status_code == 200
    assert doors.get("/submissions/999999/receipt").status_code == 404


def test_a_revision_of_before_there_were_receipts_says_so(doors: Doors) -> None:
    """In words, and 404."""
    number = sent(doors)["submission"]
    with doors.sessions.begin() as session:
        let_tamper(session)
        tamper(session, "DELETE FROM audit_line")
    answer = doors.get(f"/submissions/{number}/receipt")
    assert answer.status_code == 404
    assert "chưa có biên nhận ký số" in answer.get_json()["detail"]


def test_public_keys_need_no_token(doors: Doors) -> None:
    """Whoever checks a receipt is no client of ours."""
    answer = doors.http.get("/api/v1/keys")
    assert answer.status_code == 200
    (key,) = answer.get_json()["items"]
    assert set(key) == {"id", "public_pem", "first_used_at", "retired_at"}
    assert key["retired_at"] is None


def a_reader(doors: Doors) -> None:
    """A client of the province that may read and receive, but administers nothing."""
    with doors.sessions.begin() as session:
        _, token = create_client(
            session,
            actor=SYSTEM,
            name="người xem",
            unit_id=doors.province.id,
            now=IN_Q3,
            limits=Limits(acts={Act.READ, Act.RECEIVE}),
        )
    doors.tokens["reader"] = token


def test_the_audit_is_read_by_those_who_administer(doors: Doors) -> None:
    """Each sees the lines of his unit and of those below, and nobody else any."""
    for unit in ("X01840", "X01843"):
        sent(doors, unit)
    a_reader(doors)
    assert doors.get("/audit", "reader").status_code == 403
    seen = {
        who: {
            line["unit"]
            for line in doors.get("/audit?act=submission.received", who).get_json()["items"]
        }
        for who in ("commune", "neighbour", "province", "centre")
    }
    assert seen == {
        "commune": {"X01840"},
        "neighbour": {"X01843"},
        "province": {"X01840", "X01843"},
        "centre": {"X01840", "X01843"},
    }


def test_lines_are_found_by_unit_subject_and_act(doors: Doors) -> None:
    """And come page by page, the newest first."""
    number = sent(doors)["submission"]
    sent(doors, "X01843")
    (line,) = doors.get(f"/audit?subject=submission/{number}", "centre").get_json()["items"]
    assert (line["act"], line["unit"], line["is_signed"]) == ("submission.received", "X01840", True)
    assert line["details"]["number"].endswith(f"{number:06}")
    of_unit = doors.get("/audit?unit=X01843", "centre").get_json()["items"]
    assert {line["unit"] for line in of_unit} == {"X01843"}
    assert doors.get("/audit?unit=X01843", "commune").get_json()["items"] == []
    first = doors.get("/audit?limit=1", "centre").get_json()
    second = doors.get(f"/audit?limit=1&before={first['next']}", "centre").get_json()
    assert second["items"][0]["id"] < first["items"][0]["id"]
    assert doors.get("/audit?unit=NONE", "centre").status_code == 404
    assert doors.get("/audit?before=-1", "centre").status_code == 422
    assert doors.get("/audit?subjekt=x", "centre").status_code == 422


def test_every_file_that_leaves_is_on_the_audit(doors: Doors) -> None:
    """Who took it, and the hash of what he took: templates, files as sent, editions, archives."""
    number = sent(doors)["submission"]
    asked = {"form": "II.06c/VPCP/KSTT", "period": "2026-Q3", "unit": "H55"}
    edition = doors.send(asked, "province", to="/consolidations").get_json()["id"]
    paths = {
        "template.downloaded": "/forms/II.06a-VPCP-KSTT/template?unit=X01840&period=2026-Q3",
        "submission.downloaded": f"/submissions/{number}/file",
        "edition.downloaded": f"/consolidations/{edition}/workbook",
    }
    for act, path in paths.items():
        answer = doors.get(path, "province")
        assert answer.status_code == 200
        (line,) = acts(doors, act)
        assert line["details"]["sha256"] == sha256(answer.data)
        assert line["actor"] == "máy gửi"
        assert line["client"]
        assert line["unit"]
    assert doors.get("/units/X01840/archive").status_code == 200
    (line,) = acts(doors, "unit.archived")
    assert line["details"]["counts"]["revisions"] == 1


def test_a_file_that_may_not_be_had_leaves_no_line(doors: Doors) -> None:
    """Only what left is on the audit as having left."""
    number = sent(doors)["submission"]
    assert doors.get(f"/submissions/{number}/file", "neighbour").status_code == 404
    assert acts(doors, "submission.downloaded") == []


def test_the_archive_of_another_unit_is_refused(doors: Doors) -> None:
    """A neighbour may not, the province above may; a unit that is not there is 404."""
    sent(doors)
    assert doors.get("/units/X01840/archive", "neighbour").status_code == 403
    answer = doors.get("/units/X01840/archive", "province")
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.content_length == len(answer.data)
    assert doors.get("/units/NONE/archive", "centre").status_code == 404


def test_a_second_revision_tells_which_cells_it_changes(doors: Doors) -> None:
    """Old and new value by cell, in the receipt itself."""
    sent(doors)
    (line,) = acts(doors, "submission.received")
    assert "changed" not in line["details"]
    cells = dict(GOOD_CELLS) | {"c4": 121, "c8": 102}
    sent(doors, rows={"Đất đai": cells, "Lao động": GOOD_CELLS})
    changed = acts(doors, "submission.received")[1]["details"]["changed"]
    told = {cell["cell"]: (cell["old"], cell["new"]) for cell in changed["cells"]}
    assert told["a/dat_dai/c4"] == ("120", "121")
    assert told["a/dat_dai/c3"] == ("143", "144")
    assert told["a/lao_dong/c4"] == (None, "120")
    assert changed["count"] == len(told)


@pytest.mark.parametrize("who", ["commune", "province", "centre"])
def test_bodies_that_are_no_json_are_shown_as_nothing(doors: Doors, who: str) -> None:
    """A line whose body someone has altered does not bring down the list."""
    with doors.sessions.begin() as session:
        entry = Entry(act="test.done", subject="test/1", unit_id=doors.commune.id)
        number = record(session, SYSTEM, entry, now=IN_Q3)
        row = {column.name: getattr(session.get_one(AuditLine, number), column.name)
               for column in AuditLine.__table__.columns}  # fmt: skip
        session.add(AuditLine(**(row | {"id": number + 1, "body": b"{khong"})))
    lines = doors.get("/audit?act=test.done", who).get_json()["items"]
    assert [line["details"] for line in lines] == [{}, {}]
