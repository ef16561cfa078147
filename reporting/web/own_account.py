"""One's own account: what one may do, where one sits, and one's password."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from reporting.errors import Conflict
from reporting.http import Right, allows, current_actor, current_parts
from reporting.services.accounts import list_grants
from reporting.services.passwords import LONGEST, SHORTEST
from reporting.services.sign_ins import NOT_LET_IN, change_password
from reporting.services.sittings import list_sittings, renew_token, revoke_sitting, revoke_sittings
from reporting.web.rendering import render
from reporting.web.roles import ROLES, stand_of
from reporting.web.visiting import (
    current_account,
    current_sitting,
    local_path,
    origin,
    sit_down,
)

blp = Blueprint("own_account", __name__)

_LONGEST_FIELD = 1_000
_NOT_REPEATED = (
    "Hai lần nhập mật khẩu mới không giống nhau.",
    "The new password was not typed the same twice.",
)


@blp.get("/account")
@allows(Right.SELF)
def show_own() -> str:
    """What one may do, and where one sits."""
    return _page(is_changed="changed" in request.args)


@blp.post("/account/password")
@allows(Right.SELF)
def post_password() -> tuple[str, int] | AnyResponse:
    """Change one's own password, which ends all other sittings, and every copy of this one."""
    parts, account, sitting = current_parts(), current_account(), current_sitting()
    old, new, again = (
        request.form.get(name, "")[:_LONGEST_FIELD] for name in ("old", "new", "again")
    )
    if new != again:
        return _page(refused=_NOT_REPEATED), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with parts.sessions.begin() as session:
            is_changed = change_password(
                session,
                account=account,
                old=old,
                new=new,
                origin=origin(),
                now=parts.clock(),
                sign_in_id=sitting.id,
            )
            token = renew_token(session, sign_in_id=sitting.id) if is_changed else ""
    except Conflict as refusal:
        return _page(refused=(refusal.vi, refusal.en)), HTTPStatus.UNPROCESSABLE_ENTITY
    if not is_changed:
        return _page(refused=NOT_LET_IN), HTTPStatus.UNPROCESSABLE_ENTITY
    sit_down(token)
    return redirect(url_for("own_account.show_own", changed=1), code=HTTPStatus.SEE_OTHER)


@blp.post("/account/sittings/revocation")
@allows(Right.SELF)
def post_revocation_of_all() -> AnyResponse:
    """End all of one's sittings but this one."""
    parts, account = current_parts(), current_account()
    with parts.sessions.begin() as session:
        revoke_sittings(
            session,
            actor=current_actor(),
            account_id=account.id,
            now=parts.clock(),
            keep=current_sitting().id,
        )
    return redirect(url_for("own_account.show_own"), code=HTTPStatus.SEE_OTHER)


@blp.post("/account/sittings/<int(max=9223372036854775807):sign_in_id>/revocation")
@allows(Right.SELF)
def post_revocation(sign_in_id: int) -> AnyResponse:
    """End one sitting: one's own, or one of an account that one administers."""
    parts, account = current_parts(), current_account()
    with parts.sessions.begin() as session:
        ended = revoke_sitting(
            session, actor=current_actor(), sign_in_id=sign_in_id, now=parts.clock()
        )
        whose = ended.account_id
    if whose != account.id:
        place = url_for("accounts.show_account", account_id=whose)
    else:
        place = url_for("own_account.show_own")
    return redirect(local_path(place), code=HTTPStatus.SEE_OTHER)


def _page(*, refused: tuple[str, str] | None = None, is_changed: bool = False) -> str:
    parts, account = current_parts(), current_account()
    now = parts.clock()
    with parts.reading_sessions() as session:
        grants = list_grants(session, actor=current_actor(), account_id=account.id)
        sittings = list_sittings(
            session, account_id=account.id, limits=parts.sitting_limits, now=now
        )
    return render(
        "own_account.html",
        account=account,
        grants=[(grant, code, stand_of(grant, parts.today())) for grant, code in grants],
        sittings=sittings,
        this_one=current_sitting().id,
        roles=ROLES,
        refused=refused,
        is_changed=is_changed,
        shortest=SHORTEST,
        longest=LONGEST,
    )
