"""The file of an import, before anyone asks what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.services import import_files
from reporting.services.import_faults import FAULTS, ImportFault
from reporting.services.unit_files import read_unit_file

HEADING = "code,kind,name_vi,parent,valid_from\n"
LINE = "X00004,commune,Phường Ba Đình,H26,2025-07-01\n"


@pytest.mark.parametrize(
    "content",
    [
        (HEADING + LINE).encode(),
        (HEADING + LINE).encode("utf-8-sig"),
        (HEADING + LINE).replace(",", ";").encode("utf-8-sig"),
        (HEADING + LINE).replace(",", "\t").encode(),
        ("sep=;\n" + (HEADING + LINE).replace(",", ";")).encode(),
        (HEADING + LINE).replace("\n", "\r\n").encode(),
        ("# Nguồn: a; b; c; d; e; f; g\n" + HEADING + "\n,,,,\n" + LINE).encode(),
        ((HEADING + LINE).replace("\n", ",,,\n")).encode(),
        (HEADING.upper() + LINE).encode(),
    ],
    ids=["plain", "bom", "semicolon", "tab", "sep", "crlf", "comments", "wide", "capitals"],
)
def test_the_shapes_in_which_excel_writes_a_list(content: bytes) -> None:
    """Byte order mark, semicolons, tabs, CRLF, comments and empty columns all read alike."""
    file = read_unit_file(content)
    assert file.faults == ()
    assert [row.cells["name_vi"] for row in file.rows] == ["Phường Ba Đình"]


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    """Comments, empty lines and cells over two lines do not shift the numbers."""
    text = "# nguồn\n" + HEADING + '\nX1,commune,"Phường\nBa Đình",H26,2025-07-01\n' + LINE
    assert [row.line for row in read_unit_file(text.encode()).rows] == [4, 6]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04rest", "wrong_encoding"),
        (b"\xd0\xcf\x11\xe0rest", "wrong_encoding"),
        ((HEADING + LINE).encode("utf-16"), "wrong_encoding"),
        ((HEADING + LINE).encode("cp1258", "replace").replace(b"?", b"\xe3"), "wrong_encoding"),
        (b"", "no_rows"),
        (HEADING.encode(), "no_rows"),
        (b"# only a comment\n", "no_rows"),
        (b"code,kind,name_vi,parent\nX1,commune,A,H26\n", "missing_column"),
        (HEADING.replace("\n", ",colour\n").encode() + b"X1,commune,A,H26,2025-07-01,red\n",
         "unknown_column"),
        (HEADING.replace("\n", ",code\n").encode() + b"X1,commune,A,H26,2025-07-01,X1\n",
         "duplicate_column"),
        (b'code,kind,"name_vi"x,parent,valid_from\nX1,commune,A,H26,2025-07-01\n', "malformed"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_with_its_reason(content: bytes, code: str) -> None:
    """Each kind of wrong file has its own code."""
    assert [fault.code for fault in read_unit_file(content).faults] == [code]


def test_a_line_that_is_none_does_not_hide_the_others() -> None:
    """A line with a cell too many, or that is not CSV, has its fault; the others are read."""
    lines = [
        "X1,commune,A,B,H26,2025-07-01\n",
        'X2,commune,"A"B,H26,2025-07-01\n',
        LINE,
        'X3,commune,"A',
    ]
    file = read_unit_file((HEADING + "".join(lines)).encode())
    assert file.faults == ()
    assert [[fault.code for fault in row.faults] for row in file.rows] == [
        ["too_many_cells"],
        ["malformed"],
        [],
        ["malformed"],
    ]
    assert file.rows[2].line == 4
    assert file.rows[2].cells["name_vi"] == "Phường Ba Đình"


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither too many bytes nor too many lines get into memory as units."""
    monkeypatch.setattr(import_files, "MAX_ROWS", 2)
    assert read_unit_file((HEADING + LINE * 2).encode()).faults == ()
    too_many = read_unit_file((HEADING + LINE * 3).encode())
    assert [fault.code for fault in too_many.faults] == ["too_many_rows"]
    monkeypatch.setattr(import_files, "MAX_BYTES", 10)
    assert [fault.code for fault in read_unit_file(b"x" * 11).faults] == ["too_long"]


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: HEADING.encode() + text.encode("utf-8", "replace"))
)
def test_reading_never_raises(content: bytes) -> None:
    """Any bytes give rows or faults."""
    file = read_unit_file(content)
    assert file.rows or file.faults


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_fault_has_a_sentence_in_both_languages(code: str) -> None:
    """The sentence names line, column and what was given."""
    fault = ImportFault(12, "parent", code, "«given»", "«expected»")
    assert fault.sentence("vi").startswith("Dòng 12, cột parent: ")
    assert fault.sentence("en").startswith("Line 12, column parent: ")
    assert "{" not in fault.sentence("vi") + fault.sentence("en")
