"""Vietnamese text made comparable: one spelling for what people write in several ways.

`hoà` and `hòa` are the same word with the tone mark placed by two conventions; files from
different machines also differ in composition, case, blanks and invisible characters.
"""

from __future__ import annotations

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


def nfc(text: str) -> str:
    """The text composed (NFC), otherwise as it was written."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=8192)
def normalise(text: str) -> str:
    """The text as it is compared: two spellings of one name give one result.

    Composition, tone placement, case, kinds and number of blanks, and invisible characters make
    no difference. The result is for matching and for keys; what was written is kept beside it.
    """
    visible = text.translate(_INVISIBLE)
    # Unicode's own recipe for comparing without case: decompose, fold, compose.
    folded = nfc(unicodedata.normalize("NFD", visible).casefold())
    placed = _MISPLACED.sub(lambda found: _TONE_PLACES[found[0]], folded)
    return nfc(" ".join(placed.split()))
