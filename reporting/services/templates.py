"""The blank workbook of one unit, form and period, with what the last period brings into it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.blank_workbook import blank_workbook
from forms.catalogue import Catalogue
from forms.period import Window
from forms.prefilled_figures import taken_tables
from reporting.errors import NotFound
from reporting.models import ReportingObligation
from reporting.services.actors import Act, Actor
from reporting.services.cross_checks import previous_tables
from reporting.services.downloads import NamedFile
from reporting.services.editions import newest_tables
from reporting.services.named import form_for_period, form_named, unit_named
from reporting.services.rights import require_for_unit
from reporting.services.units import views


def make_template(
    session: Session,
    *,
    actor: Actor,
    form_code: str,
    unit_code: str,
    period_code: str,
    catalogue: Catalogue,
    made_at: datetime,
) -> NamedFile:
    """The template to fill in, of the version that the unit owes or else the one in force.

    Every column that a rule ties to the last period starts with the figure of the report in force
    for it, units that were merged meanwhile included; what the form takes from the reports of
    others starts with the figures of the unit's newest edition. Raises NotFound, NotAllowed.
    """
    form, period, window = form_for_period(session, catalogue, form_code, period_code)
    unit = unit_named(session, unit_code, on=window.last)
    require_for_unit(session, actor=actor, act=Act.READ, unit_id=unit.id, form=form.code)
    owed = session.scalars(
        select(ReportingObligation).where(
            ReportingObligation.unit_id == unit.id,
            ReportingObligation.form_code == form.code,
            ReportingObligation.period == period.code,
        )
    ).one_or_none()
    if owed is not None:
        form = form_named(catalogue, form.code, owed.form_version)
        window = Window(owed.window_first, owed.window_last)
    elif unit.kind not in form.reporter_kinds:
        raise NotFound(
            vi=f"Đơn vị {unit.code} không lập biểu {form.code}.",
            en=f"Unit {unit.code} does not report form {form.code}.",
        )
    named = views(session, [unit.id], on=window.last).get(unit.id)
    content = blank_workbook(
        form,
        unit_code=unit.code,
        unit_name=named.name_vi if named else unit.name_vi,
        period=period,
        window=window,
        made_at=made_at,
        prior=previous_tables(
            session, catalogue=catalogue, form=form, period=period, unit_code=unit.code
        ),
        taken=taken_tables(
            form, newest_tables(session, form=form, period=period.code, unit_id=unit.id)
        ),
        lists=catalogue.lists,
    )
    name = f"{form.file_code}_{unit.code}_{period.code}"
    return NamedFile(content, f"{name}.xlsx", f"template/{name}", unit.id)
