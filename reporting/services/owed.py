"""Which obligation a return is for, and what stands against taking it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, literal, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.issues import Issue
from forms.period import BadPeriod, Period, Window
from forms.returns import RawReturn
from reporting.at_once import Asked, ask_at_once, connection_of
from reporting.models import (
    ReportingObligation,
    ReportingUnit,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.models.base import table_of
from reporting.services import locks
from reporting.services.actors import Act, Actor
from reporting.services.cross_checks import (
    Sides,
    find_sides,
    has_readers,
    questions_of,
    sides_asked,
)
from reporting.services.obligations import list_owed
from reporting.services.rights import require_for_unit
from reporting.services.units import find_unit, normalise_identifier


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
    amendable_at: datetime | None  # since when what was accepted may be corrected
    sides: Sides  # what its own rules compare it with
    next_submission: int = 0  # the id of the revision that may be stored; 0 where none may be


def find_owed(
    session: Session,
    *,
    actor: Actor,
    raw: RawReturn,
    form: FormVersion,
    catalogue: Catalogue,
    received_at: datetime,
    act: Act,
    lock: bool,
) -> tuple[Owed | None, list[Issue]]:
    """The obligation of a return and the issues with it; `lock` keeps its row until the commit.

    `act` is what the actor wants to do with it.

    What it is compared with is read in the same trip, and under the same lock. Raises NotAllowed.
    """
    try:
        period = Period.parse(raw.period)
    except BadPeriod:
        return None, [_bad_period(raw, form)]
    find = partial(_find, session, catalogue, form, period, lock=lock)
    owed = find(normalise_identifier(raw.unit))
    if owed is None:
        on = period.window().last
        unit = find_unit(session, raw.unit, on=on)
        if unit is None and period.kind not in form.periods:
            return None, [_bad_period(raw, form)]
        if unit is None:
            return None, [Issue("unknown_unit", given=raw.unit[:60], expected="H26, H55.242, …")]
        owed = find(unit.code)
        if owed is None and period.kind not in form.periods:
            return None, [_bad_period(raw, form)]
        if owed is None:
            require_for_unit(session, actor=actor, act=act, unit_id=unit.id, form=form.code)
            return None, [_not_owed(session, actor, unit.id, form, period, received_at)]
    require_for_unit(session, actor=actor, act=act, unit_id=owed.unit_id, form=form.code)
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


def _find(
    session: Session,
    catalogue: Catalogue,
    form: FormVersion,
    period: Period,
    unit: str,
    *,
    lock: bool,
) -> Owed | None:
    """The obligation of the unit with this code, locked first where that is wanted.

    Locking and reading are two statements: what was committed while waiting for the lock must be
    seen, and one statement sees only what was there when it began. With the lock the id of the
    next revision is drawn, so that all that is written under it can be sent at once.
    """
    asked = sides_asked(catalogue, form, period, unit)
    what = {"form": form.code, "period": period.code, "unit": unit}
    first: list[Asked] = [(_NO_LOCK, {})]
    if lock and locks.is_needed(session):
        first = [(_LOCK, what | locks.named(form.code, period.code))]
    elif lock:
        first = [(_NEXT_ALONE, {})]
    drawn, rows, *answers = ask_at_once(
        connection_of(session), *first, (_SELECT, what), *questions_of(asked)
    )
    if not (drawn and rows):
        return None
    sides = Sides(asked, answers)
    row = rows[0]
    version = row[5]
    if version != form.version:
        owed_form = catalogue.form(form.code, version)
        sides = find_sides(session, sides_asked(catalogue, owed_form, period, unit))
    status = SubmissionStatus(row[17]) if row[17] else None
    window, stand = Window(row[7], row[8]), Stand(row[13])
    return Owed._make(
        [*row[:7], window, *row[9:13], stand, *row[14:17], status, *row[18:20], sides, drawn[0][0]]
    )


_owed_table, _unit_table, _sent_table = map(
    table_of, (ReportingObligation, ReportingUnit, Submission)
)
_owed, _unit, _sent = _owed_table.c, _unit_table.c, _sent_table.c
_joined = _owed_table.join(_unit_table, _unit.id == _owed.unit_id)
_wanted = and_(
    _owed.form_code == bindparam("form"),
    _owed.period == bindparam("period"),
    _unit.code == bindparam("unit"),
)
# Made once: making a statement anew for each return costs more than running it.
# The unit's row is locked too: two forms of one unit that read each other arrive one by one.
_LOCK = (
    select(func.nextval("submission_id_seq"), locks.shared(_owed.receiver_id))
    .select_from(_joined)
    .where(_wanted)
    .with_for_update(of=[_owed_table, _unit_table], key_share=True)
)
# SQLite has no sequences, and a writer of it has the database to itself.
_NEXT_ALONE = select(func.coalesce(func.max(_sent.id), 0) + 1)
_NO_LOCK = select(literal(0))
_SELECT = (
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
        _owed.amendable_at,
    )
    .select_from(_joined.outerjoin(_sent_table, _sent.id == _owed.in_force_id))
    .where(_wanted)
)


def _bad_period(raw: RawReturn, form: FormVersion) -> Issue:
    return Issue("bad_period", given=raw.period[:20], expected=", ".join(_examples(form.periods)))


def _examples(kinds: tuple[str, ...]) -> list[str]:
    shown = {"M": "2026-09", "Y": "2026"}
    return [shown.get(kind, f"2026-{kind}") for kind in kinds]


def _not_owed(
    session: Session,
    actor: Actor,
    unit_id: int,
    form: FormVersion,
    period: Period,
    now: datetime,
) -> Issue:
    owed = list_owed(
        session,
        actor=actor,
        unit_id=unit_id,
        now=now,
        form_code=form.code,
        newest_first=True,
        limit=12,
    )
    periods = ", ".join(row.period for row in owed) or "—"
    return Issue("not_owed", given=period.code, expected=periods)
