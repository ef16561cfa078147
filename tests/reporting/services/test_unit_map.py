"""Mergers, splits and renames followed from one day to another, by lineage alone."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from forms.apportioning import Part
from reporting.errors import Conflict
from reporting.models import LineageExtent, UnitKind
from reporting.services.registry_loading import load_shipped_registry
from reporting.services.unit_map import Edge, Life, LineageCircle, follow, unit_map
from tests.builders import IN_Q3, SYSTEM, a_unit
from tests.reporting.services.mergers import became

WHOLE, PART = LineageExtent.WHOLE, LineageExtent.PART
JULY, APRIL, MAY = date(2025, 7, 1), date(2026, 4, 1), date(2026, 5, 1)
BEFORE, AFTER = date(2025, 1, 1), date(2026, 12, 31)
EVER: Life = (date(2000, 1, 1), None)
UNTIL_JUNE: Life = (date(2000, 1, 1), date(2025, 6, 30))
FROM_JULY: Life = (JULY, None)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def test_mergers_are_followed_to_their_end() -> None:
    """A and B into C in July, C into D in April: A, B and C are D; in between, A and B are C."""
    edges = [Edge("A", "C", JULY, WHOLE), Edge("B", "C", JULY, WHOLE), Edge("C", "D", APRIL, WHOLE)]
    lives = {"A": UNTIL_JUNE, "B": UNTIL_JUNE, "C": (JULY, date(2026, 3, 31)), "D": (APRIL, None)}
    found = follow(edges, lives, since=BEFORE, on=AFTER)
    assert found == {unit: (Part("D"),) for unit in "ABC"}
    between = follow(edges, lives, since=BEFORE, on=date(2026, 1, 1))
    assert between == {unit: (Part("C"),) for unit in "AB"}
    assert follow(edges, lives, since=JULY, on=date(2026, 3, 31)) == {}


def test_two_steps_on_one_day_are_taken_in_their_order() -> None:
    """A into B and B into C on one day: A is C, however the edges are given."""
    edges = [Edge("B", "C", JULY, WHOLE), Edge("A", "B", JULY, WHOLE)]
    lives = {"A": UNTIL_JUNE, "B": UNTIL_JUNE, "C": FROM_JULY}
    assert follow(edges, lives, since=BEFORE, on=AFTER) == {"A": (Part("C"),), "B": (Part("C"),)}


def test_a_unit_that_goes_on_keeps_what_it_did_not_give() -> None:
    """A third of A went to B; A is there still, without an edge to itself."""
    edges, lives = [Edge("A", "B", JULY, PART, THIRD)], {"A": EVER, "B": EVER}
    found = follow(edges, lives, since=BEFORE, on=AFTER)
    assert found == {"A": (Part("A", 1 - THIRD), Part("B", THIRD))}
    undeclared = follow([Edge("A", "B", JULY, PART)], lives, since=BEFORE, on=AFTER)
    assert undeclared == {"A": (Part("A", None), Part("B", None))}


def test_a_part_of_a_unit_that_ended_is_not_the_whole_of_it() -> None:
    """Where the rest went is not known, so it is no merger of many into one."""
    lives = {"A": UNTIL_JUNE, "B": EVER}
    found = follow([Edge("A", "B", JULY, PART)], lives, since=BEFORE, on=AFTER)
    assert found == {"A": (Part("B", None),)}


def test_shares_of_shares_are_multiplied_and_what_meets_again_is_whole() -> None:
    """A halves into B and C, B thirds into C and D; where both halves meet again they are one."""
    edges = [
        Edge("A", "B", JULY, PART, HALF),
        Edge("A", "C", JULY, PART, HALF),
        Edge("B", "C", APRIL, PART, THIRD),
        Edge("B", "D", APRIL, PART, 1 - THIRD),
    ]
    lives = {"A": UNTIL_JUNE, "B": (JULY, date(2026, 3, 31)), "C": FROM_JULY, "D": (APRIL, None)}
    found = follow(edges, lives, since=BEFORE, on=AFTER)
    assert found["A"] == (Part("C", Fraction(2, 3)), Part("D", THIRD))
    again = [*edges[:2], Edge("B", "E", MAY, WHOLE), Edge("C", "E", MAY, WHOLE)]
    lives = {"A": UNTIL_JUNE, "B": FROM_JULY, "C": FROM_JULY, "E": (MAY, None)}
    assert follow(again, lives, since=BEFORE, on=AFTER)["A"] == (Part("E"),)


def test_back_in_time_only_a_rename_is_exact() -> None:
    """A became B: B was A. C and D became D: D cannot be taken apart."""
    edges = [Edge("A", "B", JULY, WHOLE), Edge("C", "D", JULY, WHOLE)]
    lives = {"A": UNTIL_JUNE, "B": FROM_JULY, "C": UNTIL_JUNE, "D": EVER}
    found = follow(edges, lives, since=AFTER, on=BEFORE)
    assert found == {"B": (Part("A"),), "D": (Part("C", None), Part("D", None))}


def test_a_circle_on_one_day_is_found() -> None:
    """A into B, B into C, C into A: nobody can say who is who."""
    edges = [Edge(old, new, JULY, WHOLE) for old, new in ("AB", "BC", "CA")]
    with pytest.raises(LineageCircle) as found:
        follow(edges, dict.fromkeys("ABC", EVER), since=BEFORE, on=AFTER)
    assert set(found.value.chain) == set("ABC")


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCDE"),
            st.sampled_from("ABCDE"),
            st.sampled_from([JULY, APRIL, MAY]),
            st.integers(1, 4),
        ).filter(lambda edge: edge[0] < edge[1]),
        unique_by=lambda edge: edge[:3],
    )
)
def test_nothing_is_lost_or_doubled_on_the_way(
    given_edges: list[tuple[str, str, date, int]],
) -> None:
    """Where all shares are declared, those of each unit add to 1 at the end."""
    edges = [Edge(old, new, on, PART, Fraction(part, 16)) for old, new, on, part in given_edges]
    found = follow(edges, dict.fromkeys("ABCDE", EVER), since=BEFORE, on=AFTER)
    for parts in found.values():
        assert sum(part.share for part in parts if part.share is not None) == 1
        assert all(part.share is not None for part in parts)


def test_the_shipped_lineage_takes_63_provinces_to_34(session: Session) -> None:
    """29 of them went into another; a second time there is nothing to follow."""
    load_shipped_registry(session, actor=SYSTEM, now=IN_Q3)
    found = unit_map(session, since=date(2025, 6, 30), on=JULY)
    assert len(found) == 29
    assert found["H33"] == (Part("H01"),)
    assert unit_map(session, since=JULY, on=AFTER) == {}


def test_a_circle_in_the_store_is_a_sentence(session: Session) -> None:
    """Whoever wrote it by hand is told which units it goes through."""
    one = a_unit(session, "H01", kind=UnitKind.PROVINCE)
    two = a_unit(session, "H02", kind=UnitKind.PROVINCE)
    became(session, one, two, on=JULY)
    became(session, two, one, on=JULY)
    with pytest.raises(Conflict, match=r"goes in a circle: H0"):
        unit_map(session, since=BEFORE, on=AFTER)
