"""Made-up figures for any declared form, consistent and always the same.

Everything comes from the declaration: which rows and cells there are, what is computed from what,
and which rules must hold. What is drawn depends on the form, the unit, the period and the cell
alone, so that two runs give the same bytes and no order of making them matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal

from forms.definition import Column, RowModel, Table
from forms.period import Window
from jobs.demo.amounts import Cell, Setting, formulas_of, relations_of
from jobs.demo.balancing import Balance
from jobs.demo.made_return import Content, MadeReturn, MadeRow
from jobs.demo.occasion import Occasion
from jobs.demo.row_names import rows_of, sample_text

#: What a cell of an ordinary row holds, about, by kind of unit.
_SIZES = {
    "commune": 60,
    "department": 140,
    "province": 2_600,
    "ministry": 1_800,
    "ministerial_agency": 900,
    "government_agency": 400,
    "other_level1": 1_100,
}

#: A word of the header says how much rarer its cases are; all words of a header count.
_RARER = {
    "quá hạn": 3,
    "trước hạn": 90,
    "chưa hoàn thành": 20,
    "từ kỳ trước": 12,
    "đang giải quyết": 15,
    "văn bản mật": 6,
    "đoàn": 4,
    "tố cáo": 8,
    "khiếu nại": 20,
    "kiến nghị": 12,
    "ủy quyền": 10,
    "cơ quan điều tra": 2,
    "văn bản giấy": 30,
    "ngày tiếp": 10,
}


def make_return(occasion: Occasion) -> MadeReturn:
    """Make a return that no rule of its form finds fault with. Raises CannotBalance."""
    form = occasion.form
    rows = {table.key: rows_of(table, occasion) for table in form.tables}
    paths = {key: [row.path for row in found] for key, found in rows.items()}
    setting = Setting(form, paths, occasion.others)
    formulas = formulas_of(setting)
    digits = {
        Cell(table.key, row.path, column.id): _digits(table, row, column)
        for table in form.tables
        for row in rows[table.key]
        for column in table.figures
    }
    drawn = {
        cell: _draw_figure(occasion, cell, places)
        for cell, places in digits.items()
        if cell not in formulas
    }
    balance = Balance(drawn, formulas=formulas, digits=digits)
    balance.settle(relations_of(setting))
    figures = balance.figures | balance.computed()
    tables = {
        table.key: [_filled(occasion, table, row, figures) for row in rows[table.key]]
        for table in form.tables
    }
    return MadeReturn(form, occasion.unit, occasion.period.code, tables)


def draw(*names: object) -> int:
    """A number from 0 to 2**48 that depends on nothing but the names."""
    said = "|".join(map(str, names)).encode()
    return int.from_bytes(hashlib.sha256(said).digest()[:6], "big")


def _draw_figure(occasion: Occasion, cell: Cell, digits: int) -> Decimal:
    column = occasion.form.table_by_key[cell.table].by_id[cell.column]
    size = _SIZES.get(occasion.kind, 100)
    scale = 40 + draw("scale", occasion.unit, cell.row) % 121  # percent of the ordinary
    header = column.label.casefold()
    for word, percent in _RARER.items():
        if word in header:
            scale = scale * percent // 100
    most = max(3, size * scale // 100)
    names = (occasion.form.code, occasion.unit, occasion.period.code, *cell)
    units = 10**digits
    drawn = draw(*names) % ((most + 1) * units)
    low = column.minimum if column.minimum is not None else 0
    high = column.maximum if column.maximum is not None else max(low, most * units)
    return Decimal(min(max(drawn, low), high)).scaleb(-digits)


def _digits(table: Table, row: MadeRow, column: Column) -> int:
    declared = table.row_by_key.get(row.key)
    if declared is None or declared.digits is None:
        return column.digits
    return min(declared.digits, column.digits)


def _filled(
    occasion: Occasion, table: Table, row: MadeRow, figures: Mapping[Cell, Decimal]
) -> MadeRow:
    cells: dict[str, Content] = {}
    for column in _asked(table, occasion.window):
        cell = Cell(table.key, row.path, column.id)
        if cell in figures:
            cells[column.id] = figures[cell]
        elif not column.is_figure and (column.compulsory or table.model is RowModel.OUTLINE):
            # A narrative has no compulsory cell, and says something all the same.
            seed = draw(occasion.unit, occasion.period.code, *cell)
            cells[column.id] = sample_text(column, occasion, seed=seed)
    return MadeRow(row.key, row.label, row.section, cells)


def _asked(table: Table, window: Window) -> Sequence[Column]:
    return [c for c in table.columns if c.validity.overlaps(window.first, window.last)]
