"""Fixtures of all tests: both databases, a rolled-back session for each test, and programs.

Whatever wants the database asks for `session` (services), `session_factory` (doors and jobs,
which own their transactions) or `empty_database_url` (migrations, programs that are started);
each of them runs on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session, sessionmaker

from reporting.db import make_engine, migrate
from tests.postgres import running_cluster
from tests.programs import needs_program

# The same examples on every run, and no failure because a machine was busy.
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# `HYPOTHESIS_PROFILE=search pytest` looks for new ones.
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL on which databases can be made: a throw-away one, unless one is named."""
    given = os.environ.get("REPORTING_TEST_DATABASE_URL")
    if given:
        yield given
    else:
        with running_cluster() as url:
            yield url


def _new_database(cluster_url: str) -> str:
    """A new, empty database of the cluster; the cluster is thrown away with all of them."""
    name = f"test_{uuid.uuid4().hex}"
    cluster = sa.create_engine(cluster_url, isolation_level="AUTOCOMMIT")
    with cluster.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    cluster.dispose()
    return sa.make_url(cluster_url).set(database=name).render_as_string(hide_password=False)


def _drop_database(url: str, cluster_url: str) -> None:
    cluster = sa.create_engine(cluster_url, isolation_level="AUTOCOMMIT")
    with cluster.connect() as connection:
        name = sa.make_url(url).database
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    cluster.dispose()


@pytest.fixture(scope="session", params=ENGINES)
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One database for many tests, on each engine; its tables are there."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'shared.sqlite3'}"
        _migrated(url)
        yield url
        return
    cluster_url = request.getfixturevalue("postgresql_url")
    url = _new_database(cluster_url)
    _migrated(url)
    yield url
    _drop_database(url, cluster_url)


def _migrated(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The engine of the shared database. Write through `session`, which takes it back."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session_factory(engine: sa.Engine) -> Iterator[sessionmaker[Session]]:
    """Sessions that may commit as they like: all of it is rolled back after the test."""
    # An engine of the test's own over the same pool: what a process remembers of a store (row
    # names, by engine) must not outlive the rollback.
    with engine.execution_options().connect() as connection:
        outer = connection.begin()
        yield sessionmaker(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        outer.rollback()


@pytest.fixture
def session(session_factory: sessionmaker[Session]) -> Iterator[Session]:
    """A session on the migrated database, rolled back after the test."""
    with session_factory() as session:
        yield session


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own, without tables, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    cluster_url = request.getfixturevalue("postgresql_url")
    url = _new_database(cluster_url)
    yield url
    _drop_database(url, cluster_url)


@pytest.fixture
def libreoffice() -> str:
    """The path of LibreOffice."""
    return needs_program("soffice")


@pytest.fixture
def pdftoppm() -> str:
    """The path of the program that draws the pages of a PDF."""
    return needs_program("pdftoppm")
