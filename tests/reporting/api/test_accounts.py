"""Accounts and tokens over the API: who may make them, and that secrets are told once."""

from __future__ import annotations

import pytest

from reporting.services.clients import MAY
from tests.builders import LEAF_FORM, a_return
from tests.reporting.doors import Doors
from tests.reporting.services.people import GOOD
from tests.reporting.web.people import Browser

MAI = {"login": "Mai", "name": "Lê Mai", "unit": "X01840"}


def test_an_account_is_made_and_signs_in(doors: Doors) -> None:
    """Made by the unit or the one above it; its password is in that answer alone."""
    assert doors.send(MAI, "neighbour", to="/accounts").status_code == 403
    made = doors.send(MAI, "commune", to="/accounts")
    assert made.status_code == 201
    account = made.get_json()
    assert (account["login"], account["unit"], account["must_change"]) == ("mai", "X01840", True)
    assert doors.send(MAI, "province", to="/accounts").status_code == 409
    assert Browser(doors.http).sign_in("mai", account["password"]).status_code == 303
    seen = {
        who: [one["login"] for one in doors.get("/accounts", who).get_json()["items"]]
        for who in doors.tokens
    }
    assert seen == {"commune": ["mai"], "neighbour": [], "province": ["mai"], "centre": ["mai"]}
    assert account["password"] not in doors.get("/accounts").text
    assert doors.get("/accounts?unit=X01843", "centre").get_json()["items"] == []


def test_roles_are_given_inside_what_the_client_administers(doors: Doors) -> None:
    """Not above it, not for the country; taken back they stay on the list."""
    number = doors.send(MAI, to="/accounts").get_json()["id"]
    to = f"/accounts/{number}/grants"
    asked = {"role": "approve", "unit": "X01840", "forms": ["II.06a-VPCP-KSTT"],
             "title": "Phó Chủ tịch", "valid_to": "2026-09-30"}  # fmt: skip
    given = doors.send(asked, to=to)
    assert given.status_code == 201
    grant = given.get_json()
    assert (grant["forms"], grant["valid_from"], grant["below"]) == (
        [LEAF_FORM],
        "2026-09-10",
        True,
    )
    for wrong, status in (
        ({"unit": ""}, 403), ({"unit": "H55"}, 403), ({"unit": "NO"}, 404), ({"role": "king"}, 422),
        ({"valid_to": "2026-01-01"}, 409), ({"forms": ["NO"]}, 404), ({"forms": [""] * 101}, 422),
        ({"surprise": 1}, 422), ({"title": "a\nb"}, 409),
    ):  # fmt: skip
        assert doors.send(asked | wrong, to=to).status_code == status, wrong
    assert doors.send(asked, "neighbour", to=to).status_code == 404
    revocation = f"/grants/{grant['id']}/revocation"
    assert doors.send({}, "neighbour", to=revocation).status_code == 404
    assert doors.send({}, to=revocation).get_json()["revoked_at"] is not None
    assert len(doors.get(f"/accounts/{number}/grants").get_json()) == 1
    assert doors.get(f"/accounts/{number}/grants", "neighbour").status_code == 404


def test_a_password_is_reset_and_an_account_ended(doors: Doors) -> None:
    """By who administers it; what it had is good for nothing afterwards."""
    made = doors.send(MAI, to="/accounts").get_json()
    to = f"/accounts/{made['id']}"
    assert doors.send({}, "neighbour", to=f"{to}/password").status_code == 404
    again = doors.send({}, to=f"{to}/password").get_json()
    assert Browser(doors.http).sign_in("mai", made["password"]).status_code == 422
    browser = Browser(doors.http)
    assert browser.sign_in("mai", again["password"]).status_code == 303
    assert doors.send({}, "neighbour", to=f"{to}/ending").status_code == 404
    assert doors.send({}, to=f"{to}/ending").get_json()["ended_at"] is not None
    assert browser.get("/account").status_code == 303
    assert doors.send({}, to=f"{to}/password").status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"login": ""}, {"login": "hai từ"}, {"login": "x" * 101}, {"login": "a\x00"}, {"login": None},
     {"name": "a\nb"}, {"name": ""}, {"name": "x" * 201}, {"unit": "NOBODY"}, {"password": GOOD}],
)  # fmt: skip
def test_what_is_no_account_is_told(doors: Doors, wrong: dict[str, object]) -> None:
    """Whatever is sent is answered in words, and no password can be chosen for another."""
    answer = doors.send(MAI | wrong, to="/accounts")
    assert answer.status_code in (404, 409, 422)
    assert answer.mimetype == "application/problem+json"


def test_a_client_without_the_act_sees_to_no_accounts(doors: Doors) -> None:
    """A token that sends reports is no key to people."""
    asked = {"name": "máy gửi", "unit": "X01840", "may": ["send"]}
    doors.tokens["machine"] = doors.send(asked, to="/clients").get_json()["token"]
    assert doors.send(a_return("X01840"), "machine").status_code == 201
    for path in ("/accounts", "/clients", "/accounts/1/grants"):
        assert doors.get(path, "machine").status_code == 403
    assert doors.send(MAI, "machine", to="/accounts").status_code == 403


def test_a_token_is_made_replaced_and_taken_back(doors: Doors) -> None:
    """Told once; for some acts, forms and networks; the next one may do the same."""
    asked = {"name": "Kho dữ liệu", "unit": "X01840", "may": ["read"], "forms": [LEAF_FORM],
             "networks": ["127.0.0.0/8"], "expires_at": "2026-12-31T17:00:00+07:00"}  # fmt: skip
    assert doors.send(asked, "neighbour", to="/clients").status_code == 403
    made = doors.send(asked, to="/clients").get_json()
    assert (made["acts"], made["forms"]) == (["read"], [LEAF_FORM])
    assert made["token"] not in doors.get("/clients").text
    doors.tokens["store"] = made["token"]
    assert doors.get("/submissions", "store").status_code == 200
    assert doors.send(a_return("X01840"), "store").status_code == 403
    to = f"/clients/{made['id']}"
    assert doors.send({}, "neighbour", to=f"{to}/rotation").status_code == 404
    second = doors.send({"days": 0}, to=f"{to}/rotation").get_json()
    assert (second["replaces"], second["acts"]) == (made["id"], ["read"])
    doors.tokens["next"] = second["token"]
    assert doors.get("/submissions", "next").status_code == 200
    assert doors.send({}, "neighbour", to=f"{to}/revocation").status_code == 404
    assert doors.send({}, to=f"{to}/revocation").get_json()["revoked_at"] is not None
    assert doors.send({}, to=f"{to}/rotation").status_code == 409


def test_a_token_from_elsewhere_is_nobodys(doors: Doors) -> None:
    """Outside its networks it opens nothing, and the answer says no more than of any other."""
    asked = {"name": "a", "unit": "X01840", "may": ["read"], "networks": ["10.1.0.0/16"]}
    doors.tokens["bound"] = doors.send(asked, to="/clients").get_json()["token"]
    assert doors.get("/submissions", "bound").status_code == 401


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"may": []}, 422), ({"may": ["fly"]}, 422), ({"may": None}, 422), ({"name": ""}, 409),
     ({"networks": ["10.1.0.0/99"]}, 409), ({"networks": ["x"] * 21}, 422), ({"unit": ""}, 403),
     ({"unit": "H55"}, 403), ({"expires_at": "0001-01-01T00:00:00+07:00"}, 422),
     ({"expires_at": "9999-12-31T23:59:59-07:00"}, 422),
     ({"expires_at": "2026-12-31T00:00:00"}, 422),
     ({"forms": ["NO"]}, 404), ({"signer": "a\nb"}, 409)],
)  # fmt: skip
def test_what_is_no_client_is_told(doors: Doors, wrong: dict[str, object], status: int) -> None:
    """A slip of the pen neither opens nor shuts a token for good."""
    asked = {"name": "a", "unit": "X01840", "may": sorted(MAY)}
    assert doors.send(asked | wrong, to="/clients").status_code == status
