"""The accounts that one administers: made, given roles, their passwords reset, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from http import HTTPStatus

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from reporting.errors import Conflict, Refusal
from reporting.failures import of_refusal
from reporting.http import Right, allows, current_actor, current_parts
from reporting.models import ReportingUnit, Role
from reporting.services import accounts as services
from reporting.services.accounts import NewGrant
from reporting.services.actors import Act
from reporting.services.named import form_named, unit_named
from reporting.services.sittings import list_sittings
from reporting.web.rendering import render
from reporting.web.roles import ROLES, stand_of
from reporting.web.visiting import current_account

blp = Blueprint("accounts", __name__)

_ID = "<int(max=9223372036854775807):account_id>"
_LONGEST_FIELD = 300


@blp.get("/accounts")
@allows(Right.PAGE, Act.ADMINISTER)
def show_accounts() -> str:
    """Every account that one administers, page by page, and the form for a new one."""
    return _list_page()


@blp.post("/accounts")
@allows(Right.PAGE, Act.ADMINISTER)
def post_account() -> tuple[str, int] | str:
    """Make an account with its first roles, and show its first password, once."""
    parts = current_parts()
    current_account()
    try:
        with parts.sessions.begin() as session:
            unit_id = _unit(session)
            account, password = services.create_account(
                session,
                actor=current_actor(),
                login=_field("login"),
                name=_field("name"),
                unit_id=unit_id,
                now=parts.clock(),
            )
            for role in request.form.getlist("role")[: len(Role)]:
                asked = NewGrant(role=_role(role), unit_id=unit_id, valid_from=parts.today())
                _give(session, account.id, asked)
    except Refusal as refusal:
        return _list_page(refusal), of_refusal(refusal).status
    return render("one_time.html", account=account, password=password, is_new=True)


@blp.get(f"/accounts/{_ID}")
@allows(Right.PAGE, Act.ADMINISTER)
def show_account(account_id: int) -> str:
    """One account: its roles, where it sits, and what can be done about it."""
    return _account_page(account_id)


@blp.post(f"/accounts/{_ID}/grants")
@allows(Right.PAGE, Act.ADMINISTER)
def post_grant(account_id: int) -> tuple[str, int] | AnyResponse:
    """Give an account a role."""
    return _do(account_id, lambda session: _give(session, account_id, _asked(session)))


@blp.post(f"/accounts/{_ID}/grants/<int(max=9223372036854775807):grant_id>/revocation")
@allows(Right.PAGE, Act.ADMINISTER)
def post_revocation(account_id: int, grant_id: int) -> tuple[str, int] | AnyResponse:
    """Take a role back."""
    now = current_parts().clock()
    return _do(
        account_id,
        lambda session: services.revoke_grant(
            session,
            actor=current_actor(),
            grant_id=grant_id,
            now=now,
            account_id=account_id,
        ),
    )


@blp.post(f"/accounts/{_ID}/ending")
@allows(Right.PAGE, Act.ADMINISTER)
def post_ending(account_id: int) -> tuple[str, int] | AnyResponse:
    """Let an account sign in no more."""
    now = current_parts().clock()
    return _do(
        account_id,
        lambda session: services.end_account(
            session, actor=current_actor(), account_id=account_id, now=now
        ),
    )


@blp.post(f"/accounts/{_ID}/password")
@allows(Right.PAGE, Act.ADMINISTER)
def post_password(account_id: int) -> tuple[str, int] | str:
    """Give an account a new password to be changed, and show it, once."""
    parts = current_parts()
    current_account()
    try:
        with parts.sessions.begin() as session:
            account, password = services.reset_password(
                session,
                actor=current_actor(),
                account_id=account_id,
                today=parts.today(),
                now=parts.clock(),
            )
    except Refusal as refusal:
        return _account_page(account_id, refusal), of_refusal(refusal).status
    return render("one_time.html", account=account, password=password, is_new=False)


def _do(account_id: int, act: Callable[[Session], object]) -> tuple[str, int] | AnyResponse:
    """Do something about an account and show it again, or why that may not be."""
    current_account()
    try:
        with current_parts().sessions.begin() as session:
            act(session)
    except Refusal as refusal:
        return _account_page(account_id, refusal), of_refusal(refusal).status
    place = url_for("accounts.show_account", account_id=account_id)
    return redirect(place, code=HTTPStatus.SEE_OTHER)


def _give(session: Session, account_id: int, asked: NewGrant) -> None:
    parts = current_parts()
    services.grant_role(
        session,
        actor=current_actor(),
        account_id=account_id,
        asked=asked,
        today=parts.today(),
        now=parts.clock(),
    )


def _asked(session: Session) -> NewGrant:
    """The role that the posted form describes. Raises Conflict, NotFound."""
    parts = current_parts()
    last = _field("valid_to")
    return NewGrant(
        role=_role(_field("role")),
        unit_id=_unit(session),
        below="below" in request.form,
        forms=[form_named(parts.catalogue, code).code for code in request.form.getlist("form")],
        title=_field("title"),
        valid_from=_day(_field("valid_from")) or parts.today(),
        valid_to=_day(last),
    )


def _role(text: str) -> Role:
    if text not in list(Role):
        raise Conflict(vi="Hãy chọn một vai trò.", en="Please choose a role.")
    return Role(text)


def _unit(session: Session) -> int | None:
    """The unit whose code was typed; none is the central office. Raises NotFound."""
    code = _field("unit")
    return unit_named(session, code, on=current_parts().today()).id if code else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Conflict(
            vi="Ngày phải như 2026-09-30.", en="A day is written such as 2026-09-30."
        ) from None


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:_LONGEST_FIELD]


def _list_page(refusal: Refusal | None = None) -> str:
    parts, own = current_parts(), current_account()
    after = request.args.get("after", "")[:100].replace("\x00", "")
    with parts.reading_sessions() as session:
        found = services.list_accounts(session, actor=current_actor(), after=after)
        unit = session.get(ReportingUnit, own.unit_id) if own.unit_id is not None else None
    return render(
        "accounts.html",
        found=found,
        last=found[-1][0].login if len(found) == services.PAGE_SIZE else None,
        roles=ROLES,
        own_unit=unit.code if unit else "",
        given=request.form,
        refusal=refusal,
    )


def _account_page(account_id: int, refusal: Refusal | None = None) -> str:
    parts = current_parts()
    current_account()
    now, today = parts.clock(), parts.today()
    with parts.reading_sessions() as session:
        actor = current_actor()
        account = services.administered_account(session, actor, account_id)
        grants = services.list_grants(session, actor=actor, account_id=account_id)
        sittings = list_sittings(
            session, account_id=account_id, limits=parts.sitting_limits, now=now
        )
        unit = session.get(ReportingUnit, account.unit_id) if account.unit_id is not None else None
    return render(
        "account.html",
        account=account,
        unit=unit,
        grants=[(grant, code, stand_of(grant, today)) for grant, code in grants],
        sittings=sittings,
        roles=ROLES,
        forms=parts.catalogue.codes,
        today=today,
        given=request.form,
        refusal=refusal,
    )
