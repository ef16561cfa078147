"""What an edition says of targets: a line under its table, and a sheet with the counts of units."""

from __future__ import annotations

from forms.form_heading import put
from forms.header_layout import lines_needed
from forms.sheet_styles import Styles
from forms.target_counts import TargetCount, figure_vi
from forms.workbook_layout import FormLayout
from reporting.workbooks.edition_facts import EditionFacts
from reporting.workbooks.plain_sheet import PlainSheet
from reporting.workbooks.writing import OpenWorkbook, StreamedSheet

TARGETS_SHEET = "Mục tiêu"

_WIDTHS = (6, 46, 14, 14, 22, 20, 20, 20)
_LINE_POINTS = 16.0


def write_target_lines(
    sheet: StreamedSheet, styles: Styles, layout: FormLayout, edition: EditionFacts
) -> None:
    """One sentence for each target, in the row that is free below the last table."""
    if not edition.targets:
        return
    sentences = [_sentence(one, edition) for one in edition.targets]
    room = sum(layout.widths)
    needed = sum(lines_needed(sentence, room, breadth=1.1) for sentence in sentences)
    row = layout.bottom + 1
    sheet.set_row(row, needed * _LINE_POINTS + 4)
    style = styles.of(italic=True, text_wrap=True, valign="vcenter")
    put(sheet, row, (0, layout.last_col), "\n".join(sentences), style)


def write_targets(workbook: OpenWorkbook, edition: EditionFacts, *, about: str) -> None:
    """The targets with the units that have reached them, by kind; no sheet where there is none."""
    if not edition.targets:
        return
    sheet = PlainSheet(workbook, TARGETS_SHEET, _WIDTHS, footer=about)
    sheet.title(f"Chỉ tiêu so với mục tiêu năm {edition.period.year}")
    sheet.line(f"{about} - {edition.unit_name}", align="center", italic=True)
    sheet.gap()
    for one in edition.targets:
        sheet.line(_sentence(one, edition))
        above = one.sentence(edition.whole, strictly=True)
        sheet.line(f"Tính riêng các đơn vị vượt mục tiêu: {above}.", italic=True)
    sheet.line(
        "So sánh bằng số gốc, không bằng tỷ lệ đã làm tròn; đơn vị chưa có báo cáo hoặc không áp "
        "dụng thì không được đếm.",
        italic=True,
    )
    sheet.gap()
    sheet.head(
        (
            "STT",
            "Chỉ tiêu",
            "Mục tiêu",
            _capital(edition.whole),
            "Loại đơn vị",
            "Có số liệu",
            "Từ mục tiêu trở lên",
            "Trên mục tiêu",
        ),
        centred=(0, 2, 3, 5, 6, 7),
    )
    number = 0
    for one in edition.targets:
        for kind in one.kinds:
            number += 1
            sheet.cells(
                (
                    number,
                    f"{one.indicator.code} {one.indicator.label_vi}",
                    _figure(one, goal=True),
                    _figure(one),
                    kind.name,
                    kind.units,
                    kind.at_or_above,
                    kind.above,
                )
            )
    sheet.finish()


def _sentence(one: TargetCount, edition: EditionFacts) -> str:
    said = f"{one.indicator.label_vi}: {one.sentence(edition.whole)}"
    return f"{said} (mục tiêu năm {edition.period.year}: {_figure(one, goal=True)})."


def _figure(one: TargetCount, *, goal: bool = False) -> str:
    figure = one.target if goal else one.value
    return "-" if figure is None else f"{figure_vi(figure)} {one.indicator.unit}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
