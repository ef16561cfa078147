"""What the unit has already reported on another form: the same indicator, the same period.

A read beside the verdict and the receipt, which refuses nothing and costs the receiving of returns
nothing: the other figure is offered, and whoever sees two different ones can ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.indicator_figures import figures_of, look_in
from forms.indicators import AskedCell, Dictionary, Indicator
from forms.returns import Report
from reporting.services.actors import Actor
from reporting.services.facts import list_facts


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One indicator of a form that a report in force on another form has given already.

    `here` is what this return says, None where it does not say anything yet.
    """

    indicator: Indicator
    cell: AskedCell
    label: str
    here: Decimal | None
    there: Decimal | None
    other_form: str
    other_cell: str
    submission_id: int

    @property
    def differs(self) -> bool:
        """Whether two different figures have been given."""
        return self.here is not None and self.here != self.there


def shared_indicators(dictionary: Dictionary, form: FormVersion) -> frozenset[str]:
    """The indicators that a form asks, and some other form too."""
    mine = {cell.indicator for cell in dictionary.cells_of(form)}
    return frozenset(
        cell.indicator
        for cell in dictionary.cells
        if cell.form != form.code and cell.indicator in mine
    )


def reported_elsewhere(
    session: Session,
    *,
    actor: Actor,
    catalogue: Catalogue,
    form: FormVersion,
    unit_id: int,
    period: str,
    report: Report | None = None,
) -> Sequence[Elsewhere]:
    """What a unit has reported for a period of what a form asks too, as far as the actor may read.

    No statement where no other form asks any of it; else those of one page of facts.
    """
    dictionary = catalogue.dictionary
    mine = {cell.indicator: cell for cell in dictionary.cells_of(form)}
    shared = shared_indicators(dictionary, form)
    if not shared:
        return ()
    page = list_facts(
        session, actor=actor, catalogue=catalogue, unit_id=unit_id, period=period, limit=500
    )
    said = {}
    if report is not None and (report.form, report.version) == (form.code, form.version):
        figures = figures_of(dictionary, form, look_in(report, form))
        said = {figure.indicator.code: figure.value for figure in figures}
    return [
        Elsewhere(
            fact.indicator,
            mine[fact.indicator.code],
            _label(form, mine[fact.indicator.code]),
            said.get(fact.indicator.code),
            fact.value,
            fact.form_code,
            fact.cell,
            fact.submission_id,
        )
        for fact in page.facts
        if fact.indicator.code in shared and fact.form_code != form.code
    ]


def _label(form: FormVersion, cell: AskedCell) -> str:
    column = form.table_by_key[cell.table].by_id[cell.column]
    return f"({column.number}) {column.label}" if column.number else column.label
