"""The history of the schema: numbered, one line, there and back, and the same as the models."""

from __future__ import annotations

import re
from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from reporting.db import alembic_config, make_engine

NUMBERED = re.compile(r"^(\d{4})_[a-z0-9_]+\.py$")


def revision_files() -> list[str]:
    """The names of the migration files, in order."""
    names = (entry.name for entry in (files("migrations") / "versions").iterdir())
    return sorted(name for name in names if name.endswith(".py") and name != "__init__.py")


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    """`ls` is the history, and two branches that add a migration collide where all can see."""
    numbers = [match[1] for name in revision_files() if (match := NUMBERED.match(name))]
    assert len(numbers) == len(revision_files())
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert numbers


def test_a_migration_is_called_by_the_number_of_its_file(empty_database_url: str) -> None:
    """Revision ids are the numbers, and each migration follows the one before."""
    engine = make_engine(empty_database_url)
    script = ScriptDirectory.from_config(alembic_config(engine))
    revisions = sorted(script.walk_revisions(), key=lambda revision: revision.revision)
    assert [revision.revision for revision in revisions] == [
        name.partition("_")[0] for name in revision_files()
    ]
    assert [revision.down_revision for revision in revisions] == [
        None,
        *(revision.revision for revision in revisions[:-1]),
    ]
    assert len(script.get_heads()) == 1
    engine.dispose()


def test_up_down_up(empty_database_url: str) -> None:
    """Every migration can be taken back and run again."""
    engine = make_engine(empty_database_url)
    config = alembic_config(engine)
    command.upgrade(config, "head")
    first = table_names(engine)
    command.downgrade(config, "base")
    assert table_names(engine) == {"alembic_version"}
    command.upgrade(config, "head")
    assert table_names(engine) == first
    assert len(first) > 1
    engine.dispose()


def test_migrations_make_what_the_models_say(empty_database_url: str) -> None:
    """After the last migration there is nothing left to change."""
    engine = make_engine(empty_database_url)
    config = alembic_config(engine)
    command.upgrade(config, "head")
    command.check(config)
    engine.dispose()


def table_names(engine: sa.Engine) -> set[str]:
    """The tables that are there."""
    return set(sa.inspect(engine).get_table_names())


def test_what_was_owed_before_the_ledger_keeps_its_due_instant(empty_database_url: str) -> None:
    """An obligation of the first release gets the due instant as declared, and how it stands."""
    engine = make_engine(empty_database_url)
    config = alembic_config(engine)
    command.upgrade(config, "0001")
    due = "2026-09-19 16:59:59+00:00"
    if engine.dialect.name == "sqlite":
        due = "2026-09-19T16:59:59.000000Z"
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO reporting_unit (id, code, kind, name_vi, name_en, valid_from)"
            " VALUES (1, 'H26', 'province', 'Hà Nội', 'Hanoi', '2025-07-01')"
        )
        connection.execute(
            sa.text(
                "INSERT INTO reporting_obligation (id, unit_id, form_code, form_version, period,"
                " window_first, window_last, opens_at, due_at, revisions) VALUES"
                " (1, 1, '01/TCD', 1, '2026-Q3', '2026-06-15', '2026-09-14', :due, :due, 0)"
            ),
            {"due": due},
        )
    command.upgrade(config, "0002")
    with engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT due_at, declared_due_at, stand FROM reporting_obligation"
        ).one()
    assert row[0] == row[1]
    assert row[2] == "missing"
    engine.dispose()


def test_the_queue_has_the_schema_of_the_release_that_is_installed(empty_database_url: str) -> None:
    """A new release of procrastinate with another schema needs a migration; SQLite has no queue."""
    installed = (files("procrastinate.sql") / "schema.sql").read_text()
    ours = (files("migrations") / "versions" / "0007_procrastinate.sql").read_text()
    assert ours.partition("\n")[2] == installed
    engine = make_engine(empty_database_url)
    command.upgrade(alembic_config(engine), "head")
    of_queue = {name for name in table_names(engine) if name.startswith("procrastinate_")}
    assert len(of_queue) == (4 if engine.dialect.name == "postgresql" else 0)
    engine.dispose()
