"""The language of rules: small, linear, and closed to everything else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.expressions import (
    BadExpression,
    Expression,
    Linear,
    PercentOf,
    Ref,
    parse_formula,
    parse_rule,
)

C1, C2, C3 = Ref("c1"), Ref("c2"), Ref("c3")


def _terms(text: str) -> dict[str, Decimal]:
    formula = parse_formula(text)
    assert isinstance(formula, Expression)
    return {str(ref): factor for ref, factor in formula.left.terms}


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("c1", Ref("c1")),
        ("total.c1", Ref("c1", row="total")),
        ("part2.i1.c1", Ref("c1", row="i1", table="part2")),
        ("sum(c1)", Ref("c1", kind="sum")),
        ("rows(part2)", Ref(table="part2", kind="rows")),
        ("previous(c1)", Ref("c1", source="previous")),
        ("previous(total.c1)", Ref("c1", row="total", source="previous")),
        ("previous(sum(c1))", Ref("c1", kind="sum", source="previous")),
        ('form("02/XLD").c6', Ref("c6", source="02/XLD")),
        ('form("II.06e/VPCP/KSTT").total.c6', Ref("c6", row="total", source="II.06e/VPCP/KSTT")),
    ],
)
def test_every_kind_of_name_is_read(text: str, ref: Ref) -> None:
    """A name says its column, row, table, and which report it is in."""
    rule = parse_rule(f"{text} <= 5")
    assert isinstance(rule, Expression)
    assert rule.refs == (ref,)
    assert rule.is_external == bool(ref.source)


def test_sums_are_gathered_with_their_factors() -> None:
    """Brackets, signs and constants end in one linear form, its terms in written order."""
    formula = parse_formula("c3 - 2 * (c1 - 0.5 * c2) * 3 + 4 - -c3")
    assert isinstance(formula, Expression)
    assert formula.left == Linear(
        ((C3, Decimal(2)), (C1, Decimal(-6)), (C2, Decimal("3.0"))), Decimal(4)
    )
    assert _terms("c1 - c1 + c2") == {"c2": Decimal(1)}
    assert _terms("0 * c1 + c2") == {"c2": Decimal(1)}


def test_a_comparison_is_a_difference_held_against_nothing() -> None:
    """`left <= right` is kept as written and compares `left - right` with 0."""
    rule = parse_rule("c1 + 1 >= c2")
    assert isinstance(rule, Expression)
    assert rule.comparison == ">="
    assert rule.difference == Linear(((C1, Decimal(1)), (C2, Decimal(-1))), Decimal(1))


def test_a_percentage_is_a_formula_or_the_right_side_of_a_rule() -> None:
    """percent(part, whole) stands alone, or on the right of ==."""
    part, whole = Linear(((C1, Decimal(1)),)), Linear(((C2, Decimal(1)),))
    assert parse_formula("percent(c1, c2)") == PercentOf(part, whole)
    left = Linear(((C3, Decimal(1)),))
    assert parse_rule("c3 == percent(c1, c2)") == PercentOf(part, whole, left)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "c1",
        "c1 = c2",
        "c1 == c2 == c3",
        "c1 < c2 < c3",
        "c1 in c2",
        "c1 is c2",
        "c1 == c2 and c3 == c1",
        "not c1 == c2",
        "c1 * c2 == 5",
        "c1 / 2 == c2",
        "c1 // 2 == c2",
        "c1 ** 2 == c2",
        "c1 % 2 == c2",
        "c1 == 'x'",
        "c1 == True",
        "c1 == None",
        "c1 == 1j",
        "c1 == [1]",
        "c1 == (c2, c3)",
        "c1 == c2 if c3 else c1",
        "c1 == (c2 := 5)",
        "c1 == max(c2, c3)",
        "c1 == __import__('os')",
        "c1 == c2.__class__.__base__.x",
        "c1 == c2[0]",
        "c1 == lambda: 5",
        "c1 == f'{c2}'",
        "c1 == a.b.c.d",
        "c1 == form(c2).c3",
        "c1 == form('X', 'Y').c3",
        "c1 == form('X')",
        "c1 == form('X')()",
        "c1 == previous()",
        "c1 == previous(c1, c2)",
        "c1 == previous(c1 + c2)",
        "c1 == previous(form('X').c1)",
        "c1 == sum(c1 + c2)",
        "c1 == sum(c1, start=5)",
        "c1 == rows(1)",
        "c1 == rows(a.b)",
        "c1 <= percent(c1, c2)",
        "c1 == 1 + percent(c1, c2)",
        "percent(c1, c2) == c1",
        "c1 == percent(c1)",
        "c1 == percent(c1, c2, digits=1)",
        "c1 == 1e5",
        "c1 == 1234567890123456",
        "c1 == 0.1234567890123456",
        "c1 == 100000000 * 100000000 * c2",
        "c1 == 0.123456789 * 0.123456789 * c2",
        "c1 == c2; c3",
        "c1 == c2 # ghi chú\nc3",
        "c1\n== c2",
        "c1 == " + "-" * 1500 + "c2",
        "c1 == " + "(" * 300 + "c2" + ")" * 300,
        "c1 == c2" + " + c2" * 1000,
        "c1 == \x00c2",
    ],
)
def test_everything_else_is_refused_in_words(text: str) -> None:
    """What is not in the language is one kind of fault, whatever Python would make of it."""
    with pytest.raises(BadExpression) as refused:
        parse_rule(text)
    assert str(refused.value)


@pytest.mark.parametrize("text", ["c1 == c2", "percent(c1, c2) + 1", "c1 * c2", "", "print(c1)"])
def test_a_formula_compares_nothing(text: str) -> None:
    """A computed cell holds a sum or one percentage."""
    with pytest.raises(BadExpression):
        parse_formula(text)


def test_a_long_sum_of_many_columns_is_read() -> None:
    """As many terms as a wide table has columns are no nesting."""
    text = " + ".join(f"c{number}" for number in range(1, 201))
    assert len(_terms(text)) == 200


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    """Any text is a rule or a BadExpression."""
    for parse in (parse_rule, parse_formula):
        try:
            parse(text)
        except BadExpression:
            continue
