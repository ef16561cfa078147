"""The connection to PostgreSQL, with which several statements travel in one trip.

The pipeline of psycopg sends each statement by itself and waits for BEGIN and COMMIT. Here BEGIN,
all that is asked, and a commit with the last write go out together and come back together
(docs/decisions/0020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import abc, generators
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

#: More statements than these are not kept prepared by one connection.
_MOST_PREPARED = 200

Answer = Sequence[tuple[Any, ...]]


class Statement(NamedTuple):
    """A statement with $1, $2, ... and its values."""

    text: bytes
    values: Sequence[Any] = ()


_COMMIT = Statement(b"COMMIT")


class BatchConnection(psycopg.Connection[Any]):
    """A connection that runs several statements in one trip, and can hold back writes.

    What is held back goes out with whatever comes next: another statement, or the commit.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._held: list[Statement] = []
        self._prepared_names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._numbered = 0
        self._values: abc.Transformer = Transformer(self)  # Knows each type after the first trip.

    def ask(self, *statements: Statement) -> list[Answer]:
        """Run statements one after another; the rows of each. The first failure is raised."""
        held, self._held = self._held, []
        with self.lock:
            answers: list[Answer] = self.wait(self._trip([*held, *statements]))
        return answers[len(held) :]

    def hold_back(self, statement: Statement) -> None:
        """Keep a statement whose rows nobody asks for, to be sent with what comes next."""
        self._held.append(statement)

    def cursor(self, *args: Any, **settings: Any) -> Any:
        """A cursor for one more statement, before which goes out what was held back."""
        if self._held:
            self.ask()
        return super().cursor(*args, **settings)

    def commit(self) -> None:
        """Commit, in one trip with what was held back."""
        if self._held:
            self.ask(_COMMIT)
        else:
            super().commit()

    def rollback(self) -> None:
        """Roll back, and forget what was held back."""
        self._held.clear()
        if self.pgconn.transaction_status != TransactionStatus.IDLE:  # As it is after a commit.
            super().rollback()

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        # After a rollback psycopg gives up all that was prepared, by whomever.
        if name is None:
            self._prepared_names.clear()
        return super()._deallocate(name)

    def _trip(self, statements: Sequence[Statement]) -> PQGen[list[Answer]]:
        self._check_connection_ok()
        sendings = [self._sending(statement) for statement in statements]
        if not self.autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE:
            sendings.insert(0, self._sending(Statement(self._get_tx_start_command())))
        self.pgconn.enter_pipeline_mode()
        try:
            results = yield from self._exchange(sendings)
            self.pgconn.exit_pipeline_mode()
        except BaseException:
            self.pgconn.finish()  # Nobody knows what would come back next.
            raise
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result, encoding=self.info.encoding)
        self._prepared_names.update(
            (sending.key, sending.name) for sending in sendings if sending.is_new
        )
        return [self._rows(result) for result in results][-len(statements) :]

    def _exchange(self, sendings: Sequence[_Sending]) -> PQGen[list[PGresult]]:
        """Send all, and read what comes back: one result of each, after those of preparing."""
        for sending in sendings:
            if sending.is_new:
                self.pgconn.send_prepare(sending.name, sending.text, sending.key[1])
        for sending in sendings:
            if sending.name:
                self.pgconn.send_query_prepared(sending.name, sending.values, sending.formats)
            else:
                self.pgconn.send_query_params(
                    sending.text, sending.values, sending.key[1], sending.formats
                )
        self.pgconn.pipeline_sync()
        yield from generators.send(self.pgconn)
        results: list[PGresult] = []
        for _ in range(len(sendings) + sum(sending.is_new for sending in sendings)):
            results += yield from generators.fetch_many(self.pgconn)
        yield from generators.fetch_many(self.pgconn)  # That all was read.
        return results

    def _sending(self, statement: Statement) -> _Sending:
        """A statement as it is sent: prepared, unless it has no values or there are too many."""
        text, given = statement
        written = self._values.dump_sequence(given, [PyFormat.AUTO] * len(given))
        key = (text, tuple(self._values.types or ()))
        name = self._prepared_names.get(key, b"")
        is_new = not name and bool(given) and len(self._prepared_names) < _MOST_PREPARED
        if is_new:
            self._numbered += 1
            name = b"at_once_%d" % self._numbered
        return _Sending(text, key, name, is_new, written, self._values.formats)

    def _rows(self, result: PGresult) -> Answer:
        if result.status != ExecStatus.TUPLES_OK:
            return ()
        self._values.set_pgresult(result)
        return self._values.load_rows(0, result.ntuples, tuple)


class _Sending(NamedTuple):
    """A statement on its way; `name` is empty where it is not prepared."""

    text: bytes
    key: tuple[bytes, tuple[int, ...]]
    name: bytes
    is_new: bool
    values: Sequence[Buffer | None]
    formats: Sequence[Format] | None
