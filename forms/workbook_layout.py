"""Where everything of a form stands on a sheet: pure geometry, shared by every workbook.

The blank template and the consolidated workbook ask here for the merged header tree, the number
row, the lines of each table and the column widths; nothing here writes a file. Rows and columns
are counted from 0, as XlsxWriter counts them. A layout knows how many lines it has before the
first is made, and makes them one by one from the top, so a writer may stream them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from forms.column_widths import ORDINAL_WIDTH, UNIT_WIDTH, column_widths, heading_width
from forms.definition import Column, FormVersion, Row, RowModel, Section, Table
from forms.header_layout import (
    HeaderCell,
    header_cells,
    header_heights,
    number_texts,
)
from forms.period import Window
from forms.returns import RowName

#: What the columns left of the cells are called where the declaration does not say.
ORDINAL_LABEL = "STT"
HEADING_LABEL = "Nội dung"
#: The text below a heading is the content; the column of headings is not called so as well.
OUTLINE_LABEL = "Đề mục"
UNIT_LABEL = "Đơn vị tính"

#: Row models whose rows are named by the reporter or by a unit, so that there may be blank ones.
_GROWING = frozenset({RowModel.OPEN, RowModel.UNITS, RowModel.LIST})

_DECLARED = frozenset({RowModel.FIXED, RowModel.OUTLINE})

_NO_BLANKS: Mapping[RowModel, int] = {}


class LineKind(StrEnum):
    """What a line of a table is."""

    SECTION = "section"
    DATA = "data"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table. `name` is None on a blank line and on a heading.

    `index` is the place of the row among the rows that were given (or among the declared rows),
    so that a writer finds its figures; -1 on a line that has none.
    """

    row: int
    kind: LineKind
    ordinal: str = ""
    label: str = ""
    section: str = ""
    name: RowName | None = None
    index: int = -1
    declared: Row | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """The lines under one section heading (`section` None where the table has no sections)."""

    section: Section | None
    rows: Sequence[tuple[int, RowName, Row | None]]
    blanks: int

    @property
    def height(self) -> int:
        """How many lines the block takes, its heading included."""
        return (self.section is not None) + len(self.rows) + self.blanks


@dataclass(frozen=True)
class TableLayout:
    """One table on the sheet, from its title (if it has one) to its last line."""

    table: Table
    columns: tuple[Column, ...]  # only those that are asked in the window
    top: int
    has_title: bool  # a form of several tables prints the title of each
    blocks: tuple[Block, ...]
    has_fence: bool = False  # a last line that says where to insert rows

    @cached_property
    def ordinal_col(self) -> int | None:
        """The column of ordinals (STT); None where the table is a single row."""
        return None if self.table.model is RowModel.SINGLE else 0

    @cached_property
    def heading_col(self) -> int | None:
        """The column that names the rows; None for single rows and numbered lists."""
        return None if self.table.model in (RowModel.SINGLE, RowModel.LIST) else 1

    @cached_property
    def unit_col(self) -> int | None:
        """The column with the unit of measure of each row; None where rows declare none."""
        has_units = any(row.unit for row in self.table.rows)
        return 2 if has_units and self.heading_col == 1 else None

    @cached_property
    def first_col(self) -> int:
        """The first column that holds cells of the table."""
        found = [
            col for col in (self.ordinal_col, self.heading_col, self.unit_col) if col is not None
        ]
        return len(found)

    @cached_property
    def last_col(self) -> int:
        """The last column of the table."""
        return self.first_col + len(self.columns) - 1

    @cached_property
    def col_of(self) -> Mapping[str, int]:
        """Column id -> column of the sheet."""
        return {column.id: self.first_col + at for at, column in enumerate(self.columns)}

    @property
    def grows(self) -> bool:
        """Whether the reporter names the rows, so that there may be more or fewer."""
        return self.table.model in _GROWING

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Key of a declared row -> row of the sheet."""
        return {line.name.key: line.row for line in self.lines() if line.declared and line.name}

    @property
    def title_row(self) -> int | None:
        """The row of the table's title."""
        return self.top if self.has_title else None

    @property
    def caption_row(self) -> int:
        """The row above the header: the unit of measure, and in a template the nil mark."""
        return self.top + self.has_title

    @property
    def header_row(self) -> int:
        """The first row of the header tree."""
        return self.caption_row + 1

    @cached_property
    def header_depth(self) -> int:
        """How many rows the header tree takes."""
        return max((len(column.path) for column in self.columns), default=1)

    @property
    def number_row(self) -> int:
        """The row with the official column numbers and the printed formulas."""
        return self.header_row + self.header_depth

    @property
    def first_row(self) -> int:
        """The first line below the number row."""
        return self.number_row + 1

    @cached_property
    def last_row(self) -> int:
        """The last line of sections and data; before `first_row` where there is none."""
        return self.first_row + sum(block.height for block in self.blocks) - 1

    @property
    def total_row(self) -> int | None:
        """The total row; None where the form prints none."""
        return self.last_row + 1 if self.table.total else None

    @property
    def fence_row(self) -> int | None:
        """The line that says where to insert rows; None in a table that cannot grow."""
        return self.last_row + 1 if self.has_fence else None

    @property
    def bottom(self) -> int:
        """The last row that the table takes."""
        return self.last_row + (self.table.total is not None) + self.has_fence

    @cached_property
    def side_labels(self) -> tuple[str, ...]:
        """The headers of the columns left of the cells: ordinal, row heading, unit of measure."""
        usual = OUTLINE_LABEL if self.table.model is RowModel.OUTLINE else HEADING_LABEL
        heading = self.table.heading.label or usual
        labels = {self.ordinal_col: ORDINAL_LABEL, self.heading_col: heading}
        labels[self.unit_col] = UNIT_LABEL
        return tuple(labels[col] for col in range(self.first_col))

    @cached_property
    def header(self) -> tuple[HeaderCell, ...]:
        """The header tree as merged ranges, left to right and top down."""
        return tuple(
            header_cells(
                (*((label,) for label in self.side_labels), *(c.path for c in self.columns)),
                top=self.header_row,
                depth=self.header_depth,
            )
        )

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The text of each cell of the number row, such as `(3)=(4)+(5)+(6)`."""
        sides = [""] * self.first_col
        if self.heading_col is not None and self.table.heading.number:
            sides[self.heading_col] = f"({self.table.heading.number})"
            if self.table.heading.number == "2":
                sides[0] = "(1)"
        return (*sides, *number_texts(self.table, self.columns))

    @cached_property
    def widths(self) -> tuple[float, ...]:
        """The width in characters that each column of this table wants."""
        sides = {self.ordinal_col: ORDINAL_WIDTH, self.unit_col: UNIT_WIDTH}
        sides[self.heading_col] = heading_width(self.table)
        numbers = self.numbers[self.first_col :]
        return (
            *(sides[col] for col in range(self.first_col)),
            *column_widths(self.columns, numbers=numbers),
        )

    def lines(self) -> Iterator[Line]:
        """Every line below the number row, top down: headings, data, blank lines, the total."""
        row = self.first_row
        for block in self.blocks:
            yield from _block_lines(block, row=row)
            row += block.height
        if self.table.total:
            yield Line(row, LineKind.TOTAL, label=self.table.total.label)


@dataclass(frozen=True)
class FormLayout:
    """A whole form on one sheet: heading, tables one below the other, note line, signatures."""

    form: FormVersion
    tables: tuple[TableLayout, ...]

    #: The rows of the heading; what stands in `remark_row` is the writer's affair (a template
    #: says there what does not add up, a consolidated workbook how many reports are in it).
    agency_row: int = 0
    symbol_row: int = 1
    title_row: int = 3
    period_row: int = 4
    remark_row: int = 5

    @cached_property
    def last_col(self) -> int:
        """The last column of the sheet; never so few that the heading does not fit."""
        return max(5, *(table.last_col for table in self.tables))

    @cached_property
    def widths(self) -> tuple[float, ...]:
        """The width of each column: the widest that a table on the sheet asks for."""
        found = [0.0] * (self.last_col + 1)
        for table in self.tables:
            for col, width in enumerate(table.widths):
                found[col] = max(found[col], width)
        # Columns that no table uses bear the national heading: two of them have room for it.
        return tuple(width or 24.0 for width in found)

    def header_heights(self, table: TableLayout) -> tuple[float, ...]:
        """The height in points of each header row and of the number row, so that no text is cut."""
        return header_heights(
            table.header, numbers=table.numbers, number_row=table.number_row, widths=self.widths
        )

    @property
    def bottom(self) -> int:
        """The last row that a table takes."""
        return self.tables[-1].bottom

    @property
    def note_row(self) -> int | None:
        """The row of the note line (Ghi chú); None where the form has none."""
        return self.bottom + 2 if self.form.note_line else None

    @property
    def note_col(self) -> int:
        """The first column of the note itself, right of its label."""
        return 1 if self.widths[0] >= 9 else 2

    @property
    def signature_row(self) -> int:
        """The first row of the signature block, which takes seven."""
        return (self.bottom if self.note_row is None else self.note_row) + 2

    @property
    def last_row(self) -> int:
        """The last row that is printed."""
        return self.signature_row + 6


def lay_out(
    form: FormVersion,
    *,
    window: Window,
    rows: Mapping[str, Sequence[RowName]] | None = None,
    blanks: Mapping[RowModel, int] = _NO_BLANKS,
) -> FormLayout:
    """Place every table of a form; a row, column or section out of the window is left out.

    `rows` names the rows of the tables that grow. `blanks` (in a template) is how many blank
    lines follow them under every heading, by row model.
    """
    tables: list[TableLayout] = []
    top = FormLayout.remark_row + 1
    for table in form.tables:
        names = (rows or {}).get(table.key, ())
        laid = TableLayout(
            table=table,
            columns=tuple(c for c in table.columns if _asked(c, window)),
            top=top,
            has_title=len(form.tables) > 1,
            blocks=_blocks(table, window=window, names=names, blanks=blanks.get(table.model, 0)),
            has_fence=bool(blanks) and table.model in _GROWING and table.total is None,
        )
        tables.append(laid)
        top = laid.bottom + 2
    return FormLayout(form, tuple(tables))


def _asked(part: Column | Row | Section, window: Window) -> bool:
    return part.validity.overlaps(window.first, window.last)


def _blocks(
    table: Table, *, window: Window, names: Sequence[RowName], blanks: int
) -> tuple[Block, ...]:
    if table.model is RowModel.SINGLE:
        return (Block(None, ((0, RowName("row"), None),), 0),)
    placed: list[tuple[int, RowName, Row | None]]
    if table.model in _DECLARED:
        blanks = 0
        placed = [
            (at, RowName(row.key, label=row.label), row)
            for at, row in enumerate(table.rows)
            if _asked(row, window)
        ]
    else:
        placed = [(at, name, None) for at, name in enumerate(names)]
        # One row per unit, and the units are known: nobody adds another.
        blanks = 0 if table.model is RowModel.UNITS and placed else blanks
    if not table.sections:
        return (Block(None, placed, min(blanks, max(0, table.max_rows - len(placed)))),)
    return _sectioned(table, window=window, placed=placed, blanks=blanks)


def _sectioned(
    table: Table, *, window: Window, placed: list[tuple[int, RowName, Row | None]], blanks: int
) -> tuple[Block, ...]:
    grouped: dict[str, list[tuple[int, RowName, Row | None]]] = {}
    for entry in placed:
        grouped.setdefault(_section_of(entry), []).append(entry)
    blocks = []
    # Rows of no section, or of one that is gone, come first: they are shown, never dropped.
    loose = [entry for entry in placed if _section_of(entry) not in table.section_by_key]
    if loose:
        blocks.append(Block(None, loose, 0))
    for section in table.sections:
        inside = grouped.get(section.key, [])
        if inside or _asked(section, window):
            blocks.append(Block(section, inside, blanks))
    return tuple(blocks)


def _section_of(entry: tuple[int, RowName, Row | None]) -> str:
    _, name, declared = entry
    return declared.section if declared else name.section


def _block_lines(block: Block, *, row: int) -> Iterator[Line]:
    section = block.section.key if block.section else ""
    if block.section:
        yield Line(row, LineKind.SECTION, label=block.section.label, section=section)
        row += 1
    for at, (index, name, declared) in enumerate(block.rows):
        yield Line(
            row + at,
            LineKind.DATA,
            ordinal=declared.number or str(at + 1) if declared else str(at + 1),
            label=name.label or name.key,
            section=section or name.section,
            name=name,
            index=index,
            declared=declared,
        )
    row += len(block.rows)
    for at in range(block.blanks):
        ordinal = str(len(block.rows) + at + 1)
        yield Line(row + at, LineKind.DATA, ordinal=ordinal, section=section)
