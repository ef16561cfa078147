"""Why a file is not taken for a filled template, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from forms.issues import Issue, Wording

#: What a reporter should do instead, in the words of every refusal.
EXPECTED = Wording(
    "tệp .xlsx tải từ hệ thống này, lưu ở dạng Excel Workbook",
    "the .xlsx file downloaded from this system, saved as an Excel Workbook",
)

REASONS: Mapping[str, Wording] = {
    # --- too large, or larger than it looks ---
    "large_file": Wording("tệp lớn {count} KB", "a file of {count} KB"),
    "unpacks_to": Wording("tệp mở ra thành {count} MB", "the file unpacks to {count} MB"),
    "odd_ratio": Wording("tệp nén bất thường", "the file is packed unusually tight"),
    "many_parts": Wording("tệp nén có quá nhiều phần", "the archive has too many parts"),
    "double_parts": Wording(
        "tệp nén có quá nhiều phần hoặc phần trùng tên",
        "the archive has too many parts, or two of one name",
    ),
    "large_part": Wording("phần {name} quá lớn", "part {name} is too large"),
    "long_cell": Wording(
        "tệp có ô dài quá 32.767 ký tự", "the file has a cell of more than 32,767 characters"
    ),
    "long_cells": Wording(
        "tệp có quá nhiều ô chữ rất dài", "the file has too many cells with very long texts"
    ),
    "many_sheets": Wording(
        "tệp có hơn {count} trang tính", "the file has more than {count} sheets"
    ),
    "wide_sheet": Wording(
        "bảng tính rộng quá 208 cột hoặc dài quá {count} dòng",
        "the sheet has more than 208 columns or {count} rows",
    ),
    "long_sheet": Wording("bảng tính dài quá {count} dòng", "the sheet has more than {count} rows"),
    # --- damaged or disguised ---
    "empty": Wording("tệp rỗng", "an empty file"),
    "damaged": Wording("tệp Excel bị hỏng", "the Excel file is damaged"),
    "cut_off": Wording(
        "tệp Excel bị hỏng hoặc tải chưa hết", "the Excel file is damaged or was cut off"
    ),
    "damaged_zip": Wording("tệp nén bị hỏng", "the archive is damaged"),
    "damaged_texts": Wording(
        "danh sách chữ của tệp Excel bị hỏng", "the list of texts of the Excel file is damaged"
    ),
    "false_size": Wording(
        "tệp nén khai sai kích thước", "the archive lies about the size of its parts"
    ),
    "odd_prefix": Wording(
        "tệp Excel dùng tiền tố lạ cho ô chữ", "the Excel file writes texts under an odd prefix"
    ),
    "odd_packing": Wording("kiểu nén lạ", "the archive is packed in an unknown way"),
    "entities": Wording(
        "tệp chứa định nghĩa XML không được phép", "the file has XML definitions, which are refused"
    ),
    "password": Wording("tệp Excel có mật khẩu", "the Excel file has a password"),
    "zip_password": Wording("tệp nén có mật khẩu", "the archive has a password"),
    # --- another kind of file ---
    "old_office": Wording("tệp .xls hoặc .doc kiểu cũ", "an old .xls or .doc file"),
    "html": Wording(
        "trang web (HTML) mang đuôi Excel", "a web page (HTML) under the name of an Excel file"
    ),
    "xml": Wording("tệp XML", "an XML file"),
    "pdf": Wording("tệp PDF", "a PDF file"),
    "no_xlsx": Wording("không phải tệp Excel .xlsx", "no Excel .xlsx file"),
    "macro": Wording("tệp Excel có macro", "an Excel file with macros"),
    "links": Wording(
        "tệp Excel có liên kết sang tệp khác", "an Excel file with links to other files"
    ),
    "xlsb": Wording("tệp Excel nhị phân (.xlsb)", "a binary Excel file (.xlsb)"),
    "docx": Wording("tệp Word (.docx)", "a Word file (.docx)"),
    "pptx": Wording("tệp PowerPoint (.pptx)", "a PowerPoint file (.pptx)"),
    "ods": Wording("tệp OpenDocument (.ods, .odt)", "an OpenDocument file (.ods, .odt)"),
    "no_workbook": Wording("tệp nén không phải tệp Excel", "an archive that is no Excel file"),
    # --- no template of ours any more ---
    "no_record": Wording(
        "tệp Excel không có phần ghi nhận của mẫu", "the Excel file has no record of a template"
    ),
    "changed_record": Wording(
        "phần ghi nhận của mẫu đã bị sửa", "the record of the template has been changed"
    ),
    "no_number_row": Wording(
        "không tìm thấy hàng số cột của biểu", "the number row of the form is not found"
    ),
    "no_table": Wording(
        "không tìm thấy hàng số cột của phần {name}", "the number row of table {name} is not found"
    ),
}


def refusal(code: str, reason: str, *, count: int = 0, name: str = "") -> Issue:
    """The issue that says why a file is not taken."""
    said = REASONS[reason]
    return Issue(
        code,
        given=said.vi.format(count=count, name=name),
        given_en=said.en.format(count=count, name=name),
        expected=EXPECTED.vi,
        expected_en=EXPECTED.en,
    )


class Refused(Exception):  # noqa: N818 - it is no error of ours
    """Why a file is not taken; becomes an issue at the door."""

    def __init__(self, code: str, reason: str, *, count: int = 0, name: str = "") -> None:
        self.issue = refusal(code, reason, count=count, name=name)
        super().__init__(self.issue.given)
