"""What stands above and below the tables of every official form: heading, title, signatures."""

from __future__ import annotations

from datetime import date

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from forms.header_layout import fold_number, lines_needed
from forms.locating_tables import DATED, PREPARED_BY
from forms.period import Period, Window
from forms.sheet_styles import Styles
from forms.workbook_layout import FormLayout, TableLayout

COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
HEAD_OF_UNIT = "THỦ TRƯỞNG ĐƠN VỊ"

_TITLE_POINTS = 20.0
_LINE_POINTS = 16.0


def period_text(period: Period, window: Window) -> str:
    """The period with the days that it covers, as forms print it."""
    first, last = day_text(window.first), day_text(window.last)
    return f"Kỳ báo cáo: {period.label_vi} (từ ngày {first} đến ngày {last})"


def day_text(day: date) -> str:
    """A day as Vietnamese forms write it: 14/9/2026."""
    return f"{day.day}/{day.month}/{day.year}"


def write_heading(
    sheet: Worksheet,
    styles: Styles,
    layout: FormLayout,
    *,
    agency: str,
    period: Period,
    window: Window,
) -> None:
    """The agency and the form symbol on the left, the national heading on the right, the title."""
    form, last = layout.form, layout.last_col
    split = split_col(layout)
    left = styles.of(bold=True, align="center", text_wrap=True)
    right = styles.of(bold=True, align="center")
    put(sheet, layout.agency_row, (0, split - 1), agency.upper(), left)
    put(sheet, layout.agency_row, (split, last), COUNTRY, right)
    room = sum(layout.widths[:split])
    sheet.set_row(
        layout.agency_row, lines_needed(agency.upper(), room, breadth=1.25) * _LINE_POINTS
    )
    put(sheet, layout.symbol_row, (0, split - 1), f"Biểu số {form.code}", left)
    put(
        sheet,
        layout.symbol_row,
        (split, last),
        MOTTO,
        styles.of(bold=True, align="center", underline=1),
    )
    title = form.title_vi.upper()
    put(
        sheet,
        layout.title_row,
        (0, last),
        title,
        styles.of(bold=True, font_size=14, align="center", text_wrap=True),
    )
    needed = lines_needed(title, sum(layout.widths) * 0.75, breadth=1.1)
    sheet.set_row(layout.title_row, needed * _TITLE_POINTS + 4)
    style = styles.of(italic=True, align="center")
    put(sheet, layout.period_row, (0, last), period_text(period, window), style)


def write_table_head(
    sheet: Worksheet, styles: Styles, layout: FormLayout, table: TableLayout
) -> None:
    """The title of a table where the form has several, its header tree and its number row."""
    if table.title_row is not None:
        style = styles.of(bold=True, text_wrap=True)
        put(sheet, table.title_row, (0, layout.last_col), table.table.title, style)
        sheet.set_row(table.title_row, 21)
    for cell in table.header:
        if cell.is_merged:
            sheet.merge_range(
                cell.first_row, cell.first_col, cell.last_row, cell.last_col, "", styles.header()
            )
        sheet.write_string(cell.first_row, cell.first_col, cell.text, styles.header())
    for col, text in enumerate(table.numbers):
        sheet.write_string(
            table.number_row, col, fold_number(text, layout.widths[col]), styles.number()
        )
    for row, height in enumerate(layout.header_heights(table), start=table.header_row):
        sheet.set_row(row, height)


def write_signatures(sheet: Worksheet, styles: Styles, layout: FormLayout) -> None:
    """Place and date, who drew the form up, and the head of the unit, with room to sign."""
    row, split, last = layout.signature_row, split_col(layout), layout.last_col
    put(sheet, row, (split, last), DATED, styles.of(italic=True, align="center", locked=False))
    bold, small = styles.of(bold=True, align="center"), styles.of(italic=True, align="center")
    put(sheet, row + 1, (0, split - 1), PREPARED_BY, bold)
    put(sheet, row + 1, (split, last), HEAD_OF_UNIT, bold)
    put(sheet, row + 2, (0, split - 1), "(Ký, ghi rõ họ tên)", small)
    put(sheet, row + 2, (split, last), "(Ký, ghi rõ họ tên, đóng dấu)", small)
    name = styles.of(bold=True, align="center", locked=False)
    put(sheet, row + 6, (0, split - 1), "", name)
    put(sheet, row + 6, (split, last), "", name)


def set_up_page(sheet: Worksheet, layout: FormLayout) -> None:
    """A4 landscape, one page wide, the header of the last table on every page that goes on with it.

    A sheet repeats one header only, and only on pages after the one on which it stands.
    """
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_footer(f"&L&8Biểu số {layout.form.code}&R&8Trang &P/&N")
    sheet.print_area(0, 0, layout.last_row, layout.last_col)
    sheet.repeat_rows(layout.tables[-1].header_row, layout.tables[-1].number_row)
    for col, width in enumerate(layout.widths):
        sheet.set_column(col, col, width)


def split_col(layout: FormLayout) -> int:
    """The first column of the right half of the heading."""
    half, used = sum(layout.widths) * 0.45, 0.0
    for col, width in enumerate(layout.widths):
        used += width
        if used >= half:
            return min(max(1, col + 1), layout.last_col)
    return layout.last_col


def put(sheet: Worksheet, row: int, cols: tuple[int, int], text: str, style: Format) -> None:
    """A text over some columns of one row (the last included), merged where there are several."""
    first_col, last_col = cols
    if last_col > first_col:
        sheet.merge_range(row, first_col, row, last_col, "", style)
    sheet.write_string(row, first_col, text, style)
