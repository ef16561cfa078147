"""In which form something is consolidated, and whether one may."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.derived import SUFFIX
from reporting.errors import Conflict
from reporting.models import ReportingUnit
from reporting.services.actors import Act, Actor
from reporting.services.rights import require_for_unit


def consolidated_layout(catalogue: Catalogue, form: FormVersion) -> FormVersion:
    """The layout of the higher level: the form itself, or what is derived from it."""
    if form.sources:
        return form
    derived = {(one.code, one.version): one for one in catalogue.consolidated_layouts()}
    return derived.get((f"{form.code}{SUFFIX}", form.version), form)


def require_may_consolidate(
    session: Session,
    actor: Actor,
    unit: ReportingUnit,
    form: FormVersion,
    *,
    act: Act = Act.RECEIVE,
) -> None:
    """Raises NotAllowed, or Conflict where the form consolidates nothing."""
    require_for_unit(session, actor=actor, act=act, unit_id=unit.id, form=form.code)
    if not form.sources:
        raise Conflict(
            vi=f"Biểu {form.code} không tổng hợp từ biểu nào.",
            en=f"Form {form.code} is not consolidated from any form.",
        )
