"""The JSON door, /api/v1: thin routes over the services, problem+json, OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_smorest import Api
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, Unauthorized, UnprocessableEntity

from reporting import __version__
from reporting.api import (
    accounts,
    choices,
    clients,
    consolidations,
    drafts,
    forms,
    health,
    indicators,
    jobs,
    lineage,
    mappings,
    obligation_records,
    obligations,
    persons,
    proof,
    registry,
    restating,
    series,
    settling,
    submissions,
    unit_imports,
)
from reporting.api.problems import PROBLEM, answer_http_exception, problem
from reporting.api.schemas import ProblemSchema
from reporting.http import current_parts
from reporting.services.clients import Holder, authenticate

__all__ = [
    "BLUEPRINTS",
    "CONFIGURATION",
    "PATHS",
    "answer_http_exception",
    "identify_client",
    "problem",
    "refuse_unknown_parameters",
    "register_api",
]

BLUEPRINTS = (
    submissions.blp,
    drafts.blp,
    settling.blp,
    forms.blp,
    indicators.blp,
    registry.blp,
    unit_imports.blp,
    choices.blp,
    consolidations.blp,
    restating.blp,
    lineage.blp,
    series.blp,
    mappings.blp,
    obligations.blp,
    obligation_records.blp,
    persons.blp,
    accounts.blp,
    clients.blp,
    proof.blp,
    jobs.blp,
    health.blp,
)

#: Whatever fails below these paths is answered to a program, not to a person.
PATHS = ("/api/", "/health/")

#: What flask-smorest reads from the application's configuration.
CONFIGURATION = {
    "API_TITLE": "Government Reporting",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": f"Reports as declared forms ask for them. Release {__version__}."},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    },
}


class JsonDoor(Api):  # type: ignore[misc]  # flask-smorest has no types.
    """flask-smorest, which leaves the answers to failures to the application."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, answer: Callable[[HTTPException], Response]) -> None:
        self._answer = answer
        super().__init__(app)

    def _register_responses(self) -> None:
        # Whatever is not as wished is answered with a problem document, and is described so.
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def handle_http_exception(self, error: HTTPException) -> Any:
        """Answer a failure of any route, those of the pages too."""
        return self._answer(error)


def register_api(app: Flask, answer: Callable[[HTTPException], Response]) -> None:
    """Put the JSON door into the application; `answer` answers every HTTP failure."""
    door = JsonDoor(app, answer)
    for blueprint in BLUEPRINTS:
        door.register_blueprint(blueprint)


def _look_up(token: str) -> Holder | None:
    with current_parts().reading_sessions() as session:
        return authenticate(session, token)


def identify_client() -> None:
    """Find out whose token came with the request. Raises Unauthorized."""
    try:
        given = request.authorization
    except ValueError:  # What is no base64 in a Basic header is no token either.
        given = None
    actor = None
    if given is not None and given.type == "bearer" and given.token:
        parts = current_parts()
        actor = parts.known_tokens.actor_of(
            given.token, _look_up, address=request.remote_addr or "", now=parts.clock()
        )
    if actor is None:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"realm": "reporting"}))
    g.actor = actor


def refuse_unknown_parameters() -> None:
    """Refuse parameters on a route that declares none; the others refuse what they do not know.

    Raises UnprocessableEntity.
    """
    if not request.query_string:
        return
    documented = getattr(current_app.view_functions[str(request.endpoint)], "_apidoc", {})
    declared = documented.get("arguments", {}).get("parameters", ())
    if request.args and not any(one.get("in") == "query" for one in declared):
        refused = UnprocessableEntity()
        names = [name[:60] for name in list(request.args)[:20]]
        refused.data = {"messages": {"query": {name: ["Unknown field."] for name in names}}}  # type: ignore[attr-defined]
        raise refused
