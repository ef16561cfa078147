"""Workbooks that were made to hurt: each is an issue, and costs no more than an honest one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from forms.reading_xlsx import read_xlsx
from forms.template_record import RECORD_SHEET, parse_record
from tests.forms.templates import blank

Change = Callable[[str, bytes], bytes]


def changed(change: Change) -> bytes:
    """A blank template with its parts changed."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(blank())) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def in_part(wanted: str, old: bytes, new: bytes) -> Change:
    """Replace once in one part."""
    return lambda name, part: part.replace(old, new, 1) if name == wanted else part


def test_a_list_of_texts_that_lies_about_its_length_is_read_all_the_same() -> None:
    """Ten thousand million texts are announced; room is made for those that are there."""
    raw = read_xlsx(
        changed(in_part("xl/sharedStrings.xml", b"<sst ", b'<sst uniqueCount="10000000000" '))
    )
    assert raw.form == "II.06a/VPCP/KSTT"


@pytest.mark.parametrize(
    "start",
    [
        b"<sst uniqueCount='10000000000' ",
        b"<sst\n\tcount = '10000000000' uniqueCount\n=\n\"10000000000\" ",
    ],
)
def test_however_it_is_quoted_the_lie_is_not_believed(start: bytes) -> None:
    """The start of the list is written anew, so its quotes and blanks do not matter."""
    raw = read_xlsx(changed(in_part("xl/sharedStrings.xml", b"<sst ", start)))
    assert raw.form == "II.06a/VPCP/KSTT"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<sst ", b"<!--<sst>--><sst uniqueCount='10000000000' "),
        (b"<sst ", b"<!-- <sst a='1'> --><s:sst xmlns:s='x' uniqueCount='10000000000' "),
        (b"<si>", b"<s:si><s:t>x</s:t></s:si><si>"),
        (b"<si>", b"<sst uniqueCount='10000000000'/><si>"),
    ],
)
def test_a_list_of_texts_that_hides_another_is_refused(old: bytes, new: bytes) -> None:
    """In a comment, behind a prefix, or inside itself."""
    raw = read_xlsx(changed(in_part("xl/sharedStrings.xml", old, new)))
    assert [issue.code for issue in raw.issues] == ["malformed"]


@pytest.mark.parametrize("quoted", [b"t='s'", b't = "s"', b"t\n=\n's'"])
def test_a_long_text_named_by_many_cells_is_refused_however_it_is_quoted(quoted: bytes) -> None:
    """200,000 characters in 2,000 cells would fill the memory."""
    cells = b"".join(b'<c r="A%d" ' % row + quoted + b"><v>0</v></c>" for row in range(1, 2_001))

    def change(name: str, part: bytes) -> bytes:
        if name == "xl/sharedStrings.xml":
            return part.replace(b"</sst>", b"<si><t>" + b"a" * 200_000 + b"</t></si></sst>")
        if name == "xl/worksheets/sheet1.xml":
            return part.replace(b"</sheetData>", b'<row r="900">' + cells + b"</row></sheetData>")
        return part

    assert [issue.code for issue in read_xlsx(changed(change)).issues] == ["malformed"]


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/_rels/workbook.xml.rels", b"</Relationships>", b"<Relationship " * 60_000),
        ("xl/workbook.xml", b"</workbook>", b"<sheet " * 60_000),
        ("xl/workbook.xml", b"<sheets>", b"<sheets><sheet " + b"a" * 300_000 + b"/>"),
        ("xl/sharedStrings.xml", b"<si>", b"<si><t>" + b"a" * 400_000 + b"</t></si><si>"),
    ],
)
def test_a_flood_in_one_part_is_refused(part: str, old: bytes, new: bytes) -> None:
    """Lists of sheets and links are short, and no text is longer than Excel allows."""
    raw = read_xlsx(changed(in_part(part, old, new)))
    assert [issue.code for issue in raw.issues] == ["malformed"]


@pytest.mark.parametrize(
    "value",
    [
        {"nil_row": 10**15},
        {"nil_row": float("inf")},
        {"names": {str(n): "x" for n in range(5_000)}},
        {"declared": [[1, "k", "l", "n"]] * 20_000},
        {"key": chr(0xD800)},
        {"key": "x" * 100_000},
    ],
)
def test_a_record_beyond_any_sheet_is_not_ours(value: dict[str, object]) -> None:
    """What the hidden sheet says of places and names is held against what a template can have."""
    assert RECORD_SHEET.startswith("_")
    assert parse_record([["shape", "1"], ["template", json.dumps(value)]]) is None
