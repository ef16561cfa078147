"""Clients and tokens: shown once, never kept, taken back for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import AuditLine
from reporting.services.actors import Act, Actor, Grant, of_unit
from reporting.services.clients import (
    OVERLAP,
    Limits,
    authenticate,
    create_client,
    list_clients,
    revoke,
    rotate,
)
from tests.builders import IN_Q3, SYSTEM, a_token, a_unit


def test_a_token_says_who_holds_it(session: Session) -> None:
    """The holder of a token acts under its client's name, for its client's unit."""
    unit = a_unit(session)
    holder = authenticate(session, a_token(session, unit, name="Phần mềm một cửa"))
    assert holder is not None
    assert holder.actor.name == "Phần mềm một cửa"
    assert [grant.unit_id for grant in holder.actor.grants] == [unit.id]
    assert not holder.actor.is_of_centre(Act.READ)


def test_the_store_never_holds_the_token(session: Session) -> None:
    """Of a token only its hash and its beginning are kept."""
    client, token = create_client(session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3)
    kept = {column.name: getattr(client, column.name) for column in client.__table__.columns}
    assert token not in map(str, kept.values())
    assert token.startswith(client.token_prefix)
    assert len(client.token_prefix) < 12


@pytest.mark.parametrize("token", ["", "rpt_", "rpt_" + "A" * 43, "ế\x00", "\ud800"])
def test_a_token_that_was_never_made_is_nobodys(session: Session, token: str) -> None:
    """Whatever is sent for a token is looked up, and never fails."""
    a_token(session)
    assert authenticate(session, token) is None


def test_a_revoked_token_is_nobodys(session: Session) -> None:
    """A token that was taken back stays so; taking it back again changes nothing."""
    client, token = create_client(session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3)
    revoke(session, actor=SYSTEM, client_id=client.id, now=IN_Q3)
    revoke(session, actor=SYSTEM, client_id=client.id, now=IN_Q3.replace(year=2027))
    assert authenticate(session, token) is None
    assert client.revoked_at == IN_Q3


def test_a_unit_manages_its_own_clients_and_no_others(session: Session) -> None:
    """An administrator of a unit can neither make, see nor revoke clients of another."""
    unit, other = a_unit(session), a_unit(session)
    theirs, _ = create_client(session, actor=SYSTEM, name="b", unit_id=other.id, now=IN_Q3)
    administrator = of_unit("someone", unit.id, [Act.ADMINISTER])
    own, _ = create_client(session, actor=administrator, name="a", unit_id=unit.id, now=IN_Q3)
    for unit_id in (other.id, None):
        with pytest.raises(NotAllowed):
            create_client(session, actor=administrator, name="a", unit_id=unit_id, now=IN_Q3)
    assert [client.id for client, _ in list_clients(session, actor=administrator)] == [own.id]
    with pytest.raises(NotFound):
        revoke(session, actor=administrator, client_id=theirs.id, now=IN_Q3)
    clerk = of_unit("clerk", unit.id, [Act.READ, Act.ENTER])
    with pytest.raises(NotAllowed):
        create_client(session, actor=clerk, name="a", unit_id=unit.id, now=IN_Q3)


def test_a_token_is_good_from_its_networks_and_until_it_expires(session: Session) -> None:
    """Elsewhere, or later, it is nobody's."""
    limits = Limits(networks=["10.1.0.0/16"], expires_at=IN_Q3)
    token = create_client(session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3, limits=limits)[
        1
    ]
    holder = authenticate(session, token)
    assert holder is not None
    before = IN_Q3 - timedelta(seconds=1)
    assert holder.admits("10.1.2.3", before)
    assert holder.admits("::ffff:10.1.2.3", before)
    assert not holder.admits("10.2.2.3", before)
    assert not holder.admits("::ffff:10.2.2.3", before)
    assert not holder.admits("no address", before)
    assert not holder.admits("10.1.2.3", IN_Q3)


def test_a_token_is_replaced_without_a_gap(session: Session) -> None:
    """The new token may do the same; the old one stays good for a while and no longer."""
    limits = Limits(acts=[Act.READ], signer="Nguyễn Văn A")
    old, first = create_client(
        session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3, limits=limits
    )
    new, second = rotate(session, actor=SYSTEM, client_id=old.id, now=IN_Q3)
    assert (new.acts, new.signer, new.replaces_id) == (["read"], "Nguyễn Văn A", old.id)
    was, now_is = authenticate(session, first), authenticate(session, second)
    assert was is not None
    assert now_is is not None
    assert was.admits("", IN_Q3)
    assert not was.admits("", IN_Q3 + OVERLAP)
    assert now_is.admits("", IN_Q3 + OVERLAP)


def test_a_token_that_is_over_is_not_replaced(session: Session) -> None:
    """The new one would open nothing either, and nobody would be told."""
    limits = Limits(expires_at=IN_Q3)
    client, _ = create_client(
        session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3, limits=limits
    )
    with pytest.raises(Conflict, match="expired"):
        rotate(session, actor=SYSTEM, client_id=client.id, now=IN_Q3)
    rotate(session, actor=SYSTEM, client_id=client.id, now=IN_Q3 - timedelta(seconds=1))
    revoke(session, actor=SYSTEM, client_id=client.id, now=IN_Q3)
    with pytest.raises(Conflict, match="revoked"):
        rotate(session, actor=SYSTEM, client_id=client.id, now=IN_Q3)


def test_a_token_is_replaced_once(session: Session) -> None:
    """The end of the overlap is not inherited; where the new one was revoked, another is made."""
    end = IN_Q3 + timedelta(days=365)
    limits = Limits(expires_at=end)
    old, _ = create_client(session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3, limits=limits)
    new, _ = rotate(session, actor=SYSTEM, client_id=old.id, now=IN_Q3)
    with pytest.raises(Conflict, match=f"number {new.id}"):
        rotate(session, actor=SYSTEM, client_id=old.id, now=IN_Q3)
    revoke(session, actor=SYSTEM, client_id=new.id, now=IN_Q3)
    again, _ = rotate(session, actor=SYSTEM, client_id=old.id, now=IN_Q3)
    assert again.expires_at == end


@pytest.mark.parametrize(
    ("asked", "given"),
    [([], ["10.1.0.0/16"]), (["10.1.7.0/24"], ["10.1.7.0/24"]), (["10.0.0.0/8"], None),
     (["10.1.7.0/24", "2001:db8::/48"], None)],
)  # fmt: skip
def test_a_token_makes_tokens_for_its_own_networks(
    session: Session, asked: list[str], given: list[str] | None
) -> None:
    """Otherwise whoever has stolen it makes one that is good from anywhere."""
    bound = Limits(networks=["10.1.0.0/16"])
    maker, _ = create_client(session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3, limits=bound)
    actor = replace(SYSTEM, client_id=maker.id)
    more: dict[str, Any] = {"actor": actor, "name": "b", "unit_id": None, "now": IN_Q3}
    if given is None:
        with pytest.raises(Conflict, match=r"10\.1\.0\.0/16"):
            create_client(session, limits=Limits(networks=asked), **more)
    else:
        assert create_client(session, limits=Limits(networks=asked), **more)[0].networks == given


def test_a_network_that_is_none_is_refused(session: Session) -> None:
    """A slip of the pen must not open or shut a token for good."""
    with pytest.raises(Conflict):
        create_client(
            session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3,
            limits=Limits(networks=["10.1.0.0/99"]),
        )  # fmt: skip


@pytest.mark.parametrize("name", ["", "  ", "hai\ndòng", "x" * 201, "a\x00"])
def test_a_name_is_one_readable_line(session: Session, name: str) -> None:
    """A name that could forge a line of a log, or that nobody can read, is refused."""
    with pytest.raises(Conflict):
        create_client(session, actor=SYSTEM, name=name, unit_id=None, now=IN_Q3)


def test_a_client_needs_a_unit_that_is_there(session: Session) -> None:
    """Neither an unknown unit nor an unknown client is invented."""
    with pytest.raises(NotFound):
        create_client(session, actor=SYSTEM, name="a", unit_id=999_999, now=IN_Q3)
    with pytest.raises(NotFound):
        revoke(session, actor=SYSTEM, client_id=999_999, now=IN_Q3)


def test_the_list_shows_units_and_not_tokens(session: Session) -> None:
    """The list names each client and the code of its unit."""
    unit = a_unit(session, "X00001")
    create_client(session, actor=SYSTEM, name="a", unit_id=unit.id, now=IN_Q3)
    create_client(session, actor=SYSTEM, name="b", unit_id=None, now=IN_Q3)
    listed = [(client.name, code) for client, code in list_clients(session, actor=SYSTEM)]
    assert listed[-2:] == [("a", "X00001"), ("b", "")]


def test_a_token_is_no_wider_than_what_its_maker_administers(session: Session) -> None:
    """Neither other forms, nor longer than he is in office himself; each token is on the audit."""
    unit = a_unit(session)
    last = date(2026, 12, 31)
    grant = Grant(
        acts=frozenset({Act.ADMINISTER}), unit_id=unit.id, forms=frozenset({"A", "B"}), until=last
    )
    deputy = Actor(name="deputy", grants=(grant,))
    good = Limits(forms=["A"], expires_at=datetime(2026, 12, 31, 12, tzinfo=UTC))
    for limits in (
        replace(good, forms=()),
        replace(good, forms=["A", "C"]),
        replace(good, expires_at=None),
        replace(good, expires_at=datetime(2027, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(NotAllowed):
            create_client(
                session, actor=deputy, name="a", unit_id=unit.id, now=IN_Q3, limits=limits
            )
    client, token = create_client(
        session, actor=deputy, name="a", unit_id=unit.id, now=IN_Q3, limits=good
    )
    rotate(session, actor=deputy, client_id=client.id, now=IN_Q3)
    revoke(session, actor=deputy, client_id=client.id, now=IN_Q3)
    lines = session.scalars(select(AuditLine).where(AuditLine.act.like("client.%"))).all()
    assert [line.act for line in lines] == [
        "client.created", "client.created", "client.rotated", "client.revoked",
    ]  # fmt: skip
    assert all(token.encode() not in line.body for line in lines)
    wide, _ = create_client(session, actor=SYSTEM, name="b", unit_id=unit.id, now=IN_Q3)
    with pytest.raises(NotAllowed):
        rotate(session, actor=deputy, client_id=wide.id, now=IN_Q3)
