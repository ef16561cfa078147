"""Consolidating through the running server, and keeping the workbooks of the editions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from forms.canonical import read_report
from forms.definition import FormVersion
from forms.returns import Report
from jobs.demo.cast import CENTRE
from jobs.demo.made_return import from_report
from jobs.demo.merging import with_consolidated
from jobs.demo.past import consolidating_forms
from jobs.demo.sending import Unexpected
from jobs.demo.stage import QUARTER, SavedEdition, Stage

_PATH = "/api/v1/consolidations"

#: What the centre makes of the quarter and of the year before.
NATIONAL_FORMS = ("II.9g/VPCP/KSTT", "01/TCD", "02/XLD", "03/GQKN", "IV.01/VPCP/KSTT~TH")
YEARLY_FORMS = ("I.02/VPCP/TH~TH", "III.01d/VPCP/KSTT~TH")
MEETINGS_FORM = "III.01c/VPCP/KSTT"


@dataclass(frozen=True, slots=True)
class Consolidated:
    """An edition as the server tells of it."""

    form: FormVersion
    data: dict[str, Any]
    report: Report

    @property
    def missing(self) -> list[str]:
        """Who was expected and is not in it."""
        return [line["name"] for line in self.data["coverage"]["missing"]]

    def total(self, table: str, column: str) -> int:
        """A figure of the total row."""
        return int(
            self.report.tables[table].total_values[
                self.form.table_by_key[table].figure_index[column]
            ]
        )


def consolidate(stage: Stage, code: str, unit: str, period: str) -> Consolidated:
    """Ask for the next edition and keep its workbook in the folder. Raises Unexpected."""
    sender = stage.sender(unit)
    wanted = json.dumps({"form": code, "period": period, "unit": unit}).encode()
    answer = sender.post_json(_PATH, wanted)
    if answer.status not in (200, 201):
        raise Unexpected(f"{code} for {unit}: {answer.status} {answer.body[:300]!r}")
    number = answer.data["id"]
    data = sender.get(f"{_PATH}/{number}").data
    form = stage.catalogue.form(data["form"], data["version"])
    report = read_report(form, json.dumps(data["report"]).encode())
    name = f"{form.file_code}_{data['unit']}_{data['period']}_ed{data['number']}.xlsx"
    if not (stage.folder / name).exists():
        workbook = sender.get(f"{_PATH}/{number}/workbook").body
        (stage.folder / name).write_bytes(workbook)
        stage.editions.append(_saved(name, data, report))
    return Consolidated(form, data, report)


def consolidate_provinces(stage: Stage) -> list[Consolidated]:
    """Each sample province makes its forms from those of its units; they are what it will send."""
    made: list[Consolidated] = []
    for province in stage.cast.provinces:
        unit = stage.cast.by_code[province].unit
        for form in consolidating_forms(stage, QUARTER):
            edition = consolidate(stage, form.code, province, QUARTER)
            typed = stage.book.of(form.code, unit, QUARTER)
            stage.book.put(with_consolidated(typed, from_report(form, edition.report)))
            made.append(edition)
    return made


def consolidate_nation(stage: Stage) -> list[Consolidated]:
    """The tables of the quarter for the whole country."""
    return [consolidate(stage, code, CENTRE, QUARTER) for code in NATIONAL_FORMS]


def _saved(name: str, data: dict[str, Any], report: Report) -> SavedEdition:
    coverage = data["coverage"]
    return SavedEdition(
        data["form"],
        data["unit"],
        data["period"],
        data["number"],
        coverage["expected"],
        coverage["received"],
        coverage["late"],
        sum(len(table.names) for table in report.tables.values()),
        name,
        data["sha256"],
    )
