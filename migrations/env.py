"""How a revision is run: in one transaction, one migrator at a time, never waiting long on a lock.

Run by Alembic, never imported; `reporting.db` makes the configuration and hands over the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from alembic import context
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from reporting.models import Base
from reporting.models.base import UtcDateTime

#: Any number will do as long as every migrator of this system uses the same one.
_ADVISORY_LOCK = 20_260_701

#: Tables of third parties: their SQL comes with them, and no model of ours describes them.
_FOREIGN_TABLES = ("procrastinate_", "apscheduler_")


def _is_ours(_item: Any, name: str | None, type_: str, _reflected: bool, _other: Any) -> bool:
    return not (type_ == "table" and (name or "").startswith(_FOREIGN_TABLES))


def _render_type(type_: str, item: Any, _autogenerate: Any) -> str | Literal[False]:
    return item.migration_text if type_ == "type" and isinstance(item, UtcDateTime) else False


def _number_revision(
    running: MigrationContext, _revision: Any, directives: list[MigrationScript]
) -> None:
    # Sequential numbers: `ls` is the history, and two branches collide where everyone sees it.
    script = ScriptDirectory.from_config(context.config)
    numbers = [int(revision.revision) for revision in script.walk_revisions()]
    for directive in directives:
        directive.rev_id = f"{max(numbers, default=0) + 1:04d}"


def _take_locks(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    for statement in _postgresql_preamble():
        connection.execute(text(statement))


def _postgresql_preamble() -> Iterable[str]:
    yield "SET LOCAL statement_timeout = '15min'"
    yield "SET LOCAL lock_timeout = 0"  # A second migrator waits until the first is done.
    yield f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"
    # A table lock that is not had in 5 seconds is given up: all later requests queue behind it.
    yield "SET LOCAL lock_timeout = '5s'"


def _set_sqlite_foreign_keys(connection: Connection, *, on: bool) -> None:
    # A batch operation rebuilds the table, which looks like deleting its rows; the switch does
    # nothing inside a transaction, so it is thrown on the driver's own connection.
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")
        cursor.close()


def _refuse_orphans(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            raise RuntimeError(f"the migration leaves rows without their parent: {orphans[:5]}")


def _migrate(connection: Connection) -> None:
    with connection.begin():
        _take_locks(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=_is_ours,
            render_item=_render_type,
            render_as_batch=connection.dialect.name == "sqlite",
            process_revision_directives=_number_revision,
        )
        context.run_migrations()
        _refuse_orphans(connection)


def _run(engine: Engine) -> None:
    with engine.connect() as connection:
        _set_sqlite_foreign_keys(connection, on=False)
        try:
            _migrate(connection)
        finally:
            _set_sqlite_foreign_keys(connection, on=True)


_run(context.config.attributes["engine"])
