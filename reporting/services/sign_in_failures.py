"""Failed attempts to sign in: counted in the store, so that a restart forgets none.

Whoever guesses is stopped by name and address together, then by address, and last by name over
all addresses. The last lock would let anyone shut others out, and therefore does not hold where
the account has signed in well before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, select
from sqlalchemy.orm import Session

from reporting.models import Account, SignIn, SignInFailure
from reporting.services.locks import take_turn

#: So many failures in so much time, and what is asked next is refused unseen.
MOST_FOR_LOGIN_AND_ADDRESS, MOST_FOR_ADDRESS = 5, 30
WINDOW = timedelta(minutes=15)
MOST_FOR_LOGIN, LOGIN_WINDOW = 100, timedelta(hours=1)

#: How long an address is known from which an account has signed in well.
KNOWN_FOR = timedelta(days=90)

#: How long failures are kept, and sittings that are over.
_FAILURES_KEPT = timedelta(days=2)
_SITTINGS_KEPT = timedelta(days=400)

_V6_SHARED_BITS = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """Someone who knocks: as whom, from which network; and since when that pair is counted."""

    login: str
    network: str
    account: Account | None
    is_known: bool
    last_good: datetime | None


def begin_attempt(session: Session, *, login: str, address: str, now: datetime) -> Attempt:
    """Look at who knocks, one after the other from one network.

    All at once, a hundred guesses would be looked at before the first of them is counted.
    """
    network = network_of(address)
    take_turn(session, f"sign_in|{network}")
    account = session.scalars(select(Account).where(Account.login == login)).one_or_none()
    good = _good_from(session, account, network, now) if account else []
    # A name that is nobody's may be a password in the wrong field: it is not kept as it is.
    kept = login if account else hashlib.sha256(login.encode()).hexdigest()
    return Attempt(kept, network, account, bool(good), max(good, default=None))


def is_locked(session: Session, attempt: Attempt, *, now: datetime) -> bool:
    """Whether there were too many failures already. What is refused for it counts no further."""
    lately = now - WINDOW
    by_login = SignInFailure.login == attempt.login
    by_network = SignInFailure.address == attempt.network
    pair = _count(by_login, by_network, since=max(lately, attempt.last_good or lately))
    network = _count(by_network, since=lately)
    login = _count(by_login, since=now - LOGIN_WINDOW)
    of_pair, of_network, of_login = session.execute(select(pair, network, login)).one()
    return (
        of_pair >= MOST_FOR_LOGIN_AND_ADDRESS
        or of_network >= MOST_FOR_ADDRESS
        or (of_login >= MOST_FOR_LOGIN and not attempt.is_known)
    )


def count_failure(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Count one failure. The caller commits, although nobody was let in."""
    session.add(SignInFailure(login=attempt.login, address=attempt.network, at=now))
    session.flush()


def forgive(session: Session, *, login: str) -> None:
    """Forget the failures under one login; those of an address as such go with it."""
    session.execute(delete(SignInFailure).where(SignInFailure.login == login))


def forget_old(session: Session, *, now: datetime) -> tuple[int, int]:
    """Remove failures that count no more, and sittings of long ago. Gives how many of each."""
    failures = delete(SignInFailure).where(SignInFailure.at < now - _FAILURES_KEPT)
    sittings = delete(SignIn).where(SignIn.began_at < now - _SITTINGS_KEPT)
    return (
        len(session.execute(failures.returning(SignInFailure.id)).all()),
        len(session.execute(sittings.returning(SignIn.id)).all()),
    )


@lru_cache(maxsize=4_096)
def network_of(address: str) -> str:
    """What is counted as one place: an IPv4 address, or the /64 that one line of IPv6 has."""
    try:
        there = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    mapped = None if isinstance(there, IPv4Address) else there.ipv4_mapped
    if mapped is not None:
        return str(mapped)
    if isinstance(there, IPv4Address):
        return str(there)
    return str(ip_network((there, _V6_SHARED_BITS), strict=False))


def _good_from(session: Session, account: Account, network: str, now: datetime) -> list[datetime]:
    """When an account has signed in well from a network."""
    query = select(SignIn.address, func.max(SignIn.began_at)).where(
        SignIn.account_id == account.id, SignIn.began_at > now - KNOWN_FOR
    )
    rows = session.execute(query.group_by(SignIn.address))
    return [at for address, at in rows if network_of(address) == network]


def _count(*which: ColumnElement[bool], since: datetime) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(SignInFailure)
        .where(*which, SignInFailure.at > since)
        .scalar_subquery()
    )
