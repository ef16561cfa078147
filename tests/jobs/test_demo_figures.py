"""The figures that the demonstration makes up are right, whatever form they are made for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from forms.catalogue import Catalogue, load_forms
from forms.checking import check
from forms.cross_checking import Companion, Outcome, cross_check, sources_of
from forms.definition import FormVersion
from forms.naming_rows import Circumstances
from forms.period import Period
from forms.reading_json import read_json
from forms.returns import Report
from jobs.demo.figures import make_return
from jobs.demo.made_return import MadeReturn
from jobs.demo.occasion import Occasion

UNITS = ("H55", "X01840")


@cache
def _catalogue() -> Catalogue:
    return load_forms()


def _cases() -> list[tuple[str, str]]:
    return list(_each_case())


def _each_case() -> Iterator[tuple[str, str]]:
    for form in _catalogue().forms:
        for kind in form.periods:
            period = "2026-09" if kind == "M" else "2026" if kind == "Y" else f"2026-{kind}"
            yield form.code, period


def _make(form: FormVersion, period: Period, unit: str, **others: MadeReturn) -> MadeReturn:
    catalogue = _catalogue()
    window = period.window(catalogue.regime(form.regime).window)
    kind = (form.reporter_kinds or ("ministry",))[0]
    return make_return(
        Occasion(form, unit, kind, period, window, lists=catalogue.lists, others=others)
    )


def _checked(made: MadeReturn) -> Report:
    """The report that a return makes, in which nothing at all was found."""
    catalogue = _catalogue()
    window = Period.parse(made.period).window(catalogue.regime(made.form.regime).window)
    verdict = check(
        made.form, read_json(made.as_json()), Circumstances(window, catalogue.lists, made.unit)
    )
    assert verdict.issues == ()
    return verdict.report


@pytest.mark.parametrize(("code", "period"), _cases())
def test_every_form_gets_figures_without_an_error_or_a_warning(code: str, period: str) -> None:
    """For every form, period and unit the checker finds nothing, not even a warning."""
    form = _catalogue().latest(code)
    for unit in UNITS:
        report = _checked(_make(form, Period.parse(period), unit))
        assert all(len(report.tables[table.key].names) for table in form.tables)


@pytest.mark.parametrize(("code", "period"), _cases())
def test_what_follows_a_period_carries_its_figures_over(code: str, period: str) -> None:
    """Every rule that reads the last period is met by a return made after it."""
    form = _catalogue().latest(code)
    after = Period.parse(period)
    before = after.predecessor(form.predecessors)
    if before is None or "previous" not in sources_of(form):
        assert "previous" not in sources_of(form)
        return
    earlier = _make(form, before, "H55")
    made = _make(form, after, "H55", previous=earlier)
    outcomes = cross_check(
        form, _checked(made), {"previous": Companion(form, _checked(earlier).tables)}
    )
    assert [outcome.outcome for outcome in outcomes] == [Outcome.MET] * len(outcomes) != []


def test_complaints_agree_with_petitions() -> None:
    """Column 1 of 03/GQKN equals column 6 of 02/XLD of the same unit."""
    petitions = _catalogue().latest("02/XLD")
    complaints = _catalogue().latest("03/GQKN")
    first = _make(petitions, Period.parse("2026-Q3"), "H55")
    second = _make(complaints, Period.parse("2026-Q3"), "H55", **{"02/XLD": first})
    outcomes = cross_check(
        complaints, _checked(second), {"02/XLD": Companion(petitions, _checked(first).tables)}
    )
    assert [outcome.outcome for outcome in outcomes] == [Outcome.MET]


def test_figures_are_the_same_again_and_differ_by_unit() -> None:
    """Made twice they are the same bytes; another unit has others."""
    form = _catalogue().latest("II.06a/VPCP/KSTT")
    period = Period.parse("2026-Q3")
    assert _make(form, period, "H55").as_json() == _make(form, period, "H55").as_json()
    assert _make(form, period, "H55").tables != _make(form, period, "X01840").tables
