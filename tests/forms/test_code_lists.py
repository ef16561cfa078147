"""Dated lists: a written name finds its code, or nothing."""

from __future__ import annotations

from datetime import date

import pytest

from forms.catalogue import load_forms
from forms.code_lists import CodeList, read_code_list
from forms.faults import BadDeclaration

TODAY = date(2026, 9, 14)
HEAD = "list: thu\ntitle: Danh mục thử\nsource: Mẫu để thử\nentries:\n"


@pytest.fixture(scope="module")
def fields() -> CodeList:
    """The shipped list of fields of administration."""
    return load_forms().lists["linh_vuc"]


def a_list(*entries: str) -> CodeList:
    """A list of the given entries."""
    lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
    return read_code_list((HEAD + lines).encode(), file="thu.yaml")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Đất đai", "dat_dai"),
        ("  ĐẤT  ĐAI ", "dat_dai"),
        ("Lĩnh vực đất đai", "dat_dai"),
        ("dat_dai", "dat_dai"),
        ("Hoá chất", "hoa_chat"),
        ("thuỷ sản", "thuy_san"),
        ("Thành lập và hoạt động doanh nghiệp", "doanh_nghiep"),
        ("Hộ tịch", "ho_tich"),
        ("Chứng thực", "chung_thuc"),
    ],
)
def test_names_in_use_find_their_code(fields: CodeList, written: str, code: str) -> None:
    """Case, blanks, tone placement and known synonyms do not matter."""
    entry = fields.match(written, TODAY)
    assert entry is not None
    assert entry.code == code


@pytest.mark.parametrize("written", ["", "Đất", "Đất đai và môi trường", "Dat dai"])
def test_nothing_is_guessed(fields: CodeList, written: str) -> None:
    """A name that is only alike finds nothing."""
    assert fields.match(written, TODAY) is None


def test_the_shipped_list_says_that_it_is_no_official_one(fields: CodeList) -> None:
    """A start of our own, so the source line must not claim more."""
    assert "không phải danh mục chính thức" in " ".join(fields.source.split())
    assert len(fields.entries) >= 35


def test_a_name_is_matched_on_a_day() -> None:
    """A name that passes from one code to another leads to the one that holds on the day."""
    code_list = a_list(
        "code: cu, label: Giao thông, valid_to: 2025-02-28",
        "code: moi, label: Giao thông, valid_from: 2025-03-01",
    )
    old, new = (
        code_list.match("Giao thông", date(2025, 2, 28)),
        code_list.match("giao thông", TODAY),
    )
    assert (old and old.code, new and new.code) == ("cu", "moi")
    assert [entry.code for entry in code_list.in_force(TODAY)] == ["moi"]
    assert code_list.by_code["cu"].label == "Giao thông"


@pytest.mark.parametrize(
    ("entries", "line", "problem"),
    [
        (("code: a, label: Một", "code: a, label: Hai"), 6, "a stands a second time"),
        (("code: a, label: Hòa", "code: b, label: Hoà"), 6, "'hoà' also names a"),
        (("code: a, label: Một", "code: b, label: Hai, synonyms: [MỘT]"), 6, "also names a"),
        (("code: a",), 5, "is missing"),
        (("code: a, label: Một, nhan: x",), 5, "is not a key here"),
        (("code: a, label: Một, valid_from: 2026-01-02, valid_to: 2026-01-01",), 5, "2026-01-01"),
    ],
)
def test_a_name_must_lead_to_one_code(entries: tuple[str, ...], line: int, problem: str) -> None:
    """Two codes for one name on the same day is a fault of the list."""
    with pytest.raises(BadDeclaration) as caught:
        a_list(*entries)
    assert any(fault.line == line and problem in fault.problem for fault in caught.value.faults), (
        caught.value.faults
    )
