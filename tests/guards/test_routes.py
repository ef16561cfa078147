"""Every route says who may use it, and every refusal has its status."""

from __future__ import annotations

import inspect
import re

import pytest
from flask import Flask

from reporting import errors
from reporting.app import create_app
from reporting.db import make_engine, migrate
from reporting.failures import STATUSES, of_refusal
from reporting.http import OF_OTHERS, Right, right_of
from reporting.settings import Settings
from tests.builders import shipped_forms
from tests.guards.files import ROOT

#: How an address is written in Flask, and in our documents.
CONVERTED, PLAIN = re.compile(r"<(?:[^<>:]+:)?([a-z_]+)>"), r"{\1}"

REFUSALS = [
    thing
    for _, thing in inspect.getmembers(errors, inspect.isclass)
    if issubclass(thing, errors.Refusal) and thing is not errors.Refusal
]


@pytest.fixture(scope="module")
def app() -> Flask:
    """The application as it is served, on an empty store."""
    engine = make_engine("sqlite://")
    migrate(engine)
    return create_app(Settings(database_url="sqlite://"), engine=engine, catalogue=shipped_forms())


def test_every_route_declares_who_may_use_it(app: Flask) -> None:
    """A route whose author forgot to say is served to nobody, and is found here."""
    rules = list(app.url_map.iter_rules())
    assert len(rules) > 20
    assert [rule.rule for rule in rules if right_of(app, rule.endpoint) is None] == []


def test_every_route_of_the_api_asks_for_a_token(app: Flask) -> None:
    """Below /api/v1 nothing is open but the description of the API, and the public keys."""
    open_routes = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and right_of(app, rule.endpoint) is not Right.CLIENT
    ]
    assert sorted(open_routes) == ["/api/v1/keys", "/api/v1/openapi.json"]


def test_every_route_that_is_not_ours_is_there(app: Flask) -> None:
    """The list of routes that others put in names no route that is gone."""
    assert set(OF_OTHERS) <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_every_post_of_a_page_is_protected_against_other_sites(app: Flask) -> None:
    """Only the API, which no browser enters of its own accord, goes without a CSRF token."""
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        right = right_of(app, rule.endpoint)
        if "POST" in (rule.methods or set()) and right is not Right.CLIENT:
            answer = client.post(CONVERTED.sub("1", rule.rule))
            assert answer.status_code == 400, rule.rule
            assert "text/html" in answer.headers["Content-Type"]


def test_every_address_of_the_api_is_documented(app: Flask) -> None:
    """docs/submitting.md names each address and its method, and no other."""
    page = (ROOT / "docs" / "submitting.md").read_text()
    named = set(re.findall(r"^\| `((?:GET|POST|PUT|DELETE) /api/v1/[^`]+)` \|", page, re.MULTILINE))
    served = {
        f"{method} {CONVERTED.sub(PLAIN, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
    }
    assert named == served


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_refusal_has_a_status(refusal: type[errors.Refusal]) -> None:
    """Both doors answer every refusal of a business act with a status of its own choosing."""
    failure = of_refusal(refusal(vi="không", en="no"))
    assert 400 <= failure.status < 500
    assert (failure.vi, failure.en) == ("không", "no")


def test_no_status_is_kept_for_a_refusal_that_is_gone() -> None:
    """The table of statuses names the refusals that there are, and no others."""
    assert set(STATUSES) == set(REFUSALS)
