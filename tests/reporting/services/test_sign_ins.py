"""Signing in: who is let in, who is counted, and that nobody can shut another out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from reporting.db import make_engine, make_session_factory, migrate
from reporting.errors import Conflict, NotFound
from reporting.models import Account, AuditLine, Role, SignIn, SignInFailure
from reporting.services.accounts import end_account
from reporting.services.actors import Actor
from reporting.services.sign_in_failures import forget_old, network_of
from reporting.services.sign_ins import change_password
from reporting.services.sittings import (
    SittingLimits,
    find_sitting,
    is_to_be_noted,
    list_sittings,
    note_seen,
    revoke_sitting,
    revoke_sittings,
    sign_out,
)
from tests.builders import IN_Q3, SYSTEM, a_province
from tests.reporting.services.people import GOOD, HERE, an_account, as_actor, enter

LIMITS = SittingLimits()
MINUTE = timedelta(minutes=1)


def fail(session: Session, times: int, login: str = "lan", **where: object) -> None:
    """Try a wrong password so many times."""
    for _ in range(times):
        assert enter(session, login, "sai mật khẩu", **where) is None  # type: ignore[arg-type]


def fail_from_many(session: Session, count: int, login: str = "lan") -> None:
    """What failures from so many addresses leave in the store."""
    session.add_all(
        SignInFailure(login=login, address=f"198.51.100.{number % 250}", at=IN_Q3)
        for number in range(count)
    )
    session.flush()


def acts(session: Session) -> list[str]:
    """What the audit says of sign-ins, in order."""
    query = select(AuditLine.act).where(AuditLine.act.like("sign_in.%")).order_by(AuditLine.id)
    return list(session.scalars(query))


def test_the_right_password_begins_a_sitting(session: Session) -> None:
    """The browser holds a token of which the store has only the hash."""
    an_account(session)
    signed = enter(session)
    assert signed is not None
    found = find_sitting(session, signed.token, limits=LIMITS, now=IN_Q3)
    assert found is not None
    assert (found[0].address, found[0].device, found[1].login) == (HERE.address, "Firefox", "lan")
    kept = session.execute(select(SignIn.__table__)).one()
    assert signed.token not in map(str, kept)
    assert acts(session) == ["sign_in.begun"]


def test_a_password_of_a_mac_is_the_same(session: Session) -> None:
    """Login and password in decomposed letters open the account."""
    an_account(session, "đạt")
    decomposed = [unicodedata.normalize("NFD", text) for text in ("ĐẠT", GOOD)]
    assert enter(session, *decomposed) is not None


@pytest.mark.parametrize(
    ("login", "password"),
    [("lan", "sai"), ("nobody", GOOD), ("gone", GOOD), ("", ""), ("a\x00b", GOOD),
     ("x" * 5000, "y" * 5000), ("lan\n", "\ud800"), ("lan' OR 1=1 --", GOOD)],
)  # fmt: skip
def test_whoever_is_not_let_in_hears_the_same(session: Session, login: str, password: str) -> None:
    """A wrong password, no such name, an ended account: one answer, and each is counted."""
    an_account(session)
    gone = an_account(session, "gone")
    end_account(session, actor=SYSTEM, account_id=gone.id, now=IN_Q3)
    assert enter(session, login, password) is None
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == 1


def test_no_password_is_written_down(session: Session) -> None:
    """Not even where someone types it into the field of the name."""
    an_account(session)
    fail(session, 1)
    enter(session, "mậtkhẩucủatôi", "x")
    kept = list(session.scalars(select(SignInFailure.login)))
    assert "lan" in kept
    assert "mậtkhẩucủatôi" not in kept
    bodies = b"".join(session.scalars(select(AuditLine.body)))
    assert "sai mật khẩu".encode() not in bodies
    assert "mậtkhẩucủatôi".encode() not in bodies


def test_after_five_failures_the_right_password_helps_no_more(session: Session) -> None:
    """Not from there and not within a quarter of an hour; what is refused unseen counts no more."""
    an_account(session)
    fail(session, 5)
    for _ in range(3):
        assert enter(session) is None
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == 5
    assert acts(session) == ["sign_in.failed"] * 5
    assert enter(session, now=IN_Q3 + timedelta(minutes=15)) is not None


def test_a_name_that_is_nobodys_is_locked_alike(session: Session) -> None:
    """That a name is locked says nothing of whether there is such a name."""
    fail(session, 5, "nobody")
    an_account(session, "nobody2")
    before = session.scalar(select(func.count()).select_from(SignInFailure))
    fail(session, 1, "nobody")
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == before


def test_one_who_knows_the_password_is_not_shut_out_by_others(session: Session) -> None:
    """Failures under his name from elsewhere do not count where he sits."""
    an_account(session)
    fail(session, 5, address="198.51.100.9")
    assert enter(session, address="198.51.100.9") is None
    assert enter(session) is not None


def test_failures_before_a_good_sign_in_are_forgiven(session: Session) -> None:
    """Four slips, the right one, one slip more: nobody is locked."""
    an_account(session)
    fail(session, 4)
    assert enter(session, now=IN_Q3 + MINUTE) is not None
    fail(session, 1, now=IN_Q3 + 2 * MINUTE)
    assert enter(session, now=IN_Q3 + 3 * MINUTE) is not None


def test_one_address_cannot_go_through_many_names(session: Session) -> None:
    """Thirty failures from one address, under whatever names, and it is refused unseen."""
    an_account(session)
    for number in range(30):
        fail(session, 1, f"name{number}")
    assert enter(session) is None
    assert enter(session, address="203.0.113.8") is not None


def test_many_addresses_together_do_not_guess_one_name(session: Session) -> None:
    """A hundred failures in an hour shut a name, but not where it has signed in well before."""
    an_account(session)
    assert enter(session, now=IN_Q3 - timedelta(days=80)) is not None
    fail_from_many(session, 100)
    assert enter(session, address="192.0.2.1") is None
    assert enter(session) is not None
    assert enter(session, address="192.0.2.1", now=IN_Q3 + timedelta(hours=1)) is not None


def test_an_address_is_known_for_ninety_days(session: Session) -> None:
    """Where someone sat long ago somebody else may sit now."""
    an_account(session)
    assert enter(session, now=IN_Q3 - timedelta(days=91)) is not None
    fail_from_many(session, 100)
    assert enter(session) is None


def test_an_account_knows_only_its_own_addresses(session: Session) -> None:
    """That another signed in well from there opens no way to guess."""
    an_account(session)
    an_account(session, "an")
    assert enter(session, "an", address="192.0.2.1") is not None
    fail_from_many(session, 100)
    assert enter(session, address="192.0.2.1") is None


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
     ("2001:db8:1:2::9", "2001:db8:1:2::/64"), ("::ffff:203.0.113.7", "203.0.113.7"),
     ("fe80::1%eth0", "fe80::/64"), ("", ""), ("no address", "no address")],
)  # fmt: skip
def test_one_line_of_ipv6_is_one_place(address: str, network: str) -> None:
    """A subscriber has 2^64 addresses, and as many tries if each were counted alone."""
    assert network_of(address) == network


def test_a_guesser_gains_nothing_by_changing_his_address_of_ipv6(session: Session) -> None:
    """Five failures over five addresses of one /64 lock it."""
    an_account(session)
    for number in range(5):
        fail(session, 1, address=f"2001:db8::{number + 1}")
    assert enter(session, address="2001:db8::99") is None
    assert enter(session, address="2001:db8:0:1::99") is not None


@pytest.fixture
def own_sessions(empty_database_url: str) -> Iterator[sessionmaker[Session]]:
    """A store of the test's own, in which transactions really end."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    yield make_session_factory(engine)
    engine.dispose()


def test_a_restart_forgets_no_failure(
    own_sessions: sessionmaker[Session], empty_database_url: str
) -> None:
    """The count is in the store: another process refuses what the first one counted."""
    with own_sessions.begin() as session:
        an_account(session)
    for _ in range(5):
        with own_sessions.begin() as session:
            fail(session, 1)
    engine = make_engine(empty_database_url)
    with make_session_factory(engine).begin() as session:
        assert enter(session) is None
        assert enter(session, address="203.0.113.8") is not None
    engine.dispose()


def test_guesses_that_come_at_once_are_counted_one_by_one(
    own_sessions: sessionmaker[Session],
) -> None:
    """Twenty at the same moment are five that are looked at, as if they had come in a row."""
    with own_sessions.begin() as session:
        an_account(session)

    def guess(number: int) -> bool:
        with own_sessions.begin() as session:
            return enter(session, password=f"sai {number}") is not None

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(guess, range(20)))
    with own_sessions() as session:
        assert session.scalar(select(func.count()).select_from(SignInFailure)) == 5


def test_a_password_under_older_parameters_is_kept_anew(session: Session) -> None:
    """Whoever signs in is kept under the parameters of today."""
    account = an_account(session)
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    session.execute(update(Account).values(password_hash=old))
    session.refresh(account)
    assert enter(session) is not None
    assert "m=19456" in account.password_hash
    assert enter(session) is not None


def test_a_sitting_that_rests_too_long_is_over(session: Session) -> None:
    """Half an hour without a click; each click begins it anew, until the day is over."""
    an_account(session)
    signed = enter(session)
    assert signed is not None
    idle = IN_Q3 + LIMITS.idle
    assert find_sitting(session, signed.token, limits=LIMITS, now=idle) is None
    at = IN_Q3
    while at < IN_Q3 + LIMITS.whole - timedelta(minutes=20):
        at += timedelta(minutes=20)
        assert find_sitting(session, signed.token, limits=LIMITS, now=at - MINUTE) is not None
        note_seen(session, sign_in_id=signed.sitting.id, now=at)
        session.expire_all()
    whole = IN_Q3 + LIMITS.whole
    assert find_sitting(session, signed.token, limits=LIMITS, now=whole - MINUTE) is not None
    assert find_sitting(session, signed.token, limits=LIMITS, now=whole) is None


def test_being_seen_is_written_once_a_minute(session: Session) -> None:
    """Clicks within a minute cost no writing."""
    an_account(session)
    signed = enter(session)
    assert signed is not None
    soon = IN_Q3 + timedelta(seconds=59)
    assert not is_to_be_noted(signed.sitting, soon)
    note_seen(session, sign_in_id=signed.sitting.id, now=soon)
    session.refresh(signed.sitting)
    assert signed.sitting.seen_at == IN_Q3
    assert is_to_be_noted(signed.sitting, IN_Q3 + MINUTE)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a\x00", "A" * 43])
def test_a_token_that_was_never_made_opens_nothing(session: Session, token: str) -> None:
    """Whatever a browser sends is looked up, and never fails."""
    an_account(session)
    enter(session)
    assert find_sitting(session, token, limits=LIMITS, now=IN_Q3) is None


def test_what_was_left_or_taken_away_opens_nothing_again(session: Session) -> None:
    """Signing out, ending the sitting from elsewhere, ending the account: all at once."""
    account = an_account(session)
    me = as_actor(session, account)
    tokens = []
    for _ in range(3):
        signed = enter(session)
        assert signed is not None
        tokens.append((signed.token, signed.sitting.id))

    def live() -> list[bool]:
        found = [find_sitting(session, token, limits=LIMITS, now=IN_Q3) for token, _ in tokens]
        return [one is not None for one in found]

    sign_out(session, actor=me, sign_in_id=tokens[0][1], now=IN_Q3)
    assert live() == [False, True, True]
    revoke_sitting(session, actor=me, sign_in_id=tokens[1][1], now=IN_Q3)
    assert live() == [False, False, True]
    listed = list_sittings(session, account_id=account.id, limits=LIMITS, now=IN_Q3)
    assert [one.id for one in listed] == [tokens[2][1]]
    end_account(session, actor=SYSTEM, account_id=account.id, now=IN_Q3)
    assert live() == [False, False, False]
    assert acts(session)[-2:] == ["sign_in.ended", "sign_in.revoked"]


def test_sittings_are_ended_by_oneself_and_ones_administrator(session: Session) -> None:
    """A neighbour cannot, and does not learn whether there is one."""
    province, other = a_province(session), a_province(session, "H12")
    clerk = an_account(session, "clerk", Role.ENTER, unit=province)
    signed = enter(session, "clerk")
    assert signed is not None
    stranger = as_actor(session, an_account(session, "x1", Role.ADMINISTER, unit=other))
    colleague = as_actor(session, an_account(session, "x2", Role.APPROVE, unit=province))
    for actor in (stranger, colleague, Actor(name="nobody")):
        with pytest.raises(NotFound):
            revoke_sitting(session, actor=actor, sign_in_id=signed.sitting.id, now=IN_Q3)
        with pytest.raises(NotFound):
            revoke_sittings(session, actor=actor, account_id=clerk.id, now=IN_Q3)
    chief = as_actor(session, an_account(session, "chief", Role.ADMINISTER, unit=province))
    assert revoke_sittings(session, actor=chief, account_id=clerk.id, now=IN_Q3) == 1
    assert revoke_sittings(session, actor=chief, account_id=clerk.id, now=IN_Q3) == 0


def change(session: Session, account: Account, old: str, new: str, keep: int | None = None) -> bool:
    """Change a password from the usual place."""
    return change_password(
        session, account=account, old=old, new=new, origin=HERE, now=IN_Q3, sign_in_id=keep
    )


def test_changing_a_password_ends_all_other_sittings(session: Session) -> None:
    """Whoever sat elsewhere with the old one sits there no more."""
    account = an_account(session)
    first, second = enter(session), enter(session)
    assert first is not None
    assert second is not None
    new = "gió bấc thổi qua đồng"
    assert change(session, account, GOOD, new, second.sitting.id)
    assert find_sitting(session, first.token, limits=LIMITS, now=IN_Q3) is None
    assert find_sitting(session, second.token, limits=LIMITS, now=IN_Q3) is not None
    assert enter(session) is None
    assert enter(session, password=new) is not None


def test_a_password_is_not_changed_without_the_old_one(session: Session) -> None:
    """A browser that was left open helps nobody to guess: five tries, and no more is looked at."""
    account = an_account(session)
    new = "gió bấc thổi qua đồng"
    for _ in range(5):
        assert not change(session, account, "sai", new)
    assert not change(session, account, GOOD, new)
    assert enter(session, address="203.0.113.8") is not None


@pytest.mark.parametrize("new", [GOOD, unicodedata.normalize("NFD", GOOD), "ngắn", "matkhau12345"])
def test_a_new_password_is_another_and_a_good_one(session: Session, new: str) -> None:
    """Neither the old one again, however it is spelt, nor one that is soon guessed."""
    account = an_account(session)
    with pytest.raises(Conflict):
        change(session, account, GOOD, new)


def test_old_failures_and_sittings_are_forgotten(session: Session) -> None:
    """What counts no more is not kept for good; what still counts is."""
    an_account(session)
    assert enter(session) is not None
    fail(session, 2)
    assert forget_old(session, now=IN_Q3 + timedelta(hours=2)) == (0, 0)
    assert forget_old(session, now=IN_Q3 + timedelta(days=3)) == (2, 0)
    assert forget_old(session, now=IN_Q3 + timedelta(days=401)) == (0, 1)
