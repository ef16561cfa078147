"""What the lineage of a cell says: levels, what adds up on each, and the reports behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The revision behind a part, for who may read it."""

    submission_id: int
    number: str  # of the receipt
    revision: int
    form_code: str
    content_sha256: str
    file_sha256: str
    file_name: str
    received_at: datetime
    signer: str
    actor: str


@dataclass(frozen=True, slots=True)
class Inner:
    """One of the cells of a report that are in a part together; their values add up to its."""

    cell: str
    label: str
    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit brings into a cell; `value` is as it is added there.

    `cell` names the cell in the unit's report, with `*` where several of its `cells` are in it
    that no cell there sums up; `inside` are those, where its file was opened.
    `place` is where that stands in the sender's own file, '' where it was worked out, None where
    nobody looked. `estimate` is the edition that stands in for the report. `difference` is what was
    reported less what the level below comes to.
    """

    unit_code: str
    unit_name: str
    value: str
    cell: str = ""
    label: str = ""
    cells: int = 1
    inside: Sequence[Inner] = ()
    place: str | None = None
    sent: Sent | None = None
    estimate: int | None = None
    below: Level | None = None
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Addition:
    """Parts that add exactly to a value; `name` is `numerator` or `denominator` in a ratio."""

    name: str
    value: str
    parts: Sequence[Part]
    constant: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One cell of one edition, taken apart. `value` is '' where the cell is blank."""

    edition_id: int
    number: int
    form_code: str
    period: str
    unit_code: str
    unit_name: str
    cell: str
    row_label: str
    column_label: str
    value: str
    is_computed: bool
    additions: Sequence[Addition]
