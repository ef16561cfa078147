"""Names of files as senders write them, made harmless."""

from __future__ import annotations

import unicodedata

import pytest

from reporting.services.deliveries import safe_file_name

NAMES = {
    "báo cáo quý III.xlsx": "báo cáo quý III.xlsx",
    "a.xlsx\r\nSet-Cookie: x=1": "a.xlsxSet-Cookie- x=1",
    "../../etc/passwd": "passwd",
    "C:\\Users\\lan\\báo cáo.xlsx": "báo cáo.xlsx",
    'a";filename=b.exe': "a-;filename=b.exe",
    unicodedata.normalize("NFD", "biểu mẫu.xlsx"): "biểu mẫu.xlsx",
    "\u202egpj.xlsx": "gpj.xlsx",
    "a\x00.xlsx": "a.xlsx",
    "\ud800.xlsx": "-.xlsx",
    "...": "return.xlsx",
    "": "return.xlsx",
    "x" * 500 + ".xlsx": "x" * 195 + ".xlsx",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_made_harmless(name: str) -> None:
    """It breaks no header, climbs out of no folder, hides no ending, and stays readable."""
    assert safe_file_name(name, "return.xlsx") == NAMES[name]
