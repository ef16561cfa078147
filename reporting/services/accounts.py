"""Accounts of people: made, ended, their passwords changed; and who may see to that.

A password is shown once, when it is made for someone, and must then be changed. Whoever may reset
the password of an account could act as it, so that he must administer all that it may do.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import Account, ReportingUnit, Role, RoleGrant
from reporting.services import passwords
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.delegation import may_hand_on
from reporting.services.granting import (
    NewGrant,
    actor_of,
    administered_account,
    grant_role,
    list_grants,
    no_account,
    part_of,
    revoke_grant,
)
from reporting.services.locks import take_turn
from reporting.services.one_line import one_line
from reporting.services.rights import reaches, require_for_unit
from reporting.services.sign_in_failures import forgive
from reporting.services.sittings import end_sittings

__all__ = [
    "PAGE_SIZE",
    "NewGrant",
    "actor_of",
    "administered_account",
    "create_account",
    "end_account",
    "find_account",
    "grant_role",
    "list_accounts",
    "list_grants",
    "login_of",
    "no_account",
    "reset_password",
    "revoke_grant",
]

LONGEST_LOGIN = 100
PAGE_SIZE = 100

#: How long a password is good that someone else has seen.
ONE_TIME = timedelta(days=7)

_LOGIN = re.compile(r"[\w.@+-]{2,100}")


def login_of(text: str) -> str:
    """The one spelling of a login: NFC, small letters, no outer blanks; never fails.

    What cannot be a login becomes '', which nobody has.
    """
    plain = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).strip()
    known = unicodedata.normalize("NFC", plain.lower())
    return known if len(known) <= LONGEST_LOGIN and known.isprintable() else ""


def create_account(
    session: Session, *, actor: Actor, login: str, name: str, unit_id: int | None, now: datetime
) -> tuple[Account, str]:
    """Make an account and its first password, which is never to be had again.

    Without a unit it sits at the central office. It may do nothing until it is given a role.
    Flushes; the caller commits. Raises NotAllowed, NotFound, Conflict.
    """
    require_for_unit(session, actor=actor, act=Act.ADMINISTER, unit_id=unit_id)
    if unit_id is not None and session.get(ReportingUnit, unit_id) is None:
        raise NotFound(vi="Không có đơn vị này.", en="There is no such unit.")
    known = login_of(login)
    if _LOGIN.fullmatch(known) is None:
        raise Conflict(
            vi="Tên đăng nhập có 2 đến 100 chữ cái, chữ số và . _ - @ +, không có dấu cách.",
            en="A login has 2 to 100 letters, digits and . _ - @ +, and no blanks.",
        )
    take_turn(session, f"account|{known}")  # A form that is sent twice makes one account.
    if session.scalars(select(Account.id).where(Account.login == known)).one_or_none():
        raise Conflict(
            vi=f"Tên đăng nhập {known} đã có người dùng.", en=f"The login {known} is taken."
        )
    password = passwords.one_time_password()
    account = Account(
        login=known,
        name=one_line(name, "Họ tên", "A name"),
        unit_id=unit_id,
        password_hash=passwords.keep(password),
        must_change=True,
        password_changed_at=now,
        created_at=now,
        created_by=actor.name,
        ended_at=None,
    )
    session.add(account)
    session.flush()
    note(session, actor, "account.created", account, now=now)
    return account, password


def end_account(session: Session, *, actor: Actor, account_id: int, now: datetime) -> Account:
    """Let an account sign in no more; its sittings end at once. The caller commits.

    Raises NotFound, Conflict for one's own.
    """
    account = administered_account(session, actor, account_id)
    if account_id == actor.account_id:
        raise Conflict(
            vi="Không thể tự kết thúc tài khoản của mình.", en="One cannot end one's own account."
        )
    if account.ended_at is None:
        account.ended_at = now
        session.flush()  # First the account: whoever signs in at this moment is waited for.
        end_sittings(session, account_id=account.id, now=now)
        note(session, actor, "account.ended", account, now=now)
    return account


def reset_password(
    session: Session, *, actor: Actor, account_id: int, today: date, now: datetime
) -> tuple[Account, str]:
    """Give an account a new password to be changed; its sittings end. The caller commits.

    Failures under its login are forgiven, so that whoever forgot it is let in at once.

    Raises NotFound, Conflict for one that has ended, NotAllowed where it may do more than the
    actor administers: he could sign in as it.
    """
    account = administered_account(session, actor, account_id)
    if account.ended_at is not None:
        raise Conflict(vi="Tài khoản này đã kết thúc.", en="This account has ended.")
    _require_covers(session, actor, account, today)
    password = passwords.one_time_password()
    account.password_hash = passwords.keep(password)
    account.must_change, account.password_changed_at = True, now
    session.flush()  # First the account: whoever signs in at this moment is waited for.
    end_sittings(session, account_id=account.id, now=now)
    forgive(session, login=account.login)
    note(session, actor, "account.password_reset", account, now=now)
    return account, password


def list_accounts(
    session: Session,
    *,
    actor: Actor,
    unit_id: int | None = None,
    after: str = "",
    limit: int | None = PAGE_SIZE,
) -> list[tuple[Account, str, str]]:
    """Accounts that the actor administers, with code and name of their units: one statement.

    By login; the next page begins `after` the last one. Those that have ended are among them.
    """
    query = (
        select(Account, ReportingUnit.code, ReportingUnit.name_vi)
        .outerjoin(ReportingUnit, ReportingUnit.id == Account.unit_id)
        .where(reaches(actor, Act.ADMINISTER, Account.unit_id), Account.login > after)
        .order_by(Account.login)
        .limit(limit)
    )
    if unit_id is not None:
        query = query.where(Account.unit_id == unit_id)
    return [(account, code or "", name or "") for account, code, name in session.execute(query)]


def find_account(session: Session, *, actor: Actor, login: str) -> Account:
    """The account with a login that the actor administers. Raises NotFound."""
    known = login_of(login)
    query = select(Account).where(
        Account.login == known, reaches(actor, Act.ADMINISTER, Account.unit_id)
    )
    account = session.scalars(query).one_or_none()
    if account is None:
        shown = known[:60]
        raise NotFound(vi=f"Không có tài khoản {shown}.", en=f"There is no account {shown}.")
    return account


def note(session: Session, actor: Actor, act: str, account: Account, *, now: datetime) -> None:
    """Write into the audit what was done to an account."""
    entry = Entry(
        act=act,
        subject=f"account/{account.id}",
        unit_id=account.unit_id,
        details={"login": account.login, "name": account.name},
    )
    record(session, actor, entry, now=now)


def _require_covers(session: Session, actor: Actor, account: Account, today: date) -> None:
    """Raises NotAllowed where an account may do what its administrator may not hand on.

    For how long matters only of who administers: a deputy for a month lets a clerk in again, and
    does not make himself an administrator for good.
    """
    held = session.scalars(
        select(RoleGrant).where(RoleGrant.account_id == account.id, RoleGrant.revoked_at.is_(None))
    )
    for grant in held:
        is_over = grant.valid_to is not None and grant.valid_to < today
        part = part_of(grant, ever=grant.role is not Role.ADMINISTER)
        if not is_over and not may_hand_on(session, actor, part):
            raise NotAllowed(
                vi="Tài khoản này có quyền ngoài phạm vi quản trị của bạn.",
                en="This account may do things beyond what you administer.",
            )
