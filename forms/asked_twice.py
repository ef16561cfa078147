"""The same indicator asked twice of one kind of unit in one kind of period.

The same content is asked only once in a reporting period (Nghị định 09/2019/NĐ-CP, Điều 8(6)b).
A circular may do it all the same, so it is told and never refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.expressions import Expression, Linear, Ref
from forms.indicators import AskedCell, Indicator
from forms.timetable import Reason
from forms.unit_kinds import kind_en, kind_vi


@dataclass(frozen=True, slots=True)
class AskedTwice:
    """Two cells of two forms that ask one indicator of the same kinds of unit and period.

    `held_by` is the rule that holds the two to the same figure, as `form rule`; '' if none does.
    """

    indicator: Indicator
    first: AskedCell
    second: AskedCell
    periods: tuple[str, ...]
    kinds: tuple[str, ...]
    held_by: str = ""

    def other(self, form_code: str) -> AskedCell:
        """The cell that is not on a form."""
        return self.second if self.first.form == form_code else self.first


def asked_twice(catalogue: Catalogue) -> list[AskedTwice]:
    """Every pair of forms, in their newest versions, that ask the same of the same units."""
    newest = [catalogue.latest(code) for code in catalogue.codes]
    asking = [(form, cell) for form in newest for cell in catalogue.dictionary.cells_of(form)]
    found = [
        _pair(catalogue, one, other)
        for one, other in combinations(asking, 2)
        if one[1].indicator == other[1].indicator
    ]
    order = list(catalogue.dictionary.indicators)
    pairs = [pair for pair in found if pair.periods and pair.kinds]
    return sorted(pairs, key=lambda pair: order.index(pair.indicator.code))


def reasons_of(pairs: Sequence[AskedTwice], form_code: str, period_kind: str) -> Iterator[Reason]:
    """What is said where a period of a form is about to be opened: one warning for each pair."""
    for pair in pairs:
        if form_code not in (pair.first.form, pair.second.form) or period_kind not in pair.periods:
            continue
        other, indicator = pair.other(form_code), pair.indicator
        kinds_vi = ", ".join(kind_vi(kind) for kind in pair.kinds)
        kinds_en = ", ".join(kind_en(kind) for kind in pair.kinds)
        yield Reason(
            f"Chỉ tiêu {indicator.code} ({indicator.label_vi}) cũng hỏi {kinds_vi} trong cùng kỳ ở "
            f"biểu {other.form} (Điều 8(6)b Nghị định 09/2019/NĐ-CP).",
            f"Indicator {indicator.code} ({indicator.label_en}) is asked of {kinds_en} in the same "
            f"period on form {other.form} too.",
            is_warning=True,
        )


def _pair(
    catalogue: Catalogue,
    one: tuple[FormVersion, AskedCell],
    other: tuple[FormVersion, AskedCell],
) -> AskedTwice:
    (form, cell), (form_there, cell_there) = one, other
    return AskedTwice(
        catalogue.dictionary.indicators[cell.indicator],
        cell,
        cell_there,
        tuple(kind for kind in form.periods if kind in form_there.periods),
        tuple(kind for kind in form.reporter_kinds if kind in form_there.reporter_kinds),
        _holding(form, cell, cell_there) or _holding(form_there, cell_there, cell),
    )


def _holding(form: FormVersion, here: AskedCell, there: AskedCell) -> str:
    """The rule of a form by which its cell equals the cell of the other form."""
    table = form.table_by_key[here.table]
    for rule in table.rules:
        expression = rule.expression
        if not isinstance(expression, Expression) or expression.comparison != "==":
            continue
        sides = {_only(expression.left), _only(expression.right)}
        if (here.column, "") in sides and (there.column, there.form) in sides:
            return f"{form.code} {table.key}.{rule.id}"
    return ""


def _only(linear: Linear) -> tuple[str, str] | None:
    """The column and source of a side that is one cell and nothing else."""
    if len(linear.terms) != 1 or linear.constant or linear.terms[0][1] != 1:
        return None
    ref: Ref = linear.terms[0][0]
    return (ref.column, ref.source) if ref.kind == "cell" else None
