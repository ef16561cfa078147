"""Keys that sign: kept, retired, vouched for; and not believed because they lie in the store."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from reporting.models import AuditLine
from reporting.services.keys import list_keys, register_at_start, register_key, trusted_keys
from reporting.services.signing import ServerKey
from tests.builders import IN_Q3, SIGNER
from tests.reporting.services.tampering import tamper

LATER = IN_Q3 + timedelta(days=30)


def test_a_key_is_registered_once(session: Session) -> None:
    """Each sealing asks again, and nothing is written again."""
    for _ in range(3):
        register_key(session, SIGNER, now=IN_Q3)
    assert [key.id for key in list_keys(session)] == [SIGNER.key_id]
    assert session.query(AuditLine).count() == 1


def test_a_new_key_retires_and_vouches_for_the_one_before(session: Session) -> None:
    """What the old key has signed stays good under the new one."""
    register_key(session, SIGNER, now=IN_Q3)
    new = ServerKey.new()
    register_key(session, new, now=LATER)
    newest, old = list_keys(session)
    assert (newest.id, newest.retired_at) == (new.key_id, None)
    assert (old.id, old.retired_at) == (SIGNER.key_id, LATER)
    assert trusted_keys(session, new) == {
        new.key_id: new.public_pem,
        SIGNER.key_id: SIGNER.public_pem,
    }


def test_an_old_key_that_is_taken_up_again_vouches_for_the_other(session: Session) -> None:
    """Going back to the key before is a change of keys like any other."""
    new = ServerKey.new()
    for signer, at in ((SIGNER, IN_Q3), (new, LATER), (SIGNER, LATER)):
        register_key(session, signer, now=at)
    assert set(trusted_keys(session, SIGNER)) == {SIGNER.key_id, new.key_id}
    assert {key.id: key.retired_at for key in list_keys(session)} == {
        SIGNER.key_id: None,
        new.key_id: LATER,
    }


def test_a_key_that_was_put_into_the_store_is_not_trusted(session: Session) -> None:
    """Whoever can write to the store can write a key there, and a line that says it is ours."""
    register_key(session, SIGNER, now=IN_Q3)
    forged = ServerKey.new()
    tamper(
        session,
        "INSERT INTO signing_key (id, public_pem, first_used_at, retired_at) "
        "SELECT :id, :pem, first_used_at, retired_at FROM signing_key",
        id=forged.key_id,
        pem=forged.public_pem,
    )
    assert forged.key_id not in trusted_keys(session, SIGNER)
    line = session.query(AuditLine).one()
    tamper(
        session,
        "INSERT INTO audit_line (at, act, actor, subject, body, sha256, key_id, signature) "
        "SELECT at, act, actor, subject, :body, sha256, key_id, signature FROM audit_line",
        body=line.body.replace(b'"before":[]', b'"before":[{"id":"1","public_pem":"1"}]'),
    )
    assert list(trusted_keys(session, SIGNER)) == [SIGNER.key_id]


def test_a_process_registers_its_key_at_its_start(session_factory: sessionmaker[Session]) -> None:
    """A receipt that is given in the first second can be checked by whoever asks for the key."""
    register_at_start(session_factory, session_factory, SIGNER, now=IN_Q3)
    with session_factory() as session:
        assert [key.id for key in list_keys(session)] == [SIGNER.key_id]


def test_a_store_without_tables_keeps_no_process_from_starting() -> None:
    """The sealer registers the key when they are there."""
    empty = sessionmaker(create_engine("sqlite://"))
    register_at_start(empty, empty, SIGNER, now=IN_Q3)
