"""The look of an official form: one font, thin borders, and a format made once per combination.

Every workbook is opened here, so that no text ever becomes a formula, a link or a number, and
the same arguments give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

FONT = "Times New Roman"

#: Fill colours: cells of the form itself, computed cells, figures brought from the last period.
HEADER_FILL = "#E8EEF4"
COMPUTED_FILL = "#F2F2F2"
CARRIED_FILL = "#FFF7DC"
SECTION_FILL = "#F6F8FA"

#: Marks of the live checks: an error, a doubt, all well.
RED = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}
AMBER = {"bg_color": "#FFEB9C", "font_color": "#7F6000"}
GREEN = {"bg_color": "#C6EFCE", "font_color": "#006100"}


def open_workbook_for_writing(buffer: BytesIO, *, made_at: datetime, **options: Any) -> Workbook:
    """A workbook that writes text as text and carries `made_at` as its only date."""
    workbook = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": FONT, "font_size": 11},
            **options,
        },
    )
    # Excel knows no time zones; without a date of our own XlsxWriter would put the clock's.
    workbook.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None)})
    return workbook


def figure_format(digits: int) -> str:
    """The number format of a figure: `#,##0.00` for two digits."""
    return "#,##0" + (f".{'0' * digits}" if digits else "")


class Styles:
    """Formats by their properties; asking twice gives the same one."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def of(self, **properties: Any) -> Format:
        """The format with these XlsxWriter properties over the font of the form."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            base = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
            self._made[key] = self._workbook.add_format(base | properties)
        return self._made[key]

    def header(self) -> Format:
        """A cell of the header tree."""
        return self.of(bold=True, border=1, align="center", text_wrap=True, bg_color=HEADER_FILL)

    def number(self) -> Format:
        """A cell of the number row."""
        return self.of(italic=True, font_size=9, border=1, align="center", text_wrap=True)

    def label(self, **more: Any) -> Format:
        """A printed text of a row."""
        return self.of(**({"border": 1, "text_wrap": True} | more))

    def figure(self, digits: int, **more: Any) -> Format:
        """A figure with its declared digits."""
        return self.of(border=1, num_format=figure_format(digits), **more)

    def mark(self, colours: dict[str, str]) -> Format:
        """What conditional formatting lays over a cell."""
        key = tuple(sorted(colours.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(dict(colours))
        return self._made[key]
