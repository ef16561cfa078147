"""Who sits at the pages: found by the sitting that the browser names, or shown where to sign in.

The cookie is signed and holds nothing but the token of the sitting and that against other sites;
whose sitting it is, and whether it is still one, the store says at each request.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import g, redirect, request, session, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from reporting.errors import NotAllowed
from reporting.http import current_parts
from reporting.models import Account, SignIn
from reporting.services.accounts import actor_of
from reporting.services.actors import EVERYTHING, Actor
from reporting.services.sign_ins import Origin
from reporting.services.sittings import find_sitting, is_to_be_noted, note_seen, sign_out
from reporting.settings import Environment

_TOKEN = "sitting"  # noqa: S105 - the name under which the cookie has it

#: Where one may go whose password someone else has seen, until it is changed.
_OPEN_BEFORE_CHANGE = frozenset(
    {"own_account.show_own", "own_account.post_password", "signing_in.post_sign_out"}
)
_LONGEST_PLACE = 1_000


def identify_visitor() -> AnyResponse | None:
    """Put whoever sits there into the request; or answer where he has to go first."""
    parts = current_parts()
    now = parts.clock()
    with parts.reading_sessions() as store:
        found = find_sitting(store, _token(), limits=parts.sitting_limits, now=now)
        if found is None:
            if _is_single_office(store):
                g.actor = Actor(name="page", grants=(EVERYTHING,))
                return None
            return _to_sign_in()
        g.sitting, g.account = found
        g.actor = actor_of(store, g.account, today=parts.today(), address=origin().address)
    if is_to_be_noted(g.sitting, now):
        with parts.sessions.begin() as store:
            note_seen(store, sign_in_id=g.sitting.id, now=now)
    if g.account.must_change and request.endpoint not in _OPEN_BEFORE_CHANGE:
        return redirect(url_for("own_account.show_own"), code=HTTPStatus.SEE_OTHER)
    return None


def greet_visitor() -> None:
    """On a page that is open to all, let the masthead say who has signed in."""
    parts = current_parts()
    if not _token():
        return
    with parts.reading_sessions() as store:
        found = find_sitting(store, _token(), limits=parts.sitting_limits, now=parts.clock())
        if found is not None:
            g.sitting, g.account = found
            g.actor = actor_of(store, g.account, today=parts.today(), address=origin().address)


def current_account() -> Account:
    """The account of whoever has signed in. Raises NotAllowed where nobody has to."""
    account: Account | None = g.get("account")
    if account is None:
        raise NotAllowed(
            vi="Máy này chưa có tài khoản nào. Hãy tạo người quản trị đầu tiên bằng lệnh "
            "`reporting accounts create`.",
            en="There are no accounts on this machine. Make the first administrator with the "
            "command `reporting accounts create`.",
        )
    return account


def current_sitting() -> SignIn:
    """The sitting of whoever has signed in."""
    sitting: SignIn = g.sitting
    return sitting


def origin() -> Origin:
    """From where this request comes."""
    return Origin(request.remote_addr or "", str(request.user_agent))


def sit_down(token: str) -> None:
    """Let the browser have a token that nobody had before; that against other sites stays."""
    session[_TOKEN] = token


def stand_up(store: Session) -> None:
    """End the sitting that the browser names, if there is one. The caller commits."""
    parts = current_parts()
    now = parts.clock()
    found = find_sitting(store, _token(), limits=parts.sitting_limits, now=now)
    if found is not None:
        sitting, account = found
        himself = Actor(name=account.name, account_id=account.id, address=origin().address)
        sign_out(store, actor=himself, sign_in_id=sitting.id, now=now)
    session.pop(_TOKEN, None)


def local_path(wanted: str) -> str:
    """A place of our own pages to go on to; the first page for any other."""
    first = url_for("desk.choose")
    if not wanted.startswith("/") or len(wanted) > _LONGEST_PLACE or not wanted.isprintable():
        return first
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return first
    # `//host` and `/\host` lead elsewhere, the latter in browsers alone.
    is_elsewhere = parts.scheme or parts.netloc or wanted.startswith("//") or "\\" in wanted
    return first if is_elsewhere else wanted


def _token() -> str:
    token = session.get(_TOKEN, "")
    return token if isinstance(token, str) else ""


def _is_single_office(store: Session) -> bool:
    """Whether this is the machine of one office on which nobody was ever given an account."""
    if current_parts().settings.environment is not Environment.LAPTOP:
        return False
    return store.scalars(select(Account.id).limit(1)).one_or_none() is None


def _to_sign_in() -> AnyResponse:
    """The way to sign in, and back to the page that was wanted; what was posted is lost."""
    wanted = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
    if wanted == url_for("desk.choose") or len(wanted or "") > _LONGEST_PLACE:
        wanted = None
    place = url_for("signing_in.show_sign_in", next=wanted)
    return redirect(place, code=HTTPStatus.SEE_OTHER)
