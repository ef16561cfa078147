"""The shape of a declaration file: which keys stand where, and what kind of text each takes.

Shape only; what the texts mean together is the matter of forms.declaration. Every message is
`problem; expected what`, so that a fault can show the two apart.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from forms.definition import (
    BlankMeans,
    CellType,
    Consolidate,
    Mode,
    Origin,
    OverTime,
    RowModel,
    Severity,
)
from forms.period import FIRST_DAY, KINDS, LAST_DAY
from forms.yaml_tree import Document, Path

#: Names with a meaning of their own in expressions and cell ids.
RESERVED = frozenset({"total", "row", "sum", "rows", "previous", "form", "percent"})

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE = re.compile(r"[^\W_][^\s~\"'\\:*?<>|]{0,39}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_FIGURE = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Scalar(fields.Field[Any]):
    """A text of the file that is read as one kind of value."""

    expected = "text"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.error_messages["required"] = f"is missing; expected {self.expected}"
        self.error_messages["null"] = f"is empty; expected {self.expected}"

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError(f"is no single value; expected {self.expected}")
        read = self.read(value)
        if read is None:
            raise ValidationError(f"is {value[:60]!r}; expected {self.expected}")
        return read

    def read(self, text: str) -> Any:
        """The value, or None where the text is no such value."""
        return " ".join(text.split()) or None


class Label(Scalar):
    """A text that may be empty, such as a column number that is not printed."""

    def read(self, text: str) -> Any:
        """The text on one line."""
        return " ".join(text.split())


class Name(Scalar):
    """An id that expressions and cell ids use."""

    expected = "a name of a-z, 0-9 and _ that begins with a letter and has no meaning of its own"

    def read(self, text: str) -> Any:
        """The name, unless it is a word of the expression language."""
        free = text not in RESERVED and not keyword.iskeyword(text)
        return text if _NAME.fullmatch(text) and free else None


class Code(Scalar):
    """The code of a form or regime, as printed: letters, digits, `.`, `/` and `-`."""

    expected = "a code without blanks or any of ~ \" ' \\ : * ? < > |, such as 01/TCD"

    def read(self, text: str) -> Any:
        """The code as it stands."""
        return text if _CODE.fullmatch(text) else None


class Whole(Scalar):
    """A whole number in plain digits."""

    def __init__(self, low: int, high: int, **settings: Any) -> None:
        self.low, self.high = low, high
        self.expected = f"a whole number from {low} to {high}"
        super().__init__(**settings)

    def read(self, text: str) -> Any:
        """The number, if it is in range."""
        return int(text) if _WHOLE.fullmatch(text) and self.low <= int(text) <= self.high else None


class Figure(Scalar):
    """An exact figure in plain digits with a decimal point."""

    expected = "a figure such as 0 or 99.5"

    def read(self, text: str) -> Any:
        """The figure, never through a float."""
        return Decimal(text) if _FIGURE.fullmatch(text) else None


class YesNo(Scalar):
    """true or false."""

    expected = "true or false"

    def read(self, text: str) -> Any:
        """The claim."""
        return {"true": True, "false": False}.get(text)


class Day(Scalar):
    """A calendar day."""

    expected = "a day such as 2025-06-30"

    def read(self, text: str) -> Any:
        """The day, if the calendar has it."""
        try:
            day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            return None
        return day if day is not None and FIRST_DAY <= day <= LAST_DAY else None


class Choice(Scalar):
    """One word of a few."""

    def __init__(self, words: type[StrEnum] | tuple[str, ...], **settings: Any) -> None:
        self.words: Mapping[str, Any] = {str(word): word for word in words}
        self.expected = "one of " + ", ".join(self.words)
        super().__init__(**settings)

    def read(self, text: str) -> Any:
        """The word."""
        return self.words.get(text)


class Part(fields.Nested):
    """A mapping inside a mapping."""

    default_error_messages = {
        "required": "is missing; expected a mapping",
        "null": "is empty; expected a mapping",
    }


class Several(fields.List[Any]):
    """A list; an empty one says nothing and is refused."""

    default_error_messages = {
        "required": "is missing; expected a list",
        "null": "is empty; expected a list",
        "invalid": "is not a list; expected a list",
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if value == []:
            raise self.make_error("null")
        return super()._deserialize(value, attr, data, **kwargs)


class NamesToNames(fields.Field[Any]):
    """Column ids of the target to column ids of the source, where they are not alike."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        pairs = value.items() if isinstance(value, dict) else [(None, None)]
        if not all(_is_name(target) and _is_name(source) for target, source in pairs):
            raise ValidationError("does not pair column ids; expected such as c3: c1")
        return dict(value)


def _is_name(text: object) -> bool:
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


class Shape(Schema):
    """A mapping that knows all its keys."""

    class Meta:
        """Refuse what is not declared here."""

        unknown = RAISE

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        keys = ", ".join(field.data_key or name for name, field in self.fields.items())
        self.error_messages["unknown"] = f"is not a key here; expected one of {keys}"
        self.error_messages["type"] = f"is not a mapping; expected the keys {keys}"


class ValidityShape(Shape):
    """First and last day on which something is asked."""

    valid_from = Day()
    valid_to = Day()


class CellsShape(ValidityShape):
    """What may be said of a column's cells, and once for a whole table under `cells`."""

    type = Choice(CellType)
    digits = Whole(0, 9)
    unit = Scalar()
    compulsory = YesNo()
    minimum = Figure(data_key="min")
    maximum = Figure(data_key="max")
    not_applicable = YesNo()
    code_list = Name(data_key="list")
    consolidate = Choice(Consolidate)
    over_time = Choice((OverTime.FLOW, OverTime.STOCK, OverTime.OPENING, OverTime.NONE))


class ColumnShape(CellsShape):
    """One column."""

    id = Name(required=True)
    label = Scalar(required=True)
    number = Label()
    formula = Scalar()


class Entry(fields.Field[Any]):
    """A column, or a header with columns under it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        is_header = isinstance(value, dict) and ("header" in value or "columns" in value)
        try:
            return (_HEADER if is_header else _COLUMN).load(value)
        except ValidationError as error:
            raise ValidationError(error.messages, valid_data=error.valid_data or {}) from None


class HeaderShape(Shape):
    """A header cell over several columns."""

    header = Scalar(required=True)
    columns = Several(Entry(), required=True)


_COLUMN = ColumnShape()
_HEADER = HeaderShape()


class HeadingShape(Shape):
    """The column that names the rows."""

    label = Scalar(required=True)
    number = Label()
    code_list = Name(data_key="list")


class RowShape(ValidityShape):
    """A declared row."""

    key = Name(required=True)
    label = Scalar(required=True)
    number = Label()
    section = Name()
    unit = Scalar()
    digits = Whole(0, 9)
    formula = Scalar()
    consolidate = Choice(Consolidate)
    taken_from = Code(data_key="from")


class OutlineHeadingShape(ValidityShape):
    """A heading of a narrative."""

    key = Name(required=True)
    label = Scalar(required=True)
    number = Label()


class RowsShape(Shape):
    """How the rows of a table come about."""

    model = Choice(RowModel, required=True)
    heading = Part(HeadingShape)
    most = Whole(1, 100_000)
    rows = Several(Part(RowShape))
    headings = Several(Part(OutlineHeadingShape))


class SectionShape(ValidityShape):
    """A heading under which rows repeat."""

    key = Name(required=True)
    label = Scalar(required=True)
    kinds = Several(Name())


class RuleShape(Shape):
    """A comparison that a report must satisfy."""

    id = Name()
    check = Scalar(required=True)
    origin = Choice(Origin, required=True)
    severity = Choice(Severity)
    blank = Choice(BlankMeans)
    note = Scalar()


class TableShape(Shape):
    """One table."""

    key = Name(required=True)
    title = Scalar(required=True)
    rows = Part(RowsShape, required=True)
    sections = Several(Part(SectionShape))
    total = Scalar()
    compulsory = YesNo()
    cells = Part(CellsShape)
    columns = Several(Entry())
    rules = Several(Part(RuleShape))


class SourceShape(Shape):
    """One way into a consolidated table."""

    form = Code(required=True, data_key="from")
    table = Name()
    into = Name()
    mode = Choice(Mode, required=True)
    columns = NamesToNames()
    row = Name()


class TitleShape(Shape):
    """The title in two languages."""

    vi = Scalar(required=True)
    en = Scalar(required=True)


class ReporterShape(Shape):
    """Who reports: in words, and as kinds of unit."""

    vi = Scalar(required=True)
    kinds = Several(Name())


class FormShape(ValidityShape):
    """A whole form version."""

    form = Code(required=True)
    version = Whole(1, 9999, required=True)
    title = Part(TitleShape, required=True)
    source = Scalar(required=True)
    regime = Code(required=True)
    unit = Scalar(required=True)
    periods = Several(Choice(KINDS), required=True)
    reporter = Part(ReporterShape, required=True)
    receiver = Scalar(required=True)
    note_line = YesNo()
    notes = Scalar()
    tables = Several(Part(TableShape), required=True)
    consolidates = Several(Part(SourceShape))


def check_shape(shape: Shape, document: Document) -> Mapping[str, Any]:
    """What of the file has the right shape; what has not is blamed on the document."""
    try:
        return dict(shape.load(document.data))
    except ValidationError as error:
        _blame(document, error.messages, ())
        return error.valid_data if isinstance(error.valid_data, dict) else {}


def _blame(document: Document, messages: Any, path: Path) -> None:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            # `_schema` is marshmallow's word for the mapping itself.
            _blame(document, inner, path if key == "_schema" else (*path, key))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        problem, _, expected = str(message).partition("; expected ")
        document.blame(path, problem, expected or "something else", shape=True)
