"""One spelling for what people write in several ways."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.text import nfc, normalise


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"),
        ("thủy", "thuỷ"),
        ("khỏe", "khoẻ"),
        ("úy", "uý"),
        ("Hòa Bình", "Hoà Bình"),
        ("THỦY SẢN", "THUỶ SẢN"),
        ("Ủy ban", "Uỷ ban"),
        ("Tòa án", "Toà án"),
        ("lõa", "loã"),
        ("nhòe", "nhoè"),
        ("tụy", "tuỵ"),
        ("Thúy", "Thuý"),
    ],
)
def test_tone_placement_makes_no_difference(old: str, new: str) -> None:
    """The two conventions of placing the tone mark give one text."""
    assert old != new
    assert normalise(old) == normalise(new)


@pytest.mark.parametrize("word", ["quý", "hoàn", "thuyền", "của", "mùa", "đào", "đất đai", "lý"])
def test_other_words_keep_their_marks(word: str) -> None:
    """A word whose mark has one place only is left as it is."""
    assert normalise(word) == word


@pytest.mark.parametrize(("one", "other"), [("hòa", "hóa"), ("thủy", "thụy"), ("đất", "dất")])
def test_other_tones_stay_apart(one: str, other: str) -> None:
    """A different tone or letter is a different word."""
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    "written",
    [
        "ĐẤT ĐAI",
        "  đất   đai ",
        "đất\u00a0đai",
        "đất\u3000đai",
        "đất\tđai\n",
        "đ\u200bất đai",
        "\ufeffđất đai\u200e",
        "đất \u00adđai",
        unicodedata.normalize("NFD", "Đất đai"),
    ],
)
def test_blanks_case_and_invisible_characters_make_no_difference(written: str) -> None:
    """What cannot be seen on paper does not make another field of administration."""
    assert normalise(written) == "đất đai"


def test_nfc_changes_composition_only() -> None:
    """The composed text keeps case, blanks and tone placement."""
    assert nfc(unicodedata.normalize("NFD", " Hòa  Bình")) == " Hòa  Bình"


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    """A key made from a key is the same key."""
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_composition_never_matters(text: str) -> None:
    """Composed and decomposed forms of any text give one key."""
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(text)


def test_a_hill_of_marks_on_one_letter_is_broken_as_unicode_breaks_it() -> None:
    """Composing would take the square of its height; UAX #15 puts a joiner after thirty marks."""
    hill = "a" + "\u0315\u0300" * 20_000
    assert nfc(hill).count("\u034f") == 40_000 // 30
    assert len(normalise(hill)) < 2_000
    assert nfc("Hòa Bình") == "Hòa Bình"
