"""A body as it came in, through whichever door: its name made harmless, its cells read."""

from __future__ import annotations

import re
import unicodedata

from forms.opening_xlsx import XlsxLimits
from forms.reading_json import read_json
from forms.reading_xlsx import read_xlsx
from forms.returns import RawReturn

_LONGEST_FILE_NAME = 200
_NOT_IN_A_NAME = re.compile(r'[:*?"<>|]')


def read_return(body: bytes, *, is_workbook: bool, limits: XlsxLimits) -> RawReturn:
    """The return in a workbook or in JSON; what cannot be read is among its issues."""
    return read_xlsx(body, limits=limits) if is_workbook else read_json(body)


def safe_file_name(text: str, fallback: str) -> str:
    """The last part of a path as a sender wrote it, without what breaks a header or a folder."""
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    visible = "".join(sign for sign in composed if sign.isprintable())
    name = _NOT_IN_A_NAME.sub("-", re.split(r"[\\/]", visible)[-1]).strip(" .")
    return name[-_LONGEST_FILE_NAME:].lstrip(" .") or fallback
