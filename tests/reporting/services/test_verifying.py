"""What the check finds of all that someone could do who has got hold of the database."""

# ruff: noqa: S608 - whoever tampers puts his statements together by hand.

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from reporting.errors import Conflict
from reporting.models import AuditHead, AuditLine, AuditLink
from reporting.services.audit import TAKEN_UP, Entry, line_of, record
from reporting.services.keys import trusted_keys
from reporting.services.sealing import GENESIS, head_bytes, link, seal
from reporting.services.signing import ServerKey
from reporting.services.verifying import Verified
from tests.builders import IN_Q3, SIGNER, SYSTEM
from tests.reporting.services.tampering import (
    TABLES,
    checked,
    let_tamper,
    some_lines,
    tamper,
    told,
)

LATER = IN_Q3 + timedelta(days=3)


@pytest.fixture
def chained(session: Session) -> Session:
    """A store with two sealings, of six lines and five, in which everything can be altered."""
    some_lines(session, 5)
    some_lines(session, 5)
    assert checked(session).count == 0
    let_tamper(session)
    return session


def third(session: Session) -> AuditLine:
    """The line in the third place of the chain."""
    return session.get_one(AuditLine, session.get_one(AuditLink, 3).line_id)


def test_an_altered_body_is_found(chained: Session) -> None:
    """What a line says is what was hashed."""
    line = third(chained)
    body = line.body.replace(b"test.done", b"test.none")
    tamper(chained, "UPDATE audit_line SET body = :body WHERE id = :id", body=body, id=line.id)
    assert told(chained) == [f"line {line.id} was altered: its body is not what was hashed"]


def test_a_body_that_was_altered_with_its_hash_is_found(chained: Session) -> None:
    """The link was made from the hash as it was."""
    line, row = third(chained), line_of(SYSTEM, Entry(act="x", subject="test/2"), at=IN_Q3)
    tamper(
        chained,
        "UPDATE audit_line SET body = :body, sha256 = :sha256, act = 'x' WHERE id = :id",
        body=row["body"],
        sha256=row["sha256"],
        id=line.id,
    )
    assert told(chained) == ["the link does not follow from the one before"]


COLUMNS = {
    "at": "'2020-01-01T00:00:00.000000Z'",
    "act": "'test.other'",
    "actor": "'người khác'",
    "account_id": "99",
    "client_id": "99",
    "unit_id": "99",
    "subject": "'test/99'",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_altered_column_is_found(chained: Session, column: str) -> None:
    """By which a line would no longer be found, or under another unit."""
    line = third(chained)
    tamper(chained, f"UPDATE audit_line SET {column} = {COLUMNS[column]} WHERE id = {line.id}")
    assert told(chained) == [f"line {line.id} was altered: a column is not what its body says"]


GARBAGE = {
    "sqlite": {
        "at": "'hôm qua'", "body": "'văn bản'", "sha256": "'zz'", "unit_id": "'đơn vị'",
        "signature": "'không phải'",
    },
    "postgresql": {
        "at": "'infinity'", "body": "'\\x00'", "sha256": "'zz'", "unit_id": "-9223372036854775808",
        "signature": "'không phải'",
    },
}  # fmt: skip


@pytest.mark.parametrize("column", GARBAGE["sqlite"])
def test_garbage_is_a_fault_and_no_failure(chained: Session, column: str) -> None:
    """Who alters the store cannot keep the check from coming to its end."""
    number = third(chained).id
    value = GARBAGE[chained.get_bind().dialect.name][column]
    tamper(chained, f"UPDATE audit_line SET {column} = {value} WHERE id = {number}")
    assert any(f"line {number}" in what for what in told(chained))
    assert checked(chained).links == 11


@pytest.mark.parametrize("value", ["zz", "", "0" * 64])
def test_garbage_in_the_chain_is_a_fault_and_no_failure(chained: Session, value: str) -> None:
    """Nor by what stands in a link or in a signed end."""
    tamper(chained, "UPDATE audit_link SET chain_sha256 = :value WHERE number = 6", value=value)
    tamper(chained, "UPDATE audit_head SET chain_sha256 = :value WHERE number = 11", value=value)
    faults = told(chained)
    assert faults.count("the link does not follow from the one before") == 2
    assert faults.count("the signed end is not the end of the chain") == 2


@pytest.mark.parametrize(
    ("table", "column", "fault"),
    [
        ("audit_line", "sha256", "was altered: its body is not what was hashed"),
        ("audit_link", "chain_sha256", "the link does not follow from the one before"),
        ("audit_head", "chain_sha256", "the signed end is not the end of the chain"),
        ("audit_head", "at", "the end is not signed by a key that is trusted"),
    ],
)
def test_what_is_no_text_is_a_fault_and_no_failure(
    chained: Session, table: str, column: str, fault: str
) -> None:
    """SQLite keeps bytes in any column; neither the check nor the sealer ends at them."""
    if chained.get_bind().dialect.name == "postgresql":
        pytest.skip("PostgreSQL keeps the types of its columns")
    tamper(chained, f"UPDATE {table} SET {column} = x'00ff'")
    assert any(fault in what for what in told(chained))
    some_lines(chained, 1, sealed=False)
    if table == "audit_line":
        assert seal(chained, SIGNER, now=LATER) == 1
    else:
        with pytest.raises(Conflict):
            seal(chained, SIGNER, now=LATER)


def test_a_removed_line_is_found(chained: Session) -> None:
    """Its hash is still in the chain."""
    tamper(chained, "DELETE FROM audit_line WHERE id = :id", id=third(chained).id)
    assert told(chained)[0] == "its line is gone"


def test_a_removed_link_is_found(chained: Session) -> None:
    """Its number is missing, and the next link does not follow."""
    tamper(chained, "DELETE FROM audit_link WHERE number = 3")
    assert told(chained) == [
        "links 3 to 3 are gone",
        "the link does not follow from the one before",
    ]
    assert checked(chained).unsealed == 1


def test_a_link_that_was_removed_and_the_others_moved_up_is_found(chained: Session) -> None:
    """Without a gap in the numbers, too."""
    tamper(chained, "DELETE FROM audit_link WHERE number = 3")
    for number in range(4, 12):
        tamper(chained, f"UPDATE audit_link SET number = {number - 1} WHERE number = {number}")
    faults = told(chained)
    assert "the link does not follow from the one before" in faults
    assert "a signed end lies beyond the chain" in faults


def test_an_inserted_line_is_found(chained: Session) -> None:
    """Nothing can be put between two links."""
    number = record(chained, SYSTEM, Entry(act="test.forged", subject="test/9"), now=IN_Q3)
    for old in range(11, 2, -1):
        tamper(chained, f"UPDATE audit_link SET number = {old + 1} WHERE number = {old}")
    before = chained.get_one(AuditLink, 2).chain_sha256
    chain = link(before, chained.get_one(AuditLine, number).sha256)
    tamper(
        chained,
        "INSERT INTO audit_link (number, line_id, chain_sha256) VALUES (3, :line, :chain)",
        line=number,
        chain=chain,
    )
    faults = told(chained)
    assert "the link does not follow from the one before" in faults
    assert "the signed end is not the end of the chain" in faults


def test_reordered_links_are_found(chained: Session) -> None:
    """Two lines do not change places."""
    first, second = chained.get_one(AuditLink, 2).line_id, chained.get_one(AuditLink, 3).line_id
    change = "UPDATE audit_link SET line_id = :line WHERE number = :number"
    for number, line in ((2, -1), (3, first), (2, second)):
        tamper(chained, change, number=number, line=line)
    assert told(chained) == ["the link does not follow from the one before"] * 2


def test_a_chain_that_was_cut_off_is_found_by_its_signed_ends(chained: Session) -> None:
    """Whoever removes the last links must remove their end too."""
    tamper(chained, "DELETE FROM audit_link WHERE number > 8")
    assert told(chained) == [
        "a signed end lies beyond the chain",
        "links after 6 are under no signed end",
    ]


def test_a_chain_that_was_cut_off_with_its_ends_is_found_by_one_kept_elsewhere(
    chained: Session,
) -> None:
    """Nothing inside the store can tell; that is why ends are exported."""
    kept = {head.number: head.chain_sha256 for head in chained.query(AuditHead)}
    tamper(
        chained,
        "DELETE FROM audit_line WHERE id IN (SELECT line_id FROM audit_link WHERE number > 6)",
    )
    for table in ("audit_link", "audit_head"):
        tamper(chained, f"DELETE FROM {table} WHERE number > 6")
    assert told(chained) == []
    assert told(chained, known_heads=kept) == [
        "the chain ends before an end that was kept elsewhere"
    ]
    record(chained, SYSTEM, Entry(act="test.other", subject="test/9"), now=IN_Q3)
    some_lines(chained, 4)
    assert told(chained) == []
    assert told(chained, known_heads=kept) == [
        "the link is another than the end that was kept elsewhere"
    ]


def rebuild(session: Session, signer: ServerKey) -> None:
    """Make the whole chain anew from the lines as they are now, and sign its end."""
    tamper(session, "DELETE FROM audit_head")
    chain = GENESIS
    for one in session.query(AuditLink).order_by(AuditLink.number).all():
        chain = link(chain, session.get_one(AuditLine, one.line_id).sha256)
        change = "UPDATE audit_link SET chain_sha256 = :chain WHERE number = :number"
        session.execute(text(change), {"chain": chain, "number": one.number})
    session.expire_all()
    number = session.query(AuditLink).count()
    said = head_bytes(number, chain, "2026-09-10T03:00:00.000000Z")
    session.add(
        AuditHead(
            number=number,
            chain_sha256=chain,
            at=IN_Q3,
            key_id=signer.key_id,
            signature=signer.sign(said),
        )
    )
    session.flush()


def test_a_chain_that_was_made_anew_is_found_by_its_end(chained: Session) -> None:
    """Whoever has the store but not the key cannot sign the end, under whichever name."""
    thief = ServerKey.new()
    row = line_of(SYSTEM, Entry(act="test.forged", subject="test/9"), at=IN_Q3)
    tamper(
        chained,
        "UPDATE audit_line SET body = :body, sha256 = :sha256, act = :act, subject = :subject, "
        "actor = :actor WHERE id = :id",
        id=third(chained).id,
        **{name: row[name] for name in ("body", "sha256", "act", "subject", "actor")},
    )
    rebuild(chained, thief)
    assert told(chained) == ["the end is not signed by a key that is trusted"]
    tamper(
        chained,
        "INSERT INTO signing_key (id, public_pem, first_used_at, retired_at) "
        "SELECT :id, :pem, first_used_at, retired_at FROM signing_key",
        id=thief.key_id,
        pem=thief.public_pem,
    )
    assert told(chained) == [
        "the end is not signed by a key that is trusted",
        f"key {thief.key_id} in the store is not vouched for by the key that signs",
    ]


def test_what_an_old_key_has_signed_stays_good(session: Session) -> None:
    """After a change of keys everything before it can still be checked, and with both keys."""
    some_lines(session, 3)
    new = ServerKey.new()
    some_lines(session, 1, sealed=False)
    seal(session, new, now=LATER)
    assert told(session, new) == []
    assert set(trusted_keys(session, new)) == {SIGNER.key_id, new.key_id}


def test_a_line_that_was_dated_back_is_told(session: Session) -> None:
    """Who may write lines may write one of last year; its place in the chain says when it came."""
    some_lines(session, 3)
    entry = Entry(act="test.forged", subject="test/9")
    number = record(session, SYSTEM, entry, now=IN_Q3 - timedelta(days=90))
    seal(session, SIGNER, now=LATER)
    found = checked(session)
    assert found.count == 0
    assert [late.what.partition(" says")[0] for late in found.late] == [f"line {number}"]


def test_a_sealer_that_rested_makes_no_line_late(session: Session) -> None:
    """After a week without a ring, lines of that week are sealed at once, and are not late."""
    some_lines(session, 3)
    for days in range(7):
        entry = Entry(act="test.done", subject="test/1")
        record(session, SYSTEM, entry, now=IN_Q3 + timedelta(days=days))
    seal(session, SIGNER, now=IN_Q3 + timedelta(days=7))
    assert (checked(session).count, checked(session).late) == (0, [])


@pytest.mark.parametrize("table", TABLES)
def test_a_store_that_no_longer_refuses_changes_is_told(session: Session, table: str) -> None:
    """A trigger that is gone or switched off is a fault by itself."""
    assert checked(session).count == 0
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    else:
        session.execute(text(f"DROP TRIGGER {table}_no_update"))
    faults = checked(session).faults
    assert [fault.what.startswith("the database no longer refuses") for fault in faults] == [True]


def test_very_many_faults_are_counted_and_the_first_told() -> None:
    """A table that was emptied does not fill the memory of the check."""
    found = Verified()
    for number in range(5_000):
        found.blame(number, "x")
    assert (found.count, len(found.faults)) == (5_000, 1_000)


def test_the_line_of_a_key_is_among_those_that_must_be_signed(session: Session) -> None:
    """Else anybody could vouch for his own."""
    some_lines(session, 1)
    let_tamper(session)
    tamper(session, f"UPDATE audit_line SET signature = '' WHERE act = '{TAKEN_UP}'")
    assert any("not signed by a key that is trusted" in what for what in told(session))
