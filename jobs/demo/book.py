"""The figures of everyone for every period, each made once and kept.

What one return takes from another (the last period, another form) is taken from here, so that the
story hangs together from Q2 to Q3 and from leaf to centre.
"""

from __future__ import annotations

from collections.abc import Collection

from forms.catalogue import Catalogue
from forms.cross_checking import sources_of
from forms.definition import FormVersion
from forms.period import Period
from jobs.demo.figures import make_return
from jobs.demo.made_return import MadeReturn
from jobs.demo.occasion import Occasion
from reporting.services.units import UnitView


class Book:
    """Made-up returns by form, unit and period."""

    def __init__(self, catalogue: Catalogue, *, periods: Collection[str]) -> None:
        self.catalogue = catalogue
        self._periods = frozenset(periods)
        self._made: dict[tuple[str, str, str], MadeReturn] = {}

    def of(self, code: str, unit: UnitView, period: str) -> MadeReturn:
        """The return of a unit: what was put here, or else figures made for it."""
        key = code, unit.code, period
        if key not in self._made:
            self._made[key] = self._make(self.catalogue.latest(code), unit, Period.parse(period))
        return self._made[key]

    def put(self, made: MadeReturn) -> None:
        """Keep a return that came about in another way: out of a consolidation, say."""
        self._made[made.form.code, made.unit, made.period] = made

    def _make(self, form: FormVersion, unit: UnitView, period: Period) -> MadeReturn:
        others: dict[str, MadeReturn] = {}
        for source in sources_of(form):
            if source != "previous":
                others[source] = self.of(source, unit, period.code)
                continue
            before = period.predecessor(form.predecessors)
            if before is not None and before.code in self._periods:
                others[source] = self.of(form.code, unit, before.code)
        return make_return(
            Occasion(
                form,
                unit.code,
                str(unit.kind),
                period,
                period.window(self.catalogue.regime(form.regime).window),
                unit_name=unit.name_vi,
                lists=self.catalogue.lists,
                others=others,
            )
        )
