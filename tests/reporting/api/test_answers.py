"""What every answer has: security headers, one shape of failure, a description; health."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine

from reporting.app import create_app
from reporting.db import make_engine
from reporting.settings import Settings
from tests.builders import a_return, shipped_forms
from tests.reporting.doors import Doors


def test_every_answer_forbids_what_is_not_needed(doors: Doors) -> None:
    """No script runs, no type is guessed, no other site frames us; also where it fails."""
    for path in ("/", "/health/live", "/api/v1/forms", "/nowhere", "/static/app.css"):
        with doors.http.get(path) as answer:
            headers = answer.headers
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_answers_are_not_kept_by_anyone_between(doors: Doors) -> None:
    """Figures are stored by no cache; the style sheet may be."""
    assert doors.get("/forms").headers["Cache-Control"] == "no-store"
    with doors.http.get("/static/app.css") as style:
        assert "no-store" not in style.headers["Cache-Control"]


def test_vietnamese_is_written_as_it_is(doors: Doors) -> None:
    """Answers are UTF-8, without escapes that a person cannot read."""
    assert "Phường Đức Xuân" in doors.get("/units").text


def test_our_own_failure_says_only_a_number(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who meets a bug reads a number, under which the log has the rest, and no secret."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of ours")

    doors.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("reporting.api.submissions.list_submissions", fail)
    answer = doors.get("/submissions")
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert "secret" not in answer.text
    logged = capsys.readouterr().err
    assert answer.get_json()["log_id"] in logged
    assert "a secret of ours" in logged


def test_a_route_that_declares_nothing_is_shut(doors: Doors) -> None:
    """Who forgets to say who may use a route has opened nothing."""
    doors.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert doors.http.get("/forgotten").status_code == 403


def test_the_description_is_openapi_and_names_every_route(doors: Doors) -> None:
    """The OpenAPI document is open to all, is 3.1, and has every address of the API."""
    answer = doors.http.get("/api/v1/openapi.json")
    described = answer.get_json()
    assert described["openapi"].startswith("3.1")
    assert described["security"] == [{"token": []}]
    routes = {
        rule.rule
        for rule in doors.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
    }
    assert len(described["paths"]) == len(routes) + 2  # And the two of /health.
    both = described["paths"]["/api/v1/submissions"]["post"]
    assert set(both["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert {"200", "201", "422"} <= set(both["responses"])


def test_answers_have_the_shape_that_is_described(doors: Doors) -> None:
    """A receipt has exactly the fields that its schema names."""
    described = doors.http.get("/api/v1/openapi.json").get_json()
    receipt = doors.send(a_return("X01840")).get_json()
    assert set(receipt) == set(described["components"]["schemas"]["Receipt"]["properties"])


def test_the_process_is_live_and_ready(doors: Doors) -> None:
    """Whoever watches needs no token."""
    assert doors.http.get("/health/live").get_json() == {"status": "live"}
    assert doors.http.get("/health/ready").get_json()["status"] == "ready"


@pytest.fixture
def empty_store(empty_database_url: str) -> Iterator[Engine]:
    """A store that nobody has brought up to date."""
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def an_app(engine: Engine) -> Flask:
    """The application on this store."""
    return create_app(Settings(secret_key="k" * 40), engine=engine, catalogue=shipped_forms())


def test_an_outdated_store_is_not_ready(empty_store: Engine) -> None:
    """Before the migrations have run the process is live and not ready, and says why."""
    client = an_app(empty_store).test_client()
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "reporting db upgrade" in json.loads(answer.data)["detail_en"]


def test_an_unreachable_store_is_not_ready() -> None:
    """Without its store every answer says to try again later, and nothing of its address."""
    engine = make_engine("postgresql+psycopg://nobody:secret@127.0.0.1:1/none")
    client = an_app(engine).test_client()
    ready = client.get("/health/ready")
    page = client.get("/")
    program = client.get("/api/v1/forms", headers={"Authorization": "Bearer rpt_x"})
    engine.dispose()
    assert [answer.status_code for answer in (ready, page, program)] == [503, 503, 503]
    assert "secret" not in ready.text + page.text + program.text
    assert program.headers["Retry-After"] == "10"
