"""Codes of units as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.services.identifiers import normalise_identifier


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("H55.242", "H55.242"),
        ("000.00.242.H55", "H55.242"),
        ("000.00.18.G12", "G12.18"),
        ("000.00.00.G22", "G22"),
        ("000-00-00-H61", "H61"),
        ("001.02.18.G12", "G12.18.02.001"),
        ("H55-242", "H55.242"),
        (" h55 . 242 ", "H55.242"),
        ("Ｈ５５．２４２", "H55.242"),
        ("H55\u2013242", "H55.242"),
        ("\ufeffH20\u200b", "H20"),
        ("X05443", "X05443"),
        ("05443", "05443"),
        ("h55.snv", "H55.SNV"),
        ("H55.H20", "H55.H20"),
        ("000", "000"),
        ("", ""),
        ("...", ""),
    ],
)
def test_one_code_however_it_is_written(given_text: str, stored: str) -> None:
    """The old padded form, dashes, spaces, case and full-width signs give one stored code."""
    assert normalise_identifier(given_text) == stored


@given(st.text(alphabet="0123ABHG.-_ hđ\u200b５", max_size=12))
def test_a_stored_code_is_its_own_stored_form(text: str) -> None:
    """Reading a code twice is reading it once."""
    once = normalise_identifier(text)
    assert normalise_identifier(once) == once
