"""The door for files of others: nothing is inflated that was not measured, nothing raises."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.file_refusals import Refused
from forms.issues import Issue
from forms.opening_xlsx import OpenedXlsx, XlsxLimits, check_extent, open_workbook
from forms.reading_xlsx import read_xlsx
from tests.forms.templates import blank

TEMPLATE = blank()


def archive(parts: dict[str, bytes]) -> bytes:
    """A zip archive of some parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return buffer.getvalue()


def changed(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The template with its parts changed."""
    with zipfile.ZipFile(io.BytesIO(TEMPLATE)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    return archive(parts)


def refusal(data: bytes, limits: XlsxLimits | None = None) -> Issue:
    """The issue for which a file is not taken."""
    opened = open_workbook(data, limits=limits) if limits else open_workbook(data)
    assert isinstance(opened, Issue)
    return opened


def test_a_template_is_let_in() -> None:
    """Its parts come inflated; what is never read is not even inflated."""
    opened = open_workbook(TEMPLATE)
    assert isinstance(opened, OpenedXlsx)
    assert "xl/worksheets/sheet1.xml" in opened.parts
    assert not any(name.startswith("xl/theme/") for name in opened.parts)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "rỗng"),
        (b"hello", "không phải"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "mật khẩu",
        ),
        (b"<html><table>", "HTML"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "XML"),
        (b"%PDF-1.7", "PDF"),
        (archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), ".ods"),
        (archive({"word/document.xml": b"<w/>"}), ".docx"),
        (archive({"xl/workbook.bin": b""}), ".xlsb"),
        (archive({"a.txt": b""}), "không phải"),
        (TEMPLATE[: len(TEMPLATE) // 2], "chưa hết"),
    ],
)
def test_another_kind_of_file_is_named(data: bytes, word: str) -> None:
    """The clerk is told what she sent, and what was wanted."""
    issue = refusal(data)
    assert word in issue.given
    assert ".xlsx" in issue.expected


@pytest.mark.parametrize(
    ("name", "word"),
    [("xl/vbaProject.bin", "macro"), ("xl/externalLinks/externalLink1.xml", "liên kết")],
)
def test_macros_and_links_are_refused(name: str, word: str) -> None:
    """A template has neither."""
    assert word in refusal(changed(lambda parts: parts.update({name: b"x"}))).given


def test_entities_are_refused_in_every_part() -> None:
    """A document type is found wherever it stands, also in another encoding."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    for content in (bomb, bomb.decode().encode("utf-16")):
        data = changed(lambda parts, c=content: parts.update({"xl/workbook.xml": c}))  # type: ignore[misc]
        assert "XML" in refusal(data).given


def test_a_zip_bomb_is_refused_from_its_directory() -> None:
    """No part is touched: the directory alone is too much."""
    big = archive({"xl/workbook.xml": b"<x/>", "xl/worksheets/s.xml": b"\0" * 20_000_000})
    assert "bất thường" in refusal(big).given
    assert "MB" in refusal(big, XlsxLimits(unpacked_bytes=1_000_000)).given
    assert "KB" in refusal(big, XlsxLimits(file_bytes=1_000)).given
    many = archive({f"{n}.xml": b"" for n in range(150)})
    assert "nhiều phần" in refusal(many).given


def test_a_directory_that_lies_is_found_out() -> None:
    """A part that claims ten bytes and unpacks to a million is stopped after ten."""
    content = b"a" * 1_000_000
    honest = archive({"xl/workbook.xml": content})
    size, crc = struct.pack("<L", len(content)), struct.pack("<L", zlib.crc32(content))
    short, sum_ = struct.pack("<L", 10), struct.pack("<L", zlib.crc32(content[:10]))
    lying = honest.replace(size, short).replace(crc, sum_)
    assert lying != honest
    assert "khai sai" in refusal(lying).given


def test_an_encrypted_entry_is_refused() -> None:
    """The flag is looked at, the content is not."""
    at = TEMPLATE.index(b"PK\x01\x02")
    marked = bytearray(TEMPLATE)
    marked[at + 8] |= 1
    assert "mật khẩu" in refusal(bytes(marked)).given


@pytest.mark.parametrize(
    "cell",
    [
        b'<row r="1048576"><c r="A1"/></row>',
        b'<row r="1"><c r="XFD1"><v>1</v></c></row>',
        b'<row r="1"><c r="A10000"><v>1</v></c></row>',
        b'<row r="1"><c/><c/></row>',
        b'<row r="1"><c><v>1</v></c></row>',
        b"<row><c r='A1'/></row>",
        b'<row r="1"><x:c r="A1"/></row>',
        b'<row r="1"><c  r="XFD1"/></row>',
        b'<row r="1"><c s="1" r="ZZZ1"/></row>',
        b'<row r="1"><c\nr="A1"/></row>',
    ],
)
def test_cells_that_lie_far_apart_are_refused(cell: bytes) -> None:
    """A library would make room for all the rows and columns between them."""
    check_extent(b'<worksheet><sheetData><row r="1"><c r="A1"/></row></sheetData></worksheet>')
    with pytest.raises(Refused):
        check_extent(b"<worksheet><sheetData>" + cell + b"</sheetData></worksheet>")


def test_too_many_rows_are_refused() -> None:
    """The cap on rows is a limit that a door may set lower."""
    rows = b"".join(b'<row r="%d"><c r="A%d"/></row>' % (n, n) for n in range(1, 40))
    sheet = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
    check_extent(sheet)
    with pytest.raises(Refused):
        check_extent(sheet, limits=XlsxLimits(rows=38))


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    """Whatever is sent becomes issues."""
    assert read_xlsx(data).issues
    assert read_xlsx(b"PK\x03\x04" + data).issues


@given(st.data())
def test_no_damage_makes_it_raise(data: st.DataObject) -> None:
    """A template with some bytes changed is read or refused, and never an exception."""
    damaged = bytearray(TEMPLATE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    raw = read_xlsx(bytes(damaged))
    assert raw.issues or raw.form


@given(st.sampled_from(["sheet1.xml", "sheet2.xml", "sheet3.xml"]), st.data())
def test_no_markup_makes_it_raise(name: str, data: st.DataObject) -> None:
    """The same for the text of a sheet, packed again as if nothing had happened."""

    def damage(parts: dict[str, bytes]) -> None:
        content = bytearray(parts[f"xl/worksheets/{name}"])
        at = data.draw(st.integers(0, len(content)))
        end = at + data.draw(st.integers(0, 40))
        content[at:end] = data.draw(
            st.sampled_from(
                [b"", b"<", b">", b'"', b"<c>", b"</row>", b"&#0;", b"\xff", b"<f>1</f>"]
            )
        )
        parts[f"xl/worksheets/{name}"] = bytes(content)

    raw = read_xlsx(changed(damage))
    assert raw.issues or raw.form
