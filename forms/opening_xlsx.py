"""The one door through which files of others come in: an .xlsx is looked over before it is read.

First only the directory of the archive is looked at and nothing is inflated: sizes, ratio,
entries, what kind of file it is. Then every part is inflated with a hard cap, so that a directory
that lies is found out. Libraries get an archive made anew from the parts that were looked over,
so they cannot read the file in another way than we did. Nothing a sender may send raises.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from forms.file_refusals import Refused, refusal
from forms.issues import Issue

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class XlsxLimits:
    """How large a file may be, as it comes and once unpacked."""

    file_bytes: int = 10 * _MIB
    unpacked_bytes: int = 64 * _MIB
    entries: int = 100
    ratio: int = 200  # only looked at where the file unpacks to more than a mebibyte
    rows: int = 9_999


USUAL_LIMITS = XlsxLimits()


@dataclass(frozen=True, slots=True)
class OpenedXlsx:
    """A file that was found harmless: the parts that are read, inflated, and their checksums.

    A sheet is looked over only when it is handed on, and only what of it is.
    """

    parts: Mapping[str, bytes]
    checksums: Mapping[str, int]
    longest_text: int  # of those that cells name, in bytes

    def archive(self, path: str, sheet: bytes, *, limits: XlsxLimits, styles: bool = True) -> bytes:
        """The workbook with one sheet as an archive for a library, which need not inflate it.

        `sheet` stands in place of the part at `path`. Raises Refused where its cells lie too far
        apart or its texts would fill memory; the other sheets are left out, so that nothing
        unchecked is ever loaded. Styles tell dates from numbers, and can be done without where
        there are no dates.
        """
        check_extent(sheet, limits=limits)
        _check_texts(sheet, self.longest_text)
        pieces: list[bytes] = []
        directory: list[bytes] = []
        offset = 0
        dropped = (_SHEETS,) if styles else (_SHEETS, "xl/styles.xml")
        kept = {k: v for k, v in self.parts.items() if not k.startswith(dropped)}
        sums = {**self.checksums, path: zlib.crc32(sheet)}
        for name_text, part in (*kept.items(), (path, sheet)):
            name, size = name_text.encode(), len(part)
            common = (*_STORED, sums[name_text], size, size, len(name), 0)
            local = struct.pack("<4s5HLLLHH", b"PK\x03\x04", 20, *common) + name
            directory.append(
                struct.pack("<4s6HLLLHHHHHLL", b"PK\x01\x02", 20, 20, *common, *_PLAIN, offset)
                + name
            )
            pieces += (local, part)
            offset += len(local) + size
        listed = b"".join(directory)
        count = len(directory)
        end = struct.pack("<4s4HLLH", b"PK\x05\x06", 0, 0, count, count, len(listed), offset, 0)
        return b"".join((*pieces, listed, end))


#: Flags (names in UTF-8), method (stored), time and date of an entry of our own archive.
_STORED = (0x800, 0, 0, 33)

#: Comment length, disk, internal and external attributes of an entry of our own archive.
_PLAIN = (0, 0, 0, 0)

_STRINGS = "xl/sharedStrings.xml"
_START_OF_TEXTS = re.compile(rb"<sst(?:\s[^<>]{0,2000})?>")
_PLAIN_START_OF_TEXTS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
_PREFIXED_TEXT = re.compile(rb"</?[\w.-]{1,60}:(?:sst|si|is|t)[\s/>]")
#: How a cell says that it names one, between whichever signs.
_NAMES_A_TEXT = (b'"s"', b"'s'")

#: Lists of sheets and of links are short; ours have a few hundred bytes.
_LISTS = (".rels", "xl/workbook.xml", "[Content_Types].xml")
_LONGEST_LIST = 256 * 1024

#: Excel's own limit is 32,767 characters, each of at most six bytes with its markup around it.
_LONGEST_TEXT = 256 * 1024
_MOST_TEXT = 256 * _MIB

#: What is never read: it is not even inflated.
_SHEETS = "xl/worksheets/"
_UNREAD = ("xl/theme/", "xl/drawings/", "xl/charts/", "xl/media/", "xl/printerSettings/")


def open_workbook(data: bytes, *, limits: XlsxLimits = USUAL_LIMITS) -> OpenedXlsx | Issue:
    """Look a file over; give back its parts, or the issue that says what it is instead."""
    try:
        return _open(data, limits)
    except Refused as refused:
        return refused.issue
    except (
        *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError),
        *(NotImplementedError, OverflowError, ValueError, IndexError, KeyError, OSError),
    ):
        return refusal("malformed", "damaged")


def _open(data: bytes, limits: XlsxLimits) -> OpenedXlsx:
    if len(data) > limits.file_bytes:
        raise Refused("malformed", "large_file", count=len(data) // 1024)
    _blame_other_kinds(data)
    _check_end_record(data, limits)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        entries = archive.infolist()
    _check_directory(entries, len(data), limits)
    _blame_other_packages({entry.filename for entry in entries})
    read = [entry for entry in entries if _is_read(entry.filename)]
    parts = {entry.filename: _inflate(data, entry) for entry in read}
    sums = {entry.filename: entry.CRC for entry in read}
    for name, part in parts.items():
        _check_markup(part)
        if not name.startswith(_SHEETS) and name.endswith(_LISTS) and len(part) > _LONGEST_LIST:
            raise Refused("malformed", "large_part", name=name)
    if _STRINGS in parts:
        parts[_STRINGS] = _without_counts(parts[_STRINGS])
        sums[_STRINGS] = zlib.crc32(parts[_STRINGS])
    return OpenedXlsx(parts, sums, _check_shared_texts(parts.get(_STRINGS, b"")))


def _without_counts(part: bytes) -> bytes:
    """The list of texts without what it says of its own length: a library makes room for that.

    Its start is written anew, whatever it said. There is one, and nothing that looks like another.
    """
    starts = _START_OF_TEXTS.findall(part)
    if part.count(b"<sst") != 1 or len(starts) != 1:
        # A list without any text may be one empty element.
        if re.fullmatch(rb"(?s).{0,200}<sst(?:\s[^<>]{0,2000})?/>\s*", part):
            return _PLAIN_START_OF_TEXTS + b"</sst>"
        raise Refused("malformed", "damaged_texts")
    return part.replace(starts[0], _PLAIN_START_OF_TEXTS, 1)


def _check_shared_texts(strings: bytes) -> int:
    """The length of the longest of the texts that cells name; none is longer than Excel allows."""
    if _is_prefixed(strings, _PREFIXED_TEXT, _TEXTS):
        raise Refused("malformed", "odd_prefix")
    return _modest(_longest(strings, b"<si", b"</si>"))


def _check_texts(sheet: bytes, longest: int) -> None:
    """No text longer than Excel allows, and no long one in so many cells that they fill memory.

    A library gives each cell a text of its own, however many cells name the same one.
    """
    if _is_prefixed(sheet, _PREFIXED_TEXT, _TEXTS):
        raise Refused("malformed", "odd_prefix")
    _modest(_longest(sheet, b"<is>", b"</is>"))
    if longest * sum(sheet.count(sign) for sign in _NAMES_A_TEXT) > _MOST_TEXT:
        raise Refused("malformed", "long_cells")


def _modest(length: int) -> int:
    if length > _LONGEST_TEXT:
        raise Refused("malformed", "long_cell")
    return length


def _longest(part: bytes, opening: bytes, closing: bytes) -> int:
    """The length of the longest piece that ends so, from where it began on."""
    pieces = part.split(closing)[:-1] if closing in part else []
    return max((len(piece) - max(piece.rfind(opening), 0) for piece in pieces), default=0)


def _is_read(name: str) -> bool:
    if not name.endswith((".xml", ".rels")) or name.startswith(_UNREAD):
        return False
    return name.startswith("xl/") or name in ("[Content_Types].xml", "_rels/.rels")


def _blame_other_kinds(data: bytes) -> None:
    """Name what a file is by its first bytes, where it is no zip archive."""
    if data[:4] == b"PK\x03\x04":
        return
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refused("malformed", "password")
        raise Refused("not_this_template", "old_office")
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        raise Refused("not_this_template", "html")
    if start.startswith(b"<"):
        raise Refused("not_this_template", "xml")
    if start.startswith(b"%pdf"):
        raise Refused("not_this_template", "pdf")
    if not data:
        raise Refused("malformed", "empty")
    raise Refused("not_this_template", "no_xlsx")


def _check_end_record(data: bytes, limits: XlsxLimits) -> None:
    """Refuse a directory that would itself take long to read, by the size it claims."""
    at = data.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(data):
        raise Refused("malformed", "cut_off")
    count, size = struct.unpack_from("<HI", data, at + 10)
    if count > limits.entries or size > limits.entries * 512:
        raise Refused("malformed", "many_parts")


def _check_directory(entries: list[zipfile.ZipInfo], file_bytes: int, limits: XlsxLimits) -> None:
    names = {entry.filename for entry in entries}
    if len(entries) > limits.entries or len(names) < len(entries):
        raise Refused("malformed", "double_parts")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused("malformed", "zip_password")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise Refused("malformed", "unpacks_to", count=unpacked // _MIB)
    if unpacked > _MIB and unpacked > limits.ratio * file_bytes:
        raise Refused("malformed", "odd_ratio")
    if any(
        entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries
    ):
        raise Refused("malformed", "odd_packing")


def _blame_other_packages(names: set[str]) -> None:
    """Name what a zip archive is, where it is no plain workbook."""
    lower = {name.lower() for name in names}
    if any(name.endswith("vbaproject.bin") for name in lower):
        raise Refused("not_this_template", "macro")
    if any(name.startswith("xl/externallinks/") for name in lower):
        raise Refused("not_this_template", "links")
    if "xl/workbook.xml" in names:
        return
    kinds = {
        "xl/workbook.bin": "xlsb",
        "word/document.xml": "docx",
        "ppt/presentation.xml": "pptx",
        "mimetype": "ods",
    }
    for name, kind in kinds.items():
        if name in lower:
            raise Refused("not_this_template", kind)
    raise Refused("not_this_template", "no_workbook")


def _inflate(data: bytes, entry: zipfile.ZipInfo) -> bytes:
    """One part, whose directory entry must say its true size: a library would trust the stream."""
    at = entry.header_offset
    if data[at : at + 4] != b"PK\x03\x04":
        raise Refused("malformed", "damaged_zip")
    name_length, extra_length = struct.unpack_from("<HH", data, at + 26)
    start = at + 30 + name_length + extra_length
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        content = bytes(packed)
    else:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        content = stream.decompress(packed, entry.file_size + 1)
        if not stream.eof:
            raise Refused("malformed", "false_size")
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise Refused("malformed", "false_size")
    return content


def _check_markup(part: bytes) -> None:
    """No entities and no document types, in any encoding: nothing that we read has them."""
    # Entities are declared inside a document type, and in nothing else.
    if b"<!DOCTYPE" in part or b"\x00" in part:
        raise Refused("malformed", "entities")


#: A cell or a row that does not say where it is, or is beyond ten thousand rows or 208 columns.
_ASTRAY = re.compile(rb'<(?:c|row)(?! r="(?:[A-G]?[A-Z])?[0-9]{1,4}")(?=[\s/>])')

#: The same elements by a prefixed name, as hardly any program writes them.
_PREFIXED = re.compile(rb"<\w{1,40}:(?:c|row|sheetData)[\s/>]")

_TEXTS = (b":sst", b":si", b":is", b":t")
_CELLS = (b":c", b":row", b":sheetData")

_LAST_ROW = re.compile(rb'<row r="([0-9]+)"')


def check_extent(part: bytes, *, limits: XlsxLimits = USUAL_LIMITS) -> None:
    """Refuse a sheet whose cells lie far apart: a library makes room for all that is between.

    Cells and rows must say where they are, and say it as every program writes it. Raises Refused.
    """
    start, end = part.find(b"<sheetData"), part.rfind(b"</sheetData>")
    if _ASTRAY.search(part, max(start, 0)) or _is_prefixed(part, _PREFIXED, _CELLS):
        raise Refused("malformed", "wide_sheet", count=limits.rows)
    last = _LAST_ROW.search(part, max(0, part.rfind(b"<row ", 0, max(end, 0))))
    if last and int(last[1]) > limits.rows:
        raise Refused("malformed", "long_sheet", count=limits.rows)


def _is_prefixed(part: bytes, pattern: re.Pattern[bytes], names: tuple[bytes, ...]) -> bool:
    """Whether one of some elements stands under a prefixed name; in a text the marks may stand.

    The names are looked for first, which takes a tenth of the time and mostly finds nothing.
    """
    return any(name in part for name in names) and pattern.search(part) is not None
