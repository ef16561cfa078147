"""Reads a dictionary of indicators, or says everything that is wrong with the file.

Knows one file only; what concerns forms and the dictionaries of other folders is the matter of
forms.indicator_checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields

from forms.declaration_shape import (
    Choice,
    Code,
    Name,
    Part,
    Scalar,
    Several,
    Shape,
    TitleShape,
    Whole,
    check_shape,
)
from forms.expressions import TOTAL
from forms.indicators import AskedCell, Indicator, IndicatorKind
from forms.yaml_tree import Document, Path, read_bytes

#: The file of a folder in which its indicators are declared.
FILE = "indicators.yaml"

_YEAR = re.compile(r"(19|20|21)[0-9]{2}")
_FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


class Targets(fields.Field[Any]):
    """What is to be reached, by year; exact figures."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        pairs: Mapping[Any, Any] = value if isinstance(value, dict) else {}
        fits = (_fits(_YEAR, year) and _fits(_FIGURE, figure) for year, figure in pairs.items())
        if not pairs or not all(fits):
            raise ValidationError("does not pair years with figures; expected such as 2026: 30.5")
        return {int(year): Decimal(figure) for year, figure in pairs.items()}


def _fits(pattern: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


class RowName(Name):
    """The key of a declared row, `total`, or `row` for the only one."""

    expected = "total, row (the only row), or the key of a declared row"

    def read(self, text: str) -> Any:
        """The name; here the words of the expression language have their meaning."""
        return text if text in (TOTAL, "row") else super().read(text)


class AskedShape(Shape):
    """The cell of a form that gives an indicator."""

    form = Code(required=True)
    version = Whole(1, 9999)
    table = Name(required=True)
    row = RowName(required=True)
    column = Name(required=True)


class AlsoAskedShape(AskedShape):
    """A cell that gives an indicator of another file."""

    indicator = Code(required=True)


class IndicatorShape(Shape):
    """One indicator."""

    code = Code(required=True)
    label = Part(TitleShape, required=True)
    unit = Scalar(required=True)
    kind = Choice(IndicatorKind, required=True)
    of = Code()
    to = Code()
    targets = Targets()
    note = Scalar()
    asked = Several(Part(AskedShape))


class DictionaryShape(Shape):
    """A dictionary file: indicators of its own, and cells that give those of other files."""

    source = Scalar(required=True)
    indicators = Several(Part(IndicatorShape))
    asked = Several(Part(AlsoAskedShape))


_SHAPE = DictionaryShape()


@dataclass(frozen=True)
class Declared:
    """What one file declares, with its lines, so that later faults have a line too."""

    document: Document
    indicators: Sequence[tuple[Path, Indicator]]
    cells: Sequence[tuple[Path, AskedCell]]


def read_indicators(content: bytes, *, file: str) -> Declared:
    """The dictionary of a file as far as it can be built; its document has the faults.

    Raises BadDeclaration where the file is no YAML mapping at all.
    """
    document = read_bytes(content, file=file)
    data = check_shape(_SHAPE, document)
    indicators: list[tuple[Path, Indicator]] = []
    cells: list[tuple[Path, AskedCell]] = []
    for index, said in enumerate(data.get("indicators", ())):
        at: Path = ("indicators", index)
        indicator = _indicator(said)
        _check_parts(document, indicator, said, at)
        indicators.append((at, indicator))
        cells += [
            ((*at, "asked", number), _cell(cell, indicator.code))
            for number, cell in enumerate(said.get("asked", ()))
        ]
    cells += [
        (("asked", number), _cell(cell, cell.get("indicator", "")))
        for number, cell in enumerate(data.get("asked", ()))
    ]
    return Declared(document, indicators, cells)


def _indicator(said: Mapping[str, Any]) -> Indicator:
    label = said.get("label", {})
    return Indicator(
        code=said.get("code", ""),
        label_vi=label.get("vi", ""),
        label_en=label.get("en", ""),
        unit=said.get("unit", ""),
        kind=said.get("kind", IndicatorKind.FLOW),
        of=said.get("of", ""),
        to=said.get("to", ""),
        targets=said.get("targets", {}),
        note=said.get("note", ""),
    )


def _cell(said: Mapping[str, Any], indicator: str) -> AskedCell:
    names = {name: said.get(name, "") for name in ("form", "table", "row", "column")}
    return AskedCell(indicator, **names, version=said.get("version", 0))


def _check_parts(
    document: Document, indicator: Indicator, said: Mapping[str, Any], at: Path
) -> None:
    """A ratio has two indicators, and nothing else has."""
    if "kind" not in said:
        return
    for key in ("of", "to"):
        if indicator.is_ratio and key not in said:
            expected = f"{key}: the code of the indicator {_ROLE[key]}"
            document.blame(at, f"is a ratio without `{key}`", expected)
        if key in said and not indicator.is_ratio:
            document.blame((*at, key), f"is given for a {indicator.kind}", "kind: ratio")


_ROLE = {"of": "that is divided", "to": "by which it is divided"}
