"""Reading one raw cell: a scaled integer, a text, or an issue. Nothing is guessed.

The rule for figures (docs/submitting.md tells it to users):

* Spaces of every kind at the ends are dropped; full-width digits are digits; a leading + or - is
  a sign. Nothing else may stand beside the digits (a percent cell may end in %): a raised ² or a
  circled ① is no digit.
* Two different separators: the last is the decimal mark, the other groups thousands.
* The same separator more than once, or a space inside: it groups thousands.
* One separator followed by exactly three digits groups thousands where the cell has fewer than
  three decimals; where it has three or more, it can be read in two ways and is refused.
* Any other single separator is the decimal mark.
* Groups of thousands are complete, or the figure is refused. More decimals than declared are
  refused, never rounded.
* A JSON number and a number cell of Excel are exact as they stand (Excel keeps 15 digits).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from forms.definition import CellType, Column
from forms.returns import Mark, State, Unreadable
from forms.text import nfc

#: No figure has more than 15 digits, decimals included: that is all a cell of Excel can hold.
FIGURE_BOUND = 10**15

LONGEST_TEXT = 4_000
_LONGEST_FIGURE = 60
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[ .,])\d{3}(?:(?P=mark)\d{3})*")
_NOT_APPLICABLE = frozenset({"kad", "n/a", "không áp dụng"})
_DATE_VI = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


#: The full-width forms that an East Asian keyboard types, as their plain ones.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class Fault(NamedTuple):
    """Why a raw cell could not be read: a code of the catalogue, what was given and expected."""

    code: str
    given: str
    expected: str


class Figure(NamedTuple):
    """A figure as stored: scaled by the column's digits, and what state the cell is in."""

    value: int
    state: State


BLANK = Figure(0, State.BLANK)
_NA = Figure(0, State.NOT_APPLICABLE)


def read_figure(raw: Any, column: Column) -> Figure | Fault:
    """Read what stands in a figure cell."""
    if raw is None or raw is Mark.OWN_FORMULA:
        return BLANK
    if isinstance(raw, bool):
        return Fault("not_a_figure", str(raw).lower(), _example(column))
    if isinstance(raw, int):
        return _scaled(Decimal(raw), str(raw), column)
    if isinstance(raw, Decimal):
        return _scaled(raw, _shown(raw), column)
    if isinstance(raw, str):
        return _read_typed(raw, column)
    if isinstance(raw, Unreadable):
        return Fault(raw.code, raw.given, raw.expected or _example(column))
    return Fault("not_a_figure", type(raw).__name__, _example(column))


def write_figure(value: int, digits: int) -> str:
    """A scaled integer as a decimal text at its declared digits: 1500, 3 -> `1.500`."""
    if not digits:
        return str(value)
    sign = "-" if value < 0 else ""
    text = str(abs(value)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


def read_text(raw: Any, column: Column) -> str | Fault:
    """Read a text cell, to NFC; figures that stand in it are taken as they are written."""
    if raw is None or raw is Mark.OWN_FORMULA:
        return ""
    if isinstance(raw, Unreadable):
        return Fault(raw.code, raw.given, "chữ / text")
    if isinstance(raw, bool) or not isinstance(raw, (str, int, Decimal)):
        return Fault("not_text", type(raw).__name__, "text")
    if isinstance(raw, str) and len(raw) > 2 * LONGEST_TEXT:
        # Composing makes a text shorter at best by half; it is not worth the time to find out.
        return Fault("text_too_long", str(len(raw)), str(LONGEST_TEXT))
    text = nfc(_shown(raw) if isinstance(raw, Decimal) else str(raw)).strip()
    if any(unicodedata.category(sign) in ("Cs", "Cc") and sign not in "\n\t\r" for sign in text):
        return Fault("not_text", "control characters", "text")
    if len(text) > LONGEST_TEXT:
        return Fault("text_too_long", str(len(text)), str(LONGEST_TEXT))
    return _read_date(text) if column.type is CellType.DATE and text else text


def _read_date(text: str) -> str | Fault:
    match = _DATE_VI.fullmatch(text)
    try:
        if match:
            day, month, year = map(int, match.groups())
            return date(year, month, day).isoformat()
        if len(text) == len("2026-09-14"):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    return Fault("not_a_date", text[:_LONGEST_FIGURE], "14/9/2026 (2026-09-14)")


def _read_typed(raw: str, column: Column) -> Figure | Fault:
    text = raw.strip() if raw.isascii() else nfc(raw.translate(_FULL_WIDTH)).strip()
    if not text:
        return BLANK
    if len(text) <= len("không áp dụng") and text.casefold() in _NOT_APPLICABLE:
        if column.not_applicable:
            return _NA
        return Fault("not_applicable_refused", text, _example(column))
    given = raw.strip()[:_LONGEST_FIGURE]
    refused = Fault("not_a_figure", given, _example(column))
    if len(text) > _LONGEST_FIGURE:
        return refused
    if column.type is CellType.PERCENT and text.endswith("%"):
        text = text[:-1].rstrip()
    sign, digits = _split_sign(text)
    if digits.isascii() and digits.isdigit():
        return _scaled(Decimal(sign + digits), given, column)
    plain = _ungroup(digits, column.digits)
    if plain is None:
        return refused
    if plain == "":
        return Fault("ambiguous_figure", given, _two_ways(digits))
    return _scaled(Decimal(sign + plain), given, column)


def _split_sign(text: str) -> tuple[str, str]:
    if text.startswith(("-", "\u2212")):
        return "-", text[1:].lstrip()
    return "", text[1:].lstrip() if text.startswith("+") else text


def _ungroup(text: str, digits: int) -> str | None:
    """Digits with a decimal point, '' where they can be read in two ways, None where in none."""
    text = re.sub(r"\s", " ", text)
    if not re.fullmatch(r"[0-9][0-9 .,]*[0-9]", text) or not text.isascii():
        return None
    marks = [sign for sign in text if not sign.isdigit()]
    last = marks[-1]
    if len(set(marks)) > 1:
        whole, _, decimals = text.rpartition(last)
        if last == " " or last in whole or not _GROUPED.fullmatch(whole):
            return None
        return f"{re.sub('[ .,]', '', whole)}.{decimals}"
    if len(marks) > 1 or last == " ":
        return re.sub("[ .,]", "", text) if _GROUPED.fullmatch(text) else None
    if _GROUPED.fullmatch(text) and not text.startswith("0"):
        return re.sub("[ .,]", "", text) if digits < 3 else ""
    return text.replace(",", ".")


def _two_ways(text: str) -> str:
    whole, decimals = re.split("[.,]", text)
    return f"{whole}{decimals} / {whole},{decimals}0"


def _scaled(number: Decimal, given: str, column: Column) -> Figure | Fault:
    if not number.is_finite():
        return Fault("not_a_figure", given, _example(column))
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not number:
        # However far its exponent is away: powers of it would take hours.
        digits, exponent = (0,), 0
    if number.adjusted() >= 15 and number:
        return Fault("figure_too_large", given[:_LONGEST_FIGURE], _largest(column))
    # Whole numbers all the way: Decimal arithmetic would round to its context's 28 digits.
    shift = exponent + column.digits
    if shift < -_LONGEST_FIGURE:
        return Fault("too_many_decimals", given[:_LONGEST_FIGURE], str(column.digits))
    unscaled = int("".join(map(str, digits)))
    value, rest = divmod(unscaled, 10**-shift) if shift < 0 else (unscaled * 10**shift, 0)
    if rest:
        return Fault("too_many_decimals", given[:_LONGEST_FIGURE], str(column.digits))
    if number.is_signed():
        value = -value
    if not -FIGURE_BOUND < value < FIGURE_BOUND:
        return Fault("figure_too_large", given, _largest(column))
    if column.minimum is not None and value < column.minimum:
        return Fault("below_minimum", given, write_figure(column.minimum, column.digits))
    if column.maximum is not None and value > column.maximum:
        return Fault("above_maximum", given, write_figure(column.maximum, column.digits))
    return Figure(value, State.VALUE)


def _shown(number: Decimal) -> str:
    return str(number) if abs(number.adjusted()) > _LONGEST_FIGURE else format(number, "f")


def _largest(column: Column) -> str:
    return write_figure(FIGURE_BOUND - 1, column.digits)


def _example(column: Column) -> str:
    if not column.digits:
        return "số nguyên / a whole number (0, 12, 1234)"
    example = f"8,{'5'.ljust(column.digits, '0')}"
    most = f"tối đa {column.digits} chữ số thập phân / at most {column.digits} decimals"
    return f"{most} ({example})"
