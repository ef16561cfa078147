"""Signing in at the pages: the way there and back, and what a cookie is good for."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from reporting.app import create_app
from reporting.models import Role, SignIn, SignInFailure
from reporting.services.accounts import create_account, end_account
from reporting.services.signing import ServerKey
from reporting.settings import Environment, Settings
from tests.builders import IN_Q3, SYSTEM, shipped_forms
from tests.reporting.doors import Doors
from tests.reporting.services.people import GOOD, an_account
from tests.reporting.web.people import CSRF, Browser, browser_of


def an_app(doors: Doors, **settings: object) -> Flask:
    """The same store behind other settings."""
    parts = doors.app.extensions["reporting"]
    app = create_app(
        Settings(secret_key="k" * 40, **settings),  # type: ignore[arg-type]
        engine=parts.engine,
        catalogue=shipped_forms(),
        sessions=doors.sessions,
        clock=doors.clock,
    )
    app.testing = True
    return app


def cookie_of(browser: Browser) -> str:
    """The session as the browser keeps it."""
    cookie = browser.http.get_cookie("reporting")
    assert cookie is not None
    return cookie.value


def test_the_machine_of_one_office_stays_open_until_someone_has_an_account(doors: Doors) -> None:
    """Without accounts whoever sits there works; from the first one on, one signs in."""
    browser = Browser(doors.http)
    assert browser.get("/").status_code == 200
    with doors.sessions.begin() as session:
        an_account(session)
    answer = browser.get("/periods?period=2026-Q3")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/periods?period%3D2026-Q3"
    assert doors.http.get("/regimes").status_code == 200


def test_a_server_asks_to_sign_in_from_the_start(doors: Doors) -> None:
    """In production the pages are shut without accounts too."""
    app = an_app(
        doors,
        environment=Environment.PRODUCTION,
        signing_key=ServerKey.new().private_pem().decode(),
    )
    browser = app.test_client()
    assert browser.get("/board").headers["Location"] == "/sign-in?next=/board"
    page = browser.get("/sign-in", base_url="https://localhost")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-reporting=")
    for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert flag in cookie
    assert "Domain" not in cookie


def test_one_comes_back_to_the_page_that_was_wanted(doors: Doors) -> None:
    """After signing in the first click leads where one wanted to go; the masthead says who."""
    with doors.sessions.begin() as session:
        an_account(session, "lan", Role.READ, unit=doors.province)
    browser = Browser(doors.http)
    place = browser.get("/board?by=unit").headers["Location"]
    assert 'value="/board?by=unit"' in browser.get(place).text
    answer = browser.sign_in("lan", next="/board?by=unit")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board?by=unit")
    page = browser.get("/board?by=unit").text
    assert "Trần Thị Lan" in page
    assert "Đăng xuất" in page
    assert 'href="/accounts"' not in page
    assert "Trần Thị Lan" in browser.get("/regimes").text
    assert "Trần Thị Lan" not in doors.http.get("/regimes").text


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example/",
     "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:x",
     "/\n/evil.example", "/" + "x" * 2000, "evil", "http:///evil", "///evil.example", "/\t/evil"],
)  # fmt: skip
def test_nobody_is_led_to_another_site(doors: Doors, next_: str) -> None:
    """A link with a foreign place in it leads to our first page."""
    with doors.sessions.begin() as session:
        an_account(session)
    browser = Browser(doors.http)
    assert browser.sign_in("lan", next=next_).headers["Location"] == "/"


def test_whoever_is_not_let_in_reads_the_same_page(doors: Doors) -> None:
    """Wrong password, unknown name, ended account, locked: not a letter differs."""
    with doors.sessions.begin() as session:
        an_account(session)
        gone = an_account(session, "gone")
        end_account(session, actor=SYSTEM, account_id=gone.id, now=IN_Q3)

    def answer(login: str, password: str) -> tuple[int, str]:
        browser = Browser(doors.http)
        refused = browser.sign_in(login, password)
        assert "Set-Cookie" not in refused.headers
        text = refused.text.replace(f'value="{login}"', "")
        start = text.index('<div class="verdict bad"')
        return refused.status_code, text[start : text.index("</div>", start)]

    answers = [answer("lan", "sai"), answer("nobody", GOOD), answer("gone", GOOD), answer("", "")]
    answers += [answer("lan", "sai") for _ in range(4)]
    answers.append(answer("lan", GOOD))
    assert len(set(answers)) == 1
    assert answers[0][0] == 422


def test_login_and_password_may_come_decomposed(doors: Doors) -> None:
    """Safari on a Mac sends what it likes; the same letters open the same account."""
    with doors.sessions.begin() as session:
        an_account(session, "đạt")
    fields = [unicodedata.normalize("NFD", text) for text in ("Đạt", GOOD)]
    assert Browser(doors.http).sign_in(*fields).status_code == 303


def test_a_post_without_our_form_signs_nobody_in(doors: Doors) -> None:
    """Another site cannot sign a visitor in under an account of its own."""
    with doors.sessions.begin() as session:
        an_account(session)
    answer = doors.http.post("/sign-in", data={"login": "lan", "password": GOOD})
    assert answer.status_code == 400
    with doors.sessions() as session:
        assert session.scalars(select(SignIn)).all() == []
        assert session.scalars(select(SignInFailure)).all() == []


def test_signing_in_makes_a_token_that_nobody_had(doors: Doors) -> None:
    """A cookie that was put under someone before opens nothing afterwards."""
    with doors.sessions.begin() as session:
        an_account(session, "lan", Role.READ, unit=doors.commune)
    browser = Browser(doors.http)
    browser.get("/sign-in")
    planted = cookie_of(browser)
    assert browser.sign_in("lan").status_code == 303
    thief = doors.http
    thief.set_cookie("reporting", planted)
    assert thief.get("/").status_code == 303
    first = cookie_of(browser)
    assert browser.sign_in("lan").status_code == 303
    assert cookie_of(browser) != first
    thief.set_cookie("reporting", first)
    assert thief.get("/").status_code == 303


def test_a_form_that_lay_open_while_one_signed_in_still_goes(doors: Doors) -> None:
    """The token against other sites survives signing in."""
    browser = browser_of(doors, "lan", Role.READ, unit=doors.commune)
    token = CSRF.search(browser.get("/account").text)
    assert token is not None
    browser.sign_in("lan")
    answer = browser.http.post("/sign-out", data={"csrf_token": token[1]})
    assert answer.status_code == 303


def test_a_cookie_of_a_sitting_that_was_left_opens_nothing(doors: Doors) -> None:
    """Signed out, replayed from a copy, the cookie leads to signing in."""
    browser = browser_of(doors, "lan", Role.READ, unit=doors.commune)
    copy = cookie_of(browser)
    assert browser.get("/").status_code == 200
    assert browser.post("/sign-out", seen_on="/").headers["Location"] == "/sign-in"
    assert browser.get("/").status_code == 303
    thief = doors.http
    thief.set_cookie("reporting", copy)
    assert thief.get("/").status_code == 303


@pytest.mark.parametrize("forged", ["", "x", "eyJzaXR0aW5nIjoieCJ9.aaaa.bbbb", "\xff"])
def test_a_forged_cookie_opens_nothing(doors: Doors, forged: str) -> None:
    """What is not signed by us is no cookie of ours, and never a failure of ours."""
    browser_of(doors, "lan", Role.READ, unit=doors.commune)
    thief = doors.http
    thief.set_cookie("reporting", forged)
    assert thief.get("/").status_code == 303


def test_a_cookie_that_is_signed_but_holds_no_text_opens_nothing(doors: Doors) -> None:
    """Even one of an older release of ours, with something else in it."""
    browser_of(doors, "lan", Role.READ, unit=doors.commune)
    visitor = doors.http
    with visitor.session_transaction() as kept:
        kept["sitting"] = ["x"]
    assert visitor.get("/").status_code == 303


def test_a_sitting_ends_when_it_rests_and_at_the_end_of_the_day(doors: Doors) -> None:
    """Half an hour without a click; twelve hours in all."""
    browser = browser_of(doors, "lan", Role.READ, unit=doors.commune)
    for _ in range(35):
        doors.clock.now += timedelta(minutes=20)
        assert browser.get("/").status_code == 200
    doors.clock.now += timedelta(minutes=20)
    assert browser.get("/").status_code == 303
    browser.sign_in("lan")
    doors.clock.now += timedelta(minutes=30)
    assert browser.get("/").status_code == 303


def test_settings_say_how_long_a_sitting_rests(doors: Doors) -> None:
    """An operator may let it rest for five minutes only."""
    with doors.sessions.begin() as session:
        an_account(session, "lan", Role.READ, unit=doors.commune)
    browser = Browser(an_app(doors, idle_minutes=5).test_client())
    browser.sign_in("lan")
    doors.clock.now += timedelta(minutes=5)
    assert browser.get("/").status_code == 303


def test_the_first_password_leads_nowhere_but_to_another_one(doors: Doors) -> None:
    """Until it is changed every page leads to the account, and nothing can be posted."""
    with doors.sessions.begin() as session:
        _, first = create_account(
            session, actor=SYSTEM, login="new", name="Người mới", unit_id=None, now=IN_Q3
        )
    browser = Browser(doors.http)
    browser.sign_in("new", first)
    for path in ("/", "/board", "/accounts", "/template"):
        assert browser.get(path).headers["Location"] == "/account"
    refused = browser.post("/account/sittings/revocation", seen_on="/account")
    assert refused.headers["Location"] == "/account"
    new = "gió bấc thổi qua đồng"
    fields = {"old": first, "new": new, "again": new}
    assert (
        browser.post(
            "/account/password", seen_on="/account", **fields | {"again": "khác"}
        ).status_code
        == 422
    )
    assert (
        "quá dễ đoán"
        in browser.post(
            "/account/password", seen_on="/account", **fields | {"new": "x" * 12, "again": "x" * 12}
        ).text
    )
    done = browser.post("/account/password", seen_on="/account", **fields)
    assert done.headers["Location"] == "/account?changed=1"
    assert "Đã đổi mật khẩu" in browser.get("/account?changed=1").text
    assert Browser(doors.http).sign_in("new", first).status_code == 422


def test_a_new_password_ends_a_copy_of_the_cookie(doors: Doors) -> None:
    """Whoever has copied it sits at the very sitting in which the password is changed."""
    browser, thief = browser_of(doors, "lan", Role.READ, unit=doors.commune), Browser(doors.http)
    thief.http.set_cookie("reporting", cookie_of(browser))
    assert thief.get("/").status_code == 200
    new = "gió bấc thổi qua đồng"
    wrong = {"old": "sai", "new": new, "again": new}
    assert browser.post("/account/password", seen_on="/account", **wrong).status_code == 422
    assert thief.get("/").status_code == 200
    fields = {"old": GOOD, "new": new, "again": new}
    assert browser.post("/account/password", seen_on="/account", **fields).status_code == 303
    assert browser.get("/").status_code == 200
    assert thief.get("/").status_code == 303


def test_ones_own_sittings_are_seen_and_ended(doors: Doors) -> None:
    """One by one, or all others at once; never those of another."""
    browser = browser_of(doors, "lan", Role.READ, unit=doors.commune)
    other = Browser(doors.http)
    other.sign_in("lan")
    third = Browser(doors.http)
    third.sign_in("lan")
    stranger = browser_of(doors, "an", Role.APPROVE, unit=doors.commune)
    page = browser.get("/account").text
    assert page.count("/revocation") == 3
    with doors.sessions() as session:
        ids = list(session.scalars(select(SignIn.id).order_by(SignIn.id)))
    path = f"/account/sittings/{ids[1]}/revocation"
    assert stranger.post(path, seen_on="/account").status_code == 404
    assert other.get("/").status_code == 200
    assert browser.post(path, seen_on="/account").headers["Location"] == "/account"
    assert other.get("/").status_code == 303
    browser.post("/account/sittings/revocation", seen_on="/account")
    assert third.get("/").status_code == 303
    assert browser.get("/").status_code == 200
    assert stranger.get("/").status_code == 200


def test_a_role_that_is_over_opens_no_page(doors: Doors) -> None:
    """The account stays; what it may do is asked anew at each click."""
    browser = browser_of(doors, "lan", unit=doors.commune)
    assert browser.get("/").status_code == 403
    assert "chưa được giao quyền" in browser.get("/account").text


def test_each_proxy_that_is_named_says_who_came(doors: Doors) -> None:
    """Behind a proxy the address is the visitor's; a header that nobody vouches for is nothing."""
    with doors.sessions.begin() as session:
        an_account(session)
    said = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    for proxies, address in ((0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.1")):
        browser = Browser(an_app(doors, proxies=proxies).test_client())
        browser.http.environ_base.update({"HTTP_X_FORWARDED_FOR": said["X-Forwarded-For"]})
        browser.sign_in("lan")
        with doors.sessions() as session:
            newest = session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
        assert newest is not None
        assert newest.address == address
