"""What an import of units or of their lineage does, and what it touches, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class What(StrEnum):
    """What befalls a unit."""

    NEW = "new"
    RENAMED = "renamed"
    MOVED = "moved"  # under another unit
    ENDED = "ended"
    CHANGED = "changed"  # its days or its codes
    MERGED = "merged"
    SPLIT = "split"
    SHARED = "shared"  # a share is declared of what is on record


class Restating(StrEnum):
    """How older figures of a unit come to another map."""

    EXACT = "exact"
    ESTIMATED = "estimated"
    REFUSED = "refused"  # until shares are declared


@dataclass(frozen=True, slots=True)
class Effect:
    """What one line does to a unit from a day on; `before` and `after` are names or codes.

    `until` is the first day on which the unit is no more.
    """

    line: int
    what: What
    unit: str
    kind: str
    name: str
    on: date
    until: date | None = None
    before: str = ""
    after: str = ""
    restating: Restating | None = None


@dataclass(frozen=True, slots=True)
class TouchedPeriod:
    """An open form and period: what units that change owe in it, lack, and are owed."""

    form: str
    period: str
    owed: int
    missing: int
    received: int


@dataclass(frozen=True, slots=True)
class TouchedOpening:
    """A period that is not open yet, of which units that change would be asked or no more."""

    form: str
    period: str
    opens_at: datetime
    asked: int
    no_more: int


@dataclass(frozen=True, slots=True)
class Touched:
    """What there is of units that change, by the obligations as they are now."""

    periods: Sequence[TouchedPeriod] = field(default_factory=tuple)
    openings: Sequence[TouchedOpening] = field(default_factory=tuple)
