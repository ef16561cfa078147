"""Which obligation a return is for, and what stands against taking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Function, and_, select
from sqlalchemy.orm import Session

from forms.definition import FormVersion
from forms.issues import Issue
from forms.period import BadPeriod, Period, Window
from forms.returns import RawReturn
from reporting.errors import NotAllowed
from reporting.models import ReportingObligation, ReportingUnit, Submission, SubmissionStatus
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.obligations import list_owed
from reporting.services.units import find_unit, normalise_identifier


@dataclass(frozen=True, slots=True)
class Owed:
    """The obligation that a return fulfils, with the revision in force."""

    obligation_id: int
    unit_id: int
    unit_code: str
    unit_name: str
    receiver_id: int | None
    form_version: int
    window: Window
    opens_at: datetime
    due_at: datetime
    revisions: int
    in_force_id: int | None
    in_force_sha256: str | None
    in_force_status: SubmissionStatus | None


def find_owed(
    session: Session,
    *,
    actor: Actor,
    raw: RawReturn,
    form: FormVersion,
    received_at: datetime,
    lock: bool,
) -> tuple[Owed | None, list[Issue]]:
    """The obligation of a return and the issues with it; `lock` keeps its row until the commit.

    Locking and reading are two statements: what was committed while waiting for the lock must be
    seen, and one statement sees only what was there when it began. Raises NotAllowed.
    """
    try:
        period = Period.parse(raw.period)
    except BadPeriod:
        return None, [_bad_period(raw, form)]
    if period.kind not in form.periods:
        return None, [_bad_period(raw, form)]
    code = normalise_identifier(raw.unit)
    named = _named(form.code, period.code, ReportingUnit.code == code)
    owed = _select_owed(session, named, locks.shared(form=form.code, period=period.code), lock=lock)
    if owed is None:
        unit = find_unit(session, raw.unit, on=period.window().last)
        if unit is None:
            return None, [Issue("unknown_unit", given=raw.unit[:60], expected="H26, H55.242, …")]
        _require_right(actor, unit.id, None)
        named = _named(form.code, period.code, ReportingUnit.id == unit.id)
        shared = locks.shared(form=form.code, period=period.code)
        owed = _select_owed(session, named, shared, lock=lock)
        if owed is None:
            return None, [_not_owed(session, unit.id, form, period)]
    _require_right(actor, owed.unit_id, owed.receiver_id)
    issues: list[Issue] = []
    if received_at < owed.opens_at:
        issues.append(
            Issue(
                "period_not_open", given=period.code, expected=f"{owed.opens_at:%d/%m/%Y %H:%M} UTC"
            )
        )
    if raw.version is not None and raw.version != owed.form_version:
        issues.append(
            Issue("wrong_version", given=str(raw.version), expected=str(owed.form_version))
        )
    return owed, issues


def _named(form_code: str, period: str, unit: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(
        ReportingObligation.form_code == form_code, ReportingObligation.period == period, unit
    )


def _lock(session: Session, named: ColumnElement[bool], shared: Function[Any]) -> None:
    """Keep the obligation, and the unit: two forms that read each other arrive one by one."""
    session.execute(
        select(ReportingObligation.id, shared)
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .where(named)
        .with_for_update(of=[ReportingObligation, ReportingUnit], key_share=True)
    )


def _select_owed(
    session: Session, named: ColumnElement[bool], shared: Function[Any], *, lock: bool
) -> Owed | None:
    if lock and locks.is_needed(session):
        _lock(session, named, shared)
    query = (
        select(
            ReportingObligation.id,
            ReportingUnit.id,
            ReportingUnit.code,
            ReportingUnit.name_vi,
            ReportingObligation.receiver_id,
            ReportingObligation.form_version,
            ReportingObligation.window_first,
            ReportingObligation.window_last,
            ReportingObligation.opens_at,
            ReportingObligation.due_at,
            ReportingObligation.revisions,
            ReportingObligation.in_force_id,
            Submission.content_sha256,
            Submission.status,
        )
        .join(ReportingUnit, ReportingUnit.id == ReportingObligation.unit_id)
        .outerjoin(Submission, Submission.id == ReportingObligation.in_force_id)
        .where(named)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return Owed(
        obligation_id=row[0],
        unit_id=row[1],
        unit_code=row[2],
        unit_name=row[3],
        receiver_id=row[4],
        form_version=row[5],
        window=Window(row[6], row[7]),
        opens_at=row[8],
        due_at=row[9],
        revisions=row[10],
        in_force_id=row[11],
        in_force_sha256=row[12],
        in_force_status=row[13],
    )


def _require_right(actor: Actor, unit_id: int, receiver_id: int | None) -> None:
    """A client acts for its own unit and for those that report to it."""
    if actor.unit_id is None or actor.unit_id in (unit_id, receiver_id):
        return
    raise NotAllowed(
        vi="Tài khoản này không được gửi báo cáo thay cho đơn vị đó.",
        en="This client may not act for that unit.",
    )


def _bad_period(raw: RawReturn, form: FormVersion) -> Issue:
    return Issue("bad_period", given=raw.period[:20], expected=", ".join(_examples(form.periods)))


def _examples(kinds: tuple[str, ...]) -> list[str]:
    shown = {"M": "2026-09", "Y": "2026"}
    return [shown.get(kind, f"2026-{kind}") for kind in kinds]


def _not_owed(session: Session, unit_id: int, form: FormVersion, period: Period) -> Issue:
    owed = list_owed(session, unit_id=unit_id, form_code=form.code)
    periods = ", ".join(row.period for row in owed) or "—"
    return Issue("not_owed", given=period.code, expected=periods)
