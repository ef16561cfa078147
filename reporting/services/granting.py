"""Roles of people: given and taken back inside what the giver administers, and read as an actor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotFound
from reporting.models import Account, ReportingUnit, Role, RoleGrant
from reporting.services.actors import ACTS, Act, Actor, Grant
from reporting.services.audit import Entry, record
from reporting.services.delegation import Part, require_may_hand_on
from reporting.services.one_line import one_line
from reporting.services.rights import may_for_unit

_MOST_FORMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A role as it is to be given: for a unit or all (None), for forms or all, from day to day.

    An acting head has APPROVE, a title such as "Phó Giám đốc, ký thay", and two days. Who receives
    at a ministry on the dual line has RECEIVE there: it reaches what is reported to the ministry,
    whoever the sender stands under.
    """

    role: Role
    unit_id: int | None
    below: bool = True
    forms: Collection[str] = ()
    title: str = ""
    valid_from: date
    valid_to: date | None = None


def grant_role(
    session: Session,
    *,
    actor: Actor,
    account_id: int,
    asked: NewGrant,
    today: date,
    now: datetime,
) -> RoleGrant:
    """Give someone a role. The caller commits. Raises NotAllowed, NotFound, Conflict."""
    account = administered_account(session, actor, account_id)
    forms = frozenset(asked.forms)
    require_may_hand_on(
        session,
        actor=actor,
        part=Part(unit_id=asked.unit_id, below=asked.below, forms=forms, until=asked.valid_to),
    )
    _require_sensible(session, account, asked, today)
    grant = RoleGrant(
        account_id=account.id,
        role=asked.role,
        unit_id=asked.unit_id,
        below=asked.below,
        forms=sorted(forms),
        title=one_line(asked.title, "Chức danh", "A title") if asked.title else "",
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        granted_at=now,
        granted_by=actor.name,
        revoked_at=None,
    )
    session.add(grant)
    session.flush()
    _record(session, actor, "account.role_granted", account, grant, now)
    return grant


def revoke_grant(
    session: Session,
    *,
    actor: Actor,
    grant_id: int,
    now: datetime,
    account_id: int | None = None,
) -> RoleGrant:
    """Take a role back for good; a second time changes nothing. The caller commits.

    By whoever could have given it, for whatever days; of one account, where it is named. Raises
    NotFound, NotAllowed.
    """
    grant = session.get(RoleGrant, grant_id)
    if grant is not None and account_id not in (None, grant.account_id):
        grant = None
    account = administered_account(session, actor, grant.account_id) if grant else None
    if grant is None or account is None:
        raise NotFound(vi=f"Không có quyền số {grant_id}.", en=f"There is no grant {grant_id}.")
    require_may_hand_on(session, actor=actor, part=part_of(grant, ever=True))
    if grant.revoked_at is None:
        grant.revoked_at = now
        session.flush()
        _record(session, actor, "account.role_revoked", account, grant, now)
    return grant


def list_grants(session: Session, *, actor: Actor, account_id: int) -> list[tuple[RoleGrant, str]]:
    """Every role that someone was ever given, with the unit's code, the newest first.

    Of oneself, or of an account that the actor administers. Raises NotFound.
    """
    if account_id != actor.account_id:
        administered_account(session, actor, account_id)
    query = (
        select(RoleGrant, ReportingUnit.code)
        .outerjoin(ReportingUnit, ReportingUnit.id == RoleGrant.unit_id)
        .where(RoleGrant.account_id == account_id)
        .order_by(RoleGrant.id.desc())
    )
    return [(grant, code or "") for grant, code in session.execute(query)]


def actor_of(session: Session, account: Account, *, today: date, address: str = "") -> Actor:
    """Someone with the rights that he has on a day. One statement."""
    grants = session.scalars(
        select(RoleGrant)
        .where(RoleGrant.account_id == account.id, is_valid_on(today))
        .order_by(RoleGrant.id)
    )
    return Actor(
        name=account.name,
        grants=tuple(_as_grant(grant) for grant in grants),
        account_id=account.id,
        today=today,
        address=address,
    )


def is_valid_on(day: date) -> ColumnElement[bool]:
    """Whether a RoleGrant holds on a day."""
    return and_(
        RoleGrant.revoked_at.is_(None),
        RoleGrant.valid_from <= day,
        or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= day),
    )


def administered_account(session: Session, actor: Actor, account_id: int) -> Account:
    """An account that the actor administers; another is answered like one that is not there."""
    account = session.get(Account, account_id)
    if account is None or not may_for_unit(session, actor, Act.ADMINISTER, account.unit_id):
        raise no_account(account_id)
    return account


def no_account(account_id: int) -> NotFound:
    """What is said of an account that is not there, or not for the one who asks."""
    return NotFound(
        vi=f"Không có tài khoản số {account_id}.", en=f"There is no account {account_id}."
    )


def part_of(grant: RoleGrant, *, ever: bool) -> Part:
    """Of what a grant gives a role."""
    return Part(
        unit_id=grant.unit_id,
        below=grant.below,
        forms=frozenset(grant.forms),
        until=grant.valid_to,
        ever=ever,
    )


def _as_grant(grant: RoleGrant) -> Grant:
    return Grant(
        acts=ACTS[grant.role],
        unit_id=grant.unit_id,
        below=grant.below,
        forms=frozenset(grant.forms),
        title=grant.title,
        until=grant.valid_to,
    )


def _require_sensible(session: Session, account: Account, asked: NewGrant, today: date) -> None:
    if account.ended_at is not None:
        raise Conflict(vi="Tài khoản này đã kết thúc.", en="This account has ended.")
    if asked.unit_id is not None and session.get(ReportingUnit, asked.unit_id) is None:
        raise NotFound(vi="Không có đơn vị này.", en="There is no such unit.")
    if asked.valid_to is not None and asked.valid_to < max(asked.valid_from, today):
        raise Conflict(
            vi="Ngày kết thúc phải từ ngày bắt đầu và từ hôm nay trở đi.",
            en="The last day must not be before the first, nor before today.",
        )
    if len(asked.forms) > _MOST_FORMS:
        raise Conflict(vi=f"Nhiều nhất {_MOST_FORMS} biểu mẫu.", en=f"At most {_MOST_FORMS} forms.")


def _record(
    session: Session, actor: Actor, act: str, account: Account, grant: RoleGrant, now: datetime
) -> None:
    details = {
        "below": grant.below,
        "forms": list(grant.forms),
        "from": grant.valid_from.isoformat(),
        "grant": grant.id,
        "login": account.login,
        "role": str(grant.role),
        "title": grant.title,
        "unit": grant.unit_id,
        "until": grant.valid_to.isoformat() if grant.valid_to else None,
    }
    unit = account.unit_id if grant.unit_id is None else grant.unit_id
    entry = Entry(act=act, subject=f"account/{account.id}", unit_id=unit, details=details)
    record(session, actor, entry, now=now)
