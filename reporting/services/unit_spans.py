"""Dated facts of one unit, side by side without overlap, and how a new one takes its place.

Knows nothing of the database; works on what was read from it and what a file says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

_DAY = timedelta(days=1)

S = TypeVar("S", bound="Span")


@dataclass(slots=True)
class Span:
    """Something that holds from `first` to `last`, both included; None is open-ended.

    `id` is its row in the store, 0 while it has none; `line` is the line of the file that wrote
    or changed it, 0 when the store alone says so.
    """

    first: date
    last: date | None
    id: int = 0
    line: int = 0

    def overlaps(self, other: Span) -> bool:
        """Whether any day is inside both."""
        return (self.last is None or self.last >= other.first) and (
            other.last is None or other.last >= self.first
        )

    def __str__(self) -> str:
        return f"{self.first} → {self.last or '…'}"


class Overlap(Exception):
    """A new span would cover days of one that stands."""

    def __init__(self, standing: Span) -> None:
        super().__init__(str(standing))
        self.standing = standing


def standing_at(spans: Sequence[S], first: date) -> S | None:
    """The stored span that begins on this very day, which a new line then rewrites."""
    return next((span for span in spans if span.first == first and not span.line), None)


def make_room(spans: Iterable[Span], new: Span) -> None:
    """Close the stored open-ended span that the new one follows. Raises Overlap.

    Two lines of one file never close one another: a file says its dates itself, or is wrong.
    """
    for span in spans:
        if span is new or not span.overlaps(new):
            continue
        follows_stored = not span.line and span.last is None and span.first < new.first
        if not follows_stored:
            raise Overlap(span)
        span.last, span.line = new.first - _DAY, new.line


def covers(spans: Iterable[Span], wanted: Span) -> bool:
    """Whether every day of `wanted` is inside one of the spans."""
    day = wanted.first
    for span in sorted(spans, key=lambda span: span.first):
        if span.first > day:
            return False
        if span.last is None:
            return True
        if span.last >= day:
            if wanted.last is not None and span.last >= wanted.last:
                return True
            day = span.last + _DAY
    return False
