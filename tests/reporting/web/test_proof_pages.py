"""Proof on pages: the receipt that says how it is checked, the audit, the archive of a unit."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

from reporting.proof import verify_receipt
from reporting.services.audit import Entry, record
from tests.builders import IN_Q3, SYSTEM, a_return
from tests.reporting.doors import Doors
from tests.reporting.services.tampering import let_tamper, tamper


def sent(doors: Doors) -> int:
    """The number of a revision that was received."""
    number: int = doors.send(a_return("X01840")).get_json()["submission"]
    return number


def test_the_receipt_says_by_whom_it_is_signed_and_how_it_is_checked(
    doors: Doors, tmp_path: Path
) -> None:
    """Its three links give the receipt, the key and the program; together they say good."""
    number = sent(doors)
    page = doors.http.get(f"/receipts/{number}").text
    key = doors.http.get("/api/v1/keys").get_json()["items"][0]
    assert key["id"] in page
    assert "Hợp lệ" in page
    assert "verify_receipt.py" in page
    for path, name in (
        (f"/receipts/{number}.json", "receipt.json"),
        (f"/keys/{key['id']}.pem", "key.pem"),
        ("/verify_receipt.py", "program.py"),
    ):
        assert f'href="{path}"' in page
        answer = doors.http.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        (tmp_path / name).write_bytes(answer.data)
    program = Path(str(verify_receipt.__file__)).read_bytes()
    assert (tmp_path / "program.py").read_bytes() == program
    words = [str(tmp_path / name) for name in ("receipt.json", "key.pem")]
    assert verify_receipt.main([words[0], "--key", words[1]]) == 0


def test_a_receipt_that_was_altered_in_the_store_says_so(doors: Doors) -> None:
    """The page checks the signature each time it is shown."""
    number = sent(doors)
    with doors.sessions.begin() as session:
        let_tamper(session)
        other = record(session, SYSTEM, Entry(act="x", subject="x/1"), now=IN_Q3)
        body = "(SELECT body FROM audit_line WHERE id = :other)"
        tamper(
            session,
            f"UPDATE audit_line SET body = {body} WHERE subject = :subject",  # noqa: S608
            other=other,
            subject=f"submission/{number}",
        )
    assert "Không hợp lệ" in doors.http.get(f"/receipts/{number}").text


def test_a_key_that_never_signed_here_is_not_there(doors: Doors) -> None:
    """Whatever is written in its place."""
    for name in ("0000000000000000", "khóa", "..%2f..%2fetc%2fpasswd", "%00"):
        assert doors.http.get(f"/keys/{name}.pem").status_code == 404


def test_the_audit_shows_what_was_done_and_runs_nothing_of_it(doors: Doors) -> None:
    """What others have typed stands there as text."""
    sent(doors)
    with doors.sessions.begin() as session:
        details = {"reason": "<script>alert(1)</script>"}
        entry = Entry(act="test.done", subject="test/1", unit_id=None, details=details)
        record(session, SYSTEM, entry, now=IN_Q3)
    page = doors.http.get("/audit").text
    assert "submission.received" in page
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    filtered = doors.http.get("/audit?act=test.done").text
    assert "submission.received</td>" not in filtered
    assert "Không có dòng nào" in doors.http.get("/audit?subject=x").text
    assert doors.http.get("/audit?unit=NONE").status_code == 404
    assert doors.http.get("/audit?before=99999999999999999999999").status_code == 200


def test_the_audit_comes_page_by_page(doors: Doors) -> None:
    """A link leads to what lies before."""
    with doors.sessions.begin() as session:
        for number in range(120):
            record(session, SYSTEM, Entry(act="test.done", subject=f"test/{number}"), now=IN_Q3)
    page = doors.http.get("/audit?act=test.done").text
    assert page.count('<td data-label="Đối tượng">') == 100
    start = page.index("before=") + len("before=")
    before = page[start : page.index('"', start)]
    following = doors.http.get(f"/audit?act=test.done&before={before}").text
    assert following.count('<td data-label="Đối tượng">') == 20
    assert "before=" not in following


def test_the_desk_leads_to_all_that_the_unit_entered(doors: Doors) -> None:
    """One zip, to be saved."""
    sent(doors)
    assert 'href="/units/X01840/archive.zip"' in doors.http.get("/?unit=X01840").text
    answer = doors.http.get("/units/X01840/archive.zip")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=X01840_")
    names = ZipFile(io.BytesIO(answer.data)).namelist()
    assert "MANIFEST.json" in names
