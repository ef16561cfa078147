"""A body as it came in, read into a raw return: the same for every door."""

from __future__ import annotations

from forms.opening_xlsx import XlsxLimits
from forms.reading_json import read_json
from forms.reading_xlsx import read_xlsx
from forms.returns import RawReturn


def read_return(body: bytes, *, is_workbook: bool, limits: XlsxLimits) -> RawReturn:
    """The return in a workbook or in JSON; what cannot be read is among its issues."""
    return read_xlsx(body, limits=limits) if is_workbook else read_json(body)
