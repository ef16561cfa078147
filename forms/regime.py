"""Reporting regimes (chế độ báo cáo): which periods are reported, over which days, due when.

A regime is one YAML file. Its forms name it by its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from forms.declaration_shape import (
    Choice,
    Code,
    Label,
    Scalar,
    Several,
    Shape,
    Whole,
    check_shape,
)
from forms.faults import BadDeclaration
from forms.period import KINDS
from forms.yaml_tree import Document, read_bytes


@dataclass(frozen=True)
class Regime:
    """One regime. `due` is the day of the period's last month, by kind of unit.

    `window` is the rule for the days that figures cover: `decree` (the 15th to the 14th) or
    `calendar`. `predecessors` says which kind of period `previous(...)` reads for each kind;
    where it is empty, nothing is carried over. `roll` says what a due day on a holiday becomes.
    """

    code: str
    name: str
    source: str
    kind: str
    periods: tuple[str, ...]
    window: str
    predecessors: Mapping[str, str]
    due: Mapping[str, int]
    roll: str
    note: str = ""


class Pairs(fields.Field[Any]):
    """A mapping of words to values of one kind."""

    def __init__(self, values: Scalar, **settings: Any) -> None:
        super().__init__(**settings)
        self.values = values
        self.error_messages["required"] = "is missing; expected a mapping"
        self.error_messages["null"] = "is empty; expected a mapping"

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("is not a mapping; expected such as Q2: Q1")
        read: dict[str, Any] = {}
        wrong: dict[str, Any] = {}
        for key, text in value.items():
            try:
                read[key] = self.values.deserialize(text)
            except ValidationError as error:
                wrong[key] = error.messages
        if wrong:
            raise ValidationError(wrong, valid_data=read)
        return read


class RegimeShape(Shape):
    """A regime file."""

    regime = Code(required=True)
    name = Scalar(required=True)
    source = Scalar(required=True)
    kind = Choice(("định kỳ", "chuyên đề", "đột xuất"), required=True)
    periods = Several(Choice(KINDS), required=True)
    window = Choice(("decree", "calendar"), required=True)
    predecessors = Pairs(Choice(KINDS))
    due = Pairs(Whole(1, 28), required=True)
    roll = Choice(("none", "next_working_day"), required=True)
    note = Label()


_SHAPE = RegimeShape()


def read_regime(content: bytes, *, file: str) -> Regime:
    """The regime of a file. Raises BadDeclaration with every fault of it."""
    document = read_bytes(content, file=file)
    data = check_shape(_SHAPE, document)
    regime = Regime(
        code=data.get("regime", ""),
        name=data.get("name", ""),
        source=data.get("source", ""),
        kind=data.get("kind", ""),
        periods=tuple(data.get("periods", ())),
        window=data.get("window", ""),
        predecessors=data.get("predecessors", {}),
        due=data.get("due", {}),
        roll=data.get("roll", ""),
        note=data.get("note", ""),
    )
    _check_predecessors(document, regime)
    if document.faults:
        raise BadDeclaration(document.faults)
    return regime


def _check_predecessors(document: Document, regime: Regime) -> None:
    expected = "periods of this regime: " + ", ".join(regime.periods)
    for later, earlier in regime.predecessors.items():
        for kind in (later, earlier):
            if kind not in regime.periods:
                document.blame(("predecessors", later), f"{kind} is not reported", expected)
