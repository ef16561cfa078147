"""Reading a filled template: which form, unit and period it is for, and its raw cells.

Values come from python-calamine, which is fast and knows nothing of formulas; those are looked up
in the sheet itself. A cell with the template's own formula counts as left out, because cached
values are never trusted; any other formula is handed on as one. Every cell keeps its place.
"""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from forms.excel_formulas import column_letters
from forms.file_refusals import Refused, refusal
from forms.issues import Issue
from forms.locating_tables import Grid, Located, cell_at, locate_tables, note_place
from forms.opening_xlsx import (
    USUAL_LIMITS,
    OpenedXlsx,
    XlsxLimits,
    open_workbook,
)
from forms.percent_cells import percent_styles
from forms.returns import RawReturn
from forms.sheet_formulas import SheetFormulas, scan_sheet
from forms.sheet_rows import cell_value, read_table
from forms.template_record import RECORD_SHEET, TableRecord, TemplateRecord, parse_record

#: Every table of a template: where it is now, or its record where it was not found.
Tables = list[Located | TableRecord]

_LINKS = "xl/_rels/workbook.xml.rels"
_LINK = re.compile(r"<Relationship\s([^<>]{1,2000})>")
_SHEET = re.compile(r"<sheet\s([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(r'\b(?:\w{1,40}:)?(\w{1,40})="([^"]{0,1000})"')
#: More sheets than this has no template, whatever was added to it.
_MOST_SHEETS = 50


def read_xlsx(data: bytes, *, limits: XlsxLimits = USUAL_LIMITS) -> RawReturn:
    """Read a filled template; whatever is wrong with the file is among the issues. Never raises."""
    opened = open_workbook(data, limits=limits)
    if isinstance(opened, Issue):
        return RawReturn(issues=[opened])
    try:
        return _read(opened, limits)
    except Refused as refused:
        return RawReturn(issues=[refused.issue])
    except (CalamineError, ValueError, KeyError, IndexError, OSError, OverflowError, MemoryError):
        return _refused("damaged", code="malformed")
    except BaseException as panic:
        # What a library in Rust gives up on is no Exception to Python.
        if type(panic).__module__ != "pyo3_runtime":
            raise
        return _refused("damaged", code="malformed")


def _refused(reason: str, *, code: str = "not_this_template") -> RawReturn:
    return RawReturn(issues=[refusal(code, reason)])


def _read(opened: OpenedXlsx, limits: XlsxLimits) -> RawReturn:
    paths = _sheet_paths(opened)
    if RECORD_SHEET not in paths:
        return _refused("no_record")
    path = paths[RECORD_SHEET]
    remembered = opened.archive(path, opened.parts[path], limits=limits, styles=False)
    record = parse_record(_grid(remembered, RECORD_SHEET))
    if record is None:
        return _refused("changed_record")
    raw = RawReturn(record.form, record.version, record.unit, record.period)
    others = [name for name in paths if not name.startswith("_")]
    # The sheet may have been renamed; the number rows tell which one it is.
    for name in sorted(others, key=lambda name: name != record.sheet):
        part = _without_helpers(opened.parts[paths[name]], column_letters(record.helper_col))
        grid = _grid(opened.archive(paths[name], part, limits=limits), name)
        tables = locate_tables(record, grid)
        if any(isinstance(table, Located) for table in tables):
            styles = percent_styles(opened.parts.get("xl/styles.xml", b""))
            scanned = scan_sheet(part, columns=_columns_read(tables), percents=styles)
            _read_sheet(raw, record, name, grid, tables, scanned)
            return raw
    return _refused("no_number_row")


def _grid(archive: bytes, name: str) -> Grid:
    sheet = CalamineWorkbook.from_filelike(BytesIO(archive)).get_sheet_by_name(name)
    return sheet.to_python(skip_empty_area=False)


def _without_helpers(part: bytes, letters: str) -> bytes:
    """A sheet whose rows end before the template's hidden helper cells.

    They are most of the text of a sheet, and nothing is read from them.
    """
    start, end = part.find(b"<sheetData>"), part.rfind(b"</sheetData>")
    if start < 0 or end < 0:
        return part
    mark = b'<c r="' + letters.encode()
    kept = []
    for row in part[start:end].split(b"<row "):
        cut = row.find(mark)
        kept.append(row if cut < 0 else row[:cut] + b"</row>")
    return part[:start] + b"<row ".join(kept) + b"</sheetData></worksheet>"


def _sheet_paths(opened: OpenedXlsx) -> dict[str, str]:
    """Name of each sheet -> its part of the archive, in the order of the workbook."""
    links = [dict(_ATTRIBUTE.findall(tag)) for tag in _LINK.findall(_text(opened, _LINKS))]
    targets = {link["Id"]: link["Target"] for link in links}
    paths: dict[str, str] = {}
    for tag in _SHEET.findall(_text(opened, "xl/workbook.xml")):
        said = dict(_ATTRIBUTE.findall(tag))
        target = targets[said["id"]]
        if len(paths) >= _MOST_SHEETS:
            raise Refused("malformed", "many_sheets", count=_MOST_SHEETS)
        paths[unescape(said["name"])] = target[1:] if target.startswith("/") else f"xl/{target}"
    return paths


def _text(opened: OpenedXlsx, path: str) -> str:
    return opened.parts[path].decode()


def _columns_read(tables: Tables) -> set[str]:
    """The letters of the columns in which a formula or an error means anything."""
    located = [table for table in tables if isinstance(table, Located)]
    cols = {col for table in located for col in table.columns.values()}
    cols |= {table.record.heading_col for table in located if table.record.heading_col >= 0}
    return {column_letters(col) for col in cols}


def _read_sheet(
    raw: RawReturn,
    record: TemplateRecord,
    sheet: str,
    grid: Grid,
    tables: Tables,
    found: SheetFormulas,
) -> None:
    """Read every table that was found and the note; a table that was not found is an issue."""
    end = 0
    for table in tables:
        if isinstance(table, Located):
            raw.tables[table.record.key] = read_table(table, grid, found, sheet, raw.issues)
            end = table.end
        else:
            raw.issues.append(refusal("not_this_template", "no_table", name=table.key))
    place = note_place(record, grid, end)
    if place is not None:
        note = cell_value(cell_at(grid, *place))
        raw.note = "" if note is None else str(note)
