"""Clients and tokens: shown once, never kept, taken back for good."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.services.actors import Actor
from reporting.services.clients import authenticate, create_client, list_clients, revoke
from tests.builders import IN_Q3, SYSTEM, a_token, a_unit


def test_a_token_says_who_holds_it(session: Session) -> None:
    """The holder of a token acts under its client's name, for its client's unit."""
    unit = a_unit(session)
    actor = authenticate(session, a_token(session, unit, name="Phần mềm một cửa"))
    assert actor is not None
    assert (actor.name, actor.unit_id) == ("Phần mềm một cửa", unit.id)
    assert not actor.may_administer


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


def test_only_the_centre_manages_clients(session: Session) -> None:
    """A client of a unit can neither make, see nor revoke clients."""
    unit = a_unit(session)
    someone = Actor(name="someone", unit_id=unit.id)
    with pytest.raises(NotAllowed):
        create_client(session, actor=someone, name="a", unit_id=unit.id, now=IN_Q3)
    with pytest.raises(NotAllowed):
        list_clients(session, actor=someone)
    with pytest.raises(NotAllowed):
        revoke(session, actor=someone, client_id=1, now=IN_Q3)


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
