"""Small typed builders: what a test needs in the store before its own story begins."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, load_forms
from forms.period import Period
from reporting.models import ReportingUnit, UnitKind, UnitTerm
from reporting.services.actors import Actor
from reporting.services.clients import create_client
from reporting.services.opening import Opening, open_period
from reporting.services.signing import ServerKey

#: Whoever sits at the console, for what a test takes as given.
SYSTEM = Actor(name="test", is_system=True)

#: Who signs receipts in tests.
SIGNER = ServerKey.new()

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

#: Inside the window of 2026-Q3 (15/06 to 14/09) and before anything is due.
IN_Q3 = datetime(2026, 9, 10, 3, 0, tzinfo=UTC)

LEAF_FORM = "II.06a/VPCP/KSTT"
Q3 = Period.parse("2026-Q3")

#: One row of II.06a that adds up: c3 = c4+c5+c6, c7 = c8+c9+c10, c11 = c12+c13, c3 = c7+c11.
GOOD_CELLS: Mapping[str, int] = {
    "c4": 120, "c5": 14, "c6": 9, "c8": 101, "c9": 20, "c10": 2, "c12": 19, "c13": 1,
}  # fmt: skip


@lru_cache(maxsize=1)
def shipped_forms() -> Catalogue:
    """The shipped forms, read once for all tests."""
    return load_forms()


def a_unit(
    session: Session,
    code: str = "",
    *,
    kind: UnitKind = UnitKind.COMMUNE,
    parent: ReportingUnit | None = None,
    name: str = "",
    valid_from: date = date(2020, 1, 1),
    valid_to: date | None = None,
) -> ReportingUnit:
    """A unit with one term; its code is made up where the test does not care."""
    if not code:
        count = session.scalar(select(func.count()).select_from(ReportingUnit)) or 0
        code = f"T{count:04d}"
    unit = ReportingUnit(
        code=code,
        kind=kind,
        name_vi=name or f"Đơn vị {code}",
        name_en=f"Unit {code}",
        valid_from=valid_from,
        valid_to=valid_to,
    )
    session.add(unit)
    session.flush()
    session.add(
        UnitTerm(
            unit_id=unit.id,
            parent_id=parent.id if parent else None,
            name_vi=unit.name_vi,
            name_en=unit.name_en,
            valid_from=valid_from,
            valid_to=valid_to,
            recorded_at=IN_Q3,
            recorded_by="test",
        )
    )
    session.flush()
    return unit


def a_province(session: Session, code: str = "H55") -> ReportingUnit:
    """A province, to which communes report."""
    return a_unit(session, code, kind=UnitKind.PROVINCE, name=f"Tỉnh {code}")


def an_open_period(
    session: Session,
    *,
    form_code: str = LEAF_FORM,
    period: Period = Q3,
    units: Sequence[ReportingUnit] | None = None,
    catalogue: Catalogue | None = None,
) -> Opening:
    """Open a period of a form, for some units or for all that owe it."""
    known = catalogue or shipped_forms()
    form = known.latest(form_code)
    return open_period(
        session,
        actor=SYSTEM,
        form=form,
        regime=known.regime(form.regime),
        period=period,
        zone=ZONE,
        now=IN_Q3,
        units=None if units is None else [unit.id for unit in units],
    )


def a_token(session: Session, unit: ReportingUnit | None = None, *, name: str = "máy gửi") -> str:
    """The token of a new client of a unit, or of the central office."""
    unit_id = None if unit is None else unit.id
    return create_client(session, actor=SYSTEM, name=name, unit_id=unit_id, now=IN_Q3)[1]


def a_return(
    unit: str,
    *,
    form: str = LEAF_FORM,
    period: str = "2026-Q3",
    rows: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A return of II.06a as one sends it; `rows` are cells by field of administration."""
    sent = {"Đất đai": GOOD_CELLS} if rows is None else rows
    lines = [{"key": key, "cells": dict(cells)} for key, cells in sent.items()]
    return {"form": form, "unit": unit, "period": period, "tables": {"a": {"rows": lines}}} | more


def as_json(data: Any) -> bytes:
    """JSON as a sender writes it: UTF-8, nothing escaped."""
    return json.dumps(data, ensure_ascii=False).encode()
