"""What differs between two editions, told by unit, by cell and by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from forms.definition import FormVersion
from forms.values import write_figure
from reporting.models import Edition, ReportingUnit
from reporting.services.audit import instant_text
from reporting.services.taking_apart import Entered


class Cause(StrEnum):
    """Why a figure is not what it was, in the order in which the steps are taken."""

    BASIS = "basis"  # a mapping, a list, a version of the form
    MAP = "map"  # a unit that is, or is no more, under the one that consolidates
    CHOICE = "choice"
    RETURN = "return"
    WITHDRAWAL = "withdrawal"
    AMENDMENT = "amendment"
    LATE_ARRIVAL = "late_arrival"
    ESTIMATE = "estimate"  # an edition stands in anew, another one, or no more
    ESTIMATE_REPLACED = "estimate_replaced"  # by the unit's own report
    UNEXPLAINED = "unexplained"  # what no cause gives; nothing, while evidence is whole


CAUSES_IN_WORDS: dict[Cause, tuple[str, str]] = {
    Cause.BASIS: (
        "Quy đổi tên dòng, danh mục hoặc phiên bản biểu",
        "mapping, list or form version",
    ),
    Cause.MAP: ("Thay đổi đơn vị trực thuộc", "units came or went with the map"),
    Cause.CHOICE: ("Cơ quan tổng hợp chọn đơn vị", "choice of units"),
    Cause.RETURN: ("Trả lại báo cáo", "returned"),
    Cause.WITHDRAWAL: ("Rút hoặc không còn báo cáo", "withdrawn, or not there any more"),
    Cause.AMENDMENT: ("Sửa đổi báo cáo", "amended"),
    Cause.LATE_ARRIVAL: ("Báo cáo đến sau", "came since"),
    Cause.ESTIMATE: ("Số ước thay cho báo cáo", "estimate in place of a report"),
    Cause.ESTIMATE_REPLACED: ("Báo cáo thay cho số ước", "report in place of an estimate"),
    Cause.UNEXPLAINED: ("Chưa giải thích được", "not explained"),
}


@dataclass(frozen=True, slots=True)
class Brought:
    """What a cause changed in a cell, by unit; no unit where it is no sum over units."""

    cause: Cause
    unit_code: str
    unit_name: str
    delta: int


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell, old and new; a text has no delta. The deltas of its causes add up to its own."""

    cell: str
    row_label: str
    column_label: str
    old: str
    new: str
    digits: int
    delta: int | None
    causes: Sequence[Brought] = ()

    @property
    def delta_text(self) -> str:
        """By how much it is more, as a figure is written."""
        return "" if self.delta is None else write_figure(self.delta, self.digits)

    def text_of(self, one: Brought) -> str:
        """A cause's delta as a figure is written."""
        return write_figure(one.delta, self.digits)


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What entered of one unit before and now, and why that is not the same."""

    cause: Cause
    unit_code: str
    unit_name: str
    form_code: str
    old: Entered | None
    new: Entered | None


@dataclass(frozen=True, slots=True)
class BasisChange:
    """One thing beside the reports that is not as it was: `what` of which `name`."""

    what: str
    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Changes:
    """All that differs between two editions of one form, period and unit."""

    old: Edition
    new: Edition
    unit: ReportingUnit
    form: FormVersion
    units: Sequence[UnitChange]
    cells: Sequence[CellChange]
    basis: Sequence[BasisChange]

    def as_data(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "form": self.new.form_code,
            "period": self.new.period,
            "unit": self.unit.code,
            "unit_name": self.unit.name_vi,
            "old": _edition(self.old),
            "new": _edition(self.new),
            "units": [_unit(one) for one in self.units],
            "basis": [
                {"what": one.what, "name": one.name, "old": one.old, "new": one.new}
                for one in self.basis
            ],
            "cells": [_cell(one) for one in self.cells],
        }


def _edition(edition: Edition) -> dict[str, Any]:
    return {
        "id": edition.id,
        "number": edition.number,
        "cut_off_at": instant_text(edition.cut_off_at),
        "sha256": edition.sha256,
    }


def _unit(one: UnitChange) -> dict[str, Any]:
    return {
        "cause": one.cause.value,
        "unit": one.unit_code,
        "unit_name": one.unit_name,
        "form": one.form_code,
        "old": _entered(one.old),
        "new": _entered(one.new),
    }


def _entered(entered: Entered | None) -> dict[str, Any] | None:
    if entered is None:
        return None
    kind = "edition" if entered.is_estimate else "submission"
    number = "number" if entered.is_estimate else "revision"
    return {kind: entered.input.key, number: entered.revision, "sha256": entered.sha256}


def _cell(one: CellChange) -> dict[str, Any]:
    return {
        "cell": one.cell,
        "row": one.row_label,
        "column": one.column_label,
        "old": one.old,
        "new": one.new,
        "delta": one.delta_text,
        "causes": [
            {
                "cause": each.cause.value,
                "unit": each.unit_code,
                "unit_name": each.unit_name,
                "delta": one.text_of(each),
            }
            for each in one.causes
        ],
    }
