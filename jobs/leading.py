"""Which of several schedulers rings: one leads, another takes over when it is gone.

On PostgreSQL the lead is an advisory lock on a connection of its own; when its process dies, even
by kill -9, the server lets go of the lock within the second. On SQLite there is one machine and
one file, so that a second scheduler is a mistake: it refuses to start and says why.
"""

from __future__ import annotations

import fcntl
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

#: Any number will do as long as every scheduler of this system uses the same one.
_LEAD = 20_190_109


class SecondScheduler(Exception):
    """Another scheduler already rings for this store, and one is all there may be."""


class Lead(ABC):
    """The right to ring."""

    @abstractmethod
    def take(self) -> bool:
        """Whether this process leads now; takes the lead where it is free. Never waits."""

    @abstractmethod
    def give_up(self) -> None:
        """Let another one lead."""


class ServerLead(Lead):
    """The lead among schedulers on one PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection | None = None
        self._leads = False

    def take(self) -> bool:
        """Take the lead, or see whether the connection that holds it still lives."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            if self._leads:
                self._connection.execute("SELECT 1")
            else:
                asked = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [_LEAD])
                row = asked.fetchone()
                self._leads = bool(row and row[0])
        except (psycopg.Error, SQLAlchemyError):
            self.give_up()  # With its connection the lead is gone too.
        return self._leads

    def give_up(self) -> None:
        """Close the connection, and with it the lock."""
        connection, self._connection, self._leads = self._connection, None, False
        if connection is not None:
            connection.close()

    def _connect(self) -> psycopg.Connection:
        # Never of the pool, which would hand it, lock and all, to somebody else.
        lent = self._engine.raw_connection()
        connection: psycopg.Connection = lent.driver_connection  # type: ignore[assignment]
        lent.detach()
        connection.autocommit = True
        return connection


class FileLead(Lead):
    """The lead on one SQLite file, held by a lock file beside it. Raises SecondScheduler."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(f"{store.name}.scheduler")
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Hold the lock file, or say who does."""
        if self._file is not None:
            return True
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            other = file.read().strip() or "?"
            file.close()
            raise SecondScheduler(
                f"Đã có một tiến trình lập lịch khác (số {other}) chạy trên {self._path.stem}; "
                "SQLite chỉ dùng một. Muốn nhiều tiến trình, hãy dùng PostgreSQL.\n"
                f"Another scheduler (process {other}) already rings for {self._path.stem}; on "
                "SQLite there is one. For more than one, use PostgreSQL."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return True

    def give_up(self) -> None:
        """Close the file, and with it the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


class NoLead(Lead):
    """Nothing to lead: a store that no other process sees, or work that the ledger shares out."""

    def take(self) -> bool:
        """Always."""
        return True

    def give_up(self) -> None:
        """Nothing to let go of."""


def lead_of(engine: Engine) -> Lead:
    """The lead that suits a store."""
    if engine.dialect.name == "postgresql":
        return ServerLead(engine)
    file = engine.url.database
    return FileLead(Path(file)) if file and file != ":memory:" else NoLead()
