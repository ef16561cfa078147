"""What a declared form is, once read: frozen values, no behaviour beyond looking things up.

Knows nothing of YAML, of Excel or of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from forms.expressions import Expression, PercentOf


class CellType(StrEnum):
    """What may stand in a cell. The first four are figures and are packed as scaled integers."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    PERCENT = "percent"
    STOCK = "stock"  # A level at an instant: summed over units, never over time.
    TEXT = "text"
    DATE = "date"
    CODE = "code"


FIGURE_TYPES = frozenset({CellType.INTEGER, CellType.DECIMAL, CellType.PERCENT, CellType.STOCK})


class RowModel(StrEnum):
    """How the rows of a table come about."""

    SINGLE = "single"  # one row, key "row"
    FIXED = "fixed"  # declared rows; also the vertical list of indicators
    OPEN = "open"  # rows with a key that the reporter names (a field of administration)
    UNITS = "units"  # one row per reporting unit, key = unit code
    LIST = "list"  # numbered rows of text, no figures to sum
    OUTLINE = "outline"  # a narrative: declared headings, one text each


#: The key of the only row of a single-row table.
ONLY_ROW = "row"


class Severity(StrEnum):
    """An error refuses; a warning is received and wants an explanation."""

    ERROR = "error"
    WARNING = "warning"


class Origin(StrEnum):
    """Where a rule stands: on the number row, in the written guidance, or only in our reasoning."""

    PRINTED = "printed"
    NOTE = "note"
    DERIVED = "derived"


class Consolidate(StrEnum):
    """How a cell of many reports becomes one cell of the consolidated table."""

    SUM = "sum"
    RECOMPUTE = "recompute"  # ratios: from the summed counts, by the column's own formula
    CONCATENATE = "concatenate"  # text of list rows, kept row by row
    NONE = "none"


class OverTime(StrEnum):
    """What periods side by side make of a column: derived (forms.over_time), or said by it."""

    FLOW = "flow"  # happened in the period: summed over periods
    STOCK = "stock"  # stands at the end of the period: the last one holds
    OPENING = "opening"  # stood at the beginning of the period: the first one holds
    BALANCE = "balance"  # adds flows to what stood: worked out again from its parts
    RATIO = "ratio"  # worked out again from the counts
    NONE = "none"  # nothing can be said over several periods


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last day on which something is asked; None is open-ended."""

    valid_from: date | None = None
    valid_to: date | None = None

    def overlaps(self, first: date, last: date) -> bool:
        """Whether any day from first to last (both included) is inside."""
        return (self.valid_from is None or self.valid_from <= last) and (
            self.valid_to is None or self.valid_to >= first
        )


ALWAYS = Validity()


@dataclass(frozen=True, slots=True)
class Column:
    """One column with its official number; `path` is its place in the header tree, top first."""

    id: str
    path: tuple[str, ...]
    type: CellType
    number: str = ""  # as printed on the number row, without brackets: "3"; "" prints none
    digits: int = 0
    unit: str = ""
    compulsory: bool = False
    minimum: int | None = None  # scaled by 10**digits
    maximum: int | None = None  # scaled by 10**digits
    not_applicable: bool = False
    formula: Expression | PercentOf | None = None
    code_list: str = ""
    consolidate: Consolidate = Consolidate.NONE
    over_time: OverTime | None = None  # None: see forms.over_time
    validity: Validity = ALWAYS

    @property
    def is_figure(self) -> bool:
        """Whether the cell is a number that is packed and can be computed with."""
        return self.type in FIGURE_TYPES

    @property
    def label(self) -> str:
        """The header as one line: `Số lượng hồ sơ tiếp nhận / Trong kỳ / Trực tuyến`."""
        return " / ".join(self.path)


@dataclass(frozen=True, slots=True)
class Row:
    """A declared row of a fixed table or a heading of an outline."""

    key: str
    label: str
    number: str = ""  # the printed ordinal: "I", "1.2"
    section: str = ""
    unit: str = ""
    digits: int | None = None  # fewer digits than the column's; None is the column's own
    formula: Expression | None = None  # over other rows, for every figure column
    consolidate: Consolidate | None = None
    validity: Validity = ALWAYS
    taken_from: str = ""  # the form whose reports make up this row: filled by consolidation


@dataclass(frozen=True, slots=True)
class Section:
    """A heading inside a table, under which rows repeat; `kinds` are the kinds of unit it takes."""

    key: str
    label: str
    kinds: tuple[str, ...] = ()
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class RowHeading:
    """The column that names the rows (column 2 of most forms): its header and its list."""

    label: str = ""
    number: str = ""
    code_list: str = ""


class Scope(StrEnum):
    """Where a rule is evaluated: at every data row, for every figure column, or once."""

    ROW = "row"
    COLUMN = "column"
    TABLE = "table"


class BlankMeans(StrEnum):
    """What a rule does where one of its cells is blank or not applicable."""

    SKIP = "skip"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Rule:
    """A comparison that a report must satisfy; `text` is as declared."""

    id: str
    text: str
    expression: Expression | PercentOf
    scope: Scope
    severity: Severity
    origin: Origin
    note: str = ""
    blank: BlankMeans = BlankMeans.SKIP

    @property
    def is_external(self) -> bool:
        """Whether the other side is another report, so that the rule may be pending."""
        return self.expression.is_external


@dataclass(frozen=True, slots=True)
class Total:
    """The total row: every column that sums must be the sum of the data rows."""

    label: str


@dataclass(frozen=True, eq=False)
class Table:
    """One table of a form: columns across, rows by a model, rules over both.

    Two tables are the same only if they are one object, so that what is compiled from a table
    can be kept beside it.
    """

    key: str
    title: str
    model: RowModel
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    sections: tuple[Section, ...] = ()
    heading: RowHeading = RowHeading()
    total: Total | None = None
    rules: tuple[Rule, ...] = ()
    max_rows: int = 500
    compulsory: bool = True  # at least one row, or an explicit nil return

    @cached_property
    def figures(self) -> tuple[Column, ...]:
        """The columns that are packed, in the order in which they are packed."""
        return tuple(column for column in self.columns if column.is_figure)

    @cached_property
    def texts(self) -> tuple[Column, ...]:
        """The columns that are kept as text."""
        return tuple(column for column in self.columns if not column.is_figure)

    @cached_property
    def figure_index(self) -> Mapping[str, int]:
        """Column id -> position among the packed figures."""
        return {column.id: index for index, column in enumerate(self.figures)}

    @cached_property
    def by_id(self) -> Mapping[str, Column]:
        """Column id -> column."""
        return {column.id: column for column in self.columns}

    @cached_property
    def row_by_key(self) -> Mapping[str, Row]:
        """Key of a declared row -> row."""
        return {row.key: row for row in self.rows}

    @cached_property
    def section_by_key(self) -> Mapping[str, Section]:
        """Key of a section -> section."""
        return {section.key: section for section in self.sections}


class Mode(StrEnum):
    """How a consolidated table is made from reports (modes A to D of the field).

    `stack` is A and C alike: one row per reporting agency, which is the total row of that
    agency's report, or its only row.
    """

    STACK = "stack"
    SUM = "sum"
    CONCATENATE = "concatenate"


@dataclass(frozen=True, slots=True)
class Source:
    """One way into a consolidated table: whose reports, and where their figures go."""

    form: str
    table: str  # table of the source form
    into: str  # table of the consolidated form
    mode: Mode
    columns: Mapping[str, str] = field(default_factory=dict)  # target id -> source id where unlike
    row: str = ""  # sum everything into this one declared row


@dataclass(frozen=True, eq=False)
class FormVersion:
    """One immutable version of a declared form."""

    code: str
    version: int
    title_vi: str
    title_en: str
    source: str
    regime: str
    unit: str
    periods: tuple[str, ...]  # "Q1", "H1", "9M", "Y", "M": see forms.period
    reporter: str
    reporter_kinds: tuple[str, ...]
    receiver: str
    tables: tuple[Table, ...]
    sources: tuple[Source, ...] = ()
    note_line: bool = False
    predecessors: Mapping[str, str] = field(default_factory=dict)
    validity: Validity = ALWAYS
    notes: str = ""
    checksum: str = ""  # SHA-256 of the declaration file
    path: str = ""

    @cached_property
    def table_by_key(self) -> Mapping[str, Table]:
        """Table key -> table."""
        return {table.key: table for table in self.tables}

    @property
    def file_code(self) -> str:
        """The code as it stands in file names: `/` as `-`."""
        return self.code.replace("/", "-")
