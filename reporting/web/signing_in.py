"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from reporting.http import Right, allows, current_gate, current_parts
from reporting.services.sign_ins import NOT_LET_IN, Password, sign_in
from reporting.web.rendering import render
from reporting.web.visiting import local_path, origin, sit_down, stand_up

blp = Blueprint("signing_in", __name__)

_LONGEST_FIELD = 1_000


@blp.get("/sign-in")
@allows(Right.ANYONE)
def show_sign_in() -> str:
    """The form; and the page to go on to."""
    return render("sign_in.html", next=local_path(request.args.get("next", "")), login="")


@blp.post("/sign-in")
@allows(Right.ANYONE)
def post_sign_in() -> tuple[str, int] | AnyResponse:
    """Let someone in, or say the one sentence that is said to everyone else."""
    parts, given = current_parts(), request.form
    current_gate().pass_sign_in(request.remote_addr or "")
    login = given.get("login", "")[:_LONGEST_FIELD]
    place = local_path(given.get("next", ""))
    credential = Password(login, given.get("password", "")[:_LONGEST_FIELD])
    with parts.sessions.begin() as session:
        signed = sign_in(session, credential, origin(), now=parts.clock())
        if signed is not None:
            stand_up(session)  # Whoever sat here before, perhaps under another name.
    if signed is None:
        page = render("sign_in.html", next=place, login=login[:100], refused=NOT_LET_IN)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    sit_down(signed.token)
    return redirect(place, code=HTTPStatus.SEE_OTHER)


@blp.post("/sign-out")
@allows(Right.SELF)
def post_sign_out() -> AnyResponse:
    """End the sitting; what the browser still has of it opens nothing."""
    with current_parts().sessions.begin() as session:
        stand_up(session)
    return redirect(url_for("signing_in.show_sign_in"), code=HTTPStatus.SEE_OTHER)
