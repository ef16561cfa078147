"""Codes of units as people write them, brought to the one way in which they are stored.

Knows nothing of the database.
"""

from __future__ import annotations

import re
import unicodedata

# NUL among them: it is seen by nobody, and PostgreSQL refuses it.
_GAPS = re.compile(r"[\s\x00\u200b\ufeff]+")
_SEPARATORS = re.compile("[-_\u2010-\u2015]")
_LEVEL_1 = re.compile(r"[A-Z][0-9]{2}")
_ZEROS = re.compile(r"0+")


#: No code is longer; a text that is gets no more of our time.
_LONGEST = 100


def normalise_identifier(text: str) -> str:
    """The stored shape of a code: `000.00.242.H55`, `h55 . 242` and `H55-242` are all `H55.242`.

    QCVN 102:2016 wrote a code from the smallest body up and filled it with zeros; Quyết định
    20/2020/QĐ-TTg writes it from the root down. Both are still sent.
    """
    plain = _GAPS.sub("", unicodedata.normalize("NFKC", text[:_LONGEST])).upper()
    parts = [part for part in _SEPARATORS.sub(".", plain).split(".") if part]
    if len(parts) > 1 and _LEVEL_1.fullmatch(parts[-1]) and not _LEVEL_1.fullmatch(parts[0]):
        parts = [part for part in reversed(parts) if not _ZEROS.fullmatch(part)]
    return ".".join(parts)
