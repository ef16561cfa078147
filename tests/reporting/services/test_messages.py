"""Messages: one mail a day to each person, handed to a real SMTP server at least once."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import (
    Notice,
    OutboxMail,
    Person,
    ReportingObligation,
    ReportingUnit,
    UnitKind,
)
from reporting.services import obligation_acts as acts
from reporting.services.actors import of_unit
from reporting.services.mailing import MailServer, list_dead, retry_mail, send_waiting
from reporting.services.persons import add_person, end_person, list_persons
from reporting.services.ringing import Bell, ring
from tests.builders import LEAF_FORM, SYSTEM, ZONE, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send

#: A day on which every unit of these tests is there.
DAY = date(2026, 9, 1)


def at(day: int, hour: int = 9, *, month: int = 9) -> datetime:
    """An instant of 2026, by the clock of Viet Nam."""
    return datetime(2026, month, day, hour, tzinfo=ZONE)


class Postbox:
    """What a server of SMTP took, and how it answers."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take one mail, or answer as the test wants."""
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(message_from_bytes(envelope.content))
        return "250 OK"

    def bodies(self) -> list[str]:
        """The texts, decoded."""
        return [str(mail.get_payload(decode=True).decode()) for mail in self.taken]  # type: ignore[union-attr]


@contextmanager
def postbox(*, knows_utf8: bool = True) -> Iterator[tuple[Postbox, MailServer]]:
    """A real server of SMTP on this machine."""
    box = Postbox()
    controller = Controller(
        box, hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=knows_utf8
    )
    controller.start()
    try:
        yield box, MailServer("127.0.0.1", controller.port, False, "bao-cao@gov.test")
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def sessions(session: Session, session_factory: sessionmaker[Session]) -> sessionmaker[Session]:
    """A province with a person, and two communes, one with a person."""
    government = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
    province = a_unit(session, "H55", kind=UnitKind.PROVINCE, parent=government)
    commune = a_unit(session, "X1", parent=province, name="Xã Một")
    a_unit(session, "X2", parent=province, name="Xã Hai")
    now = at(1, month=6)
    for unit, name, mail in (
        (province, "Trần Thị Bình", "binh@h55.gov.test"),
        (commune, "Nguyễn Văn Đạt", "dat@x1.gov.test"),
    ):
        add_person(session, actor=SYSTEM, unit=unit, name=name, mail=mail, on=now.date(), now=now)
    session.commit()
    return session_factory


def rung(
    sessions: sessionmaker[Session], *instants: datetime, mail: MailServer | None = None
) -> None:
    """Ring at instants."""
    for now in instants:
        bell = Bell(sessions, shipped_forms(), ZONE, lambda now=now: now, None, mail)  # type: ignore[misc]
        assert ring(bell, now=now).failed == []


def test_one_mail_a_day_to_each_person(sessions: sessionmaker[Session]) -> None:
    """Several forms in one mail; a report that has come in is not told; the text is Vietnamese."""
    with postbox() as (box, server):
        rung(sessions, at(15, month=6), mail=server)
        with sessions.begin() as session:
            assert send(session, a_return("X1"), at=at(10)).verdict == "received"
        box.taken.clear()
        rung(sessions, at(16, 7), at(16, 8), at(16, 9), at(16, 10), mail=server)
    to_dat = [mail for mail in box.taken if mail["To"] == "dat@x1.gov.test"]
    assert len(to_dat) == 1
    subject = str(make_header(decode_header(str(to_dat[0]["Subject"]))))
    assert subject.startswith("[Báo cáo] Xã Một")
    body = str(to_dat[0].get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert "Kính gửi Nguyễn Văn Đạt" in body
    assert "01/TCD, kỳ 2026-Q3" in body
    assert "còn 1 ngày" in body
    assert "II.06a/VPCP/KSTT, kỳ 2026-Q3" not in body


def test_who_gets_more_time_is_told_so(sessions: sessionmaker[Session]) -> None:
    """One unit by an extension, all by the end of a pause: the mail has the new due instant."""
    rung(sessions, at(15, month=6), at(1))
    with sessions.begin() as session:
        unit = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "X1")).one()
        owed = ReportingObligation
        mine = select(owed.id).where(owed.unit_id == unit.id, owed.period == "2026-Q3")
        number = session.scalars(mine.where(owed.form_code == LEAF_FORM)).one()
        around = acts.Circumstances(SYSTEM, "Bão", shipped_forms(), ZONE, at(1, 10))
        acts.extend(session, around, obligation_id=number, due_on=date(2026, 9, 25))
        resting = replace(around, now=at(2, 7))
        forms = ["01/TCD"]
        acts.suspend(session, resting, period="2026-Q3", forms=forms)
        acts.resume(session, replace(around, now=at(4, 7)), period="2026-Q3", forms=forms)
    with postbox() as (box, server):
        rung(sessions, at(4, 9), mail=server)
    [body] = [body for body in box.bodies() if "Nguyễn Văn Đạt" in body and "gia hạn" in body]
    assert "Được gia hạn: 2" in body
    assert f"{LEAF_FORM}, kỳ 2026-Q3, hạn 23:59 25/09/2026" in " ".join(body.split())
    assert "01/TCD, kỳ 2026-Q3, hạn 23:59 19/09/2026" in " ".join(body.split())


def test_a_superior_learns_who_is_missing(sessions: sessionmaker[Session]) -> None:
    """The province is told of its communes by name, in its one mail of the day."""
    with postbox() as (box, server):
        rung(sessions, at(15, month=6), mail=server)
        box.taken.clear()
        rung(sessions, at(20, 9), at(20, 11), mail=server)
    mails = [mail for mail in box.taken if mail["To"] == "binh@h55.gov.test"]
    assert len(mails) == 1
    body = str(mails[0].get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert "Đơn vị trực thuộc chưa gửi" in body
    assert "Xã Hai: II.06a/VPCP/KSTT" in body


def test_how_many_cells_were_wrong_is_told(sessions: sessionmaker[Session]) -> None:
    """A clerk whose last attempt was refused learns in the reminder how many errors it had."""
    with postbox() as (box, server):
        rung(sessions, at(15, month=6), mail=server)
        with sessions.begin() as session:
            bad = a_return("X1", rows={"Đất đai": {"c4": "x", "c5": "y"}})
            assert send(session, bad, at=at(10)).verdict == "refused"
        box.taken.clear()
        rung(sessions, at(18, 9), mail=server)
    told = [" ".join(body.split()) for body in box.bodies()]
    assert any(re.search(r"lần gửi gần nhất bị từ chối, [2-9][0-9]* lỗi", body) for body in told)


def test_a_server_that_is_away_gets_the_same_mail_later(sessions: sessionmaker[Session]) -> None:
    """Nothing is lost: the mails wait, and go out under the Message-ID they had."""
    away = MailServer("127.0.0.1", _free_port(), False, "bao-cao@gov.test")
    rung(sessions, at(15, month=6), at(18, 9), mail=away)
    with sessions() as session:
        waiting = {row.message_id for row in session.scalars(select(OutboxMail))}
    assert waiting
    with postbox() as (box, server):
        rung(sessions, at(18, 10), mail=server)
    assert {str(mail["Message-ID"]) for mail in box.taken} == waiting


def test_a_mail_whose_commit_was_lost_goes_out_again_as_the_same(
    sessions: sessionmaker[Session],
) -> None:
    """Killed between the server's yes and our commit: twice, under one Message-ID."""
    rung(sessions, at(15, month=6), at(18, 9))
    with postbox() as (box, server):
        with sessions() as session:
            send_waiting(_losing(session), server, now=at(18, 9), limit=1)
        send_waiting(sessions, server, now=at(18, 9), limit=1)
    assert len(box.taken) == 2
    assert len({str(mail["Message-ID"]) for mail in box.taken}) == 1


def _losing(session: Session) -> Any:
    """Sessions whose commits are lost."""

    class Losing:
        @contextmanager
        def begin(self) -> Iterator[Session]:
            with session.begin_nested() as point:
                yield session
                session.flush()
                point.rollback()

    return Losing()


def test_a_server_that_says_later_and_one_that_says_never(
    sessions: sessionmaker[Session],
) -> None:
    """4xx is tried again after a rest; 5xx is a dead letter, which can be tried again by hand."""
    rung(sessions, at(15, month=6))
    with postbox() as (box, server):
        box.answers = ["451 later", "554 never"]
        now = at(15, 10, month=6)
        first = send_waiting(sessions, server, now=now)
        assert (first.put_off, first.given_up) == (1, 1)
        assert send_waiting(sessions, server, now=now).taken == 0
        again = send_waiting(sessions, server, now=now + timedelta(minutes=2))
        assert again.taken == 1
        with sessions.begin() as session:
            dead = list_dead(session)
            assert len(dead) == 1
            assert "554" in dead[0].last_error
            retry_mail(session, mail_id=dead[0].id, now=now)
        assert send_waiting(sessions, server, now=now).taken == 1
        with sessions() as session, pytest.raises(NotFound):
            retry_mail(session, mail_id=dead[0].id, now=now)
    assert len(box.taken) == 2


def test_who_stands_in_several_units_has_one_mail(sessions: sessionmaker[Session]) -> None:
    """One address, three entries: one mail a day that tells of each unit under its name."""
    with sessions.begin() as session:
        for code in ("X1", "X2"):
            unit = session.scalars(select(ReportingUnit).where(ReportingUnit.code == code)).one()
            mail = "Binh@H55.gov.test"
            add_person(session, actor=SYSTEM, unit=unit, name="Bình", mail=mail, on=DAY, now=at(1))
    rung(sessions, at(15, month=6), at(18, 7), at(18, 9), at(18, 10), at(19, 9))
    with sessions() as session:
        mails = session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        told = session.scalars(select(Notice).where(Notice.digested_at.is_(None))).all()
    days = [mail.day for mail in mails if mail.recipient.lower() == "binh@h55.gov.test"]
    assert len(days) == len(set(days))
    body = next(mail.body for mail in mails if mail.recipient.lower() == "binh@h55.gov.test")
    assert [f"Đơn vị: Xã {name}" in body for name in ("Một", "Hai")] == [True, True]
    assert told == []


def test_a_wrong_password_kills_no_mail(sessions: sessionmaker[Session]) -> None:
    """Before a mail is handed in, whatever the server says is no word about the mail."""
    rung(sessions, at(15, month=6))
    with postbox() as (box, server):
        wrong = replace(server, user="a", password="b")  # noqa: S106 - this server knows none
        later = at(15, 10, month=6)
        refused = send_waiting(sessions, wrong, now=later)
        assert (refused.given_up, refused.put_off) == (0, 1)
        assert send_waiting(sessions, server, now=later + timedelta(minutes=2)).given_up == 0
    with sessions() as session:
        mails = session.scalars(select(OutboxMail)).all()
    assert {mail.attempts for mail in mails} == {1}
    assert len(box.taken) == len(mails) > 1


def test_an_address_that_the_server_cannot_write_is_a_dead_letter(
    sessions: sessionmaker[Session],
) -> None:
    """It does not stand in the way of the others, and is not tried for ever."""
    with sessions.begin() as session:
        unit = session.scalars(select(ReportingUnit).where(ReportingUnit.code == "X2")).one()
        mail = "bình@x2.gov.test"
        add_person(session, actor=SYSTEM, unit=unit, name="Bình", mail=mail, on=DAY, now=at(1))
    rung(sessions, at(15, month=6))
    with postbox(knows_utf8=False) as (box, server):
        sent = send_waiting(sessions, server, now=at(15, 10, month=6))
    with sessions() as session:
        dead = list_dead(session)
    assert ([row.recipient for row in dead], sent.put_off) == (["bình@x2.gov.test"], 0)
    assert "SMTPUTF8" in dead[0].last_error
    assert len(box.taken) == sent.taken > 0


def test_what_concerns_a_unit_without_persons_is_counted_and_forgotten(
    sessions: sessionmaker[Session],
) -> None:
    """The history shows it; it does not wait for ever."""
    rung(sessions, at(15, month=6), at(18, 9))
    with sessions() as session:
        waiting = session.scalars(select(Notice).where(Notice.digested_at.is_(None))).all()
        units = {row.unit_id for row in waiting}
        persons = set(session.scalars(select(Person.unit_id)))
    assert not units - persons


@pytest.mark.parametrize(
    ("name", "mail"),
    [
        ("", "a@b.vn"),
        ("A\r\nBcc: x@y.vn", "a"),
        ("A", "a@b"),
        ("A", "a@b.vn\r\nBcc: x@y.vn"),
        ("A", "a@b.vn, c@d.vn"),
        ("A\x07", "a@b.vn"),
    ],
)
def test_a_person_needs_a_name_and_one_address(session: Session, name: str, mail: str) -> None:
    """Nothing that could add a line to a header is kept."""
    unit = a_unit(session, "X9")
    with pytest.raises(Conflict):
        add_person(session, actor=SYSTEM, unit=unit, name=name, mail=mail, on=DAY, now=at(1))


def test_who_may_say_who_gets_messages(session: Session) -> None:
    """A unit for itself, the centre for all; ended, and taken up again."""
    unit, other = a_unit(session, "X8"), a_unit(session, "X9")
    own = of_unit("x8", unit.id)
    person = add_person(session, actor=own, unit=unit, name="A", mail="a@b.vn", on=DAY, now=at(1))
    with pytest.raises(NotAllowed):
        add_person(session, actor=own, unit=other, name="A", mail="a@b.vn", on=DAY, now=at(1))
    with pytest.raises(Conflict):
        add_person(session, actor=own, unit=unit, name="A", mail="a@b.vn", on=DAY, now=at(1))
    end_person(session, actor=own, person_id=person.id, on=DAY, now=at(2))
    assert list_persons(session, actor=own, on=DAY) == []
    with pytest.raises(NotFound):
        end_person(session, actor=own, person_id=person.id, on=DAY, now=at(2))
    again = add_person(session, actor=own, unit=unit, name="B", mail="a@b.vn", on=DAY, now=at(3))
    assert (again.id, again.name) == (person.id, "B")
    listed: list[tuple[Person, ReportingUnit]] = list_persons(session, actor=SYSTEM, on=DAY)
    assert [unit.code for _, unit in listed] == ["X8"]


def test_the_url_of_a_server() -> None:
    """Its parts are read; what is no server of SMTP is refused."""
    server = MailServer.from_url("smtp://a%40b:p%3A@mail.test:587", "x@y.vn")
    assert (server.host, server.port, server.user, server.password) == (
        "mail.test",
        587,
        "a@b",
        "p:",
    )
    assert MailServer.from_url("smtps://mail.test", "x@y.vn").port == 465
    with pytest.raises(ValueError, match="expected"):
        MailServer.from_url("http://mail.test", "x@y.vn")
