"""Every address, asked as its description allows and by each role, answers as it is described.

schemathesis makes the requests from the OpenAPI document; the same ones on every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from reporting.app import create_app
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import Role
from reporting.services.actors import ACTS
from reporting.services.clients import Limits, create_client
from reporting.settings import Settings
from tests.builders import (
    IN_Q3,
    SYSTEM,
    a_province,
    a_return,
    a_token,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import send

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)
EXAMPLES = 5
ROLES = [*Role, "centre"]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, dict[str, str]]]:
    """An application with a commune that owes and has sent, and a token for each role."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('roles') / 'store.sqlite3'}")
    migrate(engine)
    tokens = {}
    with make_session_factory(engine).begin() as session:
        province = a_province(session)
        commune = a_unit(session, "X1", parent=province)
        an_open_period(session, units=[commune])
        send(session, a_return("X1"))
        for role in Role:
            unit = province if role is Role.RECEIVE else commune
            tokens[role.value] = create_client(
                session,
                actor=SYSTEM,
                name=role.value,
                unit_id=unit.id,
                now=IN_Q3,
                limits=Limits(acts=ACTS[role]),
            )[1]
        tokens["centre"] = a_token(session)
    unbounded = 10**9
    bounds = Settings(
        database_url=engine.url.render_as_string(),
        rate_per_address=unbounded,
        rate_per_actor=unbounded,
    )
    yield create_app(bounds, engine=engine, catalogue=shipped_forms()), tokens
    engine.dispose()


@pytest.mark.parametrize("role", [str(role) for role in ROLES])
def test_answers_are_as_described(application: tuple[Flask, dict[str, str]], role: str) -> None:
    """No failure of ours, and no status, header, type or shape that the document does not name."""
    app, tokens = application
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    headers = {"Authorization": f"Bearer {tokens[role]}"}
    asked = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        derandomize=True,
        database=None,
    )
    def ask(case: Any) -> None:
        asked.add((case.operation.method, case.operation.path))
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    found: Iterator[Any] = schema.get_all_operations()
    operations = [one.ok() for one in found]
    for operation in operations:
        given(case=operation.as_strategy())(ask)()
    assert len(asked) == len(operations) >= 40
