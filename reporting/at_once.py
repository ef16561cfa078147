"""Asking and writing several things at once: in one trip to PostgreSQL, one by one on SQLite.

Statements are made once, at import, and compiled once to what the driver takes: compiling them
anew, and running each by itself, costs more than what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import psycopg
from sqlalchemy import JSON, Connection, Engine, Executable, Insert, bindparam
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from reporting.driver import BatchConnection, Statement

_CONNECTION = "the connection in whose transaction a session is"

#: A statement and its parameters.
Asked = tuple[Executable, Mapping[str, Any]]
#: Rows for one table: the statement that inserts them, and each row.
Rows = tuple[Insert, Sequence[Mapping[str, Any]]]


@contextmanager
def begin_at_once(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """A session in the transaction of one connection, committed at the end, as `begin()` does.

    What is asked and written at once goes straight to the connection. The session begins to keep
    its own books only where more is asked of it: they would take longer than both trips.
    """
    bind = sessions.kw["bind"]
    # A test may give sessions on one connection, to take all of it back afterwards.
    begun = bind.begin() if isinstance(bind, Engine) else _nested(bind)
    with begun as connection:
        session = sessions(
            bind=connection,
            join_transaction_mode="rollback_only",
            info={_CONNECTION: connection},
        )
        with session:
            yield session
            if session.in_transaction():
                session.commit()  # Flushes; the connection commits.


@contextmanager
def _nested(connection: Connection) -> Iterator[Connection]:
    with connection.begin_nested():
        yield connection


def connection_of(session: Session) -> Connection:
    """The connection of a session, in the same transaction."""
    connection: Connection = session.info.get(_CONNECTION) or session.connection()
    return connection


def ask_at_once(connection: Connection, *asked: Asked) -> list[Sequence[Sequence[Any]]]:
    """Ask and write several things, in order, in one trip to the server; the rows of each answer.

    Each is answered by what was committed before it began, so that the first may be a lock. Rows
    are as the driver gives them: on PostgreSQL an enum comes as its text. The first failure is
    raised.
    """
    if connection.dialect.name != "postgresql":
        results = [connection.execute(statement, given) for statement, given in asked]
        return [result.all() if result.returns_rows else () for result in results]
    statements = [
        _compiled(statement, tuple(given)).with_values(given) for statement, given in asked
    ]
    with _driver(connection) as driver:
        return list(driver.ask(*statements))


def write_at_once(connection: Connection, *rows: Rows, last: Asked) -> None:
    """Insert rows of several tables and run one statement more, in one statement where that can be.

    The order of the tables is that in which they refer to each other. On PostgreSQL the inserts
    become parts of the last statement (WITH), so that the server plans, runs and answers once; and
    it goes out together with the commit, or with what is asked next, which then tells a failure.
    """
    rows = tuple((statement, given) for statement, given in rows if given)
    if connection.dialect.name != "postgresql":
        for statement, given in rows:
            connection.execute(statement, given)
        connection.execute(*last)
        return
    shape = tuple((statement, tuple(given[0]), len(given)) for statement, given in rows)
    together = _together(shape, last[0], tuple(last[1]))
    values = (row for _, given in rows for row in given)
    with _driver(connection) as driver:
        driver.hold_back(together.with_values(*values, last[1]))


class _Place(NamedTuple):
    """Where the value of $1, $2, ... is found: in which row, under which name, made into what."""

    row: int
    name: str
    process: Callable[[Any], Any] | None


class _Compiled(NamedTuple):
    """A statement as the driver takes it; `constants` are the values that stand in it."""

    text: bytes
    places: Sequence[_Place]
    constants: Mapping[str, Any]

    def with_values(self, *rows: Mapping[str, Any]) -> Statement:
        """The statement for one execution."""
        sources = (*rows, self.constants)
        return Statement(
            self.text,
            [
                process(sources[row][name]) if process else sources[row][name]
                for row, name, process in self.places
            ],
        )


@lru_cache(maxsize=256)
def _compiled(statement: Executable, names: tuple[str, ...]) -> _Compiled:
    return _compile(statement, {name: (0, name) for name in names}, 1)


@lru_cache(maxsize=256)
def _together(
    shape: tuple[tuple[Insert, tuple[str, ...], int], ...],
    last: Executable,
    names_of_last: tuple[str, ...],
) -> _Compiled:
    """The inserts as parts of the last statement; each row of theirs comes before its values."""
    places: dict[str, tuple[int, str]] = {}
    parts, row = [], 0
    for at, (insert, names, count) in enumerate(shape):
        lines: list[dict[str, Any]] = []
        for _ in range(count):
            # Rows after the first are not given the types of their columns by insert().values().
            lines.append(
                {
                    name: bindparam(f"row_{row}_{name}", type_=insert.table.c[name].type)
                    for name in names
                }
            )
            places |= {f"row_{row}_{name}": (row, name) for name in names}
            row += 1
        parts.append(insert.values(lines).cte(f"part_{at}"))
    places |= {name: (row, name) for name in names_of_last}
    return _compile(last.add_cte(*parts), places, row + 1)  # type: ignore[attr-defined]


def _compile(
    statement: Executable, places: Mapping[str, tuple[int, str]], constants_at: int
) -> _Compiled:
    compiled: Any = statement.compile(dialect=_POSTGRESQL, column_keys=list(places))  # type: ignore[attr-defined]
    ordered = []
    for name in compiled.positiontup:
        bound = compiled.binds[name].type
        process = bound.dialect_impl(_POSTGRESQL).bind_processor(_POSTGRESQL)
        row, source = places.get(name, (constants_at, name))
        ordered.append(_Place(row, source, _as_json if isinstance(bound, JSON) else process))
    return _Compiled(str(compiled).encode(), ordered, compiled.params)


def _as_json(value: Any) -> str:
    """A JSON value as its text: the driver would make an encoder for each."""
    return orjson.dumps(value).decode()


_POSTGRESQL = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@contextmanager
def _driver(connection: Connection) -> Iterator[BatchConnection]:
    if not connection.in_transaction():
        connection.begin()  # As executing would; otherwise there would be nothing to roll back.
    driver: Any = connection.connection.driver_connection
    try:
        yield driver
    except psycopg.OperationalError as error:
        # Told as SQLAlchemy tells it, so that the doors know: the store is away, or too busy.
        if driver.closed:
            connection.invalidate(error)
        raise OperationalError(None, None, error) from error
