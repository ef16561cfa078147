"""A small picture of one line of a series: a bar for each period beside that of the year before.

Drawn here from the figures, in whole numbers: pages run no script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from forms.cumulating import parts_until
from forms.series_lines import Block, Heading, Look, SeriesCell, SeriesLine
from reporting.web.rendering import figure

_HEIGHT, _TOP, _BOTTOM = 220, 34, 30
_BAR, _GAP, _LEFT, _LETTER = 46, 30, 16, 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with what is written on it; one without a figure is only its word, at the ground."""

    x: int
    y: int
    height: int
    text: str
    is_before: bool = False
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars in groups, one group for each period; `labels` are where each group is written."""

    width: int
    height: int
    ground: int
    bar: int
    bars: Sequence[Bar]
    labels: Sequence[tuple[int, str]]


def picture_of(line: SeriesLine, across: Sequence[Heading]) -> Picture | None:
    """The picture of a line over its periods; None without a figure.

    A year beside its quarters, and the year to date, would leave nothing to be seen of them.
    """
    cells = dict(zip(across, line.cells, strict=True))
    has_parts = any(parts_until(one.period) for one in across)
    drawn = [one for one in across if not one.to_date]
    drawn = [one for one in drawn if parts_until(one.period)] if has_parts else drawn
    plain = [one for one in drawn if one.block is Block.FIGURES]
    earlier = [one for one in drawn if one.block is Block.LAST_YEAR]
    shown = [cells[one] for one in (*plain, *earlier)]
    figures = [cell.value for cell in shown if cell.value is not None]
    if not figures:
        return None
    most, least = max(Decimal(0), *figures), min(Decimal(0), *figures)
    room = _HEIGHT - _TOP - _BOTTOM
    scale = Decimal(room) / (most - least) if most > least else Decimal(0)
    ground = _TOP + int(most * scale)
    words = {one: _word(cells[one]) for one in (*plain, *earlier)}
    width = max(_BAR, *(_LETTER * len(word) + 8 for word in words.values()))
    bars, labels = [], []
    x = _LEFT
    for at, heading in enumerate(plain):
        group = [(earlier[at], True)] if earlier else []
        start = x
        for one, is_before in (*group, (heading, False)):
            value = cells[one].value
            size = int(abs(value) * scale) if value is not None else 0
            y = ground - size if value is None or value >= 0 else ground
            bars.append(Bar(x, y, size, words[one], is_before, value is None))
            x += width
        labels.append(((start + x) // 2, heading.period.code))
        x += _GAP
    return Picture(x - _GAP + _LEFT, _HEIGHT, ground, width, bars, labels)


def _word(cell: SeriesCell) -> str:
    return figure(cell.value) if cell.value is not None else _WORDS.get(cell.look, "")


_WORDS = {
    Look.BLANK: "–",
    Look.NOT_APPLICABLE: "KAD",
    Look.NOT_ASKED: "không hỏi",
    Look.MISSING: "chưa có",
}
