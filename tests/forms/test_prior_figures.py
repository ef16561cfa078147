"""What the last period brings into a template: the sheet doubts what the server will find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forms.checking import check
from forms.cross_checking import Companion, Outcome, cross_check
from forms.definition import FormVersion, Severity
from forms.expressions import Expression
from forms.prior_figures import PriorFigures, carried_from
from forms.reading_xlsx import read_xlsx
from forms.returns import Report, TableData
from tests.forms.consistent import circumstances_of
from tests.forms.templates import blank, catalogue, filled, sheet_of
from tests.forms.test_blank_workbook import STATUS, worked_out
from tests.forms.trial_forms import a_trial, rows, send
from tests.libreoffice import recalculate_all

FORM = catalogue().latest("MAU.02/VON")
#: The first line of its template.
FIRST = 10


def _before() -> dict[str, TableData]:
    cells = [{"c2": 1, "c3": 1, "c4": figure} for figure in ("5,5", 0)]
    return send(FORM, {"a": rows(*cells, keys="xy")}, period="2026-08").report.tables


def _row(at: int, c2: Any, c3: Any, c4: Any, name: str | None = None) -> dict[str, Any]:
    figures = {f"C{at}": c2, f"D{at}": c3, f"E{at}": c4}
    return figures if name is None else figures | {f"B{at}": name}


#: Name -> the cells that are filled in, and what the sheet says.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "untouched": ({}, "CHƯA NHẬP SỐ LIỆU"),
    "added up": (_row(10, 1, 2, 8.5), "SỐ LIỆU KHỚP, SẴN SÀNG GỬI"),
    "not added": (_row(10, 1, 2, 5.5), "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 10: (4)=(4)củakỳtrước"),
    "new row": (_row(10, 0, 0, 5.5) | _row(12, 1, 2, 3, "z"), "SỐ LIỆU KHỚP, SẴN SÀNG GỬI"),
    "new row wrong": (
        _row(10, 0, 0, 5.5) | _row(12, 1, 2, 4, "z"),
        "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng 12: (4)=(4)củakỳtrước",
    ),
    "zero row": (_row(10, 0, 0, 5.5) | _row(11, 1, 0, 1), "SỐ LIỆU KHỚP, SẴN SÀNG GỬI"),
    "less in all": (_row(10, 0, 0, 5), "SỐ LIỆU KHỚP, CẦN GIẢI TRÌNH: dòng"),
    "only another": (_row(12, 1, 2, 3, "z"), "CÒN 1 DÒNG CHƯA NHẬP"),
}


def _outcomes(form: FormVersion, report: Report) -> set[Outcome]:
    found = cross_check(form, report, {"previous": Companion(form, _before())})
    return {each.outcome for each in found}


def test_a_cumulative_cell_starts_with_what_it_was() -> None:
    """c4 == previous(c4) + c2 + c3 brings c4 along, as c6 == previous(c11) brings c11."""
    assert carried_from(FORM.tables[0]) == {"c4": "c4"}
    sheet = sheet_of(blank("MAU.02/VON", prior=_before()))
    assert [sheet[f"{letters}{FIRST}"].value for letters in "BCDE"] == ["x", None, None, 5.5]
    told = [rule.prompt for rule in sheet.data_validations.dataValidation if rule.prompt]
    assert any(text.endswith("số kỳ trước mang sang; hãy cộng thêm số kỳ này.") for text in told)
    assert carried_from(catalogue().latest("II.06a/VPCP/KSTT").tables[0]) == {"c6": "c11"}


@pytest.mark.usefixtures("libreoffice")
def test_the_sheet_doubts_what_the_server_finds_to_fail(tmp_path: Path) -> None:
    """A cumulative figure that was not brought forward is a doubt in the sheet and fails here."""
    template = blank("MAU.02/VON", prior=_before())
    paths = [tmp_path / f"{name}.xlsx" for name in CASES]
    for path in paths:
        path.write_bytes(filled(template, CASES[path.stem][0]))
    for (name, (_, status)), path, done in zip(
        CASES.items(), paths, recalculate_all(paths), strict=True
    ):
        said = str(worked_out(done)[STATUS].value)
        assert said.startswith(status), (name, said)
        raw = read_xlsx(path.read_bytes())
        checked = check(FORM, raw, circumstances_of(FORM, raw.period, raw.unit))
        if "KHỚP" in said:
            assert not checked.is_refused, (name, checked.issues)
            failed = Outcome.FAILED in _outcomes(FORM, checked.report)
            assert failed is ("GIẢI TRÌNH" in said), name


def test_a_rule_down_the_rows_is_settled_by_column() -> None:
    """i1 >= previous(i1) has the figure of each column; what is unknown is not asked."""
    form = a_trial("""\
        - key: a
          title: A
          rows: {model: fixed, rows: [{key: i1, label: A}]}
          cells: {type: integer}
          columns: [{id: c1, label: A}, {id: c2, label: B}]
          rules:
            - {id: tang, check: i1 >= previous(i1)}
    """)
    before = send(form, {"a": rows({"c1": 7}, keys=["i1"])}).report.tables["a"]
    prior = PriorFigures(form.tables[0], before)
    (rule,) = form.tables[0].rules
    settled = prior.settled(rule, None, "c1")
    assert settled is not None
    assert isinstance(settled.expression, Expression)
    assert settled.expression.right.constant == 7
    assert settled.severity is Severity.WARNING
    assert prior.settled(rule, None, "c2") is None
    assert PriorFigures(form.tables[0], None).settled(rule, None, "c1") is None
