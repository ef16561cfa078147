"""Every route with every role, upon what is another unit's: nobody is let in, nothing is moved.

Two provinces with a commune each. Whatever there is belongs to the first; the people and programs
of the second ask for it by its numbers, and those of the first for acts that their role has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from reporting.app import create_app
from reporting.db import make_engine, make_session_factory, migrate
from reporting.http import Right, acts_of, right_of
from reporting.models import Base, ReportingObligation, ReportingUnit, Role
from reporting.services.actors import ACTS, Act
from reporting.services.clients import Limits, create_client
from reporting.services.consolidation import consolidate
from reporting.services.persons import add_person
from reporting.settings import Settings
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    LEAF_FORM,
    Q3,
    SYSTEM,
    a_return,
    a_unit,
    an_open_period,
    as_json,
    shipped_forms,
)
from tests.reporting.services.people import GOOD, TODAY, a_grant, an_account
from tests.reporting.services.receiving import send

#: What stands in nobody's answer but those of its own unit; no request of ours says it.
SECRETS = ("Phường Bí Mật", "987654", "mat@don-vi.vn", "Người Giữ Mật")
#: The registry of units is open to whoever may read at all.
REGISTRY = ("/api/v1/units", "/api/v1/units/<code>")
SIDES = ("own", "other")
ROLES = list(Role)
_CONVERTER = re.compile(r"<(?:[^:<>]+(?:\([^)]*\))?:)?(\w+)>")
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class World:
    """The application, what belongs to the first unit, and who asks from where."""

    app: Flask
    engine: Engine
    ids: dict[str, Any] = field(default_factory=dict)
    tokens: dict[tuple[str, Role], str] = field(default_factory=dict)

    def path(self, rule: Rule) -> str:
        """The address of a route upon what is the first unit's."""
        return _CONVERTER.sub(lambda found: str(self.ids[found[1]]), rule.rule)

    def state(self) -> dict[str, list[Any]]:
        """All that is stored, but for what merely notes who came by."""
        passing = {"sign_in", "sign_in_failure", "audit_line", "refused_attempt", "job_run"}
        with self.engine.connect() as connection:
            return {
                table.name: list(connection.execute(select(table).order_by(*table.primary_key)))
                for table in Base.metadata.sorted_tables
                if table.name not in passing
            }


def _furnish(session: Session, world: World) -> None:
    for code, name, leaf, leaf_name in (
        ("H55", "Tỉnh Một", "X00001", SECRETS[0]),
        ("H20", "Tỉnh Hai", "X00002", "Phường Hai"),
    ):
        above = a_unit(session, code, name=name)
        a_unit(session, leaf, parent=above, name=leaf_name)
    units = {unit.code: unit for unit in session.scalars(select(ReportingUnit))}
    own, above = units["X00001"], units["H55"]
    an_open_period(session, units=[own, units["X00002"]])
    figures = {"Đất đai": {**GOOD_CELLS, "c4": 987654, "c8": 987635}}
    receipt = send(session, a_return("X00001", rows=figures))
    owed = session.scalars(
        select(ReportingObligation).where(ReportingObligation.unit_id == own.id)
    ).one()
    edition = consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest("II.06c/VPCP/KSTT"),
        period=Q3,
        unit=above,
        catalogue=shipped_forms(),
        clock=lambda: IN_Q3,
    ).edition
    person = add_person(
        session, actor=SYSTEM, unit=own, name=SECRETS[3], mail=SECRETS[2], on=TODAY, now=IN_Q3
    )
    account = an_account(session, "giu-mat", unit=own, name=SECRETS[3])
    grant = a_grant(session, account, Role.READ, unit=own)
    client, _ = create_client(session, actor=SYSTEM, name=SECRETS[3], unit_id=own.id, now=IN_Q3)
    world.ids = {
        "submission_id": receipt.submission_id, "obligation_id": owed.id, "edition_id": edition.id,
        "person_id": person.id, "account_id": account.id, "grant_id": grant,
        "client_id": client.id, "code": "X00001", "job": "ring", "sign_in_id": 1,
        "key_id": "0" * 16, "filename": "app.css",
    }  # fmt: skip
    for side, leaf in zip(SIDES, ("X00001", "X00002"), strict=True):
        for role in ROLES:
            unit = units[leaf]
            if role is Role.RECEIVE:
                unit = above if side == "own" else units["H20"]
            an_account(session, f"{side}-{role}", role, unit=unit)
            world.tokens[side, role] = create_client(
                session, actor=SYSTEM, name=f"{side} {role}", unit_id=unit.id, now=IN_Q3,
                limits=Limits(acts=ACTS[role]),
            )[1]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All of it in one store."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'store.sqlite3'}")
    migrate(engine)
    most = 10**9
    settings = Settings(
        database_url=engine.url.render_as_string(),
        rate_per_address=most,
        rate_per_actor=most,
        sign_ins_per_address=most,
    )
    app = create_app(settings, engine=engine, catalogue=shipped_forms(), clock=lambda: IN_Q3)
    found = World(app, engine)
    with make_session_factory(engine).begin() as session:
        _furnish(session, found)
    yield found
    engine.dispose()


def _routes(world: World, *rights: Right) -> list[tuple[str, Rule]]:
    return [
        (method, rule)
        for rule in world.app.url_map.iter_rules()
        if right_of(world.app, rule.endpoint) in rights
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def _body(world: World) -> dict[str, Any]:
    """One body that names what is the first unit's in every way that any route reads."""
    ids = world.ids
    return {
        "form": LEAF_FORM, "unit": "X00001", "period": "2026-Q3", "reason": "vì sao",
        "units": ["X00001"], "due_on": "2026-12-30", "closes_on": "2026-12-31",
        "name": "ai đó", "mail": "a@b.vn", "login": "ai-do", "role": "read",
        "items": [{"submission": ids["submission_id"], "etag": "x", "obligation": 1}],
        "explanations": [{"code": "rule_broken", "text": "đã rà soát"}],
        "document_number": "1/BC", "document_date": "2026-09-09", "scan": "UEs=",
        "scan_name": "a.pdf",
    }  # fmt: skip


#: What each writing route of the API reads of it; the others take no body, or a return.
_NAMES = {
    "/consolidations": ("form", "unit", "period"), "extension": ("due_on", "reason"),
    "waiver": ("reason",), "reopening": ("closes_on", "reason"), "return": ("reason",),
    "withdrawal": ("reason",), "amendment": ("reason",), "explanations": ("explanations",),
    "/suspensions": ("period", "units", "reason"), "/resumptions": ("period", "units", "reason"),
    "/persons": ("unit", "name", "mail"), "/accounts": ("login", "name", "unit"),
    "/grants": ("role", "unit"), "/clients": ("name", "unit"), "/returns": ("items", "reason"),
    "/acceptances": ("items",), "/approvals": ("items",), "rotation": ("nothing",),
    "other-means": ("document_number", "document_date", "scan", "scan_name"),
}  # fmt: skip


def _ask_api(world: World, method: str, rule: Rule, token: str) -> Any:
    http, path = world.app.test_client(), world.path(rule)
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"*"'}
    if method in ("GET", "DELETE"):
        query = {} if "<" in rule.rule else _query(rule.rule)
        return http.open(path, method=method, headers=headers, query_string=query)
    end = next((end for end in _NAMES if path.endswith(end)), "")
    whole = _body(world)
    body: dict[str, Any] = {name: whole[name] for name in _NAMES.get(end, ()) if name in whole}
    if not end:
        body = a_return("X00001")
    return http.open(
        path, method=method, headers=headers, data=as_json(body), content_type="application/json"
    )


def _query(rule: str) -> dict[str, str]:
    """Filters that name the first unit, where a list asks for them."""
    named = {
        "/api/v1/obligations": "X00001", "/api/v1/obligations/coming": "X00001",
        "/subordinates": "H55",
    }  # fmt: skip
    query = {"unit": named[rule]} if rule in named else {}
    if rule.endswith(("/series", "/series/workbook")):
        query = {"unit": "X00001", "form": LEAF_FORM, "periods": "2026-Q2,2026-Q3"}
    if rule in ("/return", "/template"):
        query = {"unit": "X00001", "form": LEAF_FORM, "period": "2026-Q3"}
    return query | ({"period": "2026-Q3"} if rule.endswith("/board") else {})


def _browser(world: World, login: str) -> tuple[FlaskClient, str]:
    """Someone who has signed in, and a token for forms."""
    http = world.app.test_client()
    token = _CSRF.search(http.get("/sign-in").text)
    assert token is not None
    given = {"csrf_token": token[1], "login": login, "password": GOOD}
    assert http.post("/sign-in", data=given).status_code == 303
    token = _CSRF.search(http.get("/account").text)
    assert token is not None
    return http, token[1]


def _tells(answer: Any) -> list[str]:
    text = answer.get_data(as_text=False).decode("utf-8", "replace")
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("role", ROLES)
def test_no_program_reaches_another_unit(world: World, role: Role) -> None:
    """No address of the API tells a program of another unit anything, or lets it move anything."""
    before = world.state()
    routes = _routes(world, Right.CLIENT)
    assert len(routes) > 60
    for method, rule in routes:
        answer = _ask_api(world, method, rule, world.tokens["other", role])
        where = (method, rule.rule, answer.status_code)
        assert answer.status_code < 500, where
        if rule.rule in REGISTRY:
            continue
        assert not _tells(answer), where
        if "_id>" in rule.rule or "<code>" in rule.rule:
            assert answer.status_code in (403, 404), where
        elif method != "GET":
            assert answer.status_code >= 400 or answer.json.get("items"), where
    assert world.state() == before


@pytest.mark.parametrize("role", ROLES)
def test_no_program_does_what_its_role_has_not(world: World, role: Role) -> None:
    """At its own unit too, an address that is there for other acts is 403."""
    before = world.state()
    shut = [
        (method, rule)
        for method, rule in _routes(world, Right.CLIENT)
        if not acts_of(world.app, rule.endpoint) & ACTS[role]
    ]
    assert shut
    for method, rule in shut:
        answer = _ask_api(world, method, rule, world.tokens["own", role])
        assert answer.status_code == 403, (method, rule.rule, answer.status_code)
    assert world.state() == before


@pytest.mark.parametrize("role", ROLES)
def test_no_person_reaches_another_unit(world: World, role: Role) -> None:
    """The same at the pages, forms with a good token included."""
    http, token = _browser(world, f"other-{role}")
    before = world.state()
    for method, rule in _routes(world, Right.PAGE):
        answer = _visit(world, http, method, rule, token)
        where = (method, rule.rule, answer.status_code)
        assert answer.status_code < 500, where
        assert not _tells(answer), where
        if "_id>" in rule.rule or "<code>" in rule.rule:
            assert answer.status_code in (403, 404), where
    assert world.state() == before


@pytest.mark.parametrize("role", ROLES)
def test_no_person_does_what_the_role_has_not(world: World, role: Role) -> None:
    """A page that is there for other acts is 403 at one's own unit too."""
    http, token = _browser(world, f"own-{role}")
    before = world.state()
    for method, rule in _routes(world, Right.PAGE):
        if acts_of(world.app, rule.endpoint) & ACTS[role]:
            continue
        answer = _visit(world, http, method, rule, token)
        assert answer.status_code == 403, (method, rule.rule, answer.status_code)
    assert world.state() == before


def _visit(world: World, http: FlaskClient, method: str, rule: Rule, token: str) -> Any:
    path = world.path(rule)
    if method == "GET":
        return http.get(path, query_string={} if "<" in rule.rule else _query(rule.rule))
    ids = world.ids
    fields = {
        "csrf_token": token, "unit": "X00001", "form": LEAF_FORM, "period": "2026-Q3",
        "reason": "vì sao", "seen": f"{ids['submission_id']}.received.1", "draft": "1:x",
        "login": "ai-do", "name": "Ai Đó", "role": "read",
    }  # fmt: skip
    if rule.rule.startswith("/return/") or rule.rule.endswith("/file"):
        return http.post(path, data=fields | {"file": (BytesIO(b"PK"), "a.xlsx")})
    return http.post(path, data=fields)


def test_who_shows_nothing_is_let_in_nowhere(world: World) -> None:
    """Without a token the API is 401; without having signed in a page leads to where one does."""
    before = world.state()
    http = world.app.test_client()
    for method, rule in _routes(world, Right.CLIENT):
        assert http.open(world.path(rule), method=method).status_code == 401, rule.rule
    token = _CSRF.search(http.get("/sign-in").text)
    assert token is not None
    for method, rule in _routes(world, Right.PAGE, Right.SELF):
        data = {"csrf_token": token[1]} if method == "POST" else None
        answer = http.open(world.path(rule), method=method, data=data)
        assert answer.status_code == 303, (method, rule.rule, answer.status_code)
        assert "/sign-in" in answer.headers["Location"]
    assert world.state() == before


def test_the_rightful_are_let_in(world: World) -> None:
    """The matrix would prove nothing if its addresses were wrong for everyone."""
    ids = world.ids
    reader = {"Authorization": f"Bearer {world.tokens['own', Role.READ]}"}
    http = world.app.test_client()
    for path in (
        f"/submissions/{ids['submission_id']}", f"/obligations/{ids['obligation_id']}",
        "/units/X00001/archive", f"/submissions/{ids['submission_id']}/receipt",
    ):  # fmt: skip
        assert http.get(f"/api/v1{path}", headers=reader).status_code == 200, path
    query = _query("/api/v1/series")
    series = http.get("/api/v1/series", headers=reader, query_string=query)
    assert (series.status_code, _tells(series)) == (200, list(SECRETS[:2]))
    above = {"Authorization": f"Bearer {world.tokens['own', Role.RECEIVE]}"}
    seen = http.get(f"/api/v1/consolidations/{ids['edition_id']}", headers=above)
    assert seen.status_code == 200
    assert Act.RECEIVE in ACTS[Role.RECEIVE]
