"""People as tests need them: with accounts whose passwords are known, and roles."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from reporting.models import Account, ReportingUnit, Role
from reporting.services import passwords
from reporting.services.accounts import NewGrant, actor_of, create_account, grant_role
from reporting.services.actors import Actor
from reporting.services.sign_ins import Origin, Password, SignedIn, sign_in
from tests.builders import IN_Q3, SYSTEM

#: Four words, as everyone in these tests has chosen; kept once, since keeping takes its time.
GOOD = "mưa rào tháng sáu"
_KEPT = passwords.keep(GOOD)

TODAY = date(2026, 9, 10)
HERE = Origin("203.0.113.7", "Firefox")


def an_account(
    session: Session,
    login: str = "lan",
    *roles: Role,
    unit: ReportingUnit | None = None,
    name: str = "Trần Thị Lan",
    password: str = GOOD,
) -> Account:
    """An account that has changed its first password, with roles for its unit and those below."""
    unit_id = unit.id if unit else None
    account, _ = create_account(
        session, actor=SYSTEM, login=login, name=name, unit_id=unit_id, now=IN_Q3
    )
    kept = _KEPT if password == GOOD else passwords.keep(password)
    session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(must_change=False, password_hash=kept)
    )
    session.refresh(account)
    for role in roles:
        a_grant(session, account, role, unit=unit)
    return account


def a_grant(
    session: Session,
    account: Account,
    role: Role,
    *,
    unit: ReportingUnit | None = None,
    first: date = date(2026, 1, 1),
    last: date | None = None,
    forms: tuple[str, ...] = (),
    below: bool = True,
    title: str = "",
) -> int:
    """A role of an account, given by the system; its id."""
    asked = NewGrant(
        role=role,
        unit_id=unit.id if unit else None,
        below=below,
        forms=forms,
        title=title,
        valid_from=first,
        valid_to=last,
    )
    day = min(last or TODAY, TODAY)
    return grant_role(
        session, actor=SYSTEM, account_id=account.id, asked=asked, today=day, now=IN_Q3
    ).id


def as_actor(session: Session, account: Account, on: date = TODAY) -> Actor:
    """Someone with the rights of a day."""
    return actor_of(session, account, today=on, address=HERE.address)


def enter(
    session: Session,
    login: str = "lan",
    password: str = GOOD,
    *,
    address: str = HERE.address,
    now: datetime = IN_Q3,
) -> SignedIn | None:
    """Try to sign in."""
    return sign_in(session, Password(login, password), Origin(address, HERE.device), now=now)
