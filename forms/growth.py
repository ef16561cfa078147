"""Growth from one period to another: by how much, and by how many percent, or why by none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from forms.canvas import CanvasTable, Layer
from forms.definition import CellType, OverTime
from forms.evaluating import BoolArray, Integers, round_half_up
from forms.returns import Int64Array, State

#: Digits of a percentage of growth.
PERCENT_DIGITS = 2


class NoPercent(StrEnum):
    """Why a growth has no percentage."""

    NO_FIGURE = "no_figure"  # there is no figure on either side
    NO_BASE = "no_base"  # only the earlier one is not there
    ZERO_BASE = "zero_base"
    NEGATIVE_BASE = "negative_base"
    RATIO = "ratio"  # a percentage grows by points


#: In the order of their numbers; '' is a percentage that is there.
REASONS: tuple[NoPercent | str, ...] = ("", *NoPercent)


@dataclass(frozen=True, eq=False)
class Growth:
    """The growth of one table, cell by cell as a layer has them.

    `absolute` is scaled by the digits of each column and holds where `known`; `percent` is scaled
    by PERCENT_DIGITS and holds where `reason` is 0, else REASONS says why there is none.
    """

    absolute: Int64Array
    known: BoolArray
    percent: Integers
    reason: npt.NDArray[np.uint8]


def growth(table: CanvasTable, now: Layer, base: Layer) -> Growth:
    """The growth of every cell from an earlier layer to a later one."""
    is_there = now.states == State.VALUE
    had = base.states == State.VALUE
    known = np.asarray(is_there & had, np.bool_)
    # Two figures of at most 15 digits; their difference has room in 64 bits.
    absolute = np.where(known, now.values - base.values, 0).astype(np.int64)
    reason = np.zeros(known.shape, np.uint8)
    is_ratio = [
        table.ways[column.id] is OverTime.RATIO or column.type is CellType.PERCENT
        for column in table.table.figures
    ]
    for why, where in (
        (NoPercent.RATIO, np.broadcast_to(np.array(is_ratio, np.bool_), known.shape)),
        (NoPercent.NEGATIVE_BASE, base.values < 0),
        (NoPercent.ZERO_BASE, base.values == 0),
        (NoPercent.NO_BASE, ~had),
        (NoPercent.NO_FIGURE, ~is_there),
    ):
        reason[where] = REASONS.index(why)
    # In Python's own integers: the product passes 64 bits long before a figure does.
    top = absolute.astype(object) * 100 * 10**PERCENT_DIGITS
    bottom = np.where(reason == 0, base.values, 1).astype(object)
    return Growth(absolute, known, round_half_up(top, bottom), reason)
