"""Accounts and roles: who makes, ends and resets them, and how far rights can be handed on."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporting.db import make_engine, make_session_factory, migrate
from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import Account, AuditLine, ReportingUnit, Role, RoleGrant
from reporting.services.accounts import (
    NewGrant,
    create_account,
    end_account,
    find_account,
    grant_role,
    list_accounts,
    list_grants,
    reset_password,
    revoke_grant,
)
from reporting.services.actors import Act, Actor, of_unit
from reporting.services.passwords import try_password
from reporting.services.rights import may_for_unit
from tests.builders import IN_Q3, LEAF_FORM, SYSTEM, a_province, a_unit
from tests.reporting.services.people import TODAY, a_grant, an_account, as_actor, enter

OTHER_FORM = "I.02/VPCP/TH"


@dataclass
class Country:
    """A province with a commune below it, and another province."""

    session: Session
    province: ReportingUnit
    commune: ReportingUnit
    other: ReportingUnit

    def give(self, actor: Actor, account: Account, **asked: object) -> RoleGrant:
        """Give a role to read at the province, or as asked."""
        usual = NewGrant(role=Role.READ, unit_id=self.province.id, valid_from=TODAY)
        return grant_role(
            self.session,
            actor=actor,
            account_id=account.id,
            asked=replace(usual, **asked),  # type: ignore[arg-type]
            today=TODAY,
            now=IN_Q3,
        )


@pytest.fixture
def country(session: Session) -> Country:
    """Units to hand rights on in."""
    province = a_province(session)
    return Country(
        session, province, a_unit(session, "X01840", parent=province), a_province(session, "H12")
    )


def test_an_account_starts_with_a_password_that_is_shown_once(session: Session) -> None:
    """It opens the account, must be changed, and stands nowhere as it is."""
    account, password = create_account(
        session, actor=SYSTEM, login=" Lan.Tran ", name="Trần Thị Lan", unit_id=None, now=IN_Q3
    )
    assert (account.login, account.must_change) == ("lan.tran", True)
    assert try_password(account.password_hash, password).is_right
    line = session.scalars(select(AuditLine).where(AuditLine.act == "account.created")).one()
    assert password.encode() not in line.body
    assert enter(session, "LAN.TRAN", password) is not None
    late = IN_Q3 + timedelta(days=7)
    assert enter(session, "lan.tran", password, now=late) is None


def test_one_login_is_one_account_however_it_is_spelt(session: Session) -> None:
    """Neither capitals nor letters of a Mac make a second `đạt`."""
    an_account(session, "đạt")
    for login in ("Đạt", unicodedata.normalize("NFD", "đạt"), " ĐẠT "):
        with pytest.raises(Conflict):
            an_account(session, login)
        assert find_account(session, actor=SYSTEM, login=login).login == "đạt"


def test_a_login_that_is_asked_for_twice_at_once_is_taken_for_the_second(
    empty_database_url: str,
) -> None:
    """As for whoever comes later: neither is told of a failure of ours."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)

    def make(_number: int) -> str:
        try:
            with sessions.begin() as session:
                create_account(
                    session, actor=SYSTEM, login="lan", name="Lan", unit_id=None, now=IN_Q3
                )
        except Conflict as refusal:
            return refusal.en
        return ""

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(make, range(4)))
    engine.dispose()
    assert told == ["", *["The login lan is taken."] * 3]


@pytest.mark.parametrize("login", ["", "a", "x" * 101, "hai từ", "a\nb", "a\x00b", "<b>", "\ud800"])
def test_a_login_is_one_short_word(session: Session, login: str) -> None:
    """What could not be typed, or would forge a line of a log, is refused."""
    with pytest.raises(Conflict):
        an_account(session, login)


@pytest.mark.parametrize("name", ["", " ", "hai\ndòng", "x" * 201, "a\x00"])
def test_a_name_is_one_readable_line(session: Session, name: str) -> None:
    """The name stands on receipts; it is one line in NFC."""
    with pytest.raises(Conflict):
        an_account(session, name=name)


def test_a_name_is_kept_in_one_spelling(session: Session) -> None:
    """A name of a Mac is the name that all others read."""
    assert an_account(session, name=unicodedata.normalize("NFD", "Đỗ Ngữ")).name == "Đỗ Ngữ"


def test_a_unit_administers_the_accounts_below_it_and_no_others(country: Country) -> None:
    """Another unit's accounts are not there: neither listed, nor ended, nor reset."""
    session = country.session
    chief = as_actor(session, an_account(session, "chief", Role.ADMINISTER, unit=country.province))
    inside = an_account(session, "inside", unit=country.commune)
    outside = an_account(session, "outside", unit=country.other)
    central = an_account(session, "central")
    seen = [account.login for account, _, _ in list_accounts(session, actor=chief)]
    assert seen == ["chief", "inside"]
    for account in (outside, central):
        with pytest.raises(NotFound):
            end_account(session, actor=chief, account_id=account.id, now=IN_Q3)
        with pytest.raises(NotFound):
            reset_password(session, actor=chief, account_id=account.id, today=TODAY, now=IN_Q3)
        with pytest.raises(NotFound):
            list_grants(session, actor=chief, account_id=account.id)
        with pytest.raises(NotFound):
            country.give(chief, account)
    for unit_id in (country.other.id, None):
        with pytest.raises(NotAllowed):
            create_account(session, actor=chief, login="new", name="N", unit_id=unit_id, now=IN_Q3)
    assert end_account(session, actor=chief, account_id=inside.id, now=IN_Q3).ended_at == IN_Q3
    with pytest.raises(Conflict):
        country.give(chief, inside, unit_id=country.commune.id)


def test_who_does_not_administer_makes_no_accounts(country: Country) -> None:
    """Approving, receiving and entering are other things."""
    session = country.session
    head = an_account(session, "head", Role.APPROVE, Role.RECEIVE, unit=country.province)
    with pytest.raises(NotAllowed):
        create_account(
            session,
            actor=as_actor(session, head),
            login="new",
            name="N",
            unit_id=country.province.id,
            now=IN_Q3,
        )
    with pytest.raises(NotFound):
        country.give(as_actor(session, head), head, role=Role.ADMINISTER)


def test_rights_are_handed_on_downward_only(country: Country) -> None:
    """Inside one's own subtree; not beside it, not above it, and not for the whole country."""
    session = country.session
    chief = as_actor(session, an_account(session, "chief", Role.ADMINISTER, unit=country.commune))
    clerk = an_account(session, "clerk", unit=country.commune)
    given = country.give(chief, clerk, role=Role.ENTER, unit_id=country.commune.id)
    assert given.granted_by == "Trần Thị Lan"
    for unit_id in (country.province.id, country.other.id, None):
        with pytest.raises(NotAllowed):
            country.give(chief, clerk, unit_id=unit_id)


def test_who_administers_one_unit_alone_hands_on_nothing_below_it(country: Country) -> None:
    """A grant without the units below cannot be made wider by giving it to another."""
    session = country.session
    chief = an_account(session, "chief", unit=country.province)
    a_grant(session, chief, Role.ADMINISTER, unit=country.province, below=False)
    actor = as_actor(session, chief)
    clerk = an_account(session, "clerk", unit=country.province)
    with pytest.raises(NotAllowed):
        country.give(actor, clerk)
    with pytest.raises(NotAllowed):
        country.give(actor, clerk, unit_id=country.commune.id, below=False)
    assert not country.give(actor, clerk, below=False).below


def test_who_administers_some_forms_hands_on_those(country: Country) -> None:
    """Neither another form nor all of them; and a second grant does not help the first."""
    session = country.session
    chief = an_account(session, "chief", unit=country.province)
    a_grant(session, chief, Role.ADMINISTER, unit=country.province, forms=(LEAF_FORM,))
    a_grant(session, chief, Role.ADMINISTER, unit=country.commune)
    actor = as_actor(session, chief)
    clerk = an_account(session, "clerk", unit=country.commune)
    assert country.give(actor, clerk, forms=[LEAF_FORM]).forms == [LEAF_FORM]
    assert country.give(actor, clerk, unit_id=country.commune.id).forms == []
    for forms in ([], [OTHER_FORM], [LEAF_FORM, OTHER_FORM]):
        with pytest.raises(NotAllowed):
            country.give(actor, clerk, forms=forms)


def test_who_administers_until_a_day_hands_on_until_that_day(country: Country) -> None:
    """Nobody stays in office through those whom he has appointed."""
    session = country.session
    last = date(2026, 12, 31)
    deputy = an_account(session, "deputy", unit=country.province)
    a_grant(session, deputy, Role.ADMINISTER, unit=country.province, last=last)
    actor = as_actor(session, deputy)
    clerk = an_account(session, "clerk", unit=country.province)
    assert country.give(actor, clerk, valid_to=last).valid_to == last
    for beyond in (None, last + timedelta(days=1)):
        with pytest.raises(NotAllowed):
            country.give(actor, clerk, valid_to=beyond)


def test_a_role_needs_days_in_order(country: Country) -> None:
    """One that ends before it begins, or is over already, is a slip of the pen."""
    session = country.session
    clerk = an_account(session, "clerk", unit=country.province)
    for first, last in ((TODAY, TODAY - timedelta(days=1)), (date(2026, 1, 1), date(2026, 2, 1))):
        with pytest.raises(Conflict):
            country.give(SYSTEM, clerk, valid_from=first, valid_to=last)
    with pytest.raises(Conflict):
        country.give(SYSTEM, clerk, title="hai\ndòng")
    with pytest.raises(NotFound):
        country.give(SYSTEM, clerk, unit_id=999_999)


def test_rights_are_those_of_the_day(country: Country) -> None:
    """An acting head signs between two days, neither before nor after, and under his title."""
    session = country.session
    deputy = an_account(session, "deputy", unit=country.province)
    first, last = date(2026, 9, 1), date(2026, 9, 15)
    title = "Phó Giám đốc, ký thay"
    a_grant(
        session, deputy, Role.APPROVE, unit=country.province, first=first, last=last, title=title
    )

    def may(on: date) -> bool:
        actor = as_actor(session, deputy, on)
        return may_for_unit(session, actor, Act.APPROVE, country.commune.id)

    day = timedelta(days=1)
    assert [may(on) for on in (first - day, first, last, last + day)] == [False, True, True, False]
    assert [grant.title for grant in as_actor(session, deputy, first).grants] == [title]


def test_a_role_that_was_taken_back_is_gone(country: Country) -> None:
    """By whoever could have given it, and by nobody else; a second time changes nothing."""
    session = country.session
    clerk = an_account(session, "clerk", Role.ENTER, unit=country.commune)
    (grant, code), *_ = list_grants(session, actor=SYSTEM, account_id=clerk.id)
    assert code == "X01840"
    neighbour = an_account(session, "neighbour", Role.ADMINISTER, unit=country.other)
    with pytest.raises(NotFound):
        revoke_grant(session, actor=as_actor(session, neighbour), grant_id=grant.id, now=IN_Q3)
    with pytest.raises(NotFound):
        revoke_grant(session, actor=SYSTEM, grant_id=999_999, now=IN_Q3)
    chief = as_actor(session, an_account(session, "chief", Role.ADMINISTER, unit=country.province))
    for _ in range(2):
        revoke_grant(session, actor=chief, grant_id=grant.id, now=IN_Q3)
    assert as_actor(session, clerk).grants == ()
    lines = session.scalars(select(AuditLine).where(AuditLine.act == "account.role_revoked"))
    assert len(lines.all()) == 1


def test_nobody_becomes_more_by_resetting_a_password(country: Country) -> None:
    """Who could sign in as an account must administer all that it may do."""
    session = country.session
    chief = an_account(session, "chief", Role.ADMINISTER, unit=country.province)
    actor = as_actor(session, chief)
    official = an_account(session, "official", unit=country.province)
    a_grant(session, official, Role.RECEIVE)
    with pytest.raises(NotAllowed):
        reset_password(session, actor=actor, account_id=official.id, today=TODAY, now=IN_Q3)
    deputy = an_account(session, "deputy", unit=country.province)
    a_grant(session, deputy, Role.ADMINISTER, unit=country.province, last=TODAY)
    acting = as_actor(session, deputy)
    with pytest.raises(NotAllowed):
        reset_password(session, actor=acting, account_id=chief.id, today=TODAY, now=IN_Q3)
    clerk = an_account(session, "clerk", Role.ENTER, unit=country.commune)
    reset_password(session, actor=acting, account_id=clerk.id, today=TODAY, now=IN_Q3)


def test_a_reset_ends_what_was_open(country: Country) -> None:
    """The old password opens nothing any more; the new one must be changed."""
    session = country.session
    clerk = an_account(session, "clerk", Role.ENTER, unit=country.commune)
    assert enter(session, "clerk") is not None
    account, password = reset_password(
        session, actor=SYSTEM, account_id=clerk.id, today=TODAY, now=IN_Q3
    )
    assert account.must_change
    assert enter(session, "clerk") is None
    assert enter(session, "clerk", password) is not None


def test_a_reset_lets_in_at_once_who_forgot_it(country: Country) -> None:
    """After five failures one asks the administrator, and does not have to wait."""
    session = country.session
    clerk = an_account(session, "clerk", Role.ENTER, unit=country.commune)
    for _ in range(6):
        assert enter(session, "clerk", "sai") is None
    _, password = reset_password(session, actor=SYSTEM, account_id=clerk.id, today=TODAY, now=IN_Q3)
    assert enter(session, "clerk", password) is not None


def test_nobody_ends_himself(country: Country) -> None:
    """An administrator who slips does not shut himself out; an ended account stays ended."""
    session = country.session
    chief = an_account(session, "chief", Role.ADMINISTER, unit=country.province)
    with pytest.raises(Conflict):
        end_account(session, actor=as_actor(session, chief), account_id=chief.id, now=IN_Q3)
    end_account(session, actor=SYSTEM, account_id=chief.id, now=IN_Q3)
    later = IN_Q3 + timedelta(days=1)
    assert end_account(session, actor=SYSTEM, account_id=chief.id, now=later).ended_at == IN_Q3
    with pytest.raises(Conflict):
        reset_password(session, actor=SYSTEM, account_id=chief.id, today=TODAY, now=IN_Q3)


def test_a_list_of_accounts_comes_in_pages(country: Country) -> None:
    """By login, each once, and of one unit where it is named."""
    session = country.session
    for login in ("ba", "an", "chi"):
        an_account(session, login, unit=country.commune)
    first = list_accounts(session, actor=SYSTEM, limit=2)
    rest = list_accounts(session, actor=SYSTEM, after=first[-1][0].login)
    assert [account.login for account, _, _ in (*first, *rest)] == ["an", "ba", "chi"]
    other = country.other.id
    assert list_accounts(session, actor=of_unit("x", other), unit_id=country.commune.id) == []
