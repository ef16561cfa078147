"""Declarations for tests: small ones written in place, and the shapes of `tests/data/forms`."""

from __future__ import annotations

from pathlib import Path

#: Forms of unusual shapes, with their regime; not shipped.
SHAPES = Path(__file__).parents[1] / "data" / "forms"

HEAD = """\
form: {code}
version: {version}
title: {{vi: Biểu thử, en: Trial form}}
source: Mẫu để thử
regime: {regime}
unit: hồ sơ
periods: [{periods}]
reporter: {{vi: UBND cấp tỉnh, kinds: [province]}}
receiver: Văn phòng Chính phủ
"""

COLUMNS = """\
    cells: {type: integer, min: 0}
    columns:
      - {id: c1, label: Tổng, formula: c2 + c3}
      - {id: c2, label: Một}
      - {id: c3, label: Hai}
      - {id: c4, label: Ghi chú, type: text}
"""

SINGLE = """\
tables:
  - key: a
    title: Bảng
    rows: {model: single}
"""


def head(
    code: str = "T.01", *, version: int = 1, regime: str = "TT01-II", periods: str = "Q1, Y"
) -> str:
    """The first lines of a declaration; ten lines long, tables not included."""
    return HEAD.format(code=code, version=version, regime=regime, periods=periods)


def a_form(
    code: str = "T.01", *, version: int = 1, rules: str = "", regime: str = "TT01-II"
) -> str:
    """A whole declaration with one single-row table, and rules such as `c1 == c2 + c3`."""
    text = head(code, version=version, regime=regime) + SINGLE + COLUMNS
    return f"{text}    rules:\n{rules}" if rules else text
