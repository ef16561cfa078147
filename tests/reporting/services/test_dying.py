"""A ring that dies at any statement: the next one finishes it, and every effect is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, aliased

from forms.catalogue import Catalogue
from reporting.db import make_engine, make_session_factory, migrate
from reporting.models import (
    Edition,
    JobAction,
    Notice,
    ObligationEvent,
    OutboxMail,
    Person,
    ReportingObligation,
    ReportingUnit,
    UnitKind,
)
from reporting.services.ledger import Action
from reporting.services.ringing import Bell, ring
from tests.builders import IN_Q3, LEAF_FORM, ZONE, a_return, a_unit, shipped_forms
from tests.reporting.services.receiving import send
from tests.reporting.services.test_following_mergers import merge

OPENING = datetime(2026, 6, 14, 9, tzinfo=ZONE)
#: By then the second quarter was due on 19/6, one unit has gone, and the third quarter is open.
RINGING = datetime(2026, 6, 25, 9, tzinfo=ZONE)


class Killed(BaseException):
    """The process is gone: nothing of the program may catch this."""


def a_catalogue() -> Catalogue:
    """A form of communes, what provinces make of it and the centre of that: few statements."""
    shipped = shipped_forms()
    codes = (LEAF_FORM, "II.06c/VPCP/KSTT", "II.9g/VPCP/KSTT")
    forms = tuple(form for form in shipped.forms if form.code in codes)
    return replace(shipped, forms=forms, regimes={"TT01-II": shipped.regimes["TT01-II"]})


def a_story(engine: Engine) -> None:
    """One commune reports, one does not, one goes into another; somebody reads the mails."""
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        government = a_unit(session, "CP", kind=UnitKind.GOVERNMENT)
        province = a_unit(session, "H55", kind=UnitKind.PROVINCE, parent=government)
        units = [a_unit(session, code, parent=province) for code in ("X1", "X2", "X3")]
        for unit in (province, units[1]):
            session.add(Person(unit_id=unit.id, name="A", mail="a@b.vn", created_at=IN_Q3))
    ring(a_bell(engine), now=OPENING)
    with sessions.begin() as session:
        assert send(session, a_return("X1", period="2026-Q2"), at=OPENING).verdict == "received"
        sent = a_return("H55", form="II.06c/VPCP/KSTT", period="2026-Q2")
        sent["tables"] = {"a": {"nil": True}}
        assert send(session, sent, at=OPENING).verdict == "received"
        old = session.get_one(ReportingUnit, units[2].id)
        above = session.get_one(ReportingUnit, province.id)
        new = a_unit(session, "N1", parent=above, valid_from=date(2026, 6, 17))
        merge(session, old, new, last=date(2026, 6, 16))


def a_bell(engine: Engine, folder: Path | None = None) -> Bell:
    """A bell over a store, as a process has it."""
    return Bell(make_session_factory(engine), a_catalogue(), ZONE, lambda: RINGING, folder)


@dataclass
class Death:
    """Comes at one statement or commit of a ring, counted from its beginning or its first commit.

    The first commit is that of what is asked for; each further one is that of an action.
    """

    at: int
    commits_before: int = 0
    commits: int = 0

    def count(self, *_: object) -> None:
        """One statement or commit is about to be."""
        self.at -= self.commits >= self.commits_before
        if self.at == 0:
            raise Killed

    def commit(self, *_: object) -> None:
        """A commit is about to be."""
        self.count()
        self.commits += 1


def effects(session: Session, folder: Path) -> Counter[tuple[str, ...]]:
    """Everything that ringing left behind, under names that do not hang on the order of ids."""
    owed, unit, told = ReportingObligation, aliased(ReportingUnit), aliased(ReportingUnit)
    about = (owed.form_code, owed.period, unit.code)
    of_unit = select(*about, owed.stand, sa.func.coalesce(owed.late_at, owed.due_at))
    events = select(*about, ObligationEvent.change, ObligationEvent.action_id.is_(None))
    notices = select(*about, Notice.kind, told.code, Notice.digested_at.is_(None))
    queries = (
        of_unit.join(unit, unit.id == owed.unit_id),
        events.select_from(ObligationEvent)
        .join(owed, owed.id == ObligationEvent.obligation_id)
        .join(unit, unit.id == owed.unit_id),
        notices.select_from(Notice)
        .join(owed, owed.id == Notice.obligation_id)
        .join(unit, unit.id == owed.unit_id)
        .join(told, told.id == Notice.unit_id),
        select(Edition.form_code, Edition.period, Edition.number, Edition.input_sha256),
        select(OutboxMail.message_id, OutboxMail.body),
        select(
            JobAction.action, JobAction.form_code, JobAction.period, JobAction.unit_code
        ).add_columns(JobAction.occurrence, JobAction.done_at.is_(None), JobAction.attempts),
    )
    found = Counter(tuple(map(str, row)) for query in queries for row in session.execute(query))
    if folder.is_dir():
        found += Counter((str(file.relative_to(folder)),) for file in folder.rglob("*"))
    return found


def rung(engine: Engine, folder: Path, death: Death) -> bool:
    """Ring in a process that dies; whether it came to its end."""
    # An engine of its own, as a process has it, which knows statements and nothing of the store.
    own = engine.execution_options()
    event.listen(own, "before_cursor_execute", death.count)
    event.listen(own, "commit", death.commit)
    with letting_go(engine), suppress(Killed):
        assert ring(a_bell(own, folder), now=RINGING).failed == []
        return True
    return False


@contextmanager
def letting_go(engine: Engine) -> Iterator[None]:
    """Roll back what is open at the end: a process that is gone holds no lock.

    Here the frames of one that died may live until they are collected.
    """
    held: dict[int, Any] = {}

    def take(connection: Any, *_: object) -> None:
        held[id(connection)] = connection

    def give_back(connection: Any, *_: object) -> None:
        held.pop(id(connection), None)

    events = (("checkout", take), ("checkin", give_back), ("close", give_back))
    for name, note in events:
        event.listen(engine, name, note)
    try:
        yield
    finally:
        for name, note in events:
            event.remove(engine, name, note)
        for connection in held.values():
            connection.rollback()


def left_behind(engine: Engine, folder: Path) -> Counter[tuple[str, ...]]:
    """The effects in the store and in the folder of the information centre."""
    with Session(engine) as session:
        return effects(session, folder)


def undisturbed(folder: Path) -> Counter[tuple[str, ...]]:
    """What the same ring does where nobody dies."""
    engine = make_engine(f"sqlite:///{folder / 'undisturbed.sqlite3'}")
    a_story(engine)
    assert rung(engine, folder / "undisturbed", Death(0))
    found = left_behind(engine, folder / "undisturbed")
    engine.dispose()
    return found


def test_a_ring_may_die_at_every_statement(empty_database_url: str, tmp_path: Path) -> None:
    """It dies at each statement in turn, of asking and of every action; each effect is there once.

    A death takes back its transaction alone. So the next ring stands where this one stood, and
    goes one statement further; once an action is there, it begins with the next action.
    """
    engine, folder = make_engine(empty_database_url), tmp_path / "centre"
    a_story(engine)
    deaths, commits_before, at = 0, 0, 1
    while not rung(engine, folder, death := Death(at, commits_before)):
        deaths, at = deaths + 1, at + 1
        if death.commits > commits_before:
            commits_before, at = 1, 1
    assert rung(engine, folder, Death(0))
    found = left_behind(engine, folder)
    engine.dispose()
    assert found == undisturbed(tmp_path)
    done = {key[0] for key in found if key[-2:] == ("False", "0")}
    assert done >= set(Action) - {Action.CLOSE}
    assert deaths > 100
