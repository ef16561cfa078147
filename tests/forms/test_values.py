"""What people type into a cell is read or refused by one rule, and never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import CellType, Column
from forms.returns import Mark, State, Unreadable
from forms.values import FIGURE_BOUND, Fault, Figure, read_figure, read_text, write_figure

WHOLE = Column("c1", ("Số",), CellType.INTEGER)
TWO = Column("c1", ("Số",), CellType.DECIMAL, digits=2)
THREE = Column("c1", ("Số",), CellType.DECIMAL, digits=3)
PERCENT = Column("c1", ("Số",), CellType.PERCENT, digits=1, not_applicable=True)
BOUNDED = Column("c1", ("Số",), CellType.DECIMAL, digits=1, minimum=-5, maximum=1000)
WORDS = Column("c1", ("Chữ",), CellType.TEXT)
DAY = Column("c1", ("Ngày",), CellType.DATE)

BLANK, WAIVED = State.BLANK, State.NOT_APPLICABLE

#: raw -> what a cell of whole numbers, of two and of three decimals makes of it.
FIGURES: list[tuple[Any, int | State | str, int | State | str, int | State | str]] = [
    # Plain figures, and what may stand around them.
    ("12", 12, 1200, 12000),
    (" 12 ", 12, 1200, 12000),
    ("\u00a012\u202f\u3000", 12, 1200, 12000),
    ("\ufeff12", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("+12", 12, 1200, 12000),
    ("-12", -12, -1200, -12000),
    ("- 12", -12, -1200, -12000),
    ("−12", -12, -1200, -12000),
    ("–12", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("-0", 0, 0, 0),
    ("007", 7, 700, 7000),
    ("0", 0, 0, 0),
    ("１２", 12, 1200, 12000),
    ("－１２", -12, -1200, -12000),
    ("１．２３４，５", "too_many_decimals", 123450, 1234500),
    # One separator: thousands, decimals, or two ways to read it.
    ("1.234", 1234, 123400, "ambiguous_figure"),
    ("1,234", 1234, 123400, "ambiguous_figure"),
    ("-1.234", -1234, -123400, "ambiguous_figure"),
    ("123.456", 123456, 12345600, "ambiguous_figure"),
    ("1234.567", "too_many_decimals", "too_many_decimals", 1234567),
    ("0.123", "too_many_decimals", "too_many_decimals", 123),
    ("0,000", 0, 0, 0),
    ("8,5", "too_many_decimals", 850, 8500),
    ("8.5", "too_many_decimals", 850, 8500),
    ("8,50", "too_many_decimals", 850, 8500),
    ("8,00", 8, 800, 8000),
    ("8,005", 8005, 800500, "ambiguous_figure"),
    ("8,0050", "too_many_decimals", "too_many_decimals", 8005),
    ("8,123456789", "too_many_decimals", "too_many_decimals", "too_many_decimals"),
    (",5", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("5,", "not_a_figure", "not_a_figure", "not_a_figure"),
    # Two separators, or one more than once.
    ("1.234,5", "too_many_decimals", 123450, 1234500),
    ("1,234.5", "too_many_decimals", 123450, 1234500),
    ("1 234", 1234, 123400, 1234000),
    ("1\u00a0234", 1234, 123400, 1234000),
    ("1 234,5", "too_many_decimals", 123450, 1234500),
    ("1.234.567", 1234567, 123456700, 1234567000),
    ("1,234,567.8", "too_many_decimals", 123456780, 1234567800),
    ("1.234,567", "too_many_decimals", "too_many_decimals", 1234567),
    ("1.23.456", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("12.34", "too_many_decimals", 1234, 12340),
    ("1234.567,8", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1.234,567.8", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1,2,3", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1..5", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1 .5", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("12 34", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1\n234", 1234, 123400, 1234000),
    # What is no figure, however much it looks like one.
    ("1e5", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("0x10", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1_000", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("(5)", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("5-", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("+-5", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("--5", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("-", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("+", "not_a_figure", "not_a_figure", "not_a_figure"),
    (".", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("%", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("12%", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("5²", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("①", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("½", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("𝟝", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("١٢", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("१२", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("năm", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("5 hồ sơ", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("=1+1", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("NaN", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("Infinity", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("1" * 61, "not_a_figure", "not_a_figure", "not_a_figure"),
    ("9" * 100_000, "not_a_figure", "not_a_figure", "not_a_figure"),
    ("\ud800", "not_a_figure", "not_a_figure", "not_a_figure"),
    ("KAD", "not_applicable_refused", "not_applicable_refused", "not_applicable_refused"),
    # Nothing at all.
    ("", BLANK, BLANK, BLANK),
    ("  \t\u00a0", BLANK, BLANK, BLANK),
    (None, BLANK, BLANK, BLANK),
    (Mark.OWN_FORMULA, BLANK, BLANK, BLANK),
    (Unreadable("foreign_formula", "=1"), "foreign_formula", "foreign_formula", "foreign_formula"),
    (Unreadable("excel_error", "#REF!"), "excel_error", "excel_error", "excel_error"),
    # Numbers of JSON and of Excel are exact as they stand.
    (12, 12, 1200, 12000),
    (-12, -12, -1200, -12000),
    (Decimal("1.234"), "too_many_decimals", "too_many_decimals", 1234),
    (Decimal("1.2300"), "too_many_decimals", 123, 1230),
    (Decimal("1E+3"), 1000, 100000, 1000000),
    (Decimal("-0.0"), 0, 0, 0),
    (Decimal("0E+999999999"), 0, 0, 0),
    (Decimal("0E-999999999"), 0, 0, 0),
    (Decimal("1E-999999"), "too_many_decimals", "too_many_decimals", "too_many_decimals"),
    (Decimal("1E+999999"), "figure_too_large", "figure_too_large", "figure_too_large"),
    (Decimal("NaN"), "not_a_figure", "not_a_figure", "not_a_figure"),
    (Decimal("sNaN"), "not_a_figure", "not_a_figure", "not_a_figure"),
    (Decimal("-Infinity"), "not_a_figure", "not_a_figure", "not_a_figure"),
    (10**15 - 1, 10**15 - 1, "figure_too_large", "figure_too_large"),
    (10**15, "figure_too_large", "figure_too_large", "figure_too_large"),
    (-(10**15), "figure_too_large", "figure_too_large", "figure_too_large"),
    ("999999999999999", 10**15 - 1, "figure_too_large", "figure_too_large"),
    ("1000000000000000", "figure_too_large", "figure_too_large", "figure_too_large"),
    ("9.999.999.999.999,99", "too_many_decimals", 10**15 - 1, "figure_too_large"),
    (10**300, "figure_too_large", "figure_too_large", "figure_too_large"),
    # What is no cell at all.
    (True, "not_a_figure", "not_a_figure", "not_a_figure"),
    (False, "not_a_figure", "not_a_figure", "not_a_figure"),
    ([], "not_a_figure", "not_a_figure", "not_a_figure"),
    ({"c1": 1}, "not_a_figure", "not_a_figure", "not_a_figure"),
    (1.5, "not_a_figure", "not_a_figure", "not_a_figure"),
]


def _said(outcome: Figure | Fault) -> int | State | str:
    if isinstance(outcome, Fault):
        return outcome.code
    assert outcome.state is State.VALUE or outcome.value == 0
    return outcome.value if outcome.state is State.VALUE else outcome.state


@pytest.mark.parametrize(
    ("raw", "whole", "two", "three"), FIGURES, ids=[ascii(row[0])[:30] for row in FIGURES]
)
def test_a_figure_is_read_or_refused_by_its_digits(
    raw: Any, whole: int | State | str, two: int | State | str, three: int | State | str
) -> None:
    """Each raw value gives a scaled figure, a state, or the code of an issue."""
    columns = (WHOLE, TWO, THREE)
    assert [_said(read_figure(raw, column)) for column in columns] == [whole, two, three]
    assert [type(value) for value in (whole, two, three)] == [
        type(_said(read_figure(raw, column))) for column in columns
    ]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("12%", 120),
        ("12,5 %", 125),
        ("１２％", 120),
        ("-3%", -30),
        ("12", 120),
        ("%", "not_a_figure"),
        ("12%%", "not_a_figure"),
        ("%12", "not_a_figure"),
        ("12,55%", "too_many_decimals"),
        ("KAD", WAIVED),
        (" kad ", WAIVED),
        ("ＫＡＤ", WAIVED),
        ("n/a", WAIVED),
        ("Không áp dụng", WAIVED),
        ("Kho\u0302ng a\u0301p du\u0323ng", WAIVED),
        ("KAD.", "not_a_figure"),
    ],
)
def test_percent_signs_and_waivers_are_read_where_they_may_stand(
    raw: str, said: int | State | str
) -> None:
    """A percent cell takes its sign, and a cell that need not apply takes the words for it."""
    assert _said(read_figure(raw, PERCENT)) == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("-0,5", -5),
        ("-0,6", "below_minimum"),
        ("100", 1000),
        ("100,1", "above_maximum"),
        (Decimal("100.1"), "above_maximum"),
    ],
)
def test_bounds_are_held_at_the_digits_of_the_cell(raw: Any, said: int | str) -> None:
    """The least and the most are themselves allowed; a digit beyond is not."""
    assert _said(read_figure(raw, BOUNDED)) == said


def test_what_is_refused_says_what_was_given_and_what_would_do() -> None:
    """A fault quotes the cell, shortened, and gives an example or the bound."""
    assert read_figure("abc", TWO) == Fault(
        "not_a_figure", "abc", "tối đa 2 chữ số thập phân / at most 2 decimals (8,50)"
    )
    assert read_figure("1.234", THREE) == Fault("ambiguous_figure", "1.234", "1234 / 1,2340")
    assert read_figure("101", BOUNDED) == Fault("above_maximum", "101", "100.0")
    assert read_figure("1,234", TWO) == Figure(123400, State.VALUE)
    long = read_figure("z" * 5000, WHOLE)
    assert isinstance(long, Fault)
    assert len(long.given) <= 60


@given(st.integers(1 - FIGURE_BOUND, FIGURE_BOUND - 1), st.integers(0, 9))
def test_a_figure_written_is_read_again_as_itself(value: int, digits: int) -> None:
    """What is stored, written at its digits, is the same figure again as a number."""
    column = Column("c1", ("Số",), CellType.DECIMAL, digits=digits)
    assert read_figure(Decimal(write_figure(value, digits)), column) == Figure(value, State.VALUE)


@given(st.integers(0, FIGURE_BOUND - 1), st.sampled_from([".,", ",.", " ,", " ."]))
def test_a_figure_grouped_by_any_habit_is_the_same_figure(value: int, marks: str) -> None:
    """Thousands grouped by one mark and decimals after another are never misread."""
    written = write_figure(value, 2)
    whole, decimals = written.split(".")
    grouped = f"{int(whole):,}".replace(",", marks[0]) + marks[1] + decimals
    assert read_figure(grouped, TWO) == Figure(value, State.VALUE)


@given(st.one_of(st.text(), st.text("0123456789.,-+% ", max_size=12)))
def test_no_text_whatever_makes_reading_raise(raw: str) -> None:
    """Every text is a figure, a state or a fault, and a figure has only its own digits."""
    for column in (WHOLE, THREE, PERCENT):
        outcome = read_figure(raw, column)
        if isinstance(outcome, Figure) and outcome.state is State.VALUE:
            kept = "".join(sign for sign in raw if sign.isdecimal())
            assert str(abs(outcome.value)) in kept + "000"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (None, ""),
        ("  Ghi chú ", "Ghi chú"),
        ("Ho\u0300a", "Hòa"),
        (12, "12"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        ("a\nb\tc", "a\nb\tc"),
        ("x" * 4000, "x" * 4000),
        ("=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_words_are_kept_as_they_were_written(raw: Any, text: str) -> None:
    """Text is trimmed and composed; figures in it stay as they stand."""
    assert read_text(raw, WORDS) == text


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("x" * 4001, "text_too_long"),
        ("a\x00b", "not_text"),
        ("a\x1bb", "not_text"),
        ("\ud800", "not_text"),
        (True, "not_text"),
        ([], "not_text"),
        (Unreadable("foreign_formula", "=1"), "foreign_formula"),
        (Unreadable("excel_error", "#REF!"), "excel_error"),
    ],
)
def test_what_is_no_text_is_refused(raw: Any, code: str) -> None:
    """Control characters, half characters and other kinds of value are no text."""
    outcome = read_text(raw, WORDS)
    assert isinstance(outcome, Fault)
    assert outcome.code == code


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("14/9/2026", "2026-09-14"),
        ("14-09-2026", "2026-09-14"),
        ("14.9.2026", "2026-09-14"),
        ("2026-09-14", "2026-09-14"),
        ("29/2/2028", "2028-02-29"),
        ("", ""),
        ("29/2/2026", None),
        ("31/11/2026", None),
        ("9/14/2026", None),
        ("14/9/26", None),
        ("14/9", None),
        ("20260914", None),
        (46279, None),
        ("hôm nay", None),
    ],
)
def test_dates_are_read_day_first_or_as_iso(raw: Any, day: str | None) -> None:
    """A day that is not in the calendar, or could be two days, is refused."""
    outcome = read_text(raw, DAY)
    if day is None:
        assert isinstance(outcome, Fault)
        assert outcome.code == "not_a_date"
    else:
        assert outcome == day
