"""The sheets beside a consolidated table: who is in it, from where, and what does not add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reporting.workbooks.edition_facts import EditionFacts
from reporting.workbooks.plain_sheet import PlainSheet
from reporting.workbooks.writing import OpenWorkbook, instant_text

COVERAGE_SHEET = "Mức độ đầy đủ"
SOURCE_SHEET = "Nguồn"
ISSUES_SHEET = "Cần giải trình"
EXPLAINED_SHEET = "Giải trình"

#: What stands behind the name of a row whose every cell is an estimate.
ESTIMATED = "(*)"

MISSING = "Chưa báo cáo"
RETURNED = "Bị trả lại, chưa gửi lại"
NIL = "Báo cáo không phát sinh"
STOOD_IN = "Ước theo bản tổng hợp của đơn vị"
WAIVED = "Không phải báo cáo kỳ này"
LEFT_OUT = "Cơ quan tổng hợp không đưa vào"

_COUNTS = (
    ("Số báo cáo phải nhận", "expected"),
    ("Số báo cáo đã tổng hợp", "received"),
    ("    gửi đúng hạn", "on_time"),
    ("    gửi quá hạn", "late"),
    ("    đã tiếp nhận chính thức", "accepted"),
    (f"    {NIL.lower()}", "nil"),
    ("    mọi số liệu bằng 0", "zero"),
    (MISSING, "missing"),
    (f"    {STOOD_IN.lower()}", "estimated"),
    (RETURNED, "returned"),
    (WAIVED, "not_applicable"),
    (LEFT_OUT, "left_out"),
)

_NAMED = (
    ("missing", MISSING),
    ("returned", RETURNED),
    ("estimated", STOOD_IN),
    ("nil", NIL),
    ("not_applicable", WAIVED),
    ("left_out", LEFT_OUT),
)

_COVERAGE_WIDTHS = (6, 26, 62, 30)
_SOURCE_WIDTHS = (6, 18, 46, 12, 9, 68, 24)
_ISSUE_WIDTHS = (6, 46, 40, 16, 16, 24, 40)
_EXPLAINED_WIDTHS = (6, 14, 36, 18, 56, 56, 24)


def write_coverage(workbook: OpenWorkbook, edition: EditionFacts, *, about: str) -> None:
    """How many of the expected reports are in the figures, and which are not."""
    coverage = edition.coverage
    sheet = PlainSheet(workbook, COVERAGE_SHEET, _COVERAGE_WIDTHS, footer=about)
    _write_title(sheet, "Mức độ đầy đủ của số liệu", edition, about)
    if edition.erratum:
        sheet.line(edition.erratum, bold=True, align="center")
    sheet.gap()
    for label, key in _COUNTS:
        if key in coverage:
            sheet.fact(label, _count(coverage, key))
    sheet.gap()
    rows = [
        (unit["unit"], unit["name"], standing)
        for key, standing in _NAMED
        for unit in _units(coverage, key)
    ]
    if rows:
        sheet.head(("STT", "Mã đơn vị", "Tên đơn vị", "Tình trạng"), centred=(0, 1, 3))
        for number, row in enumerate(rows, 1):
            sheet.cells((number, *row))
    else:
        sheet.line("Tất cả các đơn vị phải báo cáo đều có số liệu trong biểu.", italic=True)
    sheet.finish()


def write_sources(workbook: OpenWorkbook, edition: EditionFacts, *, about: str) -> None:
    """Every revision that went into the figures, so that each can be found and compared."""
    sheet = PlainSheet(workbook, SOURCE_SHEET, _SOURCE_WIDTHS, footer=about)
    _write_title(sheet, "Nguồn số liệu", edition, about)
    sheet.line(f"Mã kiểm (SHA-256) của bản tổng hợp: {edition.sha256}", italic=True)
    sheet.gap()
    sheet.head(
        ("STT", "Mã đơn vị", "Tên đơn vị", "Mã báo cáo", "Bản số", "SHA-256", "Nhận lúc"),
        centred=(0, 1, 3, 4, 6),
    )
    for number, part in enumerate(edition.inputs, 1):
        sheet.cells(
            (
                number,
                part.unit_code,
                part.unit_name,
                part.submission_id,
                part.revision,
                part.content_sha256,
                instant_text(part.received_at),
            )
        )
    sheet.finish()


def write_issues(workbook: OpenWorkbook, edition: EditionFacts, *, about: str) -> None:
    """The rules that the consolidated figures break: shown, never hidden."""
    sheet = PlainSheet(workbook, ISSUES_SHEET, _ISSUE_WIDTHS, footer=about)
    _write_title(sheet, "Quy tắc mà số liệu tổng hợp chưa thỏa", edition, about)
    sheet.gap()
    if edition.issues:
        sheet.head(
            ("STT", "Ở đâu", "Quy tắc", "Đang là", "Phải là", "Mã quy tắc", "Giải trình"),
            centred=(0, 3, 4, 5),
        )
        for number, issue in enumerate(edition.issues, 1):
            keys = ("label", "rule", "given", "expected", "rule_id")
            sheet.cells((number, *(str(issue.get(key, "")) for key in keys), None))
    else:
        sheet.line("Số liệu tổng hợp thỏa mọi quy tắc của biểu.", italic=True)
    sheet.finish()


def write_explained(workbook: OpenWorkbook, edition: EditionFacts, *, about: str) -> None:
    """What senders said about the warnings of their reports; no sheet where nobody said anything.

    Only what was said by the cut-off, so that the same edition gives the same bytes for ever.
    """
    if not edition.explanations:
        return
    sheet = PlainSheet(workbook, EXPLAINED_SHEET, _EXPLAINED_WIDTHS, footer=about)
    _write_title(sheet, "Giải trình của đơn vị báo cáo", edition, about)
    sheet.gap()
    sheet.head(
        ("STT", "Mã đơn vị", "Tên đơn vị", "Ô", "Cảnh báo", "Giải trình", "Người giải trình"),
        centred=(0, 1, 3),
    )
    for number, one in enumerate(edition.explanations, 1):
        sheet.cells(
            (number, one.unit_code, one.unit_name, one.cell, one.warning, one.text, one.actor)
        )
    sheet.finish()


def remark(edition: EditionFacts) -> str:
    """The line under the title: which edition this is, and how much of it is there."""
    received, expected = _count(edition.coverage, "received"), _count(edition.coverage, "expected")
    text = which(edition)
    estimated = sum(map(len, edition.restated.estimated.values())) if edition.restated else 0
    if estimated:
        text += f"; {estimated} dòng ước tính theo tỷ lệ khai báo (in nghiêng, có dấu {ESTIMATED})"
    if expected:
        whole = "đủ" if received == expected else "mới có"
        text += f"; {whole} {received}/{expected} báo cáo"
        if 100 * received < edition.publish_from * expected:
            text += f", CHƯA ĐỦ {edition.publish_from} % ĐỂ CÔNG BỐ"
    if edition.is_final is not None:
        text += "; bản chính thức" if edition.is_final else "; bản tạm thời"
    if edition.erratum:
        text += f". {edition.erratum.partition(':')[0]} (xem trang {COVERAGE_SHEET})"
    if edition.issues:
        text += f"; {len(edition.issues)} điểm cần giải trình (xem trang {ISSUES_SHEET})"
    return text


def _write_title(sheet: PlainSheet, title: str, edition: EditionFacts, about: str) -> None:
    sheet.title(title)
    sheet.line(f"{about} - {edition.unit_name}", align="center", italic=True)
    sheet.line(which(edition), align="center", italic=True)


def which(edition: EditionFacts) -> str:
    """Which edition this is, and on which map of units where that is not its own."""
    cut_off = f"chốt số liệu lúc {instant_text(edition.cut_off_at)}"
    if edition.restated is None:
        return f"Bản tổng hợp số {edition.number}, {cut_off}"
    of = ", ".join(f"số {number} ({unit})" for unit, number, _, _ in edition.restated.editions)
    day = f"{edition.restated.on:%d/%m/%Y}"
    return f"Quy đổi theo bản đồ đơn vị ngày {day} từ bản tổng hợp {of}, {cut_off}"


def _count(coverage: Mapping[str, Any], key: str) -> int:
    """A number of the coverage, or how long one of its lists is."""
    value = coverage.get(key, 0)
    return value if isinstance(value, int) else len(value)


def _units(coverage: Mapping[str, Any], key: str) -> Sequence[Mapping[str, str]]:
    value = coverage.get(key, ())
    return () if isinstance(value, int) else value
