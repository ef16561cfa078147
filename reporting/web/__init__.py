"""The page door: one office, without accounts, and without a line of JavaScript.

Pages are open only where the program runs on a laptop; on a server they stay shut until people
can sign in. What a page does, it does through the same services as the API.
"""

from __future__ import annotations

from flask import Flask, Response, g, make_response

from reporting.errors import NotAllowed
from reporting.failures import Failure
from reporting.http import current_parts
from reporting.services.actors import EVERYTHING, Actor
from reporting.settings import Environment
from reporting.web import board, desk, drafts, overview, regimes, returns, settling
from reporting.web.rendering import render

BLUEPRINTS = (desk.blp, returns.blp, overview.blp, board.blp, regimes.blp, drafts.blp, settling.blp)


def register_web(app: Flask) -> None:
    """Put the pages into the application."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


def identify_visitor() -> None:
    """Who sits at the pages of a single office acts for all its units. Raises NotAllowed."""
    if current_parts().settings.environment is not Environment.LAPTOP:
        raise NotAllowed(
            vi="Trang web chỉ mở khi chạy trên máy của một cơ quan, vì chưa có đăng nhập. "
            "Hãy gửi báo cáo qua API.",
            en="Pages are open only on the machine of a single office, since nobody can sign in "
            "yet. Please send through the API.",
        )
    g.actor = Actor(name="page", grants=(EVERYTHING,))


def answer_failure(failure: Failure, log_id: str = "") -> Response:
    """A page that says what could not be done, in both languages."""
    page = render("failure.html", failure=failure, log_id=log_id)
    return make_response(page, failure.status)
