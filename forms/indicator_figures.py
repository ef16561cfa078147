"""The figures of indicators in one report: looked up, or worked out exactly from two counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from forms.definition import Column, FormVersion
from forms.indicators import AskedCell, Dictionary, Indicator
from forms.returns import Report, State
from forms.values import write_figure

#: A share that no form prints has two digits.
RATIO_DIGITS = 2

#: How a cell is looked up: its scaled integer and its state.
Look = Callable[[AskedCell], tuple[int, State]]

#: An indicator, its own cell if it has one, and the two of which it is a ratio.
_Place = tuple[Indicator, AskedCell | None, tuple[AskedCell, AskedCell] | None]


@dataclass(frozen=True, slots=True)
class IndicatorFigure:
    """What one report gives for one indicator; `value` is None where it is not applicable.

    `cell` is where it stands, or None where it is worked out from other cells.
    """

    indicator: Indicator
    value: Decimal | None
    cell: AskedCell | None


def figures_of(
    dictionary: Dictionary, form: FormVersion, look: Look, *, only: str = ""
) -> Iterator[IndicatorFigure]:
    """Every indicator that a report of a form version gives, or one; blank cells give nothing.

    A ratio is worked out from its two counts wherever both are asked, whatever was typed.
    """
    for indicator, cell, parts in _places(dictionary, form):
        if only and indicator.code != only:
            continue
        if parts is not None:
            digits = RATIO_DIGITS if cell is None else _column(form, cell).digits
            (part, part_state), (whole, whole_state) = look(parts[0]), look(parts[1])
            if part_state is State.VALUE and whole_state is State.VALUE:
                share = share_of(
                    _exact(form, parts[0], part), _exact(form, parts[1], whole), digits=digits
                )
                yield IndicatorFigure(indicator, share, cell)
            continue
        assert cell is not None
        value, state = look(cell)
        if state is State.VALUE:
            figure = Decimal(write_figure(value, _column(form, cell).digits))
            yield IndicatorFigure(indicator, figure, cell)
        elif state is State.NOT_APPLICABLE:
            yield IndicatorFigure(indicator, None, cell)


@lru_cache(maxsize=128)
def _places(dictionary: Dictionary, form: FormVersion) -> tuple[_Place, ...]:
    """Where a form version has each indicator: looked up once, and not for each of its reports."""
    return tuple(
        (dictionary.indicators[code], dictionary.cell(form, code), dictionary.parts(form, code))
        for code in dictionary.given_by(form)
    )


def share_of(part: Decimal, whole: Decimal, *, digits: int) -> Decimal | None:
    """part / whole * 100, rounded half up to `digits`; None where the whole is 0."""
    if not whole:
        return None
    share = Fraction(part) * 100 * 10**digits / Fraction(whole)
    top, bottom = 2 * abs(share.numerator) + share.denominator, 2 * share.denominator
    rounded = top // bottom
    return Decimal(write_figure(-rounded if share < 0 else rounded, digits))


def look_in(report: Report, form: FormVersion) -> Look:
    """Look cells up in a report that was checked."""

    def look(cell: AskedCell) -> tuple[int, State]:
        data = report.tables[cell.table]
        at = form.table_by_key[cell.table].figure_index[cell.column]
        if cell.is_of_the_report:
            return int(data.total_values[at]), State(int(data.total_states[at]))
        for row, name in enumerate(data.names):
            if name.key == cell.row:
                return int(data.values[row, at]), State(int(data.states[row, at]))
        return 0, State.BLANK

    return look


def _exact(form: FormVersion, cell: AskedCell, value: int) -> Decimal:
    return Decimal(write_figure(value, _column(form, cell).digits))


def _column(form: FormVersion, cell: AskedCell) -> Column:
    return form.table_by_key[cell.table].by_id[cell.column]
