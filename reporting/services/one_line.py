"""A name, a title: a text of one readable line, in the one spelling in which it is kept."""

from __future__ import annotations

import unicodedata

from reporting.errors import Conflict

LONGEST = 200


def one_line(text: str, what_vi: str, what_en: str) -> str:
    """The text in NFC and without outer blanks. Raises Conflict for any that is not one line."""
    shown = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).strip()
    if not shown or len(shown) > LONGEST or not shown.isprintable():
        raise Conflict(
            vi=f"{what_vi} phải có từ 1 đến {LONGEST} ký tự, trên một dòng.",
            en=f"{what_en} has 1 to {LONGEST} characters, on one line.",
        )
    return shown
