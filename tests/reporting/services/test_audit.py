"""Lines of the audit: one thing someone did, in canonical bytes, that nobody changes."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from forms.canonical import canonical_json
from reporting.models import AuditLine
from reporting.services.actors import Act, Actor, of_unit
from reporting.services.audit import Entry, list_lines, record
from reporting.services.signing import is_good
from tests.builders import IN_Q3, SIGNER, SYSTEM, a_province, a_unit
from tests.reporting.services.tampering import TABLES, some_lines

WHO = Actor(name="Trần Thị Bình", account_id=7, client_id=3, address="10.1.2.3")
WHAT = Entry(act="test.done", subject="test/1", unit_id=12, details={"từ": 1, "đến": [None, True]})


def written(session: Session, **more: object) -> AuditLine:
    """One line as it is kept."""
    number = record(session, WHO, WHAT, now=IN_Q3, **more)  # type: ignore[arg-type]
    return session.get_one(AuditLine, number)


def test_a_line_is_canonical_and_hashed(session: Session) -> None:
    """Its body is the same bytes whoever writes it again, and its hash is over them."""
    line = written(session)
    assert canonical_json(json.loads(line.body)) == line.body
    assert sha256(line.body).hexdigest() == line.sha256
    assert line.signature == line.key_id == ""


def test_the_body_says_who_what_when_and_from_where(session: Session) -> None:
    """Everything stands in what is hashed."""
    assert json.loads(written(session).body) == {
        "account": 7,
        "act": "test.done",
        "actor": "Trần Thị Bình",
        "address": "10.1.2.3",
        "at": "2026-09-10T03:00:00.000000Z",
        "client": 3,
        "details": {"từ": 1, "đến": [None, True]},
        "subject": "test/1",
        "unit": 12,
    }


def test_the_columns_repeat_what_the_body_says(session: Session) -> None:
    """A line is found by the same values that are hashed."""
    line = written(session)
    assert (line.at, line.act, line.actor) == (IN_Q3, "test.done", "Trần Thị Bình")
    assert (line.account_id, line.client_id, line.unit_id) == (7, 3, 12)
    assert line.subject == "test/1"


def test_a_line_may_be_signed(session: Session) -> None:
    """A receipt is a line with a signature over its body."""
    line = written(session, signer=SIGNER)
    assert line.key_id == SIGNER.key_id
    assert is_good(SIGNER.public_pem, line.body, line.signature)


def test_a_float_is_refused(session: Session) -> None:
    """What has no one way of writing it is not hashed."""
    entry = Entry(act="test.done", subject="test/1", details={"x": float("nan")})
    with pytest.raises(ValueError, match="Out of range"):
        record(session, WHO, entry, now=IN_Q3)


CHANGES = ["UPDATE {table} SET {key} = {key} + 1", "DELETE FROM {table}", "way round"]
#: How rows are taken away without a DELETE.
WAY_ROUND = {
    "sqlite": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "postgresql": "TRUNCATE {table}",
}
KEYS = {"audit_line": "id", "audit_link": "number", "audit_head": "number"}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_the_database_itself_refuses_changes(session: Session, change: str, table: str) -> None:
    """Whatever program is at fault, what was written stays, to the last row."""
    some_lines(session, 3)
    count = text(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of the test's own
    before = session.scalar(count)
    assert before
    wanted = WAY_ROUND[session.get_bind().dialect.name] if change == "way round" else change
    statement = text(wanted.format(table=table, key=KEYS[table]))
    with pytest.raises(DBAPIError, match=f"{table} is only added to"), session.begin_nested():
        session.execute(statement)
    assert session.scalar(count) == before


def test_an_administrator_reads_the_lines_of_his_units(session: Session) -> None:
    """Those of his unit and of the units below it, and of nobody else; the newest first."""
    province = a_province(session)
    below = a_unit(session, "X01840", parent=province)
    other = a_unit(session, "X99999")
    for unit_id in (province.id, below.id, other.id, None):
        entry = Entry(act="test.done", subject="test/1", unit_id=unit_id)
        record(session, SYSTEM, entry, now=IN_Q3)
    mine = of_unit("quản trị", province.id, {Act.ADMINISTER})
    assert [code for _, code in list_lines(session, actor=mine)] == ["X01840", "H55"]
    reader = of_unit("người xem", province.id, {Act.READ, Act.RECEIVE})
    assert list_lines(session, actor=reader) == []
    everything = [line.unit_id for line, _ in list_lines(session, actor=SYSTEM)]
    assert everything == [None, other.id, below.id, province.id]
