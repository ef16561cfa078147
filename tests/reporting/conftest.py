"""Fixtures of the doors: the application on the rolled-back session, its clock, its senders."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from reporting.app import create_app
from reporting.settings import Settings
from tests.builders import shipped_forms
from tests.reporting.doors import Doors, HandSetClock, open_doors


@pytest.fixture
def doors(engine: Engine, session_factory: sessionmaker[Session]) -> Doors:
    """The application on a store that is taken back after the test; limits are small."""
    clock = HandSetClock()
    settings = Settings(secret_key="k" * 40, max_body=200_000)
    app = create_app(
        settings,
        engine=engine,
        catalogue=shipped_forms(),
        sessions=session_factory,
        clock=clock,
    )
    app.testing = True
    return open_doors(app, clock, session_factory)
