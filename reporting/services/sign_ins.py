"""Signing in: proving who one is, being counted where that fails, and changing a password.

Whatever is wrong, the name, the password, an ended account, too many failures, the answer is one
and the same, so that nobody learns which names there are. A failure is a value and no exception:
raised, it would be rolled back, and not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict
from reporting.models import Account, SignIn
from reporting.services import passwords
from reporting.services.accounts import ONE_TIME, login_of, note
from reporting.services.actors import Actor
from reporting.services.audit import Entry, record
from reporting.services.sign_in_failures import (
    Attempt,
    begin_attempt,
    count_failure,
    is_locked,
)
from reporting.services.sittings import begin_sitting, end_sittings, visible

_log = structlog.get_logger()

#: What is said to whoever was not let in, in Vietnamese and in English.
NOT_LET_IN = (
    "Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản tạm thời không dùng được. "
    "Sau nhiều lần sai, hãy đợi 15 phút hoặc hỏi người quản trị của đơn vị.",
    "The login or the password is wrong, or the account cannot be used now. "
    "After several failures wait for 15 minutes, or ask the administrator of your unit.",
)


@dataclass(frozen=True, slots=True)
class Password:
    """A login and a password, as someone typed them."""

    login: str
    password: str


#: All that may prove who someone is. Single sign-on and certificates become members of this union
#: with a case of their own in `authenticate`; no caller changes (docs/decisions/0011).
Credential = Password


@dataclass(frozen=True, slots=True)
class Origin:
    """From where someone comes, and with which program."""

    address: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Someone was let in: the token of the sitting, which only the browser keeps."""

    token: str
    account: Account
    sitting: SignIn


def sign_in(
    session: Session, credential: Credential, origin: Origin, *, now: datetime
) -> SignedIn | None:
    """Let someone in, or not. The caller commits, also where nobody was let in: it is counted."""
    login = login_of(credential.login)
    attempt = begin_attempt(session, login=login, address=origin.address, now=now)
    if is_locked(session, attempt, now=now):
        _log.warning("a sign-in was refused unseen", address=origin.address)
        return None
    account = authenticate(session, credential, now=now)
    if account is None:
        _note_failure(session, attempt, origin, now)
        return None
    sitting, token = begin_sitting(
        session, account=account, address=origin.address, device=origin.device, now=now
    )
    _record(session, account, origin, "sign_in.begun", now, sign_in=sitting.id)
    return SignedIn(token, account, sitting)


def authenticate(session: Session, credential: Credential, *, now: datetime) -> Account | None:
    """Whose credential this is; None where it is nobody's, or no longer good.

    It takes the time of one password whether there is such a name or not. The account stays
    locked until the commit, so that a password that is just being reset opens nothing.
    """
    query = select(Account).where(Account.login == login_of(credential.login))
    account = session.scalars(query).one_or_none()
    kept = account.password_hash if account else None
    tried = passwords.try_password(kept, credential.password)
    if account is None or not tried.is_right:
        return None
    session.refresh(account, with_for_update=True)
    is_stale = account.must_change and now >= account.password_changed_at + ONE_TIME
    if account.ended_at is not None or account.password_hash != kept or is_stale:
        return None
    if tried.new_hash:
        account.password_hash = tried.new_hash
        session.flush()
    return account


def change_password(
    session: Session,
    *,
    account: Account,
    old: str,
    new: str,
    origin: Origin,
    now: datetime,
    sign_in_id: int | None = None,
) -> bool:
    """Change one's own password; all other sittings end. False where the old one is wrong.

    That counts like a failure to sign in, so that a browser left open helps nobody to guess: the
    caller commits in either case. Raises Conflict where the new one is not good enough.
    """
    attempt = begin_attempt(session, login=account.login, address=origin.address, now=now)
    if is_locked(session, attempt, now=now):
        return False
    known = authenticate(session, Password(account.login, old), now=now)
    if known is None:
        _note_failure(session, attempt, origin, now)
        return False
    passwords.require_good(new, login=known.login, name=known.name)
    if passwords.try_password(known.password_hash, new).is_right:
        raise Conflict(
            vi="Mật khẩu mới phải khác mật khẩu cũ.", en="The new password must be another one."
        )
    known.password_hash = passwords.keep(new)
    known.must_change, known.password_changed_at = False, now
    session.flush()
    end_sittings(session, account_id=known.id, now=now, keep=sign_in_id)
    note(session, _himself(known, origin), "account.password_changed", known, now=now)
    return True


def _note_failure(session: Session, attempt: Attempt, origin: Origin, now: datetime) -> None:
    count_failure(session, attempt, now=now)
    _log.warning("a sign-in failed", address=origin.address)
    if attempt.account is not None:
        _record(session, attempt.account, origin, "sign_in.failed", now)


def _record(
    session: Session, account: Account, origin: Origin, act: str, now: datetime, **more: int
) -> None:
    is_begun = act == "sign_in.begun"
    actor = _himself(account, origin) if is_begun else Actor(name="visitor", address=origin.address)
    entry = Entry(
        act=act,
        subject=f"account/{account.id}",
        unit_id=account.unit_id,
        details={"device": visible(origin.device), "login": account.login, **more},
    )
    record(session, actor, entry, now=now)


def _himself(account: Account, origin: Origin) -> Actor:
    return Actor(name=account.name, account_id=account.id, address=origin.address)
