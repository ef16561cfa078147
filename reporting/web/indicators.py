"""The dictionary of indicators as a page: who is asked what, on which form, and what twice."""

from __future__ import annotations

from flask import Blueprint

from forms.asked_twice import asked_twice
from forms.target_counts import figure_vi
from forms.unit_kinds import kind_vi
from reporting.http import Right, allows, current_parts
from reporting.web.rendering import render

blp = Blueprint("indicators_web", __name__)

_KINDS = {"flow": "trong kỳ", "stock": "thời điểm", "ratio": "tỷ lệ"}


@blp.get("/indicators")
@allows(Right.PAGE)
def show_indicators() -> str:
    """Every indicator with its targets and the cells that give it."""
    catalogue = current_parts().catalogue
    dictionary = catalogue.dictionary
    lines = [
        {
            "one": one,
            "kind": _KINDS[one.kind],
            "cells": dictionary.asking(one.code),
            "targets": [f"{year}: {figure_vi(goal)}" for year, goal in sorted(one.targets.items())],
        }
        for one in dictionary.indicators.values()
    ]
    return render(
        "indicators.html",
        lines=lines,
        twice=asked_twice(catalogue),
        reporters={code: catalogue.latest(code).reporter for code in catalogue.codes},
        numbers=_numbers(),
        kind_vi=kind_vi,
    )


def _numbers() -> dict[tuple[str, str, str], str]:
    """The printed number of each column that gives an indicator."""
    catalogue = current_parts().catalogue
    return {
        (cell.form, cell.table, cell.column): column.number or column.id
        for cell in catalogue.dictionary.cells
        for column in (catalogue.latest(cell.form).table_by_key[cell.table].by_id[cell.column],)
    }
