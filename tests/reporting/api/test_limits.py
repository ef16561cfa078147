"""What a sender may not do to the door: too much, odd names, odd signs. It never answers 500."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from tests.builders import GOOD_CELLS, a_return, as_json
from tests.reporting.doors import Doors

LIMIT = 200_000


@pytest.mark.parametrize("path", ["/api/v1/submissions", "/api/v1/checks", "/return/send"])
def test_a_body_over_the_limit_is_refused_unread(doors: Doors, path: str) -> None:
    """A request that announces too much is answered 413 before any of it is read.

    Only then is the rest read and thrown away, or a browser would never show the answer.
    """
    body = BytesIO(b" " * (LIMIT + 1))
    answer = doors.http.post(
        path,
        input_stream=body,
        headers=doors.token("commune"),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(LIMIT + 1)},
    )
    assert answer.status_code == 413
    assert "200.000 byte" in answer.text
    assert "200,000 bytes" in answer.text
    assert body.tell() == 0
    answer.close()
    assert body.tell() == LIMIT + 1


def test_a_body_of_unknown_length_is_cut_off(doors: Doors) -> None:
    """A body sent in chunks, without its length, is 413 as soon as it is over the limit."""
    answer = doors.http.post(
        "/api/v1/submissions",
        input_stream=BytesIO(b" " * (LIMIT + 10)),
        headers={**doors.token("commune"), "Transfer-Encoding": "chunked"},
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413


def test_a_body_of_unknown_length_is_received(doors: Doors) -> None:
    """Many programs send JSON in chunks; below the limit that is no matter."""
    answer = doors.http.post(
        "/api/v1/submissions",
        input_stream=BytesIO(as_json(a_return("X01840"))),
        headers={**doors.token("commune"), "Transfer-Encoding": "chunked"},
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 201


def test_a_body_at_the_limit_is_taken(doors: Doors) -> None:
    """The limit itself is allowed: blanks around a return are still a return."""
    body = as_json(a_return("X01840"))
    assert doors.send(body.ljust(LIMIT)).status_code == 201


def test_a_zip_bomb_is_refused_from_its_directory(doors: Doors) -> None:
    """A small file that would unpack to a large one is an issue like any other."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 80_000_000)
    assert len(packed.getvalue()) < LIMIT
    answer = doors.post_file("/submissions", packed.getvalue(), "bomb.xlsx")
    assert answer.status_code == 422
    assert [issue["code"] for issue in answer.get_json()["issues"]][-1] == "malformed"


def test_a_file_name_goes_into_no_header_as_it_came(doors: Doors) -> None:
    """A name that would end its header and begin another is kept and given back without that."""
    name = "../báo cáo\\r\\nSet-Cookie: x=1.xlsx"
    part = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = part.encode() + doors.filled_workbook() + b"\r\n--b--\r\n"
    receipt = doors.http.post(
        "/api/v1/submissions",
        data=body,
        headers=doors.token("commune"),
        content_type="multipart/form-data; boundary=b",
    ).get_json()
    answer = doors.get(f"/submissions/{receipt['submission']}/file")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert not set(disposition) & set("\r\n/\\")


def odd_returns() -> Iterator[tuple[str, Any]]:
    """Returns that no form expects, by what is odd about them."""
    yield "NUL in a row's name", a_return("X01840", rows={"Đất\x00đai": GOOD_CELLS})
    yield "NUL in the unit", a_return("X01840\x00")
    yield "NUL in the form", a_return("X01840", form="II.06a\x00")
    yield "NUL in the period", a_return("X01840", period="2026-Q3\x00")
    yield "NUL in the note", a_return("X01840", note="a\x00b")
    yield "NUL in a table's name", {**a_return("X01840"), "tables": {"\x00": {"rows": []}}}
    yield "a long unit", a_return("X" * 5000)
    yield "a long form", a_return("X01840", form="F" * 5000)
    yield "a long period", a_return("X01840", period="2" * 5000)
    yield "a long row name", a_return("X01840", rows={"Đ" * 5000: GOOD_CELLS})
    yield "a long note", a_return("X01840", note="ghi chú " * 5000)
    yield "an unknown field", a_return("X01840", surprise=[{"a": 1}])
    yield "a list", []
    yield "a number", 7
    yield "no JSON", b'{"form": '
    yield "no UTF-8", b'{"form": "\xff"}'
    yield "half a surrogate pair", b'{"form": "\\ud800", "unit": "\\udfff", "note": "\\ud800"}'
    yield "a figure of a thousand digits", b'{"unit": ' + b"9" * 1000 + b"}"
    yield "not a number", b'{"unit": NaN}'
    yield "deep nesting", b'{"note": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"


ODD = list(odd_returns())


@pytest.mark.parametrize(("odd", "data"), ODD, ids=[odd for odd, _ in ODD])
def test_an_odd_return_is_answered_in_words(doors: Doors, odd: str, data: Any) -> None:
    """Whatever is sent is received or refused with issues, and trying it says the same."""
    sent = doors.send(data, "centre")
    tried = doors.send(data, "centre", to="/checks")
    assert sent.status_code in (201, 422), odd
    assert tried.status_code == 200, odd
    assert (sent.status_code == 201) == (tried.get_json()["verdict"] == "received"), odd


def test_one_text_in_two_spellings_is_one_row(doors: Doors) -> None:
    """A file from a Mac writes its letters decomposed; it is the same report."""
    assert doors.send(a_return("X01840", rows={"Đất đai": GOOD_CELLS})).status_code == 201
    decomposed = unicodedata.normalize("NFD", "Đất đai")
    assert doors.send(a_return("X01840", rows={decomposed: GOOD_CELLS})).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", "after=99999999999999999999", "limit=0", "limit=501", "form=%00",
     "unit=" + "x" * 101, "surprise=1"],
)  # fmt: skip
def test_a_bad_parameter_is_named(doors: Doors, query: str) -> None:
    """A query that cannot be meant is 422, and says which parameter."""
    answer = doors.get(f"/submissions?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in str(answer.get_json()["parameters"])


@pytest.mark.parametrize(
    "path",
    ["/submissions/0", "/submissions/99999999999999999999", "/submissions/x", "/units/%00",
     "/forms/%00", "/forms/x/template?unit=%00&period=1", "/consolidations/9999999999999999999",
     "/units?parent=%20", "/nowhere", "/units?on=2026-13-01", "/units?kind=x"],
)  # fmt: skip
def test_an_address_of_nothing_is_a_problem_document(doors: Doors, path: str) -> None:
    """Whatever the address, the answer is 404 or 422 in the one shape that programs know."""
    answer = doors.get(path)
    assert answer.status_code in (404, 422)
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["detail_en"]
