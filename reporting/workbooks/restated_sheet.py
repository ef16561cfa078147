"""The sheet beside an edition on another map: which unit became which, made from what."""

from __future__ import annotations

from dataclasses import replace

from forms.returns import Report
from reporting.workbooks.edition_facts import EditionFacts, RestatedFacts
from reporting.workbooks.edition_sheets import ESTIMATED, which
from reporting.workbooks.plain_sheet import PlainSheet
from reporting.workbooks.writing import OpenWorkbook

RESTATED_SHEET = "Quy đổi"
_WIDTHS = (6, 14, 44, 14, 44, 14)


def mark_estimates(report: Report, restated: RestatedFacts | None) -> Report:
    """The report with a sign behind the name of every row that is an estimate."""
    if restated is None:
        return report
    tables = {
        key: replace(
            data,
            names=tuple(
                name._replace(label=f"{name.label or name.key} {ESTIMATED}")
                if name.path in restated.estimated.get(key, ())
                else name
                for name in data.names
            ),
        )
        for key, data in report.tables.items()
    }
    return replace(report, tables=tables)


def write_restated(workbook: OpenWorkbook, edition: EditionFacts, *, about: str) -> None:
    """What became of each unit in the figures; no sheet for an edition as it was reported."""
    restated = edition.restated
    if restated is None:
        return
    sheet = PlainSheet(workbook, RESTATED_SHEET, _WIDTHS, footer=about)
    sheet.title("Quy đổi theo bản đồ đơn vị")
    sheet.line(f"{about} - {edition.unit_name}", align="center", italic=True)
    sheet.line(which(edition), align="center", italic=True)
    for remark in restated.remarks:
        sheet.line(remark)
    sheet.gap()
    if restated.moved:
        sheet.head(("STT", "Mã cũ", "Tên cũ", "Mã mới", "Tên mới", "Tỷ lệ"), centred=(0, 1, 3, 5))
        for number, one in enumerate(restated.moved, 1):
            names = (one.old_code, one.old_name, one.new_code, one.new_name)
            sheet.cells((number, *names, one.share or "toàn bộ"))
    else:
        sheet.line("Không đơn vị nào trong biểu có thay đổi.", italic=True)
    sheet.gap()
    for unit, number, digest, share in restated.editions:
        part = "" if share == "1" else f", lấy {share}"
        sheet.line(f"Bản tổng hợp số {number} của {unit}{part}: {digest}", italic=True)
    sheet.finish()
