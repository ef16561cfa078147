"""Puts the web application together: parts, doors, limits, headers, answers to failures.

The one place that configures Flask; everything else is asked of the parts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import structlog
from flask import Flask, Request, Response, current_app, g, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.exceptions import Forbidden, HTTPException, SecurityError, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from forms.catalogue import Catalogue
from reporting import api, web
from reporting.bodies import bound_body, throw_away_the_rest
from reporting.errors import Refusal
from reporting.failures import of_http_exception, of_refusal
from reporting.http import (
    Right,
    acts_of,
    current_gate,
    current_parts,
    refuse_undeclared,
    right_of,
)
from reporting.limiting import Gate
from reporting.logs import configure_logging
from reporting.parts import Clock, Parts, make_parts, system_clock
from reporting.settings import Environment, Settings

log = structlog.get_logger(__name__)

_SECONDS_TO_WAIT = 10
#: Two years, as browsers want it; subdomains are others' to decide about.
_SECONDS_OF_HTTPS = 63_072_000
_LAPTOP = Environment.LAPTOP
_Served = Callable[[Any, Any], Iterable[bytes]]

#: No script runs, no other site is asked, and no other site may show our pages in a frame.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ReportingJson(DefaultJSONProvider):
    """JSON with Vietnamese as it is written, and every Decimal as a text of its digits."""

    ensure_ascii = False
    sort_keys = False

    @staticmethod
    def default(value: Any) -> Any:
        """What JSON itself does not know."""
        return str(value) if isinstance(value, Decimal) else DefaultJSONProvider.default(value)


class ReportingFlask(Flask):
    """Flask without asyncio: no route and no hook of ours needs to be asked whether it waits."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


class PageSessions(SecureCookieSessionInterface):
    """Sessions of the pages; for a request without a cookie, as of a program, no key is made."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session that came with a request, or a new one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def create_app(
    settings: Settings,
    *,
    engine: Engine | None = None,
    catalogue: Catalogue | None = None,
    sessions: sessionmaker[Session] | None = None,
    clock: Clock = system_clock,
) -> Flask:
    """The web application with both its doors.

    Raises BadDeclaration, which says every fault of the declared forms, rather than serve a part,
    and RuntimeError where a route does not say who may use it.
    """
    parts = make_parts(settings, engine=engine, catalogue=catalogue, sessions=sessions, clock=clock)
    configure_logging(settings.environment)
    app = ReportingFlask("reporting")
    if settings.proxies:
        # Without it everyone has the address of the proxy, and one who guesses locks out all.
        behind = dict.fromkeys(("x_for", "x_proto", "x_host"), settings.proxies)
        app.wsgi_app = ProxyFix(app.wsgi_app, **behind)  # type: ignore[method-assign]
    app.wsgi_app = _with_headers(app.wsgi_app, _security_headers(settings))  # type: ignore[method-assign, assignment]
    app.extensions["reporting_gate"] = Gate(settings)
    app.json = ReportingJson(app)
    app.session_interface = PageSessions()
    app.extensions["reporting"] = parts
    app.config.update(_configuration(parts))
    app.before_request(_bound_body)
    app.before_request(_limit_address)
    app.before_request(_admit)
    app.after_request(_keep_out_of_caches)
    app.after_request(throw_away_the_rest)
    app.register_error_handler(Refusal, _answer_refusal)
    app.register_error_handler(OperationalError, _answer_store_failure)
    app.register_error_handler(PoolTimeout, _answer_store_failure)
    api.register_api(app, _answer_http_exception)
    web.register_web(app)
    csrf = CSRFProtect(app)
    for blueprint in api.BLUEPRINTS:
        csrf.exempt(blueprint)  # A token in a header is sent by no browser of its own accord.
    refuse_undeclared(app)
    return app


def _configuration(parts: Parts) -> dict[str, Any]:
    settings = parts.settings
    is_production = settings.environment is Environment.PRODUCTION
    return api.CONFIGURATION | {
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": _trusted_hosts(settings),
        # One more than may come, so that our own bound is met first and says so.
        "MAX_CONTENT_LENGTH": settings.max_body + 1,
        # With this beginning a browser takes it from this host alone, and never without TLS.
        "SESSION_COOKIE_NAME": "__Host-reporting" if is_production else "reporting",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": is_production,
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        # A page may lie open for an afternoon before its file is sent.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _trusted_hosts(settings: Settings) -> list[str] | None:
    """By which names the application may be called; None for any, as a proxy has seen to it.

    The pages of a laptop are open to whoever sits at it. Without this any site could give itself
    a name that leads to 127.0.0.1, and read them from the browser of its visitor.
    """
    if settings.trusted_hosts:
        return list(settings.trusted_hosts)
    return ["localhost", "127.0.0.1", "[::1]"] if settings.environment is _LAPTOP else None


def _bound_body() -> None:
    bound_body(current_parts().settings.max_body)


def _limit_address() -> None:
    if request.endpoint != "static":
        current_gate().pass_address(request.remote_addr or "")


def _admit() -> AnyResponse | None:
    """Let in whom the route has declared, and nobody where it has declared nothing.

    A visitor of the pages who has not signed in is shown where to; any other is refused.
    """
    endpoint = request.endpoint
    if endpoint is None:
        return None  # No route: the answer is 404 or 405.
    right = right_of(current_app, endpoint)
    if right is Right.ANYONE:
        return None
    if right is Right.CLIENT:
        api.identify_client()
        api.refuse_unknown_parameters()
    elif right in (Right.PAGE, Right.SELF):
        elsewhere = web.identify_visitor()
        if elsewhere is not None:
            return elsewhere
    else:
        raise Forbidden
    current_gate().pass_actor(g.actor)
    if right is not Right.SELF and not g.actor.has(*acts_of(current_app, endpoint)):
        raise Forbidden
    return None


def _security_headers(settings: Settings) -> Mapping[str, str]:
    if settings.environment is Environment.PRODUCTION:
        return SECURITY_HEADERS | {"Strict-Transport-Security": f"max-age={_SECONDS_OF_HTTPS}"}
    return SECURITY_HEADERS


def _with_headers(serve: _Served, headers: Mapping[str, str]) -> _Served:
    """Put these headers into every answer that does not have its own, all at once."""
    ours = [(name.lower(), (name, value)) for name, value in headers.items()]

    def serve_with_headers(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, given: list[tuple[str, str]], *failure: Any) -> Any:
            there = {name.lower() for name, _ in given}
            missing = [header for name, header in ours if name not in there]
            return start_response(status, [*given, *missing], *failure)

        return serve(environ, start)

    return serve_with_headers


def _keep_out_of_caches(response: Response) -> Response:
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _answer_http_exception(error: HTTPException) -> Response:
    """Answer a failure as the door does at which it happened; ours is logged under a number."""
    failure = of_http_exception(error, max_body=current_parts().settings.max_body)
    if failure.status >= 500:
        g.log_id = uuid.uuid4().hex[:12]
        cause = getattr(error, "original_exception", None) or error.__cause__ or error
        log.error("request failed", log_id=g.log_id, path=request.path, exc_info=cause)
    # Under a foreign name no address of ours can be written, so that there is no page either.
    if _is_for_programs() or isinstance(error, SecurityError):
        return api.answer_http_exception(error, failure)
    return web.answer_failure(failure, g.get("log_id", ""))


def _answer_store_failure(failure: Exception) -> Response:
    """The store is away, or too busy: not the sender's fault, and worth another try."""
    unavailable = ServiceUnavailable(retry_after=_SECONDS_TO_WAIT)
    unavailable.__cause__ = failure
    return _answer_http_exception(unavailable)


def _answer_refusal(refusal: Refusal) -> Response:
    """Answer an act that may not or cannot be done, as the door does at which it was asked."""
    failure = of_refusal(refusal)
    if _is_for_programs():
        return api.problem(failure, **refusal.more)
    return web.answer_failure(failure)


def _is_for_programs() -> bool:
    return request.path.startswith(api.PATHS)
