"""What can be wrong with a file of an import, by line and column, in words of both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.issues import EN, VI, Wording


@dataclass(frozen=True, slots=True)
class ImportFault:
    """What is wrong with one cell of the file. Line 0 is the file as a whole."""

    line: int
    column: str
    code: str
    given: str = ""
    expected: str = ""

    def sentence(self, language: str = VI) -> str:
        """The fault in words, in Vietnamese or in English."""
        wording = FAULTS[self.code]
        place = _PLACES[language](self) if self.line else ""
        text = wording.en if language == EN else wording.vi
        return place + text.format(given=self.given, expected=self.expected)


_PLACES = {
    VI: lambda fault: f"Dòng {fault.line}{f', cột {fault.column}' if fault.column else ''}: ",
    EN: lambda fault: f"Line {fault.line}{f', column {fault.column}' if fault.column else ''}: ",
}

FAULTS: Mapping[str, Wording] = {
    "wrong_encoding": Wording(
        "tệp không phải CSV mã UTF-8 mà là {given}. Trong Excel chọn Lưu thành “CSV UTF-8”.",
        "the file is not CSV in UTF-8 but {given}. In Excel choose Save as “CSV UTF-8”.",
    ),
    "too_long": Wording(
        "“{given}” dài quá, nhiều nhất được {expected}.", "“{given}” is too long, over {expected}."
    ),
    "malformed": Wording("không đọc được dòng này: {given}.", "this line cannot be read: {given}."),
    "missing_column": Wording(
        "thiếu cột “{given}” ở dòng tiêu đề. Cần các cột: {expected}.",
        "the heading has no column “{given}”. Columns needed: {expected}.",
    ),
    "unknown_column": Wording(
        "không có cột “{given}”. Các cột được dùng: {expected}.",
        "there is no column “{given}”. Columns in use: {expected}.",
    ),
    "duplicate_column": Wording(
        "cột “{given}” có hai lần ở dòng tiêu đề.", "column “{given}” stands twice in the heading."
    ),
    "too_many_cells": Wording(
        "dòng có {given} ô, tiêu đề chỉ có {expected}.",
        "the line has {given} cells, the heading only {expected}.",
    ),
    "too_many_rows": Wording(
        "tệp có hơn {expected} dòng.", "the file has more than {expected} lines."
    ),
    "no_rows": Wording("tệp không có dòng nào.", "the file has no lines."),
    "blank": Wording("chưa điền.", "nothing is filled in."),
    "bad_character": Wording(
        "“{given}” có ký tự điều khiển không in được.", "“{given}” has a control character."
    ),
    "bad_code": Wording(
        "mã “{given}” không hợp lệ. Cần: {expected}.",
        "“{given}” is not a code. Expected: {expected}.",
    ),
    "unknown_kind": Wording(
        "không có loại đơn vị “{given}”. Có: {expected}.",
        "there is no kind of unit “{given}”. Kinds: {expected}.",
    ),
    "kind_changed": Wording(
        "đơn vị này là “{expected}”, không đổi thành “{given}” được; hãy lập đơn vị mới.",
        "this unit is a “{expected}” and cannot become a “{given}”; make a new unit.",
    ),
    "bad_date": Wording(
        "“{given}” không phải ngày. Cần: {expected}.", "“{given}” is no date. Expected: {expected}."
    ),
    "ends_before_start": Wording(
        "ngày kết thúc {given} trước ngày bắt đầu {expected}.",
        "the last day {given} is before the first day {expected}.",
    ),
    "duplicate_code": Wording(
        "mã “{given}” trùng thời gian với {expected}.",
        "code “{given}” overlaps in time with {expected}.",
    ),
    "duplicate_identifier": Wording(
        "“{given}” trong cùng thời gian đã là mã của {expected}.",
        "“{given}” is at the same time the code of {expected}.",
    ),
    "unknown_parent": Wording(
        "không có đơn vị cấp trên “{given}”, trong tệp cũng như trong hệ thống.",
        "there is no parent unit “{given}”, neither in the file nor in the registry.",
    ),
    "parent_not_valid": Wording(
        "đơn vị cấp trên “{given}” chỉ có hiệu lực {expected}.",
        "parent unit “{given}” is valid only {expected}.",
    ),
    "wrong_parent_kind": Wording(
        "đơn vị cấp trên “{given}” không đúng loại. Cần: {expected}.",
        "parent unit “{given}” is of the wrong kind. Expected: {expected}.",
    ),
    "unknown_unit": Wording(
        "không có đơn vị “{given}” vào ngày {expected}.",
        "there is no unit “{given}” on {expected}.",
    ),
    "not_below": Wording(
        "tài khoản này không quản lý người nhận thư của “{given}”.",
        "this client may not say who gets the messages of “{given}”.",
    ),
    "bad_mail": Wording(
        "“{given}” không phải địa chỉ thư. Cần: {expected}.",
        "“{given}” is no mail address. Expected: {expected}.",
    ),
    "duplicate_person": Wording(
        "“{given}” đã có cho đơn vị này ở dòng {expected}.",
        "“{given}” stands for this unit on line {expected} already.",
    ),
    "circle": Wording(
        "đơn vị này ở dưới chính nó, qua {given}.", "this unit stands under itself, by {given}."
    ),
    "children_left": Wording(
        "đơn vị kết thúc ngày {given} nhưng {expected} vẫn còn trực thuộc.",
        "the unit ends on {given} but {expected} is still under it.",
    ),
}
