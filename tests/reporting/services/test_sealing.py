"""Sealing: every committed line gets its place once, and the end of the chain is signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from reporting.db import make_engine, make_session_factory, migrate
from reporting.errors import Conflict
from reporting.models import AuditHead, AuditLine, AuditLink
from reporting.services import sealing
from reporting.services.audit import Entry, record
from reporting.services.sealing import GENESIS, accept_end, link, seal
from reporting.services.signing import ServerKey
from tests.builders import IN_Q3, SIGNER, SYSTEM
from tests.reporting.services.tampering import checked, let_tamper, some_lines, tamper, told


def links(session: Session) -> list[AuditLink]:
    """The chain, from its first link."""
    return list(session.scalars(select(AuditLink).order_by(AuditLink.number)))


def test_lines_are_chained_in_order_and_their_end_is_signed(session: Session) -> None:
    """Numbers run from 1; each link follows from the one before."""
    ids = some_lines(session, 3)
    chain = links(session)
    assert [one.number for one in chain] == [1, 2, 3, 4]
    assert [one.line_id for one in chain] == [*ids, max(ids) + 1]  # The line of the key is last.
    first = session.get_one(AuditLine, ids[0])
    assert chain[0].chain_sha256 == link(GENESIS, first.sha256)
    head = session.query(AuditHead).one()
    assert (head.number, head.chain_sha256) == (4, chain[-1].chain_sha256)
    assert checked(session).count == 0


def test_sealing_again_seals_nothing(session: Session) -> None:
    """Each ring seals; where nothing is new there is no new end."""
    some_lines(session, 2)
    assert seal(session, SIGNER, now=IN_Q3) == 0
    assert session.query(AuditHead).count() == 1


def test_more_lines_than_one_page_get_one_end(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backlog is sealed as a whole: its later lines are not taken for late ones."""
    monkeypatch.setattr(sealing, "_PAGE", 3)
    some_lines(session, 10)
    assert [one.number for one in links(session)] == list(range(1, 12))
    assert session.query(AuditHead).count() == 1
    assert (checked(session).count, checked(session).unsealed, checked(session).late) == (0, 0, [])


def test_a_line_that_far_back_is_left_is_sealed_by_hand(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ring looks back so many numbers; `audit seal` looks at everything, and verify tells."""
    some_lines(session, 1)
    some_lines(session, 6, sealed=False)
    monkeypatch.setattr(sealing, "_LOOKED_BACK", 4)
    assert seal(session, SIGNER, now=IN_Q3) == 4
    assert checked(session).unsealed == 2
    assert seal(session, SIGNER, now=IN_Q3, from_the_first=True) == 2
    assert (checked(session).unsealed, checked(session).count) == (0, 0)


@pytest.fixture
def store(empty_database_url: str) -> Iterator[sessionmaker[Session]]:
    """A store of the test's own, in which several sessions see each other's commits."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    yield make_session_factory(engine)
    engine.dispose()


def test_two_sealers_at_once_leave_no_gap_and_seal_nothing_twice(
    store: sessionmaker[Session],
) -> None:
    """While lines are being written, too."""
    faults: list[BaseException] = []

    def repeat(act: object) -> None:
        try:
            for _ in range(8):
                with store.begin() as session:
                    act(session)  # type: ignore[operator]
        except BaseException as fault:  # noqa: BLE001 - told by the test
            faults.append(fault)

    def write(session: Session) -> None:
        some_lines(session, 3, sealed=False)

    def seal_them(session: Session) -> None:
        seal(session, SIGNER, now=IN_Q3)

    threads = [threading.Thread(target=repeat, args=(act,)) for act in (write, seal_them) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with store.begin() as session:
        seal(session, SIGNER, now=IN_Q3)
        chain = links(session)
        assert [one.number for one in chain] == list(range(1, 8 * 2 * 3 + 2))
        assert len({one.line_id for one in chain}) == len(chain)
        found = checked(session)
        assert (found.count, found.unsealed) == (0, 0)


def test_a_line_that_is_committed_late_is_sealed_later(store: sessionmaker[Session]) -> None:
    """Its number is lower than one that is sealed already; it is not passed over."""
    if store().get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite has one writer, so that lines are committed in order")
    slow = store()
    entry = Entry(act="test.slow", subject="test/slow")
    late_id = record(slow, SYSTEM, entry, now=IN_Q3)
    with store.begin() as session:
        early = some_lines(session, 2)
        assert min(early) > late_id
    slow.commit()
    slow.close()
    with store.begin() as session:
        assert seal(session, SIGNER, now=IN_Q3) == 1
        assert links(session)[-1].line_id == late_id
        assert checked(session).count == 0


def test_a_line_that_was_rolled_back_leaves_no_gap(store: sessionmaker[Session]) -> None:
    """Numbers of lines may have gaps; those of the chain have none."""
    with store() as session:
        some_lines(session, 2, sealed=False)
        session.rollback()
    with store.begin() as session:
        some_lines(session, 2)
        assert [one.number for one in links(session)] == [1, 2, 3]


def test_an_end_that_was_altered_is_not_sealed_over(session: Session) -> None:
    """The key must not vouch for a chain that someone has cut off."""
    some_lines(session, 3)
    some_lines(session, 3)
    let_tamper(session)
    tamper(session, "DELETE FROM audit_link WHERE number > 5")
    some_lines(session, 1, sealed=False)
    with pytest.raises(Conflict, match="not what was signed last"):
        seal(session, SIGNER, now=IN_Q3)


def test_an_end_that_someone_else_signed_is_not_sealed_over(session: Session) -> None:
    """Who has made the whole chain anew cannot sign its end as we do."""
    thief = ServerKey.new()
    some_lines(session, 2, sealed=False)
    seal(session, thief, now=IN_Q3)
    some_lines(session, 1, sealed=False)
    let_tamper(session)
    tamper(session, "DELETE FROM signing_key")
    with pytest.raises(Conflict, match="not what was signed last"):
        seal(session, SIGNER, now=IN_Q3)


def test_who_looked_into_it_may_go_on_and_the_fault_stays(session: Session) -> None:
    """Who went on is on the audit; the check tells for ever what was altered."""
    some_lines(session, 3)
    some_lines(session, 3)
    let_tamper(session)
    tamper(session, "DELETE FROM audit_link WHERE number > 5")
    accept_end(session, actor=SYSTEM, signer=SIGNER, now=IN_Q3)
    assert seal(session, SIGNER, now=IN_Q3 + timedelta(minutes=1)) == 2
    acts = set(session.scalars(select(AuditLine.act)))
    assert "audit.end-accepted" in acts
    assert "links 6 to 7 are gone" in told(session)
    assert checked(session).unsealed == 0


def test_a_good_end_needs_no_accepting(session: Session) -> None:
    """It is left alone."""
    some_lines(session, 3)
    before = session.scalar(select(func.count()).select_from(AuditLine))
    accept_end(session, actor=SYSTEM, signer=SIGNER, now=IN_Q3)
    assert session.scalar(select(func.count()).select_from(AuditLine)) == before
