"""Which rows a made-up return has, and what stands in its cells of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from forms.code_lists import Entry
from forms.definition import CellType, Column, RowModel, Section, Table
from forms.naming_rows import asked_rows
from forms.period import Window
from jobs.demo.made_return import MadeRow
from jobs.demo.occasion import Occasion

#: How many fields of administration a unit reports, by kind; others report the last number.
_FIELDS = {"commune": 9, "department": 6, "province": 12, "ministry": 8}
_OTHER_FIELDS = 5

#: The fields that a kind of unit really deals with, by kind or by the end of the unit's code.
_USUAL = {
    "commune": (
        *("ho_tich", "chung_thuc", "dat_dai", "bao_tro_xa_hoi", "nguoi_co_cong", "cu_tru"),
        *("ho_kinh_doanh", "xay_dung", "giao_duc", "van_hoa", "xu_ly_don", "thi_dua_khen_thuong"),
    ),
    "SNV": ("lao_dong", "viec_lam", "nguoi_co_cong", "ton_giao", "thi_dua_khen_thuong"),
    "STC": ("doanh_nghiep", "dau_tu", "dau_thau", "hop_tac_xa", "ho_kinh_doanh"),
    "STP": ("ly_lich_tu_phap", "cong_chung", "quoc_tich", "con_nuoi", "ho_tich"),
    "SXD": ("xay_dung", "quy_hoach_xay_dung", "nha_o", "duong_bo", "duong_thuy"),
    "SYT": ("y_te", "an_toan_thuc_pham", "bao_tro_xa_hoi", "bao_hiem_xa_hoi"),
    "SGDDT": ("giao_duc", "giao_duc_nghe_nghiep", "khoa_hoc_cong_nghe"),
    "SNNMT": ("dat_dai", "moi_truong", "tai_nguyen_nuoc", "trong_trot", "chan_nuoi", "thuy_san"),
    "SCT": ("luu_thong_hang_hoa", "hoa_chat", "kinh_doanh_khi", "an_toan_thuc_pham"),
}
_LISTED = 2

_TASKS = (
    "Hoàn thiện hồ sơ trình cấp có thẩm quyền",
    "Báo cáo kết quả rà soát thủ tục hành chính",
    "Xây dựng đề án theo chương trình công tác",
    "Tổng kết việc thực hiện nghị định",
)
_WORDS = {
    "văn bản": "Văn bản số {number}/VPCP-TH",
    "nội dung": "{task}",
    "giải trình": "Đang lấy ý kiến các cơ quan liên quan; đề nghị lùi thời hạn.",
}


def rows_of(table: Table, occasion: Occasion) -> list[MadeRow]:
    """The rows of a table, still empty."""
    match table.model:
        case RowModel.SINGLE:
            return [MadeRow("row", "row", "", {})]
        case RowModel.FIXED | RowModel.OUTLINE:
            return [
                MadeRow(row.key, row.label, "", {}) for row in asked_rows(table, occasion.window)
            ]
        case RowModel.UNITS:
            return [MadeRow(occasion.unit, occasion.unit, "", {})]
        case RowModel.LIST:
            return [MadeRow(str(at + 1), "", "", {}) for at in range(_LISTED)]
    return _open_rows(table, occasion)


def sample_text(column: Column, occasion: Occasion, *, seed: int) -> str:
    """Something to stand in a cell of text."""
    if column.type is CellType.DATE:
        return (occasion.window.last - timedelta(days=seed % 60)).isoformat()
    if column.type is CellType.CODE:
        entries = occasion.lists[column.code_list].in_force(occasion.window.last)
        return entries[seed % len(entries)].code
    header = column.label.casefold()
    for word, text in _WORDS.items():
        if word in header:
            return text.format(number=1_000 + seed % 9_000, task=_TASKS[seed % len(_TASKS)])
    return "Số liệu mẫu"


def _open_rows(table: Table, occasion: Occasion) -> list[MadeRow]:
    """The fields of a unit: the same in every period, so that what is carried over has a row."""
    earlier = occasion.others.get("previous")
    if earlier is not None:
        return [
            MadeRow(row.key, row.label, row.section, {})
            for row in earlier.tables.get(table.key, ())
            if _is_asked(table, row.section, occasion.window)
        ]
    sections = [s.key for s in table.sections if _takes_part(s, occasion.window)] or [""]
    count = _FIELDS.get(occasion.kind, _OTHER_FIELDS)
    return [
        MadeRow(entry.code, entry.label, section, {})
        for section in sections
        for entry in _fields(table, occasion, section)[:count]
    ]


def _is_asked(table: Table, section: str, window: Window) -> bool:
    known = table.section_by_key.get(section)
    return known is None or _takes_part(known, window)


def _takes_part(section: Section, window: Window) -> bool:
    return section.validity.overlaps(window.first, window.last)


def _fields(table: Table, occasion: Occasion, section: str) -> Sequence[Entry]:
    """The entries of the heading's list, in an order of the unit's own."""
    known = occasion.lists.get(table.heading.code_list)
    entries = known.in_force(occasion.window.last) if known is not None else ()
    if not entries:
        entries = tuple(Entry(f"dong_{at}", f"Dòng {at}") for at in range(1, 10))

    usual = _USUAL.get(occasion.kind) or _USUAL.get(occasion.unit.rpartition(".")[2], ())

    def place(entry: Entry) -> tuple[bool, bytes]:
        drawn = sha256(f"{occasion.unit}|{section}|{entry.code}".encode()).digest()
        return entry.code not in usual, drawn

    return sorted(entries, key=place)[: len(usual) or None]
