"""The clerk, the head and the centre at the pages: entered, signed, returned, amended, accepted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.demo.cast import Conduct, Part
from jobs.demo.filling import fill
from jobs.demo.leaves import LEAF_FORM
from jobs.demo.made_return import MadeReturn
from jobs.demo.serving import HOST, port_of
from jobs.demo.stage import CONSOLE, QUARTER, Stage, Wrong
from jobs.demo.visiting import Visitor
from reporting.models import Role
from reporting.services.accounts import NewGrant, create_account, grant_role

#: Whoever plays with the page afterwards signs in with these.
PASSWORD = "mau-trinh-dien-2026"  # noqa: S105 - of a throw-away database, and told to everyone

_RECEIPT = re.compile(r"/receipts/(\d+)")


@dataclass(frozen=True, slots=True)
class Signed:
    """What people sent at the pages: the number of each revision, and its workbook."""

    submission_id: int
    workbook: bytes


@dataclass(frozen=True, slots=True)
class Company:
    """Those who act at the pages, each signed in."""

    part: Part
    clerk: Visitor
    head: Visitor
    receiver: Visitor


def make_people(stage: Stage, part: Part, now: datetime) -> dict[str, str]:
    """Accounts for a unit, the one above it, and the centre; login -> its first password."""
    above, unit = part.unit.parent_code, part.unit.code
    people = (
        ("vanthu", "Lò Thị Mai", Role.ENTER, unit, ""),
        ("lanhdao", "Hoàng Văn Nam", Role.APPROVE, unit, "Chủ tịch UBND"),
        ("tinh", "Trần Thị Bình", Role.RECEIVE, above, ""),
        ("trunguong", "Lê Văn Cường", Role.RECEIVE, "", ""),
        ("quantri", "Phạm Thu Hà", Role.ADMINISTER, "", ""),
    )
    passwords = {}
    today = now.date()
    with stage.sessions.begin() as session:
        for login, name, role, code, title in people:
            unit_id = stage.unit_ids[code] if code else None
            account, passwords[login] = create_account(
                session, actor=CONSOLE, login=login, name=name, unit_id=unit_id, now=now
            )
            asked = NewGrant(role=role, unit_id=unit_id, title=title, valid_from=today)
            grant_role(
                session, actor=CONSOLE, account_id=account.id, asked=asked, today=today, now=now
            )
    return passwords


def choose_unit(stage: Stage) -> Part:
    """A commune that sends in time, whose people come to the pages afterwards."""
    punctual = [
        part
        for part in stage.cast.leaves
        if part.conduct is Conduct.PUNCTUAL and part.unit.kind == "commune"
    ]
    return punctual[-1]


def sign_everyone_in(stage: Stage, part: Part, passwords: dict[str, str]) -> Company:
    """Each signs in with the first password and has to choose another at once."""
    address = (HOST, port_of(stage.listening))
    visitors = {}
    for login, first in passwords.items():
        visitor = visitors[login] = Visitor(address)
        visitor.post("/sign-in", [("login", login), ("password", first)], seen_on="/sign-in")
        chosen = [("old", first), ("new", PASSWORD), ("again", PASSWORD)]
        visitor.post("/account/password", chosen, seen_on="/account")
    return Company(part, visitors["vanthu"], visitors["lanhdao"], visitors["tinh"])


def play_sign_off(stage: Stage, company: Company) -> Sequence[Signed]:
    """Entered by the clerk, signed by the head, returned, amended and accepted. Raises Wrong."""
    part, tell = company.part, stage.tell
    made = stage.book.of(LEAF_FORM, part.unit, QUARTER)
    first = _sign(stage, company, replace(made, note="Số liệu đến hết ngày 14/9/2026."))
    tell.say("The clerk has entered II.06a again with a note; the head has signed it.")
    row = made.tables["a"][0]
    cell = f"a/{row.path}/c4"
    comment = [("reason", "Đề nghị rà soát hồ sơ trực tuyến"), ("cell", cell)]
    comment += [("comment", "Đối chiếu với Cổng dịch vụ công")]
    here = f"/receipts/{first.submission_id}"
    company.receiver.post(f"{here}/return", comment, seen_on=here)
    tell.say(f"The province returns it, with a comment on cell {cell}.")
    second = _sign(stage, company, replace(made, note="Đã đối chiếu với Cổng dịch vụ công."))
    here = f"/receipts/{second.submission_id}"
    page = company.receiver.post(f"{here}/acceptance", seen_on=here).body.decode()
    if "Tiếp nhận chính thức" not in page:
        raise Wrong("the amended report was not accepted")
    tell.say("The clerk amends it, the head signs again with a reason, the province accepts it.")
    return first, second


def _sign(stage: Stage, company: Company, made: MadeReturn) -> Signed:
    """Template, draft, explanations, signature; gives the revision that came of it."""
    asked = f"unit={company.part.unit.code}&form={LEAF_FORM}&period={QUARTER}"
    content = fill(company.clerk.open(f"/template?{asked}").body, made).to_bytes()
    prepare = f"/return?{asked}"
    fields = [("unit", company.part.unit.code), ("form", LEAF_FORM), ("period", QUARTER)]
    fields += [("reason", "Rà soát lại số liệu")]
    name = f"{company.part.unit.code}.xlsx"
    company.clerk.post("/return/send", fields, seen_on=prepare, file=(name, content))
    draft = company.clerk.place.partition("?")[0]
    signed = [("reason", "Rà soát lại số liệu")]
    page = company.head.post(f"{draft}/approval", signed, seen_on=draft).body.decode()
    found = _RECEIPT.search(company.head.place)
    if found is None:
        raise Wrong(f"the head's signature led to no receipt: {page[:200]}")
    return Signed(int(found[1]), content)
