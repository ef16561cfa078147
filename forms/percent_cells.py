"""Numbers that a sheet shows as a percentage: 0.8 under the format `0%` is read by people as 80 %.

Excel's own sums take it for 0.8, and the person who wrote it for 80. It is not guessed which is
meant: such a cell can be read in two ways. Zero is zero either way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from html import unescape

from forms.returns import RawCell, Unreadable

#: The numbers of Excel's own formats `0%` and `0.00%`.
_BUILT_IN = frozenset({"9", "10"})

_FORMAT = re.compile(rb"<(?:\w{1,40}:)?numFmt\s([^<>]{1,2000})>")
_FORMATS_OF_CELLS = re.compile(rb"(?s)<(?:\w{1,40}:)?cellXfs[\s>](.*?)</(?:\w{1,40}:)?cellXfs>")
_CELL_FORMAT = re.compile(rb"<(?:\w{1,40}:)?xf\s([^<>]{0,2000})>")
_ATTRIBUTE = re.compile(r"""\b(\w{1,40})=(?:"([^"]{0,1000})"|'([^']{0,1000})')""")
#: What stands in quotes, or after a backslash, is shown as it is and does not multiply.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_STYLE = re.compile(rb"""\ss=["']([0-9]{1,9})["']""")

_SHOWN = 25

PercentRows = Mapping[str, frozenset[int]]  # column letters -> rows from 0


def percent_styles(styles: bytes) -> frozenset[bytes]:
    """The numbers of the cell formats of a workbook that show a percentage."""
    percents = set(_BUILT_IN)
    for tag in _FORMAT.findall(styles):
        said = _attributes(tag)
        if "%" in _LITERAL.sub("", said.get("formatCode", "")):
            percents.add(said.get("numFmtId", ""))
    found = _FORMATS_OF_CELLS.search(styles)
    formats = _CELL_FORMAT.findall(found[1]) if found else []
    return frozenset(
        str(number).encode()
        for number, tag in enumerate(formats)
        if _attributes(tag).get("numFmtId") in percents
    )


def percent_cells(part: bytes, *, styles: frozenset[bytes], columns: frozenset[str]) -> PercentRows:
    """Which cells of some columns of a sheet have one of these formats."""
    if not styles:
        return {}
    letters_of = "|".join(sorted(columns, key=len, reverse=True)).encode()
    found: dict[str, set[int]] = {}
    for letters, number, said in re.findall(
        rb'<c r="(' + letters_of + rb')([0-9]{1,7})"([^<>]{0,500})>', part
    ):
        style = _STYLE.search(said)
        if (style[1] if style else b"0") in styles:
            found.setdefault(letters.decode(), set()).add(int(number) - 1)
    return {letters: frozenset(rows) for letters, rows in found.items()}


def shown_as_percent(value: RawCell) -> RawCell:
    """What a number in such a cell is to the reader; anything else is as it was."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not value:
        return value
    number = Decimal(value)
    # Moving the point is exact, whatever the number of digits.
    shown, stands = f"{number.scaleb(2).normalize():f}"[:_SHOWN], f"{number:f}"[:_SHOWN]
    return Unreadable("ambiguous_figure", f"{shown}% = {stands}", f"{shown} / {stands}")


def _attributes(tag: bytes) -> dict[str, str]:
    text = tag.decode(errors="replace")
    return {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(text)}
