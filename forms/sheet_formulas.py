"""What cells of a sheet hold beside their values: formulas, errors, a format of percentages.

python-calamine gives only values, those of formulas as they were cached.

Formulas are looked for in the sheet's own text, which forms.opening_xlsx has found harmless.
Whether one is the template's own is decided by comparing it with what we wrote there, rows moved
along where rows were inserted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError

from forms.percent_cells import PercentRows, percent_cells

_ERROR = re.compile(
    rb'<c r="([A-Z]+)([0-9]+)"(?=[^<>]*\st="e")[^<>]*>(?:<f[^<>]*/>|<f[^<>]*>[^<]*</f>)?<v>([^<]*)'
)
#: Longer formulas are not kept in memory.
_SHORT = 500

_ATTRIBUTE = re.compile(r'\b(\w{1,40})="([^"]{0,1000})"')
#: Excel's own limit; a longer one is nobody's, and costs too much to move.
_LONGEST = 8_192
_ADDRESS = re.compile(r"(?<![A-Za-z0-9_.])\$?([A-Z]{1,3})\$?([0-9]{1,7})(?![A-Za-z0-9_(])")


@dataclass(frozen=True, slots=True)
class SheetFormulas:
    """Formulas and errors by column letters, and within a column by row (from 0).

    `percents` are the cells whose number is shown as a percentage.
    """

    formulas: Mapping[str, Mapping[int, str]]
    errors: Mapping[str, Mapping[int, str]]
    percents: PercentRows = field(default_factory=dict)


def scan_sheet(
    part: bytes, *, columns: Collection[str], percents: frozenset[bytes] = frozenset()
) -> SheetFormulas:
    """Find the formulas, the Excel errors and the percentages in some columns of a sheet.

    A formula that cannot be told (an array, a data table) is given as `?`, which is nobody's own.
    """
    letters_of = "|".join(sorted(columns, key=len, reverse=True)).encode()
    formulas: dict[bytes, dict[int, str]] = {name.encode(): {} for name in columns}
    shared: dict[str, tuple[str, str]] = {}
    if b"<f" in part:
        found = re.findall(
            rb'<c r="(' + letters_of + rb')([0-9]+)"[^<>]*><f(?:>([^<]*)<|([^<>]*)>([^<]*))', part
        )
        for place, number, plain, attributes, text in found:
            if attributes:
                cell = f"{place.decode()}{number.decode()}"
                told = _told(cell, attributes.decode(), text.decode(), shared)
                formulas[place][int(number) - 1] = told
            else:
                formulas[place][int(number) - 1] = plain.decode()
    errors: dict[bytes, dict[int, str]] = {}
    if b't="e"' in part:
        for place, number, text in _ERROR.findall(part):
            errors.setdefault(place, {})[int(number) - 1] = text.decode()
    return SheetFormulas(
        {place.decode(): texts for place, texts in formulas.items() if texts},
        {place.decode(): texts for place, texts in errors.items()},
        percent_cells(part, styles=percents, columns=frozenset(columns)),
    )


def _told(cell: str, attributes: str, text: str, shared: dict[str, tuple[str, str]]) -> str:
    """The formula of a cell with attributes: Excel writes a shared one out only once."""
    if len(text) > _LONGEST or len(attributes) > _LONGEST:
        return "?"
    said = dict(_ATTRIBUTE.findall(attributes))
    if attributes.endswith("/"):
        text = ""
    kind, index = said.get("t", "normal"), said.get("si", "")
    if kind == "normal":
        return text
    if kind != "shared":
        return "?"
    if text:
        shared[index] = (cell, text)
        return text
    origin, master = shared.get(index, ("", ""))
    if not master:
        return "?"
    try:
        moved = Translator(f"={unescape(master)}", origin).translate_formula(cell)
    except (TranslatorError, TokenizerError, ValueError, IndexError):
        return "?"
    return str(moved)[1:]


@dataclass(frozen=True, slots=True)
class OwnFormula:
    """A formula as the template wrote it, ready to be compared with what a cell holds now."""

    text: str  # as written, entities and all, with NUL for the number of its own row
    original: str
    row: int  # of the sheet from 0, where it was written

    def is_in(self, found: str, row: int, moved: Mapping[int, int], inside: range) -> bool:
        """Whether a cell of `row` holds this formula.

        `moved` says where rows of the template are now; a row that it does not name may be any
        row `inside` the table, since a sum over the table grows with it.
        """
        if found == self.text.replace("\0", str(row + 1)):
            return True
        shape, addresses = _shape(unescape(found))
        own_shape, own_addresses = _shape(self.original)
        if shape != own_shape or len(addresses) != len(own_addresses):
            return False
        for (letters, number), (own_letters, own_number) in zip(
            addresses, own_addresses, strict=True
        ):
            if letters != own_letters:
                return False
            wanted = row if own_number == self.row else moved.get(own_number)
            if number != wanted and (wanted is not None or number not in inside):
                return False
        return True


def _shape(text: str) -> tuple[str, list[tuple[str, int]]]:
    """A formula without blanks and addresses, and the addresses (rows from 0)."""
    plain = "".join(text.split()).removeprefix("=").upper()
    addresses = [(letters, int(number) - 1) for letters, number in _ADDRESS.findall(plain)]
    return _ADDRESS.sub("@", plain), addresses


def own_formula(text: str, row: int) -> OwnFormula:
    """A formula of the record, which stood in `row` when the template was made.

    Kept for the next file, because all the templates of a form hold the same ones.
    """
    return _kept(text, row) if len(text) < _SHORT else _own_formula(text, row)


def _own_formula(text: str, row: int) -> OwnFormula:
    number = str(row + 1)

    def hide(found: re.Match[str]) -> str:
        start = found[0][: found.start(2) - found.start()]
        return f"{start}\0" if found[2] == number else found[0]

    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return OwnFormula(_ADDRESS.sub(hide, escaped), text, row)


_kept = lru_cache(maxsize=2_048)(_own_formula)
