"""Sign-off on pages: a clerk keeps, a head signs, the receiver returns or accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from reporting.models import ReportingObligation, Role
from reporting.services.actors import Actor
from tests.builders import GOOD_CELLS, LEAF_FORM
from tests.reporting.doors import Doors
from tests.reporting.services.signing_off import ODD_CELLS, a_person

RETURN = f"unit=X01840&form={LEAF_FORM}&period=2026-Q3"
OTHER = {**GOOD_CELLS, "c12": 18, "c13": 2}


@dataclass
class Visitors:
    """Browsers of several people before one application."""

    doors: Doors
    browser: FlaskClient
    who: dict[str, Actor]
    now: str = "clerk"

    def get(self, who: str, path: str) -> TestResponse:
        """Open a page as someone."""
        self.now = who
        return self.browser.get(path)

    def post(self, who: str, path: str, seen: str, **fields: Any) -> TestResponse:
        """Fill in the form of a page that someone sees, and send it to one of its addresses."""
        self.now = who
        page = self.browser.get(seen).text
        known = dict(re.findall(r'name="(csrf_token|draft|seen)" value="([^"]+)"', page))
        return self.browser.post(path, data=known | fields)

    def drop(self, who: str, rows: Any = None, **fields: Any) -> TestResponse:
        """Drop a filled template on the page of the return."""
        file = (BytesIO(self.doors.filled_workbook(rows)), "báo cáo.xlsx")
        return self.post(who, f"/return/send?{RETURN}", f"/return?{RETURN}", file=file, **fields)

    @property
    def draft(self) -> str:
        """The page of the draft of the commune."""
        with self.doors.sessions() as session:
            query = select(ReportingObligation.id).where(
                ReportingObligation.unit_id == self.doors.commune.id
            )
            return f"/drafts/{session.scalars(query).one()}"


@pytest.fixture
def visitors(doors: Doors) -> Visitors:
    """A clerk, a colleague, a checker and a head of the commune, and the one who receives."""
    who = {
        "clerk": a_person("Lý Thị Mai", 1, doors.commune, Role.ENTER),
        "colleague": a_person("Hoàng Văn Nam", 2, doors.commune, Role.ENTER),
        "checker": a_person("Nông Thị Hà", 3, doors.commune, Role.CHECK),
        "head": a_person("Trần Văn Bình", 4, doors.commune, Role.APPROVE, title="Chủ tịch"),
        "receiver": a_person("Vũ Thị Thu", 5, doors.province, Role.RECEIVE),
        "neighbour": a_person("Ma Văn Tú", 6, doors.neighbour, Role.ENTER, Role.APPROVE),
    }
    visitors = Visitors(doors, doors.http, who)

    def sit_down() -> None:
        if g.get("actor") is not None and g.actor.client_id is None:
            g.actor = visitors.who[visitors.now]

    doors.app.before_request(sit_down)
    return visitors


def test_a_persons_file_becomes_a_draft_that_waits(visitors: Visitors) -> None:
    """The clerk reads that it waits; nothing has been received."""
    kept = visitors.drop("clerk")
    assert kept.status_code == 303
    page = visitors.get("clerk", kept.headers["Location"]).text
    assert "Đã lưu bản nháp, chờ duyệt" in page
    assert "Ký duyệt và gửi" not in page
    assert visitors.doors.get("/submissions", "centre").get_json()["items"] == []
    assert "Mở bản nháp" in visitors.get("clerk", f"/return?{RETURN}").text


def test_the_head_signs_those_that_were_ticked(visitors: Visitors) -> None:
    """One click signs and sends; the result names the receipt, the receipt the signer."""
    visitors.drop("clerk")
    page = visitors.get("head", "/drafts").text
    (ticked,) = re.findall(r'name="draft" value="(\d+:[^"]+)"', page)
    done = visitors.post("head", "/drafts/approvals", "/drafts", draft=[ticked, "999:1.1"])
    assert "Đã ký và gửi" in done.text
    assert "Không có nghĩa vụ báo cáo số 999" in done.text
    (place,) = set(re.findall(r'href="(/receipts/\d+)"', done.text))
    receipt = visitors.get("head", place).text
    assert "Trần Văn Bình, Chủ tịch" in receipt
    assert "Chờ tiếp nhận chính thức" in receipt


def test_a_warning_is_explained_on_the_page_before_it_is_signed(visitors: Visitors) -> None:
    """Without a word it is not signed; the words stand on the receipt."""
    visitors.drop("clerk", {"Đất đai": ODD_CELLS})
    draft = visitors.draft
    refused = visitors.post("head", f"{draft}/approval", draft)
    assert refused.status_code == 409
    assert "chưa được giải trình" in refused.text
    page = visitors.get("clerk", draft).text
    fields = {
        name: re.findall(rf'name="{name}" value="([^"]*)"', page)
        for name in ("code", "cell", "rule_id")
    }
    words = ["Hồ sơ chuyển kỳ"] * len(fields["code"])
    assert words
    said = visitors.post("clerk", f"{draft}/explanations", draft, **fields, text=words)
    assert said.status_code == 303
    sent = visitors.post("head", f"{draft}/approval", draft)
    assert sent.status_code == 303
    assert "Hồ sơ chuyển kỳ" in visitors.get("receiver", sent.headers["Location"]).text


def test_two_clerks_do_not_overwrite_each_other(visitors: Visitors) -> None:
    """The second sees what the first has changed, and her file is not kept."""
    visitors.drop("clerk")
    draft = visitors.draft
    old = re.search(r'name="draft" value="([^"]+)"', visitors.get("clerk", draft).text)
    assert old is not None
    visitors.drop("colleague", {"Đất đai": OTHER})
    late = visitors.drop("clerk", {"Đất đai": {**GOOD_CELLS, "c5": 15, "c6": 8}}, draft=old[1])
    assert late.status_code == 412
    assert "Hoàng Văn Nam" in late.text
    assert "<del>19</del> → <ins>18</ins>" in late.text
    assert visitors.get("clerk", draft).text.count("Nhập số liệu") == 2


def test_a_page_that_names_no_state_of_the_draft_is_told_so(visitors: Visitors) -> None:
    """The draft as it is now stands below, to be read again."""
    visitors.drop("clerk")
    late = visitors.drop("clerk", {"Đất đai": OTHER}, draft="99.99")
    assert late.status_code == 412
    assert "không phải của bản nháp này, nay ở" in late.text
    assert "<ins>18</ins>" not in late.text


def test_figures_are_shown_as_typed_with_what_is_wrong_marked(visitors: Visitors) -> None:
    """A wrong cell is marked in the table, and told in words; markup in it is text."""
    visitors.drop("clerk", {"Đất đai": {**GOOD_CELLS, "c8": "<b>nhiều"}})
    page = visitors.get("clerk", visitors.draft).text
    assert '<td class="figure bad">&lt;b&gt;nhiều</td>' in page
    assert "Lỗi phải sửa trước khi duyệt" in page
    assert "<b>nhiều" not in page


def test_a_report_goes_back_and_forth_on_pages(visitors: Visitors) -> None:
    """Returned with a comment on a cell, amended with a reason, accepted, let be corrected."""
    visitors.drop("clerk")
    draft = visitors.draft
    visitors.post("checker", f"{draft}/check", draft)
    assert "Đã kiểm tra" in visitors.get("head", "/drafts").text
    receipt = visitors.post("head", f"{draft}/approval", draft).headers["Location"]
    assert "X01840" in visitors.get("receiver", "/received").text
    back = visitors.post(
        "receiver", f"{receipt}/return", receipt, reason="Chưa khớp",
        cell=["a/dat_dai/c12 Đất đai", ""], comment=["Khác biên bản", ""],
    )  # fmt: skip
    assert back.status_code == 303
    told = visitors.get("clerk", receipt).text
    assert "Bị trả lại để sửa" in told
    assert "Khác biên bản" in told
    assert "Lý do: Chưa khớp" in told
    visitors.drop("clerk", {"Đất đai": OTHER}, reason="Sửa cột 12")
    assert "Khác biên bản" in visitors.get("head", draft).text
    newer = visitors.post("head", f"{draft}/approval", draft).headers["Location"]
    assert "Sửa cột 12" in visitors.get("receiver", newer).text
    visitors.post("receiver", f"{newer}/acceptance", newer)
    assert "Đã tiếp nhận chính thức" in visitors.get("clerk", newer).text
    allowed = visitors.post("receiver", f"{newer}/amendment", newer, reason="Công văn 12")
    assert allowed.status_code == 303
    assert "Cho phép đính chính" in visitors.get("clerk", newer).text


def test_the_receiver_settles_many_at_once(visitors: Visitors) -> None:
    """What was ticked is accepted or returned, each with its result."""
    visitors.drop("clerk")
    draft = visitors.draft
    visitors.post("head", f"{draft}/approval", draft)
    done = visitors.post("receiver", "/received/acceptances", "/received")
    assert "Đã tiếp nhận" in done.text
    assert "Không có báo cáo nào chờ" in done.text


def test_many_go_back_for_one_reason(visitors: Visitors) -> None:
    """Without a reason nothing goes back, and the page says so at each."""
    visitors.drop("clerk")
    draft = visitors.draft
    visitors.post("head", f"{draft}/approval", draft)
    done = visitors.post("receiver", "/received/returns", "/received", reason=" ")
    assert "Cần nêu lý do" in done.text
    done = visitors.post("receiver", "/received/returns", "/received", reason="Sai kỳ")
    assert "Đã trả lại" in done.text


def test_who_signs_withdraws_on_the_receipt(visitors: Visitors) -> None:
    """The head is offered to withdraw, the clerk is not."""
    visitors.drop("clerk")
    draft = visitors.draft
    receipt = visitors.post("head", f"{draft}/approval", draft).headers["Location"]
    assert "Rút báo cáo" not in visitors.get("clerk", receipt).text
    visitors.post("head", f"{receipt}/withdrawal", receipt, reason="Nhầm kỳ")
    assert "Đã rút" in visitors.get("clerk", receipt).text


def test_a_neighbour_finds_nothing(visitors: Visitors) -> None:
    """Another commune sees neither the draft nor its file, and is offered none."""
    visitors.drop("clerk")
    draft = visitors.draft
    assert draft not in visitors.get("neighbour", "/drafts").text
    assert "Đã có bản nháp" not in visitors.get("receiver", f"/return?{RETURN}").text
    for path in (draft, f"{draft}/file"):
        assert visitors.get("neighbour", path).status_code == 404
    visitors.post("head", f"{draft}/approval", draft)
    assert "Không có báo cáo nào chờ" in visitors.get("clerk", "/received").text
    visitors.drop("clerk", {"Đất đai": OTHER}, reason="Sửa")
    thrown = visitors.post("clerk", f"{draft}/discarding", draft)
    assert thrown.status_code == 303
    assert visitors.get("clerk", draft).status_code == 404


def test_a_draft_may_be_prepared_before_its_period_opens(visitors: Visitors) -> None:
    """The page says that the figures are right and that it cannot be sent yet."""
    visitors.doors.clock.now = visitors.doors.clock.now.replace(month=5)
    visitors.drop("clerk")
    page = visitors.get("head", visitors.draft).text
    assert "hiện chưa gửi được" in page
    assert "Lỗi phải sửa" not in page
    early = visitors.post("head", f"{visitors.draft}/approval", visitors.draft)
    assert early.status_code == 422
    assert "chưa mở nhận báo cáo" in early.text
    assert "Đã ký duyệt" in early.text
