"""The engine and its sessions: who waits for whom, and what an instant looks like in the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    Executable,
    MetaData,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from reporting.at_once import ask_at_once, write_at_once
from reporting.db import check_drift, make_engine, make_session_factory, migrate
from reporting.models import Base
from reporting.models.base import NAMING_CONVENTION, UtcDateTime, enum_text


class Colour(StrEnum):
    """Two kinds of something."""

    RED = "red"
    BLUE = "blue"


class _Ground(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = Base.type_annotation_map


class _Event(_Ground):
    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    colour: Mapped[Colour] = mapped_column(enum_text(Colour))


EVENT: Table = _Ground.metadata.tables["event"]


@pytest.fixture
def own_engine(empty_database_url: str) -> Iterator[Engine]:
    """An engine on a database of the test's own, with the table of events."""
    engine = make_engine(empty_database_url)
    _Ground.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_the_migrated_store_is_what_the_tables_say(empty_database_url: str) -> None:
    """Migrating an empty database leaves no drift, and migrating again does nothing."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    assert check_drift(engine) == ()
    migrate(engine)
    assert check_drift(engine) == ()
    engine.dispose()


def test_drift_is_named(empty_database_url: str) -> None:
    """A column that someone dropped by hand is told by its name."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE unit_term DROP COLUMN recorded_by"))
    assert any("recorded_by" in line for line in check_drift(engine))
    engine.dispose()


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    """A fresh clone has no var/ folder."""
    engine = make_engine(f"sqlite:///{tmp_path / 'var' / 'reporting.db'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()


def test_an_instant_comes_back_in_utc(own_engine: Engine) -> None:
    """Whatever zone an instant was given in, it comes back as the same instant in UTC."""
    hanoi = timezone(timedelta(hours=7))
    given = [
        datetime(2026, 9, 22, 0, 0, tzinfo=hanoi),
        datetime(2026, 9, 22, 0, 0, 0, 1, tzinfo=UTC),
    ]
    with own_engine.begin() as connection:
        rows = [{"at": at, "colour": Colour.RED} for at in reversed(given)]
        connection.execute(insert(EVENT), rows)
        found = list(connection.scalars(select(EVENT.c.at).order_by(EVENT.c.at)))
        before = connection.scalars(select(EVENT.c.at).where(EVENT.c.at < given[1])).all()
    assert found == given
    assert {at.tzinfo for at in found} == {UTC}
    assert before == given[:1]


def test_a_naive_instant_is_refused(own_engine: Engine) -> None:
    """Nobody can tell what instant a datetime without a zone is."""
    naive = datetime(2026, 9, 22)  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"), own_engine.begin() as connection:
        connection.execute(insert(EVENT), {"at": naive, "colour": Colour.RED})


def test_a_kind_that_is_not_declared_is_refused_by_the_store(own_engine: Engine) -> None:
    """The CHECK holds even for who writes past the program, and it has a name."""
    names = {str(constraint.name) for constraint in EVENT.constraints}
    assert "ck_event_colour" in names
    now = datetime(2026, 9, 22, tzinfo=UTC)
    stored = UtcDateTime().bind_processor(own_engine.dialect)
    instant = stored(now) if stored else now
    with pytest.raises(IntegrityError), own_engine.begin() as connection:
        connection.execute(
            text("INSERT INTO event (at, colour) VALUES (:at, 'green')"), {"at": instant}
        )


def test_a_reading_session_cannot_write_on_postgresql(own_engine: Engine) -> None:
    """What was opened for reading reads; on PostgreSQL it can do nothing else."""
    with make_session_factory(own_engine, reading=True)() as session:
        assert session.scalar(select(EVENT.c.id)) is None
        if own_engine.dialect.name == "postgresql":
            assert session.scalar(text("SHOW transaction_read_only")) == "on"
    with make_session_factory(own_engine).begin() as session:
        session.execute(insert(EVENT), {"at": datetime(2026, 1, 1, tzinfo=UTC), "colour": "red"})


def test_a_reader_does_not_wait_for_a_writer(own_engine: Engine) -> None:
    """While someone writes, others read what was there before."""
    writing = make_session_factory(own_engine)
    reading = make_session_factory(own_engine, reading=True)
    with writing.begin() as writer:
        writer.execute(insert(EVENT), {"at": datetime(2026, 1, 1, tzinfo=UTC), "colour": "red"})
        with reading() as reader:
            assert reader.scalar(select(EVENT.c.id)) is None
    with reading() as reader:
        assert reader.scalar(select(EVENT.c.id)) is not None


def test_two_writers_of_sqlite_take_turns_from_the_first_step(tmp_path: Path) -> None:
    """A second writer waits when it begins, so it never writes on a stale snapshot."""
    first = make_engine(f"sqlite:///{tmp_path / 'store.db'}")
    second = make_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with first.begin() as writer:
        writer.execute(text("SELECT 1"))
        with second.connect() as other:
            other.connection.cursor().execute("PRAGMA busy_timeout = 1")
            with pytest.raises(OperationalError, match="locked"):
                other.execute(text("SELECT 1"))
    first.dispose()
    second.dispose()


def test_postgresql_is_bounded(own_engine: Engine) -> None:
    """One stuck statement cannot hold a connection for good; the zone of the session is UTC."""
    if own_engine.dialect.name == "sqlite":
        with own_engine.connect() as connection:
            assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000
        return
    with own_engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "2min"
        assert connection.execute(text("SHOW timezone")).scalar() == "UTC"


def test_what_is_asked_at_once_is_answered_in_order(own_engine: Engine) -> None:
    """Written and read in one trip, with the types of the columns, as one by one."""
    given = datetime(2026, 9, 22, 17, tzinfo=timezone(timedelta(hours=7)))
    row = {"id": 5, "at": given, "colour": Colour.BLUE}
    with own_engine.begin() as connection:
        written, read = ask_at_once(connection, (_WRITE, row), (_READ, {"wanted": 5}))
    assert written == ()
    assert [tuple(line) for line in read] == [(5, given.astimezone(UTC), "blue")]


def test_what_fails_among_things_asked_at_once_fails_as_elsewhere(own_engine: Engine) -> None:
    """A store that is too busy is told as SQLAlchemy tells it, and the connection can go on."""
    if own_engine.dialect.name == "sqlite":
        return
    with own_engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 1"))
        with pytest.raises(OperationalError, match="timeout"):
            ask_at_once(connection, (_SLEEP, {}), (_READ, {"wanted": 5}))
        connection.rollback()
        assert ask_at_once(connection, (_READ, {"wanted": 5})) == [[]]


def test_what_is_written_at_once_is_there_after_the_commit(own_engine: Engine) -> None:
    """It travels with the commit, or with the next question, which sees it."""
    with own_engine.begin() as connection:
        write_at_once(connection, (_WRITE, [_row(1), _row(2)]), last=_paint(1))
        assert [line[2] for line in connection.execute(_READ, {"wanted": 1})] == ["red"]
        write_at_once(connection, (_WRITE, [_row(3)]), last=_paint(2))
        assert [line[2] for line in ask_at_once(connection, (_READ, {"wanted": 2}))[0]] == ["red"]
        write_at_once(connection, (_WRITE, [_row(4)]), last=_paint(3))
    with own_engine.connect() as connection:
        assert connection.scalars(select(EVENT.c.id).order_by(EVENT.c.id)).all() == [1, 2, 3, 4]


def test_what_is_written_at_once_is_gone_after_a_rollback(own_engine: Engine) -> None:
    """What was held back is forgotten, and the next transaction begins afresh."""
    with own_engine.connect() as connection:
        write_at_once(connection, (_WRITE, [_row(1)]), last=_paint(1))
        connection.rollback()
        assert connection.scalar(select(func.count()).select_from(EVENT)) == 0


def test_a_write_that_fails_fails_before_anyone_hears_of_success(own_engine: Engine) -> None:
    """At the latest the commit raises it, and nothing of the transaction stays."""

    def write(*numbers: int) -> None:
        with own_engine.begin() as connection:
            for number in numbers:
                write_at_once(connection, (_WRITE, [_row(number)]), last=_paint(0))

    write(1)
    with pytest.raises(IntegrityError):
        write(2, 1)
    with own_engine.connect() as connection:
        assert connection.scalars(select(EVENT.c.id)).all() == [1]


def test_many_shapes_of_one_statement_are_answered(own_engine: Engine) -> None:
    """More than a connection keeps prepared, before and after a rollback, which forgets them."""
    with own_engine.connect() as connection:
        for count in (*range(1, 120), *range(1, 120)):
            rows = [_row(number) for number in range(count)]
            write_at_once(connection, (_WRITE, rows), last=_paint(0))
            assert len(ask_at_once(connection, (_READ, {"wanted": count - 1}))[0]) == 1
            connection.rollback()


def _row(number: int) -> dict[str, Any]:
    return {"id": number, "at": datetime(2026, 1, 1, tzinfo=UTC), "colour": Colour.RED}


def _paint(number: int) -> tuple[Executable, dict[str, Any]]:
    return _PAINT, {"wanted": number, "paint": Colour.BLUE}


_PAINT = update(EVENT).where(EVENT.c.id < bindparam("wanted")).values(colour=bindparam("paint"))
_WRITE = insert(EVENT)
_READ = select(EVENT.c.id, EVENT.c.at, EVENT.c.colour).where(EVENT.c.id == bindparam("wanted"))
_SLEEP = select(func.pg_sleep(1))
