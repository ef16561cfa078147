"""Who may do what through the API: no token, a wrong one, another unit's."""

from __future__ import annotations

import pytest

from reporting.services.clients import create_client, revoke
from tests.builders import IN_Q3, LEAF_FORM, SYSTEM, a_return, as_json
from tests.reporting.doors import Doors

READS = [
    "/submissions", "/forms", "/regimes", "/units", "/periods", "/obligations?unit=X01840",
    "/consolidations", f"/forms/{LEAF_FORM}/schema",
]  # fmt: skip


@pytest.mark.parametrize(
    "header", [None, "Bearer rpt_wrong", "Bearer ", "Basic YTpi", "rpt_x", "Bearer ế"]
)
def test_nothing_is_read_without_a_token(doors: Doors, header: str | None) -> None:
    """A missing, wrong or garbled token is 401, with the scheme that is expected."""
    headers = {} if header is None else {"Authorization": header}
    for path in READS:
        answer = doors.http.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_nothing_is_sent_without_a_token(doors: Doors) -> None:
    """Without a token a return is not even looked at, and nothing of it is kept."""
    body = as_json(a_return("X01840"))
    for path in ("submissions", "checks"):
        answer = doors.http.post(f"/api/v1/{path}", data=body, content_type="application/json")
        assert answer.status_code == 401


def test_a_revoked_token_is_refused(doors: Doors) -> None:
    """Once a token is taken back, it opens nothing."""
    with doors.sessions.begin() as session:
        client, token = create_client(session, actor=SYSTEM, name="a", unit_id=None, now=IN_Q3)
        revoke(session, actor=SYSTEM, client_id=client.id, now=IN_Q3)
    doors.tokens["revoked"] = token
    assert doors.get("/submissions", "revoked").status_code == 401


def test_nobody_sends_for_another_unit(doors: Doors) -> None:
    """A neighbour is refused and nothing is stored; the unit above and the centre may send."""
    answer = doors.send(a_return("X01840"), "neighbour")
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert doors.send(a_return("X01840"), "neighbour", to="/checks").status_code == 403
    assert doors.send(a_return("X01840"), "province").status_code == 201
    assert doors.send(a_return("X01840"), "centre").status_code == 200


def test_what_another_unit_sent_is_not_there(doors: Doors) -> None:
    """A neighbour's report is neither listed nor readable: 404, as if there were none."""
    number = doors.send(a_return("X01840")).get_json()["submission"]
    for path in (f"/submissions/{number}", f"/submissions/{number}/file"):
        assert doors.get(path, "neighbour").status_code == 404
        assert doors.get(path, "province").status_code == 200
    assert doors.get("/submissions", "neighbour").get_json()["items"] == []


def test_obligations_and_templates_are_the_units_own(doors: Doors) -> None:
    """What a unit owes, and its template with last period's figures, are not for neighbours."""
    for path in (
        "/obligations?unit=X01840",
        f"/forms/{LEAF_FORM}/template?unit=X01840&period=2026-Q3",
    ):
        statuses = {who: doors.get(path, who).status_code for who in doors.tokens}
        assert statuses == {"commune": 200, "neighbour": 403, "province": 200, "centre": 200}


def test_only_the_centre_and_the_unit_itself_consolidate(doors: Doors) -> None:
    """A commune cannot make its province's edition."""
    asked = {"form": "II.06c/VPCP/KSTT", "period": "2026-Q3", "unit": "H55"}
    assert doors.send(asked, "commune", to="/consolidations").status_code == 403
    assert doors.send(asked, "province", to="/consolidations").status_code == 201
    assert doors.get("/consolidations", "commune").get_json()["items"] == []


def test_a_browser_that_holds_a_cookie_gets_nowhere(doors: Doors) -> None:
    """The API knows no cookies: what a page's visitor carries opens nothing."""
    browser = doors.http
    browser.get("/")
    assert browser.get("/api/v1/submissions").status_code == 401


def test_a_header_that_is_no_base64_is_no_token(doors: Doors) -> None:
    """A Basic header of other signs is refused like any other that is no bearer token."""
    answer = doors.http.get("/api/v1/units", environ_overrides={"HTTP_AUTHORIZATION": "Basic \xe9"})
    assert answer.status_code == 401


def test_no_route_passes_over_a_parameter_that_it_does_not_know(doors: Doors) -> None:
    """A misspelt filter answered with everything would be believed; every list and item says so."""
    app = doors.http.application
    paths = [
        rule.rule.removeprefix("/api/v1")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and "GET" in (rule.methods or ())
        if not rule.arguments and not rule.rule.endswith("openapi.json")
    ]
    assert len(paths) >= 6
    statuses = {path: doors.get(f"{path}?perod=2026-Q3", "centre").status_code for path in paths}
    assert set(statuses.values()) == {422}, statuses
    answer = doors.get("/regimes?perod=2026-Q3", "centre").get_json()
    assert "perod" in answer["parameters"]["query"]


def test_a_foreign_name_for_this_machine_opens_nothing(doors: Doors) -> None:
    """A site that gives itself a name leading to 127.0.0.1 cannot read the pages of a laptop."""
    for name, status in (("127.0.0.1:8000", 200), ("localhost", 200), ("evil.example", 400)):
        assert doors.http.get("/", headers={"Host": name}).status_code == status
