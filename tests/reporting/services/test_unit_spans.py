"""Dated facts side by side: the laws that hold whatever the days are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.services.unit_spans import Overlap, Span, covers, make_room

START = date(2025, 1, 1)


def span(first: int, last: int | None, line: int = 0) -> Span:
    """A span by day numbers."""
    return Span(
        START + timedelta(days=first),
        None if last is None else START + timedelta(days=last),
        line=line,
    )


days = st.integers(0, 12)
spans = st.builds(
    lambda first, length: span(first, None if length is None else first + length),
    days,
    st.none() | st.integers(0, 5),
)


def held(one: Span, day: date) -> bool:
    """Whether a day is inside, said as simply as can be."""
    return one.first <= day and (one.last is None or day <= one.last)


CALENDAR = [START + timedelta(days=day) for day in range(40)]


@given(spans, spans)
def test_two_spans_overlap_when_a_day_is_in_both(one: Span, other: Span) -> None:
    """The comparison of ends agrees with going through the calendar."""
    shared = any(held(one, day) and held(other, day) for day in CALENDAR)
    assert one.overlaps(other) == other.overlaps(one) == shared


@given(st.lists(spans, max_size=5), spans)
def test_spans_cover_when_each_day_is_in_one_of_them(parts: list[Span], wanted: Span) -> None:
    """Covering agrees with going through the calendar."""
    wanted_days = [day for day in CALENDAR if held(wanted, day)]
    in_days = all(any(held(part, day) for part in parts) for day in wanted_days)
    assert covers(parts, wanted) == in_days


def test_a_new_span_closes_the_stored_open_one_the_day_before() -> None:
    """A renaming ends the old name on its eve."""
    stored, new = span(0, None), span(10, None, line=7)
    make_room([stored, new], new)
    assert stored.last == START + timedelta(days=9)
    assert stored.line == 7


@pytest.mark.parametrize(
    ("standing", "new"),
    [
        (span(0, 10), span(10, None, line=7)),
        (span(5, None), span(0, None, line=7)),
        (span(5, 6), span(0, 5, line=7)),
        (span(0, None, line=6), span(10, None, line=7)),
    ],
)
def test_nothing_else_makes_room(standing: Span, new: Span) -> None:
    """A stored span with its own end, a later one, or one of the same file does not give way."""
    with pytest.raises(Overlap):
        make_room([standing, new], new)
