"""A small size of the simulation, and that its counting would see what it looks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reporting.db import make_engine
from reporting.models import (
    Edition,
    EditionInput,
    Notice,
    NoticeKind,
    ObligationChange,
    ObligationEvent,
    OutboxMail,
    ReportingObligation,
    Submission,
)
from reporting.models.base import Base, table_of
from tests.builders import ZONE
from tests.simulation.counting import Tally, count, wanted_of
from tests.simulation.expecting import Effect
from tests.simulation.playing import Play, Size, play

FIRST, LAST = datetime(2027, 2, 25, tzinfo=ZONE), datetime(2027, 7, 5, tzinfo=ZONE)

#: Each kind of effect by the word by which the tally tells of it, and the rows that it is.
EFFECTS: tuple[tuple[str, type[Base], sa.ColumnElement[bool]], ...] = (
    ("marked_late", ObligationEvent, ObligationEvent.change == ObligationChange.MARKED_LATE),
    ("closed", ObligationEvent, ObligationEvent.change == ObligationChange.CLOSED),
    ("reminder to", Notice, Notice.kind == NoticeKind.REMINDER),
    ("overdue to", Notice, Notice.kind == NoticeKind.OVERDUE),
    ("escalation to", Notice, Notice.kind == NoticeKind.ESCALATION),
)


def test_nothing_happens_twice_and_nothing_is_missed(
    empty_database_url: str, tmp_path: Path
) -> None:
    """Two due days with kills and jumps: every deadline once; and a count that can tell."""
    processes = 2 if empty_database_url.startswith("postgresql") else 1
    size = Size(FIRST, LAST, processes, kills=4, jumps=4)
    game = play(empty_database_url, tmp_path, size, seed=1)
    engine = make_engine(empty_database_url)
    with Session(engine) as session:
        end = End(session, game, wanted_of(session, game))
        tally = end.count()
        assert (tally.twice, tally.missed) == ([], [])
        assert tally.deadlines > 200
        assert (game.kills, game.jumps) == (4, 4)
        for word, model, which in EFFECTS:
            _see_one_more(end, word, model, which)
            _see_none(end, word, model, which)
        _see_no_edition(end)
        _see_a_unit_forgotten(end)
        _see_no_mail(end)
        _see_two_mails(end)
        _see_half_a_folder(end)
    engine.dispose()


@dataclass(frozen=True)
class End:
    """What a play left behind, and what it should have."""

    session: Session
    game: Play
    wanted: Counter[Effect]

    def count(self) -> Tally:
        """What the count says."""
        return count(self.session, self.game, self.wanted)

    @contextmanager
    def spoilt(self) -> Iterator[Tally]:
        """What the count says after the store was spoilt; afterwards it is as it was."""
        tally = Tally()
        with self.session.begin_nested() as point:
            yield tally
            found = self.count()
            tally.twice, tally.missed = found.twice, found.missed
            point.rollback()


def _see_one_more(end: End, word: str, model: type[Base], which: sa.ColumnElement[bool]) -> None:
    """An effect that is there once more than it should be happened twice."""
    columns = [column for column in table_of(model).c if column.name != "id"]
    one = sa.select(*columns).where(which).limit(1)
    with end.spoilt() as tally:
        names = [column.name for column in columns]
        end.session.execute(sa.insert(model).from_select(names, one))
    assert ([word in line for line in tally.twice], tally.missed) == ([True], [])


def _see_none(end: End, word: str, model: type[Base], which: sa.ColumnElement[bool]) -> None:
    """Each effect that is taken away was missed, whatever the ledger says."""
    many = end.session.scalar(sa.select(sa.func.count()).select_from(model).where(which)) or 0
    with end.spoilt() as tally:
        end.session.execute(sa.delete(model).where(which))
    assert (sum(word in line for line in tally.missed), tally.twice) == (many, [])
    assert many > 0


def _see_no_edition(end: End) -> None:
    """Without the editions each is missed, and a late report had made a second one."""
    periods = [edition.period for edition in end.session.scalars(sa.select(Edition))]
    assert len(set(periods)) < len(periods)
    with end.spoilt() as tally:
        end.session.execute(sa.delete(EditionInput))
        end.session.execute(sa.delete(Edition))
    assert sum(line.startswith("edition") for line in tally.missed) == len(periods)


def _see_a_unit_forgotten(end: End) -> None:
    """A period without one of its obligations is a period that was not opened right."""
    owed = ReportingObligation
    touched = (Notice.obligation_id, ObligationEvent.obligation_id, Submission.obligation_id)
    known = sa.union(*map(sa.select, touched))
    quiet = end.session.scalars(sa.select(owed.id).where(owed.id.not_in(known)).limit(1)).one()
    with end.spoilt() as tally:
        end.session.execute(sa.delete(owed).where(owed.id == quiet))
    assert [line.split()[0] for line in tally.missed] == ["open"]


def _see_no_mail(end: End) -> None:
    """What was to be told to someone was told in a mail of the day or of the next."""
    with end.spoilt() as tally:
        end.session.execute(sa.delete(OutboxMail))
    assert {line.split()[0] for line in tally.missed} == {"mail"}


def _see_two_mails(end: End) -> None:
    """Two mails of one day to one address are one too many."""
    first, second = end.session.scalars(
        sa.select(OutboxMail).order_by(OutboxMail.recipient, OutboxMail.day).limit(2)
    )
    with end.spoilt() as tally:
        end.session.execute(
            sa.update(OutboxMail).where(OutboxMail.id == first.id).values(recipient="x@y.test")
        )
        end.session.execute(
            sa.update(OutboxMail)
            .where(OutboxMail.recipient != second.recipient)
            .values(recipient=second.recipient)
        )
    assert any(line.startswith("mail to") for line in tally.twice)


def _see_half_a_folder(end: End) -> None:
    """A folder of the information centre that is not whole was not handed over."""
    folders = sorted(end.game.centre.iterdir())
    (folders[0] / "data.json").unlink()
    tally = end.count()
    assert [line.split()[0] for line in tally.missed] == ["hand_over"]
    assert tally.twice == []
