"""Machine clients and their tokens: making one, telling who holds one, taking it back.

A token is shown once, when it is made; the store has only its SHA-256, so that whoever reads the
store cannot act for anybody.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotFound
from reporting.models import Client, ReportingUnit
from reporting.services.actors import EVERY_ACT, Act, Actor, Grant
from reporting.services.audit import Entry, instant_text, record
from reporting.services.delegation import Part, require_may_hand_on
from reporting.services.one_line import one_line
from reporting.services.rights import may_for_unit, reaches

TOKEN_START = "rpt_"  # noqa: S105 - so that a leaked token is found by a search for it
_PREFIX_LENGTH = len(TOKEN_START) + 6
_MOST_KNOWN = 10_000
_MOST_NETWORKS = 20

#: What a token may do, as one says it: to send is to sign, to draft is to enter.
MAY: Mapping[str, Act] = {"send": Act.APPROVE, "draft": Act.ENTER} | {
    act.value: act for act in Act if act not in (Act.APPROVE, Act.ENTER)
}

#: How long a token that was replaced stays good, so that a program can be switched over.
OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token is good for: which acts, forms, networks, until when, signed by whom."""

    acts: Collection[Act] = EVERY_ACT
    forms: Collection[str] = ()
    networks: Sequence[str] = ()
    signer: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token, from where and until when it may be used."""

    actor: Actor
    networks: tuple[str, ...] = ()
    expires_at: datetime | None = None

    def admits(self, address: str, now: datetime) -> bool:
        """Whether the token may be used from an address at an instant."""
        if self.expires_at is not None and now >= self.expires_at:
            return False
        return not self.networks or _is_in(address, self.networks)


def acts_named(words: Iterable[str]) -> frozenset[Act]:
    """The acts that words of MAY stand for; whoever does anything may also read."""
    return frozenset({MAY[word] for word in words} | {Act.READ})


def create_client(
    session: Session,
    *,
    actor: Actor,
    name: str,
    unit_id: int | None,
    now: datetime,
    limits: Limits | None = None,
) -> tuple[Client, str]:
    """Make a client and its token; the token is never to be had again.

    A client without a unit belongs to the central office and acts for all. What a token makes is
    bound to its own networks at least. Flushes; the caller commits. Raises NotAllowed, NotFound,
    Conflict.
    """
    limits = limits or Limits()
    require_may_hand_on(session, actor=actor, part=_part(unit_id, limits))
    if unit_id is not None and session.get(ReportingUnit, unit_id) is None:
        raise NotFound(vi="Không có đơn vị này.", en="There is no such unit.")
    if not limits.acts:
        raise Conflict(vi="Cần ít nhất một quyền.", en="At least one act is needed.")
    token = TOKEN_START + secrets.token_urlsafe(32)
    client = Client(
        name=one_line(name, "Tên", "A name"),
        unit_id=unit_id,
        token_prefix=token[:_PREFIX_LENGTH],
        token_sha256=_hash(token),
        created_at=now,
        revoked_at=None,
        acts=sorted(limits.acts),
        forms=sorted(limits.forms),
        networks=_handed_on(session, actor, _networks(limits.networks)),
        signer=one_line(limits.signer, "Người ký", "A signer") if limits.signer else "",
        expires_at=limits.expires_at,
        replaces_id=None,
    )
    session.add(client)
    session.flush()
    _record(session, actor, "client.created", client, now)
    return client, token


def rotate(
    session: Session,
    *,
    actor: Actor,
    client_id: int,
    now: datetime,
    overlap: timedelta = OVERLAP,
) -> tuple[Client, str]:
    """Make a token that takes the place of another, which stays good for `overlap` at most.

    Flushes; the caller commits. Raises NotAllowed, NotFound, Conflict for one that was revoked or
    replaced, or has expired: the new one would have expired with it.
    """
    old = _administered(session, actor, client_id)
    if old.revoked_at is not None:
        raise Conflict(vi="Mã này đã bị thu hồi.", en="This token was revoked.")
    if old.expires_at is not None and now >= old.expires_at:
        raise Conflict(
            vi="Mã này đã hết hạn; hãy tạo mã mới.", en="This token has expired; make a new one."
        )
    newer = session.scalars(
        select(Client).where(Client.replaces_id == old.id).order_by(Client.id.desc()).limit(1)
    ).one_or_none()
    if newer is not None and newer.revoked_at is None:
        raise Conflict(
            vi=f"Mã này đã được thay bằng mã số {newer.id}; hãy thay mã đó.",
            en=f"This token was replaced by number {newer.id}; replace that one.",
        )
    limits = Limits(
        frozenset(Act(act) for act in old.acts),
        old.forms,
        old.networks,
        old.signer,
        # Once it was replaced, its own end is that of the overlap.
        old.expires_at if newer is None else newer.expires_at,
    )
    new, token = create_client(
        session, actor=actor, name=old.name, unit_id=old.unit_id, now=now, limits=limits
    )
    new.replaces_id = old.id
    until = now + overlap
    old.expires_at = until if old.expires_at is None else min(old.expires_at, until)
    session.flush()
    _record(session, actor, "client.rotated", old, now)
    return new, token


def authenticate(session: Session, token: str) -> Holder | None:
    """Who holds this token; None for one that was never made or is revoked. One statement.

    The store is asked for the hash, so that how long the answer takes says nothing of the token.
    """
    client = session.scalars(
        select(Client).where(Client.token_sha256 == _hash(token), Client.revoked_at.is_(None))
    ).one_or_none()
    if client is None:
        return None
    grant = Grant(
        acts=frozenset(Act(act) for act in client.acts),
        unit_id=client.unit_id,
        forms=frozenset(client.forms),
        until=client.expires_at.date() if client.expires_at else None,
    )
    actor = Actor(client_id=client.id, name=client.name, grants=(grant,), signer=client.signer)
    return Holder(actor, tuple(client.networks), client.expires_at)


class KnownTokens:
    """The tokens that one process has looked up a moment ago.

    A program sends hundreds of returns with one token; asking the store for each costs a
    transaction. A token that is taken back is refused everywhere within `MOMENT` seconds.
    """

    MOMENT = 5.0

    def __init__(self) -> None:
        self._known: dict[str, tuple[Holder, float]] = {}
        self._last: tuple[Holder, Actor] | None = None  # A program sends from one address.

    def actor_of(
        self,
        token: str,
        look_up: Callable[[str], Holder | None],
        *,
        address: str = "",
        now: datetime | None = None,
    ) -> Actor | None:
        """Who holds a token and may use it from there and now.

        Only tokens that are good are remembered, by their hash.
        """
        digest, moment = _hash(token), time.monotonic()
        holder, until = self._known.get(digest, (None, 0.0))
        if holder is None or moment >= until:
            holder = look_up(token)
            if holder is None:
                self._known.pop(digest, None)
                return None
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[digest] = (holder, moment + self.MOMENT)
        if now is not None and not holder.admits(address, now):
            return None
        last = self._last
        if last is not None and last[0] is holder and last[1].address == address:
            return last[1]
        actor = replace(holder.actor, address=address)
        self._last = (holder, actor)
        return actor


def revoke(session: Session, *, actor: Actor, client_id: int, now: datetime) -> Client:
    """Take a token back for good; a second time changes nothing. Raises NotAllowed, NotFound."""
    client = _administered(session, actor, client_id)
    if client.revoked_at is None:
        client.revoked_at = now
        session.flush()
        _record(session, actor, "client.revoked", client, now)
    return client


def list_clients(session: Session, *, actor: Actor) -> list[tuple[Client, str]]:
    """Every client that the actor administers, with its unit's code, '' for the central office."""
    query = (
        select(Client, ReportingUnit.code)
        .outerjoin(ReportingUnit, ReportingUnit.id == Client.unit_id)
        .where(reaches(actor, Act.ADMINISTER, Client.unit_id))
        .order_by(Client.id)
    )
    return [(client, code or "") for client, code in session.execute(query)]


def _administered(session: Session, actor: Actor, client_id: int) -> Client:
    """A client that the actor administers; another is answered like one that is not there."""
    client = session.get(Client, client_id)
    if client is None or not may_for_unit(session, actor, Act.ADMINISTER, client.unit_id):
        raise NotFound(
            vi=f"Không có tài khoản số {client_id}.", en=f"There is no client {client_id}."
        )
    return client


def _part(unit_id: int | None, limits: Limits) -> Part:
    """Of what a token is handed out: its day is the last on which it may be used."""
    until = limits.expires_at.date() if limits.expires_at else None
    return Part(unit_id=unit_id, forms=frozenset(limits.forms), until=until)


def _record(session: Session, actor: Actor, act: str, client: Client, now: datetime) -> None:
    details = {
        "acts": list(client.acts),
        "expires": instant_text(client.expires_at) if client.expires_at else None,
        "forms": list(client.forms),
        "name": client.name,
        "networks": list(client.networks),
        "replaces": client.replaces_id,
        "signer": client.signer,
        "token": client.token_prefix,
    }
    entry = Entry(act=act, subject=f"client/{client.id}", unit_id=client.unit_id, details=details)
    record(session, actor, entry, now=now)


def _hash(token: str) -> str:
    # The token is 32 random bytes, so that a slow hash would protect nothing more.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _networks(given: Sequence[str]) -> list[str]:
    try:
        found = [str(ip_network(text.strip())) for text in given]
    except ValueError:
        found = []
    if len(found) != len(given) or len(found) > _MOST_NETWORKS:
        raise Conflict(
            vi=f"Mạng phải như 10.1.0.0/16 hoặc 2001:db8::/48, nhiều nhất {_MOST_NETWORKS}.",
            en=f"Networks are such as 10.1.0.0/16 or 2001:db8::/48, {_MOST_NETWORKS} at most.",
        )
    return found


def _handed_on(session: Session, actor: Actor, networks: list[str]) -> list[str]:
    """The networks of a token, within those of the token that makes it."""
    maker = session.get_one(Client, actor.client_id) if actor.client_id is not None else None
    if maker is None or not maker.networks:
        return networks
    if not networks:
        return list(maker.networks)
    own = [ip_network(network) for network in maker.networks]
    if not all(any(_is_within(ip_network(one), each) for each in own) for one in networks):
        raise Conflict(
            vi=f"Mã chỉ tạo được mã cho các mạng của chính nó: {', '.join(maker.networks)}.",
            en=f"A token makes tokens for its own networks only: {', '.join(maker.networks)}.",
        )
    return networks


def _is_within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False


def _is_in(address: str, networks: Sequence[str]) -> bool:
    try:
        there = ip_address(address)
    except ValueError:
        return False
    # A server that listens on IPv6 for both sees 10.1.2.3 as ::ffff:10.1.2.3.
    if isinstance(there, IPv6Address) and there.ipv4_mapped is not None:
        there = there.ipv4_mapped
    return any(there in ip_network(network) for network in networks)
