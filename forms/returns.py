"""A return before and after checking: raw cells as they came in, and the figures they became.

`RawReturn` is what both readers (JSON and Excel) give; `Report` is what checking makes of it,
and what canonical JSON, packed cells, consolidation and workbooks are made from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from forms.issues import Issue

Int64Array = npt.NDArray[np.int64]
StateArray = npt.NDArray[np.uint8]


class State(IntEnum):
    """What a cell is. The packed integer beside any state but VALUE is 0."""

    BLANK = 0
    VALUE = 1
    NOT_APPLICABLE = 2
    NOT_ASKED = 3  # other version of the form, or out of the row's or column's validity


class Mark(Enum):
    """Raw cells that are no text and no number."""

    OWN_FORMULA = "own_formula"  # the template's own formula: computed from the declaration


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A raw cell that the reader of the file cannot take: the code of the issue, what stands there.

    `expected` is '' where it is what the column expects anyway.
    """

    code: str
    given: str
    expected: str = ""

    def __str__(self) -> str:
        return self.given


#: What a reader may put in a cell. Floats never get this far: a reader turns them into Decimal.
RawCell = None | int | Decimal | str | bool | Mark | Unreadable | Any


@dataclass(slots=True)
class RawRow:
    """One row as sent. `key` is what the sender wrote to name it.

    `number` counts it among the rows that say anything, once the rows are named; 0 before.
    """

    key: str = ""
    section: str = ""
    cells: dict[str, RawCell] = field(default_factory=dict)  # column id -> raw
    places: dict[str, str] = field(default_factory=dict)  # column id or "key" -> "Sheet!C7"
    number: int = field(default=0, compare=False)


@dataclass(slots=True)
class RawTable:
    """One table as sent; `nil` is the explicit statement that there is nothing to report."""

    rows: list[RawRow] = field(default_factory=list)
    total: RawRow | None = None
    nil: bool = False


@dataclass(slots=True)
class RawReturn:
    """A whole return as sent, with what the reader already found wrong with it."""

    form: str = ""
    version: int | None = None
    unit: str = ""
    period: str = ""
    tables: dict[str, RawTable] = field(default_factory=dict)
    note: str = ""
    issues: list[Issue] = field(default_factory=list)


class RowName(NamedTuple):
    """What names a row for ever: section and key; `label` is how the sender wrote it (NFC)."""

    key: str
    section: str = ""
    label: str = ""

    @property
    def path(self) -> str:
        """The middle of a cell id: `key`, or `section:key` under a section heading."""
        return f"{self.section}:{self.key}" if self.section else self.key


@dataclass(frozen=True, slots=True)
class TableData:
    """The figures and texts of one table.

    `values` and `states` are (rows, figure columns); `total_values` and `total_states` are
    (figure columns,). Values are integers scaled by each column's declared digits.
    """

    names: tuple[RowName, ...]
    values: Int64Array
    states: StateArray
    texts: tuple[dict[str, str], ...]
    total_values: Int64Array
    total_states: StateArray
    nil: bool = False


@dataclass(frozen=True)
class Report:
    """A return whose cells could all be read: the content of a revision or of an edition."""

    form: str
    version: int
    unit: str
    period: str
    tables: dict[str, TableData]
    note: str = ""
