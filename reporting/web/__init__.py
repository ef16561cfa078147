"""The page door: for people who have signed in, and without a line of JavaScript.

On a laptop on which nobody has an account, the pages are open to whoever sits there. What a page
does, it does through the same services as the API.
"""

from __future__ import annotations

from flask import Flask, Response, make_response

from reporting.failures import Failure
from reporting.web import (
    accounts,
    board,
    desk,
    drafts,
    editions,
    indicators,
    overview,
    own_account,
    proof,
    regimes,
    returns,
    series,
    settling,
    signing_in,
)
from reporting.web.rendering import render
from reporting.web.visiting import identify_visitor

__all__ = ["BLUEPRINTS", "answer_failure", "identify_visitor", "register_web"]

BLUEPRINTS = (
    desk.blp,
    returns.blp,
    drafts.blp,
    settling.blp,
    overview.blp,
    editions.blp,
    series.blp,
    board.blp,
    regimes.blp,
    indicators.blp,
    proof.blp,
    signing_in.blp,
    own_account.blp,
    accounts.blp,
)


def register_web(app: Flask) -> None:
    """Put the pages into the application."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


def answer_failure(failure: Failure, log_id: str = "") -> Response:
    """A page that says what could not be done, in both languages."""
    page = render("failure.html", failure=failure, log_id=log_id)
    return make_response(page, failure.status)
