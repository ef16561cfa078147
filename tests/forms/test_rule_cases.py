"""Every declared rule has a return that passes it and a return that fails just it.

The cases are made from the declarations: a rule that is added is tried without a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pytest
import yaml

from forms.catalogue import shipped_folder
from forms.checking import Checked
from forms.cross_checking import Companion, Outcome, cross_check, sources_of
from forms.definition import FormVersion, Rule, Table
from tests.forms.consistent import (
    Figures,
    breaks,
    catalogue,
    checked,
    consistent_book,
    spoilt,
    steps_of,
)
from tests.forms.declaring import SHAPES
from tests.forms.oracle import Book, Statement, statements_of

#: Rules that follow from other rules of their form, so that none of them can break alone.
FOLLOWS = {
    # The counts of other dossiers are never negative, and are part of the sum.
    ("02/XLD", "a.thuoc_tham_quyen_du_dieu_kien"),
    # What only ever grows row by row grows in all.
    ("MAU.02/VON", "a.r2"),
    ("MAU.05/LIEN", "a.tong_lien"),
}


def _rules() -> Iterator[tuple[FormVersion, Table, Rule]]:
    known = catalogue()
    for form in (*known.forms, *known.consolidated_layouts()):
        for table in form.tables:
            for rule in table.rules:
                yield form, table, rule


CASES = [(form.code, table.key, rule.id) for form, table, rule in _rules()]


@cache
def _others(code: str) -> Mapping[str, Book]:
    """The reports that the rules of a form read beside its own."""
    form = catalogue().latest(code)
    return {
        source: _earlier(code) if source == "previous" else _book(source)
        for source in sources_of(form)
    }


@cache
def _earlier(code: str) -> Book:
    return consistent_book(catalogue().latest(code), {})


@cache
def _book(code: str) -> Book:
    return consistent_book(catalogue().latest(code), _others(code))


@cache
def _statements(code: str) -> list[Statement]:
    return list(statements_of(catalogue().latest(code), _book(code), _others(code)))


@cache
def _other_report(code: str, source: str) -> Companion:
    form = catalogue().latest(code if source == "previous" else source)
    verdict = checked(form, _others(code)[source].figures)
    assert not verdict.issues
    return Companion(form, verdict.report.tables)


def _verdict(code: str, figures: Figures) -> tuple[Checked, set[str], dict[str, Outcome]]:
    """The verdict, the rules that it finds broken, and what came of those between reports."""
    form = catalogue().latest(code)
    verdict = checked(form, figures)
    sides = {source: _other_report(code, source) for source in sources_of(form)}
    crossed = cross_check(form, verdict.report, sides)
    outcomes = {each.rule_id: each.outcome for each in crossed}
    issues = [*verdict.issues, *(issue for each in crossed for issue in each.issues)]
    return verdict, {issue.rule_id for issue in issues if issue.code == "rule_broken"}, outcomes


@pytest.mark.parametrize("code", sorted({code for code, _, _ in CASES}))
def test_a_consistent_return_passes_every_rule_of_its_form(code: str) -> None:
    """Where everything adds up nothing is found, and hardly a cell was 0 for it."""
    verdict, broken, outcomes = _verdict(code, dict(_book(code).figures))
    assert verdict.issues == ()
    assert broken == set()
    assert set(outcomes.values()) <= {Outcome.MET}
    figures = _book(code).figures.values()
    assert sum(1 for figure in figures if figure) * 2 > len(figures)


@pytest.mark.parametrize(("code", "table", "rule"), CASES)
def test_each_rule_fails_where_just_it_is_broken(code: str, table: str, rule: str) -> None:
    """A return in which one rule does not hold is found to break that rule and no other."""
    rule_id = f"{table}.{rule}"
    figures = dict(_book(code).figures)
    steps = steps_of(catalogue().latest(code), list(figures))
    targets = [each for each in _statements(code) if each.rule_id == rule_id]
    found = (breaks(each, figures, _statements(code), steps) for each in targets)
    alone = next(filter(None, found), None)
    _, broken, outcomes = _verdict(code, alone or spoilt(targets[0], figures, steps))
    assert rule_id in broken
    assert outcomes.get(rule_id, Outcome.FAILED) is Outcome.FAILED
    assert (broken == {rule_id}) == ((code, rule_id) not in FOLLOWS)


def test_no_declared_rule_is_forgotten() -> None:
    """As many rules are tried as stand in the files, counted without the engine's reader."""
    paths = [*shipped_folder().rglob("v*.yaml"), *SHAPES.glob("*.yaml")]
    declared = 0
    for path in paths:
        for table in yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]:
            declared += len(table.get("rules", ()))
    layouts = {form.code for form in catalogue().consolidated_layouts()}
    assert sum(1 for code, _, _ in CASES if code not in layouts) == declared > 60
    assert len(set(CASES)) == len(CASES)
