"""The pages of accounts, and that every page shows no more than one may see."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from reporting.models import Account, ReportingObligation, Role
from tests.builders import GOOD_CELLS, LEAF_FORM, a_return, a_unit
from tests.reporting.doors import Doors
from tests.reporting.services.people import a_grant, an_account
from tests.reporting.web.people import Browser, browser_of

ONCE = re.compile(r'<p class="once">([^<]+)</p>')


def account_of(doors: Doors, login: str) -> Account:
    """An account as it is kept."""
    with doors.sessions() as session:
        return session.scalars(select(Account).where(Account.login == login)).one()


def test_an_administrator_makes_an_account_that_works(doors: Doors) -> None:
    """Made with its first roles; the password is shown once, and opens it."""
    chief = browser_of(doors, "chief", Role.ADMINISTER, unit=doors.province)
    assert 'href="/accounts"' in chief.get("/").text
    made = chief.post(
        "/accounts", seen_on="/accounts",
        login="Mai", name="Lê Mai", unit="X01840", role=["enter", "read"],
    )  # fmt: skip
    password = ONCE.search(made.text)
    assert password is not None
    assert "Lê Mai" in chief.get("/accounts").text
    assert password[1] not in chief.get("/accounts").text
    clerk = Browser(doors.http)
    assert clerk.sign_in("mai", password[1]).status_code == 303
    page = clerk.get("/account").text
    assert "Hãy đổi mật khẩu" in page
    new = "gió bấc thổi qua đồng"
    clerk.post("/account/password", seen_on="/account", old=password[1], new=new, again=new)
    page = clerk.get("/account").text
    assert "Nhập liệu" in page
    assert clerk.get("/accounts").status_code == 403


def test_what_may_not_be_is_said_beside_the_form(doors: Doors) -> None:
    """A taken login, another's unit, an unknown one, no role at all: what was typed stays."""
    chief = browser_of(doors, "chief", Role.ADMINISTER, unit=doors.commune)
    for fields, status, said in (
        ({"login": "chief"}, 409, "đã có người dùng"),
        ({"unit": "H55"}, 403, "không được làm"),
        ({"unit": ""}, 403, "không được làm"),
        ({"unit": "NOBODY"}, 404, "Không có đơn vị"),
        ({"role": "owner"}, 409, "chọn một vai trò"),
        ({"name": "a\nb"}, 409, "trên một dòng"),
    ):
        usual = {"login": "mai", "name": "Lê Mai", "unit": "X01840"}
        answer = chief.post("/accounts", seen_on="/accounts", **usual | fields)
        assert (answer.status_code, said in answer.text) == (status, True), fields
        assert 'id="new-title"' in answer.text
    with doors.sessions() as session:
        assert len(session.scalars(select(Account)).all()) == 1


def test_roles_are_given_and_taken_back_on_a_page(doors: Doors) -> None:
    """An acting head with title and days, for some forms; beyond one's own part it is refused."""
    chief = browser_of(doors, "chief", Role.ADMINISTER, unit=doors.province)
    with doors.sessions.begin() as session:
        deputy = an_account(session, "deputy", unit=doors.commune)
    page = f"/accounts/{deputy.id}"
    asked = {
        "role": "approve", "unit": "X01840", "below": "1", "valid_from": "2026-09-01",
        "valid_to": "2026-09-30", "title": "Phó Chủ tịch, ký thay",
        "form": ["II.06a-VPCP-KSTT"],
    }  # fmt: skip
    given = chief.post(f"{page}/grants", seen_on=page, **asked)
    assert (given.status_code, given.headers["Location"]) == (303, page)
    shown = chief.get(page).text
    for text in ("Phó Chủ tịch, ký thay", LEAF_FORM, "01/09/2026", "30/09/2026", "Đang có"):
        assert text in shown
    for wrong, status in (
        ({"unit": ""}, 403), ({"valid_to": "2026-08-01"}, 409), ({"valid_to": "mai"}, 409),
        ({"form": ["NO"]}, 404), ({"unit": "X9"}, 404), ({"role": ""}, 409),
    ):  # fmt: skip
        answer = chief.post(f"{page}/grants", seen_on=page, **asked | wrong)
        assert answer.status_code == status, wrong
        assert 'id="grant-title"' in answer.text
    revoke = re.search(rf"{page}/grants/\d+/revocation", shown)
    assert revoke is not None
    assert chief.post(revoke[0], seen_on=page).status_code == 303
    assert "Đã thu hồi" in chief.get(page).text


def test_a_password_is_reset_and_an_account_ended_on_its_page(doors: Doors) -> None:
    """Both end what was open at once; an administrator also ends single sittings."""
    chief = browser_of(doors, "chief", Role.ADMINISTER, unit=doors.province)
    clerk = browser_of(doors, "clerk", Role.READ, unit=doors.commune)
    page = f"/accounts/{account_of(doors, 'clerk').id}"
    sitting = re.search(r"/account/sittings/\d+/revocation", chief.get(page).text)
    assert sitting is not None
    assert chief.post(sitting[0], seen_on=page).headers["Location"] == page
    assert clerk.get("/").status_code == 303
    clerk.sign_in("clerk")
    reset = chief.post(f"{page}/password", seen_on=page)
    password = ONCE.search(reset.text)
    assert password is not None
    assert clerk.get("/").status_code == 303
    assert clerk.sign_in("clerk", password[1]).status_code == 303
    assert chief.post(f"{page}/ending", seen_on=page).status_code == 303
    assert clerk.get("/account").status_code == 303
    assert "Tài khoản đã kết thúc" in chief.get(page).text
    own = f"/accounts/{account_of(doors, 'chief').id}"
    refused = chief.post(f"{own}/ending", seen_on=own)
    assert refused.status_code == 409


@pytest.mark.parametrize("what", ["", "/grants", "/password", "/ending", "/grants/1/revocation"])
def test_accounts_of_others_are_not_there(doors: Doors, what: str) -> None:
    """Whoever guesses numbers reads 404 for a neighbour's account as for none."""
    chief = browser_of(doors, "chief", Role.ADMINISTER, unit=doors.commune)
    with doors.sessions.begin() as session:
        theirs = an_account(session, "theirs", Role.ENTER, unit=doors.neighbour)
    for number in (theirs.id, 999_999):
        path = f"/accounts/{number}{what}"
        if what:
            answer = chief.post(path, seen_on="/accounts", role="read", unit="X01840")
        else:
            answer = chief.get(path)
        assert answer.status_code == 404
        assert "theirs" not in answer.text


def test_without_accounts_the_pages_say_how_to_begin(doors: Doors) -> None:
    """On the machine of one office the first administrator is made by a command."""
    for path in ("/accounts", "/account", "/accounts/1"):
        answer = doors.http.get(path)
        assert answer.status_code == 403
        assert "reporting accounts create" in answer.text


def test_a_clerk_sees_her_unit_and_no_other(doors: Doors) -> None:
    """Her desk is open at once; the neighbour is nowhere on any page, and nowhere reached."""
    sent = doors.send(a_return("X01840", rows={"Đất đai": GOOD_CELLS}))
    other = doors.send(a_return("X01843", rows={"Đất đai": GOOD_CELLS}), "neighbour")
    mine, theirs = (answer.get_json()["submission"] for answer in (sent, other))
    clerk = browser_of(doors, "clerk", Role.ENTER, unit=doors.commune)
    desk = clerk.get("/").text
    assert "Báo cáo Phường Đức Xuân phải gửi" in desk
    assert 'href="/audit"' not in desk
    listed = ["/", "/?q=phường", f"/periods?period=2026-Q3&form={LEAF_FORM}", "/board?by=unit",
              "/board.csv?period=2026-Q3&by=unit", "/editions"]  # fmt: skip
    for path in listed:
        answer = clerk.get(path)
        assert answer.status_code == 200
        assert "X01843" not in answer.text, path
        assert "Bắc Kạn" not in answer.text, path
    asked = f"form={LEAF_FORM}&period=2026-Q3"
    statuses = {
        path: clerk.get(path).status_code
        for path in (
            "/?unit=X01843", "/?unit=H55", "/subordinates?unit=H55", "/subordinates?unit=X01843",
            f"/return?unit=X01843&{asked}", f"/template?unit=X01843&{asked}",
            f"/receipts/{theirs}", f"/receipts/{theirs}/file", f"/receipts/{theirs}.json",
            "/units/X01843/archive.zip", "/audit", f"/receipts/{mine}", f"/receipts/{mine}.json",
            f"/return?unit=X01840&{asked}",
        )
    }  # fmt: skip
    assert list(statuses.values()) == [403] * 6 + [404] * 3 + [403] * 2 + [200] * 3, statuses
    sent = clerk.post(f"/return/check?unit=X01843&{asked}", seen_on=f"/return?unit=X01840&{asked}")
    assert sent.status_code == 403


def test_a_province_finds_its_own_desk_open_and_its_communes_to_choose(doors: Doors) -> None:
    """Where one sits is chosen at once; another province's communes are not offered."""
    with doors.sessions.begin() as session:
        a_unit(session, "Y00001", name="Phường ở tỉnh khác")
    browser = browser_of(doors, "head", Role.RECEIVE, unit=doors.province)
    page = browser.get("/").text
    assert '<option value="H55" selected>' in page
    assert '<option value="X01840">' in page
    assert "Y00001" not in page
    assert browser.get("/subordinates?unit=H55").text.count("Phường") >= 2


def test_a_role_for_some_forms_shows_those(doors: Doors) -> None:
    """What is owed on other forms is on neither desk, board nor template."""
    with doors.sessions.begin() as session:
        account = an_account(session, "clerk", unit=doors.commune)
        a_grant(session, account, Role.ENTER, unit=doors.commune, forms=("I.02/VPCP/TH",))
    browser = Browser(doors.http)
    browser.sign_in("clerk")
    asked = f"unit=X01840&form={LEAF_FORM}&period=2026-Q3"
    assert "Hiện không có báo cáo nào phải gửi" in browser.get("/").text
    assert "Chưa mở kỳ báo cáo nào" in browser.get("/board").text
    assert browser.get(f"/template?{asked}").status_code == 403
    assert browser.get(f"/return?{asked}").status_code == 403


def test_a_ministry_sees_what_is_owed_to_it_and_nothing_else(doors: Doors) -> None:
    """On the dual line a sender stands under another; only what it owes here is shown."""
    with doors.sessions.begin() as session:
        ministry = a_unit(session, "G01", name="Bộ Nội vụ")
        session.execute(
            update(ReportingObligation)
            .where(ReportingObligation.unit_id == doors.commune.id)
            .values(receiver_id=ministry.id)
        )
    browser = browser_of(doors, "official", Role.RECEIVE, unit=ministry)
    below = browser.get("/subordinates?unit=G01").text
    assert "X01840" in below
    assert "X01843" not in below
    desk = browser.get("/?unit=X01840")
    assert desk.status_code == 200
    assert "Sắp tới" not in desk.text.split('id="owed-title"')[1]
    assert browser.get("/?unit=X01843").status_code == 403
