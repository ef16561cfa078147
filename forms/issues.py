"""Issues: what is wrong with a return, where, and what would be right; and their catalogue.

An issue is data. Its sentence, in Vietnamese or English, is made at the edge by `sentence`.
Every code stands in docs/issues.md; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from forms.definition import Severity

VI = "vi"
EN = "en"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding.

    `cell` is the cell id, `address` its display (`r05.c02`), `place` the sheet cell.
    `rule` and `rule_id` name the rule that was broken, if one was. All are texts. What was given
    and expected is mostly what stands in a cell; where it is words, `given_en` and `expected_en`
    say them in English.
    """

    code: str
    severity: Severity = Severity.ERROR
    cell: str = ""
    address: str = ""
    place: str = ""
    given: str = ""
    expected: str = ""
    rule: str = ""  # as people read it: (3) = (4) + (5) + (6)
    rule_id: str = ""
    label: str = ""  # the header or the row in words, or what else the sentence names
    note: str = ""
    given_en: str = ""
    expected_en: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """The two sentences of a code; placeholders are fields of Issue."""

    vi: str
    en: str


CATALOGUE: Mapping[str, Wording] = {
    # --- the return as a whole ---
    "malformed": Wording(
        "Không đọc được báo cáo: {given}. Cần: {expected}.",
        "The return cannot be read: {given}. Expected: {expected}.",
    ),
    "other_return": Wording(
        "Tệp này là báo cáo khác: {given}. Trang đang mở cho: {expected}.",
        "This file is another return: {given}. The page is open for: {expected}.",
    ),
    "unknown_form": Wording(
        "Không có biểu mẫu {given}. Các biểu mẫu đang dùng: {expected}.",
        "There is no form {given}. Forms in use: {expected}.",
    ),
    "unknown_unit": Wording(
        "Không có đơn vị {given} vào ngày chốt số liệu. Cần: {expected}.",
        "There is no unit {given} on the day the data window ends. Expected: {expected}.",
    ),
    "bad_period": Wording(
        "Kỳ báo cáo {given} không hợp lệ cho biểu này. Cần: {expected}.",
        "{given} is not a period of this form. Expected: {expected}.",
    ),
    "not_owed": Wording(
        "Đơn vị không phải gửi biểu này cho kỳ {given}. Đang phải gửi: {expected}.",
        "The unit does not owe this form for {given}. It owes: {expected}.",
    ),
    "period_not_open": Wording(
        "Kỳ {given} chưa mở nhận báo cáo. Mở từ {expected}.",
        "Period {given} is not open yet. It opens at {expected}.",
    ),
    "period_closed": Wording(
        "Kỳ {given} đã khóa từ {expected}. Hãy đề nghị cơ quan nhận báo cáo mở lại cho đơn vị.",
        "Period {given} has been closed since {expected}. Ask the receiving unit to reopen it for "
        "you.",
    ),
    "already_accepted": Wording(
        "Báo cáo kỳ {given} (bản số {expected}) đã được tiếp nhận chính thức. Muốn sửa, hãy đề "
        "nghị cơ quan nhận báo cáo cho phép đính chính.",
        "The report for {given} (revision {expected}) was accepted. To correct it, ask the "
        "receiving unit to allow an amendment.",
    ),
    "begun_in_time": Wording(
        "Bắt đầu gửi trước thời hạn {expected}, nhận xong lúc {given}: được tính đúng hạn.",
        "Sending began before it was due at {expected} and was complete at {given}: on time.",
    ),
    "wrong_version": Wording(
        "Mẫu đã cũ: phiên bản {given}. Kỳ này dùng phiên bản {expected}; hãy tải mẫu mới.",
        "This is an old template: version {given}. This period asks for version {expected}; "
        "please download the new one.",
    ),
    "unknown_table": Wording(
        "Biểu này không có phần {given}. Có: {expected}.",
        "This form has no table {given}. It has: {expected}.",
    ),
    "missing_table": Wording(
        "Thiếu phần {label}. Hãy điền ít nhất một dòng, hoặc đánh dấu “không phát sinh”.",
        "Table {label} is missing. Fill in at least one row, or mark it as a nil return.",
    ),
    "nil_with_rows": Wording(
        "Phần {label} vừa đánh dấu “không phát sinh” vừa có số liệu. Bỏ một trong hai.",
        "Table {label} is marked as a nil return and has figures. Take one of the two away.",
    ),
    "not_this_template": Wording(
        "Tệp không phải mẫu của hệ thống: {given}. Cần: {expected}.",
        "The file is not a template of this system: {given}. Expected: {expected}.",
    ),
    "more_issues": Wording(
        "Còn {given} lỗi nữa chưa kể ra. Hãy sửa các lỗi trên rồi kiểm tra lại.",
        "There are {given} more issues that are not listed. Mend these and check again.",
    ),
    # --- rows ---
    "too_many_rows": Wording(
        "Phần {label} có {given} dòng, nhiều nhất được {expected} dòng.",
        "Table {label} has {given} rows; at most {expected} are taken.",
    ),
    "missing_row": Wording(
        "Thiếu dòng {label}. Mẫu này có sẵn dòng đó và cần số liệu.",
        "Row {label} is missing. It is a printed row of this form and needs its figures.",
    ),
    "unknown_row": Wording(
        "Không có dòng {given} trong biểu này. Có: {expected}.",
        "This form has no row {given}. It has: {expected}.",
    ),
    "row_of_another_unit": Wording(
        "Dòng {address}: “{given}” không phải mã của đơn vị gửi, cũng không phải của đơn vị trực "
        "thuộc trong kỳ này. Đơn vị gửi là {expected}.",
        "Row {address}: “{given}” is neither the code of the sending unit nor of a unit below it "
        "in this period. The sending unit is {expected}.",
    ),
    "row_not_asked": Wording(
        "Dòng {label} không còn được yêu cầu trong kỳ này. Hãy bỏ số liệu của dòng đó.",
        "Row {label} is not asked in this period. Please take its figures away.",
    ),
    "row_without_key": Wording(
        "Dòng {address} có số liệu nhưng không ghi {label}.",
        "Row {address} has figures but does not say its {label}.",
    ),
    "duplicate_row": Wording(
        "Dòng {address}: “{given}” đã có ở {expected}. Hãy gộp hai dòng làm một.",
        "Row {address}: “{given}” already stands at {expected}. Please make them one.",
    ),
    "unknown_section": Wording(
        "Không có mục {given}. Có: {expected}.",
        "There is no section {given}. Sections: {expected}.",
    ),
    "key_not_in_list": Wording(
        "“{given}” chưa có trong danh mục {expected}. Báo cáo vẫn được nhận; cơ quan tổng hợp sẽ "
        "đối chiếu một lần.",
        "“{given}” is not in list {expected}. The return is received all the same; the centre "
        "will map it once.",
    ),
    "row_left_to_type": Wording(
        "Dòng {label} do đơn vị lập biểu {expected} tự nhập, chưa có trong bản tổng hợp; dòng tổng "
        "chưa gồm dòng này.",
        "Row {label} is typed by the unit that reports {expected} and is not in this edition; the "
        "total is without it.",
    ),
    "period_half_open": Wording(
        "Kỳ chưa mở cho {given} trong {expected} báo cáo phải nhận; chưa đến lúc gửi các báo cáo "
        "đó.",
        "The period is not open yet for {given} of the {expected} reports that are expected; they "
        "cannot have been sent.",
    ),
    "unlike_its_parts": Wording(
        "Báo cáo khác bản tổng hợp các báo cáo thành phần ({label}): báo cáo ghi "
        "“{given}”, các báo cáo thành phần cộng lại là “{expected}”.",
        "The report is not what its parts come to ({label}): it says “{given}”, its "
        "parts add up to “{expected}”.",
    ),
    "versions_mixed": Wording(
        "Trong kỳ này có báo cáo theo nhiều phiên bản của biểu {label} ({given}); cột mà phiên bản "
        "cũ không hỏi chỉ gồm các đơn vị được hỏi.",
        "Several versions of form {label} were reported for this period ({given}); a column that "
        "one version does not ask has the figures of those who were asked.",
    ),
    # --- cells ---
    "unknown_column": Wording(
        "Phần này không có cột {given}. Có: {expected}.",
        "This table has no column {given}. It has: {expected}.",
    ),
    "missing_value": Wording(
        "Ô {address} ({label}) bắt buộc phải điền. Cần: {expected}.",
        "Cell {address} ({label}) must be filled. Expected: {expected}.",
    ),
    "not_a_figure": Wording(
        "Ô {address} ({label}) ghi “{given}”, không phải là số. Cần: {expected}.",
        "Cell {address} ({label}) says “{given}”, which is not a figure. Expected: {expected}.",
    ),
    "ambiguous_figure": Wording(
        "Ô {address} ({label}) ghi “{given}”, có thể hiểu hai cách. Hãy ghi {expected}.",
        "Cell {address} ({label}) says “{given}”, which can be read in two ways. Write {expected}.",
    ),
    "too_many_decimals": Wording(
        "Ô {address} ({label}) ghi {given}. Số chữ số thập phân nhiều nhất: {expected}.",
        "Cell {address} ({label}) says {given}. Most digits after the point: {expected}.",
    ),
    "figure_too_large": Wording(
        "Ô {address} ({label}) ghi {given}, quá lớn. Nhiều nhất {expected}.",
        "Cell {address} ({label}) says {given}, which is too large. At most {expected}.",
    ),
    "below_minimum": Wording(
        "Ô {address} ({label}) ghi {given}, nhỏ hơn mức thấp nhất {expected}.",
        "Cell {address} ({label}) says {given}, below the least allowed, {expected}.",
    ),
    "above_maximum": Wording(
        "Ô {address} ({label}) ghi {given}, lớn hơn mức cao nhất {expected}.",
        "Cell {address} ({label}) says {given}, above the most allowed, {expected}.",
    ),
    "not_applicable_refused": Wording(
        "Ô {address} ({label}) không được ghi “không áp dụng”. Cần: {expected}.",
        "Cell {address} ({label}) may not be “not applicable”. Expected: {expected}.",
    ),
    "not_a_date": Wording(
        "Ô {address} ({label}) ghi “{given}”, không phải ngày. Cần: {expected}.",
        "Cell {address} ({label}) says “{given}”, which is not a date. Expected: {expected}.",
    ),
    "not_text": Wording(
        "Ô {address} ({label}) phải là chữ; nhận được {given}.",
        "Cell {address} ({label}) must be text; it holds {given}.",
    ),
    "text_too_long": Wording(
        "Ô {address} ({label}) dài {given} ký tự, nhiều nhất {expected}.",
        "Cell {address} ({label}) is {given} characters long; at most {expected}.",
    ),
    "unknown_code": Wording(
        "Ô {address} ({label}) ghi “{given}”, không có trong danh mục. Cần: {expected}.",
        "Cell {address} ({label}) says “{given}”, which is not in its list. Expected: {expected}.",
    ),
    "foreign_formula": Wording(
        "Ô {address} ({label}) chứa công thức không thuộc mẫu: {given}. Hãy thay bằng giá trị.",
        "Cell {address} ({label}) holds a formula that is not the template's: {given}. Put its "
        "value there.",
    ),
    "excel_error": Wording(
        "Ô {address} ({label}) báo lỗi Excel {given}. Cần: {expected}.",
        "Cell {address} ({label}) shows the Excel error {given}. Expected: {expected}.",
    ),
    "not_asked": Wording(
        "Ô {address} ({label}) không còn được yêu cầu trong kỳ này; hãy để trống.",
        "Cell {address} ({label}) is not asked in this period; please leave it blank.",
    ),
    "overflow": Wording(
        "Tổng ở {label} vượt quá khả năng lưu số ({given}). Hãy kiểm tra các số liệu rất lớn.",
        "The total at {label} is larger than can be stored ({given}). Check the largest figures.",
    ),
    # --- rules ---
    "rule_broken": Wording(
        "Ô {address} ({label}): {rule}. Đang là {given}, phải là {expected}.",
        "Cell {address} ({label}): {rule}. It is {given}, and should be {expected}.",
    ),
    "total_differs": Wording(
        "Ô {address} ({label}) ở dòng tổng ghi {given}, cộng các dòng được {expected}.",
        "Cell {address} ({label}) of the total row says {given}; the rows add up to {expected}.",
    ),
    "row_left_out": Wording(
        "Báo cáo thiếu dòng này ({label}): {rule}. Không có dòng nên đang là {given}, phải là "
        "{expected}. Hãy thêm dòng vào báo cáo.",
        "A row is left out ({label}): {rule}. Without the row it is {given}, and should be "
        "{expected}. Please add the row.",
    ),
    "year_below_parts": Wording(
        "Ô {address} ({label}): báo cáo năm ghi {given}, nhỏ hơn tổng các kỳ trong năm ({rule}): "
        "{expected}.",
        "Cell {address} ({label}): the Year report says {given}, less than its periods ({rule}) "
        "add up to: {expected}.",
    ),
    "year_differs": Wording(
        "Ô {address} ({label}): báo cáo năm ghi {given}, các kỳ trong năm ({rule}) cho {expected}.",
        "Cell {address} ({label}): the Year report says {given}, its periods ({rule}) give "
        "{expected}.",
    ),
    "rule_pending": Wording(
        "{label}: {rule}. Chưa so được vì chưa có {expected}; sẽ tự kiểm tra khi có.",
        "{label}: {rule}. Not compared yet: {expected} has not arrived; it will be checked then.",
    ),
}


def sentence(issue: Issue, language: str = VI) -> str:
    """The issue as one sentence for a person, in Vietnamese (`vi`) or English (`en`)."""
    wording = CATALOGUE[issue.code]
    is_english = language != VI
    template = wording.en if is_english else wording.vi
    text = template.format(
        address=issue.place or issue.address,
        given=(is_english and issue.given_en) or issue.given,
        expected=(is_english and issue.expected_en) or issue.expected,
        rule=_rule_in_english(issue.rule) if is_english else issue.rule,
        label=issue.label,
    )
    return f"{text} {issue.note}".rstrip() if issue.note and not is_english else text


#: What `forms.rule_outcomes.printed` says in words; longer phrases first.
_WORDS_OF_RULES = {
    "của kỳ trước": "of the previous period",
    "của biểu": "of form",
    "số dòng phần": "rows of table",
    "dòng tổng": "of the total row",
    "dòng": "of row",
    "phần": "of table",
    "tổng": "sum of",
}


def _rule_in_english(rule: str) -> str:
    for vi, en in _WORDS_OF_RULES.items():
        rule = rule.replace(vi, en)
    return rule


@dataclass(slots=True)
class Findings:
    """A growing list of issues, with the one question that decides."""

    issues: list[Issue] = field(default_factory=list)

    def add(self, issue: Issue) -> None:
        """Keep one more issue."""
        self.issues.append(issue)

    @property
    def has_errors(self) -> bool:
        """Whether the return must be refused."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)
