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
    "unknown_word": Wording(
        "không có “{given}”. Có: {expected}.", "there is no “{given}”. There are: {expected}."
    ),
    "bad_share": Wording(
        "“{given}” không phải tỷ lệ. Cần: {expected}.",
        "“{given}” is no share. Expected: {expected}.",
    ),
    "same_unit": Wording(
        "“{given}” là chính đơn vị này; đơn vị giữ mã thì tiếp tục và không cần dòng.",
        "“{given}” is this very unit; a unit that keeps its code goes on and needs no line.",
    ),
    "ended_already": Wording(
        "“{given}” đã kết thúc ngày {expected}.", "“{given}” had ended on {expected} already."
    ),
    "not_yet": Wording(
        "“{given}” chỉ có từ ngày {expected}.", "“{given}” is there only from {expected} on."
    ),
    "code_of_other": Wording(
        "ngày ấy không đơn vị nào mang mã “{given}”; mã này là của {expected}.",
        "no unit carried “{given}” on that day; it is the code of {expected}.",
    ),
    "not_under": Wording(
        "ngày ấy đơn vị trực thuộc {expected}, không phải “{given}”.",
        "the unit stood under {expected} on that day, not under “{given}”.",
    ),
    "duplicate_edge": Wording("đã có ở dòng {given}.", "stands on line {given} already."),
    "edge_differs": Wording(
        "đã khai báo là {expected}, không đổi thành {given} được.",
        "is on record as {expected} and cannot become {given}.",
    ),
    "share_of_whole": Wording(
        "nhập toàn bộ thì không có tỷ lệ “{given}”; hãy ghi {expected}.",
        "what goes whole has no share “{given}”; say {expected}.",
    ),
    "whole_twice": Wording(
        "“{given}” đã nhập toàn bộ, không thể vào cả {expected}.",
        "“{given}” goes whole into one unit and cannot go into all of {expected}.",
    ),
    "goes_on": Wording(
        "“{given}” nhập toàn bộ mà vẫn còn hiệu lực ngày {expected}; hãy ghi ngày kết thúc trước.",
        "“{given}” goes whole and is still valid on {expected}; let it end first.",
    ),
    "share_missing": Wording(
        "“{given}” có phần đã ghi tỷ lệ, phần này thì chưa.",
        "of “{given}” other parts have a share, this one has none.",
    ),
    "shares_not_one": Wording(
        "tỷ lệ các phần của “{given}” cộng lại là {expected}.",
        "the shares of “{given}” add to {expected}.",
    ),
    "rename_of_many": Wording(
        "đổi tên là một đơn vị thành một đơn vị mới, toàn bộ; {given} thì không phải.",
        "a rename is of one unit, whole, into one new unit; {given} is not.",
    ),
    "lineage_circle": Wording("nhập thành vòng: {given}.", "goes in a circle: {given}."),
    # Doubts: nothing is refused for them.
    "code_had_others": Wording(
        "mã “{given}” được hiểu là {expected}.", "code “{given}” is taken for {expected}."
    ),
    "other_province": Wording(
        "đơn vị cũ thuộc {given}, nay đơn vị mới lại không thuộc {expected}; hãy xem lại.",
        "the old unit stood under {given}, and the new one is not under {expected}; look again.",
    ),
}
