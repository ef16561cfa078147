"""Sittings at the pages: each begins with a sign-in, and ends when it is left or rests too long.

The browser holds a random token and the store its SHA-256, so that whoever reads the store sits
nowhere. What is ended here is ended for every process at once, whatever a browser still sends.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from reporting.errors import NotFound
from reporting.models import Account, SignIn
from reporting.services.actors import Act, Actor
from reporting.services.audit import Entry, record
from reporting.services.rights import may_for_unit

#: How exactly it is known when someone was last there: writing it at each click would cost a
#: transaction for each page.
SEEN_EVERY = timedelta(minutes=1)

_LONGEST_DEVICE = 200


@dataclass(frozen=True, slots=True)
class SittingLimits:
    """How long a sitting may rest, and how long it may last at all."""

    idle: timedelta = timedelta(minutes=30)
    whole: timedelta = timedelta(hours=12)


def begin_sitting(
    session: Session, *, account: Account, address: str, device: str, now: datetime
) -> tuple[SignIn, str]:
    """A new sitting and its token, which is in nobody's hands yet. Flushes; the caller commits."""
    token = secrets.token_urlsafe(32)
    sitting = SignIn(
        account_id=account.id,
        token_sha256=_hash(token),
        began_at=now,
        seen_at=now,
        address=address[:64],
        device=visible(device),
        ended_at=None,
    )
    session.add(sitting)
    session.flush()
    return sitting, token


def renew_token(session: Session, *, sign_in_id: int) -> str:
    """Another token for a sitting that goes on: a copy of the one before opens nothing any more.

    The caller commits, and only then hands it out.
    """
    token = secrets.token_urlsafe(32)
    renewed = update(SignIn).where(SignIn.id == sign_in_id).values(token_sha256=_hash(token))
    session.execute(renewed)
    return token


def visible(device: str) -> str:
    """What a browser says of itself, on one readable line."""
    return "".join(sign for sign in device if sign.isprintable())[:_LONGEST_DEVICE]


def find_sitting(
    session: Session, token: str, *, limits: SittingLimits, now: datetime
) -> tuple[SignIn, Account] | None:
    """Whose sitting a token is of; None where it is over, or never was. One statement."""
    query = (
        select(SignIn, Account)
        .join(Account, Account.id == SignIn.account_id)
        .where(
            SignIn.token_sha256 == _hash(token),
            _is_live(limits, now),
            Account.ended_at.is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def note_seen(session: Session, *, sign_in_id: int, now: datetime) -> None:
    """Write down that someone is there, if that is not known for this minute. Caller commits."""
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now)
    )


def is_to_be_noted(sitting: SignIn, now: datetime) -> bool:
    """Whether it is worth a transaction to note that someone is there."""
    return sitting.seen_at <= now - SEEN_EVERY


def list_sittings(
    session: Session, *, account_id: int, limits: SittingLimits, now: datetime
) -> Sequence[SignIn]:
    """The sittings of an account that are not over, the newest first."""
    query = select(SignIn).where(SignIn.account_id == account_id, _is_live(limits, now))
    return session.scalars(query.order_by(SignIn.id.desc())).all()


def sign_out(session: Session, *, actor: Actor, sign_in_id: int, now: datetime) -> None:
    """End the sitting that one is in. The caller commits."""
    sitting = session.get_one(SignIn, sign_in_id)
    _end(session, actor, sitting, session.get_one(Account, sitting.account_id), "ended", now)


def revoke_sitting(session: Session, *, actor: Actor, sign_in_id: int, now: datetime) -> SignIn:
    """End one's own sitting elsewhere, or one of an account that one administers.

    The caller commits. Raises NotFound.
    """
    sitting = session.get(SignIn, sign_in_id)
    account = session.get_one(Account, sitting.account_id) if sitting else None
    if sitting is None or account is None or not _may_end(session, actor, account):
        raise NotFound(
            vi=f"Không có phiên làm việc số {sign_in_id}.", en=f"There is no sitting {sign_in_id}."
        )
    _end(session, actor, sitting, account, "revoked", now)
    return sitting


def revoke_sittings(
    session: Session, *, actor: Actor, account_id: int, now: datetime, keep: int | None = None
) -> int:
    """End all sittings of one's own, or of an account that one administers, but one to be kept.

    Gives how many. The caller commits. Raises NotFound.
    """
    account = session.get(Account, account_id)
    if account is None or not _may_end(session, actor, account):
        raise NotFound(
            vi=f"Không có tài khoản số {account_id}.", en=f"There is no account {account_id}."
        )
    count = end_sittings(session, account_id=account_id, now=now, keep=keep)
    if count:
        entry = Entry(
            act="sign_in.all_revoked",
            subject=f"account/{account.id}",
            unit_id=account.unit_id,
            details={"count": count, "login": account.login},
        )
        record(session, actor, entry, now=now)
    return count


def end_sittings(
    session: Session, *, account_id: int, now: datetime, keep: int | None = None
) -> int:
    """End all sittings of an account but one; asks for no right. Gives how many."""
    which = and_(SignIn.account_id == account_id, SignIn.ended_at.is_(None), SignIn.id != keep)
    if keep is None:
        which = and_(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    ended = session.execute(
        update(SignIn).where(which).values(ended_at=now).returning(SignIn.id)
    ).all()
    return len(ended)


def _may_end(session: Session, actor: Actor, account: Account) -> bool:
    if actor.account_id == account.id:
        return True
    return may_for_unit(session, actor, Act.ADMINISTER, account.unit_id)


def _end(
    session: Session, actor: Actor, sitting: SignIn, account: Account, how: str, now: datetime
) -> None:
    if sitting.ended_at is not None:
        return
    sitting.ended_at = now
    session.flush()
    entry = Entry(
        act=f"sign_in.{how}",
        subject=f"account/{account.id}",
        unit_id=account.unit_id,
        details={"login": account.login, "sign_in": sitting.id},
    )
    record(session, actor, entry, now=now)


def _is_live(limits: SittingLimits, now: datetime) -> ColumnElement[bool]:
    return and_(
        SignIn.ended_at.is_(None),
        SignIn.seen_at > now - limits.idle,
        SignIn.began_at > now - limits.whole,
    )


def _hash(token: str) -> str:
    # The token is 32 random bytes, so that a slow hash would protect nothing more.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
