"""What the story is played on: a throw-away database with registry, clients and tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from socket import socket
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from forms.catalogue import Catalogue, load_forms
from forms.period import Period
from jobs.demo.book import Book
from jobs.demo.cast import CENTRE, Cast, choose_cast
from jobs.demo.sending import Sender
from jobs.demo.serving import HOST, port_of, running_server
from jobs.demo.telling import Teller
from reporting.db import make_engine, make_session_factory, migrate
from reporting.parts import signer_of
from reporting.services.actors import Actor
from reporting.services.clients import create_client
from reporting.services.opening import Opening
from reporting.services.periods import open_regime_period
from reporting.services.registry_loading import SAMPLE, read_shipped
from reporting.services.ringing import Bell, ring
from reporting.services.signing import Signer
from reporting.services.units import import_units, list_units, load_shipped_registry, read_unit_file
from reporting.settings import Settings

#: Where the story plays, whatever the settings of the machine say.
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

LAST_YEAR, LAST_QUARTER, QUARTER = "2025", "2026-Q2", "2026-Q3"

#: The day on which the registry is read: the last day of the data window of the quarter.
_ON = date(2026, 9, 14)

CONSOLE = Actor(name="console:demo", is_system=True)


class Wrong(Exception):
    """The story did not go as it must: a fault of ours, and the demonstration fails."""


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant by the clock of Vietnam."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@dataclass
class Stage:
    """Everything that the acts share."""

    folder: Path
    tell: Teller
    engine: Engine
    sessions: sessionmaker[Session]
    catalogue: Catalogue
    cast: Cast
    book: Book
    tokens: Mapping[str, str]
    listening: socket
    unit_ids: Mapping[str, int]
    signer: Signer
    editions: list[SavedEdition] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """The store, as the server is told."""
        return self.engine.url.render_as_string(hide_password=False)

    def bell(self, at: datetime) -> Bell:
        """What ringing needs, on a clock that stands at an instant of the story."""
        return Bell(
            self.sessions,
            self.catalogue,
            ZONE,
            lambda: at,
            self.folder / "centre",
            signer=self.signer,
        )

    def ring(self, at: datetime) -> Mapping[str, int]:
        """Ring the clock at an instant of the story. Raises Wrong where an action failed."""
        rung = ring(self.bell(at), now=at)
        if rung.failed:
            raise Wrong(f"the clock failed: {rung.failed[0]}")
        said = ", ".join(f"{count} {what}" for what, count in sorted(rung.done.items()))
        self.tell.say(f"The clock rings at {at:%d/%m/%Y %H:%M}: {said or 'nothing is due'}.")
        return rung.done

    def sender(self, unit: str) -> Sender:
        """The client of a unit, or of the one that a commune reports to."""
        part = self.cast.by_code.get(unit)
        known = unit if unit in self.tokens or part is None else part.unit.parent_code
        return Sender((HOST, port_of(self.listening)), self.tokens[known])

    @contextmanager
    def server(self, at: datetime) -> Iterator[None]:
        """The web server running, with the clock of a day of the story."""
        self.tell.say(f"The web server starts; by its clock it is {at:%d/%m/%Y %H:%M}.")
        log = self.folder / "server.log"
        with running_server(database_url=self.database_url, on=self.listening, at=at, log=log):
            yield


@dataclass(frozen=True, slots=True)
class SavedEdition:
    """An edition whose workbook lies in the folder."""

    form: str
    unit: str
    period: str
    number: int
    expected: int
    received: int
    late: int
    rows: int
    file: str
    sha256: str


def build_stage(folder: Path, *, tell: Teller, on: socket, small: bool) -> Stage:
    """Make the database and everyone in it."""
    tell.chapter("A throw-away database, the registry, the clients")
    engine = make_engine(f"sqlite:///{folder / 'demo.sqlite3'}")
    migrate(engine)
    sessions = make_session_factory(engine)
    now = local(2025, 12, 15, 8)
    with sessions.begin() as session:
        loaded = load_shipped_registry(session, actor=CONSOLE, now=now)
        sample = read_unit_file(read_shipped(SAMPLE))
        imported = import_units(session, sample.rows, actor=CONSOLE, now=now)
        if imported.faults:
            raise Wrong(f"the sample list was not taken: {imported.faults[0].sentence('en')}")
        cast = choose_cast(session, on=_ON, small=small)
        units = list_units(session, on=_ON, limit=None)
        ids = {unit.code: unit.id for unit in units}
        tokens = _make_tokens(session, cast, ids, now=now)
    tell.say(
        f"{loaded.created} units of the shipped registry (ministries, agencies, provinces old and "
        f"new), {imported.created} communes and departments of a sample list (mẫu)."
    )
    tell.say(f"{len(tokens)} clients, each with a token of its own.")
    catalogue = load_forms()
    book = Book(catalogue, periods=(LAST_YEAR, LAST_QUARTER, QUARTER))
    signer = signer_of(Settings(), engine)
    return Stage(folder, tell, engine, sessions, catalogue, cast, book, tokens, on, ids, signer)


def open_periods(stage: Stage, period: str, *, codes: Sequence[str] = ()) -> Mapping[str, Opening]:
    """Open a period for every form that has it, or for some of them."""
    forms = [form for form in stage.catalogue.forms if not codes or form.code in codes]
    first = Period.parse(period).window().first
    with stage.sessions.begin() as session:
        return open_regime_period(
            session,
            actor=CONSOLE,
            forms=forms,
            catalogue=stage.catalogue,
            period=Period.parse(period),
            zone=ZONE,
            now=local(first.year, first.month, first.day, 8),
        )


def _make_tokens(
    session: Session, cast: Cast, ids: Mapping[str, int], *, now: datetime
) -> dict[str, str]:
    """A token for every central agency, and one for the centre, which acts for all."""
    tokens: dict[str, str] = {}
    for part in cast.central:
        name = f"Phần mềm của {part.unit.name_vi}"
        tokens[part.unit.code] = create_client(
            session, actor=CONSOLE, name=name, unit_id=ids[part.unit.code], now=now
        )[1]
    tokens[CENTRE] = create_client(
        session, actor=CONSOLE, name="Trung tâm thông tin", unit_id=None, now=now
    )[1]
    return tokens
