"""Finds what a person names: a form by either spelling of its code, a period, a unit.

What is not there is refused here, in words, so that no door has to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import BadPeriod, Period, Window
from reporting.errors import NotFound
from reporting.models import ReportingObligation, ReportingUnit
from reporting.services.identifiers import normalise_identifier
from reporting.services.units import find_unit, find_units

_LONGEST_SHOWN = 60


def form_named(catalogue: Catalogue, code: str, version: int | None = None) -> FormVersion:
    """One version of a form, the newest unless one is named.

    `II.06a/VPCP/KSTT` and `II.06a-VPCP-KSTT`, as it stands in file names, are the same code.
    Raises NotFound.
    """
    for form in reversed((*catalogue.forms, *catalogue.consolidated_layouts())):
        if code in (form.code, form.file_code) and version in (None, form.version):
            return form
    what = code[:_LONGEST_SHOWN] if version is None else f"{code[:_LONGEST_SHOWN]} v{version}"
    raise NotFound(vi=f"Không có biểu mẫu {what}.", en=f"There is no form {what}.")


def period_named(form: FormVersion, text: str) -> Period:
    """A period that the form is reported for. Raises NotFound."""
    try:
        period = Period.parse(text)
    except BadPeriod:
        period = None
    if period is None or period.kind not in form.periods:
        kinds = ", ".join(form.periods)
        shown = text[:_LONGEST_SHOWN]
        raise NotFound(
            vi=f"Biểu {form.code} không có kỳ {shown}. Các kỳ của biểu: {kinds}.",
            en=f"Form {form.code} has no period {shown}. Its periods: {kinds}.",
        )
    return period


def filters_named(catalogue: Catalogue, *, form: str, period: str) -> tuple[str, str]:
    """The form and period that a list is narrowed to, as stored; '' narrows nothing.

    A form or period that cannot be is refused: an empty list would say that nobody has sent
    anything. Raises NotFound.
    """
    code = form_named(catalogue, form).code if form else ""
    try:
        return code, Period.parse(period).code if period else ""
    except BadPeriod:
        shown = period[:_LONGEST_SHOWN]
        raise NotFound(
            vi=f"Không có kỳ {shown}. Viết như 2026-09, 2026-Q3, 2026-H1, 2026-9M hoặc 2026.",
            en=f"There is no period {shown}. Write 2026-09, 2026-Q3, 2026-H1, 2026-9M or 2026.",
        ) from None


def form_for_period(
    session: Session, catalogue: Catalogue, code: str, text: str
) -> tuple[FormVersion, Period, Window]:
    """The version of a form that holds for a period, and the days of the period. Raises NotFound.

    A period that was opened keeps the days that were frozen then, whatever became of its regime;
    an occasion that was assigned is a period of the form like any other.
    """
    newest = form_named(catalogue, code)
    window = _opened(session, newest, text)
    period = period_named(newest, text) if window is None else Period.parse(text)
    if window is None:
        window = period.window(catalogue.regime(newest.regime).window)
    form = catalogue.in_force(newest.code, window.first, window.last)
    if form is None:
        raise NotFound(
            vi=f"Biểu {newest.code} không áp dụng cho kỳ {period}.",
            en=f"Form {newest.code} is not in force for {period}.",
        )
    return form, period, window


def window_of(
    session: Session, *, catalogue: Catalogue, form: FormVersion, period: Period
) -> Window:
    """The days of a period: as frozen when it was opened, else as the regime declares."""
    opened = _opened(session, form, period.code)
    return opened or period.window(catalogue.regime(form.regime).window)


def _opened(session: Session, form: FormVersion, period: str) -> Window | None:
    """The days that obligations of a form, or of those it is consolidated from, were given."""
    owed = ReportingObligation
    query = (
        select(owed.window_first, owed.window_last)
        .where(
            owed.form_code.in_({form.code, *(source.form for source in form.sources)}),
            owed.period == period[:20],
        )
        .order_by(owed.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return Window(*tuple(row)) if row is not None else None


def unit_known(session: Session, identifier: str, *, on: date) -> ReportingUnit:
    """The unit with this stable code, whether or not it has ended; else as `unit_named` finds it.

    For lists of what was once sent. Raises NotFound.
    """
    code = normalise_identifier(identifier)
    unit = session.scalars(select(ReportingUnit).where(ReportingUnit.code == code)).one_or_none()
    return unit or unit_named(session, identifier, on=on)


def unit_named(session: Session, identifier: str, *, on: date) -> ReportingUnit:
    """The unit that carried this code on this day. Raises NotFound."""
    unit = find_unit(session, identifier, on=on)
    if unit is None:
        shown = identifier[:_LONGEST_SHOWN]
        raise NotFound(
            vi=f"Không có đơn vị {shown} vào ngày {on:%d/%m/%Y}.",
            en=f"There is no unit {shown} on {on:%Y-%m-%d}.",
        )
    return unit


@dataclass(frozen=True, slots=True)
class Several:
    """Obligations of a period as a person names them: of some forms and units, or of all."""

    period: str
    forms: Sequence[str]
    units: Sequence[int]


def obligations_named(
    session: Session,
    catalogue: Catalogue,
    *,
    period: str,
    forms: Sequence[str],
    units: Sequence[str],
    on: date,
) -> Several:
    """What is meant, by the codes of the store. Raises NotFound where it is not there.

    Also where each name is known and nobody owes anything: a slip must not look like an act.
    """
    codes = [form_named(catalogue, form).code for form in forms]
    found = find_units(session, units, on=on)
    unknown = [unit[:_LONGEST_SHOWN] for unit in units if unit not in found]
    if unknown:
        told = ", ".join(unknown[:10])
        raise NotFound(
            vi=f"Không có đơn vị {told} vào ngày {on:%d/%m/%Y}.",
            en=f"There is no unit {told} on {on:%Y-%m-%d}.",
        )
    named = Several(period, codes, [unit.id for unit in found.values()])
    if not _is_owed(session, named):
        shown = period[:_LONGEST_SHOWN]
        raise NotFound(
            vi=f"Kỳ {shown} không có nghĩa vụ báo cáo nào như vậy.",
            en=f"In period {shown} nothing of the kind is owed.",
        )
    return named


def _is_owed(session: Session, named: Several) -> bool:
    owed = ReportingObligation
    query = select(owed.id).where(owed.period == named.period)
    if named.forms:
        query = query.where(owed.form_code.in_(named.forms))
    if named.units:
        query = query.where(owed.unit_id.in_(named.units))
    return session.scalars(query.limit(1)).first() is not None
