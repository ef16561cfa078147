"""Finds what a person names: a form by either spelling of its code, a period, a unit.

What is not there is refused here, in words, so that no door has to.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.period import BadPeriod, Period
from reporting.errors import NotFound
from reporting.models import ReportingUnit
from reporting.services.units import find_unit

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


def form_for_period(catalogue: Catalogue, code: str, text: str) -> tuple[FormVersion, Period]:
    """The version of a form that holds for the data window of a period. Raises NotFound."""
    newest = form_named(catalogue, code)
    period = period_named(newest, text)
    window = period.window(catalogue.regime(newest.regime).window)
    form = catalogue.in_force(newest.code, window.first, window.last)
    if form is None:
        raise NotFound(
            vi=f"Biểu {newest.code} không áp dụng cho kỳ {period}.",
            en=f"Form {newest.code} is not in force for {period}.",
        )
    return form, period


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
