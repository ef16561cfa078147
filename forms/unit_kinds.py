"""The kinds of units in words: declarations and the store know them by their codes."""

from __future__ import annotations

from collections.abc import Mapping

#: By code, in the order in which a page lists them: in Vietnamese, and in English.
KINDS: Mapping[str, tuple[str, str]] = {
    "ministry": ("Bộ", "ministry"),
    "ministerial_agency": ("Cơ quan ngang bộ", "ministerial agency"),
    "government_agency": ("Cơ quan thuộc Chính phủ", "agency of the Government"),
    "other_level1": ("Cơ quan, tổ chức khác cấp 1", "other body of level 1"),
    "province": ("Tỉnh, thành phố", "province"),
    "department": ("Cơ quan chuyên môn cấp tỉnh", "department of a province"),
    "subordinate": ("Đơn vị trực thuộc", "subordinate unit"),
    "commune": ("Xã, phường, đặc khu", "commune"),
    "district": ("Cấp huyện (đến 30/6/2025)", "district (until 2025-06-30)"),
    "government": ("Chính phủ", "the Government"),
}

#: Branches of ministries (ngành dọc), which sections of forms name and the registry has not.
BRANCH_KINDS = ("vertical_central", "vertical_province", "vertical_district", "vertical_commune")


def kind_vi(kind: str) -> str:
    """A kind within a Vietnamese sentence; a code that is not known stays as it is."""
    name = KINDS.get(kind, (kind, ""))[0]
    return name if kind == "government" else name[:1].lower() + name[1:]


def kind_en(kind: str) -> str:
    """A kind within an English sentence."""
    return KINDS.get(kind, ("", kind))[1]
