"""Which obligation a return is for, and what stands against taking it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, and_, bindparam, func, select
from sqlalchemy.orm import Session

from forms.definition import FormVersion
from forms.issues import Issue
from forms.period import BadPeriod, Period, Window
from forms.returns import RawReturn
from reporting.errors import NotAllowed
from reporting.models import (
    ReportingObligation,
    ReportingUnit,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.actors import Actor
from reporting.services.cross_checks import has_readers
from reporting.services.obligations import list_owed
from reporting.services.units import find_unit, normalise_identifier, views


class Owed(NamedTuple):
    """The obligation that a return fulfils, with the revision in force."""

    obligation_id: int
    unit_id: int
    unit_code: str
    unit_name: str
    receiver_id: int | None
    form_version: int
    period: str
    window: Window
    opens_at: datetime
    due_at: datetime
    closes_at: datetime | None
    sent_otherwise_at: datetime | None
    stand: Stand
    revisions: int
    in_force_id: int | None
    in_force_sha256: str | None
    in_force_status: SubmissionStatus | None
    has_readers: bool  # whether a rule of another report looks at this one
    next_submission: int = 0  # the id of the revision that may be stored; 0 where none may be


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
    what = {"form": form.code, "period": period.code}
    owed = _BY_CODE.select(session, what | {"unit": normalise_identifier(raw.unit)}, lock=lock)
    if owed is None:
        on = period.window().last
        unit = find_unit(session, raw.unit, on=on)
        if unit is None and period.kind not in form.periods:
            return None, [_bad_period(raw, form)]
        if unit is None:
            return None, [Issue("unknown_unit", given=raw.unit[:60], expected="H26, H55.242, …")]
        owed = _BY_ID.select(session, what | {"unit": unit.id}, lock=lock)
        if owed is None and period.kind not in form.periods:
            return None, [_bad_period(raw, form)]
        if owed is None:
            # Nothing says to whom it would report this, so that the one above it then counts.
            above = views(session, [unit.id], on=on).get(unit.id)
            _require_right(actor, unit.id, above.parent_id if above else None)
            return None, [_not_owed(session, unit.id, form, period)]
    _require_right(actor, owed.unit_id, owed.receiver_id)
    issues: list[Issue] = []
    if received_at < owed.opens_at:
        issues.append(
            Issue(
                "period_not_open", given=period.code, expected=f"{owed.opens_at:%d/%m/%Y %H:%M} UTC"
            )
        )
    if owed.closes_at is not None and received_at > owed.closes_at:
        closed = f"{owed.closes_at:%d/%m/%Y %H:%M} UTC"
        issues.append(Issue("period_closed", given=period.code, expected=closed))
    if raw.version is not None and raw.version != owed.form_version:
        issues.append(
            Issue("wrong_version", given=str(raw.version), expected=str(owed.form_version))
        )
    return owed, issues


class _Finding:
    """The statements that find an obligation by one column of its unit, made once.

    Making a statement anew for each return costs more than running it.
    """

    def __init__(self, unit: Column[Any]) -> None:
        named = and_(
            _owed.form_code == bindparam("form"),
            _owed.period == bindparam("period"),
            unit == bindparam("unit"),
        )
        joined = _owed_table.join(_unit_table, _unit.id == _owed.unit_id)
        # The unit's row too: two forms of one unit that read each other arrive one by one.
        self._lock = (
            select(func.nextval("submission_id_seq"), locks.shared())
            .select_from(joined)
            .where(named)
            .with_for_update(of=[_owed_table, _unit_table], key_share=True)
        )
        self._select = (
            select(
                _owed.id,
                _unit.id,
                _unit.code,
                _unit.name_vi,
                _owed.receiver_id,
                _owed.form_version,
                _owed.period,
                _owed.window_first,
                _owed.window_last,
                _owed.opens_at,
                _owed.due_at,
                _owed.closes_at,
                _owed.sent_otherwise_at,
                _owed.stand,
                _owed.revisions,
                _owed.in_force_id,
                _sent.content_sha256,
                _sent.status,
                has_readers(),
            )
            .select_from(joined.outerjoin(_sent_table, _sent.id == _owed.in_force_id))
            .where(named)
        )

    def select(self, session: Session, what: dict[str, Any], *, lock: bool) -> Owed | None:
        """The obligation, locked first where that is wanted and the database needs it.

        With the lock the id of the next revision is drawn, so that all that is written under it
        can be sent at once.
        """
        connection = session.connection()
        number = 0
        if lock and locks.is_needed(session):
            name = locks.named(what["form"], what["period"])
            drawn: Sequence[Any] | None = connection.execute(self._lock, what | name).one_or_none()
            number = drawn[0] if drawn else 0
        elif lock:
            number = connection.execute(_NEXT_ALONE).scalar_one()
        row: Sequence[Any] | None = connection.execute(self._select, what).one_or_none()
        if row is None:
            return None
        return Owed._make([*row[:7], Window(row[7], row[8]), *row[9:], number])


_owed_table, _unit_table, _sent_table = map(
    table_of, (ReportingObligation, ReportingUnit, Submission)
)
_owed, _unit, _sent = _owed_table.c, _unit_table.c, _sent_table.c
# SQLite has no sequences, and a writer of it has the database to itself.
_NEXT_ALONE = select(func.coalesce(func.max(_sent.id), 0) + 1)
_BY_CODE, _BY_ID = _Finding(_unit.code), _Finding(_unit.id)


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
