"""Bounds on how often one may ask, and whose word about the address is believed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from reporting.app import create_app
from reporting.services.sign_in_failures import network_of
from reporting.services.signing import ServerKey
from reporting.settings import Environment, Settings
from tests.builders import a_token, shipped_forms


def _client(sessions: sessionmaker[Session], **bounds: int) -> FlaskClient:
    settings = Settings(database_url="sqlite://", **bounds)  # type: ignore[arg-type]
    return create_app(settings, catalogue=shipped_forms(), sessions=sessions).test_client()


def test_an_address_that_asks_too_often_is_told_when_to_come_again(
    session_factory: sessionmaker[Session],
) -> None:
    """The third request of a minute is refused where two are allowed, on pages as in the API."""
    client = _client(session_factory, rate_per_address=2)
    for _ in range(2):
        assert client.get("/health/live").status_code == 200
    refused = client.get("/health/live")
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    page = client.get("/regimes")
    assert page.status_code == 429
    assert "Quá nhiều yêu cầu" in page.text
    other = client.get("/health/live", environ_overrides={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 200


def test_a_program_that_asks_too_often_is_refused_wherever_it_asks_from(
    session_factory: sessionmaker[Session],
) -> None:
    """Its requests are counted under its token, and those of another are not."""
    with session_factory.begin() as session:
        tokens = [a_token(session, name=name) for name in ("một", "hai")]
    client = _client(session_factory, rate_per_actor=1)
    statuses = [
        client.get(
            "/api/v1/units",
            headers={"Authorization": f"Bearer {token}"},
            environ_overrides={"REMOTE_ADDR": f"10.0.0.{number}"},
        ).status_code
        for number, token in enumerate([tokens[0], tokens[0], tokens[1]])
    ]
    assert statuses == [200, 429, 200]


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [200, 429]), (1, [200, 200])])
def test_an_address_that_a_stranger_claims_is_not_believed(
    session_factory: sessionmaker[Session], proxies: int, statuses: list[int]
) -> None:
    """X-Forwarded-For counts only where a proxy of ours is known to have written it."""
    client = _client(session_factory, rate_per_address=1, proxies=proxies)
    seen = [
        client.get("/health/live", headers={"X-Forwarded-For": f"10.9.9.{number}"}).status_code
        for number in range(2)
    ]
    assert seen == statuses


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_how_an_address_is_counted(address: str, counted: str) -> None:
    """A host of IPv6 has a whole network to ask from."""
    assert network_of(address) == counted


def test_browsers_are_told_to_come_by_https_in_production_alone(
    session_factory: sessionmaker[Session],
) -> None:
    """A laptop has no certificate."""
    key = ServerKey.new().private_pem().decode()
    production = Settings(
        database_url="sqlite://",
        environment=Environment.PRODUCTION,
        secret_key="k" * 40,
        signing_key=key,
    )
    app = create_app(production, catalogue=shipped_forms(), sessions=session_factory)
    header = "Strict-Transport-Security"
    assert "max-age=63072000" in app.test_client().get("/health/live").headers[header]
    assert header not in _client(session_factory).get("/health/live").headers
