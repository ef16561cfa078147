"""Vietnamese text made comparable: one spelling for what people write in several ways.

`hoà` and `hòa` are the same word with the tone mark placed by two conventions; files from
different machines also differ in composition, case, blanks and invisible characters.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache

#: Characters that take no room: zero-width spaces and joiners, direction marks, soft hyphen, BOM.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x180E, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF]
    + list(range(0x200B, 0x2010))
    + list(range(0x202A, 0x202F))
    + list(range(0x2066, 0x2070))
)

_PLAIN = {"o": "oóòỏõọ", "u": "uúùủũụ", "a": "aáàảãạ", "e": "eéèẻẽẹ", "y": "yýỳỷỹỵ"}

#: `òa` -> `oà`: the mark moves to the second vowel, where `hoàn` and `quý` have it anyway.
_TONE_PLACES = {
    _PLAIN[first][tone] + second: first + _PLAIN[second][tone]
    for first, seconds in (("o", "ae"), ("u", "y"))
    for second in seconds
    for tone in range(1, 6)
}
_MISPLACED = re.compile("|".join(_TONE_PLACES))


#: UAX #15 calls a text stream-safe when no more marks than this follow each other.
_MOST_MARKS = 30
_JOINER = "\u034f"  # What UAX #15 puts after so many: the combining grapheme joiner.
#: No name that is compared is longer; what follows is not looked at, and never cached.
_LONGEST_COMPARED = 1_000


def nfc(text: str) -> str:
    """The text composed (NFC), otherwise as it was written.

    Composing takes the square of the number of marks on one letter, so a run of them is broken
    first, as the Stream-Safe Text Format of UAX #15 breaks it.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _stream_safe(text))


def _stream_safe(text: str) -> str:
    if len(text) <= _MOST_MARKS:
        return text
    run, parts = 0, []
    for start, sign in enumerate(text):
        run = run + 1 if unicodedata.combining(sign) else 0
        if run == _MOST_MARKS:
            parts.append(start + 1)
            run = 0
    if not parts:
        return text
    bounds = [0, *parts, len(text)]
    return _JOINER.join(text[a:b] for a, b in itertools.pairwise(bounds))


def normalise(text: str) -> str:
    """The text as it is compared: two spellings of one name give one result.

    Composition, tone placement, case, kinds and number of blanks, and invisible characters make
    no difference. The result is for matching and for keys; what was written is kept beside it.
    """
    return _normalised(text[:_LONGEST_COMPARED])


@lru_cache(maxsize=8192)
def _normalised(text: str) -> str:
    visible = _stream_safe(text.translate(_INVISIBLE))
    # Unicode's own recipe for comparing without case: decompose, fold, compose.
    folded = nfc(unicodedata.normalize("NFD", visible).casefold())
    placed = _MISPLACED.sub(lambda found: _TONE_PLACES[found[0]], folded)
    return nfc(" ".join(placed.split()))
